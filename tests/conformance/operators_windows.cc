// Windowed operators and joins.

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "tests/conformance/operators.h"
#include "tidemark/join.h"
#include "tidemark/window.h"

namespace tidemark::conformance {
namespace {

absl::Status Wrong(std::string message) { return absl::InvalidArgumentError(message); }

// ---- rows
// ----------------------------------------------------------------------------------------

// As the cases have it: [key, id, value], and [key, id, {open_time, close_time, merged_ids}].
Json WindowRow(std::string key, int64_t id, Json value) {
  return Json::List{std::move(key), id, std::move(value)};
}

Json TimeText(absl::Time time) {
  return FormatTimestamp(Timestamp::FromAbsl(time).value_or(Timestamp::Never()));
}

Json MetadataRow(const KeyValue<std::string, WindowMetadata>& row) {
  Json about = Json::Map();
  about.Set("open_time", TimeText(row.value.open));
  about.Set("close_time", TimeText(row.value.close));
  Json::List merged;
  for (const int64_t id : row.value.merged_ids) merged.push_back(id);
  about.Set("merged_ids", std::move(merged));
  return WindowRow(row.key, row.value.window_id, std::move(about));
}

// Hands a step's three streams to the case; `shown` makes a result's value.
template <class Streams, class Shown>
void AddRows(FlowCase& c, const Streams& streams, Shown shown) {
  const auto& [results, late, metadata] = streams;
  c.DownRows(results.Pairs().Map([shown](const auto& row) {
    return WindowRow(row.key, row.value.window_id, shown(row.value.value));
  }));
  c.LateRows(late.Pairs().Map([](const auto& row) {
    return WindowRow(row.key, row.value.window_id, row.value.value.value);
  }));
  c.MetaRows(metadata.Pairs().Map(MetadataRow));
}

// ---- clock and windower
// --------------------------------------------------------------------------

Timestamp TimeOf(const Item& item) {
  if (!item.at) throw std::invalid_argument("an entry has no timestamp");
  return *item.at;
}

const Json* Field(const Json* map, std::string_view name) {
  return map != nullptr && map->is_map() ? map->Find(name) : nullptr;
}

absl::StatusOr<absl::Duration> SecondsIn(const Json* map, std::string_view name) {
  const Json* field = Field(map, name);
  if (field == nullptr) return Wrong(Cat("the windower or clock has no '", name, "'"));
  TM_ASSIGN_OR_RETURN(const Span span, ParseSeconds(*field));
  return span.ToAbsl();
}

absl::StatusOr<absl::Time> AlignIn(const Json* windower) {
  const Json* field = Field(windower, "align_to");
  if (field == nullptr) return Wrong("the windower has no 'align_to'");
  TM_ASSIGN_OR_RETURN(const Timestamp at, ParseTime(*field));
  return at.ToAbsl();
}

WindowOptions OptionsOf(Params& params) {
  WindowOptions options;
  options.late_when = LateWhen::kBehindWatermark;
  if (const auto ordered = params.Bool("ordered_by_timestamp")) {
    options.order = *ordered ? Order::kTimestamp : Order::kArrival;
  }
  if (const auto keep = params.Seconds("keep_watermark_for")) {
    options.keep_watermark_for = keep->ToAbsl();
  }
  return options;
}

// Calls verb(windowed stream) for the windower the case names.
template <class Timed, class Verb>
absl::Status WithWindower(FlowCase& c, const Timed& timed, Verb verb) {
  const Json* windower = c.params().Value("windower");
  const Json* type = Field(windower, "type");
  const WindowOptions options = OptionsOf(c.params());
  if (type != nullptr && *type == Json("tumbling")) {
    TM_ASSIGN_OR_RETURN(const absl::Duration length, SecondsIn(windower, "length"));
    TM_ASSIGN_OR_RETURN(const absl::Time align, AlignIn(windower));
    verb(timed.Window(Tumbling{length, align}, options).WithMetadata());
    return absl::OkStatus();
  }
  if (type != nullptr && *type == Json("sliding")) {
    TM_ASSIGN_OR_RETURN(const absl::Duration length, SecondsIn(windower, "length"));
    TM_ASSIGN_OR_RETURN(const absl::Duration offset, SecondsIn(windower, "offset"));
    TM_ASSIGN_OR_RETURN(const absl::Time align, AlignIn(windower));
    verb(timed.Window(Sliding{length, offset, align}, options).WithMetadata());
    return absl::OkStatus();
  }
  if (type != nullptr && *type == Json("session")) {
    TM_ASSIGN_OR_RETURN(const absl::Duration gap, SecondsIn(windower, "gap"));
    verb(timed.Window(Session{gap}, options).WithMetadata());
    return absl::OkStatus();
  }
  return Wrong("parameter 'windower' is neither tumbling, sliding nor session");
}

// Calls verb(windowed stream) for the clock and the windower that the case names.
template <class Verb>
absl::Status WithWindows(FlowCase& c, Verb verb) {
  const Json* clock = c.params().Value("clock");
  const Json* type = Field(clock, "type");
  if (type != nullptr && *type == Json("event")) {
    TM_ASSIGN_OR_RETURN(const absl::Duration bound, SecondsIn(clock, "wait_for_system_duration"));
    return WithWindower(c, c.KeyedItems().EventTime(TimeOf, {.max_out_of_orderness = bound}), verb);
  }
  if (type != nullptr && *type == Json("system")) {
    return WithWindower(c, c.KeyedItems().SystemTime(), verb);
  }
  return Wrong("parameter 'clock' is neither event nor system");
}

// ---- operators
// -----------------------------------------------------------------------------------

absl::Status BuildCollectWindow(FlowCase& c) {
  const std::string into = c.params().Text("into").value_or("list");
  if (into != "list" && into != "set" && into != "map") {
    return Wrong(Cat("parameter 'into' is neither list, set nor map but '", into, "'"));
  }
  return WithWindows(c, [&](const auto& windows) {
    AddRows(c, windows.Collect("collect"), [into](const std::vector<Item>& items) -> Json {
      Json map = Json::Map();
      Json::List list;
      for (const Item& item : items) {
        if (into == "map") {
          map.Set(KeyText(item.value.list().at(0)), item.value.list().at(1));
        } else {
          list.push_back(item.value);
        }
      }
      if (into == "map") return map;
      if (into == "set") {
        std::sort(list.begin(), list.end());
        list.erase(std::unique(list.begin(), list.end()), list.end());
      }
      return list;
    });
  });
}

absl::Status BuildFoldWindow(FlowCase& c) {
  const BuilderFunction init = c.params().Builder("builder");
  const BinaryFunction fold = c.params().Binary("folder");
  const BinaryFunction merge = c.params().Binary("merger");
  return WithWindows(c, [&](const auto& windows) {
    const auto streams = windows.Fold(
        "fold", [init] { return init(); },
        [fold](Json state, const Item& item) { return fold(std::move(state), item.value); },
        [merge](Json into, const Json& from) { return merge(std::move(into), from); });
    AddRows(c, streams, [](const Json& value) { return value; });
  });
}

absl::Status BuildReduceWindow(FlowCase& c) {
  const BinaryFunction reduce = c.params().Binary("reducer");
  return WithWindows(c, [&](const auto& windows) {
    const auto streams = windows.Reduce("reduce", [reduce](Item held, const Item& next) {
      held.value = reduce(std::move(held.value), next.value);
      return held;
    });
    AddRows(c, streams, [](const Item& item) { return item.value; });
  });
}

absl::Status BuildCountWindow(FlowCase& c) {
  return WithWindows(c, [&](const auto& windows) {
    AddRows(c, windows.Count("count"), [](int64_t count) { return Json(count); });
  });
}

template <bool kMax>
absl::Status BuildExtremeWindow(FlowCase& c) {
  const UnaryFunction by = c.params().Unary("by", "identity");
  return WithWindows(c, [&](const auto& windows) {
    const auto value = [by](const Item& item) { return by(item.value); };
    const auto shown = [](const Item& item) { return item.value; };
    if constexpr (kMax) {
      AddRows(c, windows.Max("max", value), shown);
    } else {
      AddRows(c, windows.Min("min", value), shown);
    }
  });
}

// ---- joins
// ---------------------------------------------------------------------------------------

SideValue<Json> SideOf(const Json& value, uint32_t sides) {
  if (!value.is_list() || value.list().size() != 2 || !value.list()[0].is_integer() ||
      value.list()[0].integer() < 0 || value.list()[0].integer() >= sides) {
    throw std::invalid_argument(Cat("not [side, value]: ", ToText(value)));
  }
  return {static_cast<uint32_t>(value.list()[0].integer()), value.list()[1]};
}

Json RowOf(const std::vector<std::optional<Json>>& sides) {
  Json::List row;
  for (const auto& side : sides) row.push_back(side.value_or(Json()));
  return row;
}

absl::StatusOr<JoinFold<Json>> JoinOf(Params& params, JoinEmit default_emit) {
  JoinFold<Json> fold{.emit_mode = default_emit};
  fold.sides = static_cast<uint32_t>(params.Integer("side_count").value_or(2));
  const std::string insert = params.Text("insert_mode").value_or("last");
  const std::string emit = params.Text("emit_mode").value_or("");
  if (insert == "first") fold.insert = JoinInsert::kFirst;
  if (insert == "product") fold.insert = JoinInsert::kProduct;
  if (insert != "first" && insert != "last" && insert != "product") {
    return Wrong(Cat("parameter 'insert_mode': '", insert, "' is not known"));
  }
  if (emit == "complete") fold.emit_mode = JoinEmit::kComplete;
  if (emit == "running") fold.emit_mode = JoinEmit::kRunning;
  if (emit == "final") fold.emit_mode = JoinEmit::kFinal;
  if (!emit.empty() && emit != "complete" && emit != "running" && emit != "final") {
    return Wrong(Cat("parameter 'emit_mode': '", emit, "' is not known"));
  }
  return fold;
}

absl::Status BuildJoin(FlowCase& c) {
  TM_ASSIGN_OR_RETURN(const JoinFold<Json> fold, JoinOf(c.params(), JoinEmit::kComplete));
  auto sides = c.Keyed().MapValue([n = fold.sides](const Json& value) { return SideOf(value, n); });
  c.Down(std::get<0>(sides.Stateful("join", internal::JoinLogic<Json>(fold))).MapValue(RowOf));
  return absl::OkStatus();
}

// A join over items that carry [side, value].
struct JoinItems {
  using Value = Item;
  using Acc = JoinFold<Json>::Acc;
  using Out = JoinFold<Json>::Out;
  JoinFold<Json> fold;

