#include "runtime/job_status.h"

#include <gtest/gtest.h>

namespace tidemark {
namespace {

EpochRecord RecordOf(int64_t offset, int64_t size) {
  EpochRecord record;
  record.sources = {{.step = "source",
                     .partition = "file",
                     .position = {{"offset", offset}, {"size", size}},
                     .at_end = false}};
  return record;
}

TEST(JobStatus, ProgressIsKnownWhereEverySourceKnowsItsSize) {
  EXPECT_EQ(ProgressOf(EpochRecord()).bytes, 0u);
  EpochRecord record = RecordOf(30, 100);
  EXPECT_EQ(ProgressOf(record).bytes_read, 30u);
  EXPECT_EQ(ProgressOf(record).bytes, 100u);
  record.sources.push_back({.step = "stdin", .partition = "-", .position = {}, .at_end = false});
  EXPECT_EQ(ProgressOf(record).bytes, 0u) << "a stream may continue forever";
  record.sources.back().at_end = true;
  EXPECT_EQ(ProgressOf(record).bytes, 100u);
  EXPECT_EQ(ProgressOf(RecordOf(30, 20)).bytes, 0u) << "cut meanwhile";
}

TEST(JobStatus, WhatIsLeftGoesOnAsBefore) {
  const InputProgress half{.bytes_read = 60, .bytes = 100};
  EXPECT_EQ(TimeLeft(half, 40, Span::Seconds(10)), Span::Seconds(20)) << "20 bytes in 10 s";
  EXPECT_EQ(TimeLeft(half, 60, Span::Seconds(10)), std::nullopt) << "nothing read yet";
  EXPECT_EQ(TimeLeft({.bytes_read = 100, .bytes = 100}, 0, Span::Seconds(10)), std::nullopt);
  EXPECT_EQ(TimeLeft({.bytes_read = 1, .bytes = uint64_t{1} << 60}, 0, Span::Seconds(10)),
            std::nullopt);
}

TEST(JobStatus, ThePartitionThatHoldsTheWatermarkBackIsNamed) {
  EpochRecord record;
  record.epoch = {3};
  StepRecord hours;
  hours.name = "hours";
  hours.keys = 2;
  hours.bytes = 70;
  hours.clock_floor = {100};
  hours.watermarks = {{.source = "in", .partition = "silent", .watermark = {10}, .idle = true},
                      {.source = "in", .partition = "done", .watermark = {20}, .at_end = true},
                      {.source = "in", .partition = "fast", .watermark = {300}},
                      {.source = "in", .partition = "slow", .watermark = {100}}};
  StepRecord batch;
  batch.keys = 1;
  batch.bytes = 30;
  record.steps = {hours, batch};
  JobStatus status;
  TakeRecord(record, status);
  EXPECT_EQ(status.epoch, 3u);
  EXPECT_EQ(status.keys, 3u);
  EXPECT_EQ(status.state_bytes, 100u);
  ASSERT_EQ(status.steps.size(), 2u);
  EXPECT_EQ(status.steps[0].watermark, Timestamp{100});
  EXPECT_EQ(status.steps[0].held_back_by, "in/slow");
  EXPECT_FALSE(status.steps[1].watermark.has_value());
}

}  // namespace
}  // namespace tidemark
