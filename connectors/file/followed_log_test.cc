#include "connectors/file/followed_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/stable_hash.h"
#include "base/status.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Names = std::vector<std::string>;

TEST(RotationOrder, IsFromTheOldestToTheNewest) {
  EXPECT_THAT(RotationOrder({"a.log", "a.log.1", "a.log.10", "a.log.2", "b.log.1", "c"}, "a.log"),
              ElementsAre("a.log.10", "a.log.2", "a.log.1", "a.log"));
  EXPECT_THAT(RotationOrder({"a-20240102", "a-20240101", "a-20240101-1"}, "a"),
              ElementsAre("a-20240101", "a-20240101-1", "a-20240102"));
  EXPECT_THAT(RotationOrder({"a.1.gz", "a.old", "a.log", "ab.1", "a."}, "a"), IsEmpty());
}

// Some programs number upwards. Only the times of all files together say so.
TEST(RotationOrder, NumbersAscendIfTheHigherOnesWereWrittenLater) {
  const Names names = {"a", "a.0", "a.1", "a.2", "a.20240101"};
  const auto order = [&](std::vector<std::optional<int64_t>> times) {
    return RotationOrder(names, "a", [times](const std::string& name) -> std::optional<int64_t> {
      return times.at(static_cast<size_t>(name[2] - '0'));
    });
  };
  const Names descending = {"a.20240101", "a.2", "a.1", "a.0", "a"};
  EXPECT_EQ(order({30, 20, 10}), descending);
  EXPECT_EQ(order({10, 20, 30}), (Names{"a.20240101", "a.0", "a.1", "a.2", "a"}));
  EXPECT_EQ(order({10, 20, 20}), descending);
  EXPECT_EQ(order({20, 10, 30}), descending);
  EXPECT_EQ(order({10, std::nullopt, 30}), descending);
}

TEST(RotationOrder, ARotatedFileHasASuffixOfDigits) {
  for (const char* name : {"a.log.1", "a.log-2024-01-01T00:00Z", "a.log_7", "a.log.3.gz"}) {
    EXPECT_TRUE(IsRotationOf(name, "a.log")) << name;
  }
  for (const char* name :
       {"a.log", "a.log.", "a.log.gz", "a.log.bak", "a.log1", "b.log.1", "a.1"}) {
    EXPECT_FALSE(IsRotationOf(name, "a.log")) << name;
  }
}

class FollowedLogTest : public ConnectorTest {
 protected:
  FollowedLog Log() { return FollowedLog(Path("a.log"), *files_); }
  FileInfo Info(std::string_view name) { return *files_->Stat(Path(name)); }
  // What is known after the first `bytes` of a file have been read.
  FileIdentity Read(std::string_view name, size_t bytes) {
    const std::string content = Get(name).substr(0, bytes);
    const size_t hashed = std::min<size_t>(bytes, FileIdentity::kHashedBytesMax);
    const FileInfo info = Info(name);
    return {.offset = bytes,
            .line = 1,
            .device = info.device,
            .inode = info.inode,
            .size_bytes = info.size_bytes,
            .hash = StableHash(std::string_view(content).substr(bytes - hashed)),
            .head_hash = StableHash(std::string_view(content).substr(0, hashed))};
  }
  std::string Found(const FileIdentity& then) {
    const auto place = Log().Find(then);
    if (!place.ok()) return Message(place.status());
    return *place ? (*place)->path.substr(root_.size() + 1) : "nothing";
  }
  void Rename(std::string_view from, std::string_view to) {
    ASSERT_TRUE(files_->Rename(Path(from), Path(to)).ok());
  }
};

TEST_F(FollowedLogTest, AFileIsFoundByItsInodeAndContentUnderAnyName) {
  Put("a.log", "one\ntwo\n");
  const FileIdentity then = Read("a.log", 4);
  EXPECT_EQ(Found(then), "a.log");
  Append("a.log", "three\n");
  EXPECT_EQ(Found(then), "a.log") << "it has grown";
  Rename("a.log", "a.log.1");
  Put("a.log", "one\nother\n");  // with the same bytes before the position
  EXPECT_EQ(Found(then), "a.log.1");
  Rename("a.log.1", "a.log.7");
  EXPECT_EQ(Found(then), "a.log.7");
}

