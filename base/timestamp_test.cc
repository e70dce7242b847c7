#include "base/timestamp.h"

#include <gtest/gtest.h>

namespace tidemark {
namespace {

TEST(Timestamp, SumsSaturateAtTheEndsOfTheRange) {
  EXPECT_EQ(Timestamp::Max() + Span::Micros(1), Timestamp::Max());
  EXPECT_EQ(Timestamp::Min() - Span::Micros(1), Timestamp::Min());
  EXPECT_EQ(Timestamp::Min() + Span::Infinite(), Timestamp::Max());
  EXPECT_EQ(Timestamp::Max() - Span::Infinite(), Timestamp::Min());
  EXPECT_EQ(Timestamp::Never() + Span::Seconds(-5), Timestamp::Never());
}

TEST(Timestamp, TheMinimumPlusTwoSecondsIsATime) {
  EXPECT_EQ(FormatTimestamp(Timestamp::Min() + Span::Seconds(2)), "0001-01-01T00:00:02Z");
}

TEST(Timestamp, TextRoundTripsAtBothEnds) {
  for (const Timestamp t :
       {Timestamp::Min(), Timestamp::Max(), Timestamp{0}, Timestamp{-1}, Timestamp{1'500'000}}) {
    auto parsed = ParseTimestamp(FormatTimestamp(t));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, t);
  }
  EXPECT_EQ(FormatTimestamp(Timestamp::Max()), "9999-12-31T23:59:59.999999Z");
}

TEST(Timestamp, TimesOutsideTheRangeAreErrors) {
  EXPECT_FALSE(Timestamp::FromAbsl(absl::InfiniteFuture()).ok());
  EXPECT_FALSE(Timestamp::FromAbsl(Timestamp::Min().ToAbsl() - absl::Microseconds(1)).ok());
  EXPECT_TRUE(Timestamp::FromAbsl(Timestamp::Max().ToAbsl() + absl::Nanoseconds(999)).ok());
}

TEST(Timestamp, BetweenTwoMicrosecondsIsRoundedDownAlsoBeforeTheEpoch) {
  EXPECT_EQ(Timestamp::FromAbsl(absl::UnixEpoch() - absl::Nanoseconds(1))->us, -1);
}

TEST(Timestamp, AZoneIsRequired) {
  EXPECT_FALSE(ParseTimestamp("2022-01-01T00:00:00").ok());
  EXPECT_EQ(ParseTimestamp("2022-01-01 01:00:00+01:00")->us, 1'640'995'200'000'000);
}

TEST(Span, ReadsWhatPeopleWrite) {
  EXPECT_EQ(ParseSpan("10m")->us, 600'000'000);
  EXPECT_EQ(ParseSpan("1.5s")->us, 1'500'000);
  EXPECT_EQ(ParseSpan("3d")->us, int64_t{3} * 86'400'000'000);
  EXPECT_EQ(ParseSpan("1d12h")->us, int64_t{36} * 3'600'000'000);
  EXPECT_TRUE(ParseSpan("inf")->is_infinite());
  EXPECT_FALSE(ParseSpan("10").ok());
  EXPECT_FALSE(ParseSpan("ten seconds").ok());
  EXPECT_FALSE(ParseSpan("").ok());
}

TEST(Span, WritesWhatItReads) {
  for (const char* text : {"10m", "1.5s", "3d", "24m", "inf", "0"}) {
    EXPECT_EQ(FormatSpan(*ParseSpan(text)), text);
  }
}

}  // namespace
}  // namespace tidemark
