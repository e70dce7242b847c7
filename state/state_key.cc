#include "state/state_key.h"

#include <bit>
#include <utility>

#include "absl/strings/escaping.h"
#include "base/check.h"
#include "base/stable_hash.h"
#include "base/status.h"
#include "state/key_bytes.h"

namespace tidemark {
namespace {

// First bytes of a row key.
constexpr char kMetaSpace = 0x01;
constexpr char kOutboxSpace = 0x02;
constexpr char kStateSpace = 0x10;
constexpr char kTimerSpace = 0x20;

// Behind every row of a user key (kinds below) and before every longer user key (tags above).
constexpr char kBehindRows = 0x03;

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
  KeyReader reader(row_key);
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
  KeyReader reader(row_key);
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
  KeyReader reader(row_key);
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
  KeyReader reader(suffix);
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
  TM_CHECK(group >= 0 && group < kKeyGroups, "a key group is in [0, kKeyGroups)");
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
