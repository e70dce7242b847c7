// JobTime: the clock of watermarks that move by time alone, one for the whole job (SEMANTICS §1).
//
// It moves with the monotonic clock while the job has caught up with its input, and stands still
// otherwise: in a backlog, while the process is stopped or busy, while it is down. So a result does
// not depend on how fast a backlog is read. The job has caught up while
//
//   - every open partition has been polled within the last second, and had nothing more to give at
//     some poll of the second before that (PartitionPulse),
//   - no worker has been busy with one piece of work for more than a second, and nothing that was
//     read more than a second ago is waiting in an exchange.
//
// Between two looks it moves by no more than the wait that some worker had planned, at most a
// second: whatever else passed, a suspended machine for instance, is not counted.
//
//   JobTime time({.workers = 2, .start = saved}, clock.Monotonic());
//   time.SetCaughtUpUntil(worker, pulse.CaughtUpUntil(false));   // after each poll
//   const JobTime::Reading now = time.Look(worker, clock.Monotonic());
//   time.Plan(worker, wake);                                 // before the worker sleeps
//
// Thread rule: JobTime is safe from any thread; a PartitionPulse belongs to the worker that reads
// the partition.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/timestamp.h"

namespace tidemark {

// Whether one partition has caught up; times are readings of the monotonic clock.
class PartitionPulse {
 public:
  static constexpr int64_t kSecond = 1'000'000;
  static constexpr int64_t kAlways = std::numeric_limits<int64_t>::max();
  static constexpr int64_t kNot = std::numeric_limits<int64_t>::min();

  // What there is at the start is held back by a rate, whatever the looks are like.
  void HoldBack() { held_back_ = true; }
  // A poll at `now` said that there is more at hand, or that there is nothing now and that the
  // partition need not be polled before `next_poll` (kAlways: it will be announced).
  void OnPoll(int64_t now, bool more_at_hand, int64_t next_poll);
  // The last instant at which the partition counts as caught up; kNot when it does not.
  // With `regular_looks` (JobTime::Options) all that counts is what the last poll said.
  int64_t CaughtUpUntil(bool regular_looks) const;

 private:
  int64_t polled_ = kNot;
  int64_t had_nothing_ = kNot;  // the last poll that said so
  int64_t next_poll_ = kNot;
  bool held_back_ = false;
};

class JobTime {
 public:
  // Two looks while a worker is at work lie no further apart than this, or the rest is not counted.
  static constexpr int64_t kBusyStepMax = 10'000;
  static constexpr int64_t kPlanMax = PartitionPulse::kSecond;

  struct Options {
    int workers = 1;
    Timestamp start;
    // For tests under a virtual clock: whoever moves it stands for a process that was idle in
    // between and looked regularly, so all that passed was planned, and a partition that had
    // nothing at its last poll, or has not been polled yet, has caught up.
    bool regular_looks = false;
    // When the oldest item was read that waits in an exchange; kAlways when none does.
    std::function<int64_t()> oldest_in_exchanges = [] { return PartitionPulse::kAlways; };
  };
  JobTime(Options options, int64_t now);

  struct Reading {
    Timestamp job;
    int64_t running_us = 0;  // monotonic time without what was not planned, since the start
  };
  // A worker begins a piece of work.
  Reading Look(int worker, int64_t now);
  // It has nothing to do and looks again at `until` at the latest.
  void Plan(int worker, int64_t until);
  // Its partitions count as caught up until then: the least of their pulses.
  void SetCaughtUpUntil(int worker, int64_t until);

  bool regular_looks() const { return options_.regular_looks; }
  // For how long it has been standing still, 0 when it is not.
  int64_t StandingStillFor(int64_t now) const;

 private:
  struct WorkerLook {
    int64_t planned_until = PartitionPulse::kNot;
    int64_t busy_since = PartitionPulse::kNot;  // kNot: asleep
    int64_t caught_up_until = PartitionPulse::kAlways;
  };
  bool CaughtUp(int64_t now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  mutable absl::Mutex mutex_;
  std::vector<WorkerLook> workers_ ABSL_GUARDED_BY(mutex_);
  Reading reading_ ABSL_GUARDED_BY(mutex_);
  int64_t last_look_ ABSL_GUARDED_BY(mutex_);
  int64_t moved_at_ ABSL_GUARDED_BY(mutex_);  // the last look at which the job had caught up
};

}  // namespace tidemark
