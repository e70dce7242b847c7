#include "state/schema_widening.h"

#include <algorithm>
#include <set>
#include <utility>

namespace tidemark {
namespace {

// Of integers that are stored as varints: how wide, and 0 for everything else.
int SignedBits(TypeKind kind) {
  return kind == TypeKind::kI16   ? 16
         : kind == TypeKind::kI32 ? 32
         : kind == TypeKind::kI64 ? 64
                                  : 0;
}
int UnsignedBits(TypeKind kind) {
  return kind == TypeKind::kU16   ? 16
         : kind == TypeKind::kU32 ? 32
         : kind == TypeKind::kU64 ? 64
                                  : 0;
}

bool IsWider(TypeKind from, TypeKind to) {
  const bool as_signed = SignedBits(from) > 0 && SignedBits(from) < SignedBits(to);
  return as_signed || (UnsignedBits(from) > 0 && UnsignedBits(from) < UnsignedBits(to));
}

// Makes the old schema as wide as the new one wherever that is allowed, walking both in step.
class Widener {
 public:
  Widener(TypeSchema& widened, const TypeSchema& now) : widened_(widened), now_(now) {}

  void Walk(TypeRef& type, const TypeRef& now) {
    // A custom type writes its bytes itself.
    if (type.name.empty() && now.name.empty() && IsWider(type.kind, now.kind)) {
      type.kind = now.kind;
    }
    for (size_t i = 0; i < std::min(type.args.size(), now.args.size()); ++i) {
      Walk(type.args[i], now.args[i]);
    }
    if (type.kind == TypeKind::kVariant && now.kind == TypeKind::kVariant) {
      TakeMoreAlternatives(type, now);
    }
    if (type.kind == TypeKind::kStruct && now.kind == TypeKind::kStruct) {
      WalkStruct(type.def, now.def);
    }
  }

 private:
  // A stored alternative has its index in front, which says the same in the new type.
  static void TakeMoreAlternatives(TypeRef& type, const TypeRef& now) {
    for (size_t i = type.args.size(); i < now.args.size(); ++i) {
      if (HasStruct(now.args[i])) return;  // its definition is in the other schema
      type.args.push_back(now.args[i]);
    }
  }
  static bool HasStruct(const TypeRef& type) {
    return type.kind == TypeKind::kStruct ||
           std::any_of(type.args.begin(), type.args.end(), HasStruct);
  }

  void WalkStruct(uint32_t def, uint32_t now_def) {
    if (def >= widened_.structs.size() || now_def >= now_.structs.size()) return;
    if (!seen_.insert({def, now_def}).second) return;
    for (FieldDef& field : widened_.structs[def].fields) {
      for (const FieldDef& other : now_.structs[now_def].fields) {
        if (other.name == field.name) Walk(field.type, other.type);
      }
    }
  }

  TypeSchema& widened_;
  const TypeSchema& now_;
  std::set<std::pair<uint32_t, uint32_t>> seen_;
};

}  // namespace

std::optional<std::vector<std::string>> Widening(const TypeSchema& old_schema,
                                                 const TypeSchema& new_schema) {
  TypeSchema widened = old_schema;
  Widener(widened, new_schema).Walk(widened.root, new_schema.root);
  if (!Diff(widened, new_schema).empty()) return std::nullopt;
  return Diff(old_schema, new_schema);
}

}  // namespace tidemark
