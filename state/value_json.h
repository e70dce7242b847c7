// Stored values as JSON, by their schema alone: the program that wrote them is not needed.
//
//   ValueToJson(SchemaOf<Reading>(), bytes)
//     // {"sensor":"a","celsius":21.5,"at":"2022-01-01T00:00:00Z"}
//
// How values appear:
//   integers, enums   numbers, 64-bit ones too            null             null
//   f32, f64          the shortest digits that read back; "NaN", "Infinity", "-Infinity"
//   string, char      a JSON string; {"hex":"ff00"} where it is not UTF-8
//   bytes, json       {"hex":"ff00"}; a json value is pasted as it is
//   time, timestamp   ISO-8601 in UTC; "infinite-future", "infinite-past"; "never"
//   duration, span    "10s", "1h30m", "inf"
//   optional          its value or null
//   list, set, array, tuple   arrays
//   map               an object where all keys are text, else [[key, value], ...]
//   variant           {"type of the alternative": value}
//   struct            an object, fields in the order of declaration
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "state/type_schema.h"

namespace tidemark {

// One line. DataLoss when the bytes are not one whole value of the schema. Bytes may be hostile;
// the schema has passed ValidateSchema (those of SchemaOf and DecodeSchema have).
absl::StatusOr<std::string> ValueToJson(const TypeSchema& schema, std::string_view bytes);

// As a quoted JSON string; as {"hex":"..."} when `text` is not UTF-8.
void AppendJsonString(std::string_view text, std::string& out);
// {"hex":"00ff"}
void AppendJsonHex(std::string_view bytes, std::string& out);
// The shortest digits that read back as the same double; NaN and infinities as strings.
void AppendJsonDouble(double value, std::string& out);

}  // namespace tidemark
