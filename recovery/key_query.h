// KeyQuery: a key as somebody names it on a command line, compared with stored keys.
//
//   const KeyQuery query("[\"a\", 1.50]");
//   query.Matches(user_key)   // of the parts "a" and 1.5, however JSON would spell them
//
// A query is a key as `dump` shows it, or a JSON value: one value for a key of one part, an array
// for several. JSON is compared by value, so that blanks, escapes and the digits of a number do not
// matter; bytes that are not UTF-8 are {"hex": "ff00"}. A text is also found without quotes.
// Thread rule: constant after construction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tidemark {

class KeyQuery {
 public:
  explicit KeyQuery(std::string text);
  bool Matches(std::string_view user_key) const;

 private:
  struct Number {
    std::string digits;  // as they are spelt
  };
  // A JSON value that a part of a key can be.
  using Value = std::variant<std::monostate, bool, Number, std::string>;
  class Parser;
  struct Comparer;

  const std::string text_;
  std::optional<std::vector<Value>> values_;  // nothing if the text is not such JSON
};

}  // namespace tidemark
