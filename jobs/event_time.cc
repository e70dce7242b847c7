#include "jobs/event_time.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <variant>

#include "base/status.h"
#include "jobs/aggregates.h"

namespace tidemark {
namespace {

struct Scale {
  std::string_view name;
  int64_t micros = 1;   // in one unit
  int64_t divisor = 1;  // units in one microsecond
};

Scale ScaleOf(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kSeconds:
      return {.name = "seconds", .micros = 1'000'000};
    case TimeUnit::kMillis:
      return {.name = "milliseconds", .micros = 1'000};
    case TimeUnit::kMicros:
      return {.name = "microseconds"};
    case TimeUnit::kNanos:
      return {.name = "nanoseconds", .divisor = 1'000};
    case TimeUnit::kIso8601:
      return {.name = "a text"};
  }
  return {};
}

absl::Status Wrong(std::string_view field, const JsonScalar& value, std::string_view what) {
  constexpr size_t kShownBytes = 60;
  std::string shown;
  AppendScalarJson(value, shown);
  if (shown.size() > kShownBytes) shown = "a long text";
  return absl::InvalidArgumentError(Cat("field '", field, "' is ", shown, ", ", what));
}

constexpr std::string_view kOutside = "which is a time outside the years 1 to 9999";

absl::StatusOr<Timestamp> FromWhole(__int128 units, const Scale& scale, const JsonScalar& value,
                                    std::string_view field) {
  __int128 micros = units * scale.micros / scale.divisor;
  if (units < 0 && units * scale.micros % scale.divisor != 0) --micros;  // down, not towards 1970
  if (micros < Timestamp::kMinMicros || micros > Timestamp::kMaxMicros) {
    return Wrong(field, value, kOutside);
  }
  return Timestamp{static_cast<int64_t>(micros)};
}

absl::StatusOr<Timestamp> FromReal(double units, const Scale& scale, const JsonScalar& value,
                                   std::string_view field) {
  const double micros =
      std::round(units * static_cast<double>(scale.micros) / static_cast<double>(scale.divisor));
  // Bounds that a double can hold; those of time lie within.
  constexpr double kBeyond = 1e18;
  if (!(std::abs(micros) < kBeyond)) return Wrong(field, value, kOutside);
  const Timestamp time{static_cast<int64_t>(micros)};
  if (!time.in_range()) return Wrong(field, value, kOutside);
  return time;
}

absl::StatusOr<Timestamp> FromNumber(const JsonScalar& value, TimeUnit unit,
                                     std::string_view field) {
  const Scale scale = ScaleOf(unit);
  if (const auto* n = std::get_if<int64_t>(&value)) return FromWhole(*n, scale, value, field);
  if (const auto* n = std::get_if<uint64_t>(&value)) return FromWhole(*n, scale, value, field);
  if (const auto* n = std::get_if<double>(&value)) return FromReal(*n, scale, value, field);
  return Wrong(field, value, Cat("and a time here is a number of ", scale.name, " since 1970"));
}

absl::StatusOr<Timestamp> FromText(const JsonScalar& value, std::string_view field) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    const absl::StatusOr<Timestamp> time = ParseTimestamp(*text);
    if (time.ok()) return *time;
  }
  return Wrong(field, value,
               "which is no time with a zone like \"2022-01-01T00:00:00Z\"; what a number would "
               "count is said by 'unit'");
}

}  // namespace

absl::StatusOr<Timestamp> ReadEventTime(const JsonScalar& value, std::optional<TimeUnit> unit,
                                        std::string_view field) {
  if (std::holds_alternative<std::monostate>(value)) {
    return absl::InvalidArgumentError(Cat("field '", field, "' is null, and a row needs a time"));
  }
  const bool is_text = std::holds_alternative<std::string>(value);
  const TimeUnit as = unit.value_or(is_text ? TimeUnit::kIso8601 : TimeUnit::kMillis);
  return as == TimeUnit::kIso8601 ? FromText(value, field) : FromNumber(value, as, field);
}

}  // namespace tidemark
