#include "recovery/directory_guard.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recovery/state_directory.h"
#include "recovery/state_files.h"
#include "recovery/test_support.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;

class DirectoryGuardTest : public RecoveryTest {
 protected:
  static mode_t ModeOf(const std::string& path) {
    struct stat status;
    return lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }
  std::string In(const std::string& name) { return JoinPath(state(), name); }
  absl::Status TryOpen(bool fresh = false) {
    return StateDirectory::Open(files(), {.directory = state(), .fresh = fresh}).status();
  }
};

TEST_F(DirectoryGuardTest, ALockThatWasRemovedLetsNoSecondOneIn) {
  auto held = StateDirectory::Open(files(), {.directory = state()});
  ASSERT_TRUE(held.ok()) << held.status();
  EXPECT_TRUE((*held)->CheckHeld().ok());
  ASSERT_TRUE(files().Remove(In("LOCK")).ok());
  EXPECT_TRUE(absl::IsUnavailable(TryOpen()));
  EXPECT_TRUE(absl::IsUnavailable(TryOpen(/*fresh=*/true)));
  EXPECT_FALSE(files().Stat(In("LOCK")).ok()) << "a refused start makes none";
  EXPECT_TRUE(absl::IsUnavailable((*held)->CheckHeld()));
  EXPECT_THAT((*held)->CheckHeld().message(), HasSubstr("LOCK: was removed or replaced"));
  Append(In("LOCK"), "another");
  EXPECT_TRUE(absl::IsUnavailable((*held)->CheckHeld()));
  held->reset();
  EXPECT_TRUE(TryOpen().ok());
}

TEST_F(DirectoryGuardTest, ADirectoryThatWasMovedIsNoticed) {
  auto held = StateDirectory::Open(files(), {.directory = state()});
  ASSERT_TRUE(held.ok()) << held.status();
  ASSERT_TRUE(files().Rename(state(), state() + ".moved").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition((*held)->CheckHeld()));
  ASSERT_TRUE(files().CreateDirectories(state()).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition((*held)->CheckHeld()));
}

TEST_F(DirectoryGuardTest, AStoreThatWasRemovedIsNoticed) {
  for (const bool whole : {true, false}) {
    ASSERT_TRUE(RemoveTree(files(), state()).ok());
    auto held = StateDirectory::Open(files(), {.directory = state()});
    ASSERT_TRUE(held.ok()) << held.status();
    EXPECT_TRUE((*held)->CheckHeld().ok());
    EXPECT_FALSE((*held)->StoreIsGone());
    ASSERT_TRUE(whole ? RemoveTree(files(), In("store")).ok()
                      : files().Remove(In("store/CURRENT")).ok());
    EXPECT_TRUE((*held)->StoreIsGone());
    EXPECT_TRUE(absl::IsFailedPrecondition((*held)->CheckHeld()));
    EXPECT_THAT((*held)->CheckHeld().message(), HasSubstr("store: was removed or replaced"));
  }
}

TEST_F(DirectoryGuardTest, ALinkInPlaceOfTheLockIsNotFollowed) {
  ASSERT_TRUE(files().CreateDirectories(state()).ok());
  const std::string victim = state() + ".precious";
  Append(victim, "precious");
  ASSERT_EQ(symlink(victim.c_str(), In("LOCK").c_str()), 0);
  const absl::Status refused = TryOpen();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(refused.message(), HasSubstr("LOCK: is a link"));
  EXPECT_EQ(*ReadSmallFile(files(), victim), "precious");
}

TEST_F(DirectoryGuardTest, EverythingBelowMustBelongToOneOfTheTrusted) {
  const uid_t us = geteuid();
  const TrustedUsers others{.user = us + 1, .owner = us + 2};
  ASSERT_TRUE(files().CreateDirectories(In("requests")).ok());
  Append(In("requests/a.request"), "copy: no\n");
  EXPECT_THAT(CheckTrusted(files(), state(), others).message(),
              HasSubstr(Cat("requests: belongs to user ", us, ", and neither to this user nor")));
  EXPECT_TRUE(CheckTrusted(files(), state(), {.user = us, .owner = us + 1}).ok());
  EXPECT_TRUE(CheckTrusted(files(), state(), {.user = us + 1, .owner = us}).ok());
  ASSERT_TRUE(RemoveTree(files(), In("requests")).ok());
  EXPECT_TRUE(CheckTrusted(files(), state(), others).ok()) << "there is nothing";
  ASSERT_EQ(symlink("/nowhere", In("staging").c_str()), 0);
  EXPECT_THAT(CheckTrusted(files(), state(), others).message(),
              HasSubstr("staging: is a link that belongs to user"));
}

