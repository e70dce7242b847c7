// Reads any recoverable value from bytes that may be hostile; internal to state/value_codec.h,
// which has the contract.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "base/check.h"
#include "state/reflect.h"
#include "state/reflect_types.h"
#include "state/value_codec_wire.h"

namespace tidemark::internal {

template <class T>
bool Read(ValueReader& in, T& value);

// A length is only as trustworthy as the bytes behind it, and one byte can be a large struct.
template <class T>
size_t ReserveFor(size_t count) {
  constexpr size_t kBytesMax = 64 << 10;
  return std::min(count, kBytesMax / sizeof(T) + 1);
}

template <class T>
bool ReadList(ValueReader& in, T& list) {
  using Element = typename T::value_type;
  list.clear();
  size_t count = 0;
  if constexpr (kIsA<T, std::vector> && kIsFlat<Element>) {
    if (!in.Count(count, sizeof(Element))) return false;
    list.resize(count);
    return in.Raw(list.data(), count * sizeof(Element));
  } else {
    if (!in.Count(count)) return false;
    if constexpr (kIsA<T, std::vector>) list.reserve(ReserveFor<Element>(count));
    for (size_t i = 0; i < count; ++i) {
      if constexpr (std::is_same_v<Element, bool>) {
        bool element = false;
        if (!in.Flag(element)) return false;
        list.push_back(element);
      } else {
        if (!Read(in, list.emplace_back())) return false;
      }
    }
    return true;
  }
}

template <class C>
bool ReadKeyed(ValueReader& in, C& container) {
  container.clear();
  size_t count = 0;
  if (!in.Count(count)) return false;
  if constexpr (!Ordered<C>) container.reserve(ReserveFor<typename C::value_type>(count));
  for (size_t i = 0; i < count; ++i) {
    typename C::key_type key{};
    if (!Read(in, key)) return false;
    if constexpr (MapLike<C>) {
      typename C::mapped_type mapped{};
      if (!Read(in, mapped)) return false;
      container.emplace_hint(container.end(), std::move(key), std::move(mapped));
    } else {
      container.emplace_hint(container.end(), std::move(key));
    }
    if (container.size() != i + 1) return in.Fail("a key appears twice");
  }
  return true;
}

template <class T, size_t... I>
bool ReadAlternative(ValueReader& in, size_t index, T& variant, std::index_sequence<I...>) {
  bool ok = false;
  const bool known = ((index == I && (ok = Read(in, variant.template emplace<I>()), true)) || ...);
  return known ? ok : in.Fail("an alternative is not known");
}

template <class T>
bool ReadCustom(ValueReader& in, T& value) {
  std::string_view rest = in.rest();
  const absl::Status status = ValueTraits<T>::Decode(rest, value);
  if (!status.ok()) return in.FailWith(status);
  TM_CHECK(rest.size() <= in.remaining(), "ValueTraits::Decode takes bytes off the front");
  in.Skip(in.remaining() - rest.size());
  return true;
}

// The entries of a container in pieces, `count` of them.
template <class T>
bool ReadEntries(ValueReader& in, size_t count, T& value) {
  for (size_t i = 0; i < count; ++i) {
    typename T::Entry entry{};
    if (!std::apply([&in](auto&... part) { return (Read(in, part) && ...); }, entry)) return false;
    if (!value.Add(std::move(entry))) return in.Fail("a key appears twice");
  }
  return true;
}

template <class T>
bool Read(ValueReader& in, T& value) {
  constexpr Shape kShape = ShapeOf<T>();
  if constexpr (InPieces<T>) {
    value.clear();
    size_t count = 0;
    return in.Count(count) && ReadEntries(in, count, value);
  } else if constexpr (kShape == Shape::kNull) {
    return in.Zero();
  } else if constexpr (kShape == Shape::kBool) {
    return in.Flag(value);
  } else if constexpr (kShape == Shape::kFloat) {
    return in.Fixed(value);
  } else if constexpr (kShape == Shape::kChar || kShape == Shape::kInteger) {
    return in.Integer(value);
  } else if constexpr (kShape == Shape::kEnum) {
    std::underlying_type_t<T> number{};
    if (!Read(in, number)) return false;
    value = static_cast<T>(number);
    return true;
  } else if constexpr (kShape == Shape::kString) {
    std::string_view text;
    if (!in.String(text)) return false;
    value.assign(text.data(), text.size());
    return true;
  } else if constexpr (kShape == Shape::kTime) {
    return in.Time(value);
  } else if constexpr (kShape == Shape::kDuration) {
    return in.Duration(value);
  } else if constexpr (kShape == Shape::kTimestamp) {
    return in.Fixed(value.us);
  } else if constexpr (kShape == Shape::kSpan) {
    return in.Signed(value.us);
  } else if constexpr (kShape == Shape::kOptional || kShape == Shape::kPointer) {
    bool present = false;
    value.reset();
    if (!in.Flag(present)) return false;
    if (!present) return true;
    if constexpr (kShape == Shape::kOptional) {
      value.emplace();
    } else {
      value = std::make_unique<typename T::element_type>();
    }
    return Read(in, *value);
  } else if constexpr (kShape == Shape::kList) {
    return ReadList(in, value);
  } else if constexpr (kShape == Shape::kArray) {
    if constexpr (std::tuple_size_v<T> == 0) return in.Zero();
    for (auto& element : value) {
      if (!Read(in, element)) return false;
    }
    return true;
  } else if constexpr (kShape == Shape::kTuple) {
    if constexpr (std::tuple_size_v<T> == 0) return in.Zero();
    return std::apply([&in](auto&... part) { return (Read(in, part) && ...); }, value);
  } else if constexpr (kShape == Shape::kVariant) {
    uint64_t index = 0;
    if (!in.Varint(index)) return false;
    return ReadAlternative(in, index, value, std::make_index_sequence<std::variant_size_v<T>>());
  } else if constexpr (kShape == Shape::kMap || kShape == Shape::kSet) {
    return ReadKeyed(in, value);
  } else if constexpr (kShape == Shape::kStruct) {
    if (!in.Enter()) return false;
    if constexpr (FieldCount<T>() == 0) {
      if (!in.Zero()) return false;
    } else if (!WithFields(value, [&in](auto&... field) { return (Read(in, field) && ...); })) {
      return false;
    }
    in.Leave();
    return true;
  } else {
    return ReadCustom(in, value);
  }
}

}  // namespace tidemark::internal
