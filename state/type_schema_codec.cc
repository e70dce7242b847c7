#include "state/type_schema_codec.h"

#include <limits>
#include <utility>

#include "base/status.h"
#include "proto/message.h"

namespace tidemark {
namespace {

static_assert(static_cast<int>(proto::TypeKind::STRUCT) == static_cast<int>(TypeKind::kStruct));
static_assert(static_cast<int>(proto::TypeKind::JSON) == static_cast<int>(TypeKind::kJson));
static_assert(static_cast<int>(proto::TypeKind::ENUMERATION) == static_cast<int>(TypeKind::kEnum));

// Lists of a damaged message can announce more than there is, and pointers can share their targets,
// so that a small message unfolds into a large schema.
constexpr int kTypesMax = 65'536;

void WriteType(const TypeRef& type, proto::TypeRef::Builder builder) {
  builder.setKind(static_cast<proto::TypeKind>(type.kind));
  builder.setDef(type.def);
  builder.setLength(type.length);
  if (!type.name.empty()) builder.setName(type.name);
  if (type.args.empty()) return;
  auto args = builder.initArgs(static_cast<unsigned>(type.args.size()));
  for (unsigned i = 0; i < args.size(); ++i) WriteType(type.args[i], args[i]);
}

std::string FromText(capnp::Text::Reader text) { return std::string(text.begin(), text.size()); }

// Bounds how much is read in all.
class SchemaReader {
 public:
  absl::Status Read(proto::TypeSchema::Reader reader, TypeSchema& schema) {
    for (const proto::StructDef::Reader def : reader.getStructs()) {
      TM_RETURN_IF_ERROR(CountOne());
      StructDef& row = schema.structs.emplace_back();
      row.name = FromText(def.getName());
      for (const proto::FieldDef::Reader field : def.getFields()) {
        FieldDef& column = row.fields.emplace_back();
        column.name = FromText(field.getName());
        TM_RETURN_IF_ERROR(ReadType(field.getType(), 0, column.type));
      }
    }
    return ReadType(reader.getRoot(), 0, schema.root);
  }

 private:
  absl::Status CountOne() {
    if (++types_ > kTypesMax) return absl::DataLossError("a stored schema is unreasonably large");
    return absl::OkStatus();
  }

  absl::Status ReadType(proto::TypeRef::Reader reader, int nesting, TypeRef& type) {
    TM_RETURN_IF_ERROR(CountOne());
    // ValidateSchema says the same, but would come too late to save the stack.
    if (nesting > kMaxTypeNesting + 1)
      return absl::DataLossError("a stored schema is nested too deeply");
    type.kind = static_cast<TypeKind>(reader.getKind());
    type.def = reader.getDef();
    type.length = reader.getLength();
    type.name = FromText(reader.getName());
    for (const proto::TypeRef::Reader arg : reader.getArgs()) {
      TM_RETURN_IF_ERROR(ReadType(arg, nesting + 1, type.args.emplace_back()));
    }
    return absl::OkStatus();
  }

  int types_ = 0;
};

// A word for each pointer and list tag, texts with their NUL, all rounded up.
size_t TypeBytesMax(const TypeRef& type) {
  size_t bytes = 64 + type.name.size();
  for (const TypeRef& arg : type.args) bytes += TypeBytesMax(arg);
  return bytes;
}

}  // namespace

size_t SchemaBytesMax(const TypeSchema& schema) {
  size_t bytes = 64 + TypeBytesMax(schema.root);
  for (const StructDef& def : schema.structs) {
    bytes += 64 + def.name.size();
    for (const FieldDef& field : def.fields) {
      bytes += 64 + field.name.size() + TypeBytesMax(field.type);
    }
  }
  return bytes;
}

void WriteSchema(const TypeSchema& schema, proto::TypeSchema::Builder builder) {
  auto structs = builder.initStructs(static_cast<unsigned>(schema.structs.size()));
  for (unsigned i = 0; i < structs.size(); ++i) {
    const StructDef& def = schema.structs[i];
    structs[i].setName(def.name);
    auto fields = structs[i].initFields(static_cast<unsigned>(def.fields.size()));
    for (unsigned f = 0; f < fields.size(); ++f) {
      fields[f].setName(def.fields[f].name);
      WriteType(def.fields[f].type, fields[f].initType());
    }
  }
  WriteType(schema.root, builder.initRoot());
}

absl::StatusOr<TypeSchema> ReadSchema(proto::TypeSchema::Reader reader) {
  TypeSchema schema;
  TM_RETURN_IF_ERROR(SchemaReader().Read(reader, schema));
  TM_RETURN_IF_ERROR(ValidateSchema(schema));
  return schema;
}

std::string EncodeSchema(const TypeSchema& schema) {
  MessageScratch scratch;
  return std::string(scratch.Make<proto::TypeSchema>(
      SchemaBytesMax(schema),
      [&](proto::TypeSchema::Builder builder) { WriteSchema(schema, builder); }));
}

absl::StatusOr<TypeSchema> DecodeSchema(std::string_view bytes) {
  TypeSchema schema;
  TM_RETURN_IF_ERROR(ReadMessage<proto::TypeSchema>(
      bytes, "type schema", [&](proto::TypeSchema::Reader reader) -> absl::Status {
        TM_ASSIGN_OR_RETURN(schema, ReadSchema(reader));
        return absl::OkStatus();
      }));
  return schema;
}

}  // namespace tidemark