  Acc Init() const { return fold.Init(); }
  template <class Emit>
  void OnValue(Acc& acc, const Item& item, Emit&& emit) const {
    fold.OnValue(acc, SideOf(item.value, fold.sides), emit);
  }
  template <class Emit>
  void OnMerge(Acc& into, Acc from, Emit&& emit) const {
    fold.OnMerge(into, std::move(from), emit);
  }
  template <class Emit>
  void OnClose(Acc acc, Emit&& emit) const {
    fold.OnClose(std::move(acc), emit);
  }
};

absl::Status BuildJoinWindow(FlowCase& c) {
  TM_ASSIGN_OR_RETURN(const JoinFold<Json> fold, JoinOf(c.params(), JoinEmit::kFinal));
  return WithWindows(
      c, [&](const auto& windows) { AddRows(c, windows.Apply("join", JoinItems{fold}), RowOf); });
}

constexpr Operator kOperators[] = {
    {.name = "collect_window", .build = BuildCollectWindow},
    {.name = "fold_window", .build = BuildFoldWindow},
    {.name = "reduce_window", .build = BuildReduceWindow},
    {.name = "count_window", .build = BuildCountWindow},
    {.name = "max_window", .build = BuildExtremeWindow<true>},
    {.name = "min_window", .build = BuildExtremeWindow<false>},
    {.name = "join", .build = BuildJoin},
    {.name = "join_window", .build = BuildJoinWindow},
};

}  // namespace

std::span<const Operator> WindowOperators() { return kOperators; }

}  // namespace tidemark::conformance
