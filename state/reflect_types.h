// What a C++ type is when it is state: its shape, and the types it is made of.
//
// The schema, the codec and the memory estimate each walk the structure of a type. They have to
// agree on it, or a value would be described in one way and stored in another; so all of them ask
// ShapeOf<T>() and Parts<T>() here. Whether a type is supported all the way down is asked of
// RecoverableState (state/reflect_recoverable.h).
//
// A type that is not supported becomes so by a hook:
//
//   template <>
//   struct tidemark::ValueTraits<JsonRow> {
//     static constexpr std::string_view kName = "JsonRow";  // shown, and compared at resume
//     static constexpr TypeKind kKind = TypeKind::kJson;    // promises its byte format
//     static void Encode(const JsonRow& row, std::string& out) { EncodeBytes(row.text, out); }
//     static absl::Status Decode(std::string_view& in, JsonRow& row);
//     static size_t MemoryBytes(const JsonRow& row);        // inline and heap
//   };
//
// kKind is one of the kinds without parts (TypeKind::kI64, kString, kBytes, kJson, ...), and the
// bytes are those of docs/formats/values.md for it, so that a dump can be printed without this
// code. Equal values give equal bytes. The specialisation has to be seen wherever the type is used
// as state.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/timestamp.h"
#include "state/reflect.h"

namespace tidemark {

template <class T>
struct ValueTraits;

namespace internal {

enum class Shape {
  kNone,  // not recoverable
  kCustom,
  kNull,
  kBool,
  kChar,
  kInteger,
  kFloat,
  kEnum,
  kString,
  kTime,
  kDuration,
  kTimestamp,
  kSpan,
  kOptional,
  kPointer,
  kList,
  kArray,
  kTuple,
  kVariant,
  kSet,
  kMap,
  kStruct,
};

template <class T, template <class...> class Template>
inline constexpr bool kIsA = false;
template <class... Args, template <class...> class Template>
inline constexpr bool kIsA<Template<Args...>, Template> = true;

template <class T>
concept HasValueTraits = requires {
  ValueTraits<T>::kKind;
};

// Maps and sets are known by what they offer and not by name: this header need not include the hash
// maps, and absl::node_hash_map and others come for free. Multimaps offer less and are left out.
template <class T>
concept MapLike = requires(T map, typename T::key_type key) {
  typename T::mapped_type;
  map.try_emplace(std::move(key));
  map.begin()->second;
  map.size();
  map.clear();
};

template <class T>
concept HasMapped = requires {
  typename T::mapped_type;
};

template <class T>
concept IteratesUniqueKeys = requires(T set, typename T::key_type key) {
  set.insert(std::move(key)).second;
  set.begin();
  set.size();
  set.clear();
};

template <class T>
concept SetLike = IteratesUniqueKeys<T> && !HasMapped<T>;

// Iterates in the order of its keys.
template <class T>
concept Ordered = requires {
  typename T::key_compare;
};

// A map, set or list whose entries are stored in pieces (state/pieces.h): it says what its shape
// is, offers ForEach(f) and Add(entry), and knows its own memory.
template <class T>
concept InPieces = requires {
  T::kPieceShape;
};

// The shape of types that are known by name.
template <class T>
inline constexpr Shape kNamedShape = Shape::kNone;
template <>
inline constexpr Shape kNamedShape<std::monostate> = Shape::kNull;
template <>
inline constexpr Shape kNamedShape<bool> = Shape::kBool;
template <>
inline constexpr Shape kNamedShape<char> = Shape::kChar;
template <>
inline constexpr Shape kNamedShape<float> = Shape::kFloat;
template <>
inline constexpr Shape kNamedShape<double> = Shape::kFloat;
template <>
inline constexpr Shape kNamedShape<std::string> = Shape::kString;
template <>
inline constexpr Shape kNamedShape<absl::Time> = Shape::kTime;
template <>
inline constexpr Shape kNamedShape<absl::Duration> = Shape::kDuration;
template <>
inline constexpr Shape kNamedShape<Timestamp> = Shape::kTimestamp;
template <>
inline constexpr Shape kNamedShape<Span> = Shape::kSpan;
template <class T>
inline constexpr Shape kNamedShape<std::optional<T>> = Shape::kOptional;
template <class T>
inline constexpr Shape kNamedShape<std::unique_ptr<T>> = Shape::kPointer;
template <class T>
inline constexpr Shape kNamedShape<std::unique_ptr<T[]>> = Shape::kNone;
template <class T, class Allocator>
inline constexpr Shape kNamedShape<std::vector<T, Allocator>> = Shape::kList;
template <class T, class Allocator>
inline constexpr Shape kNamedShape<std::deque<T, Allocator>> = Shape::kList;
template <class T, size_t N>
inline constexpr Shape kNamedShape<std::array<T, N>> = Shape::kArray;
template <class A, class B>
inline constexpr Shape kNamedShape<std::pair<A, B>> = Shape::kTuple;
template <class... T>
inline constexpr Shape kNamedShape<std::tuple<T...>> = Shape::kTuple;
template <class... T>
inline constexpr Shape kNamedShape<std::variant<T...>> = Shape::kVariant;

template <class T>
constexpr Shape ShapeOf() {
  if constexpr (HasValueTraits<T>) {
    return Shape::kCustom;
  } else if constexpr (InPieces<T>) {
    return T::kPieceShape;
  } else if constexpr (kNamedShape<T> != Shape::kNone) {
    return kNamedShape<T>;
  } else if constexpr (std::is_integral_v<T>) {
    return sizeof(T) <= 8 ? Shape::kInteger : Shape::kNone;
  } else if constexpr (std::is_enum_v<T>) {
    return Shape::kEnum;
  } else if constexpr (MapLike<T>) {
    return Shape::kMap;
  } else if constexpr (SetLike<T>) {
    return Shape::kSet;
  } else {
    return std::is_class_v<T> && std::is_aggregate_v<T> ? Shape::kStruct : Shape::kNone;
  }
}

template <class... T>
struct TypeList {};

// The types a T is made of, in the order in which they are stored.
template <class T>
struct PartsOf;
template <template <class...> class Template, class... Args>
struct PartsOf<Template<Args...>> {
  using Type = TypeList<Args...>;  // pair, tuple, variant
};

template <class T>
constexpr auto Parts() {
  constexpr Shape kShape = ShapeOf<T>();
  if constexpr (kShape == Shape::kOptional || kShape == Shape::kList || kShape == Shape::kArray) {
    return TypeList<typename T::value_type>();
  } else if constexpr (kShape == Shape::kPointer) {
    return TypeList<typename T::element_type>();
  } else if constexpr (kShape == Shape::kSet) {
    return TypeList<typename T::key_type>();
  } else if constexpr (kShape == Shape::kMap) {
    return TypeList<typename T::key_type, typename T::mapped_type>();
  } else if constexpr (kShape == Shape::kTuple || kShape == Shape::kVariant) {
    return typename PartsOf<T>::Type();
  } else if constexpr (kShape == Shape::kStruct) {
    return WithFields(kGhost<T>.value, [](auto&... field) {
      return TypeList<std::remove_reference_t<decltype(field)>...>();
    });
  } else {
    return TypeList<>();
  }
}

}  // namespace internal
}  // namespace tidemark
