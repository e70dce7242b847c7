// RandomValue<T>: any recoverable value, by a seed. For tests of what stores or prints values.
//
// Extreme numbers, empty and long strings, bytes that are no text, infinite times and nested
// containers are all likely; doubles are never NaN, so that == holds after a round trip.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/time/time.h"
#include "base/random.h"
#include "base/timestamp.h"
#include "state/reflect.h"
#include "state/reflect_types.h"

namespace tidemark {

// `room` bounds nesting and sizes; recursive types end where it is used up.
template <class T>
T RandomValue(Random& random, int room = 6);

namespace internal {

template <class T>
T RandomInteger(Random& random) {
  const uint64_t n = random.Next();
  switch (random.Below(4)) {
    case 0:
      return static_cast<T>(n % 300);
    case 1:
      return std::numeric_limits<T>::min();
    case 2:
      return std::numeric_limits<T>::max();
    default:
      return static_cast<T>(n >> random.Below(64));
  }
}

template <class T>
T RandomFloat(Random& random) {
  constexpr T kSpecial[] = {0,
                            -T(0),
                            1,
                            std::numeric_limits<T>::infinity(),
                            -std::numeric_limits<T>::infinity(),
                            std::numeric_limits<T>::max(),
                            std::numeric_limits<T>::denorm_min()};
  if (random.OneIn(3)) return kSpecial[random.Below(std::size(kSpecial))];
  return static_cast<T>((random.Unit() - 0.5) * 1e6);
}

inline std::string RandomString(Random& random) {
  std::string text(random.OneIn(10) ? random.Below(700) : random.Below(20), ' ');
  const bool is_text = random.OneIn(2);
  for (char& c : text) {
    c = static_cast<char>(is_text ? random.Between(32, 126) : random.Between(0, 255));
  }
  return text;
}

inline absl::Duration RandomDuration(Random& random) {
  switch (random.Below(5)) {
    case 0:
      return absl::InfiniteDuration() * (random.OneIn(2) ? 1 : -1);
    case 1:
      return absl::Nanoseconds(RandomInteger<int64_t>(random)) / 4;
    case 2:
      return absl::Seconds(RandomInteger<int64_t>(random)) + absl::Nanoseconds(1) / 4;
    default:
      return absl::Microseconds(RandomInteger<int64_t>(random));
  }
}

template <class T, size_t... I>
T RandomAlternative(Random& random, int room, std::index_sequence<I...>) {
  const size_t chosen = random.Below(sizeof...(I));
  T value;
  ((chosen == I ? (void)value.template emplace<I>(
                      RandomValue<std::variant_alternative_t<I, T>>(random, room - 1))
                : (void)0),
   ...);
  return value;
}

}  // namespace internal

template <class T>
T RandomValue(Random& random, int room) {
  using internal::Shape;
  constexpr Shape kShape = internal::ShapeOf<T>();
  const uint64_t count = room <= 0 ? 0 : random.Below(static_cast<uint64_t>(room));
  if constexpr (kShape == Shape::kNull) {
    return T();
  } else if constexpr (kShape == Shape::kBool) {
    return random.OneIn(2);
  } else if constexpr (kShape == Shape::kChar || kShape == Shape::kInteger) {
    return internal::RandomInteger<T>(random);
  } else if constexpr (kShape == Shape::kFloat) {
    return internal::RandomFloat<T>(random);
  } else if constexpr (kShape == Shape::kEnum) {
    return static_cast<T>(internal::RandomInteger<std::underlying_type_t<T>>(random));
  } else if constexpr (kShape == Shape::kString) {
    return internal::RandomString(random);
  } else if constexpr (kShape == Shape::kTime) {
    return absl::UnixEpoch() + internal::RandomDuration(random);
  } else if constexpr (kShape == Shape::kDuration) {
    return internal::RandomDuration(random);
  } else if constexpr (kShape == Shape::kTimestamp) {
    return Timestamp{internal::RandomInteger<int64_t>(random)};
  } else if constexpr (kShape == Shape::kSpan) {
    return Span{internal::RandomInteger<int64_t>(random)};
  } else if constexpr (kShape == Shape::kOptional) {
    if (count == 0) return T();
    return RandomValue<typename T::value_type>(random, room - 1);
  } else if constexpr (kShape == Shape::kPointer) {
    using Pointee = typename T::element_type;
    return count == 0 ? nullptr : std::make_unique<Pointee>(RandomValue<Pointee>(random, room - 1));
  } else if constexpr (kShape == Shape::kList || kShape == Shape::kSet) {
    T value;
    for (uint64_t i = 0; i < count; ++i) {
      value.insert(value.end(), RandomValue<typename T::value_type>(random, room - 1));
    }
    return value;
  } else if constexpr (kShape == Shape::kMap) {
    T value;
    for (uint64_t i = 0; i < count; ++i) {
      value.emplace(RandomValue<typename T::key_type>(random, room - 1),
                    RandomValue<typename T::mapped_type>(random, room - 1));
    }
    return value;
  } else if constexpr (kShape == Shape::kVariant) {
    return internal::RandomAlternative<T>(random, room,
                                          std::make_index_sequence<std::variant_size_v<T>>());
  } else {
    static_assert(kShape == Shape::kArray || kShape == Shape::kTuple || kShape == Shape::kStruct);
    T value{};
    const auto fill = [&](auto&... part) {
      ((part = RandomValue<std::remove_reference_t<decltype(part)>>(random, room - 1)), ...);
    };
    if constexpr (kShape == Shape::kStruct) {
      internal::WithFields(value, fill);
    } else {
      std::apply(fill, value);
    }
    return value;
  }
}

}  // namespace tidemark
