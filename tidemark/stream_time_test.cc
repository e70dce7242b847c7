// Windows by the watermark of a stream (SEMANTICS §3.1).

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "absl/time/time.h"
#include "tidemark/testing.h"
#include "tidemark/tidemark.h"

namespace tidemark {
namespace {

struct Reading {
  std::string key;
  int second = 0;
  int value = 0;
};

const absl::Time kStart = absl::FromUnixSeconds(1'600'000'000);

absl::Time At(int second) { return kStart + absl::Seconds(second); }

using Keyed = KeyValue<std::string, Windowed<int64_t>>;
using Late = KeyValue<std::string, Windowed<Reading>>;

struct Stage {
  explicit Stage(FlowTester::Options options = {}, size_t partitions = 1, PerStream clock = {},
                 WindowOptions window = {})
      : tester(options),
        in(tester.Input<Reading>(partitions)),
        counts(tester.Output<Keyed>()),
        late(tester.Output<Late>()) {
    tester.Build([this, clock, window](Flow& flow) {
      auto [count, too_late] =
          flow.From("in", in.source())
              .KeyBy(&Reading::key)
              .EventTime([](const Reading& r) { return At(r.second); }, clock)
              .Window(Tumbling{.length = absl::Seconds(10), .align_to = kStart}, window)
              .Count("count");
      count.To("counts", counts.sink());
      too_late.To("late", late.sink());
    });
  }
  // "a 0: 2" = key a, window 0, two items.
  std::vector<std::string> Counts() const {
    std::vector<std::string> rows;
    for (const Keyed& row : counts.rows()) {
      rows.push_back(row.key + " " + std::to_string(row.value.window_id) + ": " +
                     std::to_string(row.value.value));
    }
    return rows;
  }
  std::vector<std::string> LateRows() const {
    std::vector<std::string> rows;
    for (const Late& row : late.rows()) {
      rows.push_back(row.key + " " + std::to_string(row.value.value.second));
    }
    return rows;
  }
  const StepRecord& record() { return tester.job().record().steps.at(0); }

  FlowTester tester;
  TestInput<Reading> in;
  TestOutput<Keyed> counts;
  TestOutput<Late> late;
};

using Rows = std::vector<std::string>;

TEST(StreamTime, AnItemOfOneKeyClosesTheWindowsOfAll) {
  Stage s;
  s.in.PushAll({{"b", 1}, {"a", 2}, {"c", 12}});
  s.tester.Run();
  EXPECT_EQ(s.Counts(), (Rows{"a 0: 1", "b 0: 1"})) << "in order of due time, then key";
}

TEST(StreamTime, TheItemThatMovesTheWatermarkIsJudgedByTheOneBeforeIt) {
  Stage s({}, 1, {}, {.late_when = LateWhen::kBehindWatermark});
  s.in.PushAll({{"a", 5}, {"b", 3}, {"b", 5}});
  s.tester.Run();
  EXPECT_EQ(s.LateRows(), Rows{"b 3"});
}

TEST(StreamTime, ANewKeyIsLateWhenTheStreamIsAhead) {
  Stage s({}, 1, {.max_out_of_orderness = absl::Seconds(2)});
  s.in.PushAll({{"a", 5}, {"a", 30}, {"new", 3}, {"new", 28}});
  s.tester.Run();
  EXPECT_EQ(s.LateRows(), Rows{"new 3"});
  s.tester.End();
  EXPECT_EQ(s.Counts(), (Rows{"a 0: 1", "new 2: 1", "a 3: 1"}))
      << "the end of the input closes in order of time";
}

// Output does not depend on how the stream is cut: the closes stand behind the item that caused
// them.
TEST(StreamTime, ClosesStandAtTheItemThatCausedThem) {
  for (const size_t batch : {1u, 2u, 3u, 1024u}) {
    Stage s({.batch_items_max = batch});
    s.in.PushAll({{"a", 1}, {"b", 12}, {"a", 13}, {"c", 25}, {"a", 3}, {"b", 31}});
    s.tester.Run();
    EXPECT_EQ(s.Counts(), (Rows{"a 0: 1", "a 1: 1", "b 1: 1", "c 2: 1"})) << batch;
    EXPECT_EQ(s.LateRows(), Rows{"a 3"}) << batch;
  }
}

TEST(StreamTime, TheSlowestPartitionHoldsTheWatermarkBack) {
  Stage s({}, 2);
  s.in.PushTo(0, {"a", 1});
  s.in.PushTo(0, {"a", 50});
  s.tester.Run();
  EXPECT_EQ(s.Counts(), Rows{}) << "the other partition has not spoken";
  s.in.PushTo(1, {"b", 20});
  s.tester.Run();
  EXPECT_EQ(s.Counts(), Rows{"a 0: 1"});
  s.in.PushTo(1, {"b", 21});
  s.in.PushTo(1, {"b", 22});
  s.tester.Run();
  EXPECT_EQ(s.LateRows(), Rows{});
}

TEST(StreamTime, ASilentPartitionIsLeftOutAndReturns) {
  Stage s({}, 2, {.idle_after = absl::Seconds(60)});
  s.in.PushTo(0, {"a", 1});
  s.in.PushTo(0, {"a", 50});
  s.tester.Run();
  s.tester.Advance(absl::Seconds(59));
  EXPECT_EQ(s.Counts(), Rows{});
  s.in.PushTo(0, {"a", 51});
  s.tester.Run();  // partition 0 has spoken just now
  s.tester.Advance(absl::Seconds(1));
  EXPECT_EQ(s.Counts(), Rows{"a 0: 1"}) << "exactly idle_after later";
  s.in.PushTo(1, {"b", 3});
  s.in.PushTo(1, {"b", 52});
  s.tester.Run();
  s.in.PushTo(0, {"a", 65});
  s.tester.Run();
  EXPECT_EQ(s.LateRows(), Rows{"b 3"}) << "it is judged by the step's watermark";
  EXPECT_EQ(s.Counts(), Rows{"a 0: 1"});
}

TEST(StreamTime, WhenAllAreSilentItHolds) {
  Stage s({}, 2, {.idle_after = absl::Seconds(10)});
  s.in.PushTo(0, {"a", 1});
  s.in.PushTo(1, {"a", 2});
  s.tester.Run();
  s.tester.Advance(absl::Hours(24));
  EXPECT_EQ(s.Counts(), Rows{}) << "it does not move with system time";
}

TEST(StreamTime, AnEndedPartitionIsLeftOut) {
  Stage s({}, 2);
  s.in.PushTo(0, {"a", 1});
  s.in.PushTo(1, {"b", 45});
  s.in.EndPartition(0);
  s.tester.Run();
  EXPECT_EQ(s.Counts(), Rows{"a 0: 1"});
  s.tester.Commit();
  EXPECT_EQ(s.record().clock_floor, *Timestamp::FromAbsl(At(45)))
      << "the end of a partition is not saved as the maximum";
}

TEST(StreamTime, TheEndOfInputRaisesTheWatermarkToTheLastClose) {
  Stage s;
  s.in.PushAll({{"a", 1}, {"b", 2}});
  s.tester.End();
  EXPECT_EQ(s.Counts(), (Rows{"a 0: 1", "b 0: 1"}));
  EXPECT_EQ(s.record().keys, 0u) << "no key keeps a residue";
  s.tester.CrashAndResume();
  s.in.PushAll({{"a", 9}, {"b", 10}});
  s.tester.End();
  EXPECT_EQ(s.LateRows(), Rows{"a 9"}) << "a window is never emitted twice";
  EXPECT_EQ(s.Counts(), (Rows{"a 0: 1", "b 0: 1", "b 1: 1"}));
}

// More keys than are called in one go at the end of input close at one watermark. The windows after
// them hear of it when all have: else the rest of the results would be late there.
TEST(StreamTime, WhatClosesAtOneWatermarkAtTheEndReachesTheNextWindowsInTime) {
  constexpr int kKeys = 3000;
  FlowTester tester;
  auto in = tester.Input<Reading>(1);
  const auto totals = tester.Output<Keyed>();
  const auto late = tester.Output<Late>();
  tester.Build([&](Flow& flow) {
    const auto [counts, first_late] =
        flow.From("in", in.source())
            .KeyBy(&Reading::key)
            .EventTime([](const Reading& r) { return At(r.second); }, PerStream{})
            .Window(Tumbling{.length = absl::Seconds(10), .align_to = kStart})
            .Count("counts");
    const auto regrouped = counts.Pairs().Map([](const Keyed&) {
      return KeyValue<std::string, Reading>{"all", {"all", 9, 1}};
    });
    const auto [total, too_late] =
        KeyedStream<std::string, Reading>(regrouped)
            .EventTime([](const Reading& r) { return At(r.second); }, PerStream{})
            .Window(Tumbling{.length = absl::Seconds(10), .align_to = kStart})
            .Count("totals");
    total.To("out", totals.sink());
    too_late.To("late", late.sink());
  });
  std::vector<Reading> readings;
  for (int key = 0; key < kKeys; ++key) readings.push_back({std::to_string(key), 1});
  in.PushAll(readings);
  tester.Run();
  tester.End();
  EXPECT_EQ(late.rows().size(), 0u);
  ASSERT_EQ(totals.rows().size(), 1u);
  EXPECT_EQ(totals.rows()[0].value.value, kKeys);
}

TEST(StreamTime, KeptOpenAtTheEndTheWindowsGoOn) {
  Stage s({}, 1, {}, {.at_eof = AtEof::kKeep});
  s.in.PushAll({{"a", 1}, {"b", 2}});
  s.tester.End();
  EXPECT_EQ(s.Counts(), Rows{});
  s.tester.CrashAndResume();
  s.in.PushAll({{"a", 9}, {"b", 10}});
  s.tester.End();
  EXPECT_EQ(s.Counts(), (Rows{"a 0: 2", "b 0: 1"}));
}

TEST(StreamTime, AWatermarkIsIntactAfterACrash) {
  for (const int workers : {1, 3}) {
    Stage s({.workers = workers}, 2);
    s.in.PushTo(0, {"a", 30});
    s.in.PushTo(1, {"b", 20});
    s.tester.Run();
    s.tester.Commit();
    s.tester.CrashAndResumeWith(4 - workers);
    s.tester.Advance(absl::Hours(5));
    // The partitions stand where they stood: 30 and 20.
    s.in.PushTo(0, {"c", 19});
    s.in.PushTo(0, {"c", 20});
    s.tester.Run();
    EXPECT_EQ(s.LateRows(), Rows{"c 19"}) << workers;
    s.in.PushTo(1, {"d", 29});
    s.tester.Run();
    EXPECT_EQ(s.LateRows(), Rows{"c 19"}) << workers;
    s.tester.Commit();
    ASSERT_EQ(s.record().watermarks.size(), 2u);
    EXPECT_EQ(s.record().watermarks[0].watermark, *Timestamp::FromAbsl(At(30)));
    EXPECT_EQ(s.record().watermarks[1].watermark, *Timestamp::FromAbsl(At(29)));
    EXPECT_EQ(s.record().clock_floor, *Timestamp::FromAbsl(At(29)));
  }
}

TEST(StreamTime, EveryWorkerHearsOfEveryPartition) {
  Stage s({.workers = 3}, 4);
  for (int key = 0; key < 50; ++key) {
    s.in.PushTo(static_cast<size_t>(key % 4), {std::to_string(key), key % 10});
  }
  s.tester.Run();
  EXPECT_EQ(s.Counts(), Rows{});
  // One item in each partition closes the windows of all keys on all workers.
  for (size_t p = 0; p < 4; ++p) s.in.PushTo(p, {"last", 12});
  s.tester.Run();
  EXPECT_EQ(s.Counts().size(), 50u);
  EXPECT_EQ(s.LateRows(), Rows{});
}

// The ledger says how many came too late, by how much, and of which keys; it is part of the epoch.
TEST(StreamTime, LateItemsAreCountedWithTheEpoch) {
  Stage s;
  s.in.PushAll({{"a", 100}, {"a", 1}, {"b", 2}, {"a", 3}});
  s.tester.Run();
  s.tester.Commit();
  EXPECT_EQ(s.record().lateness.items, 3u);
  EXPECT_EQ(s.record().lateness.rows, 3u);
  s.in.Push({"c", 4});
  s.tester.Run();
  s.tester.CrashAndResume();  // "c" is read again, and counted once
  s.tester.Run();
  s.tester.Commit();
  const LatenessRecord& lateness = s.record().lateness;
  EXPECT_EQ(lateness.items, 4u);
  ASSERT_EQ(lateness.samples.size(), 3u);
  EXPECT_EQ(lateness.samples[0].late_by, Span::Seconds(99)) << "key a, at second 1";
  EXPECT_EQ(lateness.samples[1].late_by, Span::Seconds(98));
  EXPECT_EQ(lateness.histogram[3].items, 4u) << "up to ten minutes";
}

// The watermark of a stream can stand at the end of time, and then every timer has been due.
TEST(StreamTime, AWatermarkAtTheEndOfTimeIsSweptOnce) {
  FlowTester tester({.memory_bytes = 1});
  auto in = tester.Input<absl::Time>();
  TestOutput<KeyValue<int, Windowed<int64_t>>> out;
  tester.Build([&](Flow& flow) {
    auto [count, late] =
        flow.From("in", in.source())
            .KeyBy([](const absl::Time& t) { return static_cast<int>(absl::ToUnixMicros(t) % 50); })
            .EventTime([](const absl::Time& t) { return t; },
                       PerStream{.max_ahead_of_system_time = absl::InfiniteDuration()})
            .Window(Tumbling{.length = absl::Microseconds(1)})
            .Count("count");
    count.To("out", out.sink());
  });
  // Windows that close at the maximum, then an item at it: every one of them is due.
  const absl::Time end = Timestamp::Max().ToAbsl();
  for (int n = 60; n >= 0; --n) {
    in.Push(end - absl::Microseconds(n));
    tester.Run();
    tester.Commit();
    tester.Run();  // makes room: the keys are cold when their windows close
  }
  EXPECT_EQ(out.rows().size(), 60u);
  for (int again = 0; again < 3; ++again) {
    in.Push(end);
    tester.Run();
    tester.CrashAndResume();
    tester.Run();
  }
  EXPECT_EQ(out.rows().size(), 60u);
}

TEST(StreamTime, BehindAStepWithStateItIsAnError) {
  Flow flow("f");
  FlowTester t;
  auto in = t.Input<Reading>();
  flow.From("in", in.source())
      .KeyBy(&Reading::key)
      .Batch("ledger", {.max_items = 2})
      .EventTime([](const std::vector<Reading>& r) { return At(r[0].second); }, PerStream{})
      .Window(Tumbling{.length = absl::Seconds(10)})
      .Count("count");
  const absl::Status status = flow.Compile().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("step 'count'"), absl::string_view::npos) << status;
  EXPECT_NE(status.message().find("step 'ledger'"), absl::string_view::npos) << status;
}

TEST(StreamTime, AnItemFarAheadStopsTheRunAndNamesIt) {
  FlowTester t;
  auto in = t.Input<Reading>();
  auto out = t.Output<Keyed>();
  t.Build([&](Flow& flow) {
    auto [count, late] =
        flow.From("in", in.source())
            .KeyBy(&Reading::key)
            .EventTime([](const Reading& r) { return absl::FromUnixSeconds(r.second); },
                       EventTimeOptions{.max_out_of_orderness = {},
                                        .max_ahead_of_system_time = absl::Hours(1)})
            .Window(Tumbling{.length = absl::Seconds(10)})
            .Count("count");
    count.To("out", out.sink());
  });
  const int now = static_cast<int>(absl::ToUnixSeconds(t.clock().Now().ToAbsl()));
  in.PushAll({{"a", now + 3600}, {"a", now + 3601}});
  const absl::Status status = t.TryRun();
  EXPECT_NE(status.message().find("1h1s ahead of system time"), absl::string_view::npos) << status;
}

// Counts readings by their times, and sums the counts by the close of their windows.
struct AheadOfTime {
  explicit AheadOfTime(const EventTimeOptions& options = {}) {
    t.Build([&](Flow& flow) {
      auto [days, late] = flow.From("in", in.source())
                              .KeyBy(&Reading::key)
                              .EventTime([](const Reading& r) { return At(r.second); }, options)
                              .Window(Tumbling{.length = absl::Hours(24 * 30)})
                              .Count("months");
      auto [again, late_again] =
          days.EventTime([](const Windowed<int64_t>& month) { return month.close; })
              .Window(Tumbling{.length = absl::Hours(24)})
              .Count("again");
      again.To("out", out.sink());
    });
  }
  absl::Status RunAhead(absl::Duration ahead) {
    in.Push(
        {"a", static_cast<int>(absl::ToInt64Seconds(t.clock().Now().ToAbsl() + ahead - At(0)))});
    TM_RETURN_IF_ERROR(t.TryRun());
    t.End();
    return absl::OkStatus();
  }

