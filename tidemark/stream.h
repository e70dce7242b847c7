// Stream<T> and KeyedStream<K, V>: the data between the steps of a Flow.
//
//   flow.From("in", Lines("words.txt"))
//       .FlatMap(SplitWords)
//       .Filter([](const std::string& word) { return !word.empty(); })
//       .KeyBy([](const std::string& word) { return word; })
//       .Batch("pairs", {.max_items = 2})
//       .To("out", StdoutLines<Words>({}, PutWords));
//
// Unnamed steps keep nothing; a name identifies state that survives a restart. Streams are values
// that name a place in the flow: using one twice gives both users every item. A function passed to
// a step is copied, called by one worker at a time, and must depend on nothing but its arguments;
// an exception it throws stops the run with a status that names the step.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "tidemark/batch.h"
#include "tidemark/concepts.h"
#include "tidemark/final.h"
#include "tidemark/internal/add_steps.h"
#include "tidemark/key_value.h"
#include "tidemark/sink.h"
#include "tidemark/stateful_batch.h"
#include "tidemark/stateful_map.h"
#include "tidemark/window.h"

namespace tidemark {

template <class K, class V>
class KeyedStream;

template <class T>
class Stream {
 public:
  using Item = T;
  Stream(internal::Graph graph, int step, int port)
      : graph_(std::move(graph)), step_(step), port_(port) {}

  // f(T) -> U
  template <class F, class U = std::decay_t<std::invoke_result_t<F&, T>>>
  Stream<U> Map(F f) const {
    return Each<U>("map", [f = std::move(f)](T& item, std::vector<U>& out) mutable {
      out.push_back(std::invoke(f, std::move(item)));
    });
  }
  // f(const T&) -> bool; keeps the items for which it returns true.
  template <PredicateOf<T> F>
  Stream<T> Filter(F f) const {
    return Same(Each<T>("filter", [f = std::move(f)](T& item, std::vector<T>& out) mutable {
      if (std::invoke(f, std::as_const(item))) out.push_back(std::move(item));
    }));
  }
  // f(T) -> range of U; emits each element on its own.
  template <class F, class R = std::decay_t<std::invoke_result_t<F&, T>>,
            class U = typename R::value_type>
  Stream<U> FlatMap(F f) const {
    return Each<U>("flat_map", [f = std::move(f)](T& item, std::vector<U>& out) mutable {
      for (auto&& element : std::invoke(f, std::move(item))) {
        out.push_back(std::forward<decltype(element)>(element));
      }
    });
  }
  // f(T) -> std::optional<U>; keeps the values that exist.
  template <class F, class O = std::decay_t<std::invoke_result_t<F&, T>>,
            class U = typename O::value_type>
  Stream<U> FilterMap(F f) const {
    return Each<U>("filter_map", [f = std::move(f)](T& item, std::vector<U>& out) mutable {
      if (auto result = std::invoke(f, std::move(item))) out.push_back(*std::move(result));
    });
  }
  // f(std::vector<T>) -> std::vector<U>, for work that is cheaper in batches. The division of items
  // into batches is unspecified: the result must be the same as item by item.
  template <class F, class R = std::decay_t<std::invoke_result_t<F&, std::vector<T>>>,
            class U = typename R::value_type>
  Stream<U> FlatMapBatch(F f) const {
    using Function = internal::BatchFunction<T, U>;
    return Next<U>(internal::AddStateless<T, U>(graph_, step_, port_, "flat_map_batch", [f] {
      return Function([f](std::vector<T>& items, const Activation&, std::vector<U>& out) mutable {
        out = std::invoke(f, std::move(items));
      });
    }));
  }
  // The elements of items that are ranges.
  auto Flatten() const {
    return FlatMap([](T item) { return item; });
  }
  // Calls f with every item and forwards the item unchanged.
  template <class F>
  Stream<T> Inspect(F f) const {
    return Same(Each<T>("inspect", [f = std::move(f)](T& item, std::vector<T>& out) mutable {
      std::invoke(f, std::as_const(item));
      out.push_back(std::move(item));
    }));
  }
  // The same with f(const T&, Epoch, int worker): the item's epoch and worker.
  template <class F>
  Stream<T> InspectDebug(F f) const {
    using Function = internal::BatchFunction<T, T>;
    const auto make = [f](const NodeContext& context) {
      return Function([f, worker = context.worker](std::vector<T>& items, const Activation& now,
                                                   std::vector<T>& out) mutable {
        for (size_t i = 0; i < items.size(); ++i)
          std::invoke(f, items[i], Epoch{now.epoch}, worker);
        out = std::move(items);
      });
    };
    return Same(internal::AddStatelessOn<T, T>(graph_, step_, port_, "inspect_debug", make));
  }
  // Any item ends the run: for streams that must stay empty.
  void Raises() const {
    Each<T>("raises", [](T&, std::vector<T>&) {
      throw std::runtime_error("an item came on a stream that is marked Raises()");
    });
  }
  // Distributes the items over all workers in turn, for costly steps that need no key. With several
  // workers, items may then overtake each other.
  Stream<T> Redistribute() const {
    return Same(internal::AddRedistribute<T>(graph_, step_, port_));
  }
  // f(const T&) -> bool: two streams, of the items for which it returns true and false.
  template <PredicateOf<T> F>
  std::pair<Stream<T>, Stream<T>> Branch(F f) const {
    using Function = internal::BatchFunction<T, T, T>;
    const int step = internal::AddStateless<T, T, T>(graph_, step_, port_, "branch", [f] {
      return Function([f](std::vector<T>& items, const Activation&, std::vector<T>& yes,
                          std::vector<T>& no) mutable {
        for (T& item : items) {
          auto& side = std::invoke(f, std::as_const(item)) ? yes : no;
          side.push_back(std::move(item));
        }
      });
    });
    graph_->step(step).keeps_key = true;
    return {Stream<T>(graph_, step, 0), Stream<T>(graph_, step, 1)};
  }
  // The items of all streams, each stream in its order.
  template <std::same_as<Stream<T>>... Others>
  Stream<T> Merge(const Others&... others) const {
    const Stream<T> merged = Same(
        Each<T>("merge", [](T& item, std::vector<T>& out) { out.push_back(std::move(item)); }));
    (graph_->AddEdge({.from = others.step_,
                      .port = others.port_,
                      .to = merged.step_,
                      .input = 0,
                      .exchange = {},
                      .make_partitioner = {}}),
     ...);
    return merged;
  }
  // get(key) -> V is looked up and cached, per worker, for `ttl`; f(T, const V&) -> U. The cache is
  // not state: a restart looks values up again.
  template <class KeyOf, class Get, class F>
  auto EnrichCached(KeyOf key_of, Get get, F f,
                    absl::Duration ttl = absl::InfiniteDuration()) const {
    return internal::AddEnrichCached<T>(*this, graph_, step_, port_, std::move(key_of),
                                        std::move(get), std::move(f), ttl);
  }

