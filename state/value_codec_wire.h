// The small units that stored values are made of, and the bounds that reading them needs.
//
// docs/formats/values.md has the format. ValueWriter collects a value in a buffer on the stack, so
// that a small struct costs one append instead of one per field. ValueReader never reads past the
// end and remembers the first thing that was wrong; its functions return false from then on, so
// callers chain them with && and look at status() once.
//
// Used by one function at a time; neither outlives the bytes it was made for.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/check.h"
#include "state/reflect_types.h"

namespace tidemark {

// How many structs may lie inside each other in one value. A recursive type can nest without bound,
// and reading one takes stack.
inline constexpr int kMaxValueDepth = 100;

namespace internal {

static_assert(std::endian::native == std::endian::little,
              "TODO(port): fixed-width values swap bytes");

// Stored as they lie in memory, so that a vector of them is one copy.
template <class T>
inline constexpr bool kIsFlat = ShapeOf<T>() == Shape::kFloat || ShapeOf<T>() == Shape::kChar ||
                                (ShapeOf<T>() == Shape::kInteger && sizeof(T) == 1);

constexpr uint64_t ZigZag(int64_t n) {
  return (static_cast<uint64_t>(n) << 1) ^ static_cast<uint64_t>(n >> 63);
}
constexpr int64_t UnZigZag(uint64_t n) { return static_cast<int64_t>((n >> 1) ^ (~(n & 1) + 1)); }

class ValueWriter {
 public:
  explicit ValueWriter(std::string& out) : out_(out) {}
  // For a state whose containers are stored in pieces (state/pieces.h): these are written as empty.
  static constexpr struct WithoutPieces {
  } kWithoutPieces{};
  ValueWriter(std::string& out, WithoutPieces) : out_(out), with_pieces_(false) {}
  ValueWriter(const ValueWriter&) = delete;
  ValueWriter& operator=(const ValueWriter&) = delete;

  void Byte(uint8_t byte) {
    Reserve(1);
    buffer_[used_++] = static_cast<char>(byte);
  }
  void Varint(uint64_t n) {
    Reserve(kVarintMax);
    while (n >= 0x80) {
      buffer_[used_++] = static_cast<char>(n | 0x80);
      n >>= 7;
    }
    buffer_[used_++] = static_cast<char>(n);
  }
  void Signed(int64_t n) { Varint(ZigZag(n)); }
  template <class T>
  void Fixed(T value) {
    static_assert(std::is_arithmetic_v<T>);
    Reserve(sizeof(T));
    std::memcpy(buffer_ + used_, &value, sizeof(T));
    used_ += sizeof(T);
  }
  void Raw(const void* bytes, size_t count) {
    if (count > kBufferBytes - used_) {
      Flush();
      if (count > kBufferBytes / 2) {
        out_.append(static_cast<const char*>(bytes), count);
        return;
      }
    }
    std::memcpy(buffer_ + used_, bytes, count);
    used_ += count;
  }
  void String(std::string_view text) {
    Varint(text.size());
    if (!text.empty()) Raw(text.data(), text.size());
  }
  void Duration(absl::Duration d);
  void Time(absl::Time t) { Duration(t - absl::UnixEpoch()); }

  // A value that could not be read again must not be written.
  void Enter() {
    TM_CHECK(++depth_ <= kMaxValueDepth, "a recursive state value nests deeper than 100 structs");
  }
  void Leave() { --depth_; }

  bool with_pieces() const { return with_pieces_; }
  // What is an element of a container, or an alternative, is written whole: only containers that
  // are reached by fields alone are stored in pieces.
  class Whole {
   public:
    explicit Whole(ValueWriter& out) : out_(out), before_(out.with_pieces_) {
      out.with_pieces_ = true;
    }
    ~Whole() { out_.with_pieces_ = before_; }
    Whole(const Whole&) = delete;
    Whole& operator=(const Whole&) = delete;

   private:
    ValueWriter& out_;
    const bool before_;
  };

  // Where bytes can be appended past the buffer.
  std::string& Direct() {
    if (used_ > 0) Flush();  // gcc warns of the unused buffer where it sees that this is the start
    return out_;
  }
  // To be called at the end.
  void Flush() {
    out_.append(buffer_, used_);
    used_ = 0;
  }

 private:
  static constexpr size_t kBufferBytes = 256;
  static constexpr size_t kVarintMax = 10;

