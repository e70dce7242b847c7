#include "jobs/event_time.h"

#include <gtest/gtest.h>

#include <string>

#include "base/status.h"

namespace tidemark {
namespace {

constexpr std::nullopt_t kNoUnit = std::nullopt;

// The time, or what is wrong.
std::string Read(const JsonScalar& value, std::optional<TimeUnit> unit,
                 std::string_view field = "t", std::string_view digits = {}) {
  const auto time = ReadEventTime(value, unit, field, digits);
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

// The same from the row's own digits.
std::string ReadNumber(const std::string& number, std::optional<TimeUnit> unit) {
  JsonFieldReader row;
  EXPECT_TRUE(row.Load(Cat("{\"t\": ", number, "}")).ok()) << number;
  return Read(*row.Get("t"), unit, "t", row.NumberText("t"));
}

TEST(EventTime, FractionsAreThoseInTheRowToTheNearestMicrosecond) {
  const struct {
    const char* number;
    TimeUnit unit;
    const char* time;
  } kCases[] = {
      {"1289764162.084338", TimeUnit::kSeconds, "2010-11-14T19:49:22.084338Z"},
      {"-0.000001", TimeUnit::kSeconds, "1969-12-31T23:59:59.999999Z"},
      {"16725225600.123457", TimeUnit::kSeconds, "2500-01-01T00:00:00.123457Z"},
      {"1.6725225600123457e10", TimeUnit::kSeconds, "2500-01-01T00:00:00.123457Z"},
      {"253402300799.999999", TimeUnit::kSeconds, "9999-12-31T23:59:59.999999Z"},
      {"-62135596800.000000", TimeUnit::kSeconds, "0001-01-01T00:00:00Z"},
      {"1517365101.2345678", TimeUnit::kSeconds, "2018-01-31T02:18:21.234568Z"},
      {"1.7e9", TimeUnit::kSeconds, "2023-11-14T22:13:20Z"},
      {"15e8", TimeUnit::kSeconds, "2017-07-14T02:40:00Z"},
      {"-1.5", TimeUnit::kSeconds, "1969-12-31T23:59:58.500000Z"},
      {"253402300799999.999", TimeUnit::kMillis, "9999-12-31T23:59:59.999999Z"},
      {"1517365101234567.5", TimeUnit::kMicros, "2018-01-31T02:18:21.234568Z"},
      {"1517365101234567500.5", TimeUnit::kNanos, "2018-01-31T02:18:21.234568Z"},
      {"1517365101234567999", TimeUnit::kNanos, "2018-01-31T02:18:21.234567Z"},
      {"1517365101234567999.0", TimeUnit::kNanos, "2018-01-31T02:18:21.234567Z"},
      {"253402300799999999999", TimeUnit::kNanos, "9999-12-31T23:59:59.999999Z"},
  };
  for (const auto& one : kCases) EXPECT_EQ(ReadNumber(one.number, one.unit), one.time);
}

TEST(EventTime, AnotherUnitIsSuggestedWhereTheTimeWouldBeOfThisAge) {
  EXPECT_EQ(ReadNumber("1722587215768", TimeUnit::kSeconds),
            "field 't' is 1722587215768, which is a time outside the years 1 to 9999 as seconds; "
            "did you mean 'unit: ms'?");
  EXPECT_EQ(ReadNumber("1.722587215768e18", kNoUnit),
            "field 't' is 1.722587215768e+18, which is a time outside the years 1 to 9999 as "
            "milliseconds; did you mean 'unit: ns'?");
}

TEST(EventTime, ATextThatIsAlmostATimeIsToldWhatToDo) {
  EXPECT_EQ(Read(std::string("1722587215768"), TimeUnit::kMillis, "at"),
            "field 'at' is \"1722587215768\", a number in quotes, which is not read as a time yet; "
            "write it without quotes, as jq -c '.at |= tonumber' does");
  EXPECT_EQ(Read(std::string("2018-01-31T02:18:21"), kNoUnit, "place.at"),
            "field 'place.at' is \"2018-01-31T02:18:21\", a time without a zone, which may be any; "
            "write the zone, as jq -c '.place.at += \"Z\"' does for UTC");
  EXPECT_EQ(Read(std::string("2018-01-31T02:18:21Z"), TimeUnit::kSeconds),
            "field 't' is \"2018-01-31T02:18:21Z\", and a time here is a number of seconds since "
            "1970; did you mean 'unit: iso8601'?");
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
  EXPECT_EQ(Read(std::string("x7"), TimeUnit::kSeconds),
            "field 't' is \"x7\", and a time here is a number of seconds since 1970");
  const std::string no_text =
      ", which is not a time with a zone like \"2022-01-01T00:00:00Z\"; what a number would count "
      "is "
      "said by 'unit'";
  EXPECT_EQ(Read(std::string("noon"), kNoUnit), "field 't' is \"noon\"" + no_text);
  EXPECT_EQ(Read(int64_t{7}, TimeUnit::kIso8601), "field 't' is 7" + no_text);
  EXPECT_EQ(Read(std::string(100, 'x'), kNoUnit), "field 't' is a long text" + no_text);
}

}  // namespace
}  // namespace tidemark
