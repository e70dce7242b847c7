// LookAtWindows: the open windows of a key of a windowed step, in human-readable form.
//
//   TM_ASSIGN_OR_RETURN(const auto look, LookAtWindows(record, step, key, values, 20));
//   for (const OpenWindowLook& window : look->windows) …   // [10:00, 11:00), n 1238, …
//
// A stored state consists of panes, accumulators and a table of sessions, with times of a clock and
// of the job. This is the view of its windows: their bounds, the values they would emit if they
// closed now, and when they close. It reads stored bytes by stored schemas alone, so the program
// that wrote them is not needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/timestamp.h"
#include "proto/epoch_record.h"
#include "recovery/inspect.h"
#include "tidemark/window_values.h"

namespace tidemark {

struct OpenWindowLook {
  Timestamp open;
  Timestamp close;  // of a session: its last row
  bool is_session = false;
  // The watermark has reached its close: it closes at the next event.
  bool is_due = false;
  // When it closes if no row arrives: wall time if the job keeps running, or, for a stream
  // watermark, which advances with rows only, event time (`closes_by_watermark`).
  Timestamp closes;
  bool closes_by_watermark = false;
  std::optional<uint64_t> rows;  // if the state stores their number
  // The values it would emit now: names and values as JSON …
  std::vector<std::pair<std::string, std::string>> fields;
  // … or, if the meaning of its parts is unknown, the parts as JSON: values that wait to be folded,
  // or accumulators.
  std::vector<std::string> items;
  std::vector<std::string> parts;
};

struct WindowsLook {
  // Nothing: no item has set it yet. Of the key, or of the step if all keys share one.
  std::optional<Timestamp> watermark;
  bool watermark_of_key = false;
  std::vector<OpenWindowLook> windows;  // by close
  uint64_t more = 0;                    // windows beyond those
  uint64_t waiting = 0;                 // rows that wait for the watermark to enter windows
};

// Nothing unless `key` belongs to a windowed step with a windower of this tree. At most
// `windows_max` windows, since there can be many overlapping ones.
absl::StatusOr<std::optional<WindowsLook>> LookAtWindows(const EpochRecord& record,
                                                         const StepRecord& step,
                                                         const DumpedKey& key,
                                                         const WindowValues* values,
                                                         size_t windows_max);

// Lines without their indentation, the first for the key itself; and one JSON object.
std::vector<std::string> WindowsToLines(const DumpedKey& key, const WindowsLook& look);
std::string WindowsToJson(const DumpedKey& key, const WindowsLook& look);

}  // namespace tidemark
