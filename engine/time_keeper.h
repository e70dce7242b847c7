// TimeKeeper: what time it is for the job, in the time domains of state/state_key.h.
//
//   wall      the largest reading of the clock in this run; never goes back during a run
//   job       moves while the job has caught up with its input (engine/job_time.h); stands still in
//             a backlog and while the process is stopped or down
//   deadline  wall time that never steps back, restarts included: where the clock stepped back
//             between two runs it goes on from where it was, so a stored deadline is never further
//             away than it was when it was stored
//   reading   the wall, held at the last committed epoch's until the wall has passed it
//
// Thread rule: safe from any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <utility>

#include "base/clock.h"
#include "base/timestamp.h"
#include "engine/job_time.h"
#include "state/state_key.h"

namespace tidemark {

// One reading, taken once per activation.
struct Activation {
  Timestamp wall;
  Timestamp clock = {};  // as the wall clock is now, which may have been set back
  Timestamp job;
  Timestamp deadline;
  Timestamp reading;
  uint64_t epoch = 0;        // the one that is open on the worker
  int64_t monotonic_us = 0;  // for this run only
  int64_t running_us = 0;    // of it what was planned, JobTime::Reading

  bool operator==(const Activation&) const = default;

  Timestamp In(TimeDomain domain) const {
    switch (domain) {
      case TimeDomain::kJob:
        return job;
      case TimeDomain::kDeadline:
        return deadline;
      case TimeDomain::kReading:
        return reading;
      case TimeDomain::kWatermark:
        return Timestamp::Min();  // each step has its own: StatefulNode::floor()
      case TimeDomain::kWall:
        break;
    }
    return wall;
  }

  // As it was when `domain` was at `at`, which is not after it: where a timer that is noticed late
  // fires. What is wall time goes back together, job time only where it is what was waited for.
  Activation AsOf(TimeDomain domain, Timestamp at) const {
    Activation then = *this;
    if (domain == TimeDomain::kWatermark || at >= In(domain)) return then;
    const Span late_by = In(domain) - at;
    then.wall = wall - late_by;
    then.deadline = deadline - late_by;
    then.reading = reading - late_by;
    if (domain == TimeDomain::kJob) then.job = at;
    return then;
  }
};

class TimeKeeper {
 public:
  // `saved` is what the last committed epoch recorded; null for a fresh start. `job` is completed
  // by where job time starts.
  TimeKeeper(const Clock& clock, const Activation* saved, JobTime::Options job = {})
      : clock_(clock), largest_us_(clock.Now().us), job_time_(Started(job, saved), Monotonic()) {
    if (saved == nullptr) return;
    const Timestamp start{largest_us_.load(std::memory_order_relaxed)};
    if (saved->deadline > start) deadline_ahead_ = saved->deadline - start;
    saved_reading_ = saved->reading;
  }

  Activation Read(int worker) {
    const int64_t reading = clock_.Now().us;
    int64_t largest = largest_us_.load(std::memory_order_relaxed);
    while (reading > largest &&
           !largest_us_.compare_exchange_weak(largest, reading, std::memory_order_relaxed)) {
    }
    const Timestamp wall{std::max(reading, largest)};
    const int64_t monotonic_us = Monotonic();
    const JobTime::Reading job = job_time_.Look(worker, monotonic_us);
    return {.wall = wall,
            .clock = Timestamp{reading},
            .job = job.job,
            .deadline = wall + deadline_ahead_,
            .reading = std::max(wall, saved_reading_),
            .epoch = 0,
            .monotonic_us = monotonic_us,
            .running_us = job.running_us};
  }

  int64_t Monotonic() const { return clock_.Monotonic(); }
  JobTime& job_time() { return job_time_; }

  // How long from `now` until `at` in `domain`.
  static Span Until(const Activation& now, TimeDomain domain, Timestamp at) {
    // A watermark moves with items; waiting does not bring it nearer.
    if (at.is_never() || domain == TimeDomain::kWatermark) return Span::Infinite();
    if (domain == TimeDomain::kJob) return at - now.job;
    // What is wall time stands still where the clock was set back, until the clock has passed it.
    // A reading that is held does so until the clock has passed that.
    const bool held = domain == TimeDomain::kReading && at > now.reading;
    return held ? at - now.clock : at + (now.wall - now.clock) - now.In(domain);
  }

 private:
  JobTime::Options Started(JobTime::Options job, const Activation* saved) const {
    job.start = saved != nullptr ? saved->job : Timestamp{largest_us_.load()};
    return job;
  }

  const Clock& clock_;
  Span deadline_ahead_;
  Timestamp saved_reading_ = Timestamp::Min();
  std::atomic<int64_t> largest_us_;
  JobTime job_time_;
};

}  // namespace tidemark
