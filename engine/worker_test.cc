// Workers driven at random through the test kit: who steps when, when an epoch closes, where the
// job crashes and with how many workers it resumes cannot be seen in the output of any key.

#include "engine/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "engine/test_flows.h"
#include "tests/support/test_seed.h"
#include "tidemark/testing.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Disturbance {
  std::vector<int> workers = {1, 2, 3, 7};  // one of them at each start
  uint64_t crash_one_in = 0;                // steps; 0: never
  uint64_t epoch_one_in = 40;
  size_t memory_bytes = size_t{1} << 30;
  bool tiny_batches = true;
};

// Steps the workers of a flow in a random order.
class Driver {
 public:
  Driver(Random& random, const Disturbance& disturbance, std::function<void(Flow&)> build)
      : random_(random), disturbance_(disturbance), tester_(Options()) {
    tester_.Build(std::move(build));
  }

  // Until nothing is left to do at the present time; committed if `commit`.
  void RunUntilQuiet(bool commit = true) {
    std::set<int> quiet;
    while (!testing::Test::HasFatalFailure()) {
      Job& job = tester_.job();
      const int w = static_cast<int>(random_.Below(static_cast<uint64_t>(job.workers())));
      const auto did = job.worker(w).Step();
      ASSERT_TRUE(did.ok()) << did.status();
      *did ? quiet.clear() : void(quiet.insert(w));
      if (GetOnWithEpoch(/*may_request=*/*did, /*may_wait=*/true)) quiet.clear();
      if (disturbance_.crash_one_in != 0 && random_.OneIn(disturbance_.crash_one_in)) {
        ++crashes;
        tester_.CrashAndResumeWith(AnyCount());
        quiet.clear();
      }
      if (quiet.size() < static_cast<size_t>(tester_.job().workers())) continue;
      if (!tester_.job().EpochUnderWay()) break;
      ASSERT_TRUE(GetOnWithEpoch(/*may_request=*/false, /*may_wait=*/false))
          << "a requested epoch does not get on";
      quiet.clear();
    }
    if (commit && !testing::Test::HasFatalFailure()) tester_.Commit();
  }

  void Advance(Span d) { tester_.clock().Advance(d); }
  FlowTester& tester() { return tester_; }
  int crashes = 0;

 private:
  int AnyCount() { return disturbance_.workers[random_.Below(disturbance_.workers.size())]; }
  FlowTester::Options Options() {
    FlowTester::Options options;
    options.workers = AnyCount();
    options.memory_bytes = disturbance_.memory_bytes;
    if (disturbance_.tiny_batches) {
      options.batch_items_max = 1 + random_.Below(5);
      options.channel_batches_max = 1 + random_.Below(3);
    }
    return options;
  }
  bool GetOnWithEpoch(bool may_request, bool may_wait) {
    Job& job = tester_.job();
    if (!job.EpochUnderWay()) {
      if (!job.TakeEarlyEpoch() && !(may_request && random_.OneIn(disturbance_.epoch_one_in))) {
        return false;
      }
      job.RequestEpoch();
      return true;
    }
    if (!job.EpochReady() || (may_wait && random_.OneIn(2))) return false;
    const absl::Status done = job.CommitEpoch();
    EXPECT_TRUE(done.ok()) << done;
    return true;
  }

  Random& random_;
  const Disturbance disturbance_;
  FlowTester tester_;
};

using Build = void (*)(Flow&, std::shared_ptr<Script>, Sink<Row>);

// All of the script in one go by one worker, nothing committed in between.
RowsByKey Undisturbed(Build build, std::vector<std::vector<Item>> partitions) {
  const auto script = MakeScript(std::move(partitions));
  Collected<Row> out;
  FlowTester tester;
  tester.Build([&](Flow& flow) { build(flow, script, out.sink()); });
  tester.End();
  return ByKey(out.committed());
}

bool NothingIsStored(const FlowTester& tester) {
  return !tester.store().Scan(std::string(1, '\x10'), "")->Valid();
}

