// Pieces from outside: what the rows of a state in pieces hold, by the step's schema alone.
//
//   TM_ASSIGN_OR_RETURN(std::string value, JoinPieces(schema, row, sub_rows, what));
//   ValueToJson(schema, value);                       // as if the state were one row
//
// For tools that look at states without the program that wrote them (state/pieces.h is for it).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/rows.h"
#include "state/state_type.h"
#include "state/type_schema.h"

namespace tidemark {

// The whole state as one value of the schema, entries of maps and sets in the order of their keys.
// DataLoss when a row is missing or does not fit. `what` names the key in an error.
absl::StatusOr<std::string> JoinPieces(const TypeSchema& schema, const PiecesRow& row,
                                       const SubRows& sub_rows, const std::string& what);

// The type of the container at `path`; null when there is no list, set or map.
const TypeRef* ContainerAt(const TypeSchema& schema, std::string_view path);

// Whether `value`, a number of entries and the entries, is one of the container at `path`.
absl::Status CheckPiece(const TypeSchema& schema, std::string_view path, std::string_view value);

}  // namespace tidemark
