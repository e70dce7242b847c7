// Decimal arithmetic over the digits of JSON's numbers.

#include "connectors/rows/json_number.h"

#include <gtest/gtest.h>

#include <charconv>
#include <string>

#include "base/random.h"

namespace tidemark {
namespace {

int Sign(std::string_view a, std::string_view b) {
  return Compare(ParseDecimal(a), ParseDecimal(b));
}

TEST(JsonNumber, EqualNumbersAreEqualHoweverTheyAreWritten) {
  for (const auto& [a, b] : {std::pair("18446744073709551617", "1.8446744073709551617e19"),
                             std::pair("1e400", "0.0010E+403"), std::pair("0", "-0.000e99"),
                             std::pair("-100", "-1e2"), std::pair("0.5", "5e-1")}) {
    EXPECT_EQ(Sign(a, b), 0) << a;
    EXPECT_EQ(CanonicalText(ParseDecimal(a)), CanonicalText(ParseDecimal(b)));
  }
}

TEST(JsonNumber, NeighboursBeyondSixtyFourBitsAreInOrder) {
  const char* ascending[] = {"-1e400",
                             "-123456789012345678901234",
                             "-18446744073709551618",
                             "-18446744073709551617",
                             "-0.5",
                             "0",
                             "5e-400",
                             "0.4",
                             "18446744073709551616",
                             "18446744073709551617",
                             "18446744073709551618",
                             "99999999999999999999",
                             "1e99999999999999999999"};
  for (size_t i = 0; i + 1 < std::size(ascending); ++i) {
    EXPECT_LT(Sign(ascending[i], ascending[i + 1]), 0) << ascending[i];
    EXPECT_GT(Sign(ascending[i + 1], ascending[i]), 0) << ascending[i];
  }
}

TEST(JsonNumber, TheDigitsOfADoubleAreItsVeryValue) {
  EXPECT_EQ(CanonicalText(ToDecimal(18446744073709551616.0)), "18446744073709551616e0");
  EXPECT_EQ(CanonicalText(ToDecimal(0.1)),
            "1000000000000000055511151231257827021181583404541015625e-55");
  EXPECT_EQ(CanonicalText(ToDecimal(5e-324)).size(), 751u + 6u);
  EXPECT_EQ(Compare(ToDecimal(-1.7976931348623157e308), ParseDecimal("-1e309")), 1);
}

int64_t Micros(std::string_view seconds, Rounding rounding = Rounding::kNearest) {
  return static_cast<int64_t>(ToInteger(ParseDecimal(seconds), 6, rounding).value_or(-999));
}

TEST(JsonNumber, IsRoundedToTheNearestIntegerAndTiesToTheEvenOne) {
  EXPECT_EQ(Micros("16725225600.123457"), 16'725'225'600'123'457);
  EXPECT_EQ(Micros("1.67252256001234565e10"), 16'725'225'600'123'456);
  EXPECT_EQ(Micros("1.67252256001234575e10"), 16'725'225'600'123'458);
  EXPECT_EQ(Micros("1517365101.2345678"), 1'517'365'101'234'568);
  EXPECT_EQ(Micros("-0.000001"), -1);
  EXPECT_EQ(Micros("-0.0000015"), -2);
  EXPECT_EQ(Micros("0.0000005"), 0);
  EXPECT_EQ(Micros("0.00000050000000000000000001"), 1);
  EXPECT_EQ(Micros("4e-99999999"), 0);
  EXPECT_EQ(Micros("-4e-9", Rounding::kDown), -1);
  EXPECT_EQ(Micros("-1.0000001", Rounding::kDown), -1'000'001);
  EXPECT_EQ(Micros("1.0000009", Rounding::kDown), 1'000'000);
  EXPECT_EQ(ToInteger(ParseDecimal("1e400"), 6), std::nullopt);
}

// Against the machine's own integers.
TEST(JsonNumber, IntegersKeepTheirValueAndOrder) {
  Random random(17);
  for (int i = 0; i < 2000; ++i) {
    const auto number = [&] {
      return static_cast<int64_t>(random.Below(uint64_t{1} << (1 + random.Below(62)))) *
             (random.OneIn(2) ? -1 : 1);
    };
    const int64_t a = number();
    const int64_t b = number();
    const int expected = a < b ? -1 : a > b ? 1 : 0;
    EXPECT_EQ(Sign(std::to_string(a), std::to_string(b)), expected) << a << " " << b;
    EXPECT_EQ(ToInteger(ParseDecimal(std::to_string(a)), 0), a);
  }
}

}  // namespace
}  // namespace tidemark
