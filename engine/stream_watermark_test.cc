#include "engine/stream_watermark.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "base/random.h"

namespace tidemark {
namespace {

using State = PartitionMark::State;

Timestamp At(int64_t seconds) { return Timestamp::Min() + Span::Seconds(1'000'000 + seconds); }

TEST(PartitionMeter, AnItemMovesTheWatermarkForThoseBehindIt) {
  PartitionMeter meter({.max_out_of_orderness = Span::Seconds(2)}, {Timestamp::Min()});
  EXPECT_EQ(meter.OnItem(0, At(10), {}), Timestamp::Min());
  EXPECT_EQ(meter.OnItem(0, At(5), {}), At(8));
  EXPECT_EQ(meter.Mark(0).watermark, At(8)) << "it never goes back";
}

TEST(PartitionMeter, AnInfiniteBoundLeavesTheWatermarkAlone) {
  PartitionMeter meter({.max_out_of_orderness = Span::Infinite()}, {Timestamp::Min()});
  meter.OnItem(0, Timestamp::Max(), {});
  EXPECT_EQ(meter.Mark(0).watermark, Timestamp::Min());
}

TEST(PartitionMeter, SilenceIsCountedFromTheLastItem) {
  PartitionMeter meter({.max_out_of_orderness = Span(), .idle_after = Span::Seconds(3)},
                       {At(1), At(1)});
  EXPECT_EQ(meter.IdleDue(0), Span::Seconds(3));
  meter.OnItem(0, At(9), Span::Seconds(2));
  EXPECT_EQ(meter.IdleDue(0), Span::Seconds(5));
  EXPECT_EQ(meter.IdleDue(1), Span::Seconds(3));
  meter.Set(1, State::kIdle);
  EXPECT_TRUE(meter.IdleDue(1).is_infinite());
  meter.OnItem(1, At(9), Span::Seconds(4));
  EXPECT_EQ(meter.IdleDue(1), Span::Seconds(7)) << "it has items again";
}

TEST(StreamWatermark, TheSlowestPartitionHoldsItBack) {
  StreamWatermark step({Timestamp::Min(), Timestamp::Min()}, Timestamp::Min());
  EXPECT_FALSE(step.Hear({.partition = 0, .watermark = At(10)}));
  EXPECT_EQ(step.watermark(), Timestamp::Min()) << "one without an item yet counts as the minimum";
  EXPECT_TRUE(step.Hear({.partition = 1, .watermark = At(4)}));
  EXPECT_EQ(step.watermark(), At(4));
}

TEST(StreamWatermark, WhoIsLeftOutAndWhoReturns) {
  StreamWatermark step({Timestamp::Min(), Timestamp::Min()}, Timestamp::Min());
  step.Hear({.partition = 0, .watermark = At(10)});
  EXPECT_TRUE(step.Hear({.partition = 1, .state = State::kIdle}));
  EXPECT_EQ(step.watermark(), At(10));
  EXPECT_FALSE(step.Hear({.partition = 1, .watermark = At(2), .state = State::kActive}));
  EXPECT_EQ(step.watermark(), At(10)) << "it does not go back for one that returns";
  EXPECT_FALSE(step.Hear({.partition = 0, .watermark = At(20)}));
  EXPECT_EQ(step.watermark(), At(10)) << "the one that returned holds it back";
  EXPECT_TRUE(step.Hear({.partition = 1, .watermark = At(2), .state = State::kEnded}));
  EXPECT_EQ(step.watermark(), At(20));
  EXPECT_FALSE(step.Hear({.partition = 0, .watermark = At(20), .state = State::kEnded}));
  EXPECT_EQ(step.watermark(), At(20)) << "none is left: it holds";
}

TEST(StreamWatermark, GoesOnFromWhereItWasSaved) {
  StreamWatermark step({At(7), At(3)}, At(5));
  EXPECT_EQ(step.watermark(), At(5));
  EXPECT_FALSE(step.Hear({.partition = 1, .watermark = At(4)}));
  EXPECT_TRUE(step.Hear({.partition = 1, .watermark = At(6)}));
  EXPECT_EQ(step.watermark(), At(6));
}

TEST(StreamWatermark, AStepIsIdleWhenEveryPartitionThatMayReturnIs) {
  StreamWatermark step({Timestamp::Min(), Timestamp::Min()}, Timestamp::Min());
  EXPECT_EQ(step.state(), State::kActive);
  step.Hear({.partition = 0, .watermark = At(1), .state = State::kEnded});
  EXPECT_EQ(step.state(), State::kActive);
  step.Hear({.partition = 1, .watermark = At(1), .state = State::kIdle});
  EXPECT_EQ(step.state(), State::kIdle);
  step.Hear({.partition = 1, .watermark = At(1), .state = State::kEnded});
  EXPECT_EQ(step.state(), State::kEnded);
}

TEST(StreamWatermark, SharesOfOneStreamFallSilentAndEndTogether) {
  StreamWatermark step({Timestamp::Min(), Timestamp::Min()}, Timestamp::Min(),
                       StreamWatermark::Of::kShares);
  step.Hear({.partition = 0, .watermark = At(10)});
  EXPECT_TRUE(step.Hear({.partition = 1, .watermark = At(7)}));
  EXPECT_EQ(step.watermark(), At(7));
  step.Hear({.partition = 1, .watermark = At(7), .state = State::kIdle});
  EXPECT_EQ(step.watermark(), At(7)) << "the other worker has not heard of it";
  EXPECT_EQ(step.state(), State::kActive);
  step.Hear({.partition = 0, .watermark = At(10), .state = State::kIdle});
  EXPECT_EQ(step.state(), State::kIdle);
  step.Hear({.partition = 0, .watermark = At(20)});
  EXPECT_EQ(step.watermark(), At(7)) << "the stream has returned, and one has not heard of it";
  EXPECT_TRUE(step.Hear({.partition = 1, .watermark = At(20)}));
  EXPECT_EQ(step.watermark(), At(20));
  step.Hear({.partition = 0, .watermark = At(30), .state = State::kEnded});
  EXPECT_EQ(step.watermark(), At(20)) << "the end counts when every worker has finished";
}

// Against the definition, computed anew after each mark.
TEST(StreamWatermark, EqualsTheDefinition) {
  Random random(4711);
  for (int round = 0; round < 200; ++round) {
    const size_t count = 1 + random.Below(5);
    std::vector<Timestamp> marks(count, Timestamp::Min());
    std::vector<State> states(count, State::kActive);
    StreamWatermark step(marks, Timestamp::Min());
    Timestamp expected = Timestamp::Min();
    for (int i = 0; i < 100; ++i) {
      const size_t p = random.Below(count);
      marks[p] = std::max(marks[p], At(static_cast<int64_t>(random.Below(1000))));
      states[p] = random.Below(4) > 0   ? State::kActive
                  : random.Below(2) > 0 ? State::kIdle
                                        : State::kEnded;
      std::optional<Timestamp> lowest;
      for (size_t q = 0; q < count; ++q) {
        if (states[q] != State::kActive) continue;
        lowest = lowest ? std::min(*lowest, marks[q]) : marks[q];
      }
      const Timestamp before = expected;
      if (lowest) expected = std::max(expected, *lowest);
      ASSERT_EQ(step.Hear({static_cast<int>(p), marks[p], states[p]}), expected > before);
      ASSERT_EQ(step.watermark(), expected);
    }
  }
}

TEST(StreamWatermark, ANewPartitionHoldsItAndNeverSetsItBack) {
  StreamWatermark step({At(1)}, At(1));
  EXPECT_TRUE(step.Hear({.partition = 0, .watermark = At(20)}));
  EXPECT_FALSE(step.Hear({.partition = 3, .watermark = Timestamp::Min()}));
  EXPECT_FALSE(step.Hear({.partition = 0, .watermark = At(30)}));
  EXPECT_EQ(step.watermark(), At(20));
  EXPECT_FALSE(step.Hear({.partition = 3, .watermark = At(5)}));
  EXPECT_EQ(step.watermark(), At(20));
  EXPECT_TRUE(step.Hear({.partition = 3, .watermark = At(25)}));
  EXPECT_EQ(step.watermark(), At(25)) << "numbers of others, 1 and 2, hold nothing";
}

TEST(StreamWatermark, AnActiveMarkAfterTheEndIsOfANewPartition) {
  StreamWatermark step({At(1), At(1)}, At(1));
  step.Hear({.partition = 1, .watermark = At(90)});
  step.Hear({.partition = 1, .watermark = At(90), .state = State::kEnded});
  EXPECT_TRUE(step.Hear({.partition = 0, .watermark = At(40)}));
  step.Hear({.partition = 1, .watermark = Timestamp::Min()});
  EXPECT_FALSE(step.Hear({.partition = 0, .watermark = At(60)})) << "the new one holds it";
  EXPECT_TRUE(step.Hear({.partition = 1, .watermark = At(50)}));
  EXPECT_EQ(step.watermark(), At(50));
}

TEST(PartitionMeter, AnAddedPartitionStartsFromTheBeginning) {
  PartitionMeter meter({.max_out_of_orderness = Span(), .idle_after = Span::Seconds(3)}, {At(1)});
  meter.Add(2);
  EXPECT_EQ(meter.Mark(2).watermark, Timestamp::Min());
  EXPECT_EQ(meter.Mark(2).state, State::kActive);
  EXPECT_EQ(meter.IdleDue(2), Span::Seconds(3));
  meter.OnItem(2, At(9), Span::Seconds(5));
  meter.Set(2, State::kEnded);
  meter.Add(2);
  EXPECT_EQ(meter.Mark(2).watermark, Timestamp::Min());
  EXPECT_EQ(meter.IdleDue(2), Span::Seconds(3));
}

}  // namespace
}  // namespace tidemark
