// User keys as people and programs read them; their bytes are state_key.cc's business.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "base/status.h"
#include "state/state_key.h"

namespace tidemark {
namespace {

std::string Hex(std::string_view bytes) { return absl::BytesToHexString(ToAbsl(bytes)); }

// The length of the well-formed UTF-8 sequence at the start of `text`, 0 if there is none: no
// overlong forms, no surrogates, nothing above U+10FFFF.
size_t Utf8SequenceBytes(std::string_view text) {
  const auto byte = [&](size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const auto continues = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned first = byte(0);
  if (text.empty()) return 0;
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool overlong = first == 0xe0 && byte(1) < 0xa0;
    const bool surrogate = first == 0xed && byte(1) > 0x9f;
    return !overlong && !surrogate && continues(1) && continues(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool overlong = first == 0xf0 && byte(1) < 0x90;
    const bool too_large = first == 0xf4 && byte(1) > 0x8f;
    return !overlong && !too_large && continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t bytes = Utf8SequenceBytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

bool IsControl(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence[0]);
  const bool c1 =
      sequence.size() == 2 && first == 0xc2 && static_cast<unsigned char>(sequence[1]) < 0xa0;
  return first < 0x20 || first == 0x7f || c1;
}

// As it is, but for bytes that are no text or that would steer a terminal: those as \xNN.
std::string StringForPeople(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t bytes = std::max<size_t>(1, Utf8SequenceBytes(text));
    const std::string_view sequence = text.substr(0, bytes);
    if (Utf8SequenceBytes(text) == 0 || IsControl(sequence)) {
      for (const char c : sequence) out += "\\x" + Hex({&c, 1});
    } else {
      out.append(sequence);
    }
    text.remove_prefix(bytes);
  }
  return out;
}

std::string JsonString(std::string_view text) {
  if (!IsUtf8(text)) return Cat("{\"hex\":\"", Hex(text), "\"}");
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00" + Hex({&c, 1});
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
  return out;
}

// The shortest digits that read back as the same number.
std::string Digits(double value) {
  char digits[32];
  const auto result = std::to_chars(digits, digits + sizeof(digits), value);
  return std::string(digits, result.ptr);
}

// A text that reads like a number, or like another JSON value, is not shown as if it were one.
bool LooksLikeJson(std::string_view text) {
  if (text.empty() || text == "null" || text == "true" || text == "false") return true;
  if (text.front() == '"') return true;
  double number = 0;
  const bool begins_so = text.front() == '-' || absl::ascii_isdigit(text.front());
  return begins_so && absl::SimpleAtod(ToAbsl(text), &number);
}

struct ForPeople {
  std::string operator()(std::monostate) const { return "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(int64_t value) const { return Cat(value); }
  std::string operator()(uint64_t value) const { return Cat(value); }
  std::string operator()(double value) const { return Digits(value); }
  std::string operator()(const std::string& value) const {
    return LooksLikeJson(value) ? JsonString(value) : StringForPeople(value);
  }
  std::string operator()(Timestamp value) const { return FormatTimestamp(value); }
};

struct ForMachines {
  std::string operator()(std::monostate) const { return "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(int64_t value) const { return Cat(value); }
  std::string operator()(uint64_t value) const { return Cat(value); }
  std::string operator()(double value) const {
    // JSON has no number for these; as in state/value_json.h.
    if (std::isnan(value)) return "\"NaN\"";
    if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    return Digits(value);
  }
  std::string operator()(const std::string& value) const { return JsonString(value); }
  std::string operator()(Timestamp value) const { return Cat("\"", FormatTimestamp(value), "\""); }
};

// One part alone, anything else as a list between `open` and `close`.
template <class Format>
std::string Join(const std::vector<KeyPart>& parts, std::string_view open,
                 std::string_view separator, std::string_view close) {
  if (parts.size() == 1) return std::visit(Format(), parts[0]);
  std::string out(open);
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out.append(separator);
    out += std::visit(Format(), parts[i]);
  }
  return out.append(close);
}

}  // namespace

std::string FormatUserKey(std::string_view user_key) {
  const auto parts = ParseUserKey(user_key);
  if (!parts.ok()) return Cat("malformed:", Hex(user_key));
  return Join<ForPeople>(*parts, "(", ", ", ")");
}

std::string UserKeyToJson(std::string_view user_key) {
  const auto parts = ParseUserKey(user_key);
  if (!parts.ok()) return Cat("{\"malformed\":\"", Hex(user_key), "\"}");
  return Join<ForMachines>(*parts, "[", ",", "]");
}

}  // namespace tidemark
