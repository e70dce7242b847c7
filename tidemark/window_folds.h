// Folds: how a window aggregates its values. Built-in ones, and the interface for your own:
//
//   struct Spread {                       // highest minus lowest
//     using Value = double;
//     struct Acc { double low = 1e308, high = -1e308; };
//     using Out = double;
//     Acc Init() const { return {}; }
//     template <class Emit> void OnValue(Acc& acc, double v, Emit&&) const {
//       acc.low = std::min(acc.low, v), acc.high = std::max(acc.high, v);
//     }
//     template <class Emit> void OnMerge(Acc& into, Acc from, Emit&&) const {
//       into.low = std::min(into.low, from.low), into.high = std::max(into.high, from.high);
//     }
//     template <class Emit> void OnClose(Acc acc, Emit&& emit) const { emit(acc.high - acc.low); }
//   };
//   auto [spread, late] = windows.Apply("spread", Spread{});
//
// Init() makes the accumulator of a new window. OnMerge() is called when a session absorbs another:
// `into` belongs to the one opened earlier. `emit(Out)` may be called any number of times in each.
// Acc is stored, so it is a plain struct (state/reflect.h).
//
// If accumulators can be combined in any order, declare it, and an item of sliding windows costs
// the same however many windows overlap:
//
//     static constexpr bool kCombines = true;          // emits nothing before OnClose
//     static void Combine(Acc& into, const Acc& from); // Combine(Init(), x) is x
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace tidemark {

// Promises that the values of a reduce or fold may be taken in any order and grouping; for a fold
// also that merge(init(), x) is x.
struct Commutative {};
inline constexpr Commutative kCommutative;

// init() -> Acc, fold(Acc, Value) -> Acc, merge(Acc, Acc) -> Acc.
template <class V, class A, class InitF, class FoldF, class MergeF, bool kCommutes = false>
struct FoldWindow {
  using Value = V;
  using Acc = A;
  using Out = A;
  static constexpr bool kCombines = kCommutes;
  InitF init;
  FoldF fold;
  MergeF merge;

  Acc Init() const { return std::invoke(init); }
  template <class Emit>
  void OnValue(Acc& acc, V value, Emit&&) const {
    acc = std::invoke(fold, std::move(acc), std::move(value));
  }
  template <class Emit>
  void OnMerge(Acc& into, Acc from, Emit&&) const {
    into = std::invoke(merge, std::move(into), std::move(from));
  }
  void Combine(Acc& into, const Acc& from) const {
    into = std::invoke(merge, std::move(into), Acc(from));
  }
  template <class Emit>
  void OnClose(Acc acc, Emit&& emit) const {
    emit(std::move(acc));
  }
};

// The first value is the accumulator; reduce(Value, Value) -> Value also merges.
template <class V, class ReduceF, bool kCommutes = false>
struct ReduceWindow {
  using Value = V;
  using Acc = std::optional<V>;
  using Out = V;
  static constexpr bool kCombines = kCommutes;
  ReduceF reduce;

  Acc Init() const { return {}; }
  template <class Emit>
  void OnValue(Acc& acc, V value, Emit&&) const {
    acc = acc ? std::invoke(reduce, *std::move(acc), std::move(value)) : std::move(value);
  }
  template <class Emit>
  void OnMerge(Acc& into, Acc from, Emit&& emit) const {
    if (from) OnValue(into, *std::move(from), emit);
  }
  void Combine(Acc& into, const Acc& from) const {
    OnMerge(into, Acc(from), [](const V&) {});
  }
  template <class Emit>
  void OnClose(Acc acc, Emit&& emit) const {
    if (acc) emit(*std::move(acc));
  }
};

// The value that is better than all others, better(const V& next, const V& held); the first of
// equals.
template <class V, class Better>
struct BestWindow {
  struct Best {
    std::optional<V> value;
    int64_t arrival = 0;
  };
  using Value = V;
  using Acc = Best;
  using Out = V;
  static constexpr bool kCombines = true;
  static constexpr bool kTakesArrival = true;
  Better better;

  Acc Init() const { return {}; }
  template <class Emit>
  void OnValue(Acc& acc, V value, int64_t arrival, Emit&&) const {
    if (acc.value && !better(std::as_const(value), std::as_const(*acc.value))) return;
    acc = {.value = std::move(value), .arrival = arrival};
  }
  template <class Emit>
  void OnMerge(Acc& into, Acc from, Emit&&) const {
    if (!from.value) return;
    if (!into.value || better(std::as_const(*from.value), std::as_const(*into.value))) {
      into = std::move(from);
    }
  }
  // Panes are not read in the order of arrival.
  void Combine(Acc& into, const Acc& from) const {
    if (!from.value) return;
    if (into.value && into.arrival > from.arrival &&
        !better(std::as_const(*into.value), std::as_const(*from.value))) {
      into = from;
    } else {
      OnMerge(into, Acc(from), [](const V&) {});
    }
  }
  template <class Emit>
  void OnClose(Acc acc, Emit&& emit) const {
    if (acc.value) emit(*std::move(acc.value));
  }
};

template <class V>
struct CountWindow {
  using Value = V;
  using Acc = int64_t;
  using Out = int64_t;
  static constexpr bool kCombines = true;

  Acc Init() const { return 0; }
  template <class Emit>
  void OnValue(Acc& acc, const V&, Emit&&) const {
    ++acc;
  }
  template <class Emit>
  void OnMerge(Acc& into, Acc from, Emit&&) const {
    into += from;
  }
  static void Combine(Acc& into, Acc from) { into += from; }
  template <class Emit>
  void OnClose(Acc acc, Emit&& emit) const {
    emit(acc);
  }
};

// The values as a list; in order of time with kTimestamp.
template <class V>
struct CollectWindow {
  using Value = V;
  using Acc = std::vector<V>;
  using Out = std::vector<V>;

  Acc Init() const { return {}; }
  template <class Emit>
  void OnValue(Acc& acc, V value, Emit&&) const {
    acc.push_back(std::move(value));
  }
  template <class Emit>
  void OnMerge(Acc& into, Acc from, Emit&&) const {
    into.insert(into.end(), std::make_move_iterator(from.begin()),
                std::make_move_iterator(from.end()));
  }
  template <class Emit>
  void OnClose(Acc acc, Emit&& emit) const {
    emit(std::move(acc));
  }
};

template <class V>
struct CollectSetWindow {
  using Value = V;
  using Acc = std::set<V>;
  using Out = std::set<V>;

  Acc Init() const { return {}; }
  template <class Emit>
  void OnValue(Acc& acc, V value, Emit&&) const {
    acc.insert(std::move(value));
  }
  template <class Emit>
  void OnMerge(Acc& into, Acc from, Emit&&) const {
    into.merge(from);
  }
  template <class Emit>
  void OnClose(Acc acc, Emit&& emit) const {
    emit(std::move(acc));
  }
};

// Values are pairs; a later pair replaces an earlier one with the same first element.
template <class A, class B>
struct CollectMapWindow {
  using Value = std::pair<A, B>;
  using Acc = std::map<A, B>;
  using Out = std::map<A, B>;

  Acc Init() const { return {}; }
  template <class Emit>
  void OnValue(Acc& acc, Value value, Emit&&) const {
    acc.insert_or_assign(std::move(value.first), std::move(value.second));
  }
  template <class Emit>
  void OnMerge(Acc& into, Acc from, Emit&&) const {
    for (auto& [key, value] : from) into.insert_or_assign(key, std::move(value));
  }
  template <class Emit>
  void OnClose(Acc acc, Emit&& emit) const {
    emit(std::move(acc));
  }
};

}  // namespace tidemark
