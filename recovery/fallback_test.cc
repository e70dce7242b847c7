#include "recovery/fallback.h"

#include "recovery/snapshot.h"
#include "recovery/test_support.h"

namespace tidemark {
namespace {

class FallbackTest : public RecoveryTest {
 protected:
  // Epochs 1 to 4; snapshots of 1, 2 (a copy) and 3; the rows of 4 are in the log only.
  void SetUp() override {
    Open();
    for (uint64_t epoch = 1; epoch <= 4; ++epoch) {
      Commit(epoch);
      if (epoch == 4) break;
      ASSERT_TRUE(Make(epoch, {.name = "", .copy = epoch == 2}).ok());
    }
    directory_.reset();
  }
  // `then_opens`: the outputs are open behind it, so the start is not refused any more.
  absl::Status OpenFallingBack(FallbackOptions fallback = {}, bool then_opens = true) {
    said_.clear();
    fallback.say = [this](const std::string& line) { said_ += line + "\n"; };
    StateDirectory::Options options = Options();
    options.say = fallback.say;
    options.on_damaged = [&](const absl::Status& damage) {
      return FallBack(files(), state(), damage, fallback);
    };
    auto opened = StateDirectory::Open(files(), options);
    if (!opened.ok()) return opened.status();
    directory_ = *std::move(opened);
    return then_opens ? directory_->OutputsAreOpen() : absl::OkStatus();
  }
  bool Said(const std::string& part) const { return said_.find(part) != std::string::npos; }
  std::string SnapshotPath(uint64_t epoch) {
    return JoinPath(SnapshotsPath(state()), SnapshotName({epoch}));
  }
  std::vector<std::string> Everything(const std::string& path) {
    std::vector<std::string> all;
    for (const std::string& name : Names(path)) {
      const std::string at = JoinPath(path, name);
      if (files().Stat(at)->is_directory) {
        for (const std::string& inner : Everything(at)) all.push_back(inner);
      } else if (name != "LOCK") {
        all.push_back(Cat(at, "=", Read(at)));
      }
    }
    return all;
  }

