#include "tests/sim/sim_disk.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/sim/sim_files.h"

namespace tidemark::sim {
namespace {

// A disk with the directory /d, on which a process runs.
class SimDiskTest : public ::testing::Test {
 protected:
  SimDiskTest() : disk_(1) {
    disk_.Put("/d/there", "as it was");
    Boot();
  }
  void Boot() { files_ = std::make_unique<SimFiles>(disk_, process_ = disk_.Boot()); }
  std::unique_ptr<WritableFile> Append(const std::string& path, std::string_view bytes) {
    auto file = files_->OpenAppend(path);
    EXPECT_TRUE(file.ok()) << file.status();
    EXPECT_TRUE((*file)->Append(bytes).ok());
    return *std::move(file);
  }
  std::string Read(const std::string& path) {
    auto text = ReadSmallFile(*files_, path);
    return text.ok() ? *text : std::string(text.status().message());
  }
  void CutPower() {
    disk_.EndProcess(SimDisk::End::kPowerCut);
    Boot();
  }

  SimDisk disk_;
  uint64_t process_ = 0;
  std::unique_ptr<SimFiles> files_;
};

TEST_F(SimDiskTest, WhatIsSyncedSurvivesAndNothingIsMadeUp) {
  bool lost_all = false, lost_some = false, kept_all = false;
  for (int i = 0; i < 100; ++i) {
    disk_.Put("/d/f", "");
    Boot();
    auto file = Append("/d/f", "synced ");
    ASSERT_TRUE(file->Sync().ok());
    ASSERT_TRUE(file->Append("not").ok());
    CutPower();
    const std::string left = Read("/d/f");
    ASSERT_EQ(std::string("synced not").substr(0, left.size()), left);
    ASSERT_GE(left.size(), 7u);
    lost_all |= left.size() == 7, kept_all |= left.size() == 10;
    lost_some |= left.size() > 7 && left.size() < 10;
  }
  EXPECT_TRUE(lost_all && lost_some && kept_all);
}

TEST_F(SimDiskTest, ANameIsDurableWithItsDirectory) {
  bool lost = false;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(Append("/d/new", "x")->Sync().ok());
    CutPower();
    lost |= !files_->Stat("/d/new").ok();
    ASSERT_TRUE(Append("/d/new", "x")->Sync().ok());
    ASSERT_TRUE(files_->SyncDirectory("/d").ok());
    CutPower();
    ASSERT_TRUE(files_->Stat("/d/new").ok());
    ASSERT_TRUE(files_->Remove("/d/new").ok());
    ASSERT_TRUE(files_->SyncDirectory("/d").ok());
  }
  EXPECT_TRUE(lost);
}

TEST_F(SimDiskTest, ARenameIsOneStroke) {
  bool before = false, after = false;
  for (int i = 0; i < 50; ++i) {
    disk_.Put("/d/a", "new");
    disk_.Put("/d/b", "old");
    Boot();
    ASSERT_TRUE(files_->Rename("/d/a", "/d/b").ok());
    EXPECT_EQ(Read("/d/b"), "new");
    CutPower();
    const bool renamed = Read("/d/b") == "new";
    ASSERT_EQ(renamed, !files_->Stat("/d/a").ok());
    ASSERT_TRUE(renamed || Read("/d/b") == "old");
    (renamed ? after : before) = true;
  }
  EXPECT_TRUE(before && after);
}

TEST_F(SimDiskTest, AKillLosesNothingThatWasWritten) {
  Append("/d/f", "written");
  disk_.EndProcess(SimDisk::End::kKill);
  EXPECT_FALSE(files_->Stat("/d/f").ok()) << "a dead process reads nothing";
  Boot();
  EXPECT_EQ(Read("/d/f"), "written");
}

TEST_F(SimDiskTest, ALinkSharesItsContent) {
  ASSERT_TRUE(files_->Link("/d/there", "/d/second").ok());
  Append("/d/there", ", and more");
  EXPECT_EQ(Read("/d/second"), "as it was, and more");
  ASSERT_TRUE(files_->Remove("/d/there").ok());
  EXPECT_EQ(Read("/d/second"), "as it was, and more");
}

TEST_F(SimDiskTest, ACutThatWasNotSyncedMayComeBack) {
  bool came_back = false;
  for (int i = 0; i < 50 && !came_back; ++i) {
    disk_.Put("/d/f", "0123456789");
    Boot();
    ASSERT_TRUE((*files_->OpenAppend("/d/f"))->Truncate(4).ok());
    EXPECT_EQ(Read("/d/f"), "0123");
    CutPower();
    came_back = Read("/d/f") == "0123456789";
  }
  EXPECT_TRUE(came_back);
}

TEST_F(SimDiskTest, WhatAFailedSyncThrewAwayStaysLost) {
  auto file = Append("/d/there", "!");
  disk_.Inject({.kind = FaultKind::kSyncOnce, .at_op = disk_.ops()});
  EXPECT_FALSE(file->Sync().ok());
  EXPECT_TRUE(disk_.fault_hit());
  EXPECT_EQ(Read("/d/there"), "as it was!") << "the operating system still shows it";
  EXPECT_TRUE(file->Sync().ok());
  CutPower();
  EXPECT_EQ(Read("/d/there"), std::string("as it was\0", 10));
}

TEST_F(SimDiskTest, EachFaultMeetsItsOperation) {
  disk_.Inject({.kind = FaultKind::kError, .at_op = disk_.ops() + 1});
  EXPECT_TRUE(files_->Stat("/d/there").ok());
  EXPECT_FALSE(files_->Stat("/d/there").ok());
  EXPECT_TRUE(files_->Stat("/d/there").ok());

  auto file = Append("/d/f", "");
  disk_.Inject({.kind = FaultKind::kShortWrite, .at_op = disk_.ops()});
  EXPECT_FALSE(file->Append("0123").ok());
  EXPECT_EQ(Read("/d/f"), "01");

  disk_.Inject({.kind = FaultKind::kNoSpace, .at_op = disk_.ops()});
  EXPECT_TRUE(absl::IsResourceExhausted(file->Append("x")));
  EXPECT_TRUE(absl::IsResourceExhausted(files_->OpenAppend("/d/g").status()));
  EXPECT_TRUE(files_->Remove("/d/f").ok()) << "what is there can go";

  disk_.Inject({.kind = FaultKind::kKill, .at_op = disk_.ops()});
  EXPECT_FALSE(files_->Stat("/d/there").ok());
  EXPECT_EQ(disk_.ended_by_fault(), SimDisk::End::kKill);
}

TEST_F(SimDiskTest, AFullDiskTakesWhatFits) {
  disk_.set_limit_bytes(9 + 4);
  auto file = files_->OpenAppend("/d/f");
  EXPECT_TRUE(absl::IsResourceExhausted((*file)->Append("012345")));
  EXPECT_EQ(Read("/d/f"), "0123");
  ASSERT_TRUE(files_->Remove("/d/there").ok());
}

TEST_F(SimDiskTest, ALockGoesWithItsProcess) {
  auto lock = files_->Lock("/d/LOCK", "one");
  ASSERT_TRUE(lock.ok()) << lock.status();
  EXPECT_TRUE(absl::IsUnavailable(files_->Lock("/d/LOCK", "two").status()));
  disk_.EndProcess(SimDisk::End::kKill);
  Boot();
  EXPECT_TRUE(files_->Lock("/d/LOCK", "two").ok());
  EXPECT_EQ(Read("/d/LOCK"), "two");
}

TEST_F(SimDiskTest, ACloneIsADiskOfItsOwn) {
  ASSERT_TRUE(files_->Link("/d/there", "/d/second").ok());
  const auto clone = disk_.Clone(7);
  ASSERT_TRUE(clone->FlipBit("/d/there", 0, 0));
  EXPECT_EQ(clone->Content("/d/second"), "`s it was") << "the link shares it there, too";
  EXPECT_EQ(disk_.Content("/d/there"), "as it was");
  EXPECT_EQ(clone->FilesBelow("/d"), (std::vector<std::string>{"/d/second", "/d/there"}));
}

// Random operations beside the smallest model that says anything: what each file held when it was
// last durable in content and name, unless it has been touched since.
TEST_F(SimDiskTest, WhatIsDurableAndUntouchedIsThere) {
  Random random(3);
  std::map<std::string, std::string> durable;
  for (int round = 0; round < 300; ++round) {
    for (uint64_t n = random.Below(12); n > 0; --n) {
      const std::string path = "/d/" + std::to_string(random.Below(4));
      auto file = Append(path, std::to_string(n));
      if (random.OneIn(4)) {
        ASSERT_TRUE(file->Truncate(1).ok());
      }
      durable.erase(path);
      if (random.OneIn(2)) {
        ASSERT_TRUE(file->Sync().ok());
        ASSERT_TRUE(files_->SyncDirectory("/d").ok());
        durable[path] = Read(path);
      }
      if (random.OneIn(5)) {
        const std::string to = "/d/" + std::to_string(random.Below(4));
        if (to == path) continue;
        ASSERT_TRUE(files_->Rename(path, to).ok());
        durable.erase(path), durable.erase(to);
      }
    }
    CutPower();
    for (const auto& [path, content] : durable) ASSERT_EQ(Read(path), content) << round;
  }
}

}  // namespace
}  // namespace tidemark::sim
