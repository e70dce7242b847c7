// Bugs of others about time.

#include "absl/time/time.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "tests/support/temp_directory.h"
#include "tidemark/testing.h"
#include "tidemark/tidemark.h"

namespace tidemark {
namespace {

struct Item {
  std::string key;
  int64_t second = 0;
  int64_t number = 0;
};

const absl::Time kStart = SimClock::kDefaultStart.ToAbsl();
absl::Time At(int64_t second) { return kStart + absl::Seconds(second); }

using Lists = KeyValue<std::string, Windowed<std::vector<Item>>>;
using Late = KeyValue<std::string, Windowed<Item>>;

// A collect window on a state directory.
struct Windows {
  template <class Shape>
  explicit Windows(Shape shape, WindowOptions options = {}, bool system_time = false,
                   absl::Duration bound = absl::ZeroDuration())
      : dir(), tester({.state_directory = dir.Path("state")}), in(tester.Input<Item>()) {
    tester.Build([=, this](Flow& flow) {
      const auto keyed = flow.From("in", in.source()).KeyBy(&Item::key);
      const auto finish = [&](auto streams) {
        std::get<0>(streams).To("lists", lists.sink());
        std::get<1>(streams).To("late", late.sink());
      };
      if (system_time) {
        finish(keyed.SystemTime().Window(shape, options).Collect("windows"));
      } else {
        finish(keyed
                   .EventTime([](const Item& item) { return At(item.second); },
                              {.max_out_of_orderness = bound})
                   .Window(shape, options)
                   .Collect("windows"));
      }
    });
  }
  void CommitAndCrash() {
    tester.Run();
    tester.Commit();
    tester.CrashAndResume();
  }
  std::vector<int64_t> Numbers(size_t row) const {
    std::vector<int64_t> numbers;
    for (const Item& item : lists.rows().at(row).value.value) numbers.push_back(item.number);
    return numbers;
  }

