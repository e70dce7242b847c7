// Shared by windowers, windowed steps and their users.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/timestamp.h"
#include "engine/at_eof.h"

namespace tidemark {

// A window that closed. For a session `close` is the time of its last item.
struct ClosedWindow {
  int64_t id = 0;
  Timestamp open;
  Timestamp close;
  std::vector<int64_t> merged_ids;  // sessions absorbed, also indirectly, ascending
  bool operator==(const ClosedWindow&) const = default;
};

// One session absorbed by another.
struct WindowMerge {
  int64_t absorbed = 0;
  int64_t survivor = 0;
  // The session that the item joined, including the item, before the merge.
  Timestamp joined_open;
  Timestamp joined_close;
  bool operator==(const WindowMerge&) const = default;
};

// The id under which a late item of a session step is reported.
inline constexpr int64_t kLateSessionId = -1;

// When an item is late (SEMANTICS §4.3).
enum class LateWhen {
  kWindowClosed,     // for a window that has closed, and only for that one
  kBehindWatermark,  // when it is older than the watermark, even if its window is still open
};

// The order in which a window passes its values to the fold (SEMANTICS §4.4).
enum class ValueOrder { kTimestamp, kArrival };

struct WindowOptions {
  LateWhen late_when = LateWhen::kWindowClosed;
  // Default: kTimestamp for Collect, Fold and joins, kArrival for the others.
  std::optional<ValueOrder> order = std::nullopt;
  // The idle key TTL: how long a key's watermark is kept after its last window has closed, in job
  // time. Zero: a straggler may open a window again. Infinite: forever.
  absl::Duration keep_watermark_for = absl::Hours(24);
  AtEof at_eof = AtEof::kClose;
};

}  // namespace tidemark
