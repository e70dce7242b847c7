// JsonFault: the place at which a text stops being JSON, and the reason.
//
// simdjson decides quickly whether a text is JSON, but does not locate the fault, and it refuses
// numbers that do not fit any machine type although they are JSON. This slow, plain check runs only
// then: it explains the error to a person and decides about the numbers.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tidemark {

struct JsonFault {
  size_t byte = 0;   // counts from 1, as editors do
  std::string what;  // "':' is expected"
};

// The first fault of `text` as one JSON value (RFC 8259) in UTF-8; nothing if it is valid.
std::optional<JsonFault> FindJsonFault(std::string_view text);

}  // namespace tidemark
