// A state directory that was copied, moved, or is reached by another name: whose line of runs goes
// on there.

#include <unistd.h>

#include <memory>
#include <string>

#include "base/status.h"
#include "recovery/state_directory.h"
#include "recovery/test_support.h"

namespace tidemark {
namespace {

class CopiedStateTest : public RecoveryTest {
 protected:
  void MakeOriginal() {
    Open();
    Commit(1);
    Open();  // which reads the line that the epoch's record names
    ASSERT_TRUE(directory_->Committed({1}).ok());
    directory_.reset();
  }
};

// Two states of one line would each take the other's output for their own.
TEST_F(CopiedStateTest, ACopyBesideItsOriginalBeginsALineOfItsOwn) {
  MakeOriginal();
  const std::string copy = Path("copy");
  CopyTree(state(), copy);
  StateDirectory::Options options{.directory = copy};
  int lines = 0;
  options.new_line = [&] { return Cat("own", ++lines); };
  for (int start = 0; start < 2; ++start) {  // the first one dies before it commits
    auto opened = StateDirectory::Open(files(), options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ((*opened)->record(), RecordOf(1));
    EXPECT_EQ((*opened)->run_line(), "own1");
    EXPECT_TRUE((*opened)->begins());
    EXPECT_EQ((*opened)->CommittedEpoch(), 0u);
    if (start == 0) continue;
    EpochRecord record = RecordOf(2);
    record.run_line = (*opened)->run_line();
    ASSERT_TRUE(CommitEpoch((*opened)->store(), record, {}).ok());
    ASSERT_TRUE((*opened)->Committed({2}).ok());
  }
  EXPECT_FALSE(Exists(JoinPath(copy, "START")));
  const auto again = StateDirectory::Open(files(), options);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->run_line(), "own1");
  EXPECT_FALSE((*again)->begins());
  Open();
  EXPECT_EQ(directory_->run_line(), RecordOf(1).run_line);
  EXPECT_FALSE(directory_->begins());
}

// Going back must not make it forget of what it is a copy.
TEST_F(CopiedStateTest, ACopyThatIsDamagedIsACopyAllTheSame) {
  MakeOriginal();
  const std::string copy = Path("copy");
  CopyTree(state(), copy);
  ASSERT_TRUE(RemoveTree(files(), StorePath(copy)).ok());
  ASSERT_TRUE(files().CreateDirectories(StorePath(copy)).ok());
  Append(JoinPath(StorePath(copy), "CURRENT"), "nothing\n");
  StateDirectory::Options options{.directory = copy};
  options.new_line = [] { return "own"; };
  options.on_damaged = [&](const absl::Status&) {
    EXPECT_TRUE(RemoveTree(files(), StorePath(copy)).ok());
    CopyTree(StorePath(state()), StorePath(copy));  // stands for the snapshot
    return absl::OkStatus();
  };
  for (int start = 0; start < 2; ++start) {
    const auto opened = StateDirectory::Open(files(), options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ((*opened)->run_line(), "own");
    EXPECT_EQ((*opened)->went_back_from(), 1u);
  }
}

TEST_F(CopiedStateTest, AStateThatWasMovedOrIsReachedByALinkIsNoCopy) {
  MakeOriginal();
  const auto expect_no_copy = [&](const std::string& path) {
    const auto opened = StateDirectory::Open(files(), {.directory = path});
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ((*opened)->run_line(), RecordOf(1).run_line);
    EXPECT_FALSE((*opened)->begins());
  };
  const std::string link = Path("link");
  ASSERT_EQ(symlink(state().c_str(), link.c_str()), 0);
  expect_no_copy(link);
  const std::string moved = Path("moved");
  ASSERT_TRUE(files().Rename(state(), moved).ok());
  expect_no_copy(moved);
  // Another state has the place.
  ASSERT_TRUE(files().CreateDirectories(StorePath(state())).ok());
  expect_no_copy(moved);
}

}  // namespace
}  // namespace tidemark
