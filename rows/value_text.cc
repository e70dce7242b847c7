#include "rows/value_text.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "base/status.h"
#include "state/value_json.h"

namespace tidemark {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;

template <class T>
void AppendDigits(T value, std::string& out) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value);
  out.append(digits, end.ptr);
}

// "1 year 2 mons -3 days 04:05:06.7", as PostgreSQL writes it.
void AppendInterval(Interval v, std::string& out) {
  const size_t start = out.size();
  const auto part = [&](int64_t number, std::string_view unit) {
    if (number == 0) return;
    if (out.size() > start) out += ' ';
    AppendDigits(number, out);
    out += Cat(" ", unit, number == 1 ? "" : "s");
  };
  part(v.months / 12, "year");
  part(v.months % 12, "mon");
  part(v.days, "day");
  if (v.us == 0 && out.size() > start) return;
  if (out.size() > start) out += ' ';
  const uint64_t us = v.us < 0 ? -static_cast<uint64_t>(v.us) : static_cast<uint64_t>(v.us);
  out += absl::StrFormat("%s%02d:%02d:%02d", v.us < 0 ? "-" : "", us / kHour, us % kHour / kMinute,
                         us % kMinute / kSecond);
  if (us % kSecond == 0) return;
  std::string fraction = absl::StrFormat(".%06d", us % kSecond);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  out += fraction;
}

std::string_view Trimmed(std::string_view text) {
  return ToStd(absl::StripAsciiWhitespace(ToAbsl(text)));
}

// Reads a text from its front.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  char front() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool Skip(char c) {
    if (front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void SkipBlanks() {
    while (Skip(' ') || Skip('\t')) {
    }
  }
  // A number of `min` to `max` digits.
  std::optional<int> Digits(size_t min, size_t max) {
    size_t size = 0;
    int number = 0;
    while (size < max && size < rest_.size() && absl::ascii_isdigit(rest_[size])) {
      number = number * 10 + (rest_[size++] - '0');
    }
    if (size < min) return std::nullopt;
    rest_.remove_prefix(size);
    return number;
  }
  // The digits after a point as microseconds, rounded to the nearest.
  std::optional<int64_t> Fraction() {
    const size_t size = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (size == 0) return std::nullopt;
    double fraction = 0;
    const std::string text = Cat("0.", rest_.substr(0, size));
    std::from_chars(text.data(), text.data() + text.size(), fraction);
    rest_.remove_prefix(size);
    return std::llround(fraction * kSecond);
  }
  std::string_view Letters() {
    size_t size = 0;
    while (size < rest_.size() && absl::ascii_isalpha(rest_[size])) ++size;
    const std::string_view letters = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return letters;
  }
  // A decimal number with an optional sign.
  std::optional<double> Number() {
    Skip('+');
    double number = 0;
    const auto read = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number,
                                      std::chars_format::fixed);
    if (read.ec != std::errc() || !std::isfinite(number)) return std::nullopt;
    rest_ = rest_.substr(static_cast<size_t>(read.ptr - rest_.data()));
    return number;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// hh:mm, hh:mm:ss, hh:mm:ss.f as microseconds.
std::optional<int64_t> ReadClock(Cursor& in, int hours_max) {
  const auto hour = in.Digits(1, 2);
  if (!hour || !in.Skip(':')) return std::nullopt;
  const auto minute = in.Digits(2, 2);
  int second = 0;
  int64_t us = 0;
  if (minute && in.Skip(':')) {
    const auto read = in.Digits(2, 2);
    if (!read) return std::nullopt;
    second = *read;
    if (in.Skip('.')) {
      const auto fraction = in.Fraction();
      if (!fraction) return std::nullopt;
      us = *fraction;
    }
  }
  if (!minute || *hour > hours_max || *minute > 59 || second > 60) return std::nullopt;
  return *hour * kHour + *minute * kMinute + second * kSecond + us;
}

// The offset of a zone in microseconds.
std::optional<int64_t> ReadZone(Cursor& in) {
  in.SkipBlanks();
  if (in.at_end() || in.Skip('Z') || in.Skip('z')) return 0;
  if (in.front() != '+' && in.front() != '-') {
    return absl::EqualsIgnoreCase(ToAbsl(in.Letters()), "utc") ? std::optional<int64_t>(0)
                                                               : std::nullopt;
  }
  const bool west = in.front() == '-';
  in.Skip(in.front());
  const auto hours = in.Digits(1, 2);
  if (!hours || *hours > 15) return std::nullopt;
  in.Skip(':');
  int minutes = 0;
  if (!in.at_end()) {
    const auto read = in.Digits(2, 2);
    if (!read || *read > 59) return std::nullopt;
    minutes = *read;
  }
  const int64_t offset = *hours * kHour + minutes * kMinute;
  return west ? -offset : offset;
}

// The unit of an interval: its months, days or microseconds.
struct Unit {
  std::string_view name;  // in the singular
  int months;
  int days;
  int64_t us;
};
constexpr Unit kUnits[] = {
    {"microsecond", 0, 0, 1}, {"us", 0, 0, 1},          {"millisecond", 0, 0, 1000},
    {"ms", 0, 0, 1000},       {"msec", 0, 0, 1000},     {"second", 0, 0, kSecond},
    {"sec", 0, 0, kSecond},   {"s", 0, 0, kSecond},     {"minute", 0, 0, kMinute},
    {"min", 0, 0, kMinute},   {"m", 0, 0, kMinute},     {"hour", 0, 0, kHour},
    {"hr", 0, 0, kHour},      {"h", 0, 0, kHour},       {"day", 0, 1, 0},
    {"d", 0, 1, 0},           {"week", 0, 7, 0},        {"w", 0, 7, 0},
    {"month", 1, 0, 0},       {"mon", 1, 0, 0},         {"year", 12, 0, 0},
    {"y", 12, 0, 0},          {"yr", 12, 0, 0},         {"decade", 120, 0, 0},
    {"century", 1200, 0, 0},  {"centurie", 1200, 0, 0},
};

const Unit* FindUnit(std::string_view word) {
  const std::string lower = absl::AsciiStrToLower(ToAbsl(word));
  for (const Unit& unit : kUnits) {
    if (lower == unit.name || lower == Cat(unit.name, "s")) return &unit;
  }
  return nullptr;
}

// Adds to a sum of doubles what stays whole, and the rest to the next smaller part.
struct IntervalSum {
  double months = 0;
  double days = 0;
  double us = 0;

  void Add(double number, const Unit& unit) {
    const double m = number * unit.months;
    months += std::trunc(m);
    double d = number * unit.days + (m - std::trunc(m)) * 30;
    days += std::trunc(d);
    us += std::rint(number * static_cast<double>(unit.us) + (d - std::trunc(d)) * kDay);
  }
  std::optional<Interval> Get() const {
    constexpr double kWordMax = 9.2e18;
    constexpr double kHalfMax = 2'147'483'647;
    if (std::abs(months) > kHalfMax || std::abs(days) > kHalfMax || std::abs(us) > kWordMax) {
      return std::nullopt;
    }
    return Interval{.months = static_cast<int32_t>(months),
                    .days = static_cast<int32_t>(days),
                    .us = static_cast<int64_t>(us)};
  }
};

}  // namespace

