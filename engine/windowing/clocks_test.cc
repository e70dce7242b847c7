// Clocks: the table of SEMANTICS §3.1, at the ends of time too.

#include "engine/windowing/clocks.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace tidemark {
namespace {

constexpr Timestamp At(int64_t us) { return {us}; }
constexpr Timestamp kJob = At(1'000);

TEST(EventClock, StartsAtTheMinimum) {
  const EventClock clock{.max_out_of_orderness = Span::Micros(5)};
  const auto state = clock.Make(kJob);
  EXPECT_EQ(clock.Watermark(state, kJob), Timestamp::Min());
  EXPECT_EQ(clock.Watermark(state, kJob + Span::Micros(3)), Timestamp::Min() + Span::Micros(3));
}

TEST(EventClock, TheFirstItemSetsTheWatermarkABoundBehindIt) {
  const EventClock clock{.max_out_of_orderness = Span::Micros(5)};
  auto state = clock.Make(kJob);
  EXPECT_EQ(clock.OnItem(state, At(100), kJob), At(95));
  EXPECT_EQ(state, (EventClock::State{.base = At(95), .at = kJob}));
}

TEST(EventClock, AnItemThatDoesNotLeadLeavesBaseAndAtAlone) {
  const EventClock clock{.max_out_of_orderness = Span::Micros(5)};
  auto state = clock.Make(kJob);
  clock.OnItem(state, At(100), kJob);
  const auto before = state;
  // At now + 3 the watermark is 98: a candidate of 98 does not exceed it, one of 99 does.
  EXPECT_EQ(clock.OnItem(state, At(103), kJob + Span::Micros(3)), At(98));
  EXPECT_EQ(state, before);
  EXPECT_EQ(clock.OnItem(state, At(104), kJob + Span::Micros(3)), At(99));
  EXPECT_EQ(state, (EventClock::State{.base = At(99), .at = kJob + Span::Micros(3)}));
}

TEST(EventClock, ATimeBeforeAtDoesNotMoveTheWatermarkBack) {
  const EventClock clock;
  auto state = clock.Make(kJob);
  clock.OnItem(state, At(100), kJob);
  EXPECT_EQ(clock.Watermark(state, At(1)), At(100));
  EXPECT_EQ(clock.OnItem(state, At(100), At(1)), At(100));
}

TEST(EventClock, ACandidateBeforeTheMinimumLeavesTheClockAlone) {
  const EventClock clock{.max_out_of_orderness = Span::Micros(5)};
  auto state = clock.Make(kJob);
  for (const int64_t us : {0, 4, 5}) {
    EXPECT_EQ(clock.OnItem(state, Timestamp::Min() + Span::Micros(us), kJob), Timestamp::Min());
  }
  EXPECT_EQ(clock.OnItem(state, Timestamp::Min() + Span::Micros(6), kJob),
            Timestamp::Min() + Span::Micros(1));
}

TEST(EventClock, AnInfiniteBoundIsNeverReachedByAnItem) {
  const EventClock clock{.max_out_of_orderness = Span::Infinite()};
  auto state = clock.Make(kJob);
  EXPECT_EQ(clock.OnItem(state, Timestamp::Max(), kJob), Timestamp::Min());
  EXPECT_EQ(clock.OnItem(state, Timestamp::Min(), kJob), Timestamp::Min());
}

TEST(EventClock, TheWholeRangeIsABoundThatTheLastItemReaches) {
  const Span range = Timestamp::Max() - Timestamp::Min();
  const EventClock clock{.max_out_of_orderness = range};
  auto state = clock.Make(kJob);
  EXPECT_EQ(clock.OnItem(state, Timestamp::Max(), kJob), Timestamp::Min());
}

TEST(EventClock, TheWatermarkStopsAtTheMaximum) {
  const EventClock clock;
  auto state = clock.Make(kJob);
  EXPECT_EQ(clock.OnItem(state, Timestamp::Max(), kJob), Timestamp::Max());
  EXPECT_EQ(clock.Watermark(state, kJob + Span::Seconds(1)), Timestamp::Max());
  EXPECT_EQ(clock.OnItem(state, Timestamp::Min(), kJob + Span::Seconds(1)), Timestamp::Max());
}

TEST(EventClock, WhenReachesIsTheFirstMomentAtWhichTheWatermarkIsThere) {
  const EventClock clock;
  auto state = clock.Make(kJob);
  clock.OnItem(state, At(100), kJob);
  const Timestamp when = clock.WhenReaches(state, At(107));
  EXPECT_EQ(when, kJob + Span::Micros(7));
  EXPECT_EQ(clock.Watermark(state, when), At(107));
  EXPECT_EQ(clock.Watermark(state, when - Span::Micros(1)), At(106));
  EXPECT_EQ(clock.WhenReaches(state, At(100)), kJob);
  EXPECT_EQ(clock.WhenReaches(state, At(50)), kJob) << "long reached";
  EXPECT_TRUE(clock.WhenReaches(state, Timestamp::Never()).is_never());
}

TEST(EventClock, WhatLiesBehindTheEndOfJobTimeIsNeverReached) {
  const EventClock clock;
  const auto state = clock.Make(At(0));
  EXPECT_TRUE(clock.WhenReaches(state, Timestamp::Max()).is_never());
}

TEST(EventClock, IsRaisedButNeverLowered) {
  const EventClock clock;
  auto state = clock.Make(kJob);
  clock.OnItem(state, At(100), kJob);
  const Timestamp later = kJob + Span::Micros(10);
  clock.RaiseTo(state, At(110), later);
  EXPECT_EQ(state, (EventClock::State{.base = At(100), .at = kJob})) << "it is there already";
  clock.RaiseTo(state, At(111), later);
  EXPECT_EQ(state, (EventClock::State{.base = At(111), .at = later}));
}

// Against the two lines of SEMANTICS in 128 bits, from the first microsecond to the last.
TEST(EventClock, AgreesWithTheDefinitionOnRandomItems) {
  using Wide = __int128;
  for (uint64_t seed = 1; seed <= 2'000; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Span bound = random.OneIn(10) ? Span::Infinite() : Span::Micros(random.Between(0, 20));
    const EventClock clock{.max_out_of_orderness = bound};
    const int64_t origins[] = {0, Timestamp::kMinMicros + 30, Timestamp::kMaxMicros - 30};
    const int64_t origin = origins[random.Below(3)];
    int64_t now = 1'000;
    auto state = clock.Make(At(now));
    Wide base = Timestamp::kMinMicros, at = now;
    Timestamp before = Timestamp::Min();
    for (int i = 0; i < 30; ++i) {
      now += random.OneIn(2) ? 0 : random.Between(0, 9);
      const Timestamp item = At(origin) + Span::Micros(random.Between(-40, 40));
      Wide watermark = std::min<Wide>(Timestamp::kMaxMicros, base + (now - at));
      ASSERT_EQ(Wide{clock.Watermark(state, At(now)).us}, watermark);
      const Wide candidate = Wide{item.us} - bound.us;
      if (candidate >= Timestamp::kMinMicros && candidate > watermark) {
        base = watermark = candidate;
        at = now;
      }
      const Timestamp result = clock.OnItem(state, item, At(now));
      ASSERT_EQ(Wide{result.us}, watermark);
      ASSERT_GE(result, before);
      ASSERT_TRUE(result.in_range());
      before = result;
    }
  }
}

TEST(SystemTimeClock, ItemAndWatermarkAreNow) {
  const SystemTimeClock clock;
  auto state = clock.Make(kJob);
  EXPECT_EQ(clock.OnItem(state, Timestamp::Max(), kJob), kJob);
  EXPECT_EQ(clock.Watermark(state, kJob + Span::Seconds(1)), kJob + Span::Seconds(1));
  EXPECT_EQ(clock.WhenReaches(state, At(7)), At(7));
  EXPECT_TRUE(clock.WhenReaches(state, Timestamp::Never()).is_never());
}

}  // namespace
}  // namespace tidemark