  std::string said_;
};

TEST_F(FallbackTest, TheNewestSnapshotTakesThePlaceOfADamagedStore) {
  ASSERT_TRUE(files().Remove(JoinPath(StorePath(state()), "CURRENT")).ok());
  const absl::Status opened = OpenFallingBack();
  ASSERT_TRUE(opened.ok()) << opened;
  EXPECT_EQ(directory_->record(), RecordOf(3)) << "the same line of runs: outputs are its own";
  EXPECT_EQ(*RowsOf(directory_->store()), RowsAt(3));
  EXPECT_TRUE(Exists(JoinPath(state(), "store.damaged-3"))) << "kept for people";
  EXPECT_FALSE(Exists(JoinPath(state(), "DAMAGED")));
  EXPECT_TRUE(Said("CURRENT is missing")) << said_;
  EXPECT_TRUE(Said("goes back to the snapshot " + SnapshotPath(3))) << said_;
  EXPECT_TRUE(Said("what was committed after epoch 3 is done again: in/file from line 30"));
  // The next start finds nothing to do.
  directory_.reset();
  ASSERT_TRUE(OpenFallingBack().ok());
  EXPECT_EQ(said_, "");
}

TEST_F(FallbackTest, AStartThatIsRefusedBehindItUndoesIt) {
  ASSERT_TRUE(files().Remove(JoinPath(StorePath(state()), "CURRENT")).ok());
  const std::vector<std::string> before = Everything(state());
  for (int start = 0; start < 2; ++start) {
    ASSERT_EQ(OpenFallingBack({}, /*then_opens=*/false), absl::OkStatus());
    EXPECT_EQ(directory_->record(), RecordOf(3));
    directory_.reset();
    EXPECT_TRUE(Said("the damaged store is where it was again")) << said_;
    EXPECT_EQ(Everything(state()), before);
  }
  // And a start that is not refused goes the same way.
  ASSERT_EQ(OpenFallingBack(), absl::OkStatus());
  EXPECT_EQ(directory_->record(), RecordOf(3));
  EXPECT_EQ(directory_->went_back_from(), 0u) << "nobody had noted a commit";
  directory_.reset();
  ASSERT_EQ(OpenFallingBack(), absl::OkStatus());
  EXPECT_EQ(said_, "");
}

TEST_F(FallbackTest, ASnapshotThatSharesTheDamagedFileIsPassedOver) {
  // Snapshot 3 shares all its tables with the store, 2 has its own; 1 shares the first.
  for (const std::string& name : Names(StorePath(SnapshotPath(3)))) {
    if (name.find(".sst") != std::string::npos) {
      Flip(JoinPath(StorePath(SnapshotPath(3)), name), 20);
    }
  }
  ASSERT_TRUE(MarkDamaged(files(), state(), absl::DataLossError("a block is bad")).ok());
  const absl::Status opened = OpenFallingBack();
  ASSERT_TRUE(opened.ok()) << opened;
  EXPECT_EQ(directory_->record(), RecordOf(2));
  EXPECT_EQ(*RowsOf(directory_->store()), RowsAt(2));
  EXPECT_TRUE(Said(SnapshotPath(3))) << said_;
  EXPECT_TRUE(Said("epochs 3 to 4 are done again: in/file from line 20 (it was at line 40)"))
      << said_;
}

TEST_F(FallbackTest, RefusalsChangeNothing) {
  Flip(JoinPath(StorePath(state()), "CURRENT"), 3);
  const auto before = Everything(state());
  const absl::Status forbidden = OpenFallingBack({.allowed = false});
  EXPECT_TRUE(absl::IsDataLoss(forbidden)) << forbidden;
  EXPECT_NE(forbidden.message().find("--no-fallback"), absl::string_view::npos) << forbidden;
  EXPECT_EQ(Everything(state()), before);

  const absl::Status obstacle = OpenFallingBack({.obstacle = "sink 'out' cannot be truncated"});
  EXPECT_TRUE(absl::IsFailedPrecondition(obstacle)) << obstacle;
  for (const std::string& part : {SnapshotPath(3), std::string("sink 'out' cannot be truncated"),
                                  std::string("--take-over")}) {
    EXPECT_NE(obstacle.message().find(part), absl::string_view::npos) << obstacle;
  }
  EXPECT_EQ(Everything(state()), before);

  for (const uint64_t epoch : {1, 2, 3}) Flip(JoinPath(SnapshotPath(epoch), "manifest"), 50);
  const auto damaged = Everything(state());
  const absl::Status none = OpenFallingBack();
  EXPECT_TRUE(absl::IsDataLoss(none)) << none;
  EXPECT_NE(none.message().find("no snapshot is whole"), absl::string_view::npos) << none;
  EXPECT_NE(none.message().find(StorePath(state())), absl::string_view::npos) << none;
  EXPECT_EQ(Everything(state()), damaged);
}

// At whatever point it dies, the next start ends where an undisturbed one would.
TEST_F(FallbackTest, ACrashInTheMiddleBeginsAgain) {
  ASSERT_TRUE(files().Remove(JoinPath(StorePath(state()), "CURRENT")).ok());
  // Behind the first of the two renames.
  ASSERT_TRUE(MarkDamaged(files(), state(), absl::DataLossError("CURRENT is missing")).ok());
  ASSERT_TRUE(files().Rename(StorePath(state()), JoinPath(state(), "store.damaged-3")).ok());
  ASSERT_TRUE(OpenFallingBack().ok()) << said_;
  EXPECT_EQ(directory_->record(), RecordOf(3));
  EXPECT_TRUE(Said("CURRENT is missing")) << said_;
  directory_.reset();
  // Behind the second: what stands there is whole, and stays.
  ASSERT_TRUE(MarkDamaged(files(), state(), absl::DataLossError("CURRENT is missing")).ok());
  ASSERT_TRUE(OpenFallingBack().ok()) << said_;
  EXPECT_EQ(directory_->record(), RecordOf(3));
  EXPECT_FALSE(Exists(JoinPath(state(), "store.damaged-3-2")));
}

TEST(DescribeReplay, SaysWhatIsKnown) {
  EpochRecord from;
  from.epoch = {40};
  from.sources.push_back({.step = "a", .partition = "p", .position = {}, .at_end = false});
  from.sources.push_back({.step = "b", .partition = "q", .position = {}, .at_end = false});
  from.sources[0].position["next"] = int64_t{5};
  from.sources[1].position["offset"] = int64_t{7};
  EXPECT_EQ(DescribeReplay(from, {}),
            "what was committed after epoch 40 is done again: a/p from item 5, b/q from byte 7");
  EpochRecord lost = from;
  lost.epoch = {41};
  lost.sources[0].position["next"] = int64_t{9};
  EXPECT_EQ(DescribeReplay(from, lost),
            "epoch 41 is done again: a/p from item 5 (it was at item 9)");
}

// A mistyped job file on a state that is damaged must not cost what the state's own job may save.
TEST_F(FallbackTest, AJobThatCouldNotGoOnChangesNothing) {
  ASSERT_TRUE(files().Remove(JoinPath(StorePath(state()), "CURRENT")).ok());
  const std::vector<std::string> before = Everything(state());
  const absl::Status refused = OpenFallingBack({.check = [](const EpochRecord& record) {
    EXPECT_EQ(record, RecordOf(3));
    return absl::FailedPreconditionError("it is another job's");
  }});
  EXPECT_EQ(refused, absl::FailedPreconditionError("it is another job's"));
  EXPECT_EQ(Everything(state()), before);
}

}  // namespace
}  // namespace tidemark
