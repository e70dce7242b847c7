#include "state/value_parts.h"

#include "absl/time/time.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "state/value_codec_wire.h"

namespace tidemark {
namespace {

using internal::ValueReader;

// Steps over values.
class Walker {
 public:
  Walker(const TypeSchema& schema, std::string_view bytes) : schema_(schema), in_(bytes) {}

  // The parts of one value of `type`; all of the bytes are that value.
  absl::StatusOr<std::vector<ValuePart>> Split(const TypeRef& type) {
    std::vector<ValuePart> parts;
    if (!Walk(type, &parts)) return in_.status();
    if (in_.remaining() != 0) in_.Fail("trailing bytes follow its end");
    TM_RETURN_IF_ERROR(in_.status());
    return parts;
  }

 private:
  // With `parts`, notes those of this level.
  bool Walk(const TypeRef& type, std::vector<ValuePart>* parts) {
    switch (type.kind) {
      case TypeKind::kStruct:
        return WalkStruct(type.def, parts);
      case TypeKind::kTuple:
        return WalkEach(type.args, parts);
      case TypeKind::kList:
      case TypeKind::kSet:
      case TypeKind::kMap:
        return WalkMany(type, parts);
      case TypeKind::kArray:
        if (type.length == 0) return in_.Zero();
        for (uint64_t i = 0; i < type.length; ++i) {
          if (!Part(type.args[0], parts)) return false;
        }
        return true;
      case TypeKind::kOptional: {
        bool present = false;
        return in_.Flag(present) && (!present || Part(type.args[0], parts));
      }
      case TypeKind::kVariant: {
        uint64_t index = 0;
        if (!in_.Varint(index)) return false;
        if (index >= type.args.size()) return in_.Fail("an alternative is not known");
        return Part(type.args[index], parts);
      }
      default:
        return Scalar(type);
    }
  }

  bool Part(const TypeRef& type, std::vector<ValuePart>* parts) {
    const std::string_view before = in_.rest();
    if (!Walk(type, nullptr)) return false;
    if (parts != nullptr) {
      parts->push_back({&type, before.substr(0, before.size() - in_.remaining())});
    }
    return true;
  }

  bool WalkEach(const std::vector<TypeRef>& types, std::vector<ValuePart>* parts) {
    if (types.empty()) return in_.Zero();
    for (const TypeRef& type : types) {
      if (!Part(type, parts)) return false;
    }
    return true;
  }

  bool WalkStruct(uint32_t row, std::vector<ValuePart>* parts) {
    if (row >= schema_.structs.size()) return in_.Fail("its schema is not valid");
    if (!in_.Enter()) return false;
    const std::vector<FieldDef>& fields = schema_.structs[row].fields;
    if (fields.empty() && !in_.Zero()) return false;
    for (const FieldDef& field : fields) {
      if (!Part(field.type, parts)) return false;
    }
    in_.Leave();
    return true;
  }

  bool WalkMany(const TypeRef& type, std::vector<ValuePart>* parts) {
    size_t count = 0;
    if (!in_.Count(count)) return false;
    for (size_t i = 0; i < count; ++i) {
      for (const TypeRef& part : type.args) {
        if (!Part(part, parts)) return false;
      }
    }
    return true;
  }

  bool Scalar(const TypeRef& type) {
    uint64_t unsigned_number = 0;
    int64_t number = 0;
    std::string_view text;
    switch (type.kind) {
      case TypeKind::kNull:
        return in_.Zero();
      case TypeKind::kBool:
      case TypeKind::kChar:
      case TypeKind::kI8:
      case TypeKind::kU8:
        return Bytes(1);
      case TypeKind::kI16:
      case TypeKind::kI32:
      case TypeKind::kI64:
      case TypeKind::kSpan:
        return in_.Signed(number);
      case TypeKind::kU16:
      case TypeKind::kU32:
      case TypeKind::kU64:
        return in_.Varint(unsigned_number);
      case TypeKind::kF32:
        return Bytes(sizeof(float));
      case TypeKind::kF64:
      case TypeKind::kTimestamp:
        return Bytes(8);
      case TypeKind::kString:
      case TypeKind::kBytes:
      case TypeKind::kJson:
        return in_.String(text);
      case TypeKind::kTime:
      case TypeKind::kDuration: {
        absl::Duration duration;
        return in_.Duration(duration);
      }
      case TypeKind::kEnum:
        return type.args.size() == 1 ? Walk(type.args[0], nullptr)
                                     : in_.Fail("its schema is not valid");
      default:
        return in_.Fail("its schema has an unknown kind");
    }
  }

  bool Bytes(size_t count) {
    if (in_.remaining() < count) return in_.Fail("it is cut off");
    in_.Skip(count);
    return true;
  }

  const TypeSchema& schema_;
  ValueReader in_;
};

}  // namespace

absl::StatusOr<std::vector<ValuePart>> PartsOf(const TypeSchema& schema, const ValuePart& value) {
  return Walker(schema, value.bytes).Split(*value.type);
}

const ValuePart* FieldNamed(const TypeSchema& schema, const ValuePart& value,
                            const std::vector<ValuePart>& fields, std::string_view name) {
  if (value.type->kind != TypeKind::kStruct || value.type->def >= schema.structs.size()) {
    return nullptr;
  }
  const std::vector<FieldDef>& names = schema.structs[value.type->def].fields;
  for (size_t i = 0; i < names.size() && i < fields.size(); ++i) {
    if (names[i].name == name) return &fields[i];
  }
  return nullptr;
}

TypeSchema SchemaOfPart(const TypeSchema& schema, const ValuePart& part) {
  return {.structs = schema.structs, .root = *part.type};
}

}  // namespace tidemark
