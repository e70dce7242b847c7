#include "state/value_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "state/value_codec.h"

namespace tidemark {

struct JsonRow {
  std::string text;
};
struct Blob {
  std::string bytes;
};
template <>
struct ValueTraits<JsonRow> {
  static constexpr std::string_view kName = "JsonRow";
  static constexpr TypeKind kKind = TypeKind::kJson;
  static void Encode(const JsonRow& row, std::string& out) { EncodeBytes(row.text, out); }
};
template <>
struct ValueTraits<Blob> {
  static constexpr std::string_view kName = "Blob";
  static constexpr TypeKind kKind = TypeKind::kBytes;
  static void Encode(const Blob& blob, std::string& out) { EncodeBytes(blob.bytes, out); }
};

namespace {

template <class T>
std::string Json(const T& value) {
  const absl::StatusOr<std::string> json = ValueToJson(SchemaOf<T>(), EncodeToString(value));
  return json.ok() ? *json : std::string(json.status().message());
}

std::string JsonString(std::string_view text) {
  std::string json;
  AppendJsonString(text, json);
  return json;
}

enum class Color : int { kBlue = -3 };
struct Nothing {};
struct Reading {
  std::string sensor;
  double celsius;
  absl::Time at;
};

TEST(ValueJsonTest, AStructIsAnObjectInTheOrderOfItsFields) {
  EXPECT_EQ(Json(Reading{"s1", 21.5, absl::FromUnixSeconds(1'640'995'200)}),
            R"({"sensor":"s1","celsius":21.5,"at":"2022-01-01T00:00:00Z"})");
  EXPECT_EQ(Json(Nothing()), "{}");
}

TEST(ValueJsonTest, Numbers) {
  EXPECT_EQ(Json(int8_t{-128}), "-128");
  EXPECT_EQ(Json(uint8_t{200}), "200");
  EXPECT_EQ(Json(std::numeric_limits<int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(Json(std::numeric_limits<uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(Json(Color::kBlue), "-3");
  EXPECT_EQ(Json(true), "true");
  EXPECT_EQ(Json(1.0), "1");
  EXPECT_EQ(Json(0.1), "0.1");
  EXPECT_EQ(Json(0.1f), "0.1");
  EXPECT_EQ(Json(-0.0), "-0");
  EXPECT_EQ(Json(1e300), "1e+300");
  EXPECT_EQ(Json(double{1} / 3), "0.3333333333333333");
  EXPECT_EQ(Json(double{NAN}), R"("NaN")");
  EXPECT_EQ(Json(-std::numeric_limits<float>::infinity()), R"("-Infinity")");
  std::string json;
  AppendJsonDouble(2.5, json);
  AppendJsonDouble(INFINITY, json);
  EXPECT_EQ(json, R"(2.5"Infinity")");
}

TEST(ValueJsonTest, StringsAreEscapedOrHex) {
  EXPECT_EQ(JsonString("plain"), R"("plain")");
  EXPECT_EQ(JsonString(""), R"("")");
  EXPECT_EQ(JsonString("\"\\/\n\r\t\b\f\x01\x7f"), "\"\\\"\\\\/\\n\\r\\t\\b\\f\\u0001\x7f\"");
  EXPECT_EQ(JsonString(std::string_view("a\0b", 3)), "\"a\\u0000b\"");
  EXPECT_EQ(JsonString("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
            "\"h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"");
  EXPECT_EQ(Json('x'), R"("x")");
  EXPECT_EQ(Json('\xff'), R"({"hex":"ff"})");
  std::string json = "[";
  AppendJsonString("\xff", json);
  EXPECT_EQ(json, R"([{"hex":"ff"})");
}

TEST(ValueJsonTest, WhatIsNotUtf8IsHex) {
  for (const std::string_view bad :
       {"\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe2\x82", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82\x41",
        "\xf0\x9f\x98"}) {
    EXPECT_TRUE(JsonString(bad).starts_with("{\"hex\":\"")) << JsonString(bad);
  }
  for (const std::string_view good : {"\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                                      "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(JsonString(good), "\"" + std::string(good) + "\"");
  }
  EXPECT_EQ(JsonString("a\n\xff"), R"({"hex":"610aff"})");
}

TEST(ValueJsonTest, TimesAndDurations) {
  const absl::Time t = absl::FromUnixSeconds(1'640'995'200);
  EXPECT_EQ(Json(t + absl::Milliseconds(500)), R"("2022-01-01T00:00:00.500000Z")");
  EXPECT_EQ(Json(t + absl::Nanoseconds(1) / 4), R"("2022-01-01T00:00:00.00000000025Z")");
  EXPECT_EQ(Json(absl::InfiniteFuture()), R"("infinite-future")");
  EXPECT_EQ(Json(absl::InfinitePast()), R"("infinite-past")");
  EXPECT_EQ(Json(Timestamp{1'640'995'200'000'001}), R"("2022-01-01T00:00:00.000001Z")");
  EXPECT_EQ(Json(Timestamp::Never()), R"("never")");
  EXPECT_EQ(Json(absl::Seconds(10)), R"("10s")");
  EXPECT_EQ(Json(absl::Minutes(90)), R"("1h30m")");
  EXPECT_EQ(Json(absl::InfiniteDuration()), R"("inf")");
  EXPECT_EQ(Json(Span::Seconds(10)), R"("10s")");
}

TEST(ValueJsonTest, Containers) {
  EXPECT_EQ(Json(std::optional<int>()), "null");
  EXPECT_EQ(Json(std::optional<int>(3)), "3");
  EXPECT_EQ(Json(std::vector<int>()), "[]");
  EXPECT_EQ(Json(std::vector<std::vector<bool>>{{true}, {}}), "[[true],[]]");
  EXPECT_EQ(Json(std::array<int, 2>{1, 2}), "[1,2]");
  EXPECT_EQ(Json(std::array<int, 0>{}), "[]");
  EXPECT_EQ(Json(std::pair<int, std::string>(1, "a")), R"([1,"a"])");
  EXPECT_EQ(Json(std::tuple<>()), "[]");
  EXPECT_EQ(Json(std::set<char>{'b', 'a'}), R"(["a","b"])");
}

TEST(ValueJsonTest, MapsAreObjectsWhereAllKeysAreText) {
  using Map = std::map<std::string, int>;
  EXPECT_EQ(Json(Map()), "{}");
  EXPECT_EQ(Json(Map{{"a", 1}, {"b", 2}}), R"({"a":1,"b":2})");
  EXPECT_EQ(Json(Map{{"a", 1}, {"\xff", 2}}), R"([["a",1],[{"hex":"ff"},2]])");
  EXPECT_EQ(Json(std::map<int, int>()), "[]");
  EXPECT_EQ(Json(std::unordered_map<int, bool>{{2, true}, {1, false}}), "[[1,false],[2,true]]");
  EXPECT_EQ(Json(std::map<Timestamp, int>{{Timestamp{0}, 1}}), R"([["1970-01-01T00:00:00Z",1]])");
  EXPECT_EQ(Json(std::map<std::string, Map>{{"\xff", {{"x", 1}, {"\xfe", 2}}}, {"a", {}}}),
            R"([["a",{}],[{"hex":"ff"},[["x",1],[{"hex":"fe"},2]]]])");
}

TEST(ValueJsonTest, AVariantNamesItsAlternative) {
  using Variant = std::variant<std::monostate, int, Reading, std::vector<std::string>>;
  EXPECT_EQ(Json(Variant()), R"({"null":null})");
  EXPECT_EQ(Json(Variant(3)), R"({"i32":3})");
  EXPECT_EQ(Json(Variant(Reading{"", 0, absl::UnixEpoch()})),
            R"({"Reading":{"sensor":"","celsius":0,"at":"1970-01-01T00:00:00Z"}})");
  EXPECT_EQ(Json(Variant(std::vector<std::string>{"a"})), R"({"list<string>":["a"]})");
}

TEST(ValueJsonTest, CustomTypesAreJsonOrHex) {
  EXPECT_EQ(Json(std::vector<JsonRow>{{R"({"a": 1})"}, {"[]"}}), R"([{"a": 1},[]])");
  EXPECT_EQ(Json(Blob{"\x01\xff"}), R"({"hex":"01ff"})");
}

struct Node {
  int id = 0;
  std::vector<Node> children;
  std::unique_ptr<Node> next;
};

TEST(ValueJsonTest, RecursiveTypes) {
  Node node;
  node.children.resize(1);
  node.next = std::make_unique<Node>();
  EXPECT_EQ(Json(node), R"({"id":0,"children":[{"id":0,"children":[],"next":null}],)"
                        R"("next":{"id":0,"children":[],"next":null}})");
}

TEST(ValueJsonTest, BytesThatAreNotTheSchemasAreDataLoss) {
  const std::string bytes = EncodeToString(Reading{"s1", 21.5, absl::UnixEpoch()});
  const TypeSchema schema = SchemaOf<Reading>();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(ValueToJson(schema, bytes.substr(0, size)).status().code(),
              absl::StatusCode::kDataLoss);
  }
  EXPECT_EQ(ValueToJson(schema, bytes + "x").status().message(),
            "a stored value is damaged at byte 13: trailing bytes follow its end");
}

// A struct that holds itself, and tuples of nothing but structs: no bytes would ever end them.
TEST(ValueJsonTest, AHostileSchemaEndsToo) {
  TypeRef self{.kind = TypeKind::kStruct, .name = {}, .def = 0, .length = 0, .args = {}};
  const TypeSchema schema{.structs = {{"S", {{"a", self}, {"b", self}}}}, .root = self};
  ASSERT_TRUE(ValidateSchema(schema).ok());
  EXPECT_EQ(ValueToJson(schema, "").status().code(), absl::StatusCode::kDataLoss);
  TypeRef array{
      .kind = TypeKind::kArray, .name = {}, .def = 0, .length = ~uint64_t{0}, .args = {{}}};
  EXPECT_FALSE(ValueToJson({.structs = {}, .root = array}, std::string(100, '\0')).ok());
  array.args.clear();  // not valid: noticed all the same
  EXPECT_FALSE(ValueToJson({.structs = {}, .root = array}, "x").ok());
  self.def = 7;
  EXPECT_FALSE(ValueToJson({.structs = {}, .root = self}, "x").ok());
}

}  // namespace
}  // namespace tidemark
