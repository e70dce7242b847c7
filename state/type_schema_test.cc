#include "state/type_schema.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace tidemark {

class JsonRow {
 public:
  JsonRow() {}
};
template <>
struct ValueTraits<JsonRow> {
  static constexpr std::string_view kName = "JsonRow";
  static constexpr TypeKind kKind = TypeKind::kJson;
};

namespace {

using Lines = std::vector<std::string>;

struct Reading {
  std::string sensor;
  double celsius = 0;
  absl::Time at;
};

enum class Color : int16_t { kRed };
struct Nothing {};

struct Everything {
  std::monostate none;
  bool flag;
  char letter;
  int8_t i1;
  uint16_t u2;
  long long i8;
  float f;
  Timestamp ts;
  Span span;
  absl::Duration d;
  Color color;
  JsonRow row;
  std::optional<Reading> best;
  std::unique_ptr<int> p;
  std::deque<bool> q;
  std::array<uint64_t, 3> a3;
  std::unordered_set<std::string> names;
  absl::flat_hash_map<std::string, std::vector<Reading>> by_name;
  std::pair<int, Nothing> pair;
  std::tuple<> unit;
  std::variant<std::monostate, Reading, std::string> v;
};

TEST(TypeSchemaTest, DescribesAStructOnOneLine) {
  EXPECT_EQ(Describe(SchemaOf<Reading>()),
            "struct Reading {sensor: string, celsius: f64, at: time}");
}

TEST(TypeSchemaTest, DescribesEveryKind) {
  EXPECT_EQ(
      Describe(SchemaOf<Everything>()),
      "struct Everything {none: null, flag: bool, letter: char, i1: i8, u2: u16, i8: i64, f: f32, "
      "ts: timestamp, span: span, d: duration, color: enum Color: i16, row: JsonRow(json), "
      "best: optional<Reading>, p: optional<i32>, q: list<bool>, a3: array<u64, 3>, "
      "names: set<string>, by_name: map<string, list<Reading>>, pair: tuple<i32, Nothing>, "
      "unit: tuple<>, v: variant<null, Reading, string>}; "
      "struct Reading {sensor: string, celsius: f64, at: time}; struct Nothing {}");
}

struct Node {
  int id;
  std::vector<Node> children;
  std::unique_ptr<Node> next;
};

TEST(TypeSchemaTest, ARecursiveTypeIsOneStruct) {
  const TypeSchema schema = SchemaOf<std::vector<Node>>();
  EXPECT_EQ(Describe(schema),
            "list<Node>; struct Node {id: i32, children: list<Node>, next: optional<Node>}");
  EXPECT_TRUE(ValidateSchema(schema).ok());
  EXPECT_EQ(Diff(schema, schema), Lines());
}

TEST(TypeSchemaTest, EqualMeansTheSameNamesEverywhere) {
  EXPECT_EQ(SchemaOf<Everything>(), SchemaOf<Everything>());
  EXPECT_FALSE(SchemaOf<Reading>() == SchemaOf<Node>());
  EXPECT_EQ(SchemaOf<std::vector<int>>(), SchemaOf<std::deque<int>>());
}

TEST(TypeSchemaDiffTest, TellsChangedRemovedAndAddedFields) {
  const TypeSchema stored = SchemaOf<Reading>();
  struct Reading {
    std::string sensor;
    float celsius = 0;
    int x = 0;
  };
  EXPECT_EQ(Diff(stored, SchemaOf<Reading>()), Lines({"field 'celsius' changed from f64 to f32",
                                                      "field 'at' removed", "field 'x' added"}));
}

TEST(TypeSchemaDiffTest, TellsAChangedRoot) {
  EXPECT_EQ(Diff(SchemaOf<int64_t>(), SchemaOf<Reading>()),
            Lines({"value changed from i64 to Reading"}));
  EXPECT_EQ(Diff(SchemaOf<std::vector<int>>(), SchemaOf<std::set<int>>()),
            Lines({"value changed from list<i32> to set<i32>"}));
}

namespace version1 {
struct Item {
  int amount;
};
struct Ledger {
  Item last;
  std::vector<std::optional<Item>> items;
  std::map<std::string, std::vector<Item>> by_name;
  std::variant<int, Item> either;
  std::pair<int, Item> pair;
  std::vector<int> numbers;
};
}  // namespace version1
namespace version2 {
struct Entry {
  std::string amount;
};
struct Ledger {
  Entry last;
  std::vector<std::optional<Entry>> items;
  std::map<std::string, std::vector<Entry>> by_name;
  std::variant<int, Entry> either;
  std::pair<int, Entry> pair;
  std::vector<uint32_t> numbers;
};
}  // namespace version2

// A struct that is used in several places is compared once, at its first use.
TEST(TypeSchemaDiffTest, NamesThePathToANestedField) {
  EXPECT_EQ(Diff(SchemaOf<version1::Ledger>(), SchemaOf<version2::Ledger>()),
            Lines({"field 'last.amount' changed from i32 to string",
                   "field 'numbers' changed from list<i32> to list<u32>"}));
  EXPECT_EQ(Diff(SchemaOf<std::vector<std::optional<version1::Item>>>(),
                 SchemaOf<std::vector<std::optional<version2::Entry>>>()),
            Lines({"field '[].amount' changed from i32 to string"}));
  using Old = std::tuple<std::map<std::string, version1::Item>, int>;
  using New = std::tuple<std::map<std::string, version2::Entry>, int>;
  EXPECT_EQ(Diff(SchemaOf<Old>(), SchemaOf<New>()),
            Lines({"field '<0>{value}.amount' changed from i32 to string"}));
  EXPECT_EQ(Diff(SchemaOf<std::variant<int, version1::Item>>(),
                 SchemaOf<std::variant<int, version2::Entry>>()),
            Lines({"field '<Item>.amount' changed from i32 to string"}));
}

TEST(TypeSchemaDiffTest, TellsAChangedOrderSinceBytesHaveNoNames) {
  struct Before {
    int a, b, c;
  };
  struct After {
    int c, a, b;
  };
  EXPECT_EQ(Diff(SchemaOf<Before>(), SchemaOf<After>()),
            Lines({"fields 'a', 'b', 'c' changed their order to 'c', 'a', 'b'"}));
}

TEST(TypeSchemaDiffTest, NamesOfStructsAndEnumsMayChange) {
  struct Before {
    Color color;
    Reading reading;
  };
  enum class Colour : int16_t {};
  struct Measurement {
    std::string sensor;
    double celsius = 0;
    absl::Time at;
  };
  struct After {
    Colour color;
    Measurement reading;
  };
  EXPECT_EQ(Diff(SchemaOf<Before>(), SchemaOf<After>()), Lines());
}

TEST(TypeSchemaDiffTest, ACustomTypeIsItsName) {
  TypeSchema other = SchemaOf<JsonRow>();
  other.root.name = "Table";
  EXPECT_EQ(Diff(SchemaOf<JsonRow>(), other),
            Lines({"value changed from JsonRow(json) to Table(json)"}));
}

TEST(TypeSchemaTest, ValidationFindsWhatWouldBeReadWrongly) {
  const auto validate = [](const TypeRef& root) {
    return ValidateSchema({.structs = {{"S", {}}}, .root = root}).code();
  };
  TypeRef root{.kind = TypeKind::kStruct, .name = {}, .def = 0, .length = 0, .args = {}};
  EXPECT_EQ(validate(root), absl::StatusCode::kOk);
  root.def = 1;
  EXPECT_EQ(validate(root), absl::StatusCode::kDataLoss);
  root.kind = static_cast<TypeKind>(kTypeKinds);
  EXPECT_EQ(validate(root), absl::StatusCode::kDataLoss);
  root.kind = TypeKind::kList;
  EXPECT_EQ(validate(root), absl::StatusCode::kDataLoss);
  root.args.resize(1);
  EXPECT_EQ(validate(root), absl::StatusCode::kOk);
  root.kind = TypeKind::kEnum;
  EXPECT_EQ(validate(root), absl::StatusCode::kDataLoss);
  root.kind = TypeKind::kI32;
  EXPECT_EQ(validate(root), absl::StatusCode::kDataLoss);
  TypeRef deep;
  for (int i = 0; i < 100; ++i) {
    TypeRef outer;
    outer.kind = TypeKind::kList;
    outer.args.push_back(std::move(deep));
    deep = std::move(outer);
  }
  EXPECT_EQ(validate(deep), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace tidemark
