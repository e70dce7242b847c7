#include "tidemark/internal/status_view.h"

#include <gtest/gtest.h>

namespace tidemark::internal {
namespace {

using Numbers = StatusView::Numbers;

EpochRecord RecordOf(int64_t offset, int64_t size) {
  EpochRecord record;
  record.sources = {{.step = "source",
                     .partition = "file",
                     .position = {{"offset", offset}, {"size", size}},
                     .at_end = false}};
  return record;
}

TEST(StatusView, TheLineSaysWhatGoesOn) {
  Numbers before, now;
  before.items_in = 1'000;
  now = {.items_in = 13'345,
         .items_out = 66,
         .epoch = 7,
         .keys = 1'100,
         .state_bytes = 14'029,
         .skipped = 0,
         .since_commit = Span::Micros(420'000),
         .input = {},
         .input_left = {}};
  EXPECT_EQ(StatusView::Line(before, now, 1.0, true, 200),
            "in 12,345/s   out 66/s   since commit 0.4 s   epoch 7   keys 1,100   state 13.7 KiB");
  EXPECT_EQ(StatusView::Line(before, now, 1.0, false, 200),
            "in 12,345/s   out 66/s   since commit 0.4 s   epoch 7");
  now.skipped = 3;
  now.input = {.bytes_read = 41 << 20, .bytes = 100 << 20};
  now.input_left = Span::Micros(80'100'000);
  EXPECT_EQ(StatusView::Line(before, now, 1.0, false, 200),
            "in 12,345/s   out 66/s   41% of 100.0 MiB, 1m21s left   skipped 3   "
            "since commit 0.4 s   epoch 7");
}

TEST(StatusView, APartThatDoesNotFitIsLeftOutWhole) {
  const Numbers now;
  EXPECT_EQ(StatusView::Line(now, now, 1.0, true, 40), "in 0/s   out 0/s   since commit 0.0 s");
  EXPECT_EQ(StatusView::Line(now, now, 1.0, true, 20), "in 0/s   out 0/s");
  EXPECT_EQ(StatusView::Line(now, now, 1.0, true, 3), "in ");
}

TEST(StatusView, ProgressIsKnownWhereEverySourceKnowsItsSize) {
  EXPECT_EQ(ProgressOf(EpochRecord()).bytes, 0u);
  EpochRecord record = RecordOf(30, 100);
  EXPECT_EQ(ProgressOf(record).bytes_read, 30u);
  EXPECT_EQ(ProgressOf(record).bytes, 100u);
  record.sources.push_back({.step = "stdin", .partition = "-", .position = {}, .at_end = false});
  EXPECT_EQ(ProgressOf(record).bytes, 0u) << "a stream may go on for ever";
  record.sources.back().at_end = true;
  EXPECT_EQ(ProgressOf(record).bytes, 100u);
  EXPECT_EQ(ProgressOf(RecordOf(30, 20)).bytes, 0u) << "cut meanwhile";
}

TEST(StatusView, WhatIsLeftGoesOnAsBefore) {
  const InputProgress half{.bytes_read = 60, .bytes = 100};
  EXPECT_EQ(TimeLeft(half, 40, Span::Seconds(10)), Span::Seconds(20)) << "20 bytes in 10 s";
  EXPECT_EQ(TimeLeft(half, 60, Span::Seconds(10)), std::nullopt) << "nothing read yet";
  EXPECT_EQ(TimeLeft({.bytes_read = 100, .bytes = 100}, 0, Span::Seconds(10)), std::nullopt);
  EXPECT_EQ(TimeLeft({.bytes_read = 1, .bytes = uint64_t{1} << 60}, 0, Span::Seconds(10)),
            std::nullopt);
}

}  // namespace
}  // namespace tidemark::internal
