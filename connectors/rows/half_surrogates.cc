#include "connectors/rows/half_surrogates.h"

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/status.h"

namespace tidemark {
namespace {

// Noncharacters: U+FDD0 … U+FDEF are for uses like this one.
constexpr uint32_t kFirstMark = 0xfdd0;
constexpr uint32_t kMarks = 32;
constexpr size_t kEscapeBytes = 6;  // \uXXXX

// The unit that an escape at `at` stands for; nothing when it is another one.
std::optional<uint32_t> UnitAt(std::string_view json, size_t at) {
  if (json.size() < at + kEscapeBytes || json[at] != '\\' || json[at + 1] != 'u') {
    return std::nullopt;
  }
  const std::string digits(json.substr(at + 2, 4));
  return static_cast<uint32_t>(std::strtoul(digits.c_str(), nullptr, 16));
}

bool IsHigh(std::optional<uint32_t> unit) { return unit && *unit >= 0xd800 && *unit <= 0xdbff; }
bool IsLow(std::optional<uint32_t> unit) { return unit && *unit >= 0xdc00 && *unit <= 0xdfff; }

// U+FDD0 + n.
std::string MarkInUtf8(uint32_t n) {
  const uint32_t code = kFirstMark + n;
  return {static_cast<char>(0xe0 | (code >> 12)), static_cast<char>(0x80 | ((code >> 6) & 0x3f)),
          static_cast<char>(0x80 | (code & 0x3f))};
}

// The first mark that `json` has neither as it is nor as an escape.
std::optional<std::string> FreeMark(std::string_view json) {
  const std::string lower = absl::AsciiStrToLower(ToAbsl(json));
  for (uint32_t n = 0; n < kMarks; ++n) {
    std::string mark = MarkInUtf8(n);
    const std::string escape = Cat("\\u", absl::Hex(kFirstMark + n));
    if (json.find(mark) == std::string_view::npos && lower.find(escape) == std::string::npos) {
      return mark;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string MarkHalfSurrogates(std::string& json) {
  std::string out, mark;
  for (size_t at = 0; at < json.size();) {
    const std::optional<uint32_t> unit = UnitAt(json, at);
    if (IsHigh(unit) && IsLow(UnitAt(json, at + kEscapeBytes))) {
      out.append(json, at, 2 * kEscapeBytes);
      at += 2 * kEscapeBytes;
    } else if (IsHigh(unit) || IsLow(unit)) {
      if (mark.empty()) {
        const std::optional<std::string> free = FreeMark(json);
        if (!free) return {};
        mark = *free;
      }
      out += mark;
      at += kEscapeBytes;
    } else {
      const size_t size = json[at] == '\\' ? 2 : 1;  // an escaped backslash begins no escape
      out.append(json, at, size);
      at += size;
    }
  }
  if (!mark.empty()) json = std::move(out);
  return mark;
}

}  // namespace tidemark
