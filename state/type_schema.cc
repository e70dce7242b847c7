#include "state/type_schema.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/status.h"
#include "state/reflect_recoverable.h"

namespace tidemark {
namespace {

constexpr std::string_view kKindNames[] = {
    "null", "bool",     "char",      "i8",      "i16",   "i32",      "i64",   "u8",
    "u16",  "u32",      "u64",       "f32",     "f64",   "string",   "bytes", "json",
    "time", "duration", "timestamp", "span",    "enum",  "optional", "list",  "set",
    "map",  "array",    "tuple",     "variant", "struct"};
static_assert(std::size(kKindNames) == kTypeKinds);

std::string_view KindName(TypeKind kind) {
  const auto i = static_cast<size_t>(kind);
  return i < std::size(kKindNames) ? kKindNames[i] : "unknown";
}

bool IsInteger(TypeKind kind) { return kind >= TypeKind::kI8 && kind <= TypeKind::kU64; }

void AppendType(const TypeSchema& schema, const TypeRef& type, std::string& out) {
  if (type.kind == TypeKind::kStruct) {
    out += type.def < schema.structs.size() ? schema.structs[type.def].name : "unknown";
    return;
  }
  if (type.kind == TypeKind::kEnum) {
    out += Cat("enum ", type.name, ": ");
    if (!type.args.empty()) AppendType(schema, type.args[0], out);
    return;
  }
  if (!type.name.empty()) {
    out += Cat(type.name, "(", KindName(type.kind), ")");
    return;
  }
  out += KindName(type.kind);
  if (type.args.empty() && type.kind < TypeKind::kOptional) return;
  std::string_view separator = "<";
  for (const TypeRef& arg : type.args) {
    out += separator;
    AppendType(schema, arg, out);
    separator = ", ";
  }
  if (type.args.empty()) out += separator;
  if (type.kind == TypeKind::kArray) out += Cat(", ", type.length);
  out += ">";
}

void AppendStruct(const TypeSchema& schema, const StructDef& def, std::string& out) {
  out += Cat("struct ", def.name, " {");
  std::string_view separator = "";
  for (const FieldDef& field : def.fields) {
    out += Cat(separator, field.name, ": ");
    AppendType(schema, field.type, out);
    separator = ", ";
  }
  out += "}";
}

// Compares two schemas from their roots on.
class Differ {
 public:
  Differ(const TypeSchema& old_schema, const TypeSchema& new_schema)
      : old_(old_schema), new_(new_schema) {}

  std::vector<std::string> Run() {
    Compare(old_.root, new_.root, "");
    return std::move(lines_);
  }

 private:
  // Two structs count as alike here: what differs inside them is told field by field.
  static bool AlikeOutside(const TypeRef& a, const TypeRef& b) {
    if (a.kind != b.kind || a.length != b.length || a.args.size() != b.args.size()) return false;
    const bool name_matters = a.kind < TypeKind::kEnum;  // a custom type's name is its format
    if (name_matters && a.name != b.name) return false;
    for (size_t i = 0; i < a.args.size(); ++i) {
      if (!AlikeOutside(a.args[i], b.args[i])) return false;
    }
    return true;
  }

  void Compare(const TypeRef& a, const TypeRef& b, const std::string& path) {
    if (AlikeOutside(a, b)) return CompareStructsWithin(a, b, path);
    lines_.push_back(Cat(path.empty() ? "value" : Cat("field '", path, "'"), " changed from ",
                         DescribeType(old_, a), " to ", DescribeType(new_, b)));
  }

  void CompareStructsWithin(const TypeRef& a, const TypeRef& b, const std::string& path) {
    if (a.kind == TypeKind::kStruct) return CompareStructs(a.def, b.def, path);
    for (size_t i = 0; i < a.args.size(); ++i) {
      CompareStructsWithin(a.args[i], b.args[i], path + PathTo(a, i));
    }
  }

  std::string PathTo(const TypeRef& type, size_t part) const {
    switch (type.kind) {
      case TypeKind::kList:
      case TypeKind::kSet:
      case TypeKind::kArray:
        return "[]";
      case TypeKind::kMap:
        return part == 0 ? "{key}" : "{value}";
      case TypeKind::kTuple:
        return Cat("<", part, ">");
      case TypeKind::kVariant:
        return Cat("<", DescribeType(old_, type.args[part]), ">");
      default:
        return "";
    }
  }

