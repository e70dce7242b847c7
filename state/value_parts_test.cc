#include "state/value_parts.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <variant>

#include "absl/time/time.h"
#include "base/random.h"
#include "base/timestamp.h"
#include "state/value_codec.h"
#include "state/value_json.h"

namespace tidemark {
namespace {

struct Inner {
  std::string name;
  double number = 0;
};
struct Everything {
  std::optional<Inner> maybe;
  std::map<std::string, int> per_day;
  std::variant<std::monostate, bool, Span> last;
  std::vector<Inner> list;
  std::pair<absl::Time, absl::Duration> times;
  Timestamp at;
  uint16_t small = 0;
};

Everything Example() {
  return {.maybe = Inner{"s1", 21.5},
          .per_day = {{"a", -1}, {"b", 2}},
          .last = Span::Seconds(1),
          .list = {{"x", 1}, {"y", 2}},
          .times = {absl::FromUnixSeconds(7), absl::Seconds(3)},
          .at = {1'000'000},
          .small = 300};
}

TEST(ValueParts, EachPartIsAValueOfItsOwn) {
  const TypeSchema schema = SchemaOf<Everything>();
  std::string bytes;
  EncodeValue(Example(), bytes);
  const ValuePart whole{.type = &schema.root, .bytes = bytes};
  const auto fields = PartsOf(schema, whole);
  ASSERT_TRUE(fields.ok()) << fields.status();
  const auto json = [&](const ValuePart& part) {
    return ValueToJson(SchemaOfPart(schema, part), part.bytes).value_or("?");
  };
  const auto parts = [&](std::string_view name) {
    std::string texts;
    const ValuePart* field = FieldNamed(schema, whole, *fields, name);
    if (field == nullptr) return std::string("none");
    const auto found = PartsOf(schema, *field);
    if (!found.ok()) return std::string(found.status().message());
    for (const ValuePart& part : *found) texts += json(part) + " ";
    return texts;
  };
  EXPECT_EQ(parts("maybe"), "{\"name\":\"s1\",\"number\":21.5} ");
  EXPECT_EQ(parts("per_day"), "\"a\" -1 \"b\" 2 ");
  EXPECT_EQ(parts("last"), "\"1s\" ");
  EXPECT_EQ(parts("list"), "{\"name\":\"x\",\"number\":1} {\"name\":\"y\",\"number\":2} ");
  EXPECT_EQ(parts("times"), "\"1970-01-01T00:00:07Z\" \"3s\" ");
  EXPECT_EQ(parts("at"), "");
  EXPECT_EQ(parts("nothing"), "none");
  Timestamp at;
  std::string_view in = FieldNamed(schema, whole, *fields, "at")->bytes;
  ASSERT_TRUE(DecodeValue(in, at).ok());
  EXPECT_EQ(at, Timestamp{1'000'000});
}

TEST(ValueParts, WhatIsCutOrTooLongIsDataLoss) {
  const TypeSchema schema = SchemaOf<Everything>();
  std::string bytes;
  EncodeValue(Example(), bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto parts = PartsOf(schema, {.type = &schema.root, .bytes = bytes.substr(0, size)});
    EXPECT_TRUE(absl::IsDataLoss(parts.status())) << size;
  }
  bytes += 'x';
  EXPECT_TRUE(absl::IsDataLoss(PartsOf(schema, {&schema.root, bytes}).status()));
}

// Hostile bytes: an answer, and parts that lie within the bytes.
TEST(ValueParts, AnyBytesHaveAnAnswer) {
  const TypeSchema schema = SchemaOf<Everything>();
  const uint64_t seed = FreshSeed();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  std::string whole;
  EncodeValue(Example(), whole);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = whole;
    for (uint64_t n = random.Below(4) + 1; n > 0; --n) {
      bytes[random.Below(bytes.size())] = static_cast<char>(random.Below(256));
    }
    const auto parts = PartsOf(schema, {.type = &schema.root, .bytes = bytes});
    if (!parts.ok()) continue;
    size_t size = 0;
    for (const ValuePart& part : *parts) size += part.bytes.size();
    ASSERT_EQ(size, bytes.size());
  }
}

}  // namespace
}  // namespace tidemark
