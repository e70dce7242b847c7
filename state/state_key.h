// The bytes of every key in the store, which are built and parsed here alone.
//
// One key space, sorted bytewise (docs/formats/state-rows.md has a worked example):
//
//   01 name                                          meta rows: "epoch" is the epoch record
//   02 sink epoch64 number32                         a piece of what a sink is to publish
//   10 group step32 user-key 01                      a key's main row
//   10 group step32 user-key 02 suffix               its sub-rows (list segments, panes)
//   20 step32 time64 user-key                       timer index (value is empty)
//
// A user key is a sequence of typed parts. Each part is a tag (>= 08) and bytes that sort like the
// value and end themselves, so keys sort in their natural order, a part can hold any byte (NUL and
// delimiters too), and the row kind behind the key (< 08) can never be taken for one more part.
// `group` is a stable hash range of the user key (kKeyGroups of them): a state can be split or
// merged between workers and shards by ranges of keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ids.h"
#include "base/timestamp.h"

namespace tidemark {

inline constexpr int kKeyGroups = 128;
// An encoded user key is no longer than this. Keys are held whole in memory, in every row and
// between blocks of the store's tables.
inline constexpr size_t kUserKeyBytesMax = size_t{64} << 10;

// ---- user keys -------------------------------------------------------------------------------

// One part of a decoded user key. monostate is null.
using KeyPart =
    std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, Timestamp>;

void AppendKeyNull(std::string& out);
void AppendKeyBool(bool value, std::string& out);
void AppendKeyInt(int64_t value, std::string& out);
void AppendKeyUint(uint64_t value, std::string& out);
void AppendKeyDouble(double value, std::string& out);  // -0.0 is stored as 0.0, all NaNs as one
void AppendKeyString(std::string_view value, std::string& out);
void AppendKeyTime(Timestamp value, std::string& out);

// InvalidArgument when it is longer than kUserKeyBytesMax.
absl::Status CheckUserKeyBytes(size_t bytes);
// InvalidArgument when `user_key` is not a whole sequence of parts.
absl::StatusOr<std::vector<KeyPart>> ParseUserKey(std::string_view user_key);
// For people: a lone string as it is, a lone number as digits; several parts as "(us, 7)".
std::string FormatUserKey(std::string_view user_key);
// For machines: a JSON value (one part) or a JSON array (several). Strings that are not UTF-8 are
// shown as {"hex": "ff00"}.
std::string UserKeyToJson(std::string_view user_key);

// In [0, kKeyGroups).
int KeyGroupOf(std::string_view user_key);

// ---- rows ------------------------------------------------------------------------------------

// Which clock a stored point in time belongs to.
enum class TimeDomain : uint8_t {
  kJob = 1,        // stands still while the process is down: event-time watermarks
  kDeadline = 2,   // wall time that never steps back, restarts included: batch deadlines
  kWall = 3,       // wall time as it is: notify_at
  kReading = 4,    // wall time, but never before the last committed epoch's: system-clock windows
  kWatermark = 5,  // event time: the watermark of the stream that feeds the step
};

enum class RowKind : uint8_t { kMain = 1, kSub = 2 };

std::string MetaRowKey(std::string_view name);

// All builders replace `out`, so that a scratch string can be used again.
void MainRowKey(StepId step, std::string_view user_key, std::string& out);
void SubRowKey(StepId step, std::string_view user_key, std::string_view suffix, std::string& out);
void TimerRowKey(StepId step, Timestamp at, std::string_view user_key, std::string& out);

// A piece of the rows of an epoch for a sink, by the sink's name (recovery/outbox.h).
std::string OutboxRowKeyOf(std::string_view sink, Epoch epoch, uint32_t number);
struct OutboxRowKey {
  std::string sink;
  Epoch epoch;
  uint32_t number = 0;
};

// A half-open range of row keys, for scans: [from, to).
struct RowRange {
  std::string from, to;
};
// All sub-rows of a key.
RowRange SubRowRange(StepId step, std::string_view user_key);

struct StateRowKey {
  int group = 0;
  StepId step;
  std::string_view user_key;
  RowKind kind = RowKind::kMain;
  std::string_view suffix;
};
struct TimerRow {
  StepId step;
  Timestamp at;  // in the step's time domain
  std::string_view user_key;
};
// Views point into `row_key`. DataLoss when it is no such row.
absl::StatusOr<StateRowKey> ParseStateRowKey(std::string_view row_key);
absl::StatusOr<TimerRow> ParseTimerRowKey(std::string_view row_key);
absl::StatusOr<OutboxRowKey> ParseOutboxRowKey(std::string_view row_key);

// The suffix of a sub-row that holds what an epoch added: eight bytes, big endian.
std::string EpochSuffix(Epoch epoch);
// Nothing when it is none.
std::optional<Epoch> ParseEpochSuffix(std::string_view suffix);

// Every row of `step` whose user key lies in `group`, starting behind all rows of `after` if given.
RowRange StepGroupRange(int group, StepId step, std::optional<std::string_view> after = {});
// Timer rows of a step with from <= time <= until: in order of (time, key), the order in which
// timers fire.
RowRange TimerRange(StepId step, Timestamp from, Timestamp until);
// What a sink is to publish.
RowRange OutboxRange(std::string_view sink);

}  // namespace tidemark
