#include "tests/conformance/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "state/value_codec.h"

namespace tidemark::conformance {
namespace {

using ::testing::HasSubstr;

Json Parsed(std::string_view text) {
  auto json = ParseJson(text);
  EXPECT_TRUE(json.ok()) << json.status();
  return json.ok() ? *std::move(json) : Json();
}

TEST(Json, ReadsAndPrintsEveryKind) {
  for (const char* text : {"null", "true", "false", "0", "-7", "9223372036854775807", "1.0", "-0.5",
                           "1e+300", "26.666666666666668", R"("a\n\"\\é")", "[]", "{}",
                           "[1, [null], {}]", R"({"b": 1, "a": {"c": [true]}})"}) {
    EXPECT_EQ(ToText(Parsed(text)), text);
  }
}

TEST(Json, NumbersAreEqualByValue) {
  EXPECT_EQ(Parsed("1"), Parsed("1.0"));
  EXPECT_EQ(Parsed("0"), Parsed("-0.0"));
  EXPECT_NE(Parsed("1"), Parsed("1.0000000000000002"));
  // The double nearest to 2^53 + 1 is 2^53.
  EXPECT_NE(Parsed("9007199254740993"), Parsed("9007199254740993.0"));
  EXPECT_LT(Parsed("9223372036854775807"), Parsed("9223372036854775808.0"));
  EXPECT_GT(Parsed("-9223372036854775807"), Parsed("-9223372036854775808.0"));
  EXPECT_LT(Parsed("-2"), Parsed("-1.5"));
  EXPECT_LT(Parsed("-1.5"), Parsed("-1"));
  EXPECT_GT(Parsed("2"), Parsed("1.5"));
}

TEST(Json, OtherKindsAreNotEqual) {
  EXPECT_NE(Parsed("1"), Parsed("true"));
  EXPECT_NE(Parsed("0"), Parsed("null"));
  EXPECT_NE(Parsed("0"), Parsed("false"));
  EXPECT_NE(Parsed("1"), Parsed(R"("1")"));
  EXPECT_NE(Parsed("[]"), Parsed("{}"));
}

TEST(Json, TheOrderOfAMapMeansNothing) {
  EXPECT_EQ(Parsed(R"({"a": 1, "b": 2})"), Parsed(R"({"b": 2, "a": 1})"));
  EXPECT_NE(Parsed(R"({"a": 1})"), Parsed(R"({"a": 1, "b": null})"));
  EXPECT_NE(Parsed(R"({"a": 1})"), Parsed(R"({"b": 1})"));
}

TEST(Json, HasATotalOrder) {
  const char* sorted[] = {"null",  "false",  "true",        "-1",          "2.5",        "3",
                          R"("")", R"("B")", R"("a")",      "[]",          "[0]",        "[0, 0]",
                          "[1]",   "{}",     R"({"a": 1})", R"({"a": 2})", R"({"b": 0})"};
  for (size_t i = 0; i < std::size(sorted); ++i) {
    for (size_t j = 0; j < std::size(sorted); ++j) {
      EXPECT_EQ(Parsed(sorted[i]) <=> Parsed(sorted[j]), i <=> j) << sorted[i] << ", " << sorted[j];
    }
  }
}

TEST(Json, SaysWhatIsWrong) {
  EXPECT_THAT(std::string(ParseJson("[1,").status().message()), HasSubstr("not JSON"));
  EXPECT_THAT(std::string(ParseJson(R"({"a": 1, "a": 2})").status().message()),
              HasSubstr("'a' appears twice"));
}

TEST(Json, ComesBackFromItsStoredBytes) {
  const Json json = Parsed(R"([null, true, 1, 1.0, "x", {"b": [], "a": 2}])");
  Json back;
  ASSERT_TRUE(DecodeAll(EncodeToString(json), back).ok());
  EXPECT_EQ(ToText(back), ToText(json)) << "1 and 1.0 stay apart";
  EXPECT_EQ(DecodeAll("\x02[1", back).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace tidemark::conformance
