#include "base/real_path.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace tidemark {
namespace {

namespace fs = std::filesystem;

class RealPathTest : public ::testing::Test {
 protected:
  RealPathTest() : root_(fs::canonical(::testing::TempDir()) / "real_path_test") {
    fs::remove_all(root_);
    fs::create_directories(root_ / "dir");
    std::ofstream(root_ / "dir/file") << "x";
  }
  std::string Path(const std::string& name) const { return (root_ / name).string(); }

  const fs::path root_;
};

TEST_F(RealPathTest, OneFileHasOnePathHoweverItIsNamed) {
  fs::create_directory_symlink("dir", root_ / "link");
  EXPECT_EQ(RealPath(Path("dir/./../link/file")), Path("dir/file"));
  EXPECT_EQ(RealPath(Path("link/")), Path("dir"));
  EXPECT_EQ(RealPath(Path("link/new/file")), Path("dir/new/file"));
  EXPECT_EQ(RealPath("."), fs::current_path().string());
}

TEST_F(RealPathTest, LinksAreFollowedToWhatNeedNotExist) {
  fs::create_symlink("dir/new", root_ / "one");
  fs::create_symlink(root_ / "one", root_ / "two");
  EXPECT_EQ(FollowLinks(Path("two")), Path("dir/new"));
  EXPECT_EQ(FollowLinks(Path("dir/file")), Path("dir/file"));
  EXPECT_EQ(FollowLinks(Path("nowhere/file")), Path("nowhere/file"));
  fs::create_symlink("circle", root_ / "circle");
  EXPECT_EQ(FollowLinks(Path("circle")), Path("circle"));
  EXPECT_EQ(FollowLinks("relative"), "relative");
}

TEST(ShellWord, IsQuotedWhereTheShellWouldReadSomethingIntoIt) {
  EXPECT_EQ(ShellWord("out/a-b_1.jsonl"), "out/a-b_1.jsonl");
  EXPECT_EQ(ShellWord("two words"), "'two words'");
  EXPECT_EQ(ShellWord("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(ShellWord(""), "''");
}

}  // namespace
}  // namespace tidemark
