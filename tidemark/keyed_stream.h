// KeyedStream<K, V>: a stream of (key, value), and the steps that keep state for each key.
//
//   KeyedStream<std::string, Order> by_flight = orders.KeyBy(&Order::flight);
//   by_flight.Batch("fifties", {.max_items = 50, .max_wait = absl::Seconds(5)});
//
// The rules for streams apply; see tidemark/stream.h, which includes this file.
#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "tidemark/batch.h"
#include "tidemark/concepts.h"
#include "tidemark/final.h"
#include "tidemark/internal/add_steps.h"
#include "tidemark/key_value.h"
#include "tidemark/sink.h"
#include "tidemark/stateful_batch.h"
#include "tidemark/stateful_map.h"
#include "tidemark/stream.h"
#include "tidemark/window.h"

namespace tidemark {

// A stream of (key, value). Batches, windows and state work on each key independently.
template <class K, class V>
class KeyedStream {
 public:
  using Key = K;
  using Value = V;
  explicit KeyedStream(Stream<KeyValue<K, V>> pairs) : pairs_(std::move(pairs)) {}

  // Lists of a key's items, in arrival order; see tidemark/batch.h.
  KeyedStream<K, std::vector<V>> Batch(std::string name, const BatchOptions& options) const {
    const auto limits = BatchLimits::Check(options);
    if (!limits.ok()) {
      pairs_.graph()->AddError(Annotate(limits.status(), Cat("step '", name, "'")));
    }
    const BatchLimits checked = limits.ok() ? *limits : BatchLimits{};
    return std::get<0>(AddLogic(std::move(name), "batch", checked.Describe(),
                                internal::BatchLogic<V>(checked),
                                {.keeps_at_eof = checked.at_eof == AtEof::kKeep}));
  }

  // A custom step; see tidemark/stateful_batch.h for callbacks and tidemark/keyed_logic.h for the
  // interface below them. Returns a tuple of keyed streams, one for each type in Logic::Outs.
  template <LogicOf<V> Logic>
  auto Stateful(std::string name, Logic logic) const {
    if constexpr (internal::CallbackLogic<Logic>) {
      return AddLogic(std::move(name), "stateful", "",
                      internal::CallbackStep<Logic>(std::move(logic)));
    } else {
      return AddLogic(std::move(name), "stateful", "", std::move(logic));
    }
  }
  template <LogicOf<V> Logic>
  requires internal::CallbackLogic<Logic>
  auto StatefulBatch(std::string name, Logic logic) const {
    static_assert(internal::Callbacks<Logic>::kOnItems,
                  "StatefulBatch takes a logic with OnItems(State&, std::span<In>, context)");
    return AddLogic(std::move(name), "stateful_batch", "",
                    internal::CallbackStep<Logic>(std::move(logic)));
  }

  // f(std::optional<State>, V) -> std::pair<std::optional<State>, U>; see tidemark/stateful_map.h.
  template <class State = void, class F>
  requires MapperOf<F, internal::StateFor<State, F>, V>
  auto StatefulMap(std::string name, F f) const {
    using S = typename internal::MapperState<State, F>::Type;
    return std::get<0>(AddLogic(std::move(name), "stateful_map", "",
                                internal::StatefulMapLogic<S, V, F>(std::move(f)),
                                {.passes_watermark = true}));
  }
  // The same with a range of U, whose elements are emitted one by one.
  template <class State = void, class F>
  requires MapperOf<F, internal::StateFor<State, F>, V>
  auto StatefulFlatMap(std::string name, F f) const {
    using S = typename internal::MapperState<State, F>::Type;
    return std::get<0>(AddLogic(std::move(name), "stateful_flat_map", "",
                                internal::StatefulFlatMapLogic<S, V, F>(std::move(f)),
                                {.passes_watermark = true}));
  }

