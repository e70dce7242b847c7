// Windows through the public API with the virtual clock.

#include "tidemark/window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "tidemark/testing.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kStart = SimClock::kDefaultStart.ToAbsl();

struct Item {
  std::string key;
  absl::Time at;
  int64_t number = 0;
};

Item At(int64_t second, int64_t number, const std::string& key = "k") {
  return {key, kStart + absl::Seconds(second), number};
}

// One collect step; rows as text "k 0 [1 2]", late "late k 0 5", metadata "meta k 0 [0,10) {}".
class WindowFixture {
 public:
  template <class Windows>
  WindowFixture(Windows windows, const EventTimeOptions& time, const WindowOptions& options,
                FlowTester::Options tester = {})
      : tester_(std::move(tester)),
        in_(tester_.Input<Item>()),
        out_(tester_.Output<std::string>()) {
    tester_.Build([=, this](Flow& flow) {
      auto [results, late, metadata] = flow.From("in", in_.source())
                                           .KeyBy(&Item::key)
                                           .EventTime(&Item::at, time)
                                           .Window(windows, options)
                                           .WithMetadata()
                                           .Collect("lists");
      auto shown = results.Pairs().Map([](const auto& row) {
        std::string text = Cat(row.key, " ", row.value.window_id, " [");
        for (const Item& item : row.value.value) {
          text += Cat(text.back() == '[' ? "" : " ", item.number);
        }
        return text + "]";
      });
      auto shown_late = late.Pairs().Map([](const auto& row) {
        return Cat("late ", row.key, " ", row.value.window_id, " ", row.value.value.number);
      });
      auto shown_metadata = metadata.Pairs().Map([](const auto& row) {
        std::string text = Cat("meta ", row.key, " ", row.value.window_id, " [",
                               absl::ToInt64Seconds(row.value.open - kStart), " ",
                               absl::ToInt64Seconds(row.value.close - kStart), "]");
        for (const int64_t id : row.value.merged_ids) text += Cat(" ", id);
        return text;
      });
      shown.Merge(shown_late, shown_metadata).To("out", out_.sink());
    });
    tester_.Run();
  }

  std::vector<std::string> Push(const Item& item) {
    in_.Push(item);
    return After([&] { tester_.Run(); });
  }
  std::vector<std::string> Advance(absl::Duration d) {
    return After([&] { tester_.Advance(d); });
  }
  std::vector<std::string> End() {
    return After([&] { tester_.End(); });
  }
  FlowTester& tester() { return tester_; }

 private:
  template <class Do>
  std::vector<std::string> After(Do&& act) {
    const size_t before = out_.rows().size();
    act();
    return {out_.rows().begin() + static_cast<std::ptrdiff_t>(before), out_.rows().end()};
  }

  FlowTester tester_;
  TestInput<Item> in_;
  TestOutput<std::string> out_;
};

const Tumbling kTen{.length = absl::Seconds(10), .align_to = kStart};

TEST(Window, ClosesWhenTheWatermarkReachesItsEnd) {
  WindowFixture f(kTen, {}, {});
  EXPECT_THAT(f.Push(At(0, 1)), IsEmpty());
  EXPECT_THAT(f.Push(At(9, 2)), IsEmpty());
  EXPECT_THAT(f.Push(At(10, 3)), ElementsAre("k 0 [1 2]", "meta k 0 [0 10]"));
  EXPECT_THAT(f.End(), ElementsAre("k 1 [3]", "meta k 1 [10 20]"));
}

TEST(Window, ClosesAtTheInstantTheWatermarkPassesByTimeAlone) {
  WindowFixture f(kTen, {.max_out_of_orderness = absl::Seconds(5)}, {});
  f.Push(At(100, 1));  // event time far ahead of the clock: the watermark is at 95
  EXPECT_THAT(f.Advance(absl::Seconds(15) - absl::Microseconds(1)), IsEmpty());
  EXPECT_THAT(f.Advance(absl::Microseconds(1)), ElementsAre("k 10 [1]", "meta k 10 [100 110]"));
}