// Releases the script in random pieces to a flow that is driven at random.
void ExpectSameOutput(Build build, const Disturbance& disturbance, int rounds, int items) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(HowToRepeat(seed));
  Random random(seed);
  int crashes = 0;
  for (int round = 0; round < rounds && !testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    const auto partitions =
        RandomPartitions(random, static_cast<int>(random.Between(1, 4)), items, 7);
    const RowsByKey expected = Undisturbed(build, partitions);
    const auto script = MakeScript(partitions);
    script->released = 0;
    script->ended = false;
    Collected<Row> out;
    Driver driver(random, disturbance, [&](Flow& flow) { build(flow, script, out.sink()); });
    while (script->released < script->longest() && !testing::Test::HasFatalFailure()) {
      script->released += 1 + random.Below(20);
      driver.RunUntilQuiet(/*commit=*/random.OneIn(2));
    }
    script->ended = true;
    driver.RunUntilQuiet();
    if (testing::Test::HasFatalFailure()) return;
    ASSERT_EQ(ByKey(out.committed()), expected);
    EXPECT_TRUE(NothingIsStored(driver.tester())) << "a row is left";
    crashes += driver.crashes;
  }
  std::printf("seed %llu: %d crashes\n", static_cast<unsigned long long>(seed), crashes);
}

// ---- the same output whatever happens ----------------------------------------

TEST(Worker, TwoKeyedStepsInARow) { ExpectSameOutput(TwoKeyedSteps, {}, 60, 120); }

TEST(Worker, TwoKeyedStepsInARowWithCrashesAndRescaling) {
  ExpectSameOutput(TwoKeyedSteps, {.crash_one_in = 300}, 100, 150);
}

TEST(Worker, CrashesThatComeOftenAndEpochsThatComeAllTheTime) {
  ExpectSameOutput(TwoKeyedSteps, {.crash_one_in = 60, .epoch_one_in = 2}, 100, 100);
}

TEST(Worker, ManyWorkers) {
  ExpectSameOutput(TwoKeyedSteps, {.workers = {1, 30}, .epoch_one_in = 400}, 1, 20);
}

TEST(Worker, MemoryForNothing) {
  ExpectSameOutput(TwoKeyedSteps, {.crash_one_in = 300, .memory_bytes = 7}, 60, 120);
}

TEST(Worker, BranchesMeetAgain) {
  ExpectSameOutput(BranchAndMerge, {.crash_one_in = 300}, 60, 120);
}

TEST(Worker, UsersOfASourceMeetAgain) {
  ExpectSameOutput(SplitAtTheSource, {.crash_one_in = 300}, 60, 120);
}

TEST(Worker, WhereOutputsMeetAgainTheirOrderDoesNotDependOnBatches) {
  Random random(1);
  const auto partitions = RandomPartitions(random, 1, 100, 3);
  for (const Build build : {BranchAndMerge, SplitAtTheSource}) {
    std::optional<std::vector<Row>> expected;
    for (const size_t batch : {1, 2, 7, 1024}) {
      Collected<Row> out;
      FlowTester::Options options;
      options.batch_items_max = batch;
      FlowTester tester(options);
      const auto script = MakeScript(partitions);
      tester.Build([&](Flow& flow) { build(flow, script, out.sink()); });
      tester.End();
      if (!expected) expected = out.committed();
      EXPECT_EQ(out.committed(), *expected) << batch << " items in a batch";
    }
  }
}

// Two sources with users of their own, merged; their output goes to two sinks on two workers.
TEST(Worker, TwoSourcesMergeAndOneStreamGoesToTwoSinks) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(HowToRepeat(seed));
  Random random(seed);
  for (int round = 0; round < 20; ++round) {
    const auto lists = RandomPartitions(random, 5, 60, 4);
    const auto first = MakeScript({lists[0], lists[1], lists[2]});
    const auto second = MakeScript({lists[3], lists[4]});
    Collected<Row> one, two;
    Driver driver(random, {.crash_one_in = 300}, [&](Flow& flow) {
      const auto merged = flow.From("first", From(first)).Merge(flow.From("second", From(second)));
      const auto rows = ByUser(merged).Batch("lists", {.max_items = 3});
      rows.To("one", one.sink());
      rows.Pairs().Map([](Row row) { return row; }).To("two", two.sink());
    });
    driver.RunUntilQuiet();
    ASSERT_FALSE(HasFatalFailure());
    RowsByKey expected;
    for (const auto& list : lists) {
      std::map<std::string, std::vector<int64_t>> numbers;
      for (const Item& item : list) numbers[item.user].push_back(item.number);
      for (const auto& [user, all] : numbers) {
        for (size_t i = 0; i < all.size(); i += 3) {
          const auto begin = all.begin() + static_cast<std::ptrdiff_t>(i);
          const size_t left = std::min<size_t>(3, all.size() - i);
          expected[user].emplace_back(begin, begin + static_cast<std::ptrdiff_t>(left));
        }
      }
    }
    ASSERT_EQ(ByKey(one.committed()), expected);
    ASSERT_EQ(ByKey(two.committed()), expected);
  }
}

