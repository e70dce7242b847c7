// Joins: values of several keyed streams side by side, per key (SEMANTICS §6).
//
//   // Every order with its payment, once both are there, as a tuple of two optionals:
//   auto paid = Join("paid", {}, orders, payments);
//
//   // The same within windows; streams with a time, results and late values:
//   auto [row, late] = JoinWindow("paid", Tumbling{absl::Minutes(1)}, {}, {},
//                                 orders.EventTime(&Order::at), payments.EventTime(&Payment::at));
//
// All streams have the same key type. The streaming join keeps a key forever if one of its sides
// never arrives; in windows it is removed with the window.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "state/list_state.h"
#include "tidemark/join_fold.h"
#include "tidemark/stream.h"

namespace tidemark {
namespace internal {

// The state of a key of a streaming join: one value of each side, or every value of all sides.
template <class V>
struct JoinState {
  std::vector<std::vector<V>> sides;     // of sides that keep one
  ListState<SideValue<V>> values;        // of sides that keep all, in order of arrival
  std::vector<uint64_t> values_of = {};  // the number of them on each side
};

// The streaming join: like JoinFold, but forgets a key that has emitted its rows.
template <class V>
class JoinLogic : public ValueState<JoinState<V>> {
 public:
  using In = SideValue<V>;
  using Row = typename JoinFold<V>::Out;
  using Outs = std::tuple<Row>;
  using State = JoinState<V>;
  using Sides = std::vector<std::vector<V>>;

  explicit JoinLogic(JoinFold<V> fold) : fold_(std::move(fold)) {}

  void OnItem(State& state, SideValue<V>&& value, StepContext<Outs>& context) const {
    const auto emit = [&](Row row) { context.Emit(std::move(row)); };
    if (!keeps_all()) {
      if (state.sides.empty()) state.sides = fold_.Init();
      return fold_.OnValue(state.sides, std::move(value), emit);
    }
    state.values_of.resize(fold_.sides);
    ++state.values_of[value.side];
    state.values.push_back(std::move(value));
    if (fold_.emit_mode == JoinEmit::kRunning) fold_.EmitRows(SidesOf(state), emit);
    if (fold_.emit_mode == JoinEmit::kComplete && EachSideHasOne(state)) {
      fold_.EmitRows(SidesOf(state), emit);
      state = State();
    }
  }
  bool WantsEnd(const State&) const { return fold_.emit_mode == JoinEmit::kFinal; }
  void OnEnd(State& state, StepContext<Outs>& context) const {
    fold_.EmitRows(keeps_all() ? SidesOf(state) : state.sides,
                   [&](Row row) { context.Emit(std::move(row)); });
    state = State();
  }
  static bool IsEmpty(const State& state) {
    for (const auto& held : state.sides) {
      if (!held.empty()) return false;
    }
    return state.values.empty();
  }

  // Rows of one value are of format 1: the values by side.
  static std::string ValueSchema() { return SchemaBytesOf<Sides>(); }
  absl::Status Load(const StateRowData& row, const SubRows&, const std::string& what,
                    State& state) const {
    const auto* value = std::get_if<ValueRow>(&row.state);
    if (value == nullptr)
      return absl::DataLossError(Cat(what, ": the stored state is not a value"));
    TM_RETURN_IF_ERROR(Annotate(DecodeAll(value->value, state.sides), what));
    if (!keeps_all()) return absl::OkStatus();
    Sides sides = std::exchange(state.sides, {});
    state.values_of.resize(fold_.sides);
    for (uint32_t side = 0; side < sides.size() && side < fold_.sides; ++side) {
      state.values_of[side] = sides[side].size();
      for (V& held : sides[side]) state.values.push_back({.side = side, .value = std::move(held)});
    }
    return absl::OkStatus();
  }

 private:
  bool keeps_all() const { return fold_.insert == JoinInsert::kProduct; }
  static bool EachSideHasOne(const State& state) {
    return std::find(state.values_of.begin(), state.values_of.end(), 0u) == state.values_of.end();
  }
  Sides SidesOf(const State& state) const {
    Sides sides = fold_.Init();
    for (const SideValue<V>& held : state.values) {
      // The exception becomes the step's error.
      if (held.side >= sides.size()) throw std::out_of_range("a stored value is of no side");
      sides[held.side].push_back(held.value);
    }
    return sides;
  }

