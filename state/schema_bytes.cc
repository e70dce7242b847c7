#include "state/schema_bytes.h"

#include "state/type_schema_codec.h"

namespace tidemark {

std::string SchemaBytes(const TypeSchema& schema) { return EncodeSchema(schema); }

}  // namespace tidemark
