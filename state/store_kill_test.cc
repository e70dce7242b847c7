// Goal: after a SIGKILL at any moment a store holds exactly the rows of some epoch, and that epoch
// is the last one that was announced as committed, or the one under way.
//
// Method: this program starts itself as a writer, which commits epoch after epoch into one
// directory and announces each through a pipe. What an epoch changes is a function of the seed and
// its number, so the test replays it on an ordered map. It kills the writer after some
// announcements and a random moment more, also while it opens the store or recovers, and compares.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/status.h"
#include "gtest/gtest.h"
#include "state/rocksdb_store.h"
#include "tests/support/test_seed.h"

namespace tidemark {
namespace {

using Rows = std::map<std::string, std::string>;

constexpr char kWriterArgument[] = "--writer";
constexpr char kEpochRecord[] = "epoch";
constexpr int kKills = 200;
constexpr uint64_t kKeys = 4000;
// So that a run can end only by a kill, unless the test has gone.
constexpr uint64_t kMaxEpochsOfAWriter = 1'000'000;

RocksStoreOptions Options(const std::string& root, bool read_only) {
  return {
      .directory = JoinPath(root, "store"),
      .read_only = read_only,
      .large_commit_bytes = 2 << 10,  // most runs are large, some are small
      .block_cache_bytes = 1 << 20,
      .write_buffer_bytes = 64 << 10};  // often full, so flushes and compactions are killed, too
}

std::string Key(uint64_t n) { return Cat("row", 10'000 + n); }

// What `epoch` changes, told to `run` and to `model`; either may be null.
void Change(uint64_t seed, Epoch epoch, RunBuilder* run, Rows* model) {
  Random random(seed ^ epoch.value * 0x9e3779b97f4a7c15u);
  const auto put = [&](const std::string& key, const std::string& value) {
    if (run != nullptr) run->Put(key, value);
    if (model != nullptr) (*model)[key] = value;
  };
  if (random.OneIn(10)) {
    const uint64_t from = random.Below(kKeys);
    const uint64_t to = from + random.Below(200);
    if (run != nullptr) run->DeleteRange(Key(from), Key(to));
    if (model != nullptr) model->erase(model->lower_bound(Key(from)), model->lower_bound(Key(to)));
  }
  for (uint64_t n = random.OneIn(6) ? random.Below(20) : 100 + random.Below(1000); n > 0; --n) {
    const std::string key = Key(random.Below(kKeys));
    if (random.OneIn(5)) {
      if (run != nullptr) run->Delete(key);
      if (model != nullptr) model->erase(key);
    } else {
      put(key, Cat(key, "@", epoch.value, std::string(random.Below(60), 'v')));
    }
  }
  put(kEpochRecord, std::to_string(epoch.value));
}

Epoch EpochOf(const StateReader& store) {
  const auto record = store.Get(kEpochRecord);
  TM_CHECK(record.ok(), "the epoch record can be read");
  return {record->has_value() ? std::strtoull((*record)->c_str(), nullptr, 10) : 0};
}

// The program that is killed. Returns only on a failure.
int RunWriter(const std::string& root, uint64_t seed, int announcements) {
  auto opened = OpenRocksStore(Options(root, /*read_only=*/false));
  if (!opened.ok()) {
    std::fprintf(stderr, "writer: %s\n", opened.status().ToString().c_str());
    return 1;
  }
  Epoch epoch = EpochOf(**opened);
  for (uint64_t n = 0; n < kMaxEpochsOfAWriter; ++n) {
    epoch = epoch.Next();
    std::vector<RunBuilder> builders(1);
    Change(seed, epoch, &builders[0], nullptr);
    if (absl::Status done = (*opened)->Commit(SortedRun::Merge(std::move(builders))); !done.ok()) {
      std::fprintf(stderr, "writer: %s\n", done.ToString().c_str());
      return 1;
    }
    if (write(announcements, &epoch.value, sizeof(epoch.value)) != sizeof(epoch.value)) return 1;
  }
  return 1;
}

class Writer {
 public:
  Writer(const std::string& root, uint64_t seed) {
    int ends[2];
    TM_CHECK(pipe2(ends, O_CLOEXEC) == 0, "a pipe can be made");
    from_writer_ = ends[0];
    const std::string seed_text = std::to_string(seed);
    const std::string fd_text = std::to_string(ends[1]);
    const char* const arguments[] = {"/proc/self/exe",  kWriterArgument, root.c_str(),
                                     seed_text.c_str(), fd_text.c_str(), nullptr};
    pid_ = fork();
    TM_CHECK(pid_ >= 0, "a process can be started");
    if (pid_ == 0) {
      // Between fork and exec only calls that are safe there: this process has had threads.
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      fcntl(ends[1], F_SETFD, 0);
      execv(arguments[0], const_cast<char* const*>(arguments));
      _exit(127);
    }
    close(ends[1]);
  }
  ~Writer() { close(from_writer_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Waits for the next announcement; false at the writer's end.
  bool Read(Epoch& announced) {
    return read(from_writer_, &announced.value, sizeof(announced.value)) == sizeof(announced.value);
  }
  // True when the kill is what ended it.
  bool Kill() {
    kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

 private:
  int from_writer_ = -1;
  pid_t pid_ = -1;
};

// Which epochs the store may hold.
struct Bounds {
  Epoch announced;
  Epoch possible;  // a writer may have committed one more than it could announce
};

// Starts a writer, kills it and learns what it has announced.
void KillOnce(const std::string& root, uint64_t seed, Random& random, Bounds& bounds) {
  Writer writer(root, seed);
  // Without waiting for an announcement the kill meets the start of the process, the opening and
  // the recovery from the kill before; otherwise some point of a commit.
  const uint64_t announcements = random.OneIn(5) ? 0 : 1 + random.Below(8);
  for (uint64_t n = 0; n < announcements; ++n) ASSERT_TRUE(writer.Read(bounds.announced));
  const uint64_t pause_us = random.Below(announcements == 0 ? 40'000 : 6'000);
  usleep(static_cast<useconds_t>(pause_us));  // tidy: allowed, a real process is what is tested
  ASSERT_TRUE(writer.Kill()) << "the writer ended by itself";
  while (writer.Read(bounds.announced)) {
  }
  bounds.possible = std::max(bounds.possible, bounds.announced).Next();
}

// `model` is the store as of `model_epoch`; both are brought forward to the store's epoch.
void ExpectEpoch(const StateReader& store, uint64_t seed, const Bounds& bounds, Epoch& model_epoch,
                 Rows& model) {
  const Epoch epoch = EpochOf(store);
  ASSERT_GE(epoch, bounds.announced) << "an announced epoch is gone";
  ASSERT_LE(epoch, bounds.possible) << "an epoch from nowhere";
  while (model_epoch < epoch) {
    model_epoch = model_epoch.Next();
    Change(seed, model_epoch, nullptr, &model);
  }
  auto cursor = store.Scan("", "");
  auto expected = model.begin();
  for (; cursor->Valid() && expected != model.end(); cursor->Next(), ++expected) {
    ASSERT_EQ(cursor->key(), expected->first) << "at epoch " << epoch.value;
    ASSERT_EQ(cursor->value(), expected->second) << "at epoch " << epoch.value;
  }
  ASSERT_TRUE(cursor->status().ok()) << cursor->status();
  ASSERT_FALSE(cursor->Valid()) << "a row too many: " << cursor->key();
  ASSERT_TRUE(expected == model.end()) << "a row is missing: " << expected->first;
}

TEST(StoreKillTest, HoldsExactlyTheRowsOfALastEpochAfterEveryKill) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(HowToRepeat(seed));
  Random random(seed);
  const auto files = NewPosixFiles();
  const std::string root = JoinPath(testing::TempDir(), Cat("store_kill_", getpid()));
  ASSERT_TRUE(files->CreateDirectories(root).ok());

  Rows model;
  Epoch model_epoch;
  Bounds bounds;
  for (int i = 0; i < kKills && !HasFailure(); ++i) {
    SCOPED_TRACE(Cat("kill ", i));
    KillOnce(root, seed, random, bounds);
    if (HasFailure()) break;
    // Now and then the next writer finds what the kill left, and not what our opening has tidied.
    if (i + 1 < kKills && random.OneIn(3)) continue;
    if (bounds.announced.value > 0 && random.OneIn(3)) {
      auto reader = OpenRocksStore(Options(root, /*read_only=*/true));
      ASSERT_TRUE(reader.ok()) << reader.status();
      ExpectEpoch(**reader, seed, bounds, model_epoch, model);
    }
    auto store = OpenRocksStore(Options(root, /*read_only=*/false));
    ASSERT_TRUE(store.ok()) << store.status();
    ExpectEpoch(**store, seed, bounds, model_epoch, model);
    EXPECT_EQ(files->List(JoinPath(root, "staging")).value(), std::vector<std::string>());
    // An epoch that was under way, and is there, is committed from here on.
    bounds.announced = bounds.possible = EpochOf(**store);
  }
  std::printf("%d kills, %llu epochs, %zu rows\n", kKills,
              static_cast<unsigned long long>(model_epoch.value), model.size());
  EXPECT_TRUE(RemoveTree(*files, root).ok());
}

}  // namespace
}  // namespace tidemark

int main(int argc, char** argv) {
  if (argc == 5 && std::strcmp(argv[1], tidemark::kWriterArgument) == 0) {
    return tidemark::RunWriter(argv[2], std::strtoull(argv[3], nullptr, 10), std::atoi(argv[4]));
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
