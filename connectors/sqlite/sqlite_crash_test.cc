// Goal: whatever ends the publishing of an epoch, its rows are in the table once, and what can be
// tried again says so. Methods: a process that dies at the n-th write to the database, for every n;
// a disk that fails or fills up there; a system that cannot read or write it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "connectors/sqlite/sqlite_sink.h"
#include "connectors/sqlite/sqlite_test_support.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

// ---- a file system that fails --------------------------

// SQLite's own, which counts what changes a file and does something else at one of these calls.
struct Faults {
  static constexpr int kDie = -1;

  static inline int calls_left = 0;  // until the fault; none when it is not positive
  static inline int result = 0;  // what that call and all later ones answer; kDie ends the process
  static inline bool struck = false;

  static std::optional<int> Next() {
    if (struck) return result;
    if (calls_left <= 0 || --calls_left > 0) return std::nullopt;
    if (result == kDie) _exit(7);
    struck = true;
    return result;
  }
  static void Arm(int calls, int answer) { calls_left = calls, result = answer, struck = false; }
  static void Disarm() { Arm(0, SQLITE_OK); }
};

struct FaultyFile {
  sqlite3_file base;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
FaultyFile* Of(sqlite3_file* file) { return reinterpret_cast<FaultyFile*>(file); }

template <auto kMethod, class... Args>
int Pass(sqlite3_file* file, Args... args) {
  sqlite3_file* real = Of(file)->real();
  return (real->pMethods->*kMethod)(real, args...);
}
template <auto kMethod, class... Args>
int PassOrFail(sqlite3_file* file, Args... args) {
  if (const auto fault = Faults::Next()) return *fault;
  return Pass<kMethod, Args...>(file, args...);
}
void Barrier(sqlite3_file* file) { Of(file)->real()->pMethods->xShmBarrier(Of(file)->real()); }

using Methods = sqlite3_io_methods;
const Methods kMethods = {
    .iVersion = 2,
    .xClose = Pass<&Methods::xClose>,
    .xRead = Pass<&Methods::xRead, void*, int, sqlite3_int64>,
    .xWrite = PassOrFail<&Methods::xWrite, const void*, int, sqlite3_int64>,
    .xTruncate = PassOrFail<&Methods::xTruncate, sqlite3_int64>,
    .xSync = PassOrFail<&Methods::xSync, int>,
    .xFileSize = Pass<&Methods::xFileSize, sqlite3_int64*>,
    .xLock = Pass<&Methods::xLock, int>,
    .xUnlock = Pass<&Methods::xUnlock, int>,
    .xCheckReservedLock = Pass<&Methods::xCheckReservedLock, int*>,
    .xFileControl = Pass<&Methods::xFileControl, int, void*>,
    .xSectorSize = Pass<&Methods::xSectorSize>,
    .xDeviceCharacteristics = Pass<&Methods::xDeviceCharacteristics>,
    .xShmMap = Pass<&Methods::xShmMap, int, int, int, void volatile**>,
    .xShmLock = Pass<&Methods::xShmLock, int, int, int>,
    .xShmBarrier = Barrier,
    .xShmUnmap = Pass<&Methods::xShmUnmap, int>,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

sqlite3_vfs* real_vfs = nullptr;
sqlite3_vfs faulty_vfs;

int OpenFaulty(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  const int code = real_vfs->xOpen(real_vfs, name, Of(file)->real(), flags, out_flags);
  file->pMethods = Of(file)->real()->pMethods == nullptr ? nullptr : &kMethods;
  return code;
}

// Stands before the system's for the length of a test.
class FaultyDisk {
 public:
  FaultyDisk() {
    real_vfs = sqlite3_vfs_find(nullptr);
    faulty_vfs = *real_vfs;
    faulty_vfs.zName = "faulty";
    faulty_vfs.szOsFile += static_cast<int>(sizeof(FaultyFile));
    faulty_vfs.xOpen = OpenFaulty;
    sqlite3_vfs_register(&faulty_vfs, 1);
  }
  ~FaultyDisk() {
    Faults::Disarm();
    sqlite3_vfs_unregister(&faulty_vfs);
    sqlite3_vfs_register(real_vfs, 1);
  }
};

// ---- a system that fails -------------------------------

// SQLite's calls of the system, of which one and all later ones fail.
struct FailingCalls {
  static inline int calls_left = 0;  // until the first one that fails; none when not positive
  static inline bool struck = false;

  static bool Strikes() {
    if (!struck && (calls_left <= 0 || --calls_left > 0)) return false;
    struck = true;
    errno = EIO;
    return true;
  }
};

ssize_t FailingRead(int fd, void* bytes, size_t n) {
  return FailingCalls::Strikes() ? -1 : read(fd, bytes, n);
}
ssize_t FailingPread(int fd, void* bytes, size_t n, off64_t at) {
  return FailingCalls::Strikes() ? -1 : pread64(fd, bytes, n, at);
}
ssize_t FailingWrite(int fd, const void* bytes, size_t n) {
  return FailingCalls::Strikes() ? -1 : write(fd, bytes, n);
}
ssize_t FailingPwrite(int fd, const void* bytes, size_t n, off64_t at) {
  return FailingCalls::Strikes() ? -1 : pwrite64(fd, bytes, n, at);
}

// Whichever of them this SQLite was built to use.
template <class Function>
sqlite3_syscall_ptr AsCall(Function* function) {
  return reinterpret_cast<sqlite3_syscall_ptr>(function);
}
const std::vector<std::pair<const char*, sqlite3_syscall_ptr>> kReads = {
    {"read", AsCall(FailingRead)},
    {"pread", AsCall(FailingPread)},
    {"pread64", AsCall(FailingPread)}};
const std::vector<std::pair<const char*, sqlite3_syscall_ptr>> kWrites = {
    {"write", AsCall(FailingWrite)},
    {"pwrite", AsCall(FailingPwrite)},
    {"pwrite64", AsCall(FailingPwrite)}};

// Stands between SQLite and the system for the length of a test.
class FailingSystem {
 public:
  explicit FailingSystem(const std::vector<std::pair<const char*, sqlite3_syscall_ptr>>& calls)
      : vfs_(sqlite3_vfs_find(nullptr)) {
    for (const auto& [name, function] : calls) vfs_->xSetSystemCall(vfs_, name, function);
  }
  ~FailingSystem() { vfs_->xSetSystemCall(vfs_, nullptr, nullptr); }
  void FailFrom(int call) { FailingCalls::calls_left = call, FailingCalls::struck = false; }
  // Returns whether a call has failed.
  bool Heal() {
    FailingCalls::calls_left = 0;
    return std::exchange(FailingCalls::struck, false);
  }

 private:
  sqlite3_vfs* const vfs_;
};

// ---- one epoch that is published -----------------------

class SqliteCrashTest : public ConnectorTest {
 protected:
  SqliteTableOptions Options() const {
    return {.path = Path("out.db"), .table = "t", .busy_timeout = absl::Milliseconds(1)};
  }
  absl::StatusOr<std::unique_ptr<SqliteOutput>> Open(const std::optional<Position>& resume,
                                                     bool new_output = false) {
    SinkContext context;
    context.files = files_.get();
    context.run_line = "A";
    context.new_output = new_output;
    return SqliteOutput::Open(Options(), resume, context);
  }
  // Starts anew with `epoch` published and one more committed but not published.
  EpochOutput Prepare() {
    for (const char* end : {"", "-wal", "-shm"}) {
      files_->Remove(Path(Cat("out.db", end))).IgnoreError();  // on purpose: may not be there
    }
    auto output = Open({});
    EXPECT_TRUE(output.ok()) << output.status();
    EXPECT_TRUE((*output)->Add({{"n", int64_t{0}}}).ok());
    const EpochOutput first = (*output)->EndEpoch(Epoch{1});
    OutboxInMemory rows(first.rows);
    EXPECT_TRUE((*output)->Publish(Epoch{1}, rows).ok());
    // Long enough for several pages; a new column, so that the schema changes too.
    for (int64_t n = 1; n <= 20; ++n) {
      EXPECT_TRUE((*output)->Add({{"n", n}, {"text", std::string(1000, 'x')}}).ok());
    }
    return (*output)->EndEpoch(Epoch{2});
  }
  absl::Status OpenAndPublish(const EpochOutput& committed, bool new_output = false) {
    TM_ASSIGN_OR_RETURN(const auto output, Open(committed.position, new_output));
    OutboxInMemory rows(committed.rows);
    return output->Publish(Epoch{2}, rows);
  }
  std::string Rows() {
    return Ask(Path("out.db"), "SELECT count(*), count(DISTINCT n), sum(n) FROM t");
  }

  static constexpr char kBefore[] = "1|1|0";
  static constexpr char kAfter[] = "21|21|210";
};

TEST_F(SqliteCrashTest, AProcessThatDiesAtAnyWriteLeavesAllOfAnEpochOrNothing) {
  const FaultyDisk disk;
  int before = 0, after = 0;
  for (int n = 1;; ++n) {
    SCOPED_TRACE(::testing::Message() << "dies at call " << n);
    const EpochOutput committed = Prepare();
    const pid_t child = fork();
    if (child == 0) {
      Faults::Arm(n, Faults::kDie);
      _exit(OpenAndPublish(committed).ok() ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    const std::string rows = Rows();
    EXPECT_THAT(rows, AnyOf(kBefore, kAfter));
    ++(rows == kBefore ? before : after);
    ASSERT_EQ(OpenAndPublish(committed), absl::OkStatus());
    EXPECT_EQ(Rows(), kAfter);
    if (WEXITSTATUS(status) == 0) break;  // it was through
    ASSERT_EQ(WEXITSTATUS(status), 7);
  }
  EXPECT_GT(before, 5);
  EXPECT_GT(after, 1);
}

// The epoch that was committed and not published goes to the new table, or has gone to the old one
// by a command without the flag; never to both, never to none.
TEST_F(SqliteCrashTest, AProcessThatDiesWhileATableIsBegunAnewLosesAndRepeatsNothing) {
  const FaultyDisk disk;
  const auto rows = [this](const std::string& table) {
    const std::string text = Ask(Path("out.db"), Cat("SELECT n FROM ", table, " ORDER BY n"));
    return text.find("no such table") == text.npos ? text : std::string();
  };
  for (const bool again : {false, true}) {
    for (int n = 1;; ++n) {
      SCOPED_TRACE(::testing::Message() << "dies at call " << n << (again ? ", again" : ""));
      const EpochOutput committed = Prepare();
      const pid_t child = fork();
      if (child == 0) {
        Faults::Arm(n, Faults::kDie);
        _exit(OpenAndPublish(committed, true).ok() ? 0 : 1);
      }
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      ASSERT_TRUE(WIFEXITED(status));
      ASSERT_EQ(OpenAndPublish(committed, again), absl::OkStatus());
      std::string all;
      for (const char* table : {"t_old_1", "t_old_2", "t"}) {
        const std::string some = rows(table);
        all += Cat(all.empty() || some.empty() ? "" : " ", some);
      }
      EXPECT_EQ(all, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20");
      if (WEXITSTATUS(status) == 0) break;  // it was through
      ASSERT_EQ(WEXITSTATUS(status), 7);
    }
  }
}

TEST_F(SqliteCrashTest, ADiskThatFailsOrFillsUpAtAnyWriteIsReportedAndLosesNothing) {
  const FaultyDisk disk;
  for (const int answer : {SQLITE_IOERR_WRITE, SQLITE_FULL}) {
    int reported = 0;
    for (int n = 1;; ++n) {
      SCOPED_TRACE(::testing::Message() << "answers " << answer << " from call " << n);
      const EpochOutput committed = Prepare();
      Faults::Arm(n, answer);
      const absl::Status published = OpenAndPublish(committed);
      const bool struck = Faults::struck;
      Faults::Disarm();
      EXPECT_THAT(Rows(), AnyOf(kBefore, kAfter));
      if (!published.ok()) {
        ++reported;
        EXPECT_EQ(published.code(), answer == SQLITE_FULL ? absl::StatusCode::kResourceExhausted
                                                          : absl::StatusCode::kInternal);
        EXPECT_THAT(Message(published),
                    HasSubstr(answer == SQLITE_FULL ? "out.db: cannot write: the disk is full"
                                                    : "disk I/O error"));
      }
      ASSERT_EQ(OpenAndPublish(committed), absl::OkStatus());
      EXPECT_EQ(Rows(), kAfter);
      if (!struck) break;
    }
    EXPECT_GT(reported, 5);
  }
}

// SQLite itself calls a file malformed that the disk does not give out; a person is called only
// where the bytes are there and are no database.
TEST_F(SqliteCrashTest, ADiskThatCannotBeReadOrWrittenIsNoDamage) {
  for (const auto& calls : {kReads, kWrites}) {
    FailingSystem system(calls);
    int reported = 0;
    for (int n = 1;; ++n) {
      SCOPED_TRACE(::testing::Message() << calls[0].first << " fails from call " << n);
      const EpochOutput committed = Prepare();
      system.FailFrom(n);
      const absl::Status published = OpenAndPublish(committed);
      const bool struck = system.Heal();
      if (!published.ok()) {
        ++reported;
        EXPECT_TRUE(absl::IsInternal(published)) << published;
        EXPECT_THAT(Message(published), HasSubstr("out.db: cannot be read or written: "));
      }
      ASSERT_EQ(OpenAndPublish(committed), absl::OkStatus());
      EXPECT_EQ(Rows(), kAfter);
      if (!struck) break;
    }
    EXPECT_GT(reported, 5);
  }
}

TEST_F(SqliteCrashTest, AFileThatIsReadAndIsMalformedIsDamage) {
  const EpochOutput committed = Prepare();
  ASSERT_EQ(OpenAndPublish(committed), absl::OkStatus());
  ASSERT_EQ(Ask(Path("out.db"), "PRAGMA wal_checkpoint(TRUNCATE)"), "0|0|0");
  std::string bytes = Get("out.db");
  for (size_t at = 100; at < bytes.size(); ++at) bytes[at] = static_cast<char>(at * 31 + 7);
  Put("out.db", bytes);
  EXPECT_TRUE(absl::IsDataLoss(OpenAndPublish(committed)));
  Put("out.db", std::string(bytes.size(), 'x'));
  EXPECT_TRUE(absl::IsFailedPrecondition(OpenAndPublish(committed)));
}

}  // namespace
}  // namespace tidemark
