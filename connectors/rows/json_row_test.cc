#include "connectors/rows/json_row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/random.h"
#include "connectors/rows/json_fault.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;

JsonRow Row(std::string raw) {
  JsonRow row;
  row.raw = std::move(raw);
  return row;
}

absl::StatusOr<JsonScalar> FieldOf(std::string raw, std::string_view path) {
  return Field(Row(std::move(raw)), path);
}

TEST(JsonRow, ReadsEveryKindOfValue) {
  JsonFieldReader reader;
  ASSERT_TRUE(reader
                  .Load(R"({"n": null, "t": true, "i": -9223372036854775808,
      "u": 18446744073709551615, "d": 2.50, "s": "\u00e4\"", "z": "a\u0000b", "": 1, "e": 1e2})")
                  .ok());
  EXPECT_EQ(*reader.Get("n"), JsonScalar());
  EXPECT_EQ(*reader.Get("t"), JsonScalar(true));
  EXPECT_EQ(*reader.Get("i"), JsonScalar(std::numeric_limits<int64_t>::min()));
  EXPECT_EQ(*reader.Get("u"), JsonScalar(std::numeric_limits<uint64_t>::max()));
  EXPECT_EQ(*reader.Get("d"), JsonScalar(2.5));
  EXPECT_EQ(*reader.Get("s"), JsonScalar(std::string("ä\"")));
  EXPECT_EQ(*reader.Get("z"), JsonScalar(std::string("a\0b", 3)));
  EXPECT_EQ(*reader.Get(""), JsonScalar(int64_t{1}));
  EXPECT_EQ(*reader.Get("e"), JsonScalar(100.0));
}

TEST(JsonRow, NumbersThatFitNoTypeKeepTheirDigits) {
  const auto digits = [](const char* text) { return JsonScalar(JsonNumber{text}); };
  for (const char* number : {"123456789012345678901234", "-9223372036854775809",
                             "18446744073709551616", "18446744073709551617"}) {
    EXPECT_EQ(*FieldOf(Cat("{\"a\": ", number, "}"), "a"), digits(number));
  }
  EXPECT_EQ(*FieldOf(R"({"a": 1e400})", "a"), digits("1e400"));
  EXPECT_EQ(*FieldOf(R"({"a": -10.0E+399})", "a"), digits("-1e400"));
  EXPECT_EQ(*FieldOf(R"({"a": 1e-400})", "a"), JsonScalar(0.0));
  EXPECT_EQ(*FieldOf(R"({"a": 1e20})", "a"), JsonScalar(1e20)) << "an exponent makes it a double";
  EXPECT_EQ(*FieldOf(R"({"a": -0})", "a"), JsonScalar(int64_t{0}));
  // The other values of such a row stay what they are, also where a string looks like a number.
  const std::string mixed =
      R"({"x\"1": "18446744073709551616", "o": {"b": 18446744073709551616}, "c": 7})";
  EXPECT_EQ(*FieldOf(mixed, "x\"1"), JsonScalar(std::string("18446744073709551616")));
  EXPECT_EQ(*FieldOf(mixed, "o.b"), digits("18446744073709551616"));
  EXPECT_EQ(*FieldOf(mixed, "c"), JsonScalar(int64_t{7}));
}

TEST(JsonRow, PathsLeadIntoObjects) {
  const std::string raw = R"({"a": {"b": {"c": 1}, "x": "y", "b.d": 2}, "a.x": "exact", "l": [1]})";
  EXPECT_EQ(*FieldOf(raw, "a.b.c"), JsonScalar(int64_t{1}));
  EXPECT_EQ(*FieldOf(raw, "a.b.d"), JsonScalar(int64_t{2}));
  EXPECT_EQ(*FieldOf(raw, "a.x"), JsonScalar(std::string("exact")));
  for (const char* missing : {"b", "a.y", "a.b.c2", "a.", ".a", ".", "a..b", "A"}) {
    const absl::Status status = FieldOf(raw, missing).status();
    EXPECT_TRUE(absl::IsNotFound(status)) << missing << " " << status;
    EXPECT_EQ(Message(status), Cat("a row: there is no field '", missing, "'"));
  }
  EXPECT_EQ(Message(FieldOf(raw, "a.b").status()),
            "a row: the field 'a.b' holds an object, not a single value");
  EXPECT_EQ(Message(FieldOf(raw, "l").status()),
            "a row: the field 'l' holds an array, not a single value");
  EXPECT_EQ(Message(FieldOf(raw, "l.b").status()),
            "a row: the field 'l' holds an array, not an object");
}

// Dots can be in names at every level; nothing of a row is out of reach.
TEST(JsonRow, NamesWithDotsAreFoundAtEveryLevel) {
  const std::string raw =
      R"({"a.b": {"c": 8, "c.d": {"e": 9}}, "a": {"b": {"x": 1}}, "": {"y": 2},)"
      R"( "q\"[0].z": {"k": 3},)"
      R"( "n": 5, "n.m": {"o": 6}})";
  EXPECT_EQ(*FieldOf(raw, "a.b.c"), JsonScalar(int64_t{8}));
  EXPECT_EQ(*FieldOf(raw, "a.b.c.d.e"), JsonScalar(int64_t{9}));
  EXPECT_EQ(*FieldOf(raw, "a.b.x"), JsonScalar(int64_t{1}));
  EXPECT_EQ(*FieldOf(raw, ".y"), JsonScalar(int64_t{2}));
  EXPECT_EQ(*FieldOf(raw, "q\"[0].z.k"), JsonScalar(int64_t{3}));
  EXPECT_EQ(*FieldOf(raw, "n.m.o"), JsonScalar(int64_t{6})) << "n alone is not an object";
  EXPECT_EQ(*FieldOf(R"({"a.b": {"c": 1}, "a": {"b": {"c": 2}}})", "a.b.c"), JsonScalar(int64_t{1}))
      << "the longest name goes first";
}

