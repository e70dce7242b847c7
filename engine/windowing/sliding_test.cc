// Sliding and tumbling windows: exact integers from the year 1 to the year 9999.

#include "engine/windowing/sliding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Wide = __int128;

SlidingWindower Windows(int64_t length, int64_t offset, Timestamp align_to = {0}) {
  return {.length = Span::Micros(length), .offset = Span::Micros(offset), .align_to = align_to};
}
std::vector<int64_t> WindowsOf(const SlidingWindower& windower, Timestamp item) {
  std::vector<int64_t> ids;
  windower.WindowsOf(item, ids);
  return ids;
}
std::vector<int64_t> LateFor(const SlidingWindower& windower, Timestamp item, Timestamp watermark) {
  std::vector<int64_t> ids;
  windower.LateFor({}, item, watermark, ids);
  return ids;
}
std::vector<int64_t> Open(const SlidingWindower& windower, SlidingWindower::State& state,
                          Timestamp item, Timestamp watermark = Timestamp::Min()) {
  std::vector<int64_t> ids;
  std::vector<WindowMerge> merges;
  windower.OpenFor(state, item, watermark, ids, merges);
  EXPECT_THAT(merges, IsEmpty());
  return ids;
}
std::vector<int64_t> Close(const SlidingWindower& windower, SlidingWindower::State& state,
                           Timestamp watermark) {
  std::vector<ClosedWindow> closed;
  windower.CloseFor(state, watermark, closed);
  std::vector<int64_t> ids;
  for (const ClosedWindow& window : closed) ids.push_back(window.id);
  return ids;
}

TEST(SlidingWindower, TumblingWindowsIncludeTheirOpenAndExcludeTheirClose) {
  const auto windower = Windows(10, 10);
  EXPECT_THAT(WindowsOf(windower, {0}), ElementsAre(0));
  EXPECT_THAT(WindowsOf(windower, {9}), ElementsAre(0));
  EXPECT_THAT(WindowsOf(windower, {10}), ElementsAre(1));
  EXPECT_THAT(WindowsOf(windower, {-1}), ElementsAre(-1));
  EXPECT_THAT(WindowsOf(windower, {-10}), ElementsAre(-1));
  EXPECT_THAT(WindowsOf(windower, {-11}), ElementsAre(-2));
}

TEST(SlidingWindower, AnItemIsInEveryWindowThatCoversIt) {
  const auto windower = Windows(10, 3);
  EXPECT_THAT(WindowsOf(windower, {0}), ElementsAre(-3, -2, -1, 0));
  EXPECT_THAT(WindowsOf(windower, {1}), ElementsAre(-2, -1, 0));
  EXPECT_THAT(WindowsOf(windower, {2}), ElementsAre(-2, -1, 0));
  EXPECT_THAT(WindowsOf(windower, {-1}), ElementsAre(-3, -2, -1));
}

TEST(SlidingWindower, CenturiesBeforeAlignToIdsAreExact) {
  const auto windower = Windows(1, 1, Timestamp::Max());
  EXPECT_THAT(WindowsOf(windower, Timestamp::Max()), ElementsAre(0));
  EXPECT_THAT(WindowsOf(windower, Timestamp::Min()),
              ElementsAre(Timestamp::kMinMicros - Timestamp::kMaxMicros));
  const auto [id] = std::tuple(WindowsOf(windower, Timestamp::Min()).front());
  EXPECT_EQ(windower.OpenOf(id), Timestamp::Min());
  EXPECT_EQ(windower.CloseOf(id), Timestamp::Min() + Span::Micros(1));
}

TEST(SlidingWindower, AlmostInfiniteLengthDoesNotOverflow) {
  const int64_t length = std::numeric_limits<int64_t>::max() - 1;
  const auto windower = Windows(length, length, Timestamp::Max());
  ASSERT_TRUE(windower.Check().ok());
  EXPECT_THAT(WindowsOf(windower, Timestamp::Min()), ElementsAre(-1));
  EXPECT_THAT(WindowsOf(windower, Timestamp::Max()), ElementsAre(0));
  EXPECT_EQ(windower.OpenOf(-1), Timestamp::Min()) << "edges beyond time are shown at its end";
  EXPECT_EQ(windower.CloseOf(0), Timestamp::Max());
}

TEST(SlidingWindower, LatenessIsInclusiveAtTheClose) {
  const auto windower = Windows(10, 5);
  EXPECT_THAT(LateFor(windower, {7}, {9}), IsEmpty());
  EXPECT_THAT(LateFor(windower, {7}, {10}), ElementsAre(0));
  EXPECT_THAT(LateFor(windower, {7}, {14}), ElementsAre(0));
  EXPECT_THAT(LateFor(windower, {7}, {15}), ElementsAre(0, 1));
}

TEST(SlidingWindower, OpensOnlyWhatHasNotClosed) {
  const auto windower = Windows(10, 5);
  SlidingWindower::State state;
  EXPECT_THAT(Open(windower, state, {7}, {10}), ElementsAre(1));
  ASSERT_EQ(state.open.size(), 1u);
  EXPECT_EQ(state.open.first(), 1);
  EXPECT_THAT(Open(windower, state, {7}, {15}), IsEmpty());
}