  const JoinFold<V> fold_;
};

// A row by side number as a tuple of optionals.
template <class... V, size_t... Side>
std::tuple<std::optional<V>...> ToTuple(std::vector<std::optional<std::variant<V...>>>&& row,
                                        std::index_sequence<Side...>) {
  return {(row[Side] ? std::optional<V>(std::get<Side>(*std::move(row[Side])))
                     : std::optional<V>())...};
}

template <class Variant, size_t Side, class K, class V>
KeyedStream<K, SideValue<Variant>> TagSide(const KeyedStream<K, V>& stream) {
  return stream.MapValue([](V value) {
    return SideValue<Variant>{static_cast<uint32_t>(Side),
                              Variant(std::in_place_index<Side>, std::move(value))};
  });
}
template <class Variant, size_t Side, class K, class V>
KeyedStream<K, Timed<SideValue<Variant>>> TagTimedSide(const KeyedStream<K, Timed<V>>& stream) {
  return stream.MapValue([](Timed<V> timed) {
    return Timed<SideValue<Variant>>{
        timed.at, SideValue<Variant>{static_cast<uint32_t>(Side),
                                     Variant(std::in_place_index<Side>, std::move(timed.value))}};
  });
}

template <class K, class V, class... Others>
KeyedStream<K, V> MergeKeyed(const KeyedStream<K, V>& first, const Others&... others) {
  return KeyedStream<K, V>(first.Pairs().Merge(others.Pairs()...));
}

template <class K, class... V, size_t... Side>
auto JoinSides(std::string name, const JoinOptions& options, std::index_sequence<Side...> sides,
               const KeyedStream<K, V>&... streams) {
  using Variant = std::variant<V...>;
  auto merged = MergeKeyed(TagSide<Variant, Side>(streams)...);
  const JoinFold<Variant> fold{.sides = sizeof...(V),
                               .insert = options.insert,
                               .emit_mode = options.emit.value_or(JoinEmit::kComplete)};
  auto rows = std::get<0>(merged.Stateful(std::move(name), JoinLogic<Variant>(fold)));
  return rows.MapValue([sides](std::vector<std::optional<Variant>> row) {
    return ToTuple<V...>(std::move(row), sides);
  });
}

}  // namespace internal

// Rows are tuples of optionals, one for each stream, in the order of the streams.
template <class K, class... V>
KeyedStream<K, std::tuple<std::optional<V>...>> Join(std::string name, const JoinOptions& options,
                                                     const KeyedStream<K, V>&... streams) {
  return internal::JoinSides(std::move(name), options, std::index_sequence_for<V...>(), streams...);
}

namespace internal {

template <class Windows, class K, class Clock, class... V, size_t... Side>
auto JoinWindowSides(std::string name, Windows windows, const JoinOptions& join,
                     const WindowOptions& options, std::index_sequence<Side...> sides,
                     const TimedStream<K, V, Clock>&... streams) {
  using Variant = std::variant<V...>;
  const auto& first = std::get<0>(std::tie(streams...));
  TimedStream<K, SideValue<Variant>, Clock> merged(
      MergeKeyed(TagTimedSide<Variant, Side>(streams.timed())...), first.clock(), first.error());
  const JoinFold<Variant> fold{.sides = sizeof...(V),
                               .insert = join.insert,
                               .emit_mode = join.emit.value_or(JoinEmit::kFinal)};
  auto [rows, late] = merged.Window(std::move(windows), options).Apply(std::move(name), fold);
  auto results = rows.MapValue([sides](Windowed<std::vector<std::optional<Variant>>> row) {
    return Windowed<std::tuple<std::optional<V>...>>{row.window_id, row.open, row.close,
                                                     ToTuple<V...>(std::move(row.value), sides)};
  });
  return std::make_tuple(std::move(results), late);
}

}  // namespace internal

// Results: Windowed<tuple of optionals>; late values: Windowed<SideValue<variant>>. The clock's
// parameters come from the first stream.
template <class Windows, class K, class Clock, class... V>
auto JoinWindow(std::string name, Windows windows, const JoinOptions& join,
                const WindowOptions& options, const TimedStream<K, V, Clock>&... streams) {
  return internal::JoinWindowSides(std::move(name), std::move(windows), join, options,
                                   std::index_sequence_for<V...>(), streams...);
}

}  // namespace tidemark
