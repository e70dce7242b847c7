// Sessions: joining, stretching, merging and closing, against a list of intervals that is searched
// from end to end.

#include "engine/windowing/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Wide = __int128;

class SessionTable : public ::testing::Test {
 protected:
  // The id joined, and the merges as "2>0" (2 absorbed by 0).
  std::string Put(Timestamp item, Timestamp watermark = Timestamp::Min()) {
    std::vector<int64_t> ids;
    std::vector<WindowMerge> merges;
    windower_.OpenFor(state_, item, watermark, ids, merges);
    EXPECT_EQ(ids.size(), 1u);
    std::string text = std::to_string(ids.front());
    for (const WindowMerge& merge : merges) {
      text += " " + std::to_string(merge.absorbed) + ">" + std::to_string(merge.survivor);
    }
    return text;
  }
  std::string Put(int64_t item) { return Put(Timestamp{item}); }
  bool IsLate(Timestamp item, Timestamp watermark) {
    std::vector<int64_t> ids;
    windower_.LateFor(state_, item, watermark, ids);
    EXPECT_TRUE(ids.empty() || ids == std::vector{kLateSessionId});
    return !ids.empty();
  }
  std::vector<ClosedWindow> Close(Timestamp watermark) {
    std::vector<ClosedWindow> closed;
    windower_.CloseFor(state_, watermark, closed);
    return closed;
  }

  SessionWindower windower_{.gap = Span::Micros(10)};
  SessionWindower::State state_;
};

TEST_F(SessionTable, AnItemWithinTheGapJoinsInclusively) {
  EXPECT_EQ(Put(100), "0");
  EXPECT_EQ(Put(110), "0");
  EXPECT_EQ(Put(90), "0");
  EXPECT_EQ(Put(121), "1");
  EXPECT_EQ(Put(79), "2");
  EXPECT_EQ(windower_.Look(state_, 0).open, Timestamp{90});
  EXPECT_EQ(windower_.Look(state_, 0).close, Timestamp{110});
}

TEST_F(SessionTable, ABridgeJoinsTheLowestIdAndTheEarliestOpenSurvives) {
  Put(100);
  Put(120);
  EXPECT_EQ(Put(110), "0 1>0");
  EXPECT_EQ(Put(80), "2");
  EXPECT_EQ(Put(90), "0 0>2") << "folded under the lowest id, kept under the earliest open";
  EXPECT_EQ(windower_.Look(state_, 2),
            (ClosedWindow{.id = 2, .open = {80}, .close = {120}, .merged_ids = {0, 1}}));
}

TEST_F(SessionTable, GapZeroKeepsEveryTimestampApart) {
  windower_.gap = Span::Micros(0);
  EXPECT_EQ(Put(5), "0");
  EXPECT_EQ(Put(6), "1");
  EXPECT_EQ(Put(5), "0");
  EXPECT_FALSE(IsLate({5}, {5}));
  EXPECT_TRUE(IsLate({5}, {6}));
  EXPECT_THAT(Close({5}), IsEmpty());
  EXPECT_EQ(Close({6}).size(), 1u);
}

TEST_F(SessionTable, AnInfiniteGapIsOneSessionThatNoWatermarkCloses) {
  windower_.gap = Span::Infinite();
  EXPECT_EQ(Put(Timestamp::Min()), "0");
  EXPECT_EQ(Put(Timestamp::Max()), "0");
  EXPECT_FALSE(IsLate(Timestamp::Min(), Timestamp::Max()));
  EXPECT_THAT(Close(Timestamp::Max()), IsEmpty());
}

TEST_F(SessionTable, ClosesStrictlyBehindTheGap) {
  Put(100);
  EXPECT_EQ(windower_.NextClose(state_), Timestamp{111});
  EXPECT_THAT(Close({110}), IsEmpty());
  EXPECT_FALSE(IsLate({100}, {110}));
  EXPECT_TRUE(IsLate({99}, {111}) && !IsLate({101}, {111}));
  EXPECT_THAT(Close({111}),
              ElementsAre(ClosedWindow{.id = 0, .open = {100}, .close = {100}, .merged_ids = {}}));
  EXPECT_TRUE(windower_.NextClose(state_).is_never());
  EXPECT_EQ(windower_.LastClose(state_), Timestamp::Min());
}

TEST_F(SessionTable, AnItemIsJudgedTogetherWithWhatItWouldBridge) {
  Put(100);
  Put(120);
  EXPECT_TRUE(IsLate({89}, {100})) << "alone";
  EXPECT_FALSE(IsLate({90}, {101})) << "joins what ends at 100";
  EXPECT_FALSE(IsLate({110}, {130})) << "bridges to what ends at 120";
  EXPECT_TRUE(IsLate({110}, {131}));
}

TEST_F(SessionTable, ASessionAtTheEndOfTimeIsNotOverThere) {
  EXPECT_FALSE(IsLate(Timestamp::Max(), Timestamp::Max()));
  EXPECT_EQ(Put(Timestamp::Max()), "0");
  EXPECT_THAT(Close(Timestamp::Max()), IsEmpty());
}

