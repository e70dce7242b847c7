// SourceSet: the partitions that one worker reads, each in its turn.
//
// It decides which partition may be polled and when, under the wait that each asked for and the
// rate of its source; counts how long each has been caught up; and keeps, from one barrier to the
// commit of that epoch, the positions that the commit contains. It does not depend on steps,
// batches and watermarks: the worker reads a partition and does the rest.
//
//   SourceSet sources;
//   sources.Add(std::move(partition));
//   while (OpenPartition* next = sources.NextInTurn()) {
//     if (next->UntilPoll(now) == Span()) …      // poll it, then next->PollAgain(…)
//   }
//
// Thread rule: belongs to one worker.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/ids.h"
#include "base/timestamp.h"
#include "engine/job_time.h"
#include "engine/position.h"
#include "engine/source_step.h"
#include "engine/time_keeper.h"

namespace tidemark {

// A place where the watermark of a partition is measured.
struct MeterPlace {
  int step = 0;
  int partition = 0;  // its number there
};

struct OpenPartition {
  static constexpr int64_t kNeverUs = std::numeric_limits<int64_t>::max() / 4;

  int step = 0;
  std::string step_word;  // for errors: "step 'in'"
  std::string name;
  std::unique_ptr<SourceReader> reader;
  std::vector<MeterPlace> meters;  // after this partition
  // It came while the job was running, and its steps have not received a watermark of it yet.
  bool is_new = false;
  std::set<int64_t> skip;  // numbers of items to be stepped over; then items are read singly

  // The next poll: at this time by the wall clock, or when as much monotonic time has passed as
  // that was away, whichever comes first. So a clock that is set back delays nothing, and a
  // suspended machine is late by no more than a sleep.
  Timestamp poll_at = Timestamp::Min();
  int64_t poll_at_us = 0;
  int ready_fd = -1;
  bool readable = false;
  bool at_end = false;
  bool gone = false;         // PollResult::gone
  bool had_nothing = false;  // the last poll brought nothing, and nothing more was at hand

  PartitionPulse pulse;
  Span caught_up_for;            // the clock by which idle_after is counted
  int64_t counted_until_us = 0;  // running time

  // The position in the epoch that is being committed, and the last one given to Committed().
  std::optional<Position> committing;
  std::optional<Position> committed;

  // Items per second; 0 = unlimited. The pace is an average since the rate was set: item n is due
  // n / rate after that, by the monotonic clock.
  double rate() const { return rate_; }
  // What is owed at the old rate stays owed.
  void SetRate(double rate, const Activation& now);
  void CountItems(size_t items) { items_ += items; }
  // How many of `max` items the rate allows now.
  size_t Allowed(const Activation& now, size_t max) const;
  Span UntilPaceDue(const Activation& now) const;

  void PollAgain(Timestamp at, const Activation& now);
  // How long until it is polled; zero: now.
  Span UntilPoll(const Activation& now) const;

 private:
  double rate_ = 0;
  uint64_t items_ = 0;         // since the rate was set
  int64_t paced_from_us_ = 0;  // monotonic
};

class SourceSet {
 public:
  using Partitions = std::vector<std::unique_ptr<OpenPartition>>;

  OpenPartition& Add(std::unique_ptr<OpenPartition> partition);
  // In the order in which they were added; ended ones included.
  const Partitions& partitions() const { return partitions_; }
  size_t size() const { return partitions_.size(); }
  // Partitions of the step that have not ended.
  int OpenOf(int step) const;

  // The partition whose turn it is, which then goes to the end of the queue; null if there is none
  // or it has ended.
  OpenPartition* NextInTurn();

  // Counts the time for which each partition that is measured has been caught up.
  void CountCaughtUp(const Activation& now, bool regular_looks);
  // Until when all of them count as caught up.
  int64_t CaughtUpUntil(bool regular_looks) const;

  // Descriptors whose becoming readable allows a poll that the rate does not hold back.
  std::vector<int> ReadyDescriptors(const Activation& now) const;
  void SetReadable();

  // ---- at a barrier, and after the commit ----
  // Notes the position of each partition as part of the epoch that closes.
  void CloseEpoch();
  // Takes out the partitions for which `is_over` is true. They receive Committed() with the others.
  void Remove(const std::function<bool(const OpenPartition&)>& is_over);
  // Passes the positions of the closed epoch on to the readers, if they differ from the last ones.
  absl::Status Committed(Epoch epoch);

 private:
  static absl::Status ReportCommit(OpenPartition& partition, Epoch epoch);

  Partitions partitions_;
  Partitions leaving_;  // until the commit that forgets them
  size_t next_ = 0;
};

}  // namespace tidemark
