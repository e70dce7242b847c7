#include "rows/json_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "base/status.h"
#include "connectors/rows/json_scan.h"

namespace tidemark {
namespace {

bool IsName(std::string_view quoted, std::string_view name) {
  if (quoted.find('\\') != std::string_view::npos) return JsonUnquoted(quoted).value_or("") == name;
  return quoted.size() == name.size() + 2 && quoted.substr(1, name.size()) == name;
}

// The four hexadecimal digits of \uXXXX.
uint32_t HexAt(std::string_view text, size_t at) {
  uint32_t code = 0;
  std::from_chars(text.data() + at, text.data() + at + 4, code, 16);
  return code;
}

char* PutUtf8(uint32_t code, char* out) {
  if (code < 0x80) {
    *out++ = static_cast<char>(code);
  } else if (code < 0x800) {
    *out++ = static_cast<char>(0xc0 | code >> 6);
    *out++ = static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    *out++ = static_cast<char>(0xe0 | code >> 12);
    *out++ = static_cast<char>(0x80 | (code >> 6 & 0x3f));
    *out++ = static_cast<char>(0x80 | (code & 0x3f));
  } else {
    *out++ = static_cast<char>(0xf0 | code >> 18);
    *out++ = static_cast<char>(0x80 | (code >> 12 & 0x3f));
    *out++ = static_cast<char>(0x80 | (code >> 6 & 0x3f));
    *out++ = static_cast<char>(0x80 | (code & 0x3f));
  }
  return out;
}

// The character of the escape \uXXXX at `at`, which moves past it and the second half of a pair;
// nothing for half of a pair.
std::optional<uint32_t> ReadUnicodeEscape(std::string_view text, size_t& at) {
  const uint32_t code = HexAt(text, at + 2);
  at += 6;
  if (code < 0xd800 || code > 0xdfff) return code;
  const bool has_low = code < 0xdc00 && text.substr(at, 2) == "\\u";
  const uint32_t low = has_low ? HexAt(text, at + 2) : 0;
  if (low < 0xdc00 || low > 0xdfff) return std::nullopt;
  at += 6;
  return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
}

char SimpleEscape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;  // a quote, a slash or a backslash
  }
}

// The characters between the quotes of a JSON string.
std::optional<std::string_view> Unescape(std::string_view text, Arena& arena) {
  char* const start = arena.Allocate(text.size());  // an escape is longer than its character
  char* out = start;
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '\\') {
      *out++ = text[at++];
    } else if (text[at + 1] == 'u') {
      const auto code = ReadUnicodeEscape(text, at);
      if (!code) return std::nullopt;
      out = PutUtf8(*code, out);
    } else {
      *out++ = SimpleEscape(text[at + 1]);
      at += 2;
    }
  }
  const size_t size = static_cast<size_t>(out - start);
  arena.GiveBack(text.size() - size);
  return std::string_view(start, size);
}

Value DecodeNumber(std::string_view digits) {
  const char* const end = digits.data() + digits.size();
  if (digits.find_first_of(".eE") == std::string_view::npos) {
    int64_t whole = 0;
    const auto read = std::from_chars(digits.data(), end, whole);
    return read.ec == std::errc() ? Value::Of(whole) : Value::Json(digits);
  }
  double number = 0;
  const auto read = std::from_chars(digits.data(), end, number);
  if (read.ec == std::errc()) return Value::Of(number);
  // Out of range: too small numbers are zero, too large ones stay their digits.
  const double nearest = std::strtod(std::string(digits).c_str(), nullptr);
  return std::isfinite(nearest) ? Value::Of(nearest) : Value::Json(digits);
}

// Looks for the rest of a path in `object`, the longest names first.
JsonFound FindPath(std::string_view object, std::string_view path, std::string_view& value) {
  if (!object.starts_with('{')) return JsonFound::kMissing;
  if (const JsonFound found = FindJsonField(object, path, value); found != JsonFound::kMissing) {
    return found;
  }
  for (size_t end = path.size(); end > 0;) {
    end = path.rfind('.', end - 1);
    if (end == std::string_view::npos) break;
    std::string_view parent;
    const JsonFound has_parent = FindJsonField(object, path.substr(0, end), parent);
    if (has_parent == JsonFound::kMissing) continue;
    if (has_parent == JsonFound::kTwice) return has_parent;
    const JsonFound inside = FindPath(parent, path.substr(end + 1), value);
    if (inside != JsonFound::kMissing) return inside;
  }
  return JsonFound::kMissing;
}

}  // namespace

