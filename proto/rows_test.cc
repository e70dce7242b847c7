#include "proto/rows.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace tidemark {
namespace {

ItemSlices Slices(const std::vector<std::string>& items) {
  ItemSlices slices;
  for (const std::string& item : items) {
    slices.bytes += item;
    slices.EndItem();
  }
  return slices;
}

TEST(Rows, ABatchRowRoundTrips) {
  RowCodec codec;
  const std::vector<std::string> items = {"", std::string("\0x", 2), std::string(100'000, 'a')};
  const BatchRow batch{
      .first = {5}, .newest = {7}, .segments = {{{3}, 2, 50}, {{9}, 1, 60}}, .tail = {}};
  // Twice: the scratch of the first message must not show in the second.
  for (int i = 0; i < 2; ++i) {
    const std::string bytes(
        codec.EncodeBatch({.timer_at = {42}, .end_generation = 3}, batch, Slices(items)));
    StateRowData row;
    ASSERT_TRUE(DecodeStateRow(bytes, "row", row).ok());
    EXPECT_EQ(row.header.timer_at.us, 42);
    EXPECT_EQ(row.header.end_generation, 3u);
    const auto& read = std::get<BatchRow>(row.state);
    EXPECT_EQ(read.first.us, 5);
    EXPECT_EQ(read.newest.us, 7);
    ASSERT_EQ(read.segments.size(), 2u);
    EXPECT_EQ(read.segments[1].epoch.value, 9u);
    EXPECT_EQ(read.tail, items);
  }
}

TEST(Rows, AValueRowRoundTripsAndHasNoTimerByDefault) {
  RowCodec codec;
  StateRowData row;
  ASSERT_TRUE(DecodeStateRow(codec.EncodeValue({}, "value"), "row", row).ok());
  EXPECT_TRUE(row.header.timer_at.is_never());
  EXPECT_EQ(std::get<ValueRow>(row.state).value, "value");
}

TEST(Rows, ASegmentRowRoundTrips) {
  RowCodec codec;
  const std::vector<std::string> items = {"one", "", "three"};
  std::vector<std::string> read;
  ASSERT_TRUE(DecodeSegmentRow(codec.EncodeSegment(Slices(items)), "segment", read).ok());
  EXPECT_EQ(read, items);
}

TEST(Rows, DamagedBytesAreAStatusThatNamesTheRow) {
  StateRowData row;
  const absl::Status status = DecodeStateRow("short", "step 'ledger', key 'a'", row);
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_NE(status.message().find("step 'ledger', key 'a'"), absl::string_view::npos);
}

// Flips and cuts: whatever comes out, nothing may crash or read out of bounds (seen under ASAN).
TEST(Rows, RandomDamageNeverCrashes) {
  const uint64_t seed = FreshSeed();
  SCOPED_TRACE(seed);
  Random random(seed);
  RowCodec codec;
  const BatchRow batch{.first = {5}, .newest = {7}, .segments = {{{3}, 2, 50}}, .tail = {}};
  const std::string good(codec.EncodeBatch({}, batch, Slices({"alpha", "beta"})));
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    for (uint64_t flips = 1 + random.Below(3); flips > 0; --flips) {
      bad[random.Below(bad.size())] ^= static_cast<char>(1 << random.Below(8));
    }
    if (random.OneIn(4)) bad.resize(random.Below(bad.size()));
    StateRowData row;
    DecodeStateRow(bad, "row", row).IgnoreError();  // either answer is fine here
    std::vector<std::string> items;
    DecodeSegmentRow(bad, "row", items).IgnoreError();
  }
}

}  // namespace
}  // namespace tidemark
