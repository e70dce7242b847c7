// SimplePollingSource: calls a function at regular times (for a web page, a sensor, a table).
//
//   flow.From("prices", SimplePollingSource<double>(
//       {.interval = absl::Minutes(30), .align_to = midnight},
//       [](Timestamp) -> absl::StatusOr<PollAnswer<double>> {
//         return PollAnswer<double>{.items = {Ask()}};
//       }));
//
// It polls at align_to + n · interval, immediately if now is one of these times; without align_to,
// immediately and then every interval from there on. Times that passed while the run was busy are
// skipped. After an answer with `retry_after` it polls again after that delay, and regularly from
// then on. It cannot seek, so it is at-most-once: a resumed run polls at the next regular time.
//
// The times follow the wall clock, but a wait ends as soon as it has lasted as long as planned by
// the monotonic clock: setting the wall clock back by an hour does not prolong a wait by an hour.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "tidemark/source.h"

namespace tidemark {

struct PollingOptions {
  absl::Duration interval = absl::Seconds(1);
  std::optional<absl::Time> align_to = {};  // if missing, the time at which the source is opened
  std::string name = "polling source";      // for messages
};

template <class T>
struct PollAnswer {
  std::vector<T> items = {};
  std::optional<absl::Duration> retry_after = {};
  bool at_end = false;  // never poll again
};

// Called on a worker, which waits for it: a slow call belongs in a source of its own. An error
// stops the run.
template <class T>
using Asker = std::function<absl::StatusOr<PollAnswer<T>>(Timestamp now)>;

// The earliest of the times align_to + n · interval that is not before `t`. Requires: interval > 0.
Timestamp PollTimeAtOrAfter(Timestamp t, Timestamp align_to, Span interval);

// When to poll. The clock is read directly, and not as the engine's `now`, which stands still after
// the clock was set back.
class PollSchedule {
 public:
  // `clock` outlives it.
  static absl::StatusOr<PollSchedule> Create(const PollingOptions& options, const Clock& clock);

  Timestamp next() const { return next_; }
  // The time until the next poll; zero: now.
  Span Wait() const {
    const Span by_wall = next_ - clock_->Now();
    const Span by_monotonic{wait_.us - (clock_->Monotonic() - planned_us_)};
    return std::max(Span(), std::min(by_wall, by_monotonic));
  }
  void Answered();
  void RetryAfter(Span delay) { Plan(clock_->Now() + delay); }

 private:
  PollSchedule(Timestamp align_to, Span interval, const Clock& clock)
      : align_to_(align_to), interval_(interval), clock_(&clock) {
    Plan(PollTimeAtOrAfter(clock.Now(), align_to, interval));
  }
  void Plan(Timestamp next) {
    next_ = next;
    wait_ = next - clock_->Now();
    planned_us_ = clock_->Monotonic();
  }

  Timestamp align_to_;
  Span interval_;
  const Clock* clock_;
  Timestamp next_;
  Span wait_;  // the distance to it at planned_us_
  int64_t planned_us_ = 0;
};

template <class T>
class PollingPartition final : public SourcePartition<T> {
 public:
  PollingPartition(PollSchedule schedule, Asker<T> ask)
      : schedule_(schedule), ask_(std::move(ask)) {}

  absl::StatusOr<PollResult> Poll(size_t max, Timestamp now, std::vector<T>& out) override {
    if (given_ == pending_.size()) {
      if (at_end_) return PollResult::AtEnd();
      if (const Span wait = schedule_.Wait(); wait > Span()) return PollResult::At(now + wait);
      TM_ASSIGN_OR_RETURN(PollAnswer<T> answer, ask_(now));
      ++asked_;
      pending_ = std::move(answer.items);
      given_ = 0;
      at_end_ = answer.at_end;
      if (answer.retry_after.has_value()) {
        schedule_.RetryAfter(std::max(Span::FromAbsl(*answer.retry_after), Span{}));
      } else {
        schedule_.Answered();
      }
    }
    for (size_t n = std::min(max, pending_.size() - given_); n > 0; --n) {
      out.push_back(std::move(pending_[given_++]));
    }
    const bool more = given_ < pending_.size() || at_end_;
    return more ? PollResult::Again() : PollResult::At(now + schedule_.Wait());
  }
  // For people: the number of polls in this run.
  Position position() const override { return Position().Set("asked", asked_); }

  Timestamp next_ask() const { return schedule_.next(); }

 private:
  PollSchedule schedule_;
  const Asker<T> ask_;
  std::vector<T> pending_;  // the last answer, which may hold more than a poll may return
  size_t given_ = 0;        // of them
  bool at_end_ = false;
  int64_t asked_ = 0;
};

template <class T>
class PollingSource final : public SourceFactory<T> {
 public:
  PollingSource(PollingOptions options, Asker<T> ask)
      : options_(std::move(options)), ask_(std::move(ask)) {}

  absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext&) override {
    return std::vector<std::string>{"poll"};
  }
  absl::StatusOr<std::unique_ptr<SourcePartition<T>>> Open(const std::string&,
                                                           const std::optional<Position>&,
                                                           const SourceContext& context) override {
    TM_ASSIGN_OR_RETURN(const PollSchedule schedule,
                        PollSchedule::Create(options_, *context.clock));
    return std::make_unique<PollingPartition<T>>(schedule, ask_);
  }
  bool can_seek() const override { return false; }
  std::string Describe() const override {
    return Cat(options_.name, " every ", FormatSpan(Span::FromAbsl(options_.interval)));
  }

 private:
  const PollingOptions options_;
  const Asker<T> ask_;
};

template <class T>
Source<T> SimplePollingSource(PollingOptions options, Asker<T> ask) {
  return Source<T>(std::make_shared<PollingSource<T>>(std::move(options), std::move(ask)));
}

}  // namespace tidemark
