// The runner with real threads and the machine's clock: what it does does not depend on when it is
// stopped, an error anywhere ends it, and an idle job sleeps.

#include "engine/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include "base/random.h"
#include "engine/test_flows.h"
#include "engine/wakeup.h"
#include "recovery/state_directory.h"
#include "state/memory_store.h"
#include "tests/support/test_seed.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;

void Pause(Span span) { Wakeup().Wait(span); }

constexpr Span kForEver = Span::Infinite();
// What a loaded machine may take for anything.
constexpr int64_t kPatienceUs = 120'000'000;

// The machine's clock, whose wall time somebody sets. Monotonic time is what it is.
class ClockThatIsSet final : public Clock {
 public:
  Timestamp Now() const override { return machine_.Now() + Span::Micros(ahead_us_.load()); }
  int64_t Monotonic() const override { return machine_.Monotonic(); }
  void Shift(Span by) { ahead_us_.fetch_add(by.us); }

 private:
  const SystemClock machine_{};
  std::atomic<int64_t> ahead_us_{0};
};

struct Setting {
  int workers = 1;
  Span epoch_interval = Span::Micros(10'000);
  size_t memory_bytes = size_t{1} << 30;
  size_t batch_items_max = 8;
  size_t channel_batches_max = 2;
};

// A flow over one store; each Start() resumes it.
class Runs {
 public:
  Runs(const Setting& setting, std::function<void(Flow&)> build)
      : setting_(setting), build_(std::move(build)) {}
  ~Runs() { EXPECT_EQ(runner_, nullptr) << "a run is waited for"; }

  void Start() {
    Flow flow("test");
    build_(flow);
    auto plan = flow.Compile();
    ASSERT_TRUE(plan.ok()) << plan.status();
    JobOptions options;
    options.workers = setting_.workers;
    options.memory_bytes = setting_.memory_bytes;
    options.batch_items_max = setting_.batch_items_max;
    options.channel_batches_max = setting_.channel_batches_max;
    options.clock = &clock_;
    options.skips = &skips_;
    options.store = &store_;
    options.run_line = "line";
    auto record = ReadEpochRecord(store_);
    ASSERT_TRUE(record.ok()) << record.status();
    options.resume = *std::move(record);
    auto job = Job::Open(*std::move(plan), std::move(options));
    ASSERT_TRUE(job.ok()) << job.status();
    job_ = *std::move(job);
    runner_ = std::make_unique<Runner>(
        *job_, clock_,
        RunnerOptions{.epoch_interval = setting_.epoch_interval, .after_commit = after_commit});
    returned_ = false;
    thread_ = std::thread([this] {
      status_ = runner_->Run();
      returned_ = true;
    });
  }
  // Until Run() returns.
  absl::Status Join() {
    const int64_t begin_us = MonotonicMicros();
    while (!returned_ && MonotonicMicros() - begin_us < kPatienceUs) Pause(Span::Micros(200));
    TM_CHECK(returned_, "a run comes to its end");
    thread_.join();
    ended_ = job_->ended();
    epochs += job_->committed_epoch();
    runner_.reset();
    job_.reset();
    return status_;
  }
  absl::Status RunToTheEnd() {
    Start();
    return Join();
  }
  Runner& runner() { return *runner_; }
  Job& job() { return *job_; }
  ClockThatIsSet& clock() { return clock_; }
  uint64_t items_in() const {
    uint64_t items = 0;
    for (int w = 0; w < job_->workers(); ++w) items += job_->worker(w).stats().items_in.load();
    return items;
  }
  bool returned() const { return returned_; }
  bool ended() const { return ended_; }

  std::function<absl::Status()> after_commit = [] { return absl::OkStatus(); };
  uint64_t epochs = 0;

