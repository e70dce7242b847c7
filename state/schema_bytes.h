// A type's schema as the bytes that are stored, without the Cap'n Proto headers that
// state/type_schema_codec.h brings: for headers that users include.
#pragma once

#include <string>

#include "state/type_schema.h"

namespace tidemark {

std::string SchemaBytes(const TypeSchema& schema);

template <class T>
std::string SchemaBytesOf() {
  return SchemaBytes(SchemaOf<T>());
}

}  // namespace tidemark
