// What is particular to RocksStore: opening, reading beside a writer, damage, full disks and the
// staging directory. What every store does is in store_contract_test.cc.
#include "state/rocksdb_store.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/env.h"
#include "rocksdb/file_system.h"

namespace tidemark {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Rows = std::map<std::string, std::string>;

// One row of this size makes a commit large.
constexpr size_t kLarge = 1 << 10;

class RocksStoreTest : public testing::Test {
 protected:
  RocksStoreTest() {
    root_ = JoinPath(testing::TempDir(),
                     Cat("rocksdb_store_", getpid(), "_",
                         testing::UnitTest::GetInstance()->current_test_info()->name()));
    options_ = {.directory = JoinPath(root_, "store"),
                .large_commit_bytes = kLarge,
                .block_cache_bytes = 1 << 20};
    EXPECT_TRUE(files_->CreateDirectories(root_).ok());
  }
  ~RocksStoreTest() override {
    store_.reset();
    EXPECT_TRUE(RemoveTree(*files_, root_).ok());
  }

  absl::Status TryOpen() {
    store_.reset();
    auto opened = OpenRocksStore(options_);
    if (opened.ok()) store_ = *std::move(opened);
    return opened.status();
  }
  void Open() {
    const absl::Status opened = TryOpen();
    ASSERT_TRUE(opened.ok()) << opened;
  }
  std::unique_ptr<StateStore> OpenReader() const {
    RocksStoreOptions options = options_;
    options.read_only = true;
    return OpenRocksStore(options).value();
  }

  absl::Status TryPut(StateStore& store, std::string_view key, std::string_view value) {
    std::vector<RunBuilder> builders(1);
    builders[0].Put(key, value);
    return store.Commit(SortedRun::Merge(std::move(builders)));
  }
  void Put(std::string_view key, std::string_view value) {
    const absl::Status done = TryPut(*store_, key, value);
    ASSERT_TRUE(done.ok()) << done;
  }
  static absl::Status TryReadAll(const StateReader& store, Rows& rows) {
    auto cursor = store.Scan("", "");
    for (; cursor->Valid(); cursor->Next()) rows.emplace(cursor->key(), cursor->value());
    return cursor->status();
  }
  static Rows All(const StateReader& store) {
    Rows rows;
    const absl::Status read = TryReadAll(store, rows);
    EXPECT_TRUE(read.ok()) << read;
    return rows;
  }

  std::vector<std::string> ListStore() const { return files_->List(options_.directory).value(); }
  // The one file of the store whose name fits, with its path.
  std::string TheFile(const std::function<bool(std::string_view)>& fits) const {
    std::vector<std::string> found;
    for (const std::string& name : ListStore()) {
      if (fits(name)) found.push_back(JoinPath(options_.directory, name));
    }
    EXPECT_EQ(found.size(), 1u);
    return found.empty() ? "" : found[0];
  }
  std::string TheTable() const {
    return TheFile([](std::string_view name) { return name.find(".sst") != name.npos; });
  }
  std::string TheLog() const {
    return TheFile([](std::string_view name) { return name.find(".log") != name.npos; });
  }
  void Rewrite(const std::string& path, const std::function<void(std::string&)>& change) {
    std::string bytes = ReadSmallFile(*files_, path).value();
    change(bytes);
    ASSERT_TRUE(WriteFileAtomically(*files_, path, bytes).ok());
  }
  void FlipByte(const std::string& path, size_t at) {
    Rewrite(path, [at](std::string& bytes) {
      ASSERT_LT(at, bytes.size());
      bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    });
  }

