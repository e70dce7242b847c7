#include "base/printable.h"

#include <cstddef>
#include <cstdint>

namespace tidemark {
namespace {

// A character at the beginning of `text`; `bytes` 0 where it is not UTF-8.
struct Character {
  uint32_t code = 0;
  size_t bytes = 0;
};

Character FirstOf(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = at(0);
  if (lead < 0x80) return {lead, 1};
  const size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {};
  uint32_t code = lead & (0x7fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if ((at(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (at(i) & 0x3fu);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kLeast[bytes] || is_surrogate || code > 0x10ffff) return {};
  return {code, bytes};
}

bool IsIn(uint32_t code, uint32_t first, uint32_t last) { return code >= first && code <= last; }

// Whether a terminal would do something else with it than show it.
bool IsHidden(uint32_t code) {
  if (code < 0x20 || IsIn(code, 0x7f, 0x9f)) return true;
  if (code < 0x061c) return code == 0xad;  // soft hyphen
  return code == 0x061c                    // Arabic letter mark
         || code == 0x180e                 // Mongolian vowel separator
         || code == 0x200b                 // zero width space; joiners make emoji and letters
         || IsIn(code, 0x200e, 0x200f)     // left-to-right mark, right-to-left mark
         || IsIn(code, 0x2028, 0x202e)     // separators; embeddings and overrides
         || IsIn(code, 0x2060, 0x206f)     // word joiner, isolates, deprecated controls
         || code == 0xfeff                 // byte order mark
         || IsIn(code, 0xfff9, 0xfffb)     // interlinear annotations
         || IsIn(code, 0xe0000, 0xe007f);  // tags
}

void AppendHex(uint32_t number, int digits, std::string& out) {
  for (int i = digits - 1; i >= 0; --i) out += "0123456789abcdef"[number >> (4 * i) & 0xf];
}

void AppendEscape(uint32_t code, std::string& out) {
  if (code == '\n' || code == '\r' || code == '\t') {
    out += code == '\n' ? "\\n" : code == '\r' ? "\\r" : "\\t";
    return;
  }
  if (code > 0xffff) {
    out += "\\u";
    AppendHex(0xd800 + ((code - 0x10000) >> 10), 4, out);
    code = 0xdc00 + ((code - 0x10000) & 0x3ff);
  }
  out += "\\u";
  AppendHex(code, 4, out);
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character next = FirstOf(text);
    if (next.bytes == 0) {
      out += "\\x";
      AppendHex(static_cast<uint8_t>(text[0]), 2, out);
    } else if (IsHidden(next.code)) {
      AppendEscape(next.code, out);
    } else {
      out += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes == 0 ? 1 : next.bytes);
  }
  return out;
}

}  // namespace tidemark