// ---- time ----------------------------------------

// Items come and time passes in turn; what came before time passes is committed, since what is read
// again later has a later deadline.
RowsByKey RunTimed(Random& random, const Disturbance& disturbance,
                   const std::vector<std::vector<Item>>& partitions,
                   const std::vector<std::pair<size_t, Span>>& steps) {
  const auto script = MakeScript(partitions);
  script->released = 0;
  script->ended = false;
  Collected<Row> out;
  Driver driver(random, disturbance, [&](Flow& flow) { TimedLists(flow, script, out.sink()); });
  for (const auto& [items, pause] : steps) {
    script->released += items;
    driver.RunUntilQuiet();
    driver.Advance(pause);
    driver.RunUntilQuiet();
    if (testing::Test::HasFatalFailure()) return {};
  }
  script->released = SIZE_MAX;
  script->ended = true;
  driver.RunUntilQuiet();
  EXPECT_TRUE(NothingIsStored(driver.tester())) << "a row is left";
  return ByKey(out.committed());
}

TEST(Worker, TimersFireAtTheirTimeWhateverHappens) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(HowToRepeat(seed));
  Random random(seed);
  for (int round = 0; round < 20 && !HasFailure(); ++round) {
    const auto partitions = RandomPartitions(random, 3, 60, 6);
    std::vector<std::pair<size_t, Span>> steps;
    for (int i = 0; i < 25; ++i) {
      steps.emplace_back(random.Below(5), Span::Micros(random.Between(0, 4'000'000)));
    }
    const Disturbance none{.workers = {1}, .epoch_one_in = 1'000'000, .tiny_batches = false};
    const RowsByKey expected = RunTimed(random, none, partitions, steps);
    EXPECT_EQ(RunTimed(random, {.crash_one_in = 200}, partitions, steps), expected);
    EXPECT_EQ(RunTimed(random, {.crash_one_in = 200, .memory_bytes = 7}, partitions, steps),
              expected);
    EXPECT_EQ(RunTimed(random, {.epoch_one_in = 2, .memory_bytes = 7}, partitions, steps),
              expected);
  }
}

// More is due at a resume than memory has room for. Timers wait for epochs like sources do.
TEST(Worker, WhatIsDueAtAResumeIsFiredWithinTheBudget) {
  constexpr int kUsers = 20'000;
  const auto script = MakeScript({{}});
  for (int i = 0; i < kUsers; ++i) script->partitions[0].push_back({std::to_string(i), i});
  script->ended = false;
  Collected<Row> out;
  FlowTester::Options options;
  options.memory_bytes = 1 << 20;
  FlowTester tester(options);
  tester.Build([&](Flow& flow) { TimedLists(flow, script, out.sink()); });
  tester.Run();
  tester.Commit();
  tester.clock().Advance(Span::Seconds(3600));
  tester.CrashAndResume();
  uint64_t most = 0;
  bool did = true;
  while (did) {
    const auto step = tester.job().worker(0).Step();
    ASSERT_TRUE(step.ok()) << step.status();
    did = *step;
    most = std::max<uint64_t>(most, tester.job().worker(0).memory_used_bytes());
    if (tester.job().TakeEarlyEpoch()) {
      tester.Commit();
      did = true;
    }
  }
  EXPECT_EQ(out.rows().size(), static_cast<size_t>(kUsers));
  EXPECT_LT(most, 2u << 20);
}

}  // namespace
}  // namespace tidemark
