// Concepts of the functions and types that the verbs of a stream take, so that a mistake is
// reported at the line that makes it, with the concept that it fails.
//
//   rows.Filter([](const Row& row) { return row.name; });
//   // error: no matching function for call to Stream<Row>::Filter(…)
//   // note: the expression is_invocable_r_v<bool, …> of PredicateOf<…, Row> is false
#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/time/time.h"
#include "base/timestamp.h"
#include "state/value_codec.h"

namespace tidemark {

// f(const T&) -> bool
template <class F, class T>
concept PredicateOf = std::is_invocable_r_v<bool, F&, const T&>;

// reduce(T, T) -> T
template <class F, class T>
concept ReducerOf = std::is_invocable_r_v<T, const F&, T, T>;

// init() -> Acc, fold(Acc, T) -> Acc; what it returns is state.
template <class Init, class Fold, class T>
concept FoldOf = std::invocable<const Init&> &&
                 RecoverableState<std::decay_t<std::invoke_result_t<const Init&>>> &&
                 std::is_invocable_r_v < std::decay_t<std::invoke_result_t<const Init&>>,
const Fold&, std::decay_t<std::invoke_result_t<const Init&>>, T > ;

// by(const T&) -> something that compares with <, or a member pointer.
template <class By, class T>
concept OrderOf = std::invocable<const By&, const T&> && requires(const By& by, const T& value) {
  { std::invoke(by, value) < std::invoke(by, value) } -> std::convertible_to<bool>;
};

// time_of(const T&) -> absl::Time, or a member pointer.
template <class F, class T>
concept TimeOf = std::is_invocable_r_v<absl::Time, F&, const T&> ||
    std::is_invocable_r_v<Timestamp, F&, const T&>;

// A logic for a step with state (tidemark/keyed_logic.h, tidemark/stateful_batch.h) over values T.
template <class L, class T>
concept LogicOf = requires {
  typename L::In;
  typename L::State;
  typename L::Outs;
  std::tuple_size<typename L::Outs>::value;
}
&&std::same_as<typename L::In, T>;

// f(std::optional<State>, T) -> std::pair<std::optional<State>, U>
template <class F, class State, class T>
concept MapperOf =
    RecoverableState<State> && std::invocable<const F&, std::optional<State>, T> && requires {
  typename std::decay_t<std::invoke_result_t<const F&, std::optional<State>, T>>::second_type;
  requires std::convertible_to<
      typename std::decay_t<std::invoke_result_t<const F&, std::optional<State>, T>>::first_type,
      std::optional<State>>;
};

}  // namespace tidemark