TEST_F(SessionTable, ASessionAtTheBeginningOfTimeIsLikeAnother) {
  EXPECT_EQ(Put(Timestamp::Min()), "0");
  EXPECT_EQ(Put(Timestamp::Min() + Span::Micros(10)), "0");
  EXPECT_EQ(Put(Timestamp::Min() + Span::Micros(21)), "1");
  EXPECT_FALSE(IsLate(Timestamp::Min(), Timestamp::Min()));
}

TEST_F(SessionTable, AClosedSessionLeavesItsIdBehind) {
  Put(100);
  Close({111});
  EXPECT_EQ(Put(200), "1");
}

TEST_F(SessionTable, GapsAreChecked) {
  EXPECT_TRUE(SessionWindower{.gap = Span::Micros(0)}.Check().ok());
  EXPECT_TRUE(SessionWindower{.gap = Span::Infinite()}.Check().ok());
  EXPECT_FALSE(SessionWindower{.gap = Span::Micros(-1)}.Check().ok());
}

// The same rules over a plain list.
struct Interval {
  int64_t id = 0;
  Wide open = 0, last = 0;
  std::vector<int64_t> merged_ids;
};
struct Naive {
  Wide gap = 0;
  int64_t next_id = 0;
  std::vector<Interval> intervals;

  bool Within(const Interval& i, Wide at) const { return at >= i.open - gap && at <= i.last + gap; }
  bool IsLate(Wide at, Wide watermark) const {
    Wide last = at;
    for (const Interval& i : intervals) {
      if (Within(i, at)) last = std::max(last, i.last);
    }
    return last < watermark - gap;
  }
  // As SessionTable::Put.
  std::string Put(Wide at) {
    Interval* joined = nullptr;
    for (Interval& i : intervals) {
      if (Within(i, at) && (joined == nullptr || i.id < joined->id)) joined = &i;
    }
    if (joined == nullptr) {
      intervals.push_back({next_id++, at, at, {}});
      joined = &intervals.back();
    }
    joined->open = std::min(joined->open, at);
    joined->last = std::max(joined->last, at);
    std::string text = std::to_string(joined->id);
    for (size_t a = 0; a < intervals.size(); ++a) {
      for (size_t b = 0; b < intervals.size(); ++b) {
        Interval& early = intervals[a];
        const Interval late = intervals[b];
        if (a == b || early.open > late.open || late.open - early.last > gap) continue;
        text += " " + std::to_string(late.id) + ">" + std::to_string(early.id);
        early.last = std::max(early.last, late.last);
        early.merged_ids.push_back(late.id);
        early.merged_ids.insert(early.merged_ids.end(), late.merged_ids.begin(),
                                late.merged_ids.end());
        std::sort(early.merged_ids.begin(), early.merged_ids.end());
        intervals.erase(intervals.begin() + static_cast<std::ptrdiff_t>(b));
        a = b = 0;
      }
    }
    return text;
  }
  std::vector<Interval> Close(Wide watermark) {
    std::vector<Interval> closed;
    std::erase_if(intervals, [&](const Interval& i) {
      if (i.last >= watermark - gap) return false;
      closed.push_back(i);
      return true;
    });
    std::sort(closed.begin(), closed.end(), [](const Interval& a, const Interval& b) {
      return a.last != b.last ? a.last < b.last : a.id < b.id;
    });
    return closed;
  }
};

TEST_F(SessionTable, AgreesWithAListOfIntervals) {
  for (uint64_t seed = 1; seed <= 4'000; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    state_ = {};
    windower_.gap = Span::Micros(random.OneIn(6) ? 0 : random.Between(0, 8));
    if (random.OneIn(20)) windower_.gap = Span::Infinite();
    Naive naive{.gap = windower_.gap.us, .next_id = 0, .intervals = {}};
    const int64_t origins[] = {0, Timestamp::kMinMicros, Timestamp::kMaxMicros};
    const int64_t origin = origins[random.Below(3)];
    Timestamp watermark = Timestamp::Min();
    for (int n = 0; n < 40; ++n) {
      if (random.OneIn(8)) {
        watermark = std::max(watermark, Timestamp{origin} + Span::Micros(random.Between(-80, 80)));
        const auto expected = naive.Close(watermark.us);
        const auto closed = Close(watermark);
        ASSERT_EQ(closed.size(), expected.size());
        for (size_t i = 0; i < closed.size(); ++i) {
          ASSERT_EQ(closed[i].id, expected[i].id);
          ASSERT_EQ(Wide{closed[i].open.us}, expected[i].open);
          ASSERT_EQ(Wide{closed[i].close.us}, expected[i].last);
          ASSERT_EQ(closed[i].merged_ids, expected[i].merged_ids);
        }
      }
      const Timestamp item = Timestamp{origin} + Span::Micros(random.Between(-80, 80));
      ASSERT_EQ(IsLate(item, watermark), naive.IsLate(item.us, watermark.us));
      if (IsLate(item, watermark)) continue;
      ASSERT_EQ(Put(item, watermark), naive.Put(item.us));
    }
    ASSERT_EQ(state_.sessions.size(), naive.intervals.size());
    ASSERT_EQ(state_.open_of.size(), naive.intervals.size());
  }
}

}  // namespace
}  // namespace tidemark