 private:
  const Setting setting_;
  const std::function<void(Flow&)> build_;
  ClockThatIsSet clock_;
  SkipLog skips_;
  MemoryStore store_;
  std::unique_ptr<Job> job_;
  std::unique_ptr<Runner> runner_;
  std::thread thread_;
  std::atomic<bool> returned_{false};
  absl::Status status_;
  bool ended_ = false;
};

RowsByKey Expected(std::vector<std::vector<Item>> partitions) {
  const auto script = MakeScript(std::move(partitions));
  Collected<Row> out;
  Runs runs({}, [&](Flow& flow) { TwoKeyedSteps(flow, script, out.sink()); });
  EXPECT_TRUE(runs.RunToTheEnd().ok());
  return ByKey(out.committed());
}

// Stopped at random moments and resumed until all input has ended.
void ExpectSameOutput(const Setting& setting, int items) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(HowToRepeat(seed));
  Random random(seed);
  const auto partitions = RandomPartitions(random, 3, items, 20);
  const RowsByKey expected = Expected(partitions);
  const auto script = MakeScript(partitions);
  Collected<Row> out;
  Runs runs(setting, [&](Flow& flow) { TwoKeyedSteps(flow, script, out.sink()); });
  int stops = 0;
  while (!runs.ended() && !testing::Test::HasFatalFailure()) {
    runs.Start();
    const uint64_t stop_at = random.Below(static_cast<uint64_t>(items));
    while (!runs.returned() && runs.items_in() < stop_at) std::this_thread::yield();
    if (!random.OneIn(20)) runs.runner().RequestStop(), ++stops;
    const absl::Status status = runs.Join();
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_EQ(out.rows().size(), out.committed().size())
        << "behind the last epoch nothing reaches a sink";
  }
  ASSERT_EQ(ByKey(out.committed()), expected);
  std::printf("seed %llu: %d stops, %llu epochs\n", static_cast<unsigned long long>(seed), stops,
              static_cast<unsigned long long>(runs.epochs));
}

