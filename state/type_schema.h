// TypeSchema: the type of a stored value, as a value that is stored beside it.
//
// Stored bytes carry no field names and no tags, so that they are short. The schema, kept once per
// step, gives them their meaning back: a dump prints typed values without the program that wrote
// them, and a resume compares the stored schema with the program's and says what has changed,
// instead of reading doubles as strings.
//
//   TypeSchema schema = SchemaOf<Reading>();
//   Describe(schema);                       // struct Reading {sensor: string, celsius: f64, at:
//   time} Diff(stored, SchemaOf<Reading>());      // {"field 'celsius' changed from f64 to f32"}
//
// A schema made by hand or read from disk (state/type_schema_codec.h) has to pass ValidateSchema
// before it is used.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "state/reflect.h"
#include "state/reflect_recoverable.h"
#include "state/reflect_types.h"

namespace tidemark {

// What bytes mean; docs/formats/values.md has the format of each. The numbers are stored.
enum class TypeKind : uint16_t {
  kNull = 0,
  kBool = 1,
  kChar = 2,
  kI8 = 3,
  kI16 = 4,
  kI32 = 5,
  kI64 = 6,
  kU8 = 7,
  kU16 = 8,
  kU32 = 9,
  kU64 = 10,
  kF32 = 11,
  kF64 = 12,
  kString = 13,
  kBytes = 14,      // custom types only: shown as hex
  kJson = 15,       // custom types only: a string shown verbatim, as JSON
  kTime = 16,       // absl::Time
  kDuration = 17,   // absl::Duration
  kTimestamp = 18,  // tidemark::Timestamp
  kSpan = 19,       // tidemark::Span
  kEnum = 20,       // args: its integer
  kOptional = 21,   // args: what it holds
  kList = 22,       // args: element
  kSet = 23,        // args: key
  kMap = 24,        // args: key, value
  kArray = 25,      // args: element; `length` of them
  kTuple = 26,      // args: elements; pairs are tuples of two
  kVariant = 27,    // args: alternatives
  kStruct = 28,     // `def`: its row in TypeSchema::structs
};
inline constexpr int kTypeKinds = 29;

// The type of one part of a value.
struct TypeRef {
  TypeKind kind = TypeKind::kNull;
  std::string name;     // of an enum or a custom type; else empty
  uint32_t def = 0;     // for kStruct
  uint64_t length = 0;  // for kArray
  std::vector<TypeRef> args;

  bool operator==(const TypeRef& other) const;
};

struct FieldDef {
  std::string name;
  TypeRef type;
  bool operator==(const FieldDef& other) const = default;
};

struct StructDef {
  std::string name;
  std::vector<FieldDef> fields;
  bool operator==(const StructDef& other) const = default;
};

// Structs are a table and not a tree, because types can be recursive: struct Node {kids:
// list<Node>}.
struct TypeSchema {
  std::vector<StructDef> structs;
  TypeRef root;
  // The same names everywhere. To learn whether stored bytes keep their meaning, use Diff().
  bool operator==(const TypeSchema& other) const = default;
};

// The schema of a recoverable type; the same for every compiler and run.
template <class T>
TypeSchema SchemaOf();

// For people, on one line; the structs that the root uses follow it, separated by "; ".
std::string Describe(const TypeSchema& schema);
// One type, structs by name: "map<string, list<Reading>>".
std::string DescribeType(const TypeSchema& schema, const TypeRef& type);

// What differs in the stored bytes or in the names of fields; empty when bytes written under
// `old_schema` mean the same under `new_schema`. Names of structs and enums may differ.
//
//   field 'celsius' changed from f64 to f32
//   field 'best.at' removed
//   field 'x' added
//   fields 'a', 'b' changed their order to 'b', 'a'
//   value changed from i64 to string
std::vector<std::string> Diff(const TypeSchema& old_schema, const TypeSchema& new_schema);

// Every struct is in the table, every type has the parts of its kind, nesting is bounded.
absl::Status ValidateSchema(const TypeSchema& schema);

// ---- implementation ----------------------------------------------------------------------------

namespace internal {

// Collects structs while the walk over a type goes on; a struct that is met again is only referred
// to.
class SchemaBuilder {
 public:
  // Its row, and whether it is new and needs its fields.
  std::pair<uint32_t, bool> Find(const void* type_id, std::string_view name);
  void AddField(uint32_t def, std::string_view name, TypeRef type);
  TypeSchema Finish(TypeRef root);

