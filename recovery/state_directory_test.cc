#include "recovery/state_directory.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/status.h"
#include "recovery/restore.h"
#include "recovery/test_support.h"
#include "recovery/verify.h"
#include "tests/support/blind_files.h"

namespace tidemark {
namespace {

class StateDirectoryTest : public RecoveryTest {
 protected:
  StateDirectory::Options::From FromNewestSnapshot() {
    const auto snapshots = ListSnapshots(files(), state());
    EXPECT_TRUE(snapshots.ok() && !snapshots->empty());
    const Snapshot snapshot = snapshots->back();
    const EpochRecord& record = snapshot.manifest.record;
    return {.run_line = record.run_line,
            .epoch = record.epoch.value,
            .restore = [this, snapshot](const std::string& line) {
              return RestoreSnapshot(files(), snapshot, state(), line);
            }};
  }
};

bool Says(const absl::Status& status, const std::string& part) {
  return status.message().find(part) != absl::string_view::npos;
}

TEST_F(StateDirectoryTest, KeepsWhatWasCommitted) {
  Open();
  EXPECT_FALSE(directory_->holds_epoch());
  Commit(1);
  Open();
  EXPECT_EQ(directory_->record(), RecordOf(1));
  EXPECT_EQ(*RowsOf(directory_->store()), RowsAt(1));
}

TEST_F(StateDirectoryTest, IsHeldByOne) {
  Open();
  const absl::Status second = StateDirectory::Open(files(), Options()).status();
  EXPECT_TRUE(absl::IsUnavailable(second));
  EXPECT_TRUE(Says(second, "is in use by process ")) << second;
}

TEST_F(StateDirectoryTest, AStoreThatIsGoneIsNoEmptyState) {
  Open();
  Commit(1);
  ASSERT_TRUE(Make(1).ok());
  directory_.reset();
  for (const bool empty : {false, true}) {
    ASSERT_TRUE(RemoveTree(files(), StorePath(state())).ok());
    if (empty) {
      ASSERT_TRUE(files().CreateDirectories(StorePath(state())).ok());
    }
    const absl::Status refused = OpenError();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
    EXPECT_TRUE(Says(refused, "snapshots/0000000001")) << refused;
    EXPECT_TRUE(Says(refused, "--from") && Says(refused, "--fresh")) << refused;
    // Both ways that it names; this is the one.
    StateDirectory::Options from = Options();
    from.from = FromNewestSnapshot();
    auto restored = StateDirectory::Open(files(), from);
    ASSERT_TRUE(restored.ok()) << restored.status();
    EXPECT_EQ(*RowsOf((*restored)->store()), RowsAt(1));
    restored->reset();
    // It was not finished, and has left no store; it is not begun at nothing.
    const absl::Status half = OpenError();
    EXPECT_TRUE(absl::IsFailedPrecondition(half) && Says(half, "--from")) << half;
    ASSERT_TRUE(RemoveStartNote(files(), state()).ok());
  }
  ASSERT_TRUE(RemoveTree(files(), StorePath(state())).ok());
  StateDirectory::Options fresh = Options();
  fresh.fresh = true;
  auto empty = StateDirectory::Open(files(), fresh);
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_FALSE((*empty)->holds_epoch());
}

// RocksDB begins an empty store where CURRENT is missing, and snapshots say that there was one.
TEST_F(StateDirectoryTest, WhatIsLeftOfAStoreIsNoEmptyState) {
  Open();
  Commit(1);
  ASSERT_TRUE(Make(1).ok());
  directory_.reset();
  for (const std::string& name : Names(StorePath(state()))) {
    if (name == "LOCK" || name == "IDENTITY" || name.compare(0, 8, "MANIFEST") == 0) continue;
    ASSERT_TRUE(files().Remove(JoinPath(StorePath(state()), name)).ok());
  }
  const std::vector<std::string> left = Names(StorePath(state()));
  for (const bool with_snapshots : {true, false}) {
    if (!with_snapshots) {
      ASSERT_TRUE(RemoveTree(files(), SnapshotsPath(state())).ok());
    }
    const absl::Status refused = OpenError();
    EXPECT_TRUE(absl::IsDataLoss(refused)) << refused;
    EXPECT_TRUE(Says(refused, "CURRENT is missing")) << refused;
    EXPECT_EQ(Names(StorePath(state())), left);
  }
}

TEST_F(StateDirectoryTest, AnEmptyStoreBesideSnapshotsIsNoEmptyState) {
  Open();
  Commit(1);
  ASSERT_TRUE(Make(1).ok());
  Commit(2);
  ASSERT_TRUE(Make(2).ok());
  directory_.reset();
  ASSERT_TRUE(files()
                  .Rename(JoinPath(SnapshotsPath(state()), "0000000001"),
                          JoinPath(SnapshotsPath(state()), "before-upgrade"))
                  .ok());
  ASSERT_TRUE(files().Rename(SnapshotsPath(state()), Path("snapshots")).ok());
  ASSERT_TRUE(RemoveTree(files(), StorePath(state())).ok());
  Open();  // somebody's new state
  directory_.reset();
  ASSERT_TRUE(files().Rename(Path("snapshots"), SnapshotsPath(state())).ok());
  const absl::Status refused = OpenError();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_TRUE(Says(refused, "holds no epoch")) << refused;
  EXPECT_TRUE(Says(refused, "snapshots/0000000002")) << "the newest, not the last by name";
}

// Whichever file is gone, there is an error and no empty state; small commits are in the log only.
TEST_F(StateDirectoryTest, AFileThatIsGoneIsNoEmptyState) {
  for (const bool with_table : {false, true}) {
    Open();
    Commit(1);
    if (with_table) {
      ASSERT_TRUE(Make(1).ok());
      Commit(2);
    }
    directory_.reset();
    for (const std::string& name : Names(StorePath(state()))) {
      if (name == "LOCK" || name == "IDENTITY" || name.compare(0, 7, "OPTIONS") == 0) continue;
      SCOPED_TRACE(name);
      const std::string path = JoinPath(StorePath(state()), name);
      ASSERT_TRUE(files().Rename(path, Path("away")).ok());
      const absl::Status opened = OpenError();
      EXPECT_TRUE(absl::IsDataLoss(opened)) << opened;
      EXPECT_TRUE(Says(opened, StorePath(state()))) << opened;
      ASSERT_TRUE(files().Rename(Path("away"), path).ok());
    }
    Open();
    EXPECT_EQ(*RowsOf(directory_->store()), RowsAt(with_table ? 2 : 1));
    directory_.reset();
    ASSERT_TRUE(RemoveTree(files(), state()).ok());
  }
}

TEST_F(StateDirectoryTest, WhatWasMarkedIsReadAsAWhole) {
  Open();
  Commit(1);
  ASSERT_TRUE(Make(1).ok());
  directory_.reset();
  const std::string table = FirstTable(StorePath(state()));
  ASSERT_TRUE(MarkDamaged(files(), state(), absl::DataLossError("a block is bad")).ok());

  // It was no fault of the disk: the mark goes.
  std::string said;
  StateDirectory::Options options = Options();
  options.say = [&](const std::string& line) { said += line; };
  ASSERT_TRUE(StateDirectory::Open(files(), options).ok());
  EXPECT_NE(said.find("reads whole again"), std::string::npos) << said;
  EXPECT_FALSE(Exists(JoinPath(state(), "DAMAGED")));

  // It was: a byte in a block that opening the store does not read.
  ASSERT_TRUE(MarkDamaged(files(), state(), absl::DataLossError("a block is bad")).ok());
  Flip(table, 20);
  const absl::Status damage = OpenError();
  EXPECT_TRUE(absl::IsDataLoss(damage)) << damage;
  EXPECT_TRUE(Says(damage, table)) << damage;
  EXPECT_TRUE(Exists(JoinPath(state(), "DAMAGED")));
}

TEST_F(StateDirectoryTest, ADamagedStoreMayBeReplaced) {
  Open();
  Commit(1);
  directory_.reset();
  ASSERT_TRUE(files().Remove(JoinPath(StorePath(state()), "CURRENT")).ok());
  StateDirectory::Options options = Options();
  int asked = 0;
  options.on_damaged = [&](const absl::Status& damage) {
    EXPECT_TRUE(Says(damage, "CURRENT")) << damage;
    ++asked;
    return RemoveTree(files(), StorePath(state()));
  };
  const auto opened = StateDirectory::Open(files(), options);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(asked, 1);
  EXPECT_FALSE((*opened)->holds_epoch());
}

TEST_F(StateDirectoryTest, FreshComesBackWhenNothingReplacesTheState) {
  Open();
  Commit(1);
  directory_.reset();
  StateDirectory::Options options = Options();
  options.fresh = true;
  options.from = {.run_line = "A", .epoch = 1, .restore = [](const std::string&) {
                    return absl::NotFoundError("no such snapshot");
                  }};
  EXPECT_FALSE(StateDirectory::Open(files(), options).ok());
  Open();
  EXPECT_EQ(directory_->record(), RecordOf(1));
}

// A start may be refused behind this: by an input that is missing, or an output of somebody else.
TEST_F(StateDirectoryTest, FreshComesBackUntilItIsDiscarded) {
  Open();
  Commit(1);
  ASSERT_TRUE(Make(1).ok());
  directory_.reset();
  StateDirectory::Options options = Options();
  options.fresh = true;
  options.new_line = [] { return "another"; };
  for (const bool from : {false, true}) {
    if (from) options.from = FromNewestSnapshot();
    {
      const auto opened = StateDirectory::Open(files(), options);
      ASSERT_TRUE(opened.ok()) << opened.status();
      EXPECT_EQ((*opened)->holds_epoch(), from);
      EXPECT_EQ((*opened)->replaced_line(), RecordOf(1).run_line);
    }
    Open();
    EXPECT_EQ(directory_->record(), RecordOf(1));
    EXPECT_EQ(directory_->abandoned_line(), "another");
    ASSERT_TRUE(directory_->OutputsAreOpen().ok());
    directory_.reset();
    EXPECT_EQ(Names(SnapshotsPath(state())).size(), 1u);
    EXPECT_EQ(Names(state()), (std::vector<std::string>{"LOCK", "snapshots", "staging", "store"}));
  }
  {
    const auto opened = StateDirectory::Open(files(), options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    ASSERT_TRUE((*opened)->Committed({1}).ok());
  }
  Open();
  EXPECT_EQ(directory_->record().run_line, "another");
  EXPECT_EQ(Names(state()), (std::vector<std::string>{"COMMITTED", "LOCK", "staging", "store"}));
}

TEST_F(StateDirectoryTest, WhatFreshDiscardsDoesNotComeBackWithThePower) {
  Open();
  Commit(1);
  directory_.reset();
  StateDirectory::Options options = Options();
  options.fresh = true;
  BlindFiles watched(files(), "");
  const auto opened = StateDirectory::Open(watched, options);
  ASSERT_TRUE(opened.ok()) << opened.status();
  ASSERT_TRUE((*opened)->Committed({1}).ok());
  ASSERT_GE(watched.done.size(), 4u);
  EXPECT_EQ(watched.done[watched.done.size() - 4], "remove " + JoinPath(state(), "store.old"));
  EXPECT_EQ(watched.done[watched.done.size() - 3], "sync " + state());
  EXPECT_EQ(watched.done[watched.done.size() - 2], "remove " + JoinPath(state(), "START"));
  EXPECT_EQ(watched.done.back(), "sync " + state());
}

TEST_F(StateDirectoryTest, FreshThatDiedIsFinishedByTheNextStart) {
  Open();
  Commit(1);
  ASSERT_TRUE(Make(1).ok());
  directory_.reset();
  // Before anything replaced it.
  ASSERT_TRUE(files().Rename(StorePath(state()), JoinPath(state(), "store.old")).ok());
  Open();
  EXPECT_EQ(directory_->record(), RecordOf(1));
  directory_.reset();
  EXPECT_EQ(Names(SnapshotsPath(state())).size(), 1u);
  // Behind that, and the same command comes again.
  ASSERT_TRUE(files().Rename(StorePath(state()), JoinPath(state(), "store.old")).ok());
  ASSERT_TRUE(files().CreateDirectories(StorePath(state())).ok());
  StateDirectory::Options options = Options();
  options.fresh = true;
  options.from = FromNewestSnapshot();
  auto again = StateDirectory::Open(files(), options);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->replaced_line(), RecordOf(1).run_line);
  again->reset();
  // The same of a version that left no word, and a start without --fresh.
  ASSERT_TRUE(RemoveStartNote(files(), state()).ok());
  ASSERT_TRUE(MarkDamaged(files(), state(), absl::DataLossError("the old one")).ok());
  CopyTree(StorePath(state()), JoinPath(state(), "store.old"));
  Open();
  EXPECT_EQ(directory_->record(), RecordOf(1));
  directory_.reset();
  EXPECT_EQ(Names(state()), (std::vector<std::string>{"LOCK", "staging", "store"}));
}

// The process died with the outputs in the hands of the new line.
TEST_F(StateDirectoryTest, AReplacingStartKeepsItsLineUntilItCommits) {
  Open();
  Commit(1);
  directory_.reset();
  StateDirectory::Options options = Options();
  options.fresh = true;
  int lines = 0;
  options.new_line = [&] { return Cat("new", ++lines); };
  for (int start = 0; start < 3; ++start) {
    const auto opened = StateDirectory::Open(files(), options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ((*opened)->record().run_line, "new1");
    EXPECT_TRUE((*opened)->begins());
  }
  {
    const auto opened = StateDirectory::Open(files(), options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EpochRecord record = (*opened)->record();
    record.epoch = Epoch{1};
    ASSERT_TRUE(CommitEpoch((*opened)->store(), record, {}).ok());
    // It dies here, with the old state still aside.
  }
  Open();
  EXPECT_EQ(directory_->record().run_line, "new1");
  EXPECT_FALSE(directory_->begins());
  EXPECT_FALSE(Exists(JoinPath(state(), "store.old")));
  EXPECT_FALSE(Exists(JoinPath(state(), "START")));
}

// A log that is cut between two commits opens without an error, at the earlier one.
TEST_F(StateDirectoryTest, AStoreThatIsOlderThanItsLastCommitIsDamaged) {
  Open();
  for (const uint64_t epoch : {1, 2}) {
    Commit(epoch);
    ASSERT_TRUE(directory_->Committed({epoch}).ok());
    directory_.reset();
    if (epoch == 1) CopyTree(StorePath(state()), JoinPath(state(), "store.partial"));
    Open();
  }
  directory_.reset();
  ASSERT_TRUE(RemoveTree(files(), StorePath(state())).ok());
  ASSERT_TRUE(files().Rename(JoinPath(state(), "store.partial"), StorePath(state())).ok());
  const absl::Status damage = OpenError();
  EXPECT_TRUE(absl::IsDataLoss(damage)) << damage;
  EXPECT_TRUE(Says(damage, "epoch 2 was committed")) << damage;

  // Whoever goes back from there, and dies, is known to have gone back until it commits.
  StateDirectory::Options options = Options();
  options.on_damaged = [&](const absl::Status&) {
    return absl::OkStatus();  // what is there stands for the snapshot
  };
  for (int start = 0; start < 2; ++start) {
    const auto opened = StateDirectory::Open(files(), options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ((*opened)->went_back_from(), 2u);
  }
  Open();
  Commit(2);
  ASSERT_TRUE(directory_->Committed({2}).ok());
  Open();
  EXPECT_EQ(directory_->went_back_from(), 0u);
}

// With all of its log a store loses the name of its line, and looks like one that was just made.
TEST_F(StateDirectoryTest, AStoreThatHasLostAllOfItsLogIsNotBegunAnew) {
  Open();
  Commit(1);
  directory_.reset();
  ASSERT_TRUE(
      WriteCommitNote(files(), state(), {.run_line = RecordOf(1).run_line, .epoch = 1}).ok());
  for (const std::string& name : Names(StorePath(state()))) {
    if (!name.ends_with(".log")) continue;
    const auto log = files().OpenAppend(JoinPath(StorePath(state()), name));
    ASSERT_TRUE(log.ok() && (*log)->Truncate(0).ok());
  }
  const auto parts = Verify(files(), state(), {});
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_FALSE(parts->front().fine());
  for (int start = 0; start < 2; ++start) {
    const absl::Status damage = OpenError();
    EXPECT_TRUE(absl::IsDataLoss(damage)) << damage;
    EXPECT_TRUE(Says(damage, "holds nothing, but epoch 1 was committed")) << damage;
  }
}

// When the manifest cannot be synced, RocksDB removes a table that the manifest names; it waits in
// staging/, which another store empties when it is opened.
TEST_F(StateDirectoryTest, AFreshStartThatIsRefusedLeavesAStagedTable) {
  Open();
  Commit(1, 400'000);  // large enough for a table of its own
  directory_.reset();
  int staged = 0;
  for (const std::string& name : Names(StorePath(state()))) {
    const std::string table = JoinPath(StorePath(state()), name);
    if (!name.ends_with(".sst") || files().Stat(table)->size_bytes < 400'000) continue;
    ASSERT_TRUE(files().Rename(table, JoinPath(JoinPath(state(), "staging"), name)).ok());
    ++staged;
  }
  ASSERT_EQ(staged, 1);
  StateDirectory::Options fresh = Options();
  fresh.fresh = true;
  {
    const auto opened = StateDirectory::Open(files(), fresh);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ((*opened)->replaced_line(), RecordOf(1).run_line);
  }
  Open();
  EXPECT_EQ(directory_->record(), RecordOf(1));
  EXPECT_EQ(*RowsOf(directory_->store()), RowsAt(1, 400'000));
}

// A fork that has not committed holds all that its directory has.
TEST_F(StateDirectoryTest, AFreshStartThatIsRefusedLeavesAForkThatHasNotCommitted) {
  Open();
  Commit(1);
  ASSERT_TRUE(Make(1).ok());
  directory_.reset();
  StateDirectory::Options fork = Options();
  fork.from = FromNewestSnapshot();
  ASSERT_TRUE(RemoveTree(files(), StorePath(state())).ok());
  std::string line;
  {
    // Killed when it was whole: what it would put back as it goes is put there again.
    const auto opened = StateDirectory::Open(files(), fork);
    ASSERT_TRUE(opened.ok()) << opened.status();
    line = (*opened)->record().run_line;
    CopyTree(StorePath(state()), Path("whole"));
  }
  ASSERT_TRUE(files().Rename(Path("whole"), StorePath(state())).ok());
  StateDirectory::Options fresh = Options();
  fresh.fresh = true;
  ASSERT_TRUE(StateDirectory::Open(files(), fresh).ok());  // and goes, as one that is refused
  Open();
  EXPECT_EQ(directory_->record().run_line, line);
  EXPECT_EQ(*RowsOf(directory_->store()), RowsAt(1));
}

TEST_F(StateDirectoryTest, AStartThatCannotReplaceAStoreLeavesIt) {
  Open();
  Commit(1);
  ASSERT_TRUE(Make(1).ok());
  directory_.reset();
  // The store stays in its place, under its name.
  StateDirectory::Options fresh = Options();
  fresh.fresh = true;
  BlindFiles files_of_start(files(), "");
  files_of_start.cannot_rename = StorePath(state());
  EXPECT_TRUE(absl::IsInternal(StateDirectory::Open(files_of_start, fresh).status()));
  Open();
  EXPECT_EQ(directory_->record(), RecordOf(1));
  directory_.reset();
  // It is refused, since it was not asked to discard anything.
  StateDirectory::Options from = Options();
  from.from = FromNewestSnapshot();
  const absl::Status refused = StateDirectory::Open(files(), from).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused) && Says(refused, "holds a state already"))
      << refused;
  Open();
  EXPECT_EQ(directory_->record(), RecordOf(1));
}

// Whether there was state is not known then, and an empty store would be begun.
TEST_F(StateDirectoryTest, SnapshotsThatCannotBeListedAreAnError) {
  Open();
  Commit(1);
  ASSERT_TRUE(Make(1).ok());
  directory_.reset();
  ASSERT_TRUE(RemoveTree(files(), StorePath(state())).ok());
  BlindFiles blind(files(), SnapshotsPath(state()));
  EXPECT_TRUE(absl::IsInternal(StateDirectory::Open(blind, Options()).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(OpenError()));
}

// It would go on with what it was to discard.
TEST_F(StateDirectoryTest, FreshIsRefusedWhereTheStoreCannotBeLookedAt) {
  Open();
  Commit(1);
  directory_.reset();
  StateDirectory::Options options = Options();
  options.fresh = true;
  BlindFiles blind(files(), StorePath(state()));
  const auto opened = StateDirectory::Open(blind, options);
  EXPECT_TRUE(absl::IsInternal(opened.status())) << opened.status();
  Open();
  EXPECT_EQ(directory_->record(), RecordOf(1));
}

}  // namespace
}  // namespace tidemark
