// Numbers of JSON that no machine type holds exactly, and decimal arithmetic over their digits.
//
// An identifier of twenty digits would change if it went through a double. Such a number is
// therefore a JsonNumber from the point where it is read to the point where it is written, and
// calculations work on its decimal digits.
//
//   const Decimal a = ParseDecimal("18446744073709551617");
//   Compare(a, ParseDecimal("1.8446744073709551617e19"));   // 0
//   ToInteger(ParseDecimal("1.7e9"), 6);                     // 1700000000000000
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemark {

// An integer beyond 64 bits, with its digits as they were written; or a number beyond the largest
// double, in the form of CanonicalText().
struct JsonNumber {
  std::string text;

  // By text, for containers; not the order of the numbers.
  auto operator<=>(const JsonNumber&) const = default;
};

// The number 0.DIGITS · 10^exponent.
struct Decimal {
  bool negative = false;
  std::string digits;    // without zeros at either end; empty for zero
  int64_t exponent = 0;  // how many of the digits are before the decimal point

  bool is_whole() const {
    return static_cast<int64_t>(digits.size()) <= exponent || digits.empty();
  }
};

// Requires a number in JSON syntax. An exponent beyond ±10^15 is clamped to that.
Decimal ParseDecimal(std::string_view number);
// The exact value of a finite double.
Decimal ToDecimal(double number);

// Less than, equal to, greater than zero, in the order of the numbers.
int Compare(const Decimal& a, const Decimal& b);

// The same text for equal values: "-18446744073709551617e0", "1e400".
std::string CanonicalText(const Decimal& number);

enum class Rounding {
  kNearest,  // ties to the even neighbour
  kDown,     // to the smaller number, not towards zero
};
// number · 10^power as an integer; nothing beyond about 10^30.
std::optional<__int128> ToInteger(const Decimal& number, int power,
                                  Rounding rounding = Rounding::kNearest);

}  // namespace tidemark
