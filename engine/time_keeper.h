// TimeKeeper: what time it is for the job, in the time domains of state/state_key.h.
//
//   wall      the largest reading of the clock in this run; never goes back during a run
//   job       moves with the wall while the process runs, stands still while it is down
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

#include "base/clock.h"
#include "base/timestamp.h"
#include "state/state_key.h"

namespace tidemark {

// One reading, taken once per activation.
struct Activation {
  Timestamp wall;
  Timestamp job;
  Timestamp deadline;
  Timestamp reading;
  uint64_t epoch = 0;  // the one that is open on the worker

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
};

class TimeKeeper {
 public:
  // `saved` is what the last committed epoch recorded; default for a fresh start.
  explicit TimeKeeper(const Clock& clock) : TimeKeeper(clock, nullptr) {}
  TimeKeeper(const Clock& clock, const Activation* saved)
      : clock_(clock), start_(clock.Now()), largest_us_(start_.us) {
    job_start_ = saved != nullptr ? saved->job : start_;
    if (saved == nullptr) return;
    if (saved->deadline > start_) deadline_ahead_ = saved->deadline - start_;
    saved_reading_ = saved->reading;
  }

  Activation Read() {
    const int64_t reading = clock_.Now().us;
    int64_t largest = largest_us_.load(std::memory_order_relaxed);
    while (reading > largest &&
           !largest_us_.compare_exchange_weak(largest, reading, std::memory_order_relaxed)) {
    }
    const Timestamp wall{std::max(reading, largest)};
    return {.wall = wall,
            .job = job_start_ + (wall - start_),
            .deadline = wall + deadline_ahead_,
            .reading = std::max(wall, saved_reading_),
            .epoch = 0};
  }

  // How long from `now` until `at` in `domain`.
  static Span Until(const Activation& now, TimeDomain domain, Timestamp at) {
    // A watermark moves with items; waiting does not bring it nearer.
    if (at.is_never() || domain == TimeDomain::kWatermark) return Span::Infinite();
    // A reading that is held stands still until the wall has passed it.
    if (domain == TimeDomain::kReading && at > now.reading) return at - now.wall;
    return at - now.In(domain);
  }

 private:
  const Clock& clock_;
  const Timestamp start_;
  Timestamp job_start_;
  Span deadline_ahead_;
  Timestamp saved_reading_ = Timestamp::Min();
  std::atomic<int64_t> largest_us_;
};

}  // namespace tidemark
