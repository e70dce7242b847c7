// Batch through the public API with the virtual clock: its rules, and that no crash can be seen.

#include "tidemark/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "tidemark/testing.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Event {
  std::string user;
  int64_t number = 0;
  bool operator==(const Event&) const = default;
};
using List = KeyValue<std::string, std::vector<int64_t>>;

// A flow of one Batch step over numbers by user, with verbs for tests.
class BatchFixture {
 public:
  explicit BatchFixture(const BatchOptions& options, FlowTester::Options tester = {})
      : tester_(std::move(tester)), in_(tester_.Input<Event>()), out_(tester_.Output<List>()) {
    tester_.Build([this, options](Flow& flow) {
      flow.From("in", in_.source())
          .KeyBy(&Event::user)
          .MapValue([](Event event) { return event.number; })
          .Batch("lists", options)
          .To("out", out_.sink());
    });
    tester_.Run();
  }

  void Push(const std::string& user, int64_t number) {
    in_.Push({user, number});
    tester_.Run();
  }
  FlowTester& tester() { return tester_; }
  TestInput<Event>& in() { return in_; }
  const std::vector<List>& rows() const { return out_.rows(); }

 private:
  FlowTester tester_;
  TestInput<Event> in_;
  TestOutput<List> out_;
};

TEST(Batch, EmitsAListAsSoonAsItIsFull) {
  BatchFixture f({.max_items = 3});
  for (int i = 0; i < 10; ++i) f.Push("ALL", i);
  EXPECT_THAT(f.rows(),
              ElementsAre(List{"ALL", {0, 1, 2}}, List{"ALL", {3, 4, 5}}, List{"ALL", {6, 7, 8}}));
  f.tester().End();
  EXPECT_EQ(f.rows().back(), (List{"ALL", {9}}));
}

TEST(Batch, OneActivationMayEmitSeveralListsInTheirPlaces) {
  BatchFixture f({.max_items = 2});
  f.in().PushAll({{"b", 1}, {"a", 2}, {"b", 3}, {"a", 4}, {"b", 5}, {"b", 6}});
  f.tester().Run();
  EXPECT_THAT(f.rows(), ElementsAre(List{"b", {1, 3}}, List{"a", {2, 4}}, List{"b", {5, 6}}));
}

TEST(Batch, MaxWaitCountsFromTheFirstItemSoADripIsEmitted) {
  BatchFixture f({.max_wait = absl::Seconds(10)});
  f.Push("k", 1);
  f.tester().Advance(absl::Seconds(6));
  f.Push("k", 2);
  f.tester().Advance(absl::Seconds(4) - absl::Microseconds(1));
  EXPECT_THAT(f.rows(), IsEmpty());
  f.tester().Advance(absl::Microseconds(1));
  EXPECT_THAT(f.rows(), ElementsAre(List{"k", {1, 2}}));
}

TEST(Batch, AtEofKeepLeavesAListForTheNextRun) {
  BatchFixture f({.max_items = 3, .at_eof = AtEof::kKeep});
  f.Push("k", 1);
  f.Push("k", 2);
  f.tester().End();
  EXPECT_THAT(f.rows(), IsEmpty());
  f.tester().CrashAndResume();
  f.Push("k", 3);
  EXPECT_THAT(f.rows(), ElementsAre(List{"k", {1, 2, 3}}));
}

TEST(Batch, AtEofKeepLetsTimeRunOn) {
  BatchFixture f({.max_wait = absl::Seconds(10), .at_eof = AtEof::kKeep});
  f.Push("k", 1);
  f.tester().End();
  f.tester().CrashAndResume();
  f.tester().Advance(absl::Seconds(10));
  EXPECT_THAT(f.rows(), ElementsAre(List{"k", {1}}));
}

TEST(Batch, ARunThatFindsNothingNewLeavesTheStateAsItIs) {
  BatchFixture f({.max_items = 3, .at_eof = AtEof::kKeep});
  f.Push("k", 1);
  f.tester().End();
  const auto epoch = f.tester().job().record().epoch;
  for (int run = 0; run < 3; ++run) {
    f.tester().CrashAndResume();
    f.tester().End();
    EXPECT_EQ(f.tester().job().record().epoch, epoch);
  }
}

TEST(Batch, IdleTimeoutCountsFromTheNewestItem) {
  BatchFixture f({.idle_timeout = absl::Seconds(10)});
  f.Push("k", 1);
  f.tester().Advance(absl::Seconds(8));
  f.Push("k", 2);
  f.tester().Advance(absl::Seconds(8));
  EXPECT_THAT(f.rows(), IsEmpty());
  f.tester().Advance(absl::Seconds(2));
  EXPECT_THAT(f.rows(), ElementsAre(List{"k", {1, 2}}));
}