void AppendText(const Value& value, std::string& out) {
  switch (value.type()) {
    case Type::kNull:
    case Type::kAny:
      return;
    case Type::kBool:
      out += value.AsBool() ? "true" : "false";
      return;
    case Type::kInt64:
      AppendDigits(value.AsInt(), out);
      return;
    case Type::kDouble:
      AppendDigits(value.AsDouble(), out);
      return;
    case Type::kText:
      out += value.AsText();
      return;
    case Type::kTimestamp:
      out += FormatTimestamp(value.AsTimestamp());
      return;
    case Type::kInterval:
      AppendInterval(value.AsInterval(), out);
      return;
    case Type::kJson:
      out += value.AsJson();
      return;
  }
}

void AppendJson(const Value& value, std::string& out) {
  switch (value.type()) {
    case Type::kNull:
      out += "null";
      return;
    case Type::kText:
      AppendJsonString(value.AsText(), out);
      return;
    case Type::kTimestamp:
    case Type::kInterval: {
      out += '"';
      AppendText(value, out);
      out += '"';
      return;
    }
    default:
      AppendText(value, out);
  }
}

std::optional<Timestamp> ParseTime(std::string_view text) {
  Cursor in(Trimmed(text));
  const auto year = in.Digits(4, 4);
  if (!year || !in.Skip('-')) return std::nullopt;
  const auto month = in.Digits(1, 2);
  if (!month || !in.Skip('-')) return std::nullopt;
  const auto day = in.Digits(1, 2);
  if (!day) return std::nullopt;
  const absl::CivilDay date(*year, *month, *day);
  if (date.month() != *month || date.day() != *day) return std::nullopt;  // it was normalized
  int64_t us = 0;
  int64_t offset = 0;
  if (!in.at_end()) {
    const bool has_t = in.Skip('T') || in.Skip('t');
    if (!has_t && in.front() != ' ') return std::nullopt;
    in.SkipBlanks();
    const auto clock = ReadClock(in, 24);
    if (!clock || *clock > kDay) return std::nullopt;
    us = *clock;
    const auto zone = ReadZone(in);
    if (!zone || !in.at_end()) return std::nullopt;
    offset = *zone;
  }
  const int64_t days = date - absl::CivilDay(1970, 1, 1);
  const Timestamp time{days * kDay + us - offset};
  return time.in_range() ? std::optional(time) : std::nullopt;
}

std::optional<Interval> ParseInterval(std::string_view text) {
  Cursor in(Trimmed(text));
  if (in.at_end()) return std::nullopt;
  IntervalSum sum;
  while (!in.at_end()) {
    in.SkipBlanks();
    // A part is a time of day, "-01:30:00", or a number with its unit.
    Cursor clock = in;
    const bool negative = clock.Skip('-');
    if (!negative) clock.Skip('+');
    if (const auto us = ReadClock(clock, 99); us && (clock.at_end() || clock.front() == ' ')) {
      sum.us += static_cast<double>(negative ? -*us : *us);
      in = clock;
      continue;
    }
    const auto number = in.Number();
    if (!number) return std::nullopt;
    in.SkipBlanks();
    const std::string_view word = in.Letters();
    const Unit* unit = word.empty() && in.at_end() ? FindUnit("second") : FindUnit(word);
    if (unit == nullptr) return std::nullopt;
    sum.Add(*number, *unit);
  }
  return sum.Get();
}

std::optional<int64_t> ParseInt(std::string_view text) {
  std::string_view digits = Trimmed(text);
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  int64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<double> ParseDouble(std::string_view text) {
  std::string_view digits = Trimmed(text);
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  double value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return std::nullopt;
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<bool> ParseBool(std::string_view text) {
  const std::string word = absl::AsciiStrToLower(ToAbsl(Trimmed(text)));
  if (word.empty()) return std::nullopt;
  for (const std::string_view yes : {"true", "yes", "on", "1"}) {
    if (yes.starts_with(word) && word != "o") return true;
  }
  for (const std::string_view no : {"false", "no", "off", "0"}) {
    if (no.starts_with(word) && word != "o") return false;
  }
  return std::nullopt;
}

}  // namespace tidemark
