#include "rows/expr/calendar.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"
#include "base/status.h"

namespace tidemark {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;

struct FieldName {
  std::string_view name;
  CalendarField field;
};
constexpr FieldName kFieldNames[] = {
    {"microseconds", CalendarField::kMicroseconds},
    {"milliseconds", CalendarField::kMilliseconds},
    {"second", CalendarField::kSecond},
    {"minute", CalendarField::kMinute},
    {"hour", CalendarField::kHour},
    {"day", CalendarField::kDay},
    {"week", CalendarField::kWeek},
    {"month", CalendarField::kMonth},
    {"quarter", CalendarField::kQuarter},
    {"year", CalendarField::kYear},
    {"decade", CalendarField::kDecade},
    {"century", CalendarField::kCentury},
    {"millennium", CalendarField::kMillennium},
    {"epoch", CalendarField::kEpoch},
    {"dow", CalendarField::kDayOfWeek},
    {"isodow", CalendarField::kIsoDayOfWeek},
    {"doy", CalendarField::kDayOfYear},
    {"isoyear", CalendarField::kIsoYear},
};

int64_t FloorDiv(int64_t a, int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

// A time as a day and the microseconds since its midnight.
struct Split {
  absl::CivilDay day;
  int64_t us;
};
Split SplitTime(Timestamp t) {
  const int64_t days = FloorDiv(t.us, kDay);
  return {absl::CivilDay(1970, 1, 1) + days, t.us - days * kDay};
}
std::optional<Timestamp> Join(absl::CivilDay day, int64_t us) {
  constexpr int64_t kDaysMax = 4'000'000;  // beyond all years with four digits
  const int64_t days = day - absl::CivilDay(1970, 1, 1);
  if (days < -kDaysMax || days > kDaysMax) return std::nullopt;
  Timestamp t;
  if (__builtin_add_overflow(days * kDay, us, &t.us)) return std::nullopt;
  return t.in_range() ? std::optional(t) : std::nullopt;
}

// 1 for Monday to 7 for Sunday.
int IsoDayOfWeek(absl::CivilDay day) { return static_cast<int>(absl::GetWeekday(day)) + 1; }
absl::CivilDay Monday(absl::CivilDay day) { return day - (IsoDayOfWeek(day) - 1); }
// A week belongs to the year that its Thursday is in.
int64_t IsoYear(absl::CivilDay day) { return (Monday(day) + 3).year(); }
int64_t IsoWeek(absl::CivilDay day) { return (absl::GetYearDay(Monday(day) + 3) - 1) / 7 + 1; }

// The first year of a century or millennium, which begin with the years 1, 101, … .
int64_t FirstYear(int64_t year, int64_t years) { return (year - 1) / years * years + 1; }

std::optional<Interval> Fitting(__int128 months, __int128 days, __int128 us) {
  const Interval v{.months = static_cast<int32_t>(months),
                   .days = static_cast<int32_t>(days),
                   .us = static_cast<int64_t>(us)};
  const bool fits = v.months == months && v.days == days && v.us == us;
  return fits ? std::optional(v) : std::nullopt;
}

}  // namespace

std::optional<CalendarField> CalendarFieldNamed(std::string_view name) {
  const std::string lower = absl::AsciiStrToLower(ToAbsl(name));
  for (const FieldName& one : kFieldNames) {
    if (lower == one.name || lower == Cat(one.name, "s") || Cat(lower, "s") == one.name) {
      return one.field;
    }
  }
  return std::nullopt;
}

bool CanTruncateTo(CalendarField field) { return field <= CalendarField::kMillennium; }

std::vector<std::string_view> CalendarFieldNames(bool for_truncation) {
  std::vector<std::string_view> names;
  for (const FieldName& one : kFieldNames) {
    if (!for_truncation || CanTruncateTo(one.field)) names.push_back(one.name);
  }
  return names;
}

std::optional<Timestamp> TruncateTime(Timestamp t, CalendarField field) {
  const auto [day, us] = SplitTime(t);
  const auto down_to = [&](int64_t unit) { return Join(day, us - us % unit); };
  switch (field) {
    case CalendarField::kMicroseconds:
      return t;
    case CalendarField::kMilliseconds:
      return down_to(1000);
    case CalendarField::kSecond:
      return down_to(kSecond);
    case CalendarField::kMinute:
      return down_to(kMinute);
    case CalendarField::kHour:
      return down_to(kHour);
    case CalendarField::kDay:
      return Join(day, 0);
    case CalendarField::kWeek:
      return Join(Monday(day), 0);
    case CalendarField::kMonth:
      return Join(absl::CivilDay(day.year(), day.month(), 1), 0);
    case CalendarField::kQuarter:
      return Join(absl::CivilDay(day.year(), (day.month() - 1) / 3 * 3 + 1, 1), 0);
    case CalendarField::kYear:
      return Join(absl::CivilDay(day.year(), 1, 1), 0);
    case CalendarField::kDecade:
      return Join(absl::CivilDay(day.year() / 10 * 10, 1, 1), 0);
    case CalendarField::kCentury:
      return Join(absl::CivilDay(FirstYear(day.year(), 100), 1, 1), 0);
    case CalendarField::kMillennium:
      return Join(absl::CivilDay(FirstYear(day.year(), 1000), 1, 1), 0);
    default:
      return std::nullopt;
  }
}

double ExtractField(Timestamp t, CalendarField field) {
  const auto [day, us] = SplitTime(t);
  const int64_t in_minute = us % kMinute;
  switch (field) {
    case CalendarField::kMicroseconds:
      return static_cast<double>(in_minute);
    case CalendarField::kMilliseconds:
      return static_cast<double>(in_minute) / 1000;
    case CalendarField::kSecond:
      return static_cast<double>(in_minute) / kSecond;
    case CalendarField::kMinute:
      return static_cast<double>(us % kHour / kMinute);
    case CalendarField::kHour:
      return static_cast<double>(us / kHour);
    case CalendarField::kDay:
      return day.day();
    case CalendarField::kWeek:
      return static_cast<double>(IsoWeek(day));
    case CalendarField::kMonth:
      return day.month();
    case CalendarField::kQuarter:
      return (day.month() - 1) / 3 + 1;
    case CalendarField::kYear:
      return static_cast<double>(day.year());
    case CalendarField::kDecade:
      return static_cast<double>(day.year() / 10);
    case CalendarField::kCentury:
      return static_cast<double>((day.year() + 99) / 100);
    case CalendarField::kMillennium:
      return static_cast<double>((day.year() + 999) / 1000);
    case CalendarField::kEpoch:
      return static_cast<double>(t.us) / kSecond;
    case CalendarField::kDayOfWeek:
      return IsoDayOfWeek(day) % 7;
    case CalendarField::kIsoDayOfWeek:
      return IsoDayOfWeek(day);
    case CalendarField::kDayOfYear:
      return absl::GetYearDay(day);
    case CalendarField::kIsoYear:
      return static_cast<double>(IsoYear(day));
  }
  return 0;
}

std::optional<double> ExtractField(Interval v, CalendarField field) {
  const int64_t in_minute = v.us % kMinute;
  switch (field) {
    case CalendarField::kMicroseconds:
      return static_cast<double>(in_minute);
    case CalendarField::kMilliseconds:
      return static_cast<double>(in_minute) / 1000;
    case CalendarField::kSecond:
      return static_cast<double>(in_minute) / kSecond;
    case CalendarField::kMinute:
      return static_cast<double>(v.us % kHour / kMinute);
    case CalendarField::kHour:
      return static_cast<double>(v.us / kHour);
    case CalendarField::kDay:
      return v.days;
    case CalendarField::kMonth:
      return v.months % 12;
    case CalendarField::kQuarter:
      return v.months % 12 / 3 + 1;
    case CalendarField::kYear:
      return v.months / 12;
    case CalendarField::kEpoch: {
      // A year has 365.25 days, and each further month 30.
      const double days = v.months / 12 * 365.25 + v.months % 12 * 30.0 + v.days;
      return days * 86400 + static_cast<double>(v.us) / kSecond;
    }
    default:
      return std::nullopt;
  }
}

std::optional<Timestamp> AddInterval(Timestamp t, Interval v) {
  auto [day, us] = SplitTime(t);
  if (v.months != 0) {
    const absl::CivilMonth month = absl::CivilMonth(day) + v.months;
    const int last = (absl::CivilDay(month + 1) - 1).day();
    day = absl::CivilDay(month.year(), month.month(), std::min(day.day(), last));
  }
  day += v.days;
  const int64_t days = FloorDiv(v.us, kDay);
  return Join(day + days, us + (v.us - days * kDay));
}

Interval Difference(Timestamp a, Timestamp b) {
  const int64_t us = a.us - b.us;
  return {.months = 0, .days = static_cast<int32_t>(us / kDay), .us = us % kDay};
}

std::optional<Interval> Add(Interval a, Interval b) {
  return Fitting(__int128{a.months} + b.months, __int128{a.days} + b.days, __int128{a.us} + b.us);
}

std::optional<Interval> Negated(Interval v) {
  return Fitting(-__int128{v.months}, -__int128{v.days}, -__int128{v.us});
}

std::optional<Interval> Scaled(Interval v, double factor) {
  constexpr double kFits = 1e18;
  const double months = v.months * factor;
  const double more_days = (months - std::trunc(months)) * 30;
  const double days = v.days * factor;
  const double more_us = (days - std::trunc(days) + more_days - std::trunc(more_days)) * kDay;
  const double us = static_cast<double>(v.us) * factor + std::rint(more_us);
  if (!(std::abs(months) < kFits && std::abs(days) < kFits && std::abs(us) < kFits)) {
    return std::nullopt;
  }
  return Fitting(static_cast<int64_t>(months),
                 static_cast<int64_t>(days) + static_cast<int64_t>(more_days),
                 static_cast<int64_t>(std::rint(us)));
}

}  // namespace tidemark
