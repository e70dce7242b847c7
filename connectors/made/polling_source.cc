#include "connectors/made/polling_source.h"

#include "base/check.h"

namespace tidemark {

Timestamp PollTimeAtOrAfter(Timestamp t, Timestamp align_to, Span interval) {
  TM_CHECK(interval.us > 0, "polling times are apart");
  int64_t into = (t - align_to).us % interval.us;
  if (into < 0) into += interval.us;
  return into == 0 ? t : t + Span{interval.us - into};
}

void PollSchedule::Answered() {
  const Timestamp now = clock_->Now();
  // Asked before its time by a wall clock that was set back, it has been asked for that time, also
  // where that is still ahead by a little.
  const Span apart = now < next_ ? Span{interval_.us / 2 + 1} : Span::Micros(1);
  Plan(PollTimeAtOrAfter(now + apart, align_to_, interval_));
}

absl::StatusOr<PollSchedule> PollSchedule::Create(const PollingOptions& options,
                                                  const Clock& clock) {
  const Span interval = Span::FromAbsl(options.interval);
  if (interval.us <= 0) {
    return absl::InvalidArgumentError(Cat(options.name, ": the interval must be at least 1us"));
  }
  Timestamp align_to = clock.Now();
  if (options.align_to.has_value()) {
    const absl::StatusOr<Timestamp> aligned = Timestamp::FromAbsl(*options.align_to);
    if (!aligned.ok()) return Annotate(aligned.status(), Cat(options.name, ": align_to"));
    align_to = *aligned;
  }
  return PollSchedule(align_to, interval, clock);
}

}  // namespace tidemark
