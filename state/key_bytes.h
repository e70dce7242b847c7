// The bytes that keys are made of: integers and strings that sort like what they stand for, and the
// reader that takes them off the front of a key. Only for state_key.cc and user_key.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidemark {

// The first byte of a string that is part of a key. In it a zero byte is written as 00 FF and the
// end as 00 01. A string that ends is thereby smaller than one that goes on, whatever it goes on
// with.
inline constexpr unsigned char kStringTag = 0x40;
inline constexpr char kEscape = '\x00';
inline constexpr char kEscapedZero = '\xff';
inline constexpr char kEndOfString = '\x01';

inline constexpr uint64_t kSignBit = uint64_t{1} << 63;

inline void AppendBigEndian32(uint32_t value, std::string& out) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

inline void AppendBigEndian64(uint64_t value, std::string& out) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

// Takes bytes off the front of a key. After a failed take the rest is of no use.
class KeyReader {
 public:
  explicit KeyReader(std::string_view bytes) : rest_(bytes) {}

  std::string_view rest() const { return rest_; }
  bool TakeByte(unsigned char& byte) {
    if (rest_.empty()) return false;
    byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return true;
  }
  bool TakeBigEndian(size_t bytes, uint64_t& value) {
    if (rest_.size() < bytes) return false;
    value = 0;
    for (size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<unsigned char>(rest_[i]);
    rest_.remove_prefix(bytes);
    return true;
  }
  // An escaped string with its end; appended to `text` if that is wanted.
  bool TakeString(std::string* text) {
    for (;;) {
      const size_t zero = rest_.find(kEscape);
      if (zero == std::string_view::npos || zero + 1 == rest_.size()) return false;
      const char what = rest_[zero + 1];
      if (text != nullptr) text->append(rest_.substr(0, zero));
      rest_.remove_prefix(zero + 2);
      if (what == kEndOfString) return true;
      if (what != kEscapedZero) return false;
      if (text != nullptr) text->push_back('\0');
    }
  }

 private:
  std::string_view rest_;
};

// Takes the parts of a user key, as long as a tag follows: up to the row kind, or to the end. False
// where a part is malformed or cut off.
bool TakeUserKey(KeyReader& reader, std::string_view& user_key);

}  // namespace tidemark
