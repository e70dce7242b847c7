#include "recovery/key_query.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "base/status.h"
#include "state/state_key.h"

namespace tidemark {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kNumber = "+-.0123456789eE";

void AppendUtf8(uint32_t point, std::string& out) {
  const auto byte = [&](uint32_t bits) { out.push_back(static_cast<char>(bits)); };
  if (point < 0x80) return byte(point);
  if (point < 0x800) {
    byte(0xc0 | point >> 6);
  } else {
    if (point < 0x10000) {
      byte(0xe0 | point >> 12);
    } else {
      byte(0xf0 | point >> 18);
      byte(0x80 | (point >> 12 & 0x3f));
    }
    byte(0x80 | (point >> 6 & 0x3f));
  }
  byte(0x80 | (point & 0x3f));
}

// Every integer up to here is a double.
bool IsExact(double value) { return std::fabs(value) <= 9007199254740992.0; }

}  // namespace

// Reads one value or an array of values; false for any other text.
class KeyQuery::Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  bool Parse(std::vector<Value>& out) {
    if (!Take('[')) return ReadInto(out) && AtEnd();
    if (Take(']')) return AtEnd();
    do {
      if (!ReadInto(out)) return false;
    } while (Take(','));
    return Take(']') && AtEnd();
  }

 private:
  void SkipBlanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlanks), rest_.size()));
  }
  bool AtEnd() {
    SkipBlanks();
    return rest_.empty();
  }
  bool Take(char c) {
    SkipBlanks();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool TakeWord(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  bool ReadInto(std::vector<Value>& out) {
    SkipBlanks();
    std::string text;
    if (TakeWord("null")) {
      out.emplace_back();
    } else if (TakeWord("true")) {
      out.emplace_back(true);
    } else if (TakeWord("false")) {
      out.emplace_back(false);
    } else if (ReadString(text) || ReadHex(text)) {
      out.emplace_back(std::move(text));
    } else {
      const size_t size = std::min(rest_.find_first_not_of(kNumber), rest_.size());
      double value = 0;
      if (!absl::SimpleAtod(ToAbsl(rest_.substr(0, size)), &value)) return false;
      out.emplace_back(Number{std::string(rest_.substr(0, size))});
      rest_.remove_prefix(size);
    }
    return true;
  }

  // {"hex": "ff00"}
  bool ReadHex(std::string& out) {
    std::string name, hex;
    const bool whole =
        Take('{') && ReadString(name) && name == "hex" && Take(':') && ReadString(hex) && Take('}');
    if (!whole || hex.size() % 2 != 0) return false;
    out = absl::HexStringToBytes(hex);
    return true;
  }

  bool ReadString(std::string& out) {
    SkipBlanks();
    if (!Take('"')) return false;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (c != '\\') {
        out.push_back(c);
      } else if (!ReadEscape(out)) {
        return false;
      }
    }
    return false;
  }

  bool ReadEscape(std::string& out) {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (c == 'u') return ReadUnicode(out);
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    const size_t at = kNames.find(c);
    if (at == std::string_view::npos) return false;
    out.push_back(kMeant[at]);
    return true;
  }

  bool ReadFourDigits(uint32_t& unit) {
    if (rest_.size() < 4 || !absl::SimpleHexAtoi(ToAbsl(rest_.substr(0, 4)), &unit)) return false;
    rest_.remove_prefix(4);
    return true;
  }

  bool ReadUnicode(std::string& out) {
    uint32_t unit = 0;
    if (!ReadFourDigits(unit)) return false;
    if (unit < 0xd800 || unit > 0xdfff) return AppendUtf8(unit, out), true;
    uint32_t low = 0;
    const bool is_pair =
        unit < 0xdc00 && TakeWord("\\u") && ReadFourDigits(low) && low >= 0xdc00 && low <= 0xdfff;
    if (!is_pair) return false;
    AppendUtf8(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00), out);
    return true;
  }

  std::string_view rest_;
};

// A stored part against a value of the query.
struct KeyQuery::Comparer {
  const Value& value;

  bool operator()(std::monostate) const { return std::holds_alternative<std::monostate>(value); }
  bool operator()(bool part) const {
    const bool* const flag = std::get_if<bool>(&value);
    return flag != nullptr && *flag == part;
  }
  template <class Integer>
  bool IsInteger(Integer part) const {
    const Number* const number = std::get_if<Number>(&value);
    if (number == nullptr) return false;
    Integer integer = 0;
    if (absl::SimpleAtoi(number->digits, &integer)) return integer == part;
    double real = 0;  // 5.0, 5e0
    if (!absl::SimpleAtod(number->digits, &real) || !IsExact(real)) return false;
    // Not the part as a double, which may be another number.
    const auto whole = static_cast<int64_t>(real);
    return std::trunc(real) == real && std::cmp_equal(whole, part);
  }
  bool operator()(int64_t part) const { return IsInteger(part); }
  bool operator()(uint64_t part) const { return IsInteger(part); }
  bool operator()(double part) const {
    if (const std::string* const text = std::get_if<std::string>(&value)) {
      // JSON has no number for these; as in UserKeyToJson().
      if (std::isnan(part)) return *text == "NaN";
      return std::isinf(part) && *text == (part > 0 ? "Infinity" : "-Infinity");
    }
    const Number* const number = std::get_if<Number>(&value);
    double real = 0;
    return number != nullptr && absl::SimpleAtod(number->digits, &real) && real == part;
  }
  bool operator()(const std::string& part) const {
    const std::string* const text = std::get_if<std::string>(&value);
    return text != nullptr && *text == part;
  }
  bool operator()(Timestamp part) const {
    const std::string* const text = std::get_if<std::string>(&value);
    return text != nullptr && *text == FormatTimestamp(part);
  }
};

KeyQuery::KeyQuery(std::string text) : text_(std::move(text)) {
  std::vector<Value> values;
  if (Parser(text_).Parse(values)) values_ = std::move(values);
}

bool KeyQuery::Matches(std::string_view user_key) const {
  if (text_ == FormatUserKey(user_key)) return true;
  const auto parts = ParseUserKey(user_key);
  if (!parts.ok()) return text_ == UserKeyToJson(user_key);
  const std::string* const lone =
      parts->size() == 1 ? std::get_if<std::string>(&(*parts)[0]) : nullptr;
  if (lone != nullptr && *lone == text_) return true;
  if (!values_.has_value() || values_->size() != parts->size()) return false;
  for (size_t i = 0; i < parts->size(); ++i) {
    if (!std::visit(Comparer{(*values_)[i]}, (*parts)[i])) return false;
  }
  return true;
}

}  // namespace tidemark