  const std::unique_ptr<Files> files_ = NewPosixFiles();
  std::string root_;
  RocksStoreOptions options_;
  std::unique_ptr<StateStore> store_;
};

const std::string kLargeValue(kLarge, 'v');

// ---- opening ---------------------------------------------------------------------------------

TEST_F(RocksStoreTest, WhereNoStoreIsNoneIsMadeUnlessWanted) {
  options_.create_if_missing = false;
  const absl::Status missing = TryOpen();
  EXPECT_TRUE(absl::IsNotFound(missing)) << missing;
  EXPECT_THAT(std::string(missing.message()), StartsWith(options_.directory));
  options_.create_if_missing = true;
  options_.read_only = true;
  EXPECT_TRUE(absl::IsNotFound(TryOpen()));
  EXPECT_TRUE(absl::IsNotFound(files_->Stat(options_.directory).status()));
}

TEST_F(RocksStoreTest, AMissingParentIsNotFound) {
  options_.directory = JoinPath(root_, "no/such/store");
  const absl::Status opened = TryOpen();
  EXPECT_TRUE(absl::IsNotFound(opened)) << opened;
}

TEST_F(RocksStoreTest, IsOpenForWritingOnceOnly) {
  Open();
  const absl::Status second = OpenRocksStore(options_).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(second)) << second;
  EXPECT_EQ(second.message(), options_.directory +
                                  ": cannot open the store: it is open already, in "
                                  "this process or another; stop that run first");
  Put("a", "1");
}

TEST_F(RocksStoreTest, LeavesNoLogOfRocksDbItself) {
  Open();
  Put("a", kLargeValue);
  EXPECT_THAT(ListStore(), Not(testing::Contains(StartsWith("LOG"))));
}

// ---- reading beside a writer -----------------------------------------------------------------

TEST_F(RocksStoreTest, AReaderSeesWhatWasCommittedWhenItOpenedAndWritesNothing) {
  Open();
  Put("a", "in the log");
  Put("b", kLargeValue);
  Put("c", "in the log");
  const std::vector<std::string> before = ListStore();
  auto reader = OpenReader();
  EXPECT_EQ(ListStore(), before);
  Put("a", "later");
  Put("d", kLargeValue);
  const Rows expected{{"a", "in the log"}, {"b", kLargeValue}, {"c", "in the log"}};
  EXPECT_EQ(All(*reader), expected);
  EXPECT_EQ(reader->MultiGet({"a", "d"}).value(),
            (std::vector<std::optional<std::string>>{"in the log", std::nullopt}));
  EXPECT_TRUE(absl::IsFailedPrecondition(TryPut(*reader, "e", "")));
  EXPECT_TRUE(absl::IsFailedPrecondition(reader->Checkpoint(JoinPath(root_, "checkpoint"))));
  // What it reads stays readable when the writer compacts the files away, and without the writer.
  for (int i = 0; i < 40; ++i) Put("b" + std::to_string(i % 2), kLargeValue);
  store_.reset();
  EXPECT_EQ(All(*reader), expected);
}

// Goal: a reader that opens while commits happen sees the first of them up to some point, and no
// other. Method: commit n writes n into "last" and into one of seven slots, so the slots tell which
// commits a reader has seen, also when it has missed one in the middle. Each opening meets a burst
// of commits, of which every third is large.
TEST_F(RocksStoreTest, ReadersOpenAtWholeCommitsWhileAWriterCommits) {
  constexpr int kSlots = 7;
  constexpr int kOpenings = 100;
  Open();
  std::atomic<int> bursts_asked = 0;
  std::atomic<int> committed = 0;
  std::jthread writer([&](std::stop_token stop) {
    int n = 0;
    for (int burst = 1; burst <= kOpenings; ++burst) {
      while (bursts_asked < burst) {
        if (stop.stop_requested()) return;
        std::this_thread::yield();
      }
      for (int i = 0; i <= burst % 16; ++i) {
        std::vector<RunBuilder> builders(1);
        builders[0].Put("last", std::to_string(++n));
        builders[0].Put(Cat("slot", n % kSlots), std::to_string(n));
        if (n % 3 == 0) builders[0].Put("padding", kLargeValue);
        const absl::Status commit = store_->Commit(SortedRun::Merge(std::move(builders)));
        ASSERT_TRUE(commit.ok()) << commit;
        committed = n;
      }
    }
  });
  for (int i = 0; i < kOpenings; ++i) {
    ++bursts_asked;
    const int at_least = committed;
    Rows rows = All(*OpenReader());
    const int last = rows.empty() ? 0 : std::stoi(rows["last"]);
    ASSERT_GE(last, at_least);
    for (int n = std::max(1, last - kSlots + 1); n <= last; ++n) {
      ASSERT_EQ(rows[Cat("slot", n % kSlots)], std::to_string(n)) << "as of commit " << last;
    }
  }
}

// ---- damage ----------------------------------------------------------------------------------

