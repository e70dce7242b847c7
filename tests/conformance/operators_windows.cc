// Windowed operators: the table, and what none of them depends on.

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "tests/conformance/operators_windows_parts.h"

namespace tidemark::conformance {
namespace {

Json TimeText(absl::Time time) {
  return FormatTimestamp(Timestamp::FromAbsl(time).value_or(Timestamp::Never()));
}

constexpr Operator kOperators[] = {
    {.name = "collect_window", .build = BuildCollectWindow},
    {.name = "fold_window", .build = BuildFoldWindow},
    {.name = "reduce_window", .build = BuildReduceWindow},
    {.name = "count_window", .build = BuildCountWindow},
    {.name = "max_window", .build = BuildMaxWindow},
    {.name = "min_window", .build = BuildMinWindow},
    {.name = "join", .build = BuildJoin},
    {.name = "join_window", .build = BuildJoinWindow},
};

}  // namespace

Json WindowRow(std::string key, int64_t id, Json value) {
  return Json::List{std::move(key), id, std::move(value)};
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
    options.order = *ordered ? ValueOrder::kTimestamp : ValueOrder::kArrival;
  }
  if (const auto keep = params.Seconds("keep_watermark_for")) {
    options.keep_watermark_for = keep->ToAbsl();
  }
  return options;
}

std::span<const Operator> WindowOperators() { return kOperators; }

}  // namespace tidemark::conformance