TEST(Batch, WithBothTheEarlierDeadlineCounts) {
  BatchFixture f({.max_wait = absl::Seconds(10), .idle_timeout = absl::Seconds(6)});
  f.Push("k", 1);
  f.tester().Advance(absl::Seconds(5));
  f.Push("k", 2);
  f.tester().Advance(absl::Seconds(5));  // first + 10
  EXPECT_THAT(f.rows(), ElementsAre(List{"k", {1, 2}}));
  f.Push("k", 3);
  f.tester().Advance(absl::Seconds(6));  // newest + 6
  EXPECT_THAT(f.rows(), ElementsAre(List{"k", {1, 2}}, List{"k", {3}}));
}

TEST(Batch, TimersComeInOrderOfDueTimeThenKey) {
  BatchFixture f({.max_wait = absl::Seconds(10)});
  f.Push("z", 1);
  f.tester().Advance(absl::Seconds(1));
  f.Push("b", 2);
  f.Push("a", 3);
  f.tester().Advance(absl::Minutes(1));
  EXPECT_THAT(f.rows(), ElementsAre(List{"z", {1}}, List{"a", {3}}, List{"b", {2}}));
}

TEST(Batch, TheEndOfInputEmitsInByteOrderOfTheKeys) {
  BatchFixture f({.max_items = 5});
  for (const char* key : {"b", "a", "\xff", "B", ""}) f.Push(key, 1);
  f.tester().End();
  EXPECT_THAT(f.rows(), ElementsAre(List{"", {1}}, List{"B", {1}}, List{"a", {1}}, List{"b", {1}},
                                    List{"\xff", {1}}));
}

TEST(Batch, ADeadlineThatPassedWhileDownFiresBeforeTheFirstNewItem) {
  BatchFixture f({.max_wait = absl::Seconds(10)});
  f.Push("k", 1);
  f.tester().Commit();
  f.tester().clock().Advance(Span::Seconds(3600));
  f.in().Push({"k", 2});
  f.tester().CrashAndResume();
  f.tester().Run();
  EXPECT_THAT(f.rows(), ElementsAre(List{"k", {1}}));
  f.tester().Advance(absl::Seconds(10));
  EXPECT_THAT(f.rows(), ElementsAre(List{"k", {1}}, List{"k", {2}}));
}

