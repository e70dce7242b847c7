// StatusView: what a person sees of a run, on standard error.
//
// On a terminal one line that is written over and again; elsewhere one line for each
// snapshot. Used by the run's main thread and its committer; says one whole line at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/synchronization/mutex.h"
#include "runtime/job_status.h"

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

  // Rates are since the last call.
  void Show(const JobStatus& status);

  // The line, without what does not fit into `columns`: less important parts stand further back.
  // `seconds` have passed since `before`.
  static std::string Line(const JobStatus& before, const JobStatus& now, double seconds,
                          bool keeps_state, size_t columns);

 private:
  void ClearLine() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Style style_;
  const bool keeps_state_;
  absl::Mutex mutex_;
  bool line_shown_ ABSL_GUARDED_BY(mutex_) = false;
  JobStatus last_ ABSL_GUARDED_BY(mutex_);
  int64_t last_us_ ABSL_GUARDED_BY(mutex_) = -1;
};

}  // namespace tidemark::internal
