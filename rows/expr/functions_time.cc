// Functions of times and intervals, all in UTC.
#include <cmath>
#include <cstdint>
#include <string>

#include "base/status.h"
#include "rows/expr/calendar.h"
#include "rows/expr/functions.h"

namespace tidemark {
namespace {

constexpr std::string_view kTimeRange = "timestamp out of range";
constexpr std::string_view kIntervalRange = "interval out of range";

template <class T>
bool Store(Scalar& s, T& out, const std::optional<T>& result, std::string_view what) {
  if (!result) return s.Fail(what);
  out = *result;
  return true;
}

bool ToTimestamp(Scalar& s, Timestamp& out, double seconds) {
  const double us = std::rint(seconds * 1e6);
  if (us < static_cast<double>(Timestamp::kMinMicros) ||
      us > static_cast<double>(Timestamp::kMaxMicros)) {
    return s.Fail(kTimeRange);
  }
  out = {static_cast<int64_t>(us)};
  return out.in_range() || s.Fail(kTimeRange);
}

bool DateTrunc(Scalar& s, Timestamp& out, std::string_view unit, Timestamp t) {
  const auto field = CalendarFieldNamed(unit);
  if (!field || !CanTruncateTo(*field)) {
    return s.Fail(Cat("unit '", unit, "' not recognized for date_trunc"));
  }
  return Store(s, out, TruncateTime(t, *field), kTimeRange);
}

bool ExtractTime(Scalar& s, double& out, std::string_view unit, Timestamp t) {
  const auto field = CalendarFieldNamed(unit);
  if (!field) return s.Fail(Cat("unit '", unit, "' not recognized for extract"));
  out = ExtractField(t, *field);
  return true;
}
bool ExtractInterval(Scalar& s, double& out, std::string_view unit, Interval v) {
  const auto field = CalendarFieldNamed(unit);
  const auto value = field ? ExtractField(v, *field) : std::nullopt;
  return Store(s, out, value, Cat("unit '", unit, "' not recognized for extract of an interval"));
}

bool PlusInterval(Scalar& s, Timestamp& out, Timestamp t, Interval v) {
  return Store(s, out, AddInterval(t, v), kTimeRange);
}
bool IntervalPlus(Scalar& s, Timestamp& out, Interval v, Timestamp t) {
  return PlusInterval(s, out, t, v);
}
bool MinusInterval(Scalar& s, Timestamp& out, Timestamp t, Interval v) {
  const auto negated = Negated(v);
  if (!negated) return s.Fail(kIntervalRange);
  return PlusInterval(s, out, t, *negated);
}
bool MinusTime(Scalar&, Interval& out, Timestamp a, Timestamp b) {
  out = Difference(a, b);
  return true;
}

bool AddIntervals(Scalar& s, Interval& out, Interval a, Interval b) {
  return Store(s, out, Add(a, b), kIntervalRange);
}
bool NegateInterval(Scalar& s, Interval& out, Interval v) {
  return Store(s, out, Negated(v), kIntervalRange);
}
bool SubtractIntervals(Scalar& s, Interval& out, Interval a, Interval b) {
  const auto negated = Negated(b);
  if (!negated) return s.Fail(kIntervalRange);
  return AddIntervals(s, out, a, *negated);
}
bool MultiplyInterval(Scalar& s, Interval& out, Interval v, double factor) {
  return Store(s, out, Scaled(v, factor), kIntervalRange);
}
bool MultiplyByInterval(Scalar& s, Interval& out, double factor, Interval v) {
  return MultiplyInterval(s, out, v, factor);
}
bool DivideInterval(Scalar& s, Interval& out, Interval v, double divisor) {
  if (divisor == 0) return s.Fail("division by zero");
  return MultiplyInterval(s, out, v, 1 / divisor);
}

// A time and an interval before two intervals: of a JSON value and an interval, the value is a
// time.
constexpr Function kFunctions[] = {
    {"+", "sv", 's', RowsOf<PlusInterval>},
    {"+", "vs", 's', RowsOf<IntervalPlus>},
    {"+", "vv", 'v', RowsOf<AddIntervals>},
    {"-", "ss", 'v', RowsOf<MinusTime>},
    {"-", "sv", 's', RowsOf<MinusInterval>},
    {"-", "vv", 'v', RowsOf<SubtractIntervals>},
    {"*", "vd", 'v', RowsOf<MultiplyInterval>},
    {"*", "dv", 'v', RowsOf<MultiplyByInterval>},
    {"/", "vd", 'v', RowsOf<DivideInterval>},
    {"NEGATE", "v", 'v', RowsOf<NegateInterval>},
    {"to_timestamp", "d", 's', RowsOf<ToTimestamp>},
    {"date_trunc", "ts", 's', RowsOf<DateTrunc>},
    {"extract", "ts", 'd', RowsOf<ExtractTime>},
    {"extract", "tv", 'd', RowsOf<ExtractInterval>},
    {"date_part", "ts", 'd', RowsOf<ExtractTime>},
    {"date_part", "tv", 'd', RowsOf<ExtractInterval>},
};

}  // namespace

std::span<const Function> TimeFunctions() { return kFunctions; }

}  // namespace tidemark
