// StatusView: what a person sees of a run, on standard error.
//
// On a terminal one line that is written over and again; elsewhere one line for each
// snapshot. Used by the run's main thread and its committer; says one whole line at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/synchronization/mutex.h"
#include "base/timestamp.h"
#include "proto/epoch_record.h"

namespace tidemark::internal {

// How much of the input has been read, where its size is known.
struct InputProgress {
  uint64_t bytes_read = 0;
  uint64_t bytes = 0;  // 0: not known
};
// As of an epoch: known where every source that is not at its end says how long it is.
InputProgress ProgressOf(const EpochRecord& record);
// How long the rest takes if it goes on as it did since `first_read`; nothing where that cannot be
// told.
std::optional<Span> TimeLeft(const InputProgress& input, uint64_t first_read, Span elapsed);

class StatusView {
 public:
  enum class Style { kQuiet, kLines, kTerminal };
  StatusView(Style style, bool keeps_state) : style_(style), keeps_state_(keeps_state) {}

  static Style StyleFor(bool quiet);
  Style style() const { return style_; }
  // No line that is written over and again, also on a terminal. Before any thread uses the view.
  void UseLines() {
    if (style_ == Style::kTerminal) style_ = Style::kLines;
  }

  // One line of its own, unless quiet.
  void Say(const std::string& line);
  // Also when quiet: what went wrong.
  void SayAlways(const std::string& line);

  // Numbers as of now; rates are since the last call.
  struct Numbers {
    uint64_t items_in = 0;
    uint64_t items_out = 0;
    uint64_t epoch = 0;
    uint64_t keys = 0;
    uint64_t state_bytes = 0;
    uint64_t skipped = 0;
    uint64_t late = 0;           // items
    uint64_t closed_at_end = 0;  // windows, since the input ended
    Span job_time_still = {};    // how long job time has been standing still in a backlog
    uint64_t waiting_keys = 0;   // for it to go on
    Span since_commit;           // while there is something uncommitted
    InputProgress input;
    std::optional<Span> input_left;
  };
  void Show(const Numbers& numbers);

  // The line, without what does not fit into `columns`: less important parts stand further back.
  // `seconds` have passed since `before`.
  static std::string Line(const Numbers& before, const Numbers& now, double seconds,
                          bool keeps_state, size_t columns);

 private:
  void ClearLine() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Style style_;
  const bool keeps_state_;
  absl::Mutex mutex_;
  bool line_shown_ ABSL_GUARDED_BY(mutex_) = false;
  Numbers last_ ABSL_GUARDED_BY(mutex_);
  int64_t last_us_ ABSL_GUARDED_BY(mutex_) = -1;
};

}  // namespace tidemark::internal
