#include "engine/job_time.h"

#include <gtest/gtest.h>

namespace tidemark {
namespace {

constexpr int64_t kMs = 1000;
constexpr int64_t kSecond = 1000 * kMs;
constexpr Timestamp kStart{1'000'000'000};

// One worker that sleeps as planned, looks, and sleeps again.
class Idle {
 public:
  explicit Idle(JobTime& time, int worker = 0) : time_(time), worker_(worker) {}
  // Sleeps for `planned` and is woken after `passed`.
  Span Sleep(int64_t& now, int64_t planned, int64_t passed) {
    const Timestamp before = time_.Look(worker_, now).job;
    time_.Plan(worker_, now + planned);
    now += passed;
    return time_.Look(worker_, now).job - before;
  }

 private:
  JobTime& time_;
  const int worker_;
};

TEST(PartitionPulse, APartitionHasCaughtUpWhenItHadNothing) {
  PartitionPulse pulse;
  EXPECT_EQ(pulse.CaughtUpUntil(false), PartitionPulse::kNot) << "what is there at the start";
  pulse.OnPoll(5 * kSecond, true, 0);
  EXPECT_EQ(pulse.CaughtUpUntil(false), PartitionPulse::kNot);
  pulse.OnPoll(6 * kSecond, false, 0);
  EXPECT_EQ(pulse.CaughtUpUntil(false), 7 * kSecond) << "it is to be polled within a second";
  pulse.OnPoll(7 * kSecond, true, 0);
  EXPECT_EQ(pulse.CaughtUpUntil(false), 8 * kSecond) << "a second ago it had nothing";
  pulse.OnPoll(7 * kSecond + 1, true, 0);
  EXPECT_EQ(pulse.CaughtUpUntil(false), PartitionPulse::kNot) << "it has had more for too long";
}

TEST(PartitionPulse, APartitionThatNeedNotBePolledHasNothingUntilThen) {
  PartitionPulse pulse;
  pulse.OnPoll(kSecond, false, 60 * kSecond);
  EXPECT_EQ(pulse.CaughtUpUntil(false), 61 * kSecond);
  pulse.OnPoll(60 * kSecond, false, PartitionPulse::kAlways);
  EXPECT_EQ(pulse.CaughtUpUntil(false), PartitionPulse::kAlways) << "its descriptor says when";
}

TEST(JobTime, MovesWithTheMonotonicClockWhileCaughtUp) {
  int64_t now = 77;
  JobTime time({.start = kStart}, now);
  EXPECT_EQ(time.Look(0, now).job, kStart);
  Idle worker(time);
  EXPECT_EQ(worker.Sleep(now, 500 * kMs, 500 * kMs), Span::Micros(500 * kMs));
  EXPECT_EQ(worker.Sleep(now, 500 * kMs, 20 * kMs), Span::Micros(20 * kMs)) << "woken early";
  EXPECT_EQ(time.StandingStillFor(now), 0);
}

TEST(JobTime, CountsNoMoreThanWasPlanned) {
  int64_t now = 0;
  JobTime time({.start = kStart}, now);
  Idle worker(time);
  // The process is stopped for a minute while it sleeps.
  EXPECT_EQ(worker.Sleep(now, 300 * kMs, 60 * kSecond), Span::Micros(300 * kMs));
  EXPECT_EQ(worker.Sleep(now, 3600 * kSecond, 60 * kSecond), Span::Micros(JobTime::kPlanMax))
      << "no plan reaches further than a second";
}

TEST(JobTime, StandsStillInABacklog) {
  int64_t now = 0;
  JobTime time({.start = kStart}, now);
  time.SetCaughtUpUntil(0, PartitionPulse::kNot);
  Idle worker(time);
  EXPECT_EQ(worker.Sleep(now, 500 * kMs, 500 * kMs), Span());
  EXPECT_EQ(time.StandingStillFor(now), 500 * kMs);
  time.SetCaughtUpUntil(0, PartitionPulse::kAlways);
  EXPECT_EQ(worker.Sleep(now, 500 * kMs, 500 * kMs), Span::Micros(500 * kMs));
  EXPECT_EQ(time.StandingStillFor(now), 0);
}

TEST(JobTime, IsOneClockForAllWorkers) {
  int64_t now = 0;
  JobTime time({.workers = 2, .start = kStart}, now);
  time.Plan(1, now);
  Idle worker(time, 0);
  time.SetCaughtUpUntil(1, PartitionPulse::kNot);
  EXPECT_EQ(worker.Sleep(now, 500 * kMs, 500 * kMs), Span()) << "the other has a backlog";
  time.SetCaughtUpUntil(1, PartitionPulse::kAlways);
  EXPECT_EQ(worker.Sleep(now, 500 * kMs, 500 * kMs), Span::Micros(500 * kMs));
  EXPECT_EQ(time.Look(1, now).job, kStart + Span::Micros(500 * kMs));
}

TEST(JobTime, StandsStillWhileAWorkerIsBusyWithOnePieceOfWork) {
  int64_t now = 0;
  JobTime time({.workers = 2, .start = kStart}, now);
  time.Plan(1, now);
  time.Look(1, now);  // begins something that takes long
  Idle worker(time, 0);
  EXPECT_EQ(worker.Sleep(now, 900 * kMs, 900 * kMs), Span::Micros(900 * kMs));
  EXPECT_EQ(worker.Sleep(now, 900 * kMs, 900 * kMs), Span());
}

TEST(JobTime, StandsStillWhileWhatWasReadIsOnItsWay) {
  int64_t now = 0;
  int64_t oldest = 0;
  JobTime time({.start = kStart, .oldest_in_exchanges = [&] { return oldest; }}, now);
  Idle worker(time);
  EXPECT_EQ(worker.Sleep(now, kSecond, kSecond), Span::Seconds(1));
  EXPECT_EQ(worker.Sleep(now, kSecond, kSecond), Span());
  oldest = PartitionPulse::kAlways;
  EXPECT_EQ(worker.Sleep(now, kSecond, kSecond), Span::Seconds(1));
}

}  // namespace
}  // namespace tidemark
