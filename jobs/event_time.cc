#include "jobs/event_time.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <variant>

#include "base/status.h"
#include "connectors/rows/json_number.h"
#include "jobs/aggregates.h"

namespace tidemark {
namespace {

constexpr Timestamp kLatestLikely{4'102'444'800'000'000};  // 2100-01-01T00:00:00Z

struct Scale {
  std::string_view name;
  int power = 0;  // one unit is 10^power microseconds
};

Scale ScaleOf(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kSeconds:
      return {.name = "seconds", .power = 6};
    case TimeUnit::kMillis:
      return {.name = "milliseconds", .power = 3};
    case TimeUnit::kMicros:
      return {.name = "microseconds"};
    case TimeUnit::kNanos:
      return {.name = "nanoseconds", .power = -3};
    case TimeUnit::kIso8601:
      return {.name = "a text"};
  }
  return {};
}

absl::Status Wrong(std::string_view field, const JsonScalar& value, std::string_view what) {
  constexpr size_t kShownBytes = 60;
  std::string shown;
  AppendScalarJson(value, shown);
  if (shown.size() > kShownBytes) {
    shown = std::holds_alternative<std::string>(value) ? "a long text" : "a long number";
  }
  return absl::InvalidArgumentError(Cat("field '", field, "' is ", shown, ", ", what));
}

bool IsNumber(const JsonScalar& value) {
  return std::holds_alternative<int64_t>(value) || std::holds_alternative<uint64_t>(value) ||
         std::holds_alternative<double>(value) || std::holds_alternative<JsonNumber>(value);
}

// In whole microseconds; nothing outside the years 1 to 9999.
std::optional<Timestamp> FromWhole(__int128 units, int power) {
  __int128 micros = units;
  for (int i = 0; i < power; ++i) micros *= 10;
  for (int i = 0; i > power; --i) {
    const bool down = micros < 0 && micros % 10 != 0;  // not towards 1970
    micros = micros / 10 - (down ? 1 : 0);
  }
  if (micros < Timestamp::kMinMicros || micros > Timestamp::kMaxMicros) return std::nullopt;
  return Timestamp{static_cast<int64_t>(micros)};
}

std::optional<Timestamp> FromDecimal(const Decimal& units, int power) {
  const Rounding rounding = units.is_whole() ? Rounding::kDown : Rounding::kNearest;
  const std::optional<__int128> micros = ToInteger(units, power, rounding);
  return micros.has_value() ? FromWhole(*micros, 0) : std::nullopt;
}

// Requires a number and a unit that counts.
std::optional<Timestamp> FromNumber(const JsonScalar& value, std::string_view digits,
                                    TimeUnit unit) {
  const int power = ScaleOf(unit).power;
  if (const auto* n = std::get_if<int64_t>(&value)) return FromWhole(*n, power);
  if (const auto* n = std::get_if<uint64_t>(&value)) return FromWhole(*n, power);
  if (!digits.empty()) return FromDecimal(ParseDecimal(digits), power);
  std::string shortest;
  AppendScalarJson(value, shortest);
  return FromDecimal(ParseDecimal(shortest), power);
}

absl::Status OutsideOfTime(const JsonScalar& value, std::string_view digits, std::string_view field,
                           TimeUnit unit) {
  const std::string_view outside = "which is a time outside the years 1 to 9999";
  const auto likely = LikelyUnit(value, digits, kLatestLikely);
  if (!likely.has_value()) return Wrong(field, value, outside);
  return Wrong(
      field, value,
      Cat(outside, " as ", ScaleOf(unit).name, "; did you mean 'unit: ", NameOf(*likely), "'?"));
}

// ".place.at", for the filter of a command that users have at hand.
std::string JqPath(std::string_view field) {
  const bool plain = std::all_of(field.begin(), field.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
  });
  return plain ? Cat(".", field) : Cat(".[\"", field, "\"]");
}

bool IsNumberInQuotes(std::string_view text) {
  const size_t first = text.starts_with('-') ? 1 : 0;
  return text.size() > first && text.find_first_not_of(".0123456789", first) == std::string::npos &&
         text[first] != '.';
}

// What can be done today for a text that looks like a time.
std::optional<std::string> WayOut(std::string_view text, std::string_view field,
                                  std::optional<TimeUnit> unit) {
  if (IsNumberInQuotes(text)) {
    return Cat("a number in quotes, which is not read as a time yet; write it without quotes, as ",
               "jq -c '", JqPath(field), " |= tonumber' does");
  }
  if (unit.value_or(TimeUnit::kIso8601) != TimeUnit::kIso8601) {
    if (!ParseTimestamp(text).ok()) return std::nullopt;
    return Cat("and a time here is a number of ", ScaleOf(*unit).name,
               " since 1970; did you mean 'unit: iso8601'?");
  }
  if (!ParseTimestamp(Cat(text, "Z")).ok()) return std::nullopt;
  return Cat("a time without a zone, which may be any; write the zone, as jq -c '", JqPath(field),
             " += \"Z\"' does for UTC");
}

}  // namespace

std::optional<TimeUnit> LikelyUnit(const JsonScalar& value, std::string_view digits,
                                   Timestamp latest) {
  if (!IsNumber(value)) return std::nullopt;
  for (const TimeUnit unit :
       {TimeUnit::kSeconds, TimeUnit::kMillis, TimeUnit::kMicros, TimeUnit::kNanos}) {
    const std::optional<Timestamp> time = FromNumber(value, digits, unit);
    if (time.has_value() && *time >= kEarliestLikely && *time <= latest) return unit;
  }
  return std::nullopt;
}

absl::StatusOr<Timestamp> ReadEventTime(const JsonScalar& value, std::optional<TimeUnit> unit,
                                        std::string_view field, std::string_view digits) {
  if (std::holds_alternative<std::monostate>(value)) {
    return absl::InvalidArgumentError(Cat("field '", field, "' is null, and a row needs a time"));
  }
  const auto* text = std::get_if<std::string>(&value);
  const TimeUnit as = unit.value_or(text != nullptr ? TimeUnit::kIso8601 : TimeUnit::kMillis);
  if (IsNumber(value) && as != TimeUnit::kIso8601) {
    const std::optional<Timestamp> time = FromNumber(value, digits, as);
    return time.has_value() ? absl::StatusOr<Timestamp>(*time)
                            : OutsideOfTime(value, digits, field, as);
  }
  if (text != nullptr) {
    absl::StatusOr<Timestamp> time = ParseTimestamp(*text);
    if (as == TimeUnit::kIso8601 && time.ok()) return time;
    if (const auto way_out = WayOut(*text, field, unit)) return Wrong(field, value, *way_out);
  }
  if (as != TimeUnit::kIso8601) {
    return Wrong(field, value,
                 Cat("and a time here is a number of ", ScaleOf(as).name, " since 1970"));
  }
  return Wrong(field, value,
               "which is not a time with a zone like \"2022-01-01T00:00:00Z\"; what a number would "
               "count is said by 'unit'");
}

}  // namespace tidemark
