// JsonFieldScanner: the fields of one JSON object as their source bytes.
//
//   JsonFieldScanner fields(raw);
//   std::string_view name, value;
//   while (fields.Next(name, value)) …      // "\"id\"", "18446744073709551617"
//
// A parser turns numbers into machine types; code that needs the original digits uses this.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/check.h"

namespace tidemark {

// Requires that the text was validated as one JSON object. Used by one thread.
class JsonFieldScanner {
 public:
  explicit JsonFieldScanner(std::string_view object) : rest_(object) {
    SkipBlanks();
    Expect('{');
  }

  // False after the last field; otherwise the source bytes of its name, in quotes, and of its
  // value.
  bool Next(std::string_view& name, std::string_view& value) {
    SkipBlanks();
    if (rest_.front() == '}') return false;
    if (rest_.front() == ',') {
      Expect(',');
      SkipBlanks();
    }
    name = Take(StringEnd(0));
    SkipBlanks();
    Expect(':');
    SkipBlanks();
    value = Take(ValueEnd());
    return true;
  }

 private:
  void SkipBlanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    TM_CHECK(!rest_.empty(), "the text is a JSON object");
  }
  void Expect(char c) {
    TM_CHECK(rest_.front() == c, "the text is a JSON object");
    rest_.remove_prefix(1);
  }
  std::string_view Take(size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  // After the quote that ends the string at `at`.
  size_t StringEnd(size_t at) const {
    for (++at; rest_[at] != '"'; ++at) {
      if (rest_[at] == '\\') ++at;
    }
    return at + 1;
  }
  size_t ValueEnd() const {
    const char first = rest_.front();
    if (first == '"') return StringEnd(0);
    if (first != '{' && first != '[') return rest_.find_first_of(",} \t\r\n");
    int depth = 0;
    for (size_t at = 0;; ++at) {
      const char c = rest_[at];
      if (c == '"') at = StringEnd(at) - 1;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return at + 1;
    }
  }

  std::string_view rest_;
};

// The text in a JSON string, whose quotes are part of `quoted`. InvalidArgument if its escapes do
// not form text, such as half of a surrogate pair.
absl::StatusOr<std::string> JsonUnquoted(std::string_view quoted);

}  // namespace tidemark
