// Names what is given as input and is not lines of text: gzip, UTF-16, one JSON array.
//
// Such a file fails at its first line with "not JSON at byte 1", or, with `on_error: skip`, line by
// line to its end. People give them all the time, so they are named for what they are, with the
// command that makes lines of them. A file is looked at before anything is read, any other input at
// its first bad line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "connectors/byte_input.h"

namespace tidemark {

// "gzip; unpack it first (gunzip), compressed input is not read yet", of bytes that are evidently
// not text in UTF-8. `bytes` is the beginning of an input, or of a line.
std::optional<std::string> ForeignKindOf(std::string_view bytes);

// "one JSON array, and each line must be one JSON object; …", of the beginning of JSON text that is
// evidently not one object on each line.
std::optional<std::string> JsonShapeOf(std::string_view beginning);

// Unimplemented where `input` is at its beginning and that is evidently not text, with its path.
absl::Status CheckTextBeginning(ByteInput& input);
// The same, or not lines of JSON.
absl::Status CheckJsonBeginning(ByteInput& input);

// A line of JSON without what may stand in front of its row: the mark of UTF-8, and the NUL bytes
// with which a file begins that was cut while its writer went on at the old place.
std::string_view RowText(std::string_view line);

// Why `line`, which is not JSON as `fault` says, is none: names what is to be seen in it.
std::string DescribeBadRow(std::string_view line, std::string_view fault);

}  // namespace tidemark