  TempDirectory dir;
  FlowTester tester;
  TestInput<Item> in;
  TestOutput<Lists> lists;
  TestOutput<Late> late;
};

// bytewax#138: wake-up times were not in the snapshot, so a window whose key got no further item
// never closed after a crash.
TEST(Anchors, Bug1_AWindowClosesByItsTimerAfterACrash) {
  for (const bool system_time : {false, true}) {
    Windows w(Tumbling{.length = absl::Seconds(10), .align_to = kStart}, {}, system_time);
    w.in.Push({"a", 3, 1});
    w.CommitAndCrash();
    w.tester.Advance(absl::Seconds(10));
    ASSERT_EQ(w.lists.rows().size(), 1u) << (system_time ? "system time" : "event time");
    EXPECT_EQ(w.Numbers(0), std::vector<int64_t>{1});
  }
}

// faust-streaming#193, #385: windows open before the crash were lost, or never expired.
TEST(Anchors, Bug6_OpenWindowsAreNeitherLostNorKeptForEver) {
  const auto check = [](auto shape) {
    Windows w(shape, {.keep_watermark_for = absl::Minutes(1)});
    w.in.Push({"a", 1, 1});
    w.CommitAndCrash();
    w.in.Push({"a", 2, 2});
    w.CommitAndCrash();
    w.in.Push({"a", 40, 3});
    w.tester.Run();
    ASSERT_GE(w.lists.rows().size(), 1u);
    EXPECT_EQ(w.Numbers(0), (std::vector<int64_t>{1, 2}));
    w.CommitAndCrash();
    w.tester.Advance(absl::Hours(1));    // the window closes
    w.tester.Advance(absl::Minutes(1));  // keep_watermark_for later
    w.tester.Commit();
    EXPECT_EQ(w.tester.job().record().steps.at(0).keys, 0u) << "the key has left nothing behind";
    EXPECT_EQ(w.Numbers(w.lists.rows().size() - 1), std::vector<int64_t>{3});
  };
  check(Tumbling{.length = absl::Seconds(10), .align_to = kStart});
  check(Session{.gap = absl::Seconds(5)});
}

// flink#3031: the watermark was not stored, so late data was treated differently after a restart.
TEST(Anchors, Bug7_LateIsLateAlsoAfterARestart) {
  for (const bool crash : {false, true}) {
    Windows w(Tumbling{.length = absl::Seconds(10), .align_to = kStart});
    w.in.Push({"a", 3, 1});
    w.in.Push({"a", 25, 2});
    w.tester.Run();
    w.tester.Commit();
    if (crash) {
      w.tester.clock().Advance(Span::Seconds(7200));
      w.tester.CrashAndResume();
    }
    w.in.Push({"a", 4, 3});   // its window has closed
    w.in.Push({"a", 21, 4});  // behind the watermark, but its window is open
    w.tester.Run();
    ASSERT_EQ(w.late.rows().size(), 1u) << "crash " << crash;
    EXPECT_EQ(w.late.rows()[0].value.value.number, 3);
    w.tester.End();
    EXPECT_EQ(w.Numbers(1), (std::vector<int64_t>{4, 2})) << "crash " << crash;
  }
}

// bytewax#413: align_to far in the past made data late.
TEST(Anchors, Bug10_AlignToFarAwayMakesNothingLate) {
  for (const absl::Time align_to :
       {Timestamp::Min().ToAbsl(), absl::UnixEpoch(), Timestamp::Max().ToAbsl()}) {
    Windows w(
        Sliding{.length = absl::Seconds(7), .offset = absl::Seconds(3), .align_to = align_to});
    for (int64_t n = 0; n < 50; ++n) w.in.Push({"a", n, n});
    w.CommitAndCrash();
    w.tester.End();
    EXPECT_EQ(w.late.rows().size(), 0u);
    size_t values = 0;
    for (const Lists& list : w.lists.rows()) {
      values += list.value.value.size();
      EXPECT_EQ(list.value.close - list.value.open, absl::Seconds(7));
    }
    // Seven seconds hold two or three steps of three: on average 7 / 3 windows for each item.
    EXPECT_GT(values, 50u * 2);
    EXPECT_LT(values, 50u * 3);
  }
}

// Off by one in "late by": the last microsecond before the close is on time, the close itself not.
TEST(Anchors, Bug10_TheEdgeIsExact) {
  Windows w(Tumbling{.length = absl::Seconds(10), .align_to = kStart}, {}, false, absl::Seconds(5));
  w.in.Push({"a", 14, 1});  // watermark 9 s
  w.in.Push({"a", 8, 2});
  w.in.Push({"a", 15, 3});  // watermark 10 s: the first window is closed
  w.in.Push({"a", 9, 4});
  w.tester.Run();
  ASSERT_EQ(w.lists.rows().size(), 1u);
  EXPECT_EQ(w.Numbers(0), std::vector<int64_t>{2});
  ASSERT_EQ(w.late.rows().size(), 1u);
  EXPECT_EQ(w.late.rows()[0].value.value.number, 4);
  w.tester.Commit();
  EXPECT_EQ(w.tester.job().record().steps.at(0).lateness.samples.at(0).late_by, Span::Seconds(1));
}

// A very late record must not open a window.
TEST(Anchors, Bug10_AVeryLateItemOpensNoWindow) {
  for (const LateWhen rule : {LateWhen::kWindowClosed, LateWhen::kBehindWatermark}) {
    Windows w(Tumbling{.length = absl::Seconds(10), .align_to = kStart}, {.late_when = rule});
    w.in.Push({"a", 50'000, 1});  // less than a day ahead
    w.in.Push({"a", -100'000, 2});
    w.tester.End();
    ASSERT_EQ(w.lists.rows().size(), 1u);
    EXPECT_EQ(w.Numbers(0), std::vector<int64_t>{1});
    EXPECT_EQ(w.late.rows().size(), 1u);
  }
}

// bytewax#479: the clock stepped back and an assertion ended the run.
TEST(Anchors, Bug12_AClockThatStepsBackHarmsNothing) {
  for (const bool system_time : {false, true}) {
    Windows w(Tumbling{.length = absl::Seconds(10), .align_to = kStart}, {}, system_time);
    w.in.Push({"a", 1, 1});
    w.tester.Run();
    w.tester.SetTime(SimClock::kDefaultStart + Span::Seconds(-3600));
    w.in.Push({"a", 2, 2});
    w.CommitAndCrash();  // and starts while it is back
    w.in.Push({"a", 3, 3});
    w.tester.Run();
    w.tester.End();
    ASSERT_EQ(w.lists.rows().size(), 1u) << "system time " << system_time;
    EXPECT_EQ(w.Numbers(0), (std::vector<int64_t>{1, 2, 3})) << "system time " << system_time;
    EXPECT_EQ(w.late.rows().size(), 0u);
  }
}

// bytewax#578: where the clock read the same twice, the step woke again and again.
TEST(Anchors, Bug12_EqualClockReadingsDoNotSpin) {
  Windows w(Tumbling{.length = absl::Seconds(10), .align_to = kStart});
  w.in.Push({"a", 1, 1});
  w.tester.Run();
  const auto& stats = w.tester.job().worker(0).stats();
  const uint64_t before = stats.steps.load();
  for (int i = 0; i < 10; ++i) w.tester.Run();  // the clock stands still
  EXPECT_LE(stats.steps.load() - before, 20u) << "a look each time, and no more";
}

}  // namespace
}  // namespace tidemark
