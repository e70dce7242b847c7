// Timestamp and Span: points in time and lengths of time, as whole microseconds.
//
// Everything that decides a window edge or a deadline is exact integer arithmetic on these two.
// absl::Time appears in what users write and crosses here. Range: 0001-01-01T00:00:00Z (kMin) to
// 9999-12-31T23:59:59.999999Z (kMax), both ordinary, finite points; sums saturate at them.
// kNever lies behind kMax and means "no such time": a timer at kNever never fires.
//
//   Timestamp close = open + Span::FromAbsl(absl::Minutes(1));
//   std::string text = FormatTimestamp(close);            // 2022-01-01T00:01:00Z
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tidemark {

// A length of time. kInfinite is longer than any two points are apart.
struct Span {
  int64_t us = 0;

  static constexpr Span Micros(int64_t n) { return {n}; }
  static constexpr Span Seconds(int64_t n) { return {n * 1'000'000}; }
  static constexpr Span Infinite() { return {std::numeric_limits<int64_t>::max()}; }
  // Rounds towards zero; durations beyond 292,000 years become Infinite().
  static Span FromAbsl(absl::Duration d);
  absl::Duration ToAbsl() const;

  constexpr bool is_infinite() const { return us == std::numeric_limits<int64_t>::max(); }
  constexpr auto operator<=>(const Span&) const = default;
};

// A point in time, in microseconds since 1970-01-01T00:00:00Z.
struct Timestamp {
  int64_t us = 0;

  static constexpr int64_t kMinMicros = -62'135'596'800'000'000;
  static constexpr int64_t kMaxMicros = 253'402'300'799'999'999;

  static constexpr Timestamp Min() { return {kMinMicros}; }
  static constexpr Timestamp Max() { return {kMaxMicros}; }
  static constexpr Timestamp Never() { return {std::numeric_limits<int64_t>::max()}; }
  // Points outside [Min, Max] are an error; what lies between two microseconds is rounded down.
  static absl::StatusOr<Timestamp> FromAbsl(absl::Time t);
  absl::Time ToAbsl() const;

  constexpr bool is_never() const { return us == std::numeric_limits<int64_t>::max(); }
  constexpr bool in_range() const { return us >= kMinMicros && us <= kMaxMicros; }
  constexpr auto operator<=>(const Timestamp&) const = default;
};

// Saturating: the sum stays within [Min, Max]; Never() stays Never().
constexpr Timestamp operator+(Timestamp t, Span d) {
  if (t.is_never()) return t;
  int64_t sum = 0;
  if (__builtin_add_overflow(t.us, d.us, &sum))
    sum = d.us > 0 ? Timestamp::kMaxMicros : Timestamp::kMinMicros;
  if (sum > Timestamp::kMaxMicros) sum = Timestamp::kMaxMicros;
  if (sum < Timestamp::kMinMicros) sum = Timestamp::kMinMicros;
  return {sum};
}
constexpr Timestamp operator-(Timestamp t, Span d) {
  return t + Span{d.us == std::numeric_limits<int64_t>::min() ? std::numeric_limits<int64_t>::max()
                                                              : -d.us};
}
// Both points in range, so the difference fits.
constexpr Span operator-(Timestamp a, Timestamp b) { return {a.us - b.us}; }

// ISO-8601 in UTC, with six digits of a second where they are not zero; "never" for Never().
std::string FormatTimestamp(Timestamp t);
// ISO-8601 with a zone ("2022-01-01T00:00:00Z", "2022-01-01 00:00:00+01:00").
absl::StatusOr<Timestamp> ParseTimestamp(std::string_view text);

// "1h30m", "10m", "1.5s", "3d" (days are taken as 24 h), "inf".
absl::StatusOr<Span> ParseSpan(std::string_view text);
std::string FormatSpan(Span d);

}  // namespace tidemark
