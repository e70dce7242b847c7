// Calendar arithmetic in UTC: fields of a time, its beginning of a day, week or year, and sums with
// intervals.
//
//   TruncateTime(t, *TimeUnitNamed("week"));              // the Monday at 00:00
//   AddInterval(t, {.months = 1});                        // 31 January becomes 28 February
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/timestamp.h"
#include "rows/value.h"

namespace tidemark {

enum class CalendarField {
  kMicroseconds,
  kMilliseconds,
  kSecond,
  kMinute,
  kHour,
  kDay,
  kWeek,
  kMonth,
  kQuarter,
  kYear,
  kDecade,
  kCentury,
  kMillennium,
  // Of extract() alone.
  kEpoch,
  kDayOfWeek,     // 0 is Sunday
  kIsoDayOfWeek,  // 1 is Monday, 7 Sunday
  kDayOfYear,
  kIsoYear,
};

// By its SQL name in any case, "week", "dow"; plural forms as PostgreSQL has them.
std::optional<CalendarField> CalendarFieldNamed(std::string_view name);
bool CanTruncateTo(CalendarField field);
// The names for messages: all, or those that date_trunc takes.
std::vector<std::string_view> CalendarFieldNames(bool for_truncation);

// Requires CanTruncateTo(field). Nothing if the result is before the year 1.
std::optional<Timestamp> TruncateTime(Timestamp t, CalendarField field);
double ExtractField(Timestamp t, CalendarField field);
// Nothing for fields that an interval does not have, such as kWeek.
std::optional<double> ExtractField(Interval v, CalendarField field);

// Months first, with the day cut to the length of the month, then days, then the rest. Nothing if
// the result is outside of the years 1 to 9999.
std::optional<Timestamp> AddInterval(Timestamp t, Interval v);
// In days and microseconds of one sign.
Interval Difference(Timestamp a, Timestamp b);

// Nothing if a part overflows.
std::optional<Interval> Add(Interval a, Interval b);
std::optional<Interval> Negated(Interval v);
// Fractions of months become days of 30 per month, fractions of days microseconds.
std::optional<Interval> Scaled(Interval v, double factor);

}  // namespace tidemark