  void Reserve(size_t count) {
    if (count > kBufferBytes - used_) [[unlikely]]
      Flush();
  }

  std::string& out_;
  size_t used_ = 0;
  int depth_ = 0;
  bool with_pieces_ = true;
  char buffer_[kBufferBytes];
};

class ValueReader {
 public:
  explicit ValueReader(std::string_view bytes)
      : begin_(bytes.data()), at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  ValueReader(const ValueReader&) = delete;
  ValueReader& operator=(const ValueReader&) = delete;

  bool Byte(uint8_t& byte) {
    if (at_ == end_) [[unlikely]]
      return Fail("it is cut off");
    byte = static_cast<uint8_t>(*at_++);
    return true;
  }
  bool Varint(uint64_t& n) {
    if (at_ != end_ && static_cast<uint8_t>(*at_) < 0x80) [[likely]] {
      n = static_cast<uint8_t>(*at_++);
      return true;
    }
    return LongVarint(n);
  }
  bool Signed(int64_t& n) {
    uint64_t zigzag = 0;
    if (!Varint(zigzag)) return false;
    n = UnZigZag(zigzag);
    return true;
  }
  // Any integer type; refuses numbers that it cannot hold.
  template <class T>
  bool Integer(T& value) {
    if constexpr (sizeof(T) == 1) {
      uint8_t byte = 0;
      if (!Byte(byte)) return false;
      value = static_cast<T>(byte);
    } else if constexpr (std::is_signed_v<T>) {
      int64_t n = 0;
      if (!Signed(n)) return false;
      if (n < std::numeric_limits<T>::min() || n > std::numeric_limits<T>::max()) {
        return Fail("a number does not fit its type");
      }
      value = static_cast<T>(n);
    } else {
      uint64_t n = 0;
      if (!Varint(n)) return false;
      if (n > std::numeric_limits<T>::max()) return Fail("a number does not fit its type");
      value = static_cast<T>(n);
    }
    return true;
  }
  template <class T>
  bool Fixed(T& value) {
    static_assert(std::is_arithmetic_v<T>);
    return Raw(&value, sizeof(T));
  }
  bool Raw(void* bytes, size_t count) {
    if (count > remaining()) [[unlikely]]
      return Fail("it is cut off");
    if (count == 0) return true;
    std::memcpy(bytes, at_, count);
    at_ += count;
    return true;
  }
  // A count of things of at least `bytes_each`, of which so many can follow.
  bool Count(size_t& count, size_t bytes_each = 1) {
    uint64_t n = 0;
    if (!Varint(n)) return false;
    if (n > remaining() / bytes_each) [[unlikely]]
      return Fail("a length exceeds what follows");
    count = n;
    return true;
  }
  // The view is into the bytes being read.
  bool String(std::string_view& text) {
    size_t count = 0;
    if (!Count(count)) return false;
    text = {at_, count};
    at_ += count;
    return true;
  }
  // A byte that is 0 or 1.
  bool Flag(bool& flag) {
    uint8_t byte = 0;
    if (!Byte(byte)) return false;
    if (byte > 1) return Fail("a flag is neither 0 nor 1");
    flag = byte == 1;
    return true;
  }
  // What stands for nothing, so that every value has at least one byte.
  bool Zero() {
    uint8_t byte = 0;
    if (!Byte(byte)) return false;
    return byte == 0 || Fail("an empty value is not a zero byte");
  }
  bool Duration(absl::Duration& d);
  bool Time(absl::Time& t);

  bool Enter() { return ++depth_ <= kMaxValueDepth || Fail("it nests deeper than 100 structs"); }
  void Leave() { --depth_; }

  size_t remaining() const { return static_cast<size_t>(end_ - at_); }
  std::string_view rest() const { return {at_, remaining()}; }
  void Skip(size_t count) { at_ += count; }

  // `why` is a literal; only the first failure is kept. Always false.
  bool Fail(const char* why);
  bool FailWith(const absl::Status& status);
  // DataLoss with the place of the first failure.
  absl::Status status() const { return status_; }

 private:
  bool LongVarint(uint64_t& n);

  const char* begin_;
  const char* at_;
  const char* end_;
  int depth_ = 0;
  absl::Status status_;
};

}  // namespace internal
}  // namespace tidemark
