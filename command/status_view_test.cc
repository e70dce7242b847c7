#include "command/status_view.h"

#include <gtest/gtest.h>

namespace tidemark::internal {
namespace {

TEST(StatusView, TheLineSaysWhatGoesOn) {
  JobStatus before, now;
  before.items_in = 1'000;
  now.items_in = 13'345;
  now.items_out = 66;
  now.epoch = 7;
  now.keys = 1'100;
  now.state_bytes = 14'029;
  now.since_commit = Span::Micros(420'000);
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
  const JobStatus now;
  EXPECT_EQ(StatusView::Line(now, now, 1.0, true, 40), "in 0/s   out 0/s   since commit 0.0 s");
  EXPECT_EQ(StatusView::Line(now, now, 1.0, true, 20), "in 0/s   out 0/s");
  EXPECT_EQ(StatusView::Line(now, now, 1.0, true, 3), "in ");
}

}  // namespace
}  // namespace tidemark::internal
