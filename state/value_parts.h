// PartsOf: a stored value taken apart by its schema, one level at a time.
//
//   TM_ASSIGN_OR_RETURN(const auto fields, PartsOf(schema, {.type = &schema.root, .bytes =
//   bytes})); const ValuePart* windows = FieldNamed(schema, state, fields, "windows");
//
// For who looks at states from outside: where ValueToJson (state/value_json.h) prints all of a
// value, this finds some parts of it, whose bytes are then decoded as what they are
// (DecodeValue<Timestamp>) or printed by themselves.
//
// The parts of a struct are its fields; of a list, set, array or tuple its elements; of a map each
// key and its value, one behind the other; of an optional nothing or what it holds; of a variant
// the alternative it holds, whose type says which. Everything else has none.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "state/type_schema.h"

namespace tidemark {

// Borrows the schema and the bytes.
struct ValuePart {
  const TypeRef* type = nullptr;
  std::string_view bytes;
};

// DataLoss when the bytes are not one whole value of the type. Bytes may be hostile; the schema has
// passed ValidateSchema.
absl::StatusOr<std::vector<ValuePart>> PartsOf(const TypeSchema& schema, const ValuePart& value);

// The field of that name among the `fields` of the struct `value`; null when it is no struct or has
// no such field.
const ValuePart* FieldNamed(const TypeSchema& schema, const ValuePart& value,
                            const std::vector<ValuePart>& fields, std::string_view name);

// The same value with its type as the root of a schema of its own, for ValueToJson and Diff.
TypeSchema SchemaOfPart(const TypeSchema& schema, const ValuePart& part);

}  // namespace tidemark
