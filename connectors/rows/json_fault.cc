#include "connectors/rows/json_fault.h"

#include <cstdint>

#include "base/status.h"

namespace tidemark {
namespace {

constexpr int kDepthMax = 1024;  // as simdjson's

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// The length of the UTF-8 character at the beginning of `text`; 0 when there is none. Overlong
// forms, surrogates and what lies behind U+10FFFF are none.
size_t Utf8Length(std::string_view text) {
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0};
  };
  const auto tail = [&](size_t i) { return byte(i) >= 0x80 && byte(i) <= 0xbf; };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool overlong = first == 0xe0 && byte(1) < 0xa0;
    const bool surrogate = first == 0xed && byte(1) > 0x9f;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool overlong = first == 0xf0 && byte(1) < 0x90;
    const bool too_large = first == 0xf4 && byte(1) > 0x8f;
    return tail(1) && tail(2) && tail(3) && !overlong && !too_large ? 4 : 0;
  }
  return 0;
}

// Recursive descent; each function leaves at_ behind what it read, or at the fault and gives false.
class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}

  std::optional<JsonFault> Run() {
    SkipSpace();
    if (Value(0)) {
      SkipSpace();
      if (at_ == text_.size()) return std::nullopt;
      Fail("something follows the end of the value");
    }
    return JsonFault{.byte = at_ + 1, .what = what_};
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Fail(std::string_view what) {
    what_ = at_ < text_.size() ? std::string(what) : Cat("the text ends where ", what);
    return false;
  }
  bool Expect(char c) {
    if (at_ < text_.size() && text_[at_] == c) return ++at_, true;
    return Fail(Cat("'", std::string_view(&c, 1), "' is expected"));
  }
  void SkipSpace() {
    while (at_ < text_.size() &&
           std::string_view(" \t\n\r").find(text_[at_]) != std::string::npos) {
      ++at_;
    }
  }

  bool Value(int depth) {
    switch (Peek()) {
      case '{':
        return Nested(depth, '}');
      case '[':
        return Nested(depth, ']');
      case '"':
        return String();
      case 't':
        return Word("true");
      case 'f':
        return Word("false");
      case 'n':
        return Word("null");
      default:
        if (Peek() == '-' || IsDigit(Peek())) return Number();
        return Fail("a value is expected");
    }
  }

  bool Nested(int depth, char close) {
    if (depth >= kDepthMax) return Fail("the nesting is too deep");
    ++at_;
    SkipSpace();
    if (Peek() == close) return ++at_, true;
    while (true) {
      if (close == '}') {
        if (Peek() != '"') return Fail("a field name in quotes is expected");
        if (!String()) return false;
        SkipSpace();
        if (!Expect(':')) return false;
        SkipSpace();
      }
      if (!Value(depth + 1)) return false;
      SkipSpace();
      if (Peek() == close) return ++at_, true;
      if (Peek() != ',') {
        return Fail(close == '}' ? "',' or '}' is expected" : "',' or ']' is expected");
      }
      ++at_;
      SkipSpace();
    }
  }

  bool Word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return Fail("a value is expected");
    at_ += word.size();
    return true;
  }

  bool Digits() {
    if (!IsDigit(Peek())) return Fail("a digit is expected");
    while (IsDigit(Peek())) ++at_;
    return true;
  }

  bool Number() {
    if (Peek() == '-') ++at_;
    if (Peek() == '0') {
      ++at_;
      if (IsDigit(Peek())) return Fail("a number does not begin with a zero");
    } else if (!Digits()) {
      return false;
    }
    if (Peek() == '.') {
      ++at_;
      if (!Digits()) return false;
    }
    if (Peek() == 'e' || Peek() == 'E') {
      ++at_;
      if (Peek() == '+' || Peek() == '-') ++at_;
      if (!Digits()) return false;
    }
    return true;
  }

  bool String() {
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') return ++at_, true;
      if (c == '\\') {
        if (!Escape()) return false;
        continue;
      }
      if (static_cast<uint8_t>(c) < 0x20)
        return Fail("a control character must be written as \\u…");
      const size_t length = Utf8Length(text_.substr(at_));
      if (length == 0) return Fail("this is not UTF-8");
      at_ += length;
    }
    return Fail("a '\"' is expected");
  }

  bool Escape() {
    ++at_;
    if (Peek() != 'u') {
      if (at_ < text_.size() && std::string_view("\"\\/bfnrt").find(Peek()) != std::string::npos) {
        return ++at_, true;
      }
      return Fail("an escape is expected: one of \" \\ / b f n r t u");
    }
    // Half of a surrogate pair is in the grammar; whether it can be read is not asked here.
    return HexUnit();
  }

  // "uXXXX"
  bool HexUnit() {
    ++at_;
    for (int i = 0; i < 4; ++i, ++at_) {
      if (!IsHexDigit(Peek())) return Fail("four hexadecimal digits are expected");
    }
    return true;
  }

  const std::string_view text_;
  size_t at_ = 0;
  std::string what_;
};

}  // namespace

std::optional<JsonFault> FindJsonFault(std::string_view text) { return Checker(text).Run(); }

}  // namespace tidemark
