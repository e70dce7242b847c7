#include "proto/epoch_record.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace tidemark {
namespace {

EpochRecord Example() {
  EpochRecord record;
  record.flow_name = "quakes";
  record.run_line = "line-1";
  record.epoch = {42};
  record.wall_time = {1};
  record.job_time = {2};
  record.deadline_time = {3};
  record.reading_time = {5};
  record.end_generation = 4;
  record.steps.push_back({.id = {1},
                          .name = "ledger",
                          .kind = "batch",
                          .parameters = "max_items: 3",
                          .schema = std::string("\0\1", 2),
                          .key_schema = "k",
                          .keys = 10,
                          .bytes = 1000,
                          .swept_to = {77},
                          .time_domain = 2,
                          .clock_floor = {6},
                          .results = "[]",
                          .definition = {{"key", "net, type"}, {"window", "time"}}});
  record.sources.push_back({.step = "in", .partition = "a.jsonl", .position = {}, .at_end = true});
  record.sources[0].position["offset"] = int64_t{4711};
  record.sources[0].position["hash"] = std::string(3000, 'h');
  record.sinks.push_back({.step = "out", .position = {}, .rows = "rows"});
  record.sinks[0].position["bytes"] = int64_t{99};
  return record;
}

TEST(EpochRecord, RoundTrips) {
  const EpochRecord record = Example();
  auto read = DecodeEpochRecord(EncodeEpochRecord(record));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, record);
}

TEST(EpochRecord, DefinitionsOfFormat1AreMovedFromPositionsToTheirSteps) {
  EpochRecord record = Example();
  const EpochRecord now = record;
  record.format_version = 1;
  record.steps[0].definition.clear();
  record.sources[0].position["key of ledger"] = "net, type";
  record.sources[0].position["window of ledger"] = "time";
  record.sources[0].position["key of a step that never was"] = "net";
  auto read = DecodeEpochRecord(EncodeEpochRecord(record));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->format_version, 1u);
  EXPECT_EQ(read->steps, now.steps);
  EXPECT_EQ(read->sources, now.sources);
}

TEST(EpochRecord, ANewerFormatIsRefusedWithAClearLine) {
  EpochRecord record = Example();
  record.format_version = kFormatVersion + 1;
  const auto read = DecodeEpochRecord(EncodeEpochRecord(record));
  EXPECT_EQ(read.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_NE(read.status().message().find("newer tidemark"), absl::string_view::npos);
}

TEST(EpochRecord, DamageIsAStatus) {
  EXPECT_TRUE(absl::IsDataLoss(DecodeEpochRecord("").status()));
  EXPECT_TRUE(absl::IsDataLoss(DecodeEpochRecord(std::string(64, '\0')).status()));
  const uint64_t seed = FreshSeed();
  SCOPED_TRACE(seed);
  Random random(seed);
  const std::string good = EncodeEpochRecord(Example());
  for (int i = 0; i < 5000; ++i) {
    std::string bad = good;
    bad[random.Below(bad.size())] ^= static_cast<char>(1 << random.Below(8));
    DecodeEpochRecord(bad).IgnoreError();  // must not crash; the manifest's checksum notices it
  }
}

TEST(Manifest, RoundTrips) {
  Manifest manifest{.record = Example(), .parent = {41}, .files = {}};
  manifest.files = {{"store/000001.sst", 10, FileChecksum::kCrc32c, 7},
                    {"store/CURRENT", 16, FileChecksum::kXxh3, 0},
                    {"store/LOG", 16, FileChecksum::kNone, 0}};
  auto read = DecodeManifest(EncodeManifest(manifest));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, manifest);
}

}  // namespace
}  // namespace tidemark