  void CompareStructs(uint32_t old_def, uint32_t new_def, const std::string& path) {
    // A recursive type comes back to the same pair; it has been compared then, or is about to be.
    if (!compared_.insert({old_def, new_def}).second) return;
    if (old_def >= old_.structs.size() || new_def >= new_.structs.size()) return;
    const StructDef& a = old_.structs[old_def];
    const StructDef& b = new_.structs[new_def];
    const std::string prefix = path.empty() ? "" : path + ".";
    std::vector<std::string_view> old_order, new_order;  // of the fields that are in both
    for (const FieldDef& field : a.fields) {
      if (const FieldDef* now = Find(b, field.name)) {
        old_order.push_back(field.name);
        Compare(field.type, now->type, prefix + field.name);
      } else {
        lines_.push_back(Cat("field '", prefix, field.name, "' removed"));
      }
    }
    for (const FieldDef& field : b.fields) {
      if (Find(a, field.name) != nullptr) {
        new_order.push_back(field.name);
      } else {
        lines_.push_back(Cat("field '", prefix, field.name, "' added"));
      }
    }
    if (old_order != new_order) {
      lines_.push_back(Cat("fields ", Quoted(prefix, old_order), " changed their order to ",
                           Quoted(prefix, new_order)));
    }
  }

  static const FieldDef* Find(const StructDef& def, std::string_view name) {
    const auto it = std::find_if(def.fields.begin(), def.fields.end(),
                                 [&](const FieldDef& field) { return field.name == name; });
    return it == def.fields.end() ? nullptr : &*it;
  }

  static std::string Quoted(const std::string& prefix, const std::vector<std::string_view>& names) {
    std::string text;
    for (const std::string_view name : names) {
      text += Cat(text.empty() ? "'" : ", '", prefix, name, "'");
    }
    return text;
  }

  const TypeSchema& old_;
  const TypeSchema& new_;
  std::set<std::pair<uint32_t, uint32_t>> compared_;
  std::vector<std::string> lines_;
};

// One level more than C++ types have: an enum's integer is a part of it.
absl::Status ValidateType(const TypeSchema& schema, const TypeRef& type, int nesting) {
  if (nesting > kMaxTypeNesting + 1)
    return absl::DataLossError("a schema's types are nested too deeply");
  const auto bad = [&](std::string_view why) {
    return absl::DataLossError(Cat("a schema's type '", KindName(type.kind), "' ", why));
  };
  size_t args = 0;
  switch (type.kind) {
    case TypeKind::kEnum:
    case TypeKind::kOptional:
    case TypeKind::kList:
    case TypeKind::kSet:
    case TypeKind::kArray:
      args = 1;
      break;
    case TypeKind::kMap:
      args = 2;
      break;
    case TypeKind::kTuple:
    case TypeKind::kVariant:
      args = type.args.size();
      break;
    default:
      break;
  }
  if (static_cast<int>(type.kind) >= kTypeKinds) return bad("is not known");
  if (type.args.size() != args) return bad("has a wrong number of parts");
  if (type.kind == TypeKind::kVariant && args == 0) return bad("has no alternatives");
  if (type.kind == TypeKind::kStruct && type.def >= schema.structs.size()) return bad("is missing");
  if (type.kind == TypeKind::kEnum && !IsInteger(type.args[0].kind))
    return bad("is not an integer");
  for (const TypeRef& arg : type.args) TM_RETURN_IF_ERROR(ValidateType(schema, arg, nesting + 1));
  return absl::OkStatus();
}

}  // namespace

bool TypeRef::operator==(const TypeRef& other) const {
  return kind == other.kind && name == other.name && def == other.def && length == other.length &&
         args == other.args;
}

std::string DescribeType(const TypeSchema& schema, const TypeRef& type) {
  std::string text;
  AppendType(schema, type, text);
  return text;
}

std::string Describe(const TypeSchema& schema) {
  std::string text;
  size_t first = 0;  // struct that is not told yet; a root struct is row 0 when SchemaOf made it
  if (schema.root.kind == TypeKind::kStruct && schema.root.def == 0 && !schema.structs.empty()) {
    AppendStruct(schema, schema.structs[first++], text);
  } else {
    AppendType(schema, schema.root, text);
  }
  for (size_t i = first; i < schema.structs.size(); ++i) {
    text += "; ";
    AppendStruct(schema, schema.structs[i], text);
  }
  return text;
}

std::vector<std::string> Diff(const TypeSchema& old_schema, const TypeSchema& new_schema) {
  return Differ(old_schema, new_schema).Run();
}

absl::Status ValidateSchema(const TypeSchema& schema) {
  TM_RETURN_IF_ERROR(ValidateType(schema, schema.root, 0));
  for (const StructDef& def : schema.structs) {
    for (const FieldDef& field : def.fields) {
      TM_RETURN_IF_ERROR(ValidateType(schema, field.type, 0));
    }
  }
  return absl::OkStatus();
}

namespace internal {

std::pair<uint32_t, bool> SchemaBuilder::Find(const void* type_id, std::string_view name) {
  const auto [it, is_new] = rows_.emplace(type_id, static_cast<uint32_t>(schema_.structs.size()));
  if (is_new) schema_.structs.push_back({std::string(name), {}});
  return {it->second, is_new};
}

void SchemaBuilder::AddField(uint32_t def, std::string_view name, TypeRef type) {
  schema_.structs[def].fields.push_back({std::string(name), std::move(type)});
}

TypeSchema SchemaBuilder::Finish(TypeRef root) {
  schema_.root = std::move(root);
  return std::move(schema_);
}

}  // namespace internal
}  // namespace tidemark
