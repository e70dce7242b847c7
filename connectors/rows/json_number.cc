#include "connectors/rows/json_number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "base/check.h"
#include "base/status.h"

namespace tidemark {
namespace {

constexpr int64_t kExponentMax = 1'000'000'000'000'000;
constexpr int64_t kIntegerDigitsMax = 30;  // an __int128 has room for 38

int64_t ParseExponent(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  int64_t exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (error == std::errc::result_out_of_range) {
    exponent = text.starts_with('-') ? -kExponentMax : kExponentMax;
  }
  return std::clamp(exponent, -kExponentMax, kExponentMax);
}

// Whether what follows the first `kept` digits rounds their integer up, away from zero.
bool RoundsUp(const Decimal& number, size_t kept, bool is_odd, Rounding rounding) {
  if (kept >= number.digits.size()) return false;
  if (rounding == Rounding::kDown) return number.negative;
  const std::string_view rest = std::string_view(number.digits).substr(kept);
  if (rest == "5") return is_odd;
  return rest[0] >= '5';
}

}  // namespace

Decimal ParseDecimal(std::string_view number) {
  Decimal decimal;
  decimal.negative = number.starts_with('-');
  if (decimal.negative) number.remove_prefix(1);
  const size_t e = std::min(number.find_first_of("eE"), number.size());
  const int64_t shift = e < number.size() ? ParseExponent(number.substr(e + 1)) : 0;
  const std::string_view mantissa = number.substr(0, e);
  const size_t point = std::min(mantissa.find('.'), mantissa.size());
  decimal.digits = Cat(mantissa.substr(0, point),
                       point < mantissa.size() ? mantissa.substr(point + 1) : std::string_view());
  const size_t first = decimal.digits.find_first_not_of('0');
  if (first == std::string::npos) return Decimal();
  decimal.digits.erase(decimal.digits.find_last_not_of('0') + 1);
  decimal.digits.erase(0, first);
  decimal.exponent = static_cast<int64_t>(point) - static_cast<int64_t>(first) + shift;
  return decimal;
}

Decimal ToDecimal(double number) {
  // The longest one has 767 digits that count, behind at most 324 zeros.
  std::array<char, 1200> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number,
                                          std::chars_format::scientific, 770);
  TM_CHECK(error == std::errc(), "a double's digits have room");
  return ParseDecimal(std::string_view(text.data(), static_cast<size_t>(end - text.data())));
}

int Compare(const Decimal& a, const Decimal& b) {
  const auto sign = [](const Decimal& d) { return d.digits.empty() ? 0 : d.negative ? -1 : 1; };
  if (sign(a) != sign(b)) return sign(a) < sign(b) ? -1 : 1;
  if (sign(a) == 0) return 0;
  const int larger = a.negative ? -1 : 1;  // what `a` is when its digits are the larger ones
  if (a.exponent != b.exponent) return a.exponent > b.exponent ? larger : -larger;
  const int digits = a.digits.compare(b.digits);
  return digits == 0 ? 0 : digits > 0 ? larger : -larger;
}

std::string CanonicalText(const Decimal& number) {
  if (number.digits.empty()) return "0";
  const int64_t exponent = number.exponent - static_cast<int64_t>(number.digits.size());
  return Cat(number.negative ? "-" : "", number.digits, "e", exponent);
}

std::optional<__int128> ToInteger(const Decimal& number, int power, Rounding rounding) {
  const int64_t places = number.exponent + power;
  if (number.digits.empty()) return 0;
  if (places > kIntegerDigitsMax) return std::nullopt;
  if (places < 0) return rounding == Rounding::kDown && number.negative ? -1 : 0;
  __int128 integer = 0;
  for (int64_t i = 0; i < places; ++i) {
    const auto at = static_cast<size_t>(i);
    integer = integer * 10 + (at < number.digits.size() ? number.digits[at] - '0' : 0);
  }
  if (RoundsUp(number, static_cast<size_t>(places), integer % 2 != 0, rounding)) ++integer;
  return number.negative ? -integer : integer;
}

}  // namespace tidemark