 private:
  std::map<const void*, uint32_t> rows_;
  TypeSchema schema_;
};

// Its address identifies T within a process.
template <class T>
inline constexpr char kTypeId = 0;

template <class T>
constexpr TypeKind IntegerKind() {
  constexpr TypeKind kSigned[] = {TypeKind::kI8, TypeKind::kI16, TypeKind::kI32, TypeKind::kI64};
  constexpr TypeKind kUnsigned[] = {TypeKind::kU8, TypeKind::kU16, TypeKind::kU32, TypeKind::kU64};
  constexpr int kLog = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
  return std::is_signed_v<T> ? kSigned[kLog] : kUnsigned[kLog];
}

template <class T>
constexpr TypeKind KindOf() {
  switch (ShapeOf<T>()) {
    case Shape::kNull:
      return TypeKind::kNull;
    case Shape::kBool:
      return TypeKind::kBool;
    case Shape::kChar:
      return TypeKind::kChar;
    case Shape::kInteger:
      return IntegerKind<T>();
    case Shape::kFloat:
      return sizeof(T) == 4 ? TypeKind::kF32 : TypeKind::kF64;
    case Shape::kString:
      return TypeKind::kString;
    case Shape::kTime:
      return TypeKind::kTime;
    case Shape::kDuration:
      return TypeKind::kDuration;
    case Shape::kTimestamp:
      return TypeKind::kTimestamp;
    case Shape::kSpan:
      return TypeKind::kSpan;
    case Shape::kEnum:
      return TypeKind::kEnum;
    case Shape::kOptional:
    case Shape::kPointer:
      return TypeKind::kOptional;
    case Shape::kList:
      return TypeKind::kList;
    case Shape::kSet:
      return TypeKind::kSet;
    case Shape::kMap:
      return TypeKind::kMap;
    case Shape::kArray:
      return TypeKind::kArray;
    case Shape::kTuple:
      return TypeKind::kTuple;
    case Shape::kVariant:
      return TypeKind::kVariant;
    case Shape::kStruct:
      return TypeKind::kStruct;
    case Shape::kCustom:
    case Shape::kNone:
      break;
  }
  return TypeKind::kNull;
}

template <class T>
TypeRef BuildType(SchemaBuilder& builder);

template <class T>
TypeRef BuildStruct(SchemaBuilder& builder) {
  const auto [def, is_new] = builder.Find(&kTypeId<T>, TypeName<T>());
  if (is_new) {
    [&, row = def]<class... Field>(TypeList<Field...>) {
      [[maybe_unused]] size_t i = 0;
      (builder.AddField(row, kFieldNames<T>[i++], BuildType<Field>(builder)), ...);
    }(Parts<T>());
  }
  return {.kind = TypeKind::kStruct, .name = {}, .def = def, .length = 0, .args = {}};
}

template <class T>
TypeRef BuildType(SchemaBuilder& builder) {
  constexpr Shape kShape = ShapeOf<T>();
  TypeRef type;
  if constexpr (kShape == Shape::kStruct) {
    return BuildStruct<T>(builder);
  } else if constexpr (kShape == Shape::kCustom) {
    static_assert(ValueTraits<T>::kKind < TypeKind::kEnum,
                  "Tidemark state: ValueTraits<T>::kKind is one of the kinds without parts");
    type.kind = ValueTraits<T>::kKind;
    type.name = std::string(ValueTraits<T>::kName);
  } else {
    type.kind = KindOf<T>();
    if constexpr (kShape == Shape::kArray) type.length = std::tuple_size_v<T>;
    if constexpr (kShape == Shape::kEnum) {
      type.name = std::string(TypeName<T>());
      type.args = {{.kind = IntegerKind<std::underlying_type_t<T>>(),
                    .name = {},
                    .def = 0,
                    .length = 0,
                    .args = {}}};
    } else {
      [&]<class... Part>(TypeList<Part...>) {
        (type.args.push_back(BuildType<Part>(builder)), ...);
      }(Parts<T>());
    }
  }
  return type;
}

}  // namespace internal

template <class T>
TypeSchema SchemaOf() {
  internal::SchemaBuilder builder;
  TypeRef root;
  (void)internal::RequireRecoverable<T>();
  if constexpr (RecoverableState<T>) root = internal::BuildType<T>(builder);
  return builder.Finish(std::move(root));
}

}  // namespace tidemark