TEST(Window, ByDefaultAnItemIsLateOnlyForAWindowThatHasClosed) {
  WindowFixture f(kTen, {}, {});
  f.Push(At(5, 1));
  EXPECT_THAT(f.Push(At(3, 2)), IsEmpty());
  EXPECT_THAT(f.Push(At(12, 3)), ElementsAre("k 0 [2 1]", "meta k 0 [0 10]"));
  EXPECT_THAT(f.Push(At(4, 4)), ElementsAre("late k 0 4"));
}

TEST(Window, BehindTheWatermarkIsLateWhereThatIsTheRule) {
  WindowFixture f(kTen, {}, {.late_when = LateWhen::kBehindWatermark});
  f.Push(At(5, 1));
  EXPECT_THAT(f.Push(At(3, 2)), ElementsAre("late k 0 2"));
}

TEST(Window, WithSlidingWindowsAnItemIsLateForSomeAndOnTimeForOthers) {
  WindowFixture f(
      Sliding{.length = absl::Seconds(10), .offset = absl::Seconds(5), .align_to = kStart}, {}, {});
  f.Push(At(12, 1));
  // Window 0 [0,10) is closed, window 1 [5,15) is open.
  EXPECT_THAT(f.Push(At(8, 2)), ElementsAre("late k 0 2"));
  EXPECT_THAT(f.End(), ElementsAre("k 1 [2 1]", "meta k 1 [5 15]", "k 2 [1]", "meta k 2 [10 20]"));
}

TEST(Window, TheWatermarkOutlivesTheWindowsForAWhile) {
  WindowFixture f(kTen, {}, {.keep_watermark_for = absl::Minutes(1)});
  f.Push(At(5, 1));
  f.Advance(absl::Seconds(5));  // closes
  EXPECT_THAT(f.Advance(absl::Seconds(59)), IsEmpty());
  EXPECT_THAT(f.Push(At(6, 2)), ElementsAre("late k 0 2"));
  f.Advance(absl::Seconds(1));
  f.tester().Commit();
  f.tester().Run();
  EXPECT_EQ(f.tester().hot_keys(), 0u);
  const auto cursor = f.tester().store().Scan(std::string(1, '\x10'), "");
  EXPECT_FALSE(cursor->Valid()) << "after keep_watermark_for the key leaves no trace";
  EXPECT_THAT(f.Push(At(6, 3)), IsEmpty());
  EXPECT_THAT(f.End(), ElementsAre("k 0 [3]", "meta k 0 [0 10]"));
}

TEST(Window, DownTimeDoesNotMoveAnEventTimeWatermark) {
  WindowFixture f(kTen, {.max_out_of_orderness = absl::Seconds(5)}, {});
  f.Push(At(8, 1));
  f.tester().Commit();
  f.tester().clock().Advance(Span::Seconds(3600));
  f.tester().CrashAndResume();
  EXPECT_THAT(f.Push(At(7, 2)), IsEmpty());
  EXPECT_THAT(f.Advance(absl::Seconds(7)), ElementsAre("k 0 [2 1]", "meta k 0 [0 10]"));
}

TEST(Window, AWindowIsEmittedOnceAlsoAcrossAnEndOfInput) {
  WindowFixture f(kTen, {}, {});
  f.Push(At(1, 1));
  f.End();
  f.tester().CrashAndResume();
  EXPECT_THAT(f.Push(At(2, 2)), ElementsAre("late k 0 2"));
}

TEST(Window, AtEofKeepLeavesWindowsOpenForTheNextRun) {
  WindowFixture f(kTen, {}, {.at_eof = AtEof::kKeep});
  f.Push(At(1, 1));
  EXPECT_THAT(f.End(), IsEmpty());
  f.tester().CrashAndResume();
  f.Push(At(2, 2));
  EXPECT_THAT(f.Push(At(10, 3)), ElementsAre("k 0 [1 2]", "meta k 0 [0 10]"));
}

