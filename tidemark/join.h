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

#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "tidemark/join_fold.h"
#include "tidemark/stream.h"

namespace tidemark {
namespace internal {

// The streaming join: like JoinFold, but forgets a key that has emitted its rows.
template <class V>
class JoinLogic : public ValueState<std::vector<std::vector<V>>> {
 public:
  using In = SideValue<V>;
  using Row = typename JoinFold<V>::Out;
  using Outs = std::tuple<Row>;
  using State = std::vector<std::vector<V>>;

  explicit JoinLogic(JoinFold<V> fold) : fold_(std::move(fold)) {}

  void OnItem(State& state, SideValue<V>&& value, StepContext<Outs>& context) const {
    if (state.empty()) state = fold_.Init();
    fold_.OnValue(state, std::move(value), [&](Row row) { context.Emit(std::move(row)); });
  }
  bool WantsEnd(const State&) const { return fold_.emit_mode == JoinEmit::kFinal; }
  void OnEnd(State& state, StepContext<Outs>& context) const {
    fold_.EmitRows(state, [&](Row row) { context.Emit(std::move(row)); });
    state.clear();
  }
  static bool IsEmpty(const State& state) {
    for (const auto& held : state) {
      if (!held.empty()) return false;
    }
    return true;
  }

 private:
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