TEST(JsonRow, ANumberCanBeSeenAsItIsWritten) {
  JsonFieldReader row;
  ASSERT_TRUE(
      row.Load(R"({"s": "1,}", "e\u0061": 1.50e+3 , "o": {"x": [1,{"}":2}], "n": -0.10}})").ok());
  EXPECT_EQ(row.NumberText("ea"), "1.50e+3");
  EXPECT_EQ(row.NumberText("o.n"), "-0.10");
  EXPECT_EQ(row.NumberText("s"), "");
  EXPECT_EQ(row.NumberText("o.x"), "");
  EXPECT_EQ(row.NumberText("missing"), "");
}

TEST(JsonRow, AFieldThatIsThereTwiceIsAnError) {
  const std::string raw = R"({"a": 1, "b": {"c": 1, "c": 1}, "a": 1, "d": 3})";
  for (const char* twice : {"a", "b.c"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(FieldOf(raw, twice).status())) << twice;
    EXPECT_THAT(Message(FieldOf(raw, twice).status()), HasSubstr("is there twice"));
  }
  EXPECT_EQ(*FieldOf(raw, "d"), JsonScalar(int64_t{3}));
}

TEST(JsonRow, OnlyOneObjectIsAccepted) {
  for (const auto& [text, why] : std::vector<std::pair<std::string, std::string>>{
           {"", "a JSON object is expected, found a blank line"},
           {" \t", "a JSON object is expected, found a blank line"},
           {"[1]", "a JSON object is expected, found an array"},
           {"7", "a JSON object is expected, found a number"},
           {"\"x\"", "a JSON object is expected, found a string"},
           {"true", "a JSON object is expected, found a boolean"},
           {"null", "a JSON object is expected, found null"},
           {"{} x", "not JSON at byte 4: something follows the end of the value"},
           {"{\"a\": \"\xff\"}", "not JSON at byte 8: this is not UTF-8"},
           {"{\"a\": 01}", "not JSON at byte 8: a number does not begin with a zero"},
           {"{\"a\": 123456789012345678901234",
            "not JSON at byte 31: the text ends where ',' or '}' is "
            "expected"},
           {"{\"a\": 01e400}", "not JSON at byte 8: a number does not begin with a zero"},
           {"hello", "not JSON at byte 1: a value is expected"},
       }) {
    EXPECT_EQ(Message(ValidateJsonObject(text)), why) << text;
  }
  EXPECT_TRUE(ValidateJsonObject(" {\"a\": 1} ").ok());
}

TEST(JsonRow, AReaderForgetsARowThatFailed) {
  JsonFieldReader reader;
  EXPECT_TRUE(absl::IsFailedPrecondition(reader.Get("a").status()));
  ASSERT_TRUE(reader.Load(R"({"a": 1})").ok());
  JsonFieldReader copy = reader;
  EXPECT_TRUE(absl::IsFailedPrecondition(copy.Get("a").status()));
  ASSERT_FALSE(reader.Load("{").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(reader.Get("a").status()));
  ASSERT_TRUE(reader.Load(R"({"a": 2})").ok());
  EXPECT_EQ(*reader.Get("a"), JsonScalar(int64_t{2}));
}

TEST(JsonRow, EqualityIsThatOfTheBytes) {
  JsonRow here = Row("{}");
  here.file = std::make_shared<const std::string>("in");
  here.line = 3;
  EXPECT_EQ(here, Row("{}"));
  EXPECT_NE(here, Row("{ }"));
  EXPECT_EQ(here.Where(), "in:3");
}

// Goal: the slow check and simdjson agree about what JSON is. Method: small random changes of a
// text that has everything in it.
TEST(JsonRow, BothCheckersAgree) {
  const std::string whole =
      "{\"a\": [1, -2.5e+3, true, null, {\"b\": \"\\u00e4 \\\\ \xc3\xa4 \xf0\x9f\x98\x80\"}], "
      "\"\": {}}";
  const std::string alphabet = std::string("{}[]:,\"\\0123eE+-. tu\xc3\xa4\x01") + '\0';
  JsonFieldReader reader;
  for (uint64_t seed = 1; seed <= 30'000; ++seed) {
    Random random(seed);
    std::string text = whole;
    for (uint64_t n = 1 + random.Below(3); n > 0; --n) {
      const size_t at = random.Below(text.size());
      switch (random.Below(3)) {
        case 0:
          text[at] = alphabet[random.Below(alphabet.size())];
          break;
        case 1:
          text.erase(at, 1 + random.Below(3));
          break;
        default:
          text.insert(at, 1, alphabet[random.Below(alphabet.size())]);
      }
      if (text.empty()) text = "{";
    }
    const absl::Status loaded = reader.Load(text);
    const bool not_json = Message(loaded).find("not JSON") != std::string::npos;
    ASSERT_EQ(not_json, FindJsonFault(text).has_value()) << "seed " << seed << ": " << text << "\n"
                                                         << loaded;
    ASSERT_EQ(Message(loaded).find("not JSON:"), std::string::npos) << text << "\n" << loaded;
  }
}

}  // namespace
}  // namespace tidemark
