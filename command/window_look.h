// LookAtWindows: the open windows of a key of a windowed step, as a person thinks of them.
//
//   TM_ASSIGN_OR_RETURN(const auto look, LookAtWindows(record, step, key, values, 20));
//   for (const OpenWindowLook& window : look->windows) …   // [10:00, 11:00), n 1238, …
//
// A state has panes, accumulators and a table of sessions, times of a clock and of the job. Here
// are windows with their bounds, what they would give if they closed now, and when they close. It
// reads stored bytes by stored schemas alone, so the program that wrote them is not needed.
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
  // The watermark has reached its close: the next thing that happens is that it closes.
  bool is_due = false;
  // When it closes if no row comes: wall time if the job runs on, or where the watermark is that of
  // a stream, which moves with rows only, event time (`closes_by_watermark`).
  Timestamp closes;
  bool closes_by_watermark = false;
  std::optional<uint64_t> rows;  // where the state holds their number
  // What it would give now: names and values as JSON …
  std::vector<std::pair<std::string, std::string>> fields;
  // … or, where nobody knows what its parts mean, these as JSON: values that wait to be folded, or
  // accumulators.
  std::vector<std::string> items;
  std::vector<std::string> parts;
};

struct WindowsLook {
  // Nothing: no item has set it yet. Of the key, or where all keys share one, of the step.
  std::optional<Timestamp> watermark;
  bool watermark_of_key = false;
  std::vector<OpenWindowLook> windows;  // by close
  uint64_t more = 0;                    // windows beyond those
  uint64_t waiting = 0;                 // rows that wait for the watermark to enter windows
};

// Nothing when `key` is not of a windowed step with a windower of this tree. At most `windows_max`
// windows: windows that overlap can be many.
absl::StatusOr<std::optional<WindowsLook>> LookAtWindows(const EpochRecord& record,
                                                         const StepRecord& step,
                                                         const DumpedKey& key,
                                                         const WindowValues* values,
                                                         size_t windows_max);

// Lines without their indentation, the first for the key itself; and one JSON object.
std::vector<std::string> WindowsToLines(const DumpedKey& key, const WindowsLook& look);
std::string WindowsToJson(const DumpedKey& key, const WindowsLook& look);

}  // namespace tidemark
