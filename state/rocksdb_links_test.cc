#include "state/rocksdb_links.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/status.h"
#include "state/rocksdb_store.h"
#include "state/run.h"

namespace tidemark {
namespace {

// A file system without hard links, as FAT says it.
class Linkless final : public rocksdb::FileSystemWrapper {
 public:
  Linkless() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "Linkless"; }
  rocksdb::IOStatus LinkFile(const std::string&, const std::string& to, const rocksdb::IOOptions&,
                             rocksdb::IODebugContext*) override {
    ++asked;
    return rocksdb::IOStatus::IOError("while link file to " + to, "Operation not permitted");
  }
  int asked = 0;
};

SortedRun LargeRun(const std::string& key) {
  RunBuilder rows;
  rows.Put(key, std::string(4096, 'v'));
  std::vector<RunBuilder> builders;
  builders.push_back(std::move(rows));
  return SortedRun::Merge(std::move(builders));
}

class LinksTest : public ::testing::Test {
 protected:
  LinksTest() {
    root_ = JoinPath(::testing::TempDir(),
                     Cat("rocksdb_links_", getpid(), "_",
                         ::testing::UnitTest::GetInstance()->current_test_info()->name()));
    EXPECT_TRUE(files_->CreateDirectories(root_).ok());
  }
  ~LinksTest() override { RemoveTree(*files_, root_).IgnoreError(); }  // a left-over is harmless
  RocksStoreOptions Options(rocksdb::Env* env, const std::string& name) const {
    RocksStoreOptions options;
    options.directory = JoinPath(root_, name);
    options.large_commit_bytes = 1024;
    options.env = env;
    return options;
  }

  const std::unique_ptr<Files> files_ = NewPosixFiles();
  std::string root_;
};

TEST_F(LinksTest, CommitsAndCheckpointsAreCopies) {
  const auto linkless = std::make_shared<Linkless>();
  const auto env = rocksdb::NewCompositeEnv(CopyWhereNoLinks(linkless));
  auto store = OpenRocksStore(Options(env.get(), "store"));
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE((*store)->Commit(LargeRun("a")).ok());
  ASSERT_TRUE((*store)->Checkpoint(JoinPath(root_, "copy")).ok());
  ASSERT_TRUE((*store)->Commit(LargeRun("b")).ok());
  EXPECT_GE(linkless->asked, 2) << "a commit and a checkpoint would link";
  EXPECT_TRUE((*store)->Get("b")->has_value());
  auto copy = OpenRocksStore(Options(env.get(), "copy"));
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_TRUE((*copy)->Get("a")->has_value());
  EXPECT_FALSE((*copy)->Get("b")->has_value());
}

// The manifest names a table that lies in the staging directory only, as after a commit whose sync
// of the manifest failed.
TEST_F(LinksTest, TheTableOfAFailedCommitIsCopiedBack) {
  const auto env = rocksdb::NewCompositeEnv(CopyWhereNoLinks(std::make_shared<Linkless>()));
  RocksStoreOptions options = Options(env.get(), "store");
  options.staging_directory = JoinPath(root_, "staging");
  auto store = OpenRocksStore(options);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE((*store)->Commit(LargeRun("a")).ok());
  store->reset();
  int moved = 0;
  const auto names = files_->List(options.directory);
  ASSERT_TRUE(names.ok()) << names.status();
  for (const std::string& name : *names) {
    if (!name.ends_with(".sst")) continue;
    const std::string staged = JoinPath(options.staging_directory, name);
    ASSERT_TRUE(files_->Rename(JoinPath(options.directory, name), staged).ok());
    ++moved;
  }
  ASSERT_EQ(moved, 1);
  store = OpenRocksStore(options);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE((*store)->Get("a")->has_value());
  const auto left = files_->List(options.staging_directory);
  ASSERT_TRUE(left.ok()) << left.status();
  EXPECT_TRUE(left->empty());
}

// Without the wrapper nothing can be committed there, which is why it exists.
TEST_F(LinksTest, RocksDBAloneFailsWithoutLinks) {
  const auto env = rocksdb::NewCompositeEnv(std::make_shared<Linkless>());
  auto store = OpenRocksStore(Options(env.get(), "store"));
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_FALSE((*store)->Commit(LargeRun("a")).ok());
}

TEST_F(LinksTest, OtherFailuresStayWhatTheyAre) {
  const auto files = CopyWhereNoLinks(rocksdb::FileSystem::Default());
  const rocksdb::IOStatus status =
      files->LinkFile(JoinPath(root_, "nothing"), JoinPath(root_, "x"), {}, nullptr);
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(status.IsNotSupported()) << status.ToString();
}

}  // namespace
}  // namespace tidemark
