#include "state/type_schema_codec.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/random.h"
#include "proto/message.h"

namespace tidemark {
namespace {

enum class Color : int16_t { kRed };
struct Leaf {
  std::string name_with_some_length;
  std::array<double, 7> numbers;
  Color color;
};
struct Root {
  std::map<std::string, std::vector<std::optional<Leaf>>> leaves;
  std::unique_ptr<Root> next;
  std::variant<std::monostate, Leaf, std::tuple<int, bool, char>> v;
};

TypeRef RandomType(Random& random, uint32_t structs, int nesting) {
  TypeRef type;
  type.kind = static_cast<TypeKind>(random.Below(kTypeKinds));
  size_t args = 0;
  switch (type.kind) {
    case TypeKind::kStruct:
      type.def = static_cast<uint32_t>(random.Below(structs));
      break;
    case TypeKind::kEnum:
      type.name.assign(random.Below(30), 'e');
      type.args.emplace_back().kind = TypeKind::kU16;
      break;
    case TypeKind::kArray:
      type.length = random.Next();
      args = 1;
      break;
    case TypeKind::kOptional:
    case TypeKind::kList:
    case TypeKind::kSet:
      args = 1;
      break;
    case TypeKind::kMap:
      args = 2;
      break;
    case TypeKind::kTuple:
    case TypeKind::kVariant:
      args = 1 + random.Below(4);
      break;
    default:
      break;
  }
  if (nesting >= kMaxTypeNesting && args > 0) return TypeRef();
  for (size_t i = 0; i < args; ++i) type.args.push_back(RandomType(random, structs, nesting + 1));
  return type;
}

TypeSchema RandomSchema(Random& random) {
  TypeSchema schema;
  const auto structs = static_cast<uint32_t>(random.Between(1, 5));
  for (uint32_t i = 0; i < structs; ++i) {
    StructDef& def = schema.structs.emplace_back();
    def.name.assign(random.Below(20), 's');
    for (uint64_t f = random.Below(6); f > 0; --f) {
      def.fields.push_back({std::string(random.Below(20), 'f'), RandomType(random, structs, 0)});
    }
  }
  schema.root = RandomType(random, structs, 0);
  return schema;
}

TEST(TypeSchemaCodecTest, ASchemaSurvives) {
  const TypeSchema schema = SchemaOf<Root>();
  const std::string bytes = EncodeSchema(schema);
  const absl::StatusOr<TypeSchema> read = DecodeSchema(bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, schema);
  EXPECT_EQ(EncodeSchema(*read), bytes);
}

TEST(TypeSchemaCodecTest, RandomSchemasSurvive) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const TypeSchema schema = RandomSchema(random);
    ASSERT_TRUE(ValidateSchema(schema).ok());
    const absl::StatusOr<TypeSchema> read = DecodeSchema(EncodeSchema(schema));
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_EQ(*read, schema);
  }
}

TEST(TypeSchemaCodecTest, TheDeepestSchemaSurvives) {
  TypeSchema schema;
  schema.root.kind = TypeKind::kI64;
  for (int i = 0; i <= kMaxTypeNesting; ++i) {
    TypeRef outer;
    outer.kind = TypeKind::kOptional;
    outer.args.push_back(schema.root);
    schema.root = outer;
  }
  const absl::StatusOr<TypeSchema> read = DecodeSchema(EncodeSchema(schema));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, schema);
}

TEST(TypeSchemaCodecTest, UnalignedBytesAreRead) {
  const std::string bytes = "x" + EncodeSchema(SchemaOf<Root>());
  EXPECT_TRUE(DecodeSchema(std::string_view(bytes).substr(1)).ok());
}

// What is cut off may be a last word that no pointer needs, so a cut may go unnoticed only if the
// schema is whole.
TEST(TypeSchemaCodecTest, ACutSchemaIsDataLoss) {
  const TypeSchema schema = SchemaOf<Root>();
  const std::string bytes = EncodeSchema(schema);
  for (size_t size = 0; size < bytes.size(); ++size) {
    SCOPED_TRACE("cut to " + std::to_string(size));
    const absl::StatusOr<TypeSchema> read = DecodeSchema(std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(read.ok());
    ASSERT_EQ(read.status().code(), absl::StatusCode::kDataLoss) << read.status();
  }
}

TEST(TypeSchemaCodecTest, AFlippedBitIsDataLossOrAValidSchema) {
  const std::string bytes = EncodeSchema(SchemaOf<Root>());
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    SCOPED_TRACE("bit " + std::to_string(bit));
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const absl::StatusOr<TypeSchema> read = DecodeSchema(flipped);
    if (read.ok()) {
      ASSERT_TRUE(ValidateSchema(*read).ok());
    } else {
      ASSERT_EQ(read.status().code(), absl::StatusCode::kDataLoss) << read.status();
    }
  }
}

TEST(TypeSchemaCodecTest, RandomBytesAreNoSchema) {
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    std::string bytes = EncodeSchema(SchemaOf<Leaf>());
    for (uint64_t i = 1 + random.Below(8); i > 0; --i) {
      bytes[random.Below(bytes.size())] = static_cast<char>(random.Next());
    }
    const absl::StatusOr<TypeSchema> read = DecodeSchema(bytes);
    ASSERT_TRUE(!read.ok() || ValidateSchema(*read).ok());
  }
}

TEST(TypeSchemaCodecTest, AnEmbeddedSchemaIsReadInPlace) {
  MessageScratch scratch;
  const TypeSchema schema = SchemaOf<Root>();
  const std::string_view bytes = scratch.Make<proto::TypeSchema>(
      SchemaBytesMax(schema), [&](auto builder) { WriteSchema(schema, builder); });
  const absl::Status status =
      ReadMessage<proto::TypeSchema>(bytes, "test", [&](proto::TypeSchema::Reader reader) {
        const absl::StatusOr<TypeSchema> read = ReadSchema(reader);
        EXPECT_TRUE(read.ok() && *read == schema);
        return read.status();
      });
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace tidemark