TEST(SlidingWindower, ClosesAtItsCloseAndNotBefore) {
  const auto windower = Windows(10, 5);
  SlidingWindower::State state;
  Open(windower, state, {7});
  EXPECT_EQ(windower.NextClose(state), Timestamp{10});
  EXPECT_EQ(windower.LastClose(state), Timestamp{15});
  EXPECT_THAT(Close(windower, state, {9}), IsEmpty());
  EXPECT_THAT(Close(windower, state, {10}), ElementsAre(0));
  EXPECT_EQ(windower.NextClose(state), Timestamp{15});
  EXPECT_THAT(Close(windower, state, Timestamp::Max()), ElementsAre(1));
  EXPECT_TRUE(windower.IsEmpty(state));
  EXPECT_TRUE(windower.NextClose(state).is_never());
  EXPECT_EQ(windower.LastClose(state), Timestamp::Min());
}

// The end of time is a point like others: a window that reaches beyond it is not over there.
TEST(SlidingWindower, AWindowBeyondTheMaximumIsNotClosedByTheWatermark) {
  const auto windower = Windows(10, 10, Timestamp::Max() - Span::Micros(4));
  EXPECT_THAT(LateFor(windower, Timestamp::Max(), Timestamp::Max()), IsEmpty());
  SlidingWindower::State state;
  EXPECT_THAT(Open(windower, state, Timestamp::Max(), Timestamp::Max()), ElementsAre(0));
  EXPECT_THAT(Close(windower, state, Timestamp::Max()), IsEmpty());
}

TEST(SlidingWindower, ParametersAreChecked) {
  EXPECT_TRUE(Windows(10, 10).Check().ok());
  EXPECT_TRUE(Windows(1, 1).Check().ok());
  EXPECT_FALSE(Windows(0, 1).Check().ok());
  EXPECT_FALSE(Windows(-1, 1).Check().ok());
  EXPECT_FALSE(Windows(10, 0).Check().ok());
  EXPECT_FALSE(Windows(10, -1).Check().ok());
  EXPECT_FALSE(Windows(10, 11).Check().ok());
  EXPECT_FALSE(Windows(10, 10, Timestamp::Never()).Check().ok());
  EXPECT_FALSE(Windows(Span::Infinite().us, 1).Check().ok());
}

// Every window near the item is asked whether it covers it.
TEST(SlidingWindower, AgreesWithLookingAtEveryWindow) {
  for (uint64_t seed = 1; seed <= 5'000; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const int64_t length = random.Between(1, 30);
    const int64_t offset = random.Between(1, length);
    const Timestamp aligns[] = {{random.Between(-50, 50)},
                                Timestamp::Min(),
                                Timestamp::Max(),
                                {random.Between(Timestamp::kMinMicros, Timestamp::kMaxMicros)}};
    const Timestamp align_to = aligns[random.Below(4)];
    const Timestamp items[] = {{random.Between(-100, 100)},
                               Timestamp::Min() + Span::Micros(random.Between(0, 40)),
                               Timestamp::Max() - Span::Micros(random.Between(0, 40)),
                               {random.Between(Timestamp::kMinMicros, Timestamp::kMaxMicros)}};
    const Timestamp item = items[random.Below(4)];
    const auto windower = Windows(length, offset, align_to);
    const auto near = static_cast<int64_t>((Wide{item.us} - align_to.us) / offset);
    std::vector<int64_t> covering;
    for (int64_t id = near - length - 2; id <= near + 2; ++id) {
      const Wide open = Wide{align_to.us} + Wide{id} * offset;
      if (open <= item.us && item.us < open + length) covering.push_back(id);
    }
    ASSERT_EQ(WindowsOf(windower, item), covering);
    for (const int64_t id : covering) {
      ASSERT_LE(windower.OpenOf(id), item);
      ASSERT_GE(windower.CloseOf(id), item);
    }
  }
}

// All items of a pane are in the same windows, and a window is exactly its panes.
TEST(SlidingWindower, PanesTileTheWindows) {
  const uint64_t seed = FreshSeed();
  SCOPED_TRACE(seed);
  Random random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const int64_t length = random.Between(1, 40);
    const int64_t offset = random.Between(1, length);
    const Timestamp align{random.Between(-1000, 1000)};
    const auto windower = Windows(length, offset, align);
    const Timestamp item{random.Between(-1000, 1000)};
    const std::vector<int64_t> ids = WindowsOf(windower, item);
    const int64_t pane = windower.PaneOf(item);
    ASSERT_EQ(windower.FirstWindowOfPane(pane), ids.front());
    ASSERT_EQ(windower.LastWindowOfPane(pane), ids.back());
    ASSERT_EQ(windower.CountOf(item), static_cast<int64_t>(ids.size()));
    for (int64_t id = ids.front() - 2; id <= ids.back() + 2; ++id) {
      const bool covers = id >= ids.front() && id <= ids.back();
      ASSERT_EQ(windower.FirstPaneOf(id) <= pane && pane <= windower.LastPaneOf(id), covers)
          << "length " << length << " offset " << offset << " item " << item.us << " window " << id;
    }
    ASSERT_LE(windower.PaneOf({item.us - 1}), pane);
    ASSERT_LE(windower.PaneOpen(pane), item);
    ASSERT_GT(windower.PaneOpen(pane + 1), item);
    ASSERT_EQ(windower.PaneOf(windower.PaneOpen(pane)), pane);
    const Timestamp watermark{random.Between(-1000, 1000)};
    const int64_t closed = windower.LastClosed(watermark);
    ASSERT_TRUE(windower.ClosedAt(closed, watermark));
    ASSERT_FALSE(windower.ClosedAt(closed + 1, watermark));
  }
}

}  // namespace
}  // namespace tidemark
