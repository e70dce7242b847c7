// Functions of JSON values. What they take out of an object or an array is a JSON value again, as
// a field is: a number, a text, an object.
#include <cstdint>
#include <string>

#include "base/status.h"
#include "connectors/rows/json_scan.h"
#include "rows/expr/functions.h"
#include "rows/value_text.h"

namespace tidemark {
namespace {

// The elements of a JSON array as their source bytes. Requires valid JSON.
class ArrayScanner {
 public:
  explicit ArrayScanner(std::string_view array) : array_(array) {}

  bool Next(std::string_view& element) {
    at_ = array_.find_first_not_of(" \t\r\n,", at_ + 1);
    if (at_ == std::string_view::npos || array_[at_] == ']') return false;
    const size_t start = at_;
    int depth = 0;
    for (; at_ < array_.size(); ++at_) {
      const char c = array_[at_];
      if (c == '"') {
        for (++at_; array_[at_] != '"'; ++at_) {
          if (array_[at_] == '\\') ++at_;
        }
      } else if (c == '[' || c == '{') {
        ++depth;
      } else if ((c == ']' || c == '}') && depth-- == 0) {
        break;
      } else if (c == ',' && depth == 0) {
        break;
      }
    }
    const size_t end = array_.find_last_not_of(" \t\r\n", at_ - 1);
    element = array_.substr(start, end + 1 - start);
    --at_;  // the separator is looked at again
    return true;
  }

 private:
  const std::string_view array_;
  size_t at_ = 0;
};

int64_t LengthOf(std::string_view array) {
  ArrayScanner elements(array);
  std::string_view element;
  int64_t length = 0;
  while (elements.Next(element)) ++length;
  return length;
}

// The source bytes of an element; false if there is none, or if the row failed.
bool Find(Scalar& s, const Value& json, const Value& key, std::string_view& found) {
  if (json.type() != Type::kJson) return false;
  const std::string_view source = json.AsJson();
  if (key.type() == Type::kText) {
    if (!source.starts_with('{')) return false;
    const JsonFound is_there = FindJsonField(source, key.AsText(), found);
    if (is_there == JsonFound::kTwice) {
      return s.Fail(Cat("the field '", key.AsText(), "' is there twice"));
    }
    return is_there == JsonFound::kFound;
  }
  if (key.type() != Type::kInt64) {
    return s.Fail(Cat("-> needs the name of a field or a whole number, found ", Describe(key)));
  }
  if (!source.starts_with('[')) return false;
  int64_t index = key.AsInt();
  if (index < 0) index += LengthOf(source);
  if (index < 0) return false;
  ArrayScanner elements(source);
  while (elements.Next(found)) {
    if (index-- == 0) return true;
  }
  return false;
}

bool Element(Scalar& s, Value& out, Value json, Value key) {
  std::string_view found;
  if (!Find(s, json, key, found)) return false;
  if (!DecodeJson(found, s.arena, out)) {
    return s.Fail("half of a surrogate pair is not a character");
  }
  return !out.is_null();
}

bool ElementText(Scalar& s, std::string_view& out, Value json, Value key) {
  std::string_view found;
  if (!Find(s, json, key, found)) return false;
  if (!found.starts_with('"')) {
    out = found;
    return found != "null";
  }
  Value value;
  if (!DecodeJson(found, s.arena, value)) {
    return s.Fail("half of a surrogate pair is not a character");
  }
  out = value.AsText();
  return true;
}

bool ArrayLength(Scalar& s, int64_t& out, Value json) {
  if (json.type() != Type::kJson || !json.AsJson().starts_with('[')) {
    return s.Fail(Cat("cannot get array length of ", Describe(json)));
  }
  out = LengthOf(json.AsJson());
  return true;
}

constexpr Function kFunctions[] = {
    {"->", "Jx", 'x', RowsOf<Element>},
    {"->>", "Jx", 't', RowsOf<ElementText>},
    {"json_array_length", "J", 'i', RowsOf<ArrayLength>},
    {"jsonb_array_length", "J", 'i', RowsOf<ArrayLength>},
};

}  // namespace

std::span<const Function> JsonFunctions() { return kFunctions; }

}  // namespace tidemark
