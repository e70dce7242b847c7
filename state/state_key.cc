#include "state/state_key.h"

#include <bit>
#include <cmath>
#include <utility>

#include "absl/strings/escaping.h"
#include "base/check.h"
#include "base/stable_hash.h"
#include "base/status.h"

namespace tidemark {
namespace {

// First bytes of a row key.
constexpr char kMetaSpace = 0x01;
constexpr char kOutboxSpace = 0x02;
constexpr char kStateSpace = 0x10;
constexpr char kTimerSpace = 0x20;

// First bytes of a part of a user key. With gaps, so that a type can get its place in the order
// later; all above every RowKind.
constexpr unsigned char kSmallestTag = 0x08;
constexpr unsigned char kNullTag = 0x08;
constexpr unsigned char kBoolTag = 0x10;
constexpr unsigned char kIntTag = 0x18;
constexpr unsigned char kUintTag = 0x20;
constexpr unsigned char kDoubleTag = 0x28;
constexpr unsigned char kTimeTag = 0x30;
constexpr unsigned char kStringTag = 0x40;

// In a string a zero byte is written as 00 FF and the end as 00 01. A string that ends is thereby
// smaller than one that goes on, whatever it goes on with.
constexpr char kEscape = '\x00';
constexpr char kEscapedZero = '\xff';
constexpr char kEndOfString = '\x01';

constexpr uint64_t kSignBit = uint64_t{1} << 63;
// Every NaN is stored as this one, which sorts behind infinity.
constexpr uint64_t kNanBits = 0x7ff8'0000'0000'0000;

// Behind every row of a user key (kinds below) and before every longer user key (tags above).
constexpr char kBehindRows = 0x03;

void AppendBigEndian32(uint32_t value, std::string& out) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

void AppendBigEndian64(uint64_t value, std::string& out) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

// Takes bytes off the front of a key. After a failed take the rest is of no use.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

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
bool TakePart(Reader& reader, KeyPart* part) {
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

// Takes parts as long as a tag follows: up to the row kind, or to the end.
bool TakeUserKey(Reader& reader, std::string_view& user_key) {
  const std::string_view start = reader.rest();
  while (!reader.rest().empty() &&
         static_cast<unsigned char>(reader.rest().front()) >= kSmallestTag) {
    if (!TakePart(reader, nullptr)) return false;
  }
  user_key = start.substr(0, start.size() - reader.rest().size());
  return true;
}

void AppendGroupAndStep(int group, StepId step, std::string& out) {
  out.push_back(static_cast<char>(group));
  AppendBigEndian32(step.value, out);
}

// The smallest string that is greater than all that begin with `prefix`.
std::string BehindPrefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  TM_CHECK(!prefix.empty(), "row keys begin with a byte below ff");
  prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

std::string TimerPrefix(StepId step, Timestamp at) {
  std::string prefix{kTimerSpace};
  AppendBigEndian32(step.value, prefix);
  AppendBigEndian64(static_cast<uint64_t>(at.us) ^ kSignBit, prefix);
  return prefix;
}

std::string OutboxPrefix(std::string_view sink) {
  std::string prefix{kOutboxSpace};
  AppendKeyString(sink, prefix);
  return prefix;
}

absl::Status NoSuchRow(std::string_view what, std::string_view row_key) {
  constexpr size_t kShownBytes = 64;
  const std::string_view shown = row_key.substr(0, kShownBytes);
  return absl::DataLossError(Cat("not the key of a ", what, ": ",
                                 absl::BytesToHexString(ToAbsl(shown)),
                                 shown.size() < row_key.size() ? "..." : "", " (", row_key.size(),
                                 " bytes); the store was damaged or written by something else"));
}

}  // namespace

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
  Reader reader(user_key);
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

int KeyGroupOf(std::string_view user_key) {
  static_assert(std::has_single_bit(static_cast<unsigned>(kKeyGroups)));
  constexpr int kShift = 64 - std::countr_zero(static_cast<unsigned>(kKeyGroups));
  return static_cast<int>(StableHash(user_key) >> kShift);
}

std::string MetaRowKey(std::string_view name) {
  std::string key(1, kMetaSpace);
  key.append(name);
  return key;
}

std::string OutboxRowKeyOf(std::string_view sink, Epoch epoch, uint32_t number) {
  std::string key = OutboxPrefix(sink);
  AppendBigEndian64(epoch.value, key);
  AppendBigEndian32(number, key);
  return key;
}

void MainRowKey(StepId step, std::string_view user_key, std::string& out) {
  out.assign(1, kStateSpace);
  AppendGroupAndStep(KeyGroupOf(user_key), step, out);
  out.append(user_key);
  out.push_back(static_cast<char>(RowKind::kMain));
}

void SubRowKey(StepId step, std::string_view user_key, std::string_view suffix, std::string& out) {
  MainRowKey(step, user_key, out);
  out.back() = static_cast<char>(RowKind::kSub);
  out.append(suffix);
}

void TimerRowKey(StepId step, Timestamp at, std::string_view user_key, std::string& out) {
  out = TimerPrefix(step, at);
  out.append(user_key);
}

absl::StatusOr<StateRowKey> ParseStateRowKey(std::string_view row_key) {
  Reader reader(row_key);
  StateRowKey row;
  unsigned char space = 0;
  unsigned char kind = 0;
  uint64_t group = 0;
  uint64_t step = 0;
  const bool whole = reader.TakeByte(space) && space == kStateSpace &&
                     reader.TakeBigEndian(1, group) && reader.TakeBigEndian(4, step) &&
                     TakeUserKey(reader, row.user_key) && reader.TakeByte(kind);
  if (!whole) return NoSuchRow("state row", row_key);
  row.group = static_cast<int>(group);
  row.step = StepId{static_cast<uint32_t>(step)};
  row.kind = static_cast<RowKind>(kind);
  row.suffix = reader.rest();
  // A row in another group than its key's would never be found again by its key.
  if (row.group != KeyGroupOf(row.user_key)) return NoSuchRow("state row", row_key);
  const bool known_kind =
      row.kind == RowKind::kSub || (row.kind == RowKind::kMain && row.suffix.empty());
  if (!known_kind) return NoSuchRow("state row", row_key);
  return row;
}

absl::StatusOr<TimerRow> ParseTimerRowKey(std::string_view row_key) {
  Reader reader(row_key);
  TimerRow row;
  unsigned char space = 0;
  uint64_t step = 0;
  uint64_t time = 0;
  const bool whole = reader.TakeByte(space) && space == kTimerSpace &&
                     reader.TakeBigEndian(4, step) && reader.TakeBigEndian(8, time) &&
                     TakeUserKey(reader, row.user_key) && reader.rest().empty();
  if (!whole) return NoSuchRow("timer row", row_key);
  row.step = StepId{static_cast<uint32_t>(step)};
  row.at = Timestamp{static_cast<int64_t>(time ^ kSignBit)};
  return row;
}

absl::StatusOr<OutboxRowKey> ParseOutboxRowKey(std::string_view row_key) {
  Reader reader(row_key);
  OutboxRowKey row;
  unsigned char space = 0;
  unsigned char tag = 0;
  uint64_t number = 0;
  const bool whole = reader.TakeByte(space) && space == kOutboxSpace && reader.TakeByte(tag) &&
                     tag == kStringTag && reader.TakeString(&row.sink) &&
                     reader.TakeBigEndian(8, row.epoch.value) && reader.TakeBigEndian(4, number) &&
                     reader.rest().empty();
  if (!whole) return NoSuchRow("outbox row", row_key);
  row.number = static_cast<uint32_t>(number);
  return row;
}

std::string EpochSuffix(Epoch epoch) {
  std::string suffix;
  AppendBigEndian64(epoch.value, suffix);
  return suffix;
}

std::optional<Epoch> ParseEpochSuffix(std::string_view suffix) {
  Reader reader(suffix);
  Epoch epoch;
  if (!reader.TakeBigEndian(8, epoch.value) || !reader.rest().empty()) return std::nullopt;
  return epoch;
}

RowRange SubRowRange(StepId step, std::string_view user_key) {
  RowRange range;
  SubRowKey(step, user_key, "", range.from);
  range.to = range.from;
  range.to.back() = kBehindRows;
  return range;
}

RowRange StepGroupRange(int group, StepId step, std::optional<std::string_view> after) {
  TM_CHECK(group >= 0 && group < kKeyGroups, "a key group lies in [0, kKeyGroups)");
  std::string prefix(1, kStateSpace);
  AppendGroupAndStep(group, step, prefix);
  RowRange range{.from = prefix, .to = BehindPrefix(prefix)};
  if (after.has_value()) {
    range.from.append(*after);
    range.from.push_back(kBehindRows);
  }
  return range;
}

RowRange OutboxRange(std::string_view sink) {
  const std::string prefix = OutboxPrefix(sink);
  return {.from = prefix, .to = BehindPrefix(prefix)};
}

RowRange TimerRange(StepId step, Timestamp from, Timestamp until) {
  RowRange range{.from = TimerPrefix(step, from), .to = BehindPrefix(TimerPrefix(step, until))};
  if (range.to < range.from) range.to = range.from;  // from lies behind until: no rows
  return range;
}

}  // namespace tidemark
