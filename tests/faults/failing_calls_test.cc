// Goal: a fault that is ordered is delivered, to that call alone, and nothing else is counted. If
// the library were not loaded, or looked at the wrong calls, a sweep would find nothing and pass.
// Method: a program whose calls are known (failing_calls_probe.cc), then the real command.

#include <algorithm>
#include <cerrno>
#include <string>

#include "base/status.h"
#include "gtest/gtest.h"
#include "tests/faults/fault_run.h"
#include "tests/support/sanitizers.h"
#include "tests/support/temp_directory.h"

namespace tidemark::faults {
namespace {

class FailingCalls : public ::testing::Test {
 protected:
  void SetUp() override {
    if (kAddressSanitizer || kThreadSanitizer) {
      GTEST_SKIP() << "the sanitizer replaces the same functions";
    }
  }

  // In a new pair of directories, of which calls in `inside` count.
  FaultRun Probe(const Fault& fault) {
    const std::string name = Cat("probe-", ++probes_);
    for (const char* each : {"inside", "outside"}) {
      EXPECT_TRUE(dir_.files().CreateDirectories(Path(name, each)).ok());
    }
    return RunWithFault(
        {RunfilePath("tests/faults/failing_calls.so"), Path(name, "inside"), dir_.Path("ledger")},
        {RunfilePath("tests/faults/failing_calls_probe"), ".", Path(name, "outside")}, fault);
  }
  std::string Path(const std::string& name, const char* each) {
    return JoinPath(dir_.Path(name), each);
  }

  TempDirectory dir_;
  int probes_ = 0;
};

uint64_t CountOf(const FaultRun& run, Call call) { return run.counts[static_cast<size_t>(call)]; }

TEST_F(FailingCalls, CountsWhatIsBelowTheDirectoryAndFailsNothing) {
  const FaultRun run = Probe({.at = 0});
  EXPECT_EQ(run.end.exit_code, 0);
  EXPECT_EQ(run.end.out, "");
  EXPECT_FALSE(run.delivered);
  EXPECT_EQ(CountOf(run, Call::kOpen), 3u);  // open, fopen, opendir
  EXPECT_EQ(CountOf(run, Call::kRead), 3u);  // read, fread, readdir
  EXPECT_EQ(CountOf(run, Call::kSync), 2u);  // fsync, fdatasync
  for (const Call call : {Call::kWrite, Call::kPwrite, Call::kRename, Call::kLink, Call::kUnlink,
                          Call::kTruncate, Call::kMmap, Call::kMkdir, Call::kPread}) {
    EXPECT_EQ(CountOf(run, call), 1u) << kCallNames[static_cast<size_t>(call)];
  }
}

TEST_F(FailingCalls, EachCallCanBeMadeToFailAlone) {
  struct Case {
    Call call;
    uint64_t at;
    const char* function;
  };
  const Case cases[] = {
      {Call::kWrite, 1, "write"},        {Call::kPwrite, 1, "pwrite"}, {Call::kSync, 1, "fsync"},
      {Call::kSync, 2, "fdatasync"},     {Call::kRename, 1, "rename"}, {Call::kLink, 1, "link"},
      {Call::kUnlink, 1, "unlink"},      {Call::kOpen, 2, "fopen"},    {Call::kOpen, 3, "opendir"},
      {Call::kTruncate, 1, "ftruncate"}, {Call::kMmap, 1, "mmap"},     {Call::kMkdir, 1, "mkdir"},
      {Call::kRead, 1, "read"},          {Call::kRead, 2, "fread"},    {Call::kRead, 3, "readdir"},
      {Call::kPread, 1, "pread"},
  };
  for (const Case& each : cases) {
    const FaultRun run = Probe({.call = each.call, .error = ENOSPC, .at = each.at});
    EXPECT_TRUE(run.delivered) << each.function;
    EXPECT_EQ(run.function, each.function);
    EXPECT_NE(run.path.find("/inside"), std::string::npos) << run.path;
    // A link that was not made cannot be renamed either.
    EXPECT_EQ(run.end.out.find(Cat(each.function, " . ENOSPC\n")), 0u) << run.end.out;
    if (each.call != Call::kLink) {
      EXPECT_EQ(std::count(run.end.out.begin(), run.end.out.end(), '\n'), 1) << run.end.out;
    }
  }
}

TEST_F(FailingCalls, AllLaterCallsCanFailToo) {
  const FaultRun run = Probe({.call = Call::kSync, .error = EIO, .at = 1, .and_later = true});
  EXPECT_EQ(run.end.out, "fsync . EIO\nfdatasync . EIO\n");
}

TEST_F(FailingCalls, AFaultBeyondTheLastCallIsNotDelivered) {
  const FaultRun run = Probe({.call = Call::kRename, .error = EIO, .at = 2});
  EXPECT_FALSE(run.delivered);
  EXPECT_EQ(run.end.out, "");
}

}  // namespace
}  // namespace tidemark::faults
