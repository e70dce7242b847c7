// The output of windowed steps: results, late items and metadata.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/time/time.h"

namespace tidemark {

// A result of a window, or an item that was late for one (`open` and `close` are then meaningless).
// For a session, `close` is the time of its last item.
template <class T>
struct Windowed {
  int64_t window_id = 0;
  absl::Time open;
  absl::Time close;
  T value{};
  bool operator==(const Windowed&) const = default;
};

// After the last result of each window, once.
struct WindowMetadata {
  int64_t window_id = 0;
  absl::Time open;
  absl::Time close;
  // Sessions that were merged into this one, also indirectly, ascending.
  std::vector<int64_t> merged_ids;
  bool operator==(const WindowMetadata&) const = default;
};

}  // namespace tidemark
