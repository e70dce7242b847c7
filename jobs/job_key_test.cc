#include "jobs/job_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/rows/json_row.h"
#include "jobs/json_row_state.h"
#include "state/memory_size.h"
#include "state/reflect_recoverable.h"
#include "state/state_key.h"
#include "state/type_schema.h"
#include "state/value_codec.h"
#include "state/value_json.h"
#include "tidemark/key_traits.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

static_assert(KeyType<JobKey>);
static_assert(RecoverableState<JobKey>);
static_assert(RecoverableState<JsonRow>);

JsonRow Row(std::string raw) {
  JsonRow row;
  row.raw = std::move(raw);
  return row;
}

absl::StatusOr<JobKey> KeyOf(std::string raw, std::vector<std::string> fields = {"k"}) {
  return JobKeyReader(std::move(fields)).Read(Row(std::move(raw)));
}
JobKey Key(const std::string& value) {
  const auto key = KeyOf(Cat("{\"k\": ", value, "}"));
  EXPECT_TRUE(key.ok()) << value << " " << key.status();
  return key.ok() ? *key : JobKey();
}
// As it is written into a row.
std::string Shown(const std::string& value) {
  std::string json;
  for (const KeyPart& part : Key(value).Parts()) AppendKeyPartJson(part, json);
  return json;
}
std::string Problem(const std::string& raw, std::vector<std::string> fields = {"k"}) {
  const auto key = KeyOf(raw, std::move(fields));
  EXPECT_TRUE(absl::IsInvalidArgument(key.status())) << key.status();
  return std::string(ToStd(key.status().message()));
}

