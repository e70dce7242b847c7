#include "rows/value_text.h"

#include <gtest/gtest.h>

#include <string>

#include "base/timestamp.h"

namespace tidemark {
namespace {

std::string Text(const Value& value) {
  std::string out;
  AppendText(value, out);
  return out;
}
std::string Json(const Value& value) {
  std::string out;
  AppendJson(value, out);
  return out;
}

TEST(ValueText, NumbersAreExactOrTheShortestThatReadBack) {
  EXPECT_EQ(Json(Value::Of(INT64_MIN)), "-9223372036854775808");
  EXPECT_EQ(Json(Value::Of(0.1)), "0.1");
  EXPECT_EQ(Json(Value::Of(3.0)), "3");
  EXPECT_EQ(Json(Value::Of(1e20)), "1e+20");
  EXPECT_EQ(Json(Value::Of(5e-324)), "5e-324");
  EXPECT_EQ(Json(Value::Json("18446744073709551617")), "18446744073709551617");
}

TEST(ValueText, TextsAreQuotedInJson) {
  EXPECT_EQ(Text(Value::Text("a\"b\n")), "a\"b\n");
  EXPECT_EQ(Json(Value::Text("a\"b\n")), "\"a\\\"b\\n\"");
  EXPECT_EQ(Json(Value()), "null");
  EXPECT_EQ(Json(Value::Of(true)), "true");
  EXPECT_EQ(Json(Value::Of(Timestamp{1'500'000})), "\"1970-01-01T00:00:01.500000Z\"");
}

TEST(ValueText, IntervalsReadBack) {
  for (const char* text : {"1 day", "-1 days", "1 year 2 mons 3 days 04:05:06.7", "00:00:00",
                           "-00:00:00.5", "1 mon -01:00:00", "100:00:00"}) {
    const auto parsed = ParseInterval(text);
    if (std::string(text) == "100:00:00") {
      EXPECT_FALSE(parsed.has_value());  // hours of a clock have two digits; write 100 hours
      continue;
    }
    ASSERT_TRUE(parsed.has_value()) << text;
    EXPECT_EQ(Text(Value::Of(*parsed)), text);
  }
  EXPECT_EQ(Text(Value::Of(ParseInterval("100 hours").value())), "100:00:00");
  EXPECT_FALSE(ParseInterval("").has_value());
  EXPECT_FALSE(ParseInterval("day").has_value());
  EXPECT_FALSE(ParseInterval("1e999 days").has_value());
  EXPECT_FALSE(ParseInterval("9999999999 years").has_value());
}

TEST(ValueText, TimesHaveADateAndPerhapsAZone) {
  const auto us = [](const char* text) { return ParseTime(text).value_or(Timestamp{-1}).us; };
  EXPECT_EQ(us("1970-01-02"), 86'400'000'000);
  EXPECT_EQ(us("1970-01-01T00:00:01.5Z"), 1'500'000);
  EXPECT_EQ(us(" 1970-01-01 01:00:00+01 "), 0);
  EXPECT_EQ(us("1970-01-01 01:30+0130"), 0);
  EXPECT_EQ(us("1969-12-31 23:00 -01:00"), 0);
  EXPECT_EQ(us("1970-01-01 24:00"), 86'400'000'000);
  for (const char* wrong :
       {"", "1970", "1970-13-01", "1970-02-29", "1970-01-01x", "1970-01-01T", "1970-01-01 25:00",
        "1970-01-01 10:61", "0000-01-01", "1970-01-01 10:00 PST", "10:00"}) {
    EXPECT_FALSE(ParseTime(wrong).has_value()) << wrong;
  }
}

TEST(ValueText, DescribesAValueForAMessage) {
  EXPECT_EQ(Describe(Value::Text("ab")), "the text 'ab'");
  EXPECT_EQ(Describe(Value::Of(int64_t{7})), "the number 7");
  EXPECT_EQ(Describe(Value::Json("[1]")), "the array [1]");
  const std::string shown = Describe(Value::Text(std::string(30, 'a') + std::string(30, '\xc3')));
  EXPECT_LT(shown.size(), 70u);
}

}  // namespace
}  // namespace tidemark
