// The rules of Batch, without its item type: when a list is full, when it is due, and which of its
// rows are in the store (SEMANTICS §2).
//
//   - `max_items` reached: the list is emitted at once.
//   - `max_wait` counts from the first item, `idle_timeout` from the newest; the earlier deadline
//     applies, and it has passed when deadline <= now.
//   - Times are deadline time (engine/time_keeper.h): down time counts, and if the clock stepped
//     back, a deadline is not further away than before.
//
// Storage: items that are not yet in a segment row travel in the main row (the tail). When the tail
// outgrows kTailBytesMax it becomes a segment of its own, so an epoch rewrites little, and a long
// list costs one row for each epoch that added much to it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "base/timestamp.h"
#include "engine/at_eof.h"
#include "proto/rows.h"
#include "state/state_key.h"
#include "state/state_type.h"

namespace tidemark {

// At least one limit is required.
struct BatchOptions {
  // Emit when the list has this many items; at least 1.
  std::optional<int64_t> max_items = std::nullopt;
  // Emit when this much time has passed since the first item of the list.
  absl::Duration max_wait = absl::InfiniteDuration();
  // Emit when this much time has passed since the newest item.
  absl::Duration idle_timeout = absl::InfiniteDuration();
  // kKeep: the end of input leaves a list as it is, and a run that resumes the state adds to it.
  // Its time limits continue from there.
  AtEof at_eof = AtEof::kClose;
};

// The options, checked, in whole microseconds.
struct BatchLimits {
  int64_t max_items = 0;  // 0: none
  Span max_wait = Span::Infinite();
  Span idle_timeout = Span::Infinite();
  AtEof at_eof = AtEof::kClose;

  // InvalidArgument names the parameter.
  static absl::StatusOr<BatchLimits> Check(const BatchOptions& options);
  // "max_items: 3, max_wait: 10s"
  std::string Describe() const;
};

// A list's own data besides its items.
struct BatchTimes {
  Timestamp first;
  Timestamp newest;
};

// Never() if no time limit is set.
Timestamp BatchDeadline(const BatchLimits& limits, const BatchTimes& times);

// The rows of a list in the store.
struct BatchRows {
  std::vector<ListSegment> segments;
  std::vector<ListSegment> dead;  // of lists emitted since; to be deleted

  size_t items_in_segments() const {
    size_t items = 0;
    for (const ListSegment& segment : segments) items += segment.items;
    return items;
  }
  void ListEmitted() {
    dead.insert(dead.end(), segments.begin(), segments.end());
    segments.clear();
  }
};

inline constexpr size_t kTailBytesMax = 1024;

// Writes a list's rows; `unsaved` are its items after those in segments.
void EncodeBatchRows(const BatchTimes& times, Epoch epoch, const RowHeader& header,
                     const ItemSlices& unsaved, BatchRows& rows, RowOutput& out);
// Deletes the remaining rows of lists that were emitted.
void DeleteDeadSegments(BatchRows& rows, RowOutput& out);
// Reads a list: fills times and rows, passes each encoded item to `item` in order.
absl::Status LoadBatchRows(const StateRowData& row, const SubRows& sub_rows,
                           const std::string& what, BatchTimes& times, BatchRows& rows,
                           const std::function<absl::Status(std::string_view)>& item);

}  // namespace tidemark