// Open windows are not written again, nor is what is remembered of closed ones.
TEST(Window, ARunThatFindsNothingNewLeavesTheStateAsItIs) {
  for (const AtEof at_eof : {AtEof::kKeep, AtEof::kClose}) {
    WindowFixture f(kTen, {}, {.at_eof = at_eof});
    f.Push(At(1, 1));
    f.End();
    const auto epoch = f.tester().job().record().epoch;
    for (int run = 0; run < 3; ++run) {
      f.tester().CrashAndResume();
      EXPECT_THAT(f.End(), IsEmpty());
      EXPECT_EQ(f.tester().job().record().epoch, epoch);
    }
  }
}

TEST(Window, SessionsMergeAndNameAllTheyTookUp) {
  WindowFixture f(Session{absl::Seconds(10)}, {.max_out_of_orderness = absl::Minutes(1)}, {});
  for (const int64_t second : {0, 40, 20, 30, 10}) f.Push(At(second, second));
  EXPECT_THAT(f.End(), ElementsAre("k 0 [0 10 20 30 40]", "meta k 0 [0 40] 1 2"));
}

TEST(Window, ASessionClosesStrictlyBehindItsGap) {
  WindowFixture f(Session{absl::Seconds(10)}, {}, {});
  f.Push(At(0, 1));
  EXPECT_THAT(f.Advance(absl::Seconds(10)), IsEmpty());
  EXPECT_THAT(f.Advance(absl::Microseconds(1)), ElementsAre("k 0 [1]", "meta k 0 [0 0]"));
}

TEST(Window, ParametersOutOfRangeNameStepAndParameter) {
  const auto compile = [](auto windows, const EventTimeOptions& time,
                          const WindowOptions& options) {
    FlowTester tester;
    auto in = tester.Input<Item>();
    Flow flow("f");
    flow.From("in", in.source())
        .KeyBy(&Item::key)
        .EventTime(&Item::at, time)
        .Window(windows, options)
        .Count("counts");
    return std::string(flow.Compile().status().message());
  };
  EXPECT_EQ(compile(Tumbling{absl::ZeroDuration()}, {}, {}),
            "step 'counts': length must be longer than zero and finite, not 0");
  EXPECT_EQ(compile(Sliding{absl::Seconds(10), absl::Seconds(20)}, {}, {}),
            "step 'counts': offset (20s) must not be longer than length (10s): items between two "
            "windows would be lost");
  EXPECT_EQ(compile(Session{absl::Seconds(-1)}, {}, {}),
            "step 'counts': gap must not be negative, not -1s");
  EXPECT_EQ(compile(kTen, {.max_out_of_orderness = absl::Seconds(-1)}, {}),
            "step 'counts': max_out_of_orderness must not be negative, not -1s");
  EXPECT_EQ(compile(kTen, {}, {.keep_watermark_for = absl::Seconds(-1)}),
            "step 'counts': keep_watermark_for must not be negative, not -1s");
}

TEST(Window, SystemTimeWindowsCloseWithTheClockAndDownTimeCounts) {
  FlowTester tester;
  auto in = tester.Input<Item>();
  auto out = tester.Output<KeyValue<std::string, Windowed<int64_t>>>();
  tester.Build([&](Flow& flow) {
    auto [counts, late] =
        flow.From("in", in.source()).KeyBy(&Item::key).SystemTime().Window(kTen).Count("counts");
    counts.To("out", out.sink());
  });
  in.Push(At(0, 1));
  tester.Run();
  tester.Commit();
  tester.clock().Advance(Span::Seconds(25));
  tester.CrashAndResume();
  in.Push(At(0, 2));
  tester.Run();
  ASSERT_EQ(out.rows().size(), 1u);
  EXPECT_EQ(out.rows()[0].value.window_id, 0);
  tester.End();
  ASSERT_EQ(out.rows().size(), 2u);
  EXPECT_EQ(out.rows()[1].value.window_id, 2);
}

}  // namespace
}  // namespace tidemark
