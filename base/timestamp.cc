#include "base/timestamp.h"

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "base/status.h"

namespace tidemark {

Span Span::FromAbsl(absl::Duration d) {
  const int64_t us = absl::ToInt64Microseconds(d);  // saturates at the ends of int64
  if (us == std::numeric_limits<int64_t>::min()) return {us + 1};
  return {us};
}

absl::Duration Span::ToAbsl() const {
  return is_infinite() ? absl::InfiniteDuration() : absl::Microseconds(us);
}

absl::StatusOr<Timestamp> Timestamp::FromAbsl(absl::Time t) {
  const int64_t us = absl::ToUnixMicros(t);  // floors; saturates at the ends of int64
  const Timestamp result{us};
  if (!result.in_range()) {
    return absl::OutOfRangeError(
        Cat("time ", absl::FormatTime(t, absl::UTCTimeZone()), " is outside the years 1 to 9999"));
  }
  return result;
}

absl::Time Timestamp::ToAbsl() const {
  return is_never() ? absl::InfiniteFuture() : absl::FromUnixMicros(us);
}

std::string FormatTimestamp(Timestamp t) {
  if (t.is_never()) return "never";
  const absl::Time time = absl::FromUnixMicros(t.us);
  const char* format = t.us % 1'000'000 == 0 ? "%E4Y-%m-%dT%H:%M:%SZ" : "%E4Y-%m-%dT%H:%M:%E6SZ";
  return absl::FormatTime(format, time, absl::UTCTimeZone());
}

absl::StatusOr<Timestamp> ParseTimestamp(std::string_view text) {
  absl::Time time;
  std::string why;
  std::string iso(text);
  if (iso.size() > 10 && iso[10] == ' ') iso[10] = 'T';
  if (!absl::ParseTime(absl::RFC3339_full, iso, &time, &why)) {
    return absl::InvalidArgumentError(Cat("'", text, "' is not an ISO-8601 time with a zone"));
  }
  return Timestamp::FromAbsl(time);
}

absl::StatusOr<Span> ParseSpan(std::string_view text) {
  const absl::Status bad = absl::InvalidArgumentError(
      Cat("'", text, "' is not a duration; write it like 10s, 1m30s, 24h, 3d or inf"));
  std::string_view number = text;
  absl::Duration days = absl::ZeroDuration();
  if (const size_t d = number.find('d'); d != std::string_view::npos && number != "inf") {
    double count = 0;
    if (!absl::SimpleAtod(ToAbsl(number.substr(0, d)), &count)) return bad;
    days = absl::Hours(24) * count;
    number.remove_prefix(d + 1);
    if (number.empty()) return Span::FromAbsl(days);
  }
  absl::Duration rest;
  if (!absl::ParseDuration(ToAbsl(number), &rest)) return bad;
  return Span::FromAbsl(days + rest);
}

std::string FormatSpan(Span d) {
  constexpr int64_t kDay = int64_t{24} * 3600 * 1'000'000;
  if (d.is_infinite()) return "inf";
  if (d.us != 0 && d.us % kDay == 0) return Cat(d.us / kDay, "d");
  return absl::FormatDuration(d.ToAbsl());
}

}  // namespace tidemark
