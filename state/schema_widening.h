// Widening: a stored type that a program has changed, and whose bytes mean the same all the same.
//
// Stored values have no tags, so a field cannot be added or left out. But an integer of 16 bits or
// more is stored in as many bytes as its value needs, whatever its type (docs/formats/values.md):
// where the new type is wider and as signed, each old value is read as what it was, and nothing has
// to be rewritten. So is a variant that has got further alternatives after its old ones, as long as
// those are not structs.
//
//   struct Count { int32_t n; };   ->   struct Count { int64_t n; };
//   Widening(before, now);              // {"field 'n' changed from i32 to i64"}
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "state/type_schema.h"

namespace tidemark {

// What has become wider, as Diff() says it; empty where bytes mean the same without that, for
// example behind another name of a struct. Nothing where stored values cannot be read as
// `new_schema`.
std::optional<std::vector<std::string>> Widening(const TypeSchema& old_schema,
                                                 const TypeSchema& new_schema);

}  // namespace tidemark
