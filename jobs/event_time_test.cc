#include "jobs/event_time.h"

#include <gtest/gtest.h>

#include <string>

#include "base/status.h"

namespace tidemark {
namespace {

constexpr std::nullopt_t kNoUnit = std::nullopt;

// The time, or what is wrong.
std::string Read(const JsonScalar& value, std::optional<TimeUnit> unit) {
  const auto time = ReadEventTime(value, unit, "t");
  return time.ok() ? FormatTimestamp(*time) : std::string(ToStd(time.status().message()));
}

TEST(EventTime, CountsInItsUnit) {
  const std::string expected = "2018-01-31T02:18:21Z";
  EXPECT_EQ(Read(int64_t{1517365101}, TimeUnit::kSeconds), expected);
  EXPECT_EQ(Read(int64_t{1517365101000}, TimeUnit::kMillis), expected);
  EXPECT_EQ(Read(int64_t{1517365101000}, kNoUnit), expected);
  EXPECT_EQ(Read(int64_t{1517365101000000}, TimeUnit::kMicros), expected);
  EXPECT_EQ(Read(int64_t{1517365101000000999}, TimeUnit::kNanos), expected);
  EXPECT_EQ(Read(std::string("2018-01-31T03:18:21+01:00"), TimeUnit::kIso8601), expected);
  EXPECT_EQ(Read(std::string("2018-01-31 02:18:21Z"), kNoUnit), expected);
  EXPECT_EQ(Read(uint64_t{10'000'000'000'000'000'000u}, TimeUnit::kNanos), "2286-11-20T17:46:40Z");
}

TEST(EventTime, FractionsCount) {
  EXPECT_EQ(Read(1517365101.235, TimeUnit::kSeconds), "2018-01-31T02:18:21.235000Z");
  EXPECT_EQ(Read(0.5, TimeUnit::kMillis), "1970-01-01T00:00:00.000500Z");
  EXPECT_EQ(Read(int64_t{-1}, TimeUnit::kNanos), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(Read(int64_t{-1000}, TimeUnit::kNanos), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(Read(int64_t{-1001}, TimeUnit::kNanos), "1969-12-31T23:59:59.999998Z");
}

TEST(EventTime, LiesInTheYears1To9999) {
  constexpr int64_t kFirst = -62'135'596'800, kLast = 253'402'300'799;
  EXPECT_EQ(Read(kFirst, TimeUnit::kSeconds), "0001-01-01T00:00:00Z");
  EXPECT_EQ(Read(kLast, TimeUnit::kSeconds), "9999-12-31T23:59:59Z");
  const std::string outside = ", which is a time outside the years 1 to 9999";
  EXPECT_EQ(Read(kFirst - 1, TimeUnit::kSeconds), "field 't' is -62135596801" + outside);
  EXPECT_EQ(Read(kLast + 1, TimeUnit::kSeconds), "field 't' is 253402300800" + outside);
  EXPECT_EQ(Read(INT64_MAX, TimeUnit::kSeconds), "field 't' is 9223372036854775807" + outside);
  EXPECT_EQ(Read(UINT64_MAX, kNoUnit), "field 't' is 18446744073709551615" + outside);
  EXPECT_EQ(Read(1e300, kNoUnit), "field 't' is 1e+300" + outside);
  EXPECT_EQ(Read(-1e17, TimeUnit::kMicros), "field 't' is -1e+17" + outside);
}

TEST(EventTime, SaysWhatIsNone) {
  EXPECT_EQ(Read(JsonScalar(), kNoUnit), "field 't' is null, and a row needs a time");
  EXPECT_EQ(Read(true, kNoUnit),
            "field 't' is true, and a time here is a number of milliseconds since 1970");
  EXPECT_EQ(Read(std::string("7"), TimeUnit::kSeconds),
            "field 't' is \"7\", and a time here is a number of seconds since 1970");
  const std::string no_text =
      ", which is no time with a zone like \"2022-01-01T00:00:00Z\"; what a number would count is "
      "said by 'unit'";
  EXPECT_EQ(Read(std::string("noon"), kNoUnit), "field 't' is \"noon\"" + no_text);
  EXPECT_EQ(Read(int64_t{7}, TimeUnit::kIso8601), "field 't' is 7" + no_text);
  EXPECT_EQ(Read(std::string("2018-01-31T02:18:21"), kNoUnit),
            "field 't' is \"2018-01-31T02:18:21\"" + no_text);
  EXPECT_EQ(Read(std::string(100, 'x'), kNoUnit), "field 't' is a long text" + no_text);
}

}  // namespace
}  // namespace tidemark