  // One value for each key at the end of input; see tidemark/final.h.
  // init() -> A, fold(A, V) -> A
  template <class Init, class Fold>
  requires FoldOf<Init, Fold, V>
  auto FoldFinal(std::string name, Init init, Fold fold) const {
    return std::get<0>(
        AddLogic(std::move(name), "fold_final", "",
                 internal::FoldFinalLogic<V, Init, Fold>(std::move(init), std::move(fold))));
  }
  // reduce(V, V) -> V
  template <ReducerOf<V> Reduce>
  KeyedStream<K, V> ReduceFinal(std::string name, Reduce reduce) const {
    return std::get<0>(AddLogic(std::move(name), "reduce_final", "",
                                internal::ReduceFinalLogic<V, Reduce>(std::move(reduce))));
  }
  KeyedStream<K, int64_t> CountFinal(std::string name) const {
    return std::get<0>(
        AddLogic(std::move(name), "count_final", "", internal::CountFinalLogic<V>()));
  }
  // by(const V&) -> something comparable with <, or a member pointer.
  template <OrderOf<V> By = std::identity>
  KeyedStream<K, V> MaxFinal(std::string name, By by = {}) const {
    return std::get<0>(AddLogic(std::move(name), "max_final", "",
                                internal::BestFinalLogic<V, By, std::greater<>>(std::move(by))));
  }
  template <OrderOf<V> By = std::identity>
  KeyedStream<K, V> MinFinal(std::string name, By by = {}) const {
    return std::get<0>(AddLogic(std::move(name), "min_final", "",
                                internal::BestFinalLogic<V, By, std::less<>>(std::move(by))));
  }

  // The time of an item is time_of(item) -> absl::Time, or a member pointer. Each key has its own
  // watermark; see tidemark/window.h.
  template <TimeOf<V> F>
  auto EventTime(F time_of, const EventTimeOptions& options = {}) const {
    const EventClock clock{.max_out_of_orderness = Span::FromAbsl(options.max_out_of_orderness)};
    return TimedStream<K, V, EventClock>(
        internal::AddEventTime<K, V>(pairs_, std::move(time_of),
                                     Span::FromAbsl(options.max_ahead_of_system_time)),
        clock,
        internal::CheckSpans(options.max_out_of_orderness, options.max_ahead_of_system_time));
  }
  // The same with one watermark for the whole stream.
  template <TimeOf<V> F, std::same_as<PerStream> Options>
  auto EventTime(F time_of, const Options& options) const {
    absl::Status error =
        internal::CheckSpans(options.max_out_of_orderness, options.max_ahead_of_system_time);
    if (error.ok() && options.idle_after <= absl::ZeroDuration()) {
      error = absl::InvalidArgumentError(Cat("idle_after must be longer than zero, not ",
                                             absl::FormatDuration(options.idle_after)));
    }
    const StreamClock clock{.max_out_of_orderness = Span::FromAbsl(options.max_out_of_orderness),
                            .idle_after = Span::FromAbsl(options.idle_after)};
    return TimedStream<K, V, StreamClock>(
        internal::AddEventTime<K, V>(pairs_, std::move(time_of),
                                     Span::FromAbsl(options.max_ahead_of_system_time)),
        clock, std::move(error));
  }
  // The same with a custom clock, see engine/windowing/clocks.h.
  template <TimeOf<V> F, class Clock>
  requires requires { typename Clock::State; }
  auto EventTime(F time_of, Clock clock) const {
    return TimedStream<K, V, Clock>(
        internal::AddEventTime<K, V>(pairs_, std::move(time_of), Span::Infinite()),
        std::move(clock), absl::OkStatus());
  }
  // The time of an item is the time of its processing; no item is ever late.
  TimedStream<K, V, SystemTimeClock> SystemTime() const {
    auto timed = MapValue([](V value) { return internal::Timed<V>{{}, std::move(value)}; });
    return TimedStream<K, V, SystemTimeClock>(std::move(timed), SystemTimeClock{}, {});
  }

