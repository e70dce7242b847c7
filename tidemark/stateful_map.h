// StatefulMap and StatefulFlatMap: one function from (state, value) to (state, output).
//
//   // The mean of all readings of each sensor so far.
//   struct Mean { double sum = 0; int64_t count = 0; };
//   readings.KeyBy(&Reading::sensor)
//       .StatefulMap("mean", [](std::optional<Mean> mean, const Reading& reading) {
//         Mean next = mean.value_or(Mean{});
//         next.sum += reading.celsius;
//         ++next.count;
//         return std::pair(std::optional(next), next.sum / static_cast<double>(next.count));
//       });
//
// The function receives std::nullopt for a key without state, and returning std::nullopt as the
// state discards the key without a trace. StatefulFlatMap's second value is a range, whose elements
// are emitted one by one. The state's type is deduced from the function's first parameter; if that
// is `auto`, specify it: StatefulMap<Mean>("mean", f).
#pragma once

#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "tidemark/stateful_batch.h"

namespace tidemark::internal {

// The type of a function's first parameter; nothing for functions that take more than one.
template <class F>
struct FirstParameter;
template <class R, class First, class... Rest>
struct FirstParameter<R (*)(First, Rest...)> {
  using Type = std::decay_t<First>;
};
template <class C, class R, class First, class... Rest>
struct FirstParameter<R (C::*)(First, Rest...) const> {
  using Type = std::decay_t<First>;
};
template <class R, class First, class... Rest>
struct FirstParameter<R (*)(First, Rest...) noexcept> : FirstParameter<R (*)(First, Rest...)> {};
template <class C, class R, class First, class... Rest>
struct FirstParameter<R (C::*)(First, Rest...) const noexcept>
    : FirstParameter<R (C::*)(First, Rest...) const> {};

template <class F>
struct StateOfMapper {
  template <class G>
  static auto Find() {
    if constexpr (requires { typename FirstParameter<std::decay_t<G>>::Type; }) {
      return std::type_identity<typename FirstParameter<std::decay_t<G>>::Type>();
    } else if constexpr (requires {
                           typename FirstParameter<decltype(&std::decay_t<G>::operator())>::Type;
                         }) {
      return std::type_identity<
          typename FirstParameter<decltype(&std::decay_t<G>::operator())>::Type>();
    } else {
      return std::type_identity<void>();
    }
  }
  using Parameter = typename decltype(Find<F>())::type;
  static constexpr bool kKnown = requires { typename Parameter::value_type; }
  &&std::is_same_v<Parameter, std::optional<typename Parameter::value_type>>;
};

// `Given`, or the type deduced from the function's first parameter if it is void.
template <class Given, class F>
struct MapperState {
  using Type = Given;
};
template <class F>
struct MapperState<void, F> {
  static_assert(StateOfMapper<F>::kKnown,
                "the function takes (std::optional<State>, value) and is not mutable; where its "
                "first parameter is auto, name the type: StatefulMap<State>(name, f)");
  using Type = typename StateOfMapper<F>::Parameter::value_type;
};

// void, where a function's first parameter does not say what the state is.
template <class Given, class F>
struct StateForMapper {
  using Type = Given;
};
template <class F>
requires StateOfMapper<F>::kKnown struct StateForMapper<void, F> {
  using Type = typename StateOfMapper<F>::Parameter::value_type;
};
template <class Given, class F>
using StateFor = typename StateForMapper<Given, F>::Type;

template <class S, class V, class F>
using MapperResult = std::decay_t<std::invoke_result_t<const F&, std::optional<S>, V>>;

template <class S, class V, class F>
class StatefulMapLogic : public OptionalState<S> {
 public:
  using In = V;
  using Outs = std::tuple<std::decay_t<typename MapperResult<S, V, F>::second_type>>;

  explicit StatefulMapLogic(F f) : f_(std::move(f)) {}

  void OnItem(std::optional<S>& state, V&& value, StepContext<Outs>& context) const {
    auto result = std::invoke(f_, std::move(state), std::move(value));
    state = std::move(result.first);
    context.Emit(std::move(result.second));
  }

 private:
  const F f_;
};

template <class S, class V, class F>
class StatefulFlatMapLogic : public OptionalState<S> {
 public:
  using In = V;
  using Out = typename std::decay_t<typename MapperResult<S, V, F>::second_type>::value_type;
  using Outs = std::tuple<Out>;

  explicit StatefulFlatMapLogic(F f) : f_(std::move(f)) {}

  void OnItem(std::optional<S>& state, V&& value, StepContext<Outs>& context) const {
    auto result = std::invoke(f_, std::move(state), std::move(value));
    state = std::move(result.first);
    for (auto&& element : result.second) context.Emit(static_cast<Out>(std::move(element)));
  }

 private:
  const F f_;
};

}  // namespace tidemark::internal
