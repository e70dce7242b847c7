// FoldFinal, ReduceFinal, CountFinal, MaxFinal, MinFinal: one value for each key, at the end of
// input.
//
//   auto seats = orders.KeyBy(&Order::flight)
//                    .FoldFinal("seats", [] { return int64_t{0}; },
//                               [](int64_t sum, const Order& order) { return sum + order.seats; });
//   auto latest = orders.KeyBy(&Order::flight).MaxFinal("latest", &Order::at);
//   auto per_class = orders.CountFinal("per_class", &Order::travel_class);
//
// Results are emitted in byte order of the keys, and then the keys are forgotten: a later run of
// the same job starts over with each of them. ReduceFinal's first value is the accumulator.
// MaxFinal and MinFinal keep the earlier of equal values.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "tidemark/stateful_batch.h"

namespace tidemark::internal {

// Emits the state at the end of input and forgets it.
template <class S>
struct FinalState : OptionalState<S> {
  using Outs = std::tuple<S>;
  static void OnEnd(std::optional<S>& state, StepContext<Outs>& context) {
    if (!state) return;
    context.Emit(*std::move(state));
    state.reset();
  }
};

template <class V, class Init, class Fold>
class FoldFinalLogic : public FinalState<std::decay_t<std::invoke_result_t<const Init&>>> {
 public:
  using In = V;
  using S = std::decay_t<std::invoke_result_t<const Init&>>;
  using Outs = std::tuple<S>;

  FoldFinalLogic(Init init, Fold fold) : init_(std::move(init)), fold_(std::move(fold)) {}

  void OnItem(std::optional<S>& state, V&& value, StepContext<Outs>&) const {
    if (!state) state.emplace(std::invoke(init_));
    state = std::invoke(fold_, *std::move(state), std::move(value));
  }

 private:
  const Init init_;
  const Fold fold_;
};

template <class V, class Reduce>
class ReduceFinalLogic : public FinalState<V> {
 public:
  using In = V;
  using Outs = std::tuple<V>;

  explicit ReduceFinalLogic(Reduce reduce) : reduce_(std::move(reduce)) {}

  void OnItem(std::optional<V>& state, V&& value, StepContext<Outs>&) const {
    if (!state) {
      state = std::move(value);
    } else {
      state = std::invoke(reduce_, *std::move(state), std::move(value));
    }
  }

 private:
  const Reduce reduce_;
};

// Keeps the value whose `by` comes first in the order `Before`; the earlier of equals.
template <class V, class By, class Before>
class BestFinalLogic : public FinalState<V> {
 public:
  using In = V;
  using Outs = std::tuple<V>;

  explicit BestFinalLogic(By by) : by_(std::move(by)) {}

  void OnItem(std::optional<V>& state, V&& value, StepContext<Outs>&) const {
    if (!state ||
        Before()(std::invoke(by_, std::as_const(value)), std::invoke(by_, std::as_const(*state)))) {
      state = std::move(value);
    }
  }

 private:
  const By by_;
};

template <class V>
struct CountFinalLogic : ValueState<int64_t> {
  using In = V;
  using Outs = std::tuple<int64_t>;
  static constexpr bool kCheapSize = true;

  static bool IsEmpty(int64_t count) { return count == 0; }
  static void OnItem(int64_t& count, V&&, StepContext<Outs>&) { ++count; }
  static void OnEnd(int64_t& count, StepContext<Outs>& context) {
    context.Emit(std::exchange(count, 0));
  }
};

}  // namespace tidemark::internal
