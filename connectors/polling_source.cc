#include "connectors/polling_source.h"

#include "base/check.h"

namespace tidemark {

Timestamp PollTimeAtOrAfter(Timestamp t, Timestamp align_to, Span interval) {
  TM_CHECK(interval.us > 0, "polling times are apart");
  int64_t into = (t - align_to).us % interval.us;
  if (into < 0) into += interval.us;
  return into == 0 ? t : t + Span{interval.us - into};
}

absl::StatusOr<PollSchedule> PollSchedule::Create(const PollingOptions& options, Timestamp now) {
  const Span interval = Span::FromAbsl(options.interval);
  if (interval.us <= 0) {
    return absl::InvalidArgumentError(Cat(options.name, ": the interval must be at least 1us"));
  }
  Timestamp align_to = now;
  if (options.align_to.has_value()) {
    const absl::StatusOr<Timestamp> aligned = Timestamp::FromAbsl(*options.align_to);
    if (!aligned.ok()) return Annotate(aligned.status(), Cat(options.name, ": align_to"));
    align_to = *aligned;
  }
  return PollSchedule(align_to, interval, PollTimeAtOrAfter(now, align_to, interval));
}

}  // namespace tidemark
