// User keys: typed parts, each a tag and bytes that sort like the value.

#include <bit>
#include <cmath>
#include <utility>

#include "base/status.h"
#include "state/key_bytes.h"
#include "state/state_key.h"

namespace tidemark {
namespace {

// First bytes of a part of a user key. With gaps, so that a type can get its place in the order
// later; all above every RowKind.
constexpr unsigned char kSmallestTag = 0x08;
constexpr unsigned char kNullTag = 0x08;
constexpr unsigned char kBoolTag = 0x10;
constexpr unsigned char kIntTag = 0x18;
constexpr unsigned char kUintTag = 0x20;
constexpr unsigned char kDoubleTag = 0x28;
constexpr unsigned char kTimeTag = 0x30;
// kStringTag is 0x40.

// Every NaN is stored as this one, which sorts behind infinity.
constexpr uint64_t kNanBits = 0x7ff8'0000'0000'0000;

uint64_t OrderedBits(double value) {
  if (std::isnan(value)) return kNanBits | kSignBit;
  if (value == 0) value = 0;  // -0.0 == 0, and equal keys have equal bytes
  const uint64_t bits = std::bit_cast<uint64_t>(value);
  // Greater magnitudes of negative numbers sort first, and all negative ones before the others.
  return (bits & kSignBit) != 0 ? ~bits : bits | kSignBit;
}

// False for bytes that OrderedBits() does not give, so that a key has one form only.
bool FromOrderedBits(uint64_t ordered, double& value) {
  value = std::bit_cast<double>((ordered & kSignBit) != 0 ? ordered & ~kSignBit : ~ordered);
  return OrderedBits(value) == ordered;
}

// One part; with `part` null its end is found and nothing is built.
bool TakePart(KeyReader& reader, KeyPart* part) {
  unsigned char tag = 0;
  if (!reader.TakeByte(tag)) return false;
  uint64_t bits = 0;
  KeyPart decoded;
  switch (tag) {
    case kNullTag:
      break;
    case kBoolTag:
      if (!reader.TakeBigEndian(1, bits) || bits > 1) return false;
      decoded = bits == 1;
      break;
    case kIntTag:
      if (!reader.TakeBigEndian(8, bits)) return false;
      decoded = static_cast<int64_t>(bits ^ kSignBit);
      break;
    case kUintTag:
      if (!reader.TakeBigEndian(8, bits)) return false;
      decoded = bits;
      break;
    case kDoubleTag: {
      double value = 0;
      if (!reader.TakeBigEndian(8, bits) || !FromOrderedBits(bits, value)) return false;
      decoded = value;
      break;
    }
    case kTimeTag:
      if (!reader.TakeBigEndian(8, bits)) return false;
      decoded = Timestamp{static_cast<int64_t>(bits ^ kSignBit)};
      break;
    case kStringTag:
      if (part != nullptr) {
        if (!reader.TakeString(&decoded.emplace<std::string>())) return false;
      } else if (!reader.TakeString(nullptr)) {
        return false;
      }
      break;
    default:
      return false;
  }
  if (part != nullptr) *part = std::move(decoded);
  return true;
}

}  // namespace

bool TakeUserKey(KeyReader& reader, std::string_view& user_key) {
  const std::string_view start = reader.rest();
  while (!reader.rest().empty() &&
         static_cast<unsigned char>(reader.rest().front()) >= kSmallestTag) {
    if (!TakePart(reader, nullptr)) return false;
  }
  user_key = start.substr(0, start.size() - reader.rest().size());
  return true;
}

void AppendKeyNull(std::string& out) { out.push_back(kNullTag); }

void AppendKeyBool(bool value, std::string& out) {
  out.push_back(kBoolTag);
  out.push_back(value ? '\x01' : '\x00');
}

void AppendKeyInt(int64_t value, std::string& out) {
  out.push_back(kIntTag);
  AppendBigEndian64(static_cast<uint64_t>(value) ^ kSignBit, out);
}

void AppendKeyUint(uint64_t value, std::string& out) {
  out.push_back(kUintTag);
  AppendBigEndian64(value, out);
}

void AppendKeyDouble(double value, std::string& out) {
  out.push_back(kDoubleTag);
  AppendBigEndian64(OrderedBits(value), out);
}

void AppendKeyString(std::string_view value, std::string& out) {
  out.push_back(kStringTag);
  for (;;) {
    const size_t zero = value.find('\0');
    out.append(value.substr(0, zero));
    out.push_back(kEscape);
    if (zero == std::string_view::npos) break;
    out.push_back(kEscapedZero);
    value.remove_prefix(zero + 1);
  }
  out.push_back(kEndOfString);
}

void AppendKeyTime(Timestamp value, std::string& out) {
  out.push_back(kTimeTag);
  AppendBigEndian64(static_cast<uint64_t>(value.us) ^ kSignBit, out);
}

absl::Status CheckUserKeyBytes(size_t bytes) {
  if (bytes <= kUserKeyBytesMax) return absl::OkStatus();
  return absl::InvalidArgumentError(
      Cat("the key has ", bytes, " bytes, and at most ", kUserKeyBytesMax, " are possible"));
}

absl::StatusOr<std::vector<KeyPart>> ParseUserKey(std::string_view user_key) {
  KeyReader reader(user_key);
  std::vector<KeyPart> parts;
  while (!reader.rest().empty()) {
    const size_t offset = user_key.size() - reader.rest().size();
    if (!TakePart(reader, &parts.emplace_back())) {
      return absl::InvalidArgumentError(Cat("not a key: the part at byte ", offset, " of ",
                                            user_key.size(), " is malformed or cut off"));
    }
  }
  return parts;
}

}  // namespace tidemark
