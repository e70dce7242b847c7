// Strings as JSON. Most are plain ASCII and are copied in one piece.
#include <cstdint>

#include "state/value_json.h"

namespace tidemark {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

// The length of the UTF-8 sequence at `text[i]`, 0 if there is none (Unicode 15, table 3-7).
size_t SequenceBytes(std::string_view text, size_t i) {
  const auto at = [&](size_t k) -> uint8_t {
    return i + k < text.size() ? static_cast<uint8_t>(text[i + k]) : 0;
  };
  const auto tail = [&](size_t from, size_t to) {
    for (size_t k = from; k <= to; ++k) {
      if ((at(k) & 0xc0) != 0x80) return false;
    }
    return true;
  };
  const uint8_t lead = at(0), second = at(1);
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return tail(1, 1) ? 2 : 0;
  if (lead < 0xf0) {
    if (lead == 0xe0 && second < 0xa0) return 0;  // overlong
    if (lead == 0xed && second > 0x9f) return 0;  // surrogates
    return tail(1, 2) ? 3 : 0;
  }
  if (lead > 0xf4 || (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return 0;
  return tail(1, 3) ? 4 : 0;
}

void AppendEscape(char c, std::string& out) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      out += "\\u00";
      out += kHexDigits[static_cast<uint8_t>(c) >> 4];
      out += kHexDigits[static_cast<uint8_t>(c) & 15];
  }
}

}  // namespace

void AppendJsonHex(std::string_view bytes, std::string& out) {
  out += "{\"hex\":\"";
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
  }
  out += "\"}";
}

void AppendJsonString(std::string_view text, std::string& out) {
  const size_t start = out.size();
  out += '"';
  size_t plain = 0;  // start of the bytes that can be copied as they are
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (static_cast<uint8_t>(c) >= 0x80) {
      const size_t bytes = SequenceBytes(text, i);
      if (bytes == 0) {
        out.resize(start);
        AppendJsonHex(text, out);
        return;
      }
      i += bytes;
    } else if (static_cast<uint8_t>(c) < 0x20 || c == '"' || c == '\\') {
      out.append(text, plain, i - plain);
      AppendEscape(c, out);
      plain = ++i;
    } else {
      ++i;
    }
  }
  out.append(text, plain, text.size() - plain);
  out += '"';
}

}  // namespace tidemark
