#include "rows/value.h"

#include "base/status.h"
#include "rows/value_text.h"

namespace tidemark {
namespace {

// Bytes of a value that a message shows.
constexpr size_t kShownMax = 40;

std::string Shown(std::string_view text) {
  if (text.size() <= kShownMax) return std::string(text);
  size_t end = kShownMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return Cat(text.substr(0, end), "…");
}

}  // namespace

std::string_view NameOf(Type type) {
  switch (type) {
    case Type::kNull:
      return "null";
    case Type::kBool:
      return "boolean";
    case Type::kInt64:
      return "bigint";
    case Type::kDouble:
      return "double precision";
    case Type::kText:
      return "text";
    case Type::kTimestamp:
      return "timestamp";
    case Type::kInterval:
      return "interval";
    case Type::kJson:
      return "json";
    case Type::kAny:
      return "json value";
  }
  return "";
}

std::string Describe(const Value& value) {
  std::string text;
  AppendText(value, text);
  switch (value.type()) {
    case Type::kNull:
    case Type::kAny:
      return "null";
    case Type::kBool:
      return text;
    case Type::kInt64:
    case Type::kDouble:
      return Cat("the number ", text);
    case Type::kText:
      return Cat("the text '", Shown(text), "'");
    case Type::kTimestamp:
      return Cat("the time ", text);
    case Type::kInterval:
      return Cat("the interval '", text, "'");
    case Type::kJson:
      if (text.starts_with('{')) return Cat("the object ", Shown(text));
      if (text.starts_with('[')) return Cat("the array ", Shown(text));
      return Cat("the number ", Shown(text), ", which exceeds 64 bits");
  }
  return "";
}

}  // namespace tidemark