TEST(JobKey, HasTheTypeOfTheValue) {
  EXPECT_EQ(Shown("\"ci\""), "\"ci\"");
  EXPECT_EQ(Shown("\"\""), "\"\"");
  EXPECT_EQ(Shown(R"("a\u0000\n\"\\ \u00fc \ud83c\udf0a")"), "\"a\\u0000\\n\\\"\\\\ ü 🌊\"");
  EXPECT_EQ(Shown("7"), "7");
  EXPECT_EQ(Shown("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(Shown("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(Shown("2.30"), "2.3");
  EXPECT_EQ(Shown("true"), "true");
  EXPECT_EQ(Shown("false"), "false");
  EXPECT_EQ(Shown("null"), "null");
  const std::vector<JobKey> different = {Key("null"), Key("false"), Key("true"),  Key("0"),
                                         Key("7"),    Key("7.5"),   Key("\"7\""), Key("\"\"")};
  for (size_t a = 0; a < different.size(); ++a) {
    for (size_t b = 0; b < different.size(); ++b) EXPECT_EQ(different[a] == different[b], a == b);
  }
}

TEST(JobKey, ANumberIsOneKeyHoweverItIsWritten) {
  for (const char* two : {"2.0", "2e0", "20e-1", "2.00"}) EXPECT_EQ(Key(two), Key("2")) << two;
  EXPECT_EQ(Key("-0.0"), Key("0"));
  EXPECT_EQ(Key("1e18"), Key("1000000000000000000"));
  EXPECT_EQ(Key("0.5"), Key("5e-1"));
  EXPECT_EQ(Shown("2.0"), "2");
  // These are one double, but not one key.
  EXPECT_NE(Key("9007199254740993"), Key("9007199254740992"));
  EXPECT_EQ(Key("9007199254740993.0"), Key("9007199254740993"));
  EXPECT_EQ(Key("900719925474099.3e1"), Key("9007199254740993"));
  EXPECT_EQ(Key("9.223372036854775807e18"), Key("9223372036854775807"));
}

TEST(JobKey, WhatHasNoExactFormIsNoKey) {
  for (const char* number : {"18446744073709551616", "-9223372036854775809", "1e30", "1e400"}) {
    EXPECT_EQ(
        Problem(Cat("{\"k\": ", number, "}")),
        "field 'k' is a number beyond 64 bits, which cannot be told from its neighbours; as a "
        "key it has to be a string");
  }
  for (const char* number : {"9223372036854775808", "1e19", "18446744073709551615"}) {
    EXPECT_EQ(Problem(Cat("{\"k\": ", number, "}")),
              "field 'k' is a number beyond 64 bits with a sign; as a key it has to be a string");
  }
  EXPECT_EQ(Problem("{\"k\": [1]}"), "the field 'k' holds an array, not a single value");
  EXPECT_EQ(Problem("{\"k\": {}}"), "the field 'k' holds an object, not a single value");
  EXPECT_EQ(Problem("{\"l\": 1}"), "field 'k' is missing");
  EXPECT_EQ(Problem("{\"a\": 1}", {"a", "b"}), "field 'b' is missing");
  EXPECT_THAT(Problem("{\"k\": 1, \"k\": 2}"), HasSubstr("twice"));
}

// It is bounded as it is stored: a tag in front of a string, and two bytes that end it.
TEST(JobKey, OneThatIsTooLongIsNoKey) {
  const std::string longest(kUserKeyBytesMax - 3, 'x');
  EXPECT_TRUE(KeyOf(Cat("{\"k\": \"", longest, "\"}"), {"k"}).ok());
  EXPECT_EQ(Problem(Cat("{\"k\": \"", longest, "x\"}")),
            "the key has 65537 bytes, and at most 65536 are possible");
}

TEST(JobKey, SeveralFieldsAreSeveralParts) {
  const auto key =
      KeyOf(R"({"net": "us", "at": {"lon": -7}, "a.b": null})", {"at.lon", "a.b", "net"});
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->Parts(), (std::vector<KeyPart>{int64_t{-7}, std::monostate(), std::string("us")}));
  EXPECT_EQ(UserKeyToJson(key->encoded), "[-7,null,\"us\"]");
  // The border between two parts is not part of their text.
  EXPECT_NE(*KeyOf(R"({"a": "x", "b": "yz"})", {"a", "b"}),
            *KeyOf(R"({"a": "xy", "b": "z"})", {"a", "b"}));
}

TEST(JobKey, NoFieldsIsOneKeyForAllRows) {
  const auto key = KeyOf("whatever, it is not looked at", {});
  ASSERT_TRUE(key.ok());
  EXPECT_TRUE(key->Parts().empty());
}

TEST(JobKey, SortsByTypeAndThenAsItsValuesDo) {
  std::vector<JobKey> sorted;
  for (const char* value :
       {"null", "false", "true", "-9223372036854775808", "-1", "0", "10", "9223372036854775807",
        "-1.5", "0.5", "\"\"", "\"a\"", "\"a\\u0000\"", "\"aa\"", "\"b\""}) {
    sorted.push_back(Key(value));
  }
  EXPECT_TRUE(std::is_sorted(sorted.begin(), sorted.end()));
}

TEST(JobKey, ComesBackFromItsStoredForms) {
  for (const char* value : {"null", "true", "-7", "9223372036854775807", "0.1", "\"a\\u0000b\""}) {
    const JobKey key = Key(value);
    std::string stored;
    EncodeKey(key, stored);
    const auto decoded = DecodeKey<JobKey>(stored);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, key);

    std::vector<JobKey> values;
    ASSERT_TRUE(DecodeAll(EncodeToString(std::vector<JobKey>{key}), values).ok());
    EXPECT_THAT(values, ElementsAre(key));
  }
  EXPECT_TRUE(DecodeKey<JobKey>("")->Parts().empty());
  std::vector<JobKey> damaged;
  EXPECT_FALSE(DecodeAll(EncodeToString(std::vector<std::string>{"\x40no end"}), damaged).ok());
}

TEST(JsonRowState, KeepsTheSourceBytesAndNotTheirPlace) {
  JsonRow row = Row(R"({"n": 2.30, "u": "ü", "big": 12345678901234567890})");
  row.file = std::make_shared<const std::string>("in.jsonl");
  row.line = 17;
  const std::string stored = EncodeToString(std::vector<JsonRow>{row});
  std::vector<JsonRow> again;
  ASSERT_TRUE(DecodeAll(stored, again).ok());
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].raw, row.raw);
  EXPECT_EQ(again[0].Where(), "a row");
  EXPECT_EQ(*ValueToJson(SchemaOf<std::vector<JsonRow>>(), stored), Cat("[", row.raw, "]"));
  EXPECT_GE(MemoryBytes(row), sizeof(row) + row.raw.size());
}

}  // namespace
}  // namespace tidemark
