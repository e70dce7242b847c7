// RecoverableState: which C++ types can be state, and what users are told about the others.
//
// Recoverable are: bool, char, integers, enums, float, double, std::string, absl::Time,
// absl::Duration, Timestamp, Span, std::monostate; std::optional, std::unique_ptr (an optional that
// may be recursive), std::vector, std::deque, std::array, std::pair, std::tuple, std::variant; maps
// and sets of std and absl, ordered or hashed; types with a ValueTraits hook
// (state/reflect_types.h); and plain structs of these, up to 24 fields.
//
//   static_assert(RecoverableState<Reading>);
//
//   template <class T>
//   void Store(const T& value) {
//     (void)internal::RequireRecoverable<T>();
//     if constexpr (RecoverableState<T>) { ... }
//   }
#pragma once

#include <memory>
#include <string_view>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "state/reflect.h"
#include "state/reflect_types.h"

namespace tidemark {

// How deep types may be nested between one struct and the next: optional<vector<...>>.
inline constexpr int kMaxTypeNesting = 16;

namespace internal {

enum class Obstacle {
  kNone,
  kPointer,
  kCArray,
  kView,
  kConst,
  kNoDefault,
  kBase,
  kTooManyFields,
  kTooDeep,
  kNotPlain,
};

// What stands in the way of a type, and which part of it is the culprit.
template <Obstacle kWhat, class T>
struct Verdict {
  static constexpr Obstacle kObstacle = kWhat;
  using Culprit = T;
};

// The first bad one of several verdicts.
template <class Verdict1>
constexpr auto FirstBad(Verdict1 verdict) {
  return verdict;
}
template <class Verdict1, class Verdict2, class... More>
constexpr auto FirstBad(Verdict1 verdict, Verdict2 next, More... more) {
  if constexpr (Verdict1::kObstacle != Obstacle::kNone) {
    return verdict;
  } else {
    return FirstBad(next, more...);
  }
}

template <class T, class Seen, int kNesting>
constexpr auto Judge();

template <class T, class Seen, int kNesting, class... Part>
constexpr auto JudgeParts(TypeList<Part...>) {
  return FirstBad(Verdict<Obstacle::kNone, T>(), Judge<Part, Seen, kNesting>()...);
}

template <class T>
constexpr Obstacle ObstacleInLeaf() {
  if constexpr (std::is_pointer_v<T> || std::is_reference_v<T> || std::is_member_pointer_v<T> ||
                std::is_null_pointer_v<T> || kIsA<T, std::shared_ptr>) {
    return Obstacle::kPointer;
  } else if constexpr (std::is_array_v<T>) {
    return Obstacle::kCArray;
  } else if constexpr (std::is_same_v<T, std::string_view> ||
                       std::is_same_v<T, absl::string_view>) {
    return Obstacle::kView;
  } else if constexpr (std::is_const_v<T> || std::is_volatile_v<T>) {
    return Obstacle::kConst;
  } else {
    return ShapeOf<T>() == Shape::kNone ? Obstacle::kNotPlain : Obstacle::kNone;
  }
}

template <class T>
constexpr Obstacle ObstacleInStruct() {
  if constexpr (!requires { T{}; } || !std::is_default_constructible_v<T>) {
    return Obstacle::kNoDefault;
  } else if constexpr (kHasExplicitElement<T>) {
    return Obstacle::kNoDefault;
  } else if constexpr (kHasBase<T>) {
    return Obstacle::kBase;
  } else {
    return kElements<T> > kMaxFields ? Obstacle::kTooManyFields : Obstacle::kNone;
  }
}

template <class List, class T>
inline constexpr bool kContains = false;
template <class... Ts, class T>
inline constexpr bool kContains<TypeList<Ts...>, T> = (std::is_same_v<Ts, T> || ...);

template <class List, class T>
struct Append;
template <class... Ts, class T>
struct Append<TypeList<Ts...>, T> {
  using Type = TypeList<Ts..., T>;
};

// `Seen` holds the structs that are being judged: a recursive type is as good as its other parts.
template <class T, class Seen, int kNesting>
constexpr auto Judge() {
  constexpr Obstacle kLeaf = ObstacleInLeaf<T>();
  if constexpr (kLeaf != Obstacle::kNone) {
    return Verdict<kLeaf, T>();
  } else if constexpr (kNesting > kMaxTypeNesting) {
    return Verdict<Obstacle::kTooDeep, T>();
  } else if constexpr (ShapeOf<T>() != Shape::kStruct) {
    return JudgeParts<T, Seen, kNesting + 1>(Parts<T>());
  } else if constexpr (kContains<Seen, T>) {
    return Verdict<Obstacle::kNone, T>();
  } else if constexpr (constexpr Obstacle kStruct = ObstacleInStruct<T>();
                       kStruct != Obstacle::kNone) {
    return Verdict<kStruct, T>();
  } else {
    return JudgeParts<T, typename Append<Seen, T>::Type, 0>(Parts<T>());
  }
}

template <class T>
using Judgement = decltype(Judge<T, TypeList<>, 0>());

// Instantiated for the culprit alone, so the compiler's message names the type and says what to do.
template <Obstacle kWhat, class Culprit>
struct MustBeRecoverable {
  static_assert(
      kWhat != Obstacle::kPointer,
      "Tidemark state: a pointer or reference means nothing after a restart; hold the value "
      "itself, std::optional<T> or std::unique_ptr<T>");
  static_assert(kWhat != Obstacle::kCArray,
                "Tidemark state: C arrays are not supported; use std::array<T, N> or std::string");
  static_assert(kWhat != Obstacle::kView,
                "Tidemark state: a string_view does not own its bytes; use std::string");
  static_assert(
      kWhat != Obstacle::kConst,
      "Tidemark state: a const or volatile field cannot be read back; remove the qualifier");
  static_assert(
      kWhat != Obstacle::kNoDefault,
      "Tidemark state: each field needs a default: no references, no const without a value, no "
      "type whose default constructor is missing or explicit");
  static_assert(kWhat != Obstacle::kBase,
                "Tidemark state: base classes are not supported; make the base a field");
  static_assert(kWhat != Obstacle::kTooManyFields,
                "Tidemark state: a struct of more than 24 fields; group some in a nested struct");
  static_assert(kWhat != Obstacle::kTooDeep,
                "Tidemark state: types nested deeper than 16; name a part of it by a struct");
  static_assert(kWhat != Obstacle::kNotPlain,
                "Tidemark state: not a type that can be stored; make it a plain struct of public "
                "fields, or specialise tidemark::ValueTraits<T>");
};

}  // namespace internal

template <class T>
concept RecoverableState = internal::Judgement<T>::kObstacle == internal::Obstacle::kNone;

namespace internal {

// Made by every function that needs a recoverable T, as its first statement: one readable error
// where T is not. The function leaves out its body then, so that no second error hides the first.
// (A class and not a function: Clang would complain about each further call of one that does not
// compile.)
template <class T>
struct RequireRecoverable
    : MustBeRecoverable<Judgement<T>::kObstacle, typename Judgement<T>::Culprit> {};

}  // namespace internal
}  // namespace tidemark
