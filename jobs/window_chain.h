// WindowChain: what the clock of each window goes by, on the way through the steps of a job
// (SEMANTICS §3.1, "through steps").
//
// The first window measures its rows. A window behind other windows follows their watermark, so
// what it may be, and how far it is held back, depends on what is in front: the results of a window
// have the time of its close, so a clock by window_open waits for the window's length as well.
//
//   WindowChain chain;
//   for each step: chain.KeyBy(key_by); chain.Batch(batch);
//                  EventTimeSpec resolved = chain.Resolve(clock, place, problems);
//                  chain.Window(window);
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/timestamp.h"
#include "jobs/job_spec.h"
#include "jobs/problems.h"

namespace tidemark {

class WindowChain {
 public:
  void KeyBy(const KeyBySpec& key_by);
  void Batch(const BatchSpec& batch);
  void Select(const SelectSpec& select);
  // After Resolve().
  void Window(const WindowSpec& window);

  // The clock with its watermark's scope and its whole bound. What cannot be right is a
  // problem, at the clock's own places or at `place`.
  EventTimeSpec Resolve(const EventTimeSpec& clock, Place place, Problems& problems) const;
  // A window with at_eof: close behind a step with at_eof: keep.
  void CheckEndOfInput(const WindowSpec& window, Place place, Problems& problems) const;

  // Rows come from sources, where a window measures their time.
  bool at_sources() const { return front_ == Front::kSources; }

 private:
  enum class Front { kSources, kPerKey, kPerStream, kSystem, kBatch };

  void FollowStream(EventTimeSpec& clock, Place place, Problems& problems) const;
  void CheckBehindBatch(const EventTimeSpec& clock, Place place, Problems& problems) const;
  std::string FrontWord() const;

  Front front_ = Front::kSources;
  std::string front_name_;  // of the step in front
  bool front_is_session_ = false;
  Span front_length_;
  Span front_max_wait_;  // of a batch
  std::vector<std::string> key_;
  // Of the nearest window in front with a watermark per key; and whether the key has changed since.
  std::optional<std::string> per_key_;
  bool other_key_ = false;
  // A select may have given the fields of the key, and the times of the windows, other values.
  bool has_other_key_values_ = false;
  bool has_other_times_ = false;
  std::optional<std::string> keeps_at_eof_;
};

}  // namespace tidemark