// Goal: a start refuses every kind of thing. Only root can give files away, where it may.
TEST_F(DirectoryGuardTest, WhatAStrangerPutThereIsRefused) {
  constexpr uid_t kStranger = 4242;
  constexpr uid_t kOwner = 4243;
  ASSERT_TRUE(TryOpen().ok());
  ASSERT_TRUE(files().CreateDirectories(In("snapshots/0000000001/store")).ok());
  ASSERT_TRUE(files().CreateDirectories(In("requests")).ok());
  Append(In("snapshots/0000000001/store/1.sst"), "x");
  ASSERT_EQ(symlink("/tmp", In("store.partial").c_str()), 0);
  if (lchown(In("store.partial").c_str(), kStranger, kStranger) != 0) {
    GTEST_SKIP() << "no files of another user can be made here";
  }
  for (const char* name : {"store.partial", "LOCK", "store", "staging", "snapshots", "requests",
                           "store/CURRENT", "snapshots/0000000001/store/1.sst"}) {
    SCOPED_TRACE(name);
    ASSERT_EQ(lchown(In(name).c_str(), kStranger, kStranger), 0);
    const absl::Status refused = TryOpen();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
    EXPECT_THAT(refused.message(), HasSubstr(Cat(In(name), ": ")));
    EXPECT_THAT(refused.message(), HasSubstr("to user 4242"));
    ASSERT_EQ(lchown(In(name).c_str(), geteuid(), getegid()), 0);
  }
  // The owner of the directory may put into it what he likes, and anybody a request.
  ASSERT_EQ(chown(state().c_str(), kOwner, kOwner), 0);
  ASSERT_EQ(chown(In("staging").c_str(), kOwner, kOwner), 0);
  Append(In("requests/a.request"), "copy: no\n");
  ASSERT_EQ(chown(In("requests/a.request").c_str(), kStranger, kStranger), 0);
  ASSERT_TRUE(files().Remove(In("store.partial")).ok());
  EXPECT_TRUE(CheckTrusted(files(), state(), *TrustedIn(state())).ok());
}

TEST_F(DirectoryGuardTest, WhatIsMadeIsForItsOwner) {
  StateFiles ours(files(), {.directory = state()});
  {
    auto opened = StateDirectory::Open(ours, {.directory = state()});
    ASSERT_TRUE(opened.ok()) << opened.status();
    EpochRecord record;
    record.epoch = {1};
    ASSERT_TRUE(CommitEpoch((*opened)->store(), record, {}).ok());
  }
  EXPECT_EQ(ModeOf(state()), 0700u);
  for (const char* directory : {"store", "staging"}) EXPECT_EQ(ModeOf(In(directory)), 0700u);
  for (const std::string& name : Names(In("store"))) {
    EXPECT_EQ(ModeOf(In(Cat("store/", name))), 0600u) << name;
  }
  EXPECT_EQ(ModeOf(In("LOCK")), 0600u);
  // Who shares it says so, and what is made follows the directory as it is.
  ASSERT_EQ(chmod(state().c_str(), 0770), 0);
  ASSERT_TRUE(ours.CreateDirectories(In("requests")).ok());
  ASSERT_TRUE(ours.OpenAppend(In("requests/x")).ok());
  EXPECT_EQ(ModeOf(In("requests")), 0770u);
  EXPECT_EQ(ModeOf(In("requests/x")), 0660u);
  // What lies elsewhere is not ours to change.
  ASSERT_TRUE(ours.OpenAppend(state() + ".output").ok());
  EXPECT_EQ(ModeOf(state() + ".output"), 0644u);
}

}  // namespace
}  // namespace tidemark
