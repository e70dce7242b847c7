// What every StateStore promises (state/store.h), tested alike on each implementation and, for
// RocksStore, on either side of the border between small and large commits and across it.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"
#include "base/random.h"
#include "base/status.h"
#include "gtest/gtest.h"
#include "state/memory_store.h"
#include "state/rocksdb_store.h"

namespace tidemark {
namespace {

using std::string_literals::operator""s;
using Rows = std::map<std::string, std::string>;

// What is random here is repeated by TM_SEED=<seed> (bazel: --test_env=TM_SEED=<seed>).
uint64_t Seed() {
  const char* given = std::getenv("TM_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : FreshSeed();
}

struct Kind {
  const char* name;
  bool on_disk;
  size_t large_commit_bytes;
};
constexpr Kind kMemory{"Memory", false, 0};
// Every commit is a table file; some are; only those with very large values are.
constexpr Kind kRocksLarge{"RocksLarge", true, 1};
constexpr Kind kRocksMixed{"RocksMixed", true, 1 << 10};
const Kind kRocksDefault{"RocksDefault", true, RocksStoreOptions().large_commit_bytes};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

Rows ReadAll(const StateReader& store, std::string_view from = {}, std::string_view to = {}) {
  Rows rows;
  std::string last;
  auto cursor = store.Scan(from, to);
  for (; cursor->Valid(); cursor->Next()) {
    EXPECT_TRUE(rows.empty() || last < cursor->key()) << "a cursor walks in key order";
    last = cursor->key();
    rows.emplace(cursor->key(), cursor->value());
  }
  EXPECT_TRUE(cursor->status().ok()) << cursor->status();
  return rows;
}

class StoreContractTest : public testing::TestWithParam<Kind> {
 protected:
  StoreContractTest() {
    const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
    std::string name = test->name();
    for (char& c : name) c = c == '/' ? '_' : c;
    root_ = JoinPath(testing::TempDir(), Cat("store_contract_", getpid(), "_", name));
    EXPECT_TRUE(files_->CreateDirectories(root_).ok());
    Open();
  }
  ~StoreContractTest() override {
    store_.reset();
    EXPECT_TRUE(RemoveTree(*files_, root_).ok());
  }

  RocksStoreOptions Options() const {
    return {.directory = JoinPath(root_, "store"),
            .large_commit_bytes = GetParam().large_commit_bytes,
            .block_cache_bytes = 1 << 20,
            .write_buffer_bytes = 64 << 10};
  }
  void Open() {
    if (!GetParam().on_disk) {
      if (store_ == nullptr) store_ = std::make_unique<MemoryStore>();
      return;
    }
    store_.reset();
    auto opened = OpenRocksStore(Options());
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }
  // A restart of the process; all that a memory store survives is a copy.
  void Reopen() {
    if (GetParam().on_disk) {
      Open();
    } else {
      store_ = static_cast<MemoryStore&>(*store_).Clone();
    }
  }

  void Commit(const std::function<void(RunBuilder&)>& change) {
    std::vector<RunBuilder> builders(1);
    change(builders[0]);
    const absl::Status done = store_->Commit(SortedRun::Merge(std::move(builders)));
    ASSERT_TRUE(done.ok()) << done;
  }
  void Put(std::string_view key, std::string_view value) {
    Commit([&](RunBuilder& run) { run.Put(key, value); });
  }
  // The value, "NOT_FOUND" or the error.
  std::string Get(std::string_view key) const {
    const auto value = store_->Get(key);
    if (!value.ok()) return value.status().ToString();
    return value->value_or("NOT_FOUND");
  }
  Rows All() const { return ReadAll(*store_); }

  const std::unique_ptr<Files> files_ = NewPosixFiles();
  std::string root_;
  std::unique_ptr<StateStore> store_;
};

TEST_P(StoreContractTest, ANewStoreIsEmpty) {
  EXPECT_EQ(All(), Rows());
  EXPECT_EQ(Get("a"), "NOT_FOUND");
  EXPECT_TRUE(store_->MultiGet({}).value().empty());
}

TEST_P(StoreContractTest, LaterCommitsWin) {
  Put("a", "1");
  Put("b", "1");
  Put("a", "2");
  Commit([](RunBuilder& run) { run.Delete("b"); });
  Put("c", "3");
  EXPECT_EQ(All(), (Rows{{"a", "2"}, {"c", "3"}}));
  EXPECT_EQ(Get("a"), "2");
  EXPECT_EQ(Get("b"), "NOT_FOUND");
  Put("b", "4");
  EXPECT_EQ(Get("b"), "4");
}

TEST_P(StoreContractTest, AnEmptyRunChangesNothing) {
  Put("a", "1");
  Commit([](RunBuilder&) {});
  EXPECT_EQ(All(), (Rows{{"a", "1"}}));
}

TEST_P(StoreContractTest, DeletingWhatIsNotThereIsFine) {
  Commit([](RunBuilder& run) {
    run.Delete("a");
    run.DeleteRange("b", "c");
  });
  EXPECT_EQ(All(), Rows());
}

TEST_P(StoreContractTest, ARangeDeletesOlderRowsAndSparesThoseOfItsRun) {
  Commit([](RunBuilder& run) {
    for (const std::string& key : {"a"s, "b"s, "b\0"s, "m"s, "m1"s, "x"s, "y"s})
      run.Put(key, "old");
  });
  Commit([](RunBuilder& run) {
    run.Put("m", "new");
    run.DeleteRange("b", "x");
    run.Put("c", "new");
    run.Delete("m1");
  });
  EXPECT_EQ(All(), (Rows{{"a", "old"}, {"c", "new"}, {"m", "new"}, {"x", "old"}, {"y", "old"}}));
  EXPECT_EQ(Get("b"), "NOT_FOUND");
  EXPECT_EQ(Get("c"), "new");
  // Runs of ranges alone, and rows that come back.
  Commit([](RunBuilder& run) { run.DeleteRange("a", "n"); });
  Put("b", "back");
  Reopen();
  EXPECT_EQ(All(), (Rows{{"b", "back"}, {"x", "old"}, {"y", "old"}}));
}

TEST_P(StoreContractTest, MultiGetAnswersEachKeyInItsPlace) {
  Commit([](RunBuilder& run) {
    for (int i = 0; i < 200; i += 2) run.Put("k" + std::to_string(1000 + i), std::to_string(i));
  });
  Put("k1004", "four");
  Commit([](RunBuilder& run) { run.Delete("k1006"); });
  std::vector<std::string> keys{"", "j"};
  std::vector<std::optional<std::string>> expected{std::nullopt, std::nullopt};
  for (int i = 0; i < 200; ++i) {
    keys.push_back("k" + std::to_string(1000 + i));
    expected.push_back(i % 2 == 0 ? std::optional(std::to_string(i)) : std::nullopt);
  }
  expected[2 + 4] = "four";
  expected[2 + 6] = std::nullopt;
  keys.push_back(keys.back());  // ascending, so a key may be asked for twice
  expected.push_back(expected.back());
  EXPECT_EQ(store_->MultiGet(keys).value(), expected);
  EXPECT_EQ(store_->Stats().gets, keys.size());
}

TEST_P(StoreContractTest, ScanIsHalfOpenAndAnEmptyEndIsTheEnd) {
  Commit([](RunBuilder& run) {
    for (const char* key : {"a", "b", "c", "d"}) run.Put(key, "");
  });
  EXPECT_EQ(ReadAll(*store_, "b", "d"), (Rows{{"b", ""}, {"c", ""}}));
  EXPECT_EQ(ReadAll(*store_, "aa", "c\0"s), (Rows{{"b", ""}, {"c", ""}}));
  EXPECT_EQ(ReadAll(*store_, "c", ""), (Rows{{"c", ""}, {"d", ""}}));
  EXPECT_EQ(ReadAll(*store_, "", "b"), (Rows{{"a", ""}}));
  EXPECT_EQ(ReadAll(*store_, "b", "b"), Rows());
  EXPECT_EQ(ReadAll(*store_, "d", "b"), Rows());
  EXPECT_EQ(ReadAll(*store_, "e", ""), Rows());
}

TEST_P(StoreContractTest, KeysAndValuesHoldAnyByte) {
  const std::string megabyte(1 << 20, '\xa5');
  const std::string long_key(5000, '\xff');
  const Rows rows{{"\0"s, "\0"s},  {"\0\0"s, ""},  {"a\0b"s, "\xff\0\xfe"s},
                  {"a", megabyte}, {"a\xff", "x"}, {long_key, "long key"},
                  {"\xff", "\n"}};
  Commit([&](RunBuilder& run) {
    for (const auto& [key, value] : rows) run.Put(key, value);
  });
  EXPECT_EQ(All(), rows);
  Reopen();
  EXPECT_EQ(All(), rows);
  for (const auto& [key, value] : rows) EXPECT_EQ(Get(key), value);
}

TEST_P(StoreContractTest, ACursorSeesTheStoreAsOfItsScan) {
  Rows before;
  Commit([&](RunBuilder& run) {
    for (int i = 100; i < 400; ++i) {
      before["k" + std::to_string(i)] = std::string(10, 'b');
      run.Put("k" + std::to_string(i), std::string(10, 'b'));
    }
  });
  auto cursor = store_->Scan("", "");
  Rows seen;
  for (int i = 0; i < 100; ++i, cursor->Next()) seen.emplace(cursor->key(), cursor->value());
  // On both sides of the cursor, by a commit that is small and one that is large.
  Commit([](RunBuilder& run) {
    run.Put("k150", "after");
    run.Delete("k350");
  });
  Commit([](RunBuilder& run) {
    run.DeleteRange("k200", "k300");
    for (int i = 300; i < 500; ++i) run.Put("k" + std::to_string(i), std::string(2000, 'a'));
  });
  for (; cursor->Valid(); cursor->Next()) seen.emplace(cursor->key(), cursor->value());
  EXPECT_TRUE(cursor->status().ok());
  EXPECT_EQ(seen, before);
  EXPECT_EQ(All().size(), 300u);
  cursor.reset();
  EXPECT_EQ(Get("k350").size(), 2000u);
}

// Commit n writes n into one of forty slots and into "last", in turns as a small and a large run,
// so the slots tell which commits a reader has seen, also when it has missed one in the middle.
TEST_P(StoreContractTest, ReadersSeeWholeCommitsWhileOneIsUnderWay) {
  constexpr int kSlots = 40;
  constexpr int kCommits = 150;
  std::vector<std::string> keys{"last"};
  for (int i = 0; i < kSlots; ++i) keys.push_back(Cat("slot", 100 + i));
  const auto commit = [&](int n) {
    Commit([&](RunBuilder& run) {
      run.Put("last", std::to_string(n));
      run.Put(keys[1 + n % kSlots], std::to_string(n));
      if (n % 2 == 1) run.Put("padding", std::string(GetParam().large_commit_bytes, 'p'));
    });
  };
  for (int n = 1; n <= kSlots; ++n) commit(n);
  const std::jthread reader([&](std::stop_token stop) {
    int last = kSlots;
    const auto expect_whole_commits = [&](const std::map<std::string, std::string>& rows) {
      ASSERT_EQ(rows.size(), keys.size());
      ASSERT_GE(std::stoi(rows.at("last")), last) << "a reader went back";
      last = std::stoi(rows.at("last"));
      for (int n = last - kSlots + 1; n <= last; ++n) {
        ASSERT_EQ(rows.at(keys[1 + n % kSlots]), std::to_string(n)) << "as of commit " << last;
      }
    };
    while (!stop.stop_requested() && !HasFailure()) {
      Rows scanned = ReadAll(*store_);
      scanned.erase("padding");
      expect_whole_commits(scanned);
      Rows got;
      const auto values = store_->MultiGet(keys).value();
      for (size_t i = 0; i < keys.size(); ++i) got[keys[i]] = values[i].value_or("NOT_FOUND");
      expect_whole_commits(got);
    }
  });
  for (int n = kSlots + 1; n <= kCommits; ++n) commit(n);
}

TEST_P(StoreContractTest, StatsCountCommitsByTheirWay) {
  Put("a", "1");
  Commit([](RunBuilder& run) { run.Put("b", std::string(2 << 20, 'x')); });
  const StoreStats stats = store_->Stats();
  EXPECT_EQ(stats.small_commits + stats.large_commits, 2u);
  if (!GetParam().on_disk) {
    EXPECT_EQ(stats.bytes_on_disk, 0u);
  } else {
    EXPECT_EQ(stats.large_commits, GetParam().large_commit_bytes == 1 ? 2u : 1u);
    EXPECT_GT(stats.bytes_on_disk, 1000u);
  }
}

TEST_P(StoreContractTest, ACheckpointIsTheStoreAsOfTheLastCommit) {
  const std::string directory = JoinPath(root_, "checkpoint");
  Put("a", "1");
  Commit([](RunBuilder& run) { run.Put("b", std::string(3000, 'b')); });
  Put("a", "2");
  const Rows expected = All();
  const absl::Status done = store_->Checkpoint(directory);
  if (!GetParam().on_disk) {
    EXPECT_TRUE(absl::IsUnimplemented(done));
    return;
  }
  ASSERT_TRUE(done.ok()) << done;
  EXPECT_TRUE(absl::IsAlreadyExists(store_->Checkpoint(directory)));
  // The store goes on, and what it does afterwards stays out of the checkpoint.
  Put("a", "3");
  Commit([](RunBuilder& run) { run.DeleteRange("a", "z"); });
  Reopen();
  EXPECT_EQ(All(), Rows());

  RocksStoreOptions options = Options();
  options.directory = directory;
  options.staging_directory = JoinPath(root_, "checkpoint_staging");
  options.read_only = true;
  EXPECT_EQ(ReadAll(*OpenRocksStore(options).value()), expected);
  // And it is a store of its own, whose life the other one does not notice.
  options.read_only = false;
  auto copy = OpenRocksStore(options).value();
  EXPECT_EQ(ReadAll(*copy), expected);
  std::vector<RunBuilder> builders(1);
  builders[0].Put("b", "of the copy");
  EXPECT_TRUE(copy->Commit(SortedRun::Merge(std::move(builders))).ok());
  EXPECT_EQ(All(), Rows());
}

// Keys that lie close together, so that commits overlap and ranges hit.
std::string RandomKey(Random& random) {
  return Cat("k", random.Below(150), std::string(random.Below(2), '\0'), random.Below(2));
}

// Goal: no order of operations, sizes, reopenings and checkpoints tells a store from an ordered
// map.
TEST_P(StoreContractTest, RandomCommitsEqualAnOrderedMap) {
  const uint64_t seed = Seed();
  SCOPED_TRACE("repeat with TM_SEED=" + std::to_string(seed));
  Random random(seed);
  Rows model;
  for (int commit = 0; commit < 250; ++commit) {
    SCOPED_TRACE(Cat("commit ", commit));
    // Deletions of a run first: a row of a run survives its ranges, and here each key is used once.
    std::vector<RunBuilder> builders(1);
    if (random.OneIn(5)) {
      std::string from = RandomKey(random);
      std::string to = RandomKey(random);
      if (to < from) std::swap(from, to);
      builders[0].DeleteRange(from, to);
      model.erase(model.lower_bound(from), model.lower_bound(to));
    }
    for (uint64_t n = random.OneIn(3) ? 1 + random.Below(3) : random.Below(60); n > 0; --n) {
      const std::string key = RandomKey(random);
      if (random.OneIn(4)) {
        builders[0].Delete(key);
        model.erase(key);
      } else {
        size_t bytes = random.Below(40);
        if (random.OneIn(300)) bytes = 400 << 10;
        std::string value(bytes, static_cast<char>(random.Next()));
        builders[0].Put(key, value);
        model[key] = std::move(value);
      }
    }
    ASSERT_TRUE(store_->Commit(SortedRun::Merge(std::move(builders))).ok());
    if (random.OneIn(15)) Reopen();

    if (random.OneIn(10)) {
      ASSERT_EQ(All(), model);
    }
    std::string from = RandomKey(random);
    std::string to = RandomKey(random);
    if (to < from) std::swap(from, to);
    ASSERT_EQ(ReadAll(*store_, from, to), Rows(model.lower_bound(from), model.lower_bound(to)));
    std::vector<std::string> keys;
    for (int i = 0; i < 20; ++i) keys.push_back(RandomKey(random));
    std::sort(keys.begin(), keys.end());
    const auto values = store_->MultiGet(keys).value();
    for (size_t i = 0; i < keys.size(); ++i) {
      const auto found = model.find(keys[i]);
      ASSERT_EQ(values[i].has_value(), found != model.end());
      ASSERT_TRUE(!values[i].has_value() || *values[i] == found->second);
      ASSERT_EQ(Get(keys[i]), values[i].value_or("NOT_FOUND"));
    }
  }
  Reopen();
  ASSERT_EQ(All(), model);
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContractTest,
                         testing::Values(kMemory, kRocksLarge, kRocksMixed, kRocksDefault),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace tidemark