TEST(Runner, OneWorkerStoppedAtRandom) { ExpectSameOutput({}, 20'000); }

TEST(Runner, ThreeWorkersStoppedAtRandom) { ExpectSameOutput({.workers = 3}, 20'000); }

TEST(Runner, AnEpochAfterEveryPieceOfWork) {
  ExpectSameOutput({.epoch_interval = Span::Micros(0)}, 5'000);
  ExpectSameOutput({.workers = 3, .epoch_interval = Span::Micros(0)}, 5'000);
}

// Nothing but the lack of memory closes an epoch, and nothing is read until it has.
TEST(Runner, EpochsThatOnlyTheLackOfMemoryCloses) {
  ExpectSameOutput({.epoch_interval = kForEver, .memory_bytes = 20'000}, 5'000);
  ExpectSameOutput({.workers = 3, .epoch_interval = kForEver, .memory_bytes = 60'000}, 5'000);
}

TEST(Runner, HardlyAnyMemory) {
  ExpectSameOutput({.workers = 3, .memory_bytes = 7}, 500);
  ExpectSameOutput({.workers = 3, .epoch_interval = Span::Micros(0), .memory_bytes = 7}, 500);
}

// ---- ends
// ----------------------------------------------------------------------------------------

TEST(Runner, TheEndOfInputIsCommittedAtOnce) {
  for (const int workers : {1, 3}) {
    const auto script = MakeScript({{{"a", 1}, {"b", 2}}});
    Collected<Row> out;
    Runs runs({.workers = workers, .epoch_interval = kForEver},
              [&](Flow& flow) { TwoKeyedSteps(flow, script, out.sink()); });
    EXPECT_TRUE(runs.RunToTheEnd().ok());
    EXPECT_TRUE(runs.ended());
    EXPECT_EQ(out.committed().size(), 2u);
    EXPECT_TRUE(runs.RunToTheEnd().ok()) << "a finished job that is run again ends as well";
    EXPECT_EQ(out.committed().size(), 2u);
  }
}

TEST(Runner, AStopKeepsOpenLists) {
  const auto script = MakeScript({{{"a", 1}, {"a", 2}}});
  script->ended = false;
  Collected<Row> out;
  Runs runs({.epoch_interval = kForEver},
            [&](Flow& flow) { TwoKeyedSteps(flow, script, out.sink()); });
  runs.Start();
  while (runs.items_in() < 2) std::this_thread::yield();
  runs.runner().RequestStop();
  runs.runner().RequestStop();
  EXPECT_TRUE(runs.Join().ok());
  EXPECT_FALSE(runs.ended());
  EXPECT_TRUE(out.committed().empty());
  script->ended = true;
  EXPECT_TRUE(runs.RunToTheEnd().ok());
  EXPECT_EQ(ByKey(out.committed()), (RowsByKey{{"a-odd", {{3}}}}));
}

// Timers go on being due while the last epoch is on its way.
TEST(Runner, NothingFiresBehindTheLastEpoch) {
  for (const int workers : {1, 3}) {
    const auto script = MakeScript({{}});
    for (int i = 0; i < 5'000; ++i) script->partitions[0].push_back({std::to_string(i), i});
    script->ended = false;
    Collected<Row> out;
    Runs runs({.workers = workers, .epoch_interval = Span::Micros(500)}, [&](Flow& flow) {
      ByUser(flow.From("in", From(script)))
          .Batch("lists", {.max_wait = absl::Milliseconds(20)})
          .To("out", out.sink());
    });
    runs.after_commit = [] {
      Pause(Span::Micros(2'000));
      return absl::OkStatus();
    };
    runs.Start();
    while (out.committed().empty()) std::this_thread::yield();
    runs.runner().RequestStop();
    EXPECT_TRUE(runs.Join().ok());
    EXPECT_EQ(out.rows().size(), out.committed().size());
  }
}

// ---- errors
// --------------------------------------------------------------------------------------

TEST(Runner, AnErrorOfASinkEndsTheRunAndAResumeGoesOn) {
  for (const int workers : {1, 3}) {
    Random random(7);
    const auto partitions = RandomPartitions(random, 3, 2'000, 20);
    const auto script = MakeScript(partitions);
    Collected<Row> out;
    out.FailAt(20);
    Runs runs({.workers = workers}, [&](Flow& flow) { TwoKeyedSteps(flow, script, out.sink()); });
    EXPECT_EQ(std::string(runs.RunToTheEnd().message()), "step 'out': the sink is full");
    EXPECT_TRUE(runs.RunToTheEnd().ok());
    EXPECT_EQ(ByKey(out.committed()), Expected(partitions));
  }
}

TEST(Runner, AnErrorOfASourceEndsTheRunAndAResumeGoesOn) {
  for (const int workers : {1, 3}) {
    Random random(8);
    const auto partitions = RandomPartitions(random, 3, 2'000, 20);
    const auto script = MakeScript(partitions);
    script->fails_at = 1'000;
    Collected<Row> out;
    Runs runs({.workers = workers}, [&](Flow& flow) { TwoKeyedSteps(flow, script, out.sink()); });
    EXPECT_EQ(std::string(runs.RunToTheEnd().message()), "step 'in': the source cannot be read");
    EXPECT_TRUE(runs.RunToTheEnd().ok());
    EXPECT_EQ(ByKey(out.committed()), Expected(partitions));
  }
}

TEST(Runner, AnExceptionOfAUserFunctionEndsTheRun) {
  for (const int workers : {1, 3}) {
    const auto script = MakeScript({{{"a", 1}, {"b", 2}, {"c", 3}}});
    Collected<Item> out;
    Runs runs({.workers = workers}, [&](Flow& flow) {
      flow.From("in", From(script))
          .Map([](Item item) {
            if (item.number == 2) throw std::runtime_error("no twos");
            return item;
          })
          .To("out", out.sink());
    });
    EXPECT_EQ(std::string(runs.RunToTheEnd().message()),
              "a map step: the step's own code threw: no twos");
    EXPECT_TRUE(out.committed().empty());
  }
}

TEST(Runner, AnErrorBehindACommitEndsTheRun) {
  const auto script = MakeScript({{{"a", 1}}});
  script->ended = false;
  Collected<Row> out;
  Runs runs({.workers = 3}, [&](Flow& flow) { TwoKeyedSteps(flow, script, out.sink()); });
  runs.after_commit = [] { return absl::ResourceExhaustedError("no space for a snapshot"); };
  EXPECT_THAT(std::string(runs.RunToTheEnd().message()), HasSubstr("no space for a snapshot"));
}

// ---- sleeping
// ------------------------------------------------------------------------------------

TEST(Runner, AnIdleJobSleeps) {
  for (const int workers : {1, 3}) {
    const auto script = MakeScript({{{"a", 1}, {"b", 2}, {"c", 3}}});
    script->ended = false;
    script->sleeps = true;
    Collected<Row> out;
    Runs runs({.workers = workers, .epoch_interval = Span::Micros(1'000)},
              [&](Flow& flow) { TwoKeyedSteps(flow, script, out.sink()); });
    for (const bool resumed : {false, true}) {
      SCOPED_TRACE(resumed);
      runs.Start();
      // The last thing to happen is the commit of the three items, or nothing after a resume.
      uint64_t before = 0, after = 1;
      for (int tries = 0; before != after && tries < 100; ++tries) {
        before = runs.runner().wakeups();
        Pause(Span::Micros(200'000));
        after = runs.runner().wakeups();
      }
      EXPECT_EQ(before, after) << "in 200 ms";
      EXPECT_EQ(runs.job().committed_epoch(), 1u) << "an idle job closes no epochs";
      runs.runner().RequestStop();
      EXPECT_TRUE(runs.Join().ok());
      if (resumed) break;
    }
  }
}

// Paced items, a source that wants to be asked again, and the sleep in between: none of them waits
// for a wall clock that was set back by an hour, or hurries after one that was set forward.
TEST(Runner, ThePaceDoesNotDependOnTheWallClock) {
  for (const Span by : {Span::Seconds(-3600), Span::Seconds(3600)}) {
    SCOPED_TRACE(by.us);
    const auto script = MakeScript({{}});
    for (int i = 0; i < 40; ++i) script->partitions[0].push_back({"a", i});
    Collected<Item> out;
    Runs runs({.batch_items_max = 4}, [&](Flow& flow) {
      flow.From("in", From(script).WithRate(50)).To("out", out.sink());
    });
    const int64_t begin_us = MonotonicMicros();
    runs.Start();
    while (runs.items_in() < 3) Pause(Span::Micros(1'000));
    runs.clock().Shift(by);
    while (!runs.returned() && MonotonicMicros() - begin_us < 20'000'000) {
      Pause(Span::Micros(1'000));
    }
    EXPECT_TRUE(runs.returned()) << "it sleeps until the clock is where it was";
    EXPECT_GE(MonotonicMicros() - begin_us, 39 * 20'000) << "by the pace";
    runs.runner().RequestStop();
    EXPECT_TRUE(runs.Join().ok());
    EXPECT_EQ(out.committed().size(), 40u);
  }
}

// Asks every 10 ms, by the `now` it is given.
class AskingPartition final : public SourcePartition<Item> {
 public:
  absl::StatusOr<PollResult> Poll(size_t, Timestamp now, std::vector<Item>& out) override {
    if (asked_ == 20) return PollResult::AtEnd();
    out.push_back({"a", asked_++});
    return PollResult::At(now + Span::Micros(10'000));
  }
  Position position() const override { return {}; }

 private:
  int64_t asked_ = 0;
};
class AskingFactory final : public SourceFactory<Item> {
 public:
  absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext&) override {
    return std::vector<std::string>{"asking"};
  }
  absl::StatusOr<std::unique_ptr<SourcePartition<Item>>> Open(const std::string&,
                                                              const std::optional<Position>&,
                                                              const SourceContext&) override {
    return std::make_unique<AskingPartition>();
  }
  std::string Describe() const override { return "asking"; }
};

TEST(Runner, ASourceIsAskedAgainThoughTheWallClockWasSetBack) {
  Collected<Item> out;
  Runs runs({}, [&](Flow& flow) {
    flow.From("in", Source<Item>(std::make_shared<AskingFactory>())).To("out", out.sink());
  });
  const int64_t begin_us = MonotonicMicros();
  runs.Start();
  while (runs.items_in() < 3) Pause(Span::Micros(500));
  runs.clock().Shift(Span::Seconds(-3600));
  while (!runs.returned() && MonotonicMicros() - begin_us < 20'000'000) Pause(Span::Micros(1'000));
  EXPECT_TRUE(runs.returned());
  EXPECT_LT(runs.job().worker(0).stats().steps.load(), 2'000u) << "and does not spin";
  runs.runner().RequestStop();
  EXPECT_TRUE(runs.Join().ok());
}

// A pipe with more in it than the pace allows to read.
class PipePartition final : public SourcePartition<Item> {
 public:
  explicit PipePartition(int fd) : fd_(fd) {}
  absl::StatusOr<PollResult> Poll(size_t, Timestamp, std::vector<Item>& out) override {
    char byte = 0;
    if (read(fd_, &byte, 1) == 1) out.push_back({"a", byte});
    return PollResult::WhenReadable(fd_);
  }
  Position position() const override { return {}; }

 private:
  const int fd_;
};
class PipeFactory final : public SourceFactory<Item> {
 public:
  explicit PipeFactory(int fd) : fd_(fd) {}
  absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext&) override {
    return std::vector<std::string>{"pipe"};
  }
  absl::StatusOr<std::unique_ptr<SourcePartition<Item>>> Open(const std::string&,
                                                              const std::optional<Position>&,
                                                              const SourceContext&) override {
    return std::make_unique<PipePartition>(fd_);
  }
  std::string Describe() const override { return "pipe"; }

 private:
  const int fd_;
};

TEST(Runner, APacedSourceThatIsReadableDoesNotSpin) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "12345678", 8), 8);
  Collected<Item> out;
  Runs runs({.epoch_interval = Span::Micros(1'000)}, [&](Flow& flow) {
    flow.From("in", Source<Item>(std::make_shared<PipeFactory>(ends[0])).WithRate(1.0 / 3600))
        .To("out", out.sink());
  });
  runs.Start();
  while (out.committed().empty()) std::this_thread::yield();
  const uint64_t steps = runs.job().worker(0).stats().steps.load();
  Pause(Span::Micros(200'000));
  EXPECT_LT(runs.job().worker(0).stats().steps.load() - steps, 20u);
  EXPECT_EQ(out.rows().size(), 1u);
  runs.runner().RequestStop();
  EXPECT_TRUE(runs.Join().ok());
  close(ends[0]);
  close(ends[1]);
}

TEST(Runner, ADescriptorWakesASleepingSource) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  Collected<Item> out;
  Runs runs({.epoch_interval = Span::Micros(1'000)}, [&](Flow& flow) {
    flow.From("in", Source<Item>(std::make_shared<PipeFactory>(ends[0]))).To("out", out.sink());
  });
  ASSERT_EQ(write(ends[1], "1", 1), 1);  // the first poll is not to find the pipe empty
  runs.Start();
  for (size_t i = 2; i < 50; ++i) {
    while (out.committed().size() < i - 1) std::this_thread::yield();
    ASSERT_EQ(write(ends[1], "1", 1), 1);
  }
  while (out.committed().size() < 49) std::this_thread::yield();
  runs.runner().RequestStop();
  EXPECT_TRUE(runs.Join().ok());
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace tidemark
