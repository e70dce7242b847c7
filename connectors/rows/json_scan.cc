#include "connectors/rows/json_scan.h"

#include <simdjson.h>

namespace tidemark {

absl::StatusOr<std::string> JsonUnquoted(std::string_view quoted) {
  if (quoted.find('\\') == std::string_view::npos) {
    return std::string(quoted.substr(1, quoted.size() - 2));
  }
  simdjson::dom::parser parser;
  std::string_view text;
  const auto error = parser.parse(quoted.data(), quoted.size()).get_string().get(text);
  if (error == simdjson::SUCCESS) return std::string(text);
  return absl::InvalidArgumentError("a text has escapes that stand for no character");
}

}  // namespace tidemark
