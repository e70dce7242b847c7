#include "recovery/retention.h"

#include "recovery/test_support.h"

namespace tidemark {
namespace {

using Paths = std::vector<std::string>;

// Each a minute younger than the one before it; the first closed at minute 1.
std::vector<SnapshotFacts> Facts(const std::string& kinds) {
  std::vector<SnapshotFacts> facts;
  for (size_t i = 0; i < kinds.size(); ++i) {
    const uint64_t n = i + 1;
    facts.push_back({.path = std::string(1, static_cast<char>('a' + i)),
                     .damaged = kinds[i] == 'x' || kinds[i] == 'X',
                     .named = kinds[i] == 'N' || kinds[i] == 'X',
                     .epoch = {n},
                     .closed = {static_cast<int64_t>(n) * 60'000'000}});
  }
  return facts;
}

struct Case {
  const char* what;
  const char* kinds;  // w: whole, N: whole and named, x: damaged, X: damaged and named
  size_t keep;
  int keep_for_seconds;  // as of minute 10
  Paths outlived;
  Paths damaged;
};

TEST(Retention, Table) {
  const std::vector<Case> cases = {
      {"none", "", 5, 0, {}, {}},
      {"fewer than are kept", "www", 3, 0, {}, {}},
      {"the oldest go", "wwwww", 2, 0, {"c", "b", "a"}, {}},
      {"never the last one", "ww", 0, 0, {"a"}, {}},
      {"a young one stays", "wwwww", 1, 8 * 60 - 1, {"b", "a"}, {}},
      {"named ones stay and do not count", "wNwNw", 1, 0, {"c", "a"}, {}},
      {"damaged ones behind a whole one go", "xww", 5, 0, {}, {"a"}},
      {"the newest, damaged, stays", "wwx", 1, 0, {"a"}, {}},
      {"all damaged: all stay", "xxx", 1, 0, {}, {}},
      {"a damaged one with a name stays", "Xww", 1, 0, {"b"}, {}},
      {"a damaged one does not count as kept", "wxw", 2, 0, {}, {"b"}},
  };
  for (const Case& c : cases) {
    const RetentionRule rule{.keep = c.keep, .keep_for = Span::Seconds(c.keep_for_seconds)};
    const RetentionPlan plan = PlanRetention(Facts(c.kinds), rule, {600'000'000});
    EXPECT_EQ(plan.outlived, c.outlived) << c.what;
    EXPECT_EQ(plan.damaged, c.damaged) << c.what;
  }
}

using RetentionOnDisk = RecoveryTest;

TEST_F(RetentionOnDisk, RemovesAndSays) {
  Open();
  for (uint64_t epoch = 1; epoch <= 4; ++epoch) {
    Commit(epoch);
    ASSERT_TRUE(Make(epoch).ok());
  }
  ASSERT_TRUE(Make(4, {.name = "mine"}).ok());
  const std::string snapshots = SnapshotsPath(state());
  ASSERT_TRUE(files().CreateDirectories(JoinPath(snapshots, "photos")).ok());
  Flip(JoinPath(snapshots, "0000000002/manifest"), 100);
  const auto said = ApplyRetention(files(), state(), {.keep = 2}, {1'000'000'000});
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_EQ(Names(snapshots), (Paths{"0000000003", "0000000004", "mine", "photos"}));
  ASSERT_EQ(said->size(), 1u);
  EXPECT_NE((*said)[0].find("0000000002"), std::string::npos) << (*said)[0];
}

// A run that went back numbers its epochs again, and what lay before it there may be damaged in a
// table, which is not seen here: it must not push out what the run makes now.
TEST_F(RetentionOnDisk, BehindAWayBackTheLatestIsTheNewest) {
  Open();
  for (const uint64_t epoch : {8, 9, 3}) {
    EpochRecord record = RecordOf(epoch);
    record.deadline_time = {epoch == 3 ? 30'000'000 : static_cast<int64_t>(epoch) * 1'000'000};
    ASSERT_TRUE(CommitEpoch(directory_->store(), record, {}).ok());
    ASSERT_TRUE(MakeSnapshot(files(), directory_->store(), state(), record).ok());
  }
  const auto listed = ListSnapshots(files(), state());
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_EQ(listed->back().manifest.record.epoch, Epoch{3}) << "what a fallback looks at first";
  ASSERT_TRUE(ApplyRetention(files(), state(), {.keep = 1}, {1'000'000'000}).ok());
  EXPECT_EQ(Names(SnapshotsPath(state())), (Paths{"0000000003"}));
}

}  // namespace
}  // namespace tidemark
