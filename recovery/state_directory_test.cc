#include "recovery/state_directory.h"

#include "recovery/restore.h"
#include "recovery/test_support.h"

namespace tidemark {
namespace {

using StateDirectoryTest = RecoveryTest;

bool Says(const absl::Status& status, const std::string& part) {
  return status.message().find(part) != absl::string_view::npos;
}

TEST_F(StateDirectoryTest, KeepsWhatWasCommitted) {
  Open();
  EXPECT_FALSE(directory_->record());
  Commit(1);
  Open();
  EXPECT_EQ(directory_->record(), RecordOf(1));
  EXPECT_EQ(*RowsOf(directory_->store()), RowsAt(1));
}

TEST_F(StateDirectoryTest, IsHeldByOne) {
  Open();
  const absl::Status second = StateDirectory::Open(files(), Options()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(second));
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
  }
  // Both ways that it names.
  StateDirectory::Options from = Options();
  ASSERT_TRUE(RemoveTree(files(), StorePath(state())).ok());
  from.before_open = [&]() -> absl::Status {
    TM_ASSIGN_OR_RETURN(const auto snapshots, ListSnapshots(files(), state()));
    return RestoreSnapshot(files(), snapshots.back(), state(), "line");
  };
  auto restored = StateDirectory::Open(files(), from);
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(*RowsOf((*restored)->store()), RowsAt(1));
  restored->reset();
  ASSERT_TRUE(RemoveTree(files(), StorePath(state())).ok());
  StateDirectory::Options fresh = Options();
  fresh.fresh = true;
  auto empty = StateDirectory::Open(files(), fresh);
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_FALSE((*empty)->record());
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
  EXPECT_FALSE((*opened)->record());
}

TEST_F(StateDirectoryTest, FreshComesBackWhenNothingReplacesTheState) {
  Open();
  Commit(1);
  directory_.reset();
  StateDirectory::Options options = Options();
  options.fresh = true;
  options.before_open = [] { return absl::NotFoundError("no such snapshot"); };
  EXPECT_FALSE(StateDirectory::Open(files(), options).ok());
  Open();
  EXPECT_EQ(directory_->record(), RecordOf(1));
}

}  // namespace
}  // namespace tidemark