JsonFound FindJsonField(std::string_view object, std::string_view name, std::string_view& value) {
  JsonFieldScanner fields(object);
  std::string_view quoted, source;
  JsonFound found = JsonFound::kMissing;
  while (fields.Next(quoted, source)) {
    if (!IsName(quoted, name)) continue;
    if (found == JsonFound::kFound) return JsonFound::kTwice;
    value = source;
    found = JsonFound::kFound;
  }
  return found;
}

bool DecodeJson(std::string_view source, Arena& arena, Value& value) {
  switch (source.front()) {
    case 'n':
      value = Value();
      return true;
    case 't':
    case 'f':
      value = Value::Of(source.front() == 't');
      return true;
    case '{':
    case '[':
      value = Value::Json(source);
      return true;
    case '"': {
      const std::string_view text = source.substr(1, source.size() - 2);
      if (text.find('\\') == std::string_view::npos) {
        value = Value::Text(text);
        return true;
      }
      const auto unescaped = Unescape(text, arena);
      value = unescaped ? Value::Text(*unescaped) : Value();
      return unescaped.has_value();
    }
    default:
      value = DecodeNumber(source);
      return true;
  }
}

JsonColumns::JsonColumns(std::vector<Wanted> wanted) : wanted_(std::move(wanted)) {
  const auto add = [&](std::string_view text) {
    for (size_t i = 0; i < names_.size(); ++i) {
      if (names_[i].text == text) return i;
    }
    names_.push_back({.text = std::string(text)});
    return names_.size() - 1;
  };
  for (const Wanted& field : wanted_) {
    std::vector<size_t> names;
    const std::string_view path = field.path;
    for (size_t end = path.size(); end != std::string_view::npos;
         end = end == 0 ? std::string_view::npos : path.rfind('.', end - 1)) {
      names.push_back(add(path.substr(0, end)));
    }
    names_of_.push_back(std::move(names));
  }
}

void JsonColumns::ScanNames(std::string_view row) {
  for (Name& name : names_) name.value = {}, name.is_twice = false;
  JsonFieldScanner fields(row);
  std::string_view quoted, value;
  while (fields.Next(quoted, value)) {
    for (Name& name : names_) {
      if (!IsName(quoted, name.text)) continue;
      name.is_twice = name.value.data() != nullptr;
      name.value = value;
    }
  }
}

bool JsonColumns::Find(size_t wanted, std::string_view& value) const {
  const std::string_view path = wanted_[wanted].path;
  for (const size_t index : names_of_[wanted]) {
    const Name& name = names_[index];
    if (name.value.data() == nullptr) continue;
    if (name.is_twice) return false;
    if (name.text.size() == path.size()) {
      value = name.value;
      return true;
    }
    const JsonFound inside = FindPath(name.value, path.substr(name.text.size() + 1), value);
    if (inside == JsonFound::kTwice) return false;
    if (inside == JsonFound::kFound) return true;
  }
  value = {};
  return true;
}

void JsonColumns::Read(std::span<const std::string_view> rows, RowBatch& batch,
                       std::vector<RowFault>& faults) {
  batch.Reset(wanted_.size(), rows.size());
  if (wanted_.empty()) return;
  for (uint32_t row = 0; row < rows.size(); ++row) {
    ScanNames(rows[row]);
    for (size_t i = 0; i < wanted_.size(); ++i) {
      std::string_view source;
      Value value;
      if (!Find(i, source)) {
        faults.push_back({.row = row,
                          .what = Cat("the field '", wanted_[i].path, "' is there twice"),
                          .column = i});
      } else if (wanted_[i].source && source.data() != nullptr) {
        value = Value::Json(source);
      } else if (source.data() != nullptr && !DecodeJson(source, batch.arena(), value)) {
        faults.push_back({.row = row,
                          .what = Cat("the field '", wanted_[i].path,
                                      "' has half of a surrogate pair, which is not a character"),
                          .column = i});
      }
      batch.column(i).Set(row, value);
    }
  }
}

}  // namespace tidemark
