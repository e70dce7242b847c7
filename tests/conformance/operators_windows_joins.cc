// join and join_window.

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/conformance/operators_windows_parts.h"
#include "tidemark/join.h"

namespace tidemark::conformance {
namespace {

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

}  // namespace

absl::Status BuildJoin(FlowCase& c) {
  TM_ASSIGN_OR_RETURN(const JoinFold<Json> fold, JoinOf(c.params(), JoinEmit::kComplete));
  auto sides = c.Keyed().MapValue([n = fold.sides](const Json& value) { return SideOf(value, n); });
  c.Down(std::get<0>(sides.Stateful("join", internal::JoinLogic<Json>(fold))).MapValue(RowOf));
  return absl::OkStatus();
}

absl::Status BuildJoinWindow(FlowCase& c) {
  TM_ASSIGN_OR_RETURN(const JoinFold<Json> fold, JoinOf(c.params(), JoinEmit::kFinal));
  return WithWindows(
      c, [&](const auto& windows) { AddRows(c, windows.Apply("join", JoinItems{fold}), RowOf); });
}

}  // namespace tidemark::conformance