TEST_F(RocksStoreTest, AFlippedByteInATableIsDataLossThatNamesTheFile) {
  Open();
  Put("a", kLargeValue);
  store_.reset();
  const std::string table = TheTable();
  FlipByte(table, 10);
  Open();  // tables are read when they are needed
  const absl::Status got = store_->Get("a").status();
  EXPECT_TRUE(absl::IsDataLoss(got)) << got;
  EXPECT_THAT(std::string(got.message()),
              AllOf(StartsWith(options_.directory + ": cannot read a row: "), HasSubstr(table),
                    EndsWith("resume from a snapshot"), Not(HasSubstr("\n"))));
  Rows rows;
  EXPECT_TRUE(absl::IsDataLoss(TryReadAll(*store_, rows)));
  EXPECT_TRUE(absl::IsDataLoss(store_->MultiGet({"a"}).status()));
}

TEST_F(RocksStoreTest, AMissingOrShortTableIsDataLossThatNamesIt) {
  Open();
  Put("a", kLargeValue);
  store_.reset();
  const std::string table = TheTable();
  const std::string name = table.substr(table.rfind('/') + 1);
  Rewrite(table, [](std::string& bytes) { bytes.resize(bytes.size() - 1); });
  absl::Status opened = TryOpen();
  EXPECT_TRUE(absl::IsDataLoss(opened)) << opened;
  EXPECT_THAT(std::string(opened.message()), HasSubstr(name));
  ASSERT_TRUE(files_->Remove(table).ok());
  opened = TryOpen();
  EXPECT_TRUE(absl::IsDataLoss(opened)) << opened;
  EXPECT_THAT(std::string(opened.message()), HasSubstr(name));
}

TEST_F(RocksStoreTest, DamageOfTheManifestIsDataLoss) {
  Open();
  Put("a", kLargeValue);
  store_.reset();
  FlipByte(TheFile([](std::string_view name) { return name.substr(0, 8) == "MANIFEST"; }), 60);
  const absl::Status opened = TryOpen();
  EXPECT_TRUE(absl::IsDataLoss(opened)) << opened;
  EXPECT_THAT(std::string(opened.message()), HasSubstr("MANIFEST-0"));
}

TEST_F(RocksStoreTest, WithoutItsFileCurrentAStoreIsDamagedAndNotEmpty) {
  Open();
  Put("a", kLargeValue);
  store_.reset();
  ASSERT_TRUE(files_->Remove(JoinPath(options_.directory, "CURRENT")).ok());
  const absl::Status opened = TryOpen();
  EXPECT_TRUE(absl::IsDataLoss(opened)) << opened;
  EXPECT_THAT(std::string(opened.message()), HasSubstr("CURRENT"));
  options_.read_only = true;
  EXPECT_TRUE(absl::IsDataLoss(TryOpen()));
}

TEST_F(RocksStoreTest, ATornEndOfTheLogIsACommitThatNeverWas) {
  Open();
  Put("a", "1");
  Put("b", "2");
  store_.reset();
  Rewrite(TheLog(), [](std::string& bytes) { bytes.resize(bytes.size() - 3); });
  Open();
  EXPECT_EQ(All(*store_), (Rows{{"a", "1"}}));
}

TEST_F(RocksStoreTest, DamageInTheMiddleOfTheLogIsDataLossAndNotAnOlderEpoch) {
  Open();
  Put("a", std::string(kLarge / 2, '1'));
  Put("b", std::string(kLarge / 2, '2'));
  store_.reset();
  FlipByte(TheLog(), 200);
  const absl::Status opened = TryOpen();
  EXPECT_TRUE(absl::IsDataLoss(opened)) << opened;
  EXPECT_THAT(std::string(opened.message()), HasSubstr(".log"));
}

// ---- staging ---------------------------------------------------------------------------------

TEST_F(RocksStoreTest, StagingIsEmptiedAtOpenOfTablesOnly) {
  Open();
  const std::string staging = JoinPath(root_, "staging");
  ASSERT_TRUE(WriteFileAtomically(*files_, JoinPath(staging, "left.sst"), "x").ok());
  ASSERT_TRUE(WriteFileAtomically(*files_, JoinPath(staging, "note"), "x").ok());
  OpenReader();
  EXPECT_EQ(files_->List(staging).value(), (std::vector<std::string>{"left.sst", "note"}));
  Open();
  EXPECT_EQ(files_->List(staging).value(), (std::vector<std::string>{"note"}));
  Put("a", kLargeValue);
  EXPECT_EQ(files_->List(staging).value(), (std::vector<std::string>{"note"}));
}