TEST(Batch, WhereTheClockSteppedBackADeadlineIsAtMostItsLimitAhead) {
  BatchFixture f({.max_wait = absl::Seconds(10)});
  f.Push("k", 1);
  f.tester().Advance(absl::Seconds(4));
  f.tester().Commit();
  f.tester().clock().Set(SimClock::kDefaultStart - Span::Seconds(86'400));
  f.tester().CrashAndResume();
  f.tester().Run();
  f.tester().Advance(absl::Seconds(10));
  EXPECT_THAT(f.rows(), ElementsAre(List{"k", {1}}));
}

TEST(Batch, AnEmittedListLeavesNothingBehind) {
  FlowTester::Options options;
  BatchFixture f({.max_items = 2}, options);
  for (int i = 0; i < 100; ++i) {
    f.in().Push({std::to_string(i), 1});
    f.in().Push({std::to_string(i), 2});
  }
  f.tester().Run();
  f.tester().Commit();
  f.tester().Run();  // the worker notices the commit
  EXPECT_EQ(f.tester().hot_keys(), 0u);
  const auto cursor = f.tester().store().Scan(std::string(1, '\x10'), "");
  EXPECT_FALSE(cursor->Valid()) << "a row is left: state or timer";
}

TEST(Batch, LimitsOutOfRangeAreAnErrorThatNamesStepAndParameter) {
  const auto compile = [](const BatchOptions& options) {
    FlowTester tester;
    auto in = tester.Input<Event>();
    Flow flow("f");
    flow.From("in", in.source()).KeyBy(&Event::user).Batch("lists", options);
    return flow.Compile().status();
  };
  EXPECT_EQ(compile({.max_items = 0}).message(),
            "step 'lists': max_items must be at least 1, not 0");
  EXPECT_EQ(compile({.max_wait = absl::Seconds(-1)}).message(),
            "step 'lists': max_wait must be longer than zero, not -1s");
  EXPECT_EQ(compile({.idle_timeout = absl::ZeroDuration()}).message(),
            "step 'lists': idle_timeout must be longer than zero, not 0");
  EXPECT_EQ(compile({}).message(),
            "step 'lists': a batch needs a limit: max_items (at least 1), max_wait or "
            "idle_timeout");
}

// ---- crashes ----------------------------------------

// A script of steps: push an item, or let time pass.
struct ScriptStep {
  std::optional<Event> item;
  absl::Duration pass = absl::ZeroDuration();
};

std::vector<ScriptStep> RandomScript(Random& random, int steps) {
  std::vector<ScriptStep> script;
  for (int i = 0; i < steps; ++i) {
    ScriptStep step;
    if (random.OneIn(3)) {
      step.pass = absl::Milliseconds(random.Between(1, 4000));
    } else {
      // Some numbers are many, so that lists outgrow the main row.
      step.item = Event{std::string(1, static_cast<char>('a' + random.Below(4))), i};
    }
    script.push_back(step);
  }
  return script;
}

enum class Crash { kNone, kAfterCommit, kWithoutCommit };

// Runs the script with a crash behind step `crash_at`; returns all rows by key.
std::map<std::string, std::vector<std::vector<int64_t>>> RunScript(
    const std::vector<ScriptStep>& script, int crash_at, Crash crash, FlowTester::Options options) {
  BatchFixture f({.max_items = 4, .max_wait = absl::Seconds(5), .idle_timeout = absl::Seconds(3)},
                 options);
  for (int i = 0; i < static_cast<int>(script.size()); ++i) {
    const ScriptStep& step = script[static_cast<size_t>(i)];
    if (step.item) f.Push(step.item->user, step.item->number);
    if (step.pass > absl::ZeroDuration()) f.tester().Advance(step.pass);
    const bool here = i == crash_at || crash_at < 0;
    // What was not committed is read again, at a later time than it first came: only a script whose
    // steps are all committed gives the same lists. So each step is, but for the one that crashes
    // before any time has passed since its item.
    if (!(here && crash == Crash::kWithoutCommit && step.item)) f.tester().Commit();
    if (here && crash != Crash::kNone) {
      f.tester().CrashAndResume();
      f.tester().Run();
    }
  }
  f.tester().End();
  std::map<std::string, std::vector<std::vector<int64_t>>> rows;
  for (const List& list : f.rows()) rows[list.key].push_back(list.value);
  return rows;
}

TEST(Batch, ACrashBehindAnyStepCannotBeSeen) {
  const uint64_t seed = FreshSeed();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 4; ++round) {
    const std::vector<ScriptStep> script = RandomScript(random, 30);
    const auto expected = RunScript(script, 0, Crash::kNone, {});
    for (const Crash crash : {Crash::kAfterCommit, Crash::kWithoutCommit}) {
      for (int at = -1; at < 30; ++at) {
        for (const int workers : {1, 3}) {
          FlowTester::Options options;
          options.workers = workers;
          options.batch_items_max = at % 2 == 0 ? 1 : 1024;
          ASSERT_EQ(RunScript(script, at, crash, options), expected)
              << "crash behind step " << at << " with " << workers << " workers";
        }
      }
    }
  }
}

TEST(Batch, AnotherNumberOfWorkersContinuesTheSameLists) {
  BatchFixture f({.max_items = 3});
  for (int i = 0; i < 20; ++i) f.in().Push({std::to_string(i), 1});
  f.tester().Run();
  f.tester().Commit();
  f.tester().CrashAndResumeWith(3);
  for (int i = 0; i < 20; ++i) f.in().Push({std::to_string(i), 2});
  f.tester().Run();
  f.tester().Commit();
  f.tester().CrashAndResumeWith(5);
  for (int i = 0; i < 20; ++i) f.in().Push({std::to_string(i), 3});
  f.tester().Run();
  EXPECT_EQ(f.rows().size(), 20u);
  for (const List& list : f.rows()) EXPECT_THAT(list.value, ElementsAre(1, 2, 3));
}

// A list that grows over many epochs moves from the tail into segments and comes back whole.
TEST(Batch, ALongListComesBackInOrderFromItsSegments) {
  BatchFixture f({.max_items = 100'000});
  std::vector<int64_t> expected;
  for (int epoch = 0; epoch < 20; ++epoch) {
    for (int i = 0; i < 700; ++i) {
      expected.push_back(epoch * 1000 + i);
      f.in().Push({"k", expected.back()});
    }
    f.tester().Run();
    f.tester().Commit();
    if (epoch % 3 == 0) f.tester().CrashAndResume();
  }
  f.tester().CrashAndResume();
  f.tester().End();
  ASSERT_EQ(f.rows().size(), 1u);
  EXPECT_EQ(f.rows()[0].value, expected);
  f.tester().Run();
  const auto cursor = f.tester().store().Scan(std::string(1, '\x10'), "");
  EXPECT_FALSE(cursor->Valid()) << "segments of an emitted list are left behind";
}

}  // namespace
}  // namespace tidemark
