#include "base/files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/status.h"
#include "tests/support/blind_files.h"

namespace tidemark {
namespace {

class FilesTest : public ::testing::Test {
 protected:
  FilesTest() : files_(NewPosixFiles()) {
    std::string pattern = JoinPath(::testing::TempDir(), "files_test_XXXXXX");
    root_ = mkdtemp(pattern.data());
  }
  ~FilesTest() override { RemoveTree(*files_, root_).IgnoreError(); }  // a left-over is harmless

  std::string Path(std::string_view name) const { return JoinPath(root_, name); }

  std::unique_ptr<Files> files_;
  std::string root_;
};

TEST_F(FilesTest, AppendsBehindWhatIsThereAndCutsBack) {
  {
    auto file = files_->OpenAppend(Path("a"));
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Append("one two").ok());
    ASSERT_TRUE((*file)->Truncate(4).ok());
    ASSERT_TRUE((*file)->Append("three").ok());
    ASSERT_TRUE((*file)->Sync().ok());
  }
  EXPECT_EQ(*ReadSmallFile(*files_, Path("a")), "one three");
}

TEST_F(FilesTest, ErrorsNameThePathFirst) {
  const absl::Status missing = files_->OpenRead(Path("missing")).status();
  EXPECT_TRUE(absl::IsNotFound(missing));
  EXPECT_EQ(missing.message(), Cat(Path("missing"), ": cannot open: No such file or directory"));
}

TEST_F(FilesTest, AtomicWriteReplacesAndLeavesNoTemporary) {
  ASSERT_TRUE(WriteFileAtomically(*files_, Path("a"), "old").ok());
  ASSERT_TRUE(WriteFileAtomically(*files_, Path("a"), "new").ok());
  EXPECT_EQ(*ReadSmallFile(*files_, Path("a")), "new");
  EXPECT_EQ(files_->List(root_)->size(), 1u);
}

TEST_F(FilesTest, DirectoriesAreMadeWithTheirParentsAndRemovedWhole) {
  ASSERT_TRUE(files_->CreateDirectories(Path("x/y/z")).ok());
  ASSERT_TRUE(files_->CreateDirectories(Path("x/y/z")).ok());
  ASSERT_TRUE(WriteFileAtomically(*files_, Path("x/y/f"), "").ok());
  ASSERT_TRUE(RemoveTree(*files_, Path("x")).ok());
  EXPECT_TRUE(absl::IsNotFound(files_->Stat(Path("x")).status()));
}

// It would not be known what has to be synced.
TEST_F(FilesTest, ADirectoryThatCannotBeLookedAtIsAnError) {
  BlindFiles blind(*files_, Path("new"));
  const absl::Status made = CreateDirectoriesDurably(blind, Path("new"));
  EXPECT_TRUE(absl::IsInternal(made)) << made;
}

TEST_F(FilesTest, OfASymbolicLinkTheLinkIsRemoved) {
  ASSERT_TRUE(files_->CreateDirectories(Path("kept/inner")).ok());
  ASSERT_TRUE(files_->CreateDirectories(Path("tree")).ok());
  ASSERT_EQ(symlink(Path("kept").c_str(), Path("tree/link").c_str()), 0);
  ASSERT_EQ(symlink(Path("nowhere").c_str(), Path("tree/broken").c_str()), 0);
  ASSERT_TRUE(RemoveTree(*files_, Path("tree")).ok());
  EXPECT_FALSE(*Exists(*files_, Path("tree")));
  EXPECT_TRUE(*Exists(*files_, Path("kept/inner")));
  ASSERT_EQ(symlink(Path("kept").c_str(), Path("link").c_str()), 0);
  ASSERT_TRUE(RemoveTree(*files_, Path("link")).ok());
  EXPECT_TRUE(*Exists(*files_, Path("kept/inner")));
}

TEST_F(FilesTest, WhatCannotBeLookedAtIsNotTakenToBeMissing) {
  EXPECT_FALSE(*Exists(*files_, Path("nothing")));
  ASSERT_TRUE(WriteFileAtomically(*files_, Path("file"), "x").ok());
  EXPECT_TRUE(*Exists(*files_, Path("file")));
  EXPECT_FALSE(Exists(*files_, Path("file/below")).ok());
}

TEST_F(FilesTest, DirectoriesAreCreatedDurablyFromTheTop) {
  ASSERT_TRUE(CreateDirectoriesDurably(*files_, Path("x/y/z")).ok());
  ASSERT_TRUE(CreateDirectoriesDurably(*files_, Path("x/y/z")).ok());
  EXPECT_TRUE(files_->Stat(Path("x/y/z"))->is_directory);
  ASSERT_TRUE(WriteFileAtomically(*files_, Path("f"), "").ok());
  EXPECT_FALSE(CreateDirectoriesDurably(*files_, Path("f")).ok());
  EXPECT_FALSE(CreateDirectoriesDurably(*files_, Path("f/g")).ok());
}

TEST_F(FilesTest, ALockIsTakenOnceAndGivenBack) {
  {
    const auto lock = files_->Lock(Path("lock"), "the first holder");
    ASSERT_TRUE(lock.ok()) << lock.status();
    const auto second = files_->Lock(Path("lock"), "the second");
    EXPECT_TRUE(absl::IsUnavailable(second.status())) << second.status();
    EXPECT_EQ(*ReadSmallFile(*files_, Path("lock")), "the first holder");
  }
  ASSERT_TRUE(files_->Lock(Path("lock"), "the next").ok());
  EXPECT_EQ(*ReadSmallFile(*files_, Path("lock")), "the next");
}

TEST_F(FilesTest, AFileWhereADirectoryIsWantedIsAnError) {
  ASSERT_TRUE(WriteFileAtomically(*files_, Path("f"), "").ok());
  EXPECT_FALSE(files_->CreateDirectories(Path("f")).ok());
  EXPECT_FALSE(files_->CreateDirectories(Path("f/g")).ok());
}

}  // namespace
}  // namespace tidemark
