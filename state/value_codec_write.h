// Writes any recoverable value; internal to state/value_codec.h, which has the contract.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "state/reflect.h"
#include "state/reflect_types.h"
#include "state/value_codec_wire.h"

namespace tidemark::internal {

// Types whose operator< is a total order; others are put in the order of their bytes.
template <class... T>
constexpr bool SortByValue(TypeList<T...>);
template <class T>
constexpr bool SortByValue() {
  switch (ShapeOf<T>()) {
    case Shape::kBool:
    case Shape::kChar:
    case Shape::kInteger:
    case Shape::kEnum:
    case Shape::kString:
    case Shape::kTime:
    case Shape::kDuration:
    case Shape::kTimestamp:
    case Shape::kSpan:
      return true;
    case Shape::kTuple:
      return SortByValue(Parts<T>());
    default:
      return false;
  }
}
template <class... T>
constexpr bool SortByValue(TypeList<T...>) {
  return (SortByValue<T>() && ...);
}

template <class T>
void Write(const T& value, ValueWriter& out);

template <class T>
std::string WriteToString(const T& value) {
  std::string bytes;
  ValueWriter out(bytes);
  Write(value, out);
  out.Flush();
  return bytes;
}

// The key of a map's or set's element.
template <class C>
const typename C::key_type& KeyOf(const typename C::value_type& element) {
  if constexpr (MapLike<C>) {
    return element.first;
  } else {
    return element;
  }
}

template <class C>
void WriteElement(const typename C::value_type& element, ValueWriter& out) {
  Write(KeyOf<C>(element), out);
  if constexpr (MapLike<C>) Write(element.second, out);
}

template <class C>
void WriteHashed(const C& container, ValueWriter& out) {
  using Key = typename C::key_type;
  using Element = typename C::value_type;
  if constexpr (SortByValue<Key>()) {
    std::vector<const Element*> sorted;
    sorted.reserve(container.size());
    for (const Element& element : container) sorted.push_back(&element);
    std::sort(sorted.begin(), sorted.end(),
              [](const Element* a, const Element* b) { return KeyOf<C>(*a) < KeyOf<C>(*b); });
    for (const Element* element : sorted) WriteElement<C>(*element, out);
  } else {
    std::vector<std::pair<std::string, const Element*>> sorted;
    sorted.reserve(container.size());
    for (const Element& element : container) {
      sorted.emplace_back(WriteToString(KeyOf<C>(element)), &element);
    }
    // Keys of equal bytes can be many only where NaN is unequal to itself; then the values decide.
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
      if (a.first != b.first) return a.first < b.first;
      if constexpr (MapLike<C>) {
        return WriteToString(a.second->second) < WriteToString(b.second->second);
      } else {
        return false;
      }
    });
    for (const auto& [bytes, element] : sorted) {
      out.Raw(bytes.data(), bytes.size());
      if constexpr (MapLike<C>) Write(element->second, out);
    }
  }
}

template <class T>
void WriteList(const T& list, ValueWriter& out) {
  out.Varint(list.size());
  if constexpr (kIsA<T, std::vector> && kIsFlat<typename T::value_type>) {
    if (!list.empty()) out.Raw(list.data(), list.size() * sizeof(typename T::value_type));
  } else {
    for (const typename T::value_type& element : list) Write(element, out);
  }
}

template <class T>
void WritePieces(const T& value, ValueWriter& out) {
  if (!out.with_pieces()) return out.Byte(0);
  out.Varint(value.size());
  value.ForEach([&out](const auto&... part) { (Write(part, out), ...); });
}

template <class T>
void WriteElements(const T& value, ValueWriter& out) {
  constexpr Shape kShape = ShapeOf<T>();
  if constexpr (kShape == Shape::kOptional || kShape == Shape::kPointer) {
    out.Byte(value ? 1 : 0);
    if (value) Write(*value, out);
  } else if constexpr (kShape == Shape::kList) {
    WriteList(value, out);
  } else if constexpr (kShape == Shape::kArray) {
    for (const auto& element : value) Write(element, out);
    if (value.empty()) out.Byte(0);
  } else if constexpr (kShape == Shape::kTuple) {
    std::apply([&out](const auto&... part) { (Write(part, out), ...); }, value);
    if constexpr (std::tuple_size_v<T> == 0) out.Byte(0);
  } else if constexpr (kShape == Shape::kVariant) {
    TM_CHECK(!value.valueless_by_exception(), "a variant has lost its value by an exception");
    out.Varint(value.index());
    std::visit([&out](const auto& alternative) { Write(alternative, out); }, value);
  } else if constexpr (kShape == Shape::kMap || kShape == Shape::kSet) {
    out.Varint(value.size());
    if constexpr (Ordered<T>) {
      for (const auto& element : value) WriteElement<T>(element, out);
    } else {
      WriteHashed(value, out);
    }
  }
}

// Shapes whose parts are no fields.
constexpr bool HoldsElements(Shape shape) {
  return shape == Shape::kOptional || shape == Shape::kPointer || shape == Shape::kList ||
         shape == Shape::kArray || shape == Shape::kTuple || shape == Shape::kVariant ||
         shape == Shape::kMap || shape == Shape::kSet;
}

template <class T>
void Write(const T& value, ValueWriter& out) {
  constexpr Shape kShape = ShapeOf<T>();
  if constexpr (!InPieces<T> && HoldsElements(kShape)) {
    const ValueWriter::Whole whole(out);
    return WriteElements(value, out);
  } else if constexpr (InPieces<T>) {
    WritePieces(value, out);
  } else if constexpr (kShape == Shape::kNull) {
    out.Byte(0);
  } else if constexpr (kShape == Shape::kBool || kIsFlat<T>) {
    if constexpr (kShape == Shape::kFloat) {
      out.Fixed(value);
    } else {
      out.Byte(static_cast<uint8_t>(value));
    }
  } else if constexpr (kShape == Shape::kInteger) {
    if constexpr (std::is_signed_v<T>) {
      out.Signed(value);
    } else {
      out.Varint(value);
    }
  } else if constexpr (kShape == Shape::kEnum) {
    Write(static_cast<std::underlying_type_t<T>>(value), out);
  } else if constexpr (kShape == Shape::kString) {
    out.String(value);
  } else if constexpr (kShape == Shape::kTime) {
    out.Time(value);
  } else if constexpr (kShape == Shape::kDuration) {
    out.Duration(value);
  } else if constexpr (kShape == Shape::kTimestamp) {
    out.Fixed(value.us);
  } else if constexpr (kShape == Shape::kSpan) {
    out.Signed(value.us);
  } else if constexpr (kShape == Shape::kStruct) {
    out.Enter();
    WithFields(value, [&out](const auto&... field) { (Write(field, out), ...); });
    if constexpr (FieldCount<T>() == 0) out.Byte(0);
    out.Leave();
  } else if constexpr (kShape == Shape::kCustom) {
    ValueTraits<T>::Encode(value, out.Direct());
  }
}

}  // namespace tidemark::internal
