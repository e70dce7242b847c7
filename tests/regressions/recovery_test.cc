// Bugs of others about snapshots, damage and positions.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/file/line_file_source.h"
#include "recovery/fallback.h"
#include "recovery/retention.h"
#include "recovery/snapshot.h"
#include "recovery/test_support.h"
#include "tests/support/temp_directory.h"
#include "tidemark/testing.h"
#include "tidemark/tidemark.h"

namespace tidemark {
namespace {

using Anchors = RecoveryTest;

// hazelcast-jet#2503: the late reply of an old snapshot deleted the last good one.
TEST_F(Anchors, Bug3_AnOldSnapshotThatComesLateHarmsNoNewerOne) {
  Open();
  for (uint64_t epoch = 1; epoch <= 3; ++epoch) Commit(epoch);
  ASSERT_TRUE(Make(3).ok());
  // Somebody still wants the snapshot of epoch 1: the store is no longer there.
  EXPECT_TRUE(absl::IsDataLoss(Make(1).status())) << Make(1).status();
  const auto kept = ApplyRetention(files(), state(), {.keep = 1}, Timestamp::Max());
  ASSERT_TRUE(kept.ok()) << kept.status();
  const auto left = ListSnapshots(files(), state());
  ASSERT_TRUE(left.ok());
  ASSERT_EQ(left->size(), 1u);
  EXPECT_EQ((*left)[0].manifest.record.epoch, Epoch{3});
  EXPECT_EQ(RowsIn(StorePath((*left)[0].path)).value(), RowsAt(3));
}

// arroyo#802, #688: files that were still referenced were collected, and the job never started
// again.
TEST_F(Anchors, Bug4_WhatIsStillReferencedIsNeverCollected) {
  Open();
  const size_t large = 300'000;  // each commit is a table of its own, shared by all that follow
  for (uint64_t epoch = 1; epoch <= 8; ++epoch) {
    Commit(epoch, large);
    ASSERT_TRUE(Make(epoch).ok());
    const auto kept = ApplyRetention(files(), state(), {.keep = 2}, Timestamp::Max());
    ASSERT_TRUE(kept.ok()) << kept.status();
    const auto left = ListSnapshots(files(), state());
    ASSERT_TRUE(left.ok());
    for (const Snapshot& snapshot : *left) {
      EXPECT_EQ(CheckSnapshot(files(), snapshot), std::vector<absl::Status>());
      EXPECT_EQ(RowsIn(StorePath(snapshot.path)).value(),
                RowsAt(snapshot.manifest.record.epoch.value, large));
    }
  }
  directory_.reset();
  Open();
  EXPECT_EQ(RowsOf(directory_->store()).value(), RowsAt(8, large));
}

// flink#15846, #3446: an incomplete or unreadable newest snapshot was accepted without a word, or
// led to a crash loop.
TEST_F(Anchors, Bug9_AnUnreadableNewestSnapshotIsNamedAndPassedOver) {
  Open();
  Commit(1);
  ASSERT_TRUE(Make(1).ok());
  Commit(2);
  const auto newest = Make(2);
  ASSERT_TRUE(newest.ok());
  directory_.reset();
  Flip(JoinPath(newest->path, "manifest"), 40);
  // One that was being written when the power went.
  ASSERT_TRUE(
      files().CreateDirectories(JoinPath(SnapshotsPath(state()), "0000000009.partial")).ok());
  std::vector<DamagedSnapshot> damaged;
  const auto whole = ListSnapshots(files(), state(), &damaged);
  ASSERT_TRUE(whole.ok());
  ASSERT_EQ(whole->size(), 1u);
  ASSERT_EQ(damaged.size(), 1u);
  EXPECT_NE(damaged[0].why.message().find(newest->path), absl::string_view::npos);

  // The store is lost as well: the older snapshot takes its place, and says so.
  Replace(JoinPath(StorePath(state()), "CURRENT"), "rubbish");
  std::string said;
  StateDirectory::Options options = Options();
  options.on_damaged = [&](const absl::Status& damage) {
    return FallBack(files(), state(), damage,
                    {.allowed = true, .obstacle = "", .say = [&](const std::string& line) {
                       said += line + "\n";
                     }});
  };
  auto opened = StateDirectory::Open(files(), options);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(RowsOf((*opened)->store()).value(), RowsAt(1));
  EXPECT_NE(said, "");
}

// quix: the position lay before what the source still held, and the state was deleted by default.
TEST(AnchorsOfSources, Bug14_APositionThatTheSourceHasLostIsRefusedAndNothingIsDeleted) {
  TempDirectory dir;
  const std::string input = dir.Path("in.txt");
  const auto write = [&](const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(dir.files(), input, text).ok());
  };
  write("one\ntwo\nthree\n");
  FlowTester tester({.state_directory = dir.Path("state")});
  TestOutput<KeyValue<int, std::vector<std::string>>> out;
  tester.Build([&](Flow& flow) {
    flow.From("in", Lines(input))
        .KeyBy([](const std::string&) { return 1; })
        .Batch("lists", {.max_items = 2})
        .To("out", out.sink());
  });
  tester.Run();
  tester.Commit();
  const EpochRecord before = tester.job().record();
  ASSERT_GT(before.steps.at(0).keys + out.rows().size(), 0u);
  write("another\n");  // rotated away
  const absl::Status refused = tester.TryCrashAndResume();
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.message().find(input), absl::string_view::npos) << refused;
  EXPECT_NE(refused.message().find("--accept-changed-input"), absl::string_view::npos) << refused;
}

}  // namespace
}  // namespace tidemark
