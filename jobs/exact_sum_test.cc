#include "jobs/exact_sum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/random.h"

namespace tidemark {
namespace {

double Sum(const std::vector<double>& numbers) {
  ExactSum sum;
  for (const double number : numbers) AddTo(sum, number);
  return Rounded(sum);
}

TEST(ExactSum, IsTheDoubleNearestToTheTrueSum) {
  EXPECT_EQ(Sum({}), 0.0);
  EXPECT_EQ(Sum(std::vector<double>(10, 0.1)), 1.0) << "plain addition gives 0.9999999999999999";
  EXPECT_EQ(Sum({1e100, 1.0, -1e100, 1e-50}), 1.0 + 1e-50);
  EXPECT_EQ(Sum({0.1, -0.1}), 0.0);
  // Half way between two doubles, and a little more or less.
  const double tiny = std::ldexp(1.0, -53);
  EXPECT_EQ(Sum({1.0, tiny}), 1.0);
  EXPECT_EQ(Sum({1.0, tiny, std::ldexp(1.0, -200)}), 1.0 + 2 * tiny);
  EXPECT_EQ(Sum({1.0, tiny, -std::ldexp(1.0, -200)}), 1.0);
  EXPECT_EQ(Sum({1.0 + 2 * tiny, tiny}), 1.0 + 4 * tiny) << "to the even one";
  EXPECT_EQ(Sum({1.0 + 2 * tiny, tiny, -std::ldexp(1.0, -200)}), 1.0 + 2 * tiny);
}

TEST(ExactSum, AddsWholeNumbersBeyond64Bits) {
  ExactSum sum;
  for (int i = 0; i < 3; ++i) AddTo(sum, std::numeric_limits<int64_t>::max());
  EXPECT_FALSE(WholePart(sum).has_value());
  EXPECT_EQ(Rounded(sum), 3 * 9223372036854775807.0);
  for (int i = 0; i < 3; ++i) AddTo(sum, std::numeric_limits<int64_t>::min());
  EXPECT_EQ(WholePart(sum), -3) << "it went too far on the way, and came back";
  AddTo(sum, std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(Rounded(sum), 18446744073709551612.0);
  for (int i = 0; i < 2; ++i) AddTo(sum, std::numeric_limits<int64_t>::min());
  EXPECT_EQ(WholePart(sum), -4);
  AddTo(sum, 0.5);
  EXPECT_EQ(Rounded(sum), -3.5);
}

TEST(ExactSum, IsInfiniteBeyondTheLargestDouble) {
  EXPECT_EQ(Sum({1e308, 1e308, 5.0}), std::numeric_limits<double>::infinity());
  EXPECT_EQ(Sum({-1e308, 2.5, -1e308}), -std::numeric_limits<double>::infinity());
}

// What exceeds the largest double on the way may come back.
TEST(ExactSum, IsTheSameInAnyOrderAlsoBeyondTheLargestDouble) {
  for (std::vector<double> numbers : {std::vector<double>{-1e308, -1e308, 1e308},
                                      {0.5, 1.7e308, 1.7e308, -1.7e308, -1.7e308},
                                      {1e308, 1e308, -1e308, 3.0, -1.5e308, 1e308}}) {
    std::sort(numbers.begin(), numbers.end());
    const double first = Sum(numbers);
    EXPECT_TRUE(std::isfinite(first));
    do {
      EXPECT_EQ(Sum(numbers), first);
    } while (std::next_permutation(numbers.begin(), numbers.end()));
  }
  EXPECT_EQ(Sum({0.5, 1.7e308, 1.7e308, -1.7e308, -1.7e308}), 0.5);
  EXPECT_EQ(Sum(std::vector<double>(1000, 1e308)), std::numeric_limits<double>::infinity());
}

// Goal: no order can be seen in a sum. Method: random numbers of all sizes, against a sum in 128
// bits of the same numbers as multiples of 2^-40.
TEST(ExactSum, IsTheSameInAnyOrder) {
  const uint64_t seed = FreshSeed();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 1000; ++round) {
    ExactSum parts[3];
    __int128 units = 0;  // of 2^-40
    for (uint64_t n = random.Below(30); n > 0; --n) {
      const auto bits = static_cast<int64_t>(random.Below(uint64_t{1} << 53)) - (int64_t{1} << 52);
      const int shift = static_cast<int>(random.Below(40));
      ExactSum& part = parts[random.Below(3)];
      AddTo(part, std::ldexp(static_cast<double>(bits), shift - 40));
      units += static_cast<__int128>(bits) << shift;
    }
    ExactSum all;
    const size_t first = random.Below(3);
    for (size_t i = 0; i < 3; ++i) Combine(all, parts[(first + i) % 3]);
    // The conversion of 128 bits rounds to the nearest, ties to even.
    EXPECT_EQ(Rounded(all), std::ldexp(static_cast<double>(units), -40));
  }
}

}  // namespace
}  // namespace tidemark