  // The same steps as on Stream, on the value alone; the key stays.
  template <class F, class U = std::decay_t<std::invoke_result_t<F&, V>>>
  KeyedStream<K, U> MapValue(F f) const {
    return KeepingKey(pairs_.Map([f = std::move(f)](KeyValue<K, V> pair) mutable {
      return KeyValue<K, U>{std::move(pair.key), std::invoke(f, std::move(pair.value))};
    }));
  }
  // f(const K&, V) -> U, for a value that depends on the key; the key stays.
  template <class F, class U = std::decay_t<std::invoke_result_t<F&, const K&, V>>>
  KeyedStream<K, U> MapWithKey(F f) const {
    return KeepingKey(pairs_.Map([f = std::move(f)](KeyValue<K, V> pair) mutable {
      U value = std::invoke(f, std::as_const(pair.key), std::move(pair.value));
      return KeyValue<K, U>{std::move(pair.key), std::move(value)};
    }));
  }
  template <PredicateOf<V> F>
  KeyedStream<K, V> FilterValue(F f) const {
    return KeyedStream<K, V>(pairs_.Filter([f = std::move(f)](const KeyValue<K, V>& pair) mutable {
      return std::invoke(f, pair.value);
    }));
  }
  template <class F, class R = std::decay_t<std::invoke_result_t<F&, V>>,
            class U = typename R::value_type>
  KeyedStream<K, U> FlatMapValue(F f) const {
    return KeepingKey(pairs_.FlatMap([f = std::move(f)](KeyValue<K, V> pair) mutable {
      std::vector<KeyValue<K, U>> out;
      for (auto&& element : std::invoke(f, std::move(pair.value))) {
        out.push_back({pair.key, std::forward<decltype(element)>(element)});
      }
      return out;
    }));
  }
  template <class F, class O = std::decay_t<std::invoke_result_t<F&, V>>,
            class U = typename O::value_type>
  KeyedStream<K, U> FilterMapValue(F f) const {
    return KeepingKey(pairs_.FilterMap(
        [f = std::move(f)](KeyValue<K, V> pair) mutable -> std::optional<KeyValue<K, U>> {
          auto result = std::invoke(f, std::move(pair.value));
          if (!result) return std::nullopt;
          return KeyValue<K, U>{std::move(pair.key), *std::move(result)};
        }));
  }

  // Drops the key.
  Stream<V> Values() const {
    return pairs_.Map([](KeyValue<K, V> pair) { return std::move(pair.value); });
  }
  // The pairs as items, for the steps of Stream.
  const Stream<KeyValue<K, V>>& Pairs() const { return pairs_; }

  void To(std::string name, Sink<KeyValue<K, V>> sink) const {
    pairs_.To(std::move(name), std::move(sink));
  }

 private:
  template <class, class, class, class, bool>
  friend class WindowedStream;

  // The pairs keep their keys.
  template <class U>
  static KeyedStream<K, U> KeepingKey(const Stream<KeyValue<K, U>>& pairs) {
    pairs.graph()->step(pairs.step()).keeps_key = true;
    return KeyedStream<K, U>(pairs);
  }

  template <class Logic>
  auto AddLogic(std::string name, const char* kind, std::string parameters, Logic logic,
                const internal::KeyedStepFacts& facts = {}) const {
    static_assert(std::is_same_v<typename Logic::In, V>,
                  "the step's In must be the type of the stream's values");
    const int step =
        internal::AddKeyedStep<K, V>(pairs_.graph(), pairs_.step(), pairs_.port(), std::move(name),
                                     kind, std::move(parameters), std::move(logic), facts);
    return Ports(step, static_cast<const typename Logic::Outs*>(nullptr),
                 std::make_index_sequence<std::tuple_size_v<typename Logic::Outs>>());
  }
  template <class... Out, size_t... Port>
  auto Ports(int step, const std::tuple<Out...>*, std::index_sequence<Port...>) const {
    return std::make_tuple(KeyedStream<K, Out>(
        Stream<KeyValue<K, Out>>(pairs_.graph(), step, static_cast<int>(Port)))...);
  }

  Stream<KeyValue<K, V>> pairs_;
};

}  // namespace tidemark
