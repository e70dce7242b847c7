#include "base/readable_time.h"

#include "base/status.h"

namespace tidemark {
namespace {

constexpr int64_t kSecond = 1'000'000;

std::string Formatted(Timestamp t, const char* format) {
  return absl::FormatTime(format, absl::FromUnixMicros(t.us), absl::UTCTimeZone());
}
Timestamp RoundedDown(Timestamp t, int64_t us) {
  return t.is_never() ? t : Timestamp{t.us - (t.us % us + us) % us};
}
std::string DateOf(Timestamp t) { return Formatted(t, "%E4Y-%m-%d"); }

}  // namespace

std::string ReadableTime(Timestamp t) {
  if (t.is_never()) return "never";
  return Formatted(t, "%E4Y-%m-%d %H:%M:%E*S");
}

std::string ReadableTime(Timestamp t, Timestamp near) {
  if (t.is_never() || near.is_never() || DateOf(t) != DateOf(near)) return ReadableTime(t);
  return Formatted(t, "%H:%M:%E*S");
}

std::string ReadableRange(Timestamp open, Timestamp close) {
  const bool minutes = open.us % (60 * kSecond) == 0 && close.us % (60 * kSecond) == 0;
  const char* time = minutes ? "%H:%M" : "%H:%M:%E*S";
  const auto full = [&](Timestamp t) {
    return t.is_never() ? "never" : Cat(DateOf(t), " ", Formatted(t, time));
  };
  const bool same_day = !open.is_never() && !close.is_never() && DateOf(open) == DateOf(close);
  return Cat(full(open), ", ", same_day ? Formatted(close, time) : full(close));
}

Timestamp WholeSecond(Timestamp t) { return RoundedDown(t, kSecond); }
Timestamp WholeMilli(Timestamp t) { return RoundedDown(t, kSecond / 1'000); }

Timestamp NextSecond(Timestamp t) {
  if (t.is_never() || t == Timestamp::Max() || t.us % kSecond == 0) return t;
  return {WholeSecond(t).us + kSecond};
}

}  // namespace tidemark
