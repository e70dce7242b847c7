#include "base/readable_time.h"

#include <gtest/gtest.h>

namespace tidemark {
namespace {

Timestamp At(const char* text) { return ParseTimestamp(text).value(); }

TEST(ReadableTime, HasTheDigitsOfASecondThatItNeeds) {
  EXPECT_EQ(ReadableTime(At("2026-11-22T10:31:07Z")), "2026-11-22 10:31:07");
  EXPECT_EQ(ReadableTime(At("2026-11-22T10:31:07.25Z")), "2026-11-22 10:31:07.25");
  EXPECT_EQ(ReadableTime(At("0001-01-01T00:00:00Z")), "0001-01-01 00:00:00");
  EXPECT_EQ(ReadableTime(Timestamp::Never()), "never");
}

TEST(ReadableTime, LeavesOutTheDayThatStandsBesideIt) {
  const Timestamp near = At("2026-11-22T00:00:00Z");
  EXPECT_EQ(ReadableTime(At("2026-11-22T23:59:59Z"), near), "23:59:59");
  EXPECT_EQ(ReadableTime(At("2026-11-23T00:00:00Z"), near), "2026-11-23 00:00:00");
}

TEST(ReadableTime, RangesHaveTheSameFormAtBothEnds) {
  EXPECT_EQ(ReadableRange(At("2026-11-22T10:00:00Z"), At("2026-11-22T11:00:00Z")),
            "2026-11-22 10:00, 11:00");
  EXPECT_EQ(ReadableRange(At("2026-11-22T23:00:00Z"), At("2026-11-23T00:00:00Z")),
            "2026-11-22 23:00, 2026-11-23 00:00");
  EXPECT_EQ(ReadableRange(At("1970-01-01T00:00:00Z"), At("1970-01-01T00:00:10Z")),
            "1970-01-01 00:00:00, 00:00:10");
  EXPECT_EQ(ReadableRange(At("1969-12-31T23:59:55Z"), At("1970-01-01T00:00:05.5Z")),
            "1969-12-31 23:59:55, 1970-01-01 00:00:05.5");
}

TEST(ReadableTime, PartsOfASecondAreRounded) {
  EXPECT_EQ(WholeSecond({-1}), Timestamp{-1'000'000});
  EXPECT_EQ(WholeSecond({1'999'999}), Timestamp{1'000'000});
  EXPECT_EQ(WholeMilli({1'999'999}), Timestamp{1'999'000});
  EXPECT_EQ(NextSecond({1}), Timestamp{1'000'000});
  EXPECT_EQ(NextSecond({1'000'000}), Timestamp{1'000'000});
  EXPECT_EQ(NextSecond({-1}), Timestamp{0});
  EXPECT_EQ(NextSecond({-1'500'000}), Timestamp{-1'000'000});
  EXPECT_EQ(NextSecond(Timestamp::Max()), Timestamp::Max());
}

}  // namespace
}  // namespace tidemark