  // f(const T&) -> K, or a member pointer. Steps with state work per key.
  template <class F, class K = std::decay_t<std::invoke_result_t<F&, const T&>>>
  requires KeyType<K> KeyedStream<K, T> KeyBy(F f)
  const {
    const auto keyed = Each<KeyValue<K, T>>(
        "key_by", [f = std::move(f)](T& item, std::vector<KeyValue<K, T>>& out) mutable {
          K key = std::invoke(f, std::as_const(item));
          out.push_back({std::move(key), std::move(item)});
        });
    return KeyedStream<K, T>(keyed);
  }

  // The number of items of each key, at the end of input; see tidemark/final.h.
  template <class F, class K = std::decay_t<std::invoke_result_t<F&, const T&>>>
  requires KeyType<K> KeyedStream<K, int64_t> CountFinal(std::string name, F key_of)
  const {
    const auto keys = Map([key_of = std::move(key_of)](T item) mutable {
      return KeyValue<K, std::monostate>{std::invoke(key_of, std::as_const(item)), {}};
    });
    return KeyedStream<K, std::monostate>(keys).CountFinal(std::move(name));
  }

  // Ends the stream in a sink.
  void To(std::string name, Sink<T> sink) const {
    internal::AddSink<T>(graph_, step_, port_, std::move(name), std::move(sink));
  }

  const internal::Graph& graph() const { return graph_; }
  int step() const { return step_; }
  int port() const { return port_; }

 private:
  template <class U>
  Stream<U> Next(int step) const {
    return Stream<U>(graph_, step, 0);
  }
  // The step forwards items unchanged, so their keys are unchanged.
  Stream<T> Same(int step) const {
    graph_->step(step).keeps_key = true;
    return Stream<T>(graph_, step, 0);
  }
  static Stream<T> Same(const Stream<T>& stream) { return stream.Same(stream.step()); }
  // A step that takes one item at a time. Each worker gets its own copy of `f`.
  template <class U, class F>
  Stream<U> Each(const char* kind, F f) const {
    using Function = internal::BatchFunction<T, U>;
    return Next<U>(internal::AddStateless<T, U>(graph_, step_, port_, kind, [f] {
      return Function([f](std::vector<T>& items, const Activation&, std::vector<U>& out) mutable {
        out.reserve(items.size());
        if constexpr (std::is_same_v<T, bool>) {
          for (bool item : items) f(item, out);  // a vector of bool has no references to hand out
        } else {
          for (T& item : items) f(item, out);
        }
      });
    }));
  }

  internal::Graph graph_;
  int step_;
  int port_;
};

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
