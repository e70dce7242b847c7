// TypeSchema as bytes: a Cap'n Proto message of proto/schema.capnp.
//
//   std::string bytes = EncodeSchema(SchemaOf<Reading>());
//   TM_ASSIGN_OR_RETURN(TypeSchema schema, DecodeSchema(bytes));
//
// Guarantees: equal schemas give equal bytes; a decoded schema has passed ValidateSchema.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "proto/schema.capnp.h"
#include "state/type_schema.h"

namespace tidemark {

// A single segment without a segment table, as all rows.
std::string EncodeSchema(const TypeSchema& schema);

// DataLoss when the bytes are damaged or use a kind that this version does not know.
absl::StatusOr<TypeSchema> DecodeSchema(std::string_view bytes);

// For messages that embed a schema. ReadSchema throws kj::Exception where the message is malformed,
// as every reader does: call it inside ReadMessage (proto/message.h), which is the door for that.
void WriteSchema(const TypeSchema& schema, proto::TypeSchema::Builder builder);
absl::StatusOr<TypeSchema> ReadSchema(proto::TypeSchema::Reader reader);

// An upper bound of what WriteSchema adds to a message.
size_t SchemaBytesMax(const TypeSchema& schema);

}  // namespace tidemark