// A kill between link and removal leaves a staging name that is one file with a committed table.
TEST_F(RocksStoreTest, AStagingNameThatIsATableIsNotWrittenTo) {
  options_.staging_salt = 7;
  Open();
  Put("a", kLargeValue);
  const std::string table = TheTable();
  for (int n = 0; n < 4; ++n) {
    const std::string staged = JoinPath(root_, Cat("staging/0000000000000007-", n, ".sst"));
    ASSERT_EQ(link(table.c_str(), staged.c_str()), 0);
  }
  Put("b", kLargeValue + "2");
  Put("c", kLargeValue + "3");
  Open();
  EXPECT_EQ(All(*store_),
            (Rows{{"a", kLargeValue}, {"b", kLargeValue + "2"}, {"c", kLargeValue + "3"}}));
}

TEST_F(RocksStoreTest, ACheckpointKeepsItsRowsThroughLaterCommitsAndCompactions) {
  Open();
  Put("a", kLargeValue);
  const std::string directory = JoinPath(root_, "checkpoint");
  ASSERT_TRUE(store_->Checkpoint(directory).ok());
  for (int i = 0; i < 40; ++i) Put("a", kLargeValue + std::to_string(i));
  options_.directory = directory;
  EXPECT_EQ(All(*OpenReader()), (Rows{{"a", kLargeValue}}));
}

// ---- full and failing disks ------------------------------------------------------------------

// A disk that is full from some moment on.
class FullDisk final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "FullDisk"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    const rocksdb::IOStatus opened = target()->NewWritableFile(path, options, file, debug);
    if (opened.ok()) *file = std::make_unique<File>(std::move(*file), full);
    return opened;
  }

  std::atomic<bool> full = false;

 private:
  class File final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSWritableFile>&& file, const std::atomic<bool>& full)
        : FSWritableFileOwnerWrapper(std::move(file)), full_(full) {}
    using FSWritableFileOwnerWrapper::Append;
    rocksdb::IOStatus Append(const rocksdb::Slice& bytes, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
      if (full_) return rocksdb::IOStatus::NoSpace("write");
      return FSWritableFileOwnerWrapper::Append(bytes, options, debug);
    }

   private:
    const std::atomic<bool>& full_;
  };
};

TEST_F(RocksStoreTest, AFullDiskRefusesACommitWhollyAndAllThatFollow) {
  for (const bool large : {false, true}) {
    const auto disk = std::make_shared<FullDisk>(rocksdb::FileSystem::Default());
    const auto env = rocksdb::NewCompositeEnv(disk);
    options_.env = env.get();
    Open();
    Put("a", large ? "before the large one" : "before the small one");
    const Rows before = All(*store_);
    disk->full = true;
    const absl::Status full = TryPut(*store_, "b", large ? kLargeValue : "small");
    EXPECT_TRUE(absl::IsResourceExhausted(full)) << full;
    EXPECT_THAT(std::string(full.message()), HasSubstr("free some space"));
    disk->full = false;
    // The next one could become durable without the one before it.
    const absl::Status next = TryPut(*store_, "c", "");
    EXPECT_TRUE(absl::IsFailedPrecondition(next)) << next;
    EXPECT_TRUE(absl::IsFailedPrecondition(store_->Checkpoint(JoinPath(root_, "checkpoint"))));
    Open();
    EXPECT_EQ(All(*store_), before);
    store_.reset();
    options_.env = nullptr;
  }
}

TEST_F(RocksStoreTest, WithoutItsStagingDirectoryALargeCommitFailsAndNamesIt) {
  Open();
  Put("a", "1");
  ASSERT_TRUE(RemoveTree(*files_, JoinPath(root_, "staging")).ok());
  const absl::Status done = TryPut(*store_, "b", kLargeValue);
  EXPECT_TRUE(absl::IsNotFound(done)) << done;
  EXPECT_THAT(std::string(done.message()), HasSubstr("staging"));
  Open();
  EXPECT_EQ(All(*store_), (Rows{{"a", "1"}}));
  Put("b", kLargeValue);
}

}  // namespace
}  // namespace tidemark
