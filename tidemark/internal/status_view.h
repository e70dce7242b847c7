// StatusView: what a person sees of a run, on standard error.
//
// On a terminal one line that is written over again and again; elsewhere one line for each
// snapshot. Used by the run's main thread and its committer; says one whole line at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "engine/job.h"
#include "engine/skip_log.h"

namespace tidemark::internal {

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
    int64_t lag_us = 0;  // since the last commit, while there is something uncommitted
  };
  void Show(const Numbers& numbers);

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
