// Operators with state per key: stateful, stateful_map and those that emit at the end of input.

#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include "base/status.h"
#include "tests/conformance/operators.h"
#include "tidemark/final.h"
#include "tidemark/stateful_batch.h"
#include "tidemark/stateful_map.h"

namespace tidemark::conformance {
namespace {

// ---- stateful_map, stateful_flat_map
// -------------------------------------------------------------

// What the named mapper gives, with null for no state.
std::pair<std::optional<Json>, Json::List> Call(StatefulFunction f, std::optional<Json> state,
                                                const Json& value) {
  Mapped mapped = f(std::move(state).value_or(Json()), value);
  if (mapped.state.is_null()) return {std::nullopt, std::move(mapped.out)};
  return {std::move(mapped.state), std::move(mapped.out)};
}

absl::Status BuildStatefulMap(FlowCase& c) {
  const StatefulFunction f = c.params().Stateful("mapper");
  c.Down(c.Keyed().StatefulMap("map", [f](std::optional<Json> state, const Json& value) {
    auto [next, out] = Call(f, std::move(state), value);
    return std::pair(std::move(next), out.empty() ? Json() : std::move(out[0]));
  }));
  return absl::OkStatus();
}

absl::Status BuildStatefulFlatMap(FlowCase& c) {
  const StatefulFunction f = c.params().Stateful("mapper");
  c.Down(c.Keyed().StatefulFlatMap("map", [f](std::optional<Json> state, const Json& value) {
    return Call(f, std::move(state), value);
  }));
  return absl::OkStatus();
}

// ---- stateful, stateful_batch
// --------------------------------------------------------------------

// Emits [old, new] at every callback, where the states are called NEW, ITEM, NOTIFY and EOF.
struct Transition {
  using In = Json;
  struct State {
    std::string name = "NEW";
    Timestamp notify_at = Timestamp::Never();
  };
  using Outs = std::tuple<Json>;

  KeyState after_item = KeyState::kKeep;
  KeyState after_notify = KeyState::kKeep;
  KeyState after_eof = KeyState::kKeep;
  bool item_triggers_notify = false;

  KeyState OnItem(State& state, Json&&, StepContext<Outs>& context) const {
    if (item_triggers_notify) state.notify_at = context.now();
    To(state, "ITEM", context);
    return after_item;
  }
  Timestamp NotifyAt(const State& state) const { return state.notify_at; }
  KeyState OnNotify(State& state, StepContext<Outs>& context) const {
    state.notify_at = Timestamp::Never();
    To(state, "NOTIFY", context);
    return after_notify;
  }
  KeyState OnEnd(State& state, StepContext<Outs>& context) const {
    To(state, "EOF", context);
    return after_eof;
  }
  static void To(State& state, const char* name, StepContext<Outs>& context) {
    context.Emit(Json::List{state.name, name});
    state.name = name;
  }
};

// Emits [previous, value] and keeps the value, unless it is DISCARD.
struct KeepLast {
  using In = Json;
  struct State {
    Json last;
  };
  using Outs = std::tuple<Json>;

  KeyState OnItem(State& state, Json&& value, StepContext<Outs>& context) const {
    const bool discard = value == Json("DISCARD");
    context.Emit(Json::List{state.last, value});
    state.last = std::move(value);
    return discard ? KeyState::kDiscard : KeyState::kKeep;
  }
};

// The same logic, given items.
template <class Logic>
struct InItems : Logic {
  using In = Json;
  using State = typename Logic::State;
  using Outs = typename Logic::Outs;

  KeyState OnItems(State& state, std::span<Json> items, StepContext<Outs>& context) const {
    KeyState decision = KeyState::kKeep;
    for (Json& item : items) {
      if (decision == KeyState::kDiscard) state = {};
      decision = Logic::OnItem(state, std::move(item), context);
    }
    return decision;
  }
};

KeyState Decision(Params& params, const char* name) {
  const std::string text = params.Text(name).value_or("retain");
  if (text != "retain" && text != "discard") {
    params.Fail(absl::InvalidArgumentError(
        Cat("parameter '", name, "' is neither retain nor discard but '", text, "'")));
  }
  return text == "discard" ? KeyState::kDiscard : KeyState::kKeep;
}

template <bool kInItems, class Logic>
void AddStateful(FlowCase& c, Logic logic) {
  if constexpr (kInItems) {
    c.Down(std::get<0>(c.Keyed().StatefulBatch("logic", InItems<Logic>{std::move(logic)})));
  } else {
    c.Down(std::get<0>(c.Keyed().Stateful("logic", std::move(logic))));
  }
}

template <bool kInItems>
absl::Status BuildStateful(FlowCase& c) {
  Params& params = c.params();
  const std::string logic = params.Text("logic").value_or("");
  if (logic == "keep_last") {
    AddStateful<kInItems>(c, KeepLast());
    return absl::OkStatus();
  }
  if (logic != "transition") {
    return absl::InvalidArgumentError(
        Cat("parameter 'logic': there is no logic named '", logic, "'"));
  }
  AddStateful<kInItems>(
      c, Transition{.after_item = Decision(params, "after_item"),
                    .after_notify = Decision(params, "after_notify"),
                    .after_eof = Decision(params, "after_eof"),
                    .item_triggers_notify = params.Bool("item_triggers_notify").value_or(false)});
  return absl::OkStatus();
}

// ---- at the end of input
// -------------------------------------------------------------------------

absl::Status BuildFoldFinal(FlowCase& c) {
  const BuilderFunction init = c.params().Builder("builder");
  c.Down(c.Keyed().FoldFinal("fold", init, c.params().Binary("folder")));
  return absl::OkStatus();
}

absl::Status BuildReduceFinal(FlowCase& c) {
  c.Down(c.Keyed().ReduceFinal("reduce", c.params().Binary("reducer")));
  return absl::OkStatus();
}

absl::Status BuildCountFinal(FlowCase& c) {
  const UnaryFunction by = c.params().Unary("by", "identity");
  c.Down(c.Values().CountFinal("count", [by](const Json& value) { return KeyText(by(value)); }));
  return absl::OkStatus();
}

absl::Status BuildMaxFinal(FlowCase& c) {
  c.Down(c.Keyed().MaxFinal("max", c.params().Unary("by", "identity")));
  return absl::OkStatus();
}

absl::Status BuildMinFinal(FlowCase& c) {
  c.Down(c.Keyed().MinFinal("min", c.params().Unary("by", "identity")));
  return absl::OkStatus();
}

constexpr Operator kOperators[] = {
    {.name = "stateful", .build = BuildStateful<false>},
    {.name = "stateful_batch", .build = BuildStateful<true>},
    {.name = "stateful_map", .build = BuildStatefulMap},
    {.name = "stateful_flat_map", .build = BuildStatefulFlatMap},
    {.name = "fold_final", .build = BuildFoldFinal},
    {.name = "reduce_final", .build = BuildReduceFinal},
    {.name = "count_final", .build = BuildCountFinal},
    {.name = "max_final", .build = BuildMaxFinal},
    {.name = "min_final", .build = BuildMinFinal},
};

}  // namespace

std::span<const Operator> StatefulOperators() { return kOperators; }

}  // namespace tidemark::conformance
