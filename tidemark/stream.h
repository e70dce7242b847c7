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
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "tidemark/concepts.h"
#include "tidemark/internal/add_steps.h"
#include "tidemark/key_value.h"
#include "tidemark/sink.h"

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

}  // namespace tidemark

#include "tidemark/keyed_stream.h"  // IWYU pragma: export