  FlowTester t;
  TestInput<Reading> in = t.Input<Reading>();
  TestOutput<KeyValue<std::string, Windowed<int64_t>>> out =
      t.Output<KeyValue<std::string, Windowed<int64_t>>>();
};

TEST(StreamTime, WithoutAnOptionAnItemMayBeADayAhead) {
  EXPECT_EQ(AheadOfTime().RunAhead(absl::Hours(24)), absl::OkStatus());
  const absl::Status refused = AheadOfTime().RunAhead(absl::Hours(24) + absl::Seconds(1));
  EXPECT_NE(refused.message().find("max_ahead_of_system_time is 1d"), absl::string_view::npos)
      << refused;
}

TEST(StreamTime, AnItemMayBeAnyTimeAheadWhereThatIsSaid) {
  EXPECT_EQ(AheadOfTime(
                {.max_out_of_orderness = {}, .max_ahead_of_system_time = absl::InfiniteDuration()})
                .RunAhead(absl::Hours(24 * 365)),
            absl::OkStatus());
}

TEST(StreamTime, AWindowThatClosesFarAheadIsNotAWrongClock) {
  AheadOfTime a;
  ASSERT_EQ(a.RunAhead(absl::ZeroDuration()), absl::OkStatus());
  ASSERT_EQ(a.out.rows().size(), 1u);
  EXPECT_GT(a.out.rows()[0].value.open, a.t.clock().Now().ToAbsl() + absl::Hours(24));
}

// A clock of one's own: time runs at half speed, and an item is never late.
struct HalfSpeed {
  static constexpr TimeDomain kDomain = TimeDomain::kJob;
  static constexpr bool kKeptPerKey = true;
  struct State {
    Timestamp made;
  };
  State Make(Timestamp now) const { return {now}; }
  Timestamp Watermark(const State& state, Timestamp now) const {
    return *Timestamp::FromAbsl(kStart) + Span::Micros((now - state.made).us / 2);
  }
  Timestamp OnItem(State& state, Timestamp, Timestamp now) const { return Watermark(state, now); }
  Timestamp WhenReaches(const State& state, Timestamp watermark) const {
    return state.made + Span::Micros(2 * (watermark - *Timestamp::FromAbsl(kStart)).us);
  }
  void RaiseTo(State&, Timestamp, Timestamp) const {}
  std::string Describe() const { return "half_speed"; }
};

TEST(UserClock, ClosesWindowsByItsOwnWatermark) {
  FlowTester t;
  auto in = t.Input<Reading>();
  auto out = t.Output<Keyed>();
  t.Build([&](Flow& flow) {
    auto [count, late] = flow.From("in", in.source())
                             .KeyBy(&Reading::key)
                             .EventTime([](const Reading& r) { return At(r.second); }, HalfSpeed{})
                             .Window(Tumbling{.length = absl::Seconds(10), .align_to = kStart})
                             .Count("count");
    count.To("out", out.sink());
  });
  in.Push({"a", 3});
  t.Run();
  t.Commit();
  t.CrashAndResume();
  t.Advance(absl::Seconds(20) - absl::Microseconds(1));
  EXPECT_EQ(out.rows().size(), 0u);
  t.Advance(absl::Microseconds(1));
  EXPECT_EQ(out.rows().size(), 1u);
}

}  // namespace
}  // namespace tidemark
