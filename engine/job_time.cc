#include "engine/job_time.h"

#include <algorithm>
#include <utility>

namespace tidemark {

void PartitionPulse::OnPoll(int64_t now, bool more_at_hand, int64_t next_poll) {
  polled_ = now;
  next_poll_ = more_at_hand ? now : std::max(now, next_poll);
  if (!more_at_hand) had_nothing_ = now;
}

int64_t PartitionPulse::CaughtUpUntil(bool regular_looks) const {
  if (regular_looks) {
    if (polled_ == kNot) return held_back_ ? kNot : kAlways;
    return polled_ == had_nothing_ ? kAlways : kNot;
  }
  if (had_nothing_ == kNot || polled_ - had_nothing_ > kSecond) return kNot;
  // What need not be polled has nothing until then.
  return next_poll_ > kAlways - kSecond ? kAlways : next_poll_ + kSecond;
}

JobTime::JobTime(Options options, int64_t now)
    : options_(std::move(options)), last_look_(now), moved_at_(now) {
  workers_.resize(static_cast<size_t>(options_.workers));
  reading_.job = options_.start;
}

bool JobTime::CaughtUp(int64_t now) const {
  for (const WorkerLook& worker : workers_) {
    if (worker.caught_up_until < now) return false;
    const bool stuck = worker.busy_since != PartitionPulse::kNot &&
                       now - worker.busy_since > PartitionPulse::kSecond;
    if (stuck && !options_.regular_looks) return false;
  }
  if (options_.regular_looks) return true;
  const int64_t oldest = options_.oldest_in_exchanges();
  return oldest == PartitionPulse::kAlways || now - oldest <= PartitionPulse::kSecond;
}

JobTime::Reading JobTime::Look(int worker, int64_t now) {
  absl::MutexLock lock(&mutex_);
  WorkerLook& mine = workers_[static_cast<size_t>(worker)];
  if (now > last_look_) {
    int64_t planned = options_.regular_looks ? now : last_look_;
    for (const WorkerLook& each : workers_) planned = std::max(planned, each.planned_until);
    const int64_t counted = std::min(now, planned) - last_look_;
    const bool caught_up = CaughtUp(now);
    reading_.running_us += counted;
    if (caught_up) reading_.job = reading_.job + Span::Micros(counted);
    if (caught_up) moved_at_ = now;
    last_look_ = now;
  }
  mine.busy_since = now;
  mine.planned_until = std::max(mine.planned_until, now + kBusyStepMax);
  return reading_;
}

void JobTime::Plan(int worker, int64_t until) {
  absl::MutexLock lock(&mutex_);
  WorkerLook& mine = workers_[static_cast<size_t>(worker)];
  mine.busy_since = PartitionPulse::kNot;
  mine.planned_until = std::min(until, last_look_ + kPlanMax);
}

void JobTime::SetCaughtUpUntil(int worker, int64_t until) {
  absl::MutexLock lock(&mutex_);
  workers_[static_cast<size_t>(worker)].caught_up_until = until;
}

int64_t JobTime::StandingStillFor(int64_t now) const {
  absl::MutexLock lock(&mutex_);
  return std::max<int64_t>(0, last_look_ == moved_at_ ? 0 : now - moved_at_);
}

}  // namespace tidemark
