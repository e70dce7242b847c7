// Recognises input that is not lines of text: gzip, UTF-16, one JSON array.
//
// Such a file fails at its first line with "not JSON at byte 1", or, with `on_error: skip`, line by
// line to its end. Users supply them all the time, so the error names what they are, with the
// command that converts them to lines. A file is inspected before anything is read, any other input
// at its first bad line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "connectors/rows/byte_input.h"

namespace tidemark {

// "gzip; unpack it first (gunzip), compressed input is not read yet", for bytes that are evidently
// not UTF-8 text. `bytes` is the beginning of an input, or of a line.
std::optional<std::string> ForeignKindOf(std::string_view bytes);

// "one JSON array, and each line must be one JSON object; …", for the beginning of JSON text that
// is evidently not one object on each line.
std::optional<std::string> JsonShapeOf(std::string_view beginning);

// Unimplemented if `input` is at its beginning and that is evidently not text, with its path.
absl::Status CheckTextBeginning(ByteInput& input);
// The same, or not lines of JSON.
absl::Status CheckJsonBeginning(ByteInput& input);

// A line of JSON without any prefix before its row: a UTF-8 byte-order mark, and the NUL bytes at
// the beginning of a file that was truncated while its writer continued at the old offset.
std::string_view RowText(std::string_view line);

// Why `line`, which is not JSON because of `fault`, is not a row: names what it appears to be.
std::string DescribeBadRow(std::string_view line, std::string_view fault);

}  // namespace tidemark