TEST_F(FollowedLogTest, ACopyIsFoundByItsContent) {
  Put("a.log", "one\ntwo\n");
  const FileIdentity then = Read("a.log", 8);
  Put("a.log.1", Get("a.log"));
  Put("a.log", "a new line\n");  // the same inode
  EXPECT_EQ(Found(then), "a.log.1");
  Put("a.log.1", "one\nTwo\n");
  EXPECT_EQ(Found(then), "nothing");
  Put("a.log.1", "one\n");
  EXPECT_EQ(Found(then), "nothing") << "it is shorter";
}

TEST_F(FollowedLogTest, NothingIdentifiesAFileOfWhichNothingWasReadButItsInode) {
  Put("a.log", "one\n");
  const FileIdentity then = Read("a.log", 0);
  EXPECT_EQ(Found(then), "a.log");
  Put("a.log.1", "");
  Replace("a.log", "one\n");
  EXPECT_EQ(Found(then), "nothing");
}

TEST_F(FollowedLogTest, TheHeadCountsAlsoFarBeforeThePosition) {
  std::string lines;
  for (int i = 0; i < 3000; ++i) lines += "the same line\n";
  Put("a.log", "first\n" + lines);
  const FileIdentity then = Read("a.log", 20'000);
  Put("a.log.1", "FIRST\n" + lines);
  Put("a.log.2", "first\n" + lines);
  Put("a.log", "");
  EXPECT_EQ(Found(then), "a.log.2");
}

TEST_F(FollowedLogTest, AFileIsCompleteWhenANewerOneHasBytes) {
  using Present = FollowedLog::Present;
  Put("a.log", "one\n");
  Put("a.log.1", "older\n");
  FollowedLog log = Log();
  ASSERT_TRUE(log.Enter(Info("a.log")).ok());
  EXPECT_EQ(*log.Look(), Present::kGrows);
  Rename("a.log.1", "a.log.2");
  Rename("a.log", "a.log.1");
  EXPECT_EQ(*log.Look(), Present::kGrows) << "there is no newer one yet";
  Put("a.log", "");
  EXPECT_EQ(*log.Look(), Present::kGrows) << "its writer has not begun it";
  Append("a.log", "t");
  EXPECT_EQ(*log.Look(), Present::kComplete);
  EXPECT_EQ((*log.Next())->path, Path("a.log"));
  Rename("a.log.1", "a.log.2");
  Rename("a.log", "a.log.1");
  EXPECT_EQ((*log.Next())->path, Path("a.log.1")) << "no rotation is left out";
}

TEST_F(FollowedLogTest, AfterARemovedFileComesTheOldestThatIsNew) {
  Put("a.log", "one\n");
  Put("a.log.1", "older\n");
  FollowedLog log = Log();
  ASSERT_TRUE(log.Enter(Info("a.log")).ok());
  Rename("a.log.1", "a.log.3");
  Rename("a.log", "a.log.2");
  Put("a.log.1", "two\n");
  Put("a.log", "three\n");
  const auto present = files_->OpenRead(Path("a.log.2"));  // as its reader does: keeps the inode
  ASSERT_TRUE(files_->Remove(Path("a.log.2")).ok());
  EXPECT_EQ(*log.Look(), FollowedLog::Present::kComplete);
  EXPECT_EQ((*log.Next())->path, Path("a.log.1"));
}

TEST_F(FollowedLogTest, ALogIsGoneWhenAllItsFilesAre) {
  Put("a.log", "one\n");
  FollowedLog log = Log();
  ASSERT_TRUE(log.Enter(Info("a.log")).ok());
  Rename("a.log", "a.log.1");
  EXPECT_EQ(*log.Look(), FollowedLog::Present::kGrows);
  ASSERT_TRUE(files_->Remove(Path("a.log.1")).ok());
  EXPECT_EQ(*log.Look(), FollowedLog::Present::kGone);
  EXPECT_FALSE(log.Next()->has_value());
}

}  // namespace
}  // namespace tidemark
