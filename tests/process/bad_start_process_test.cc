// As bad_input_process_test.cc, for how a process is started: descriptors, limits, signals, clock.

#include <signal.h>
#include <unistd.h>

#include "tests/process/bad_input_fixture.h"
#include "tests/support/sanitizers.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using BadStart = BadInput;

// ---- closed descriptors ----------------------------------------

// Goal: nothing that is said or stored goes into another file, whichever of 0 to 2 are closed.
TEST_F(BadStart, ClosedDescriptorsAreNotTakenForFiles) {
  const std::string whole = Undisturbed();
  for (const char* closed : {"<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"}) {
    SCOPED_TRACE(closed);
    const auto end = Shell(Cat("exec \"$T\" run job.yaml --fresh ", closed));
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(Read(kOutput), whole);
    EXPECT_THAT(Read("out/job.state/LOCK"), StartsWith("process "));
    EXPECT_EQ(Read("out/job.state/LOCK").find('\n'), std::string::npos);
    EXPECT_EQ(Command({"verify", kState}).exit_code, 0);
  }
}

TEST_F(BadStart, ASourceOnAClosedStandardInputIsRefused) {
  Write("job.yaml", JobWith("{file: in.jsonl}", "stdin"));
  ExpectRefused(Shell("exec \"$T\" run job.yaml <&-"), kFailed,
                {"step 'source': standard input: cannot be read, it was closed", "</dev/null"});
  EXPECT_FALSE(Exists(kOutput));
  EXPECT_EQ(Shell("exec \"$T\" run job.yaml < in.jsonl").exit_code, 0);
  EXPECT_EQ(Read(kOutput), Undisturbed());
}

TEST_F(BadStart, ASinkOnAClosedStandardOutputIsRefused) {
  Write("job.yaml", JobWith("{file: out/job.jsonl}", "stdout"));
  ExpectRefused(Shell("exec \"$T\" run job.yaml --quiet >&-"), kFailed,
                {"step 'sink': standard output: cannot be written, it was closed", ">/dev/null"});
  const auto end = Shell("exec \"$T\" run job.yaml --quiet");
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_EQ(end.out, Undisturbed()) << "the refused start has committed nothing";
}

// ---- limits ----------------------------------------

// One line for whatever was missing, exit code 1, and the same command finishes.
void ExpectFailedFor(const ChildProcess::End& end, const char* what) {
  EXPECT_EQ(end.exit_code, 1) << "signal " << end.signal << "\n" << end.err;
  EXPECT_THAT(end.err, HasSubstr(what));
  EXPECT_THAT(end.err, Not(HasSubstr("internal error")));
  EXPECT_EQ(end.err.find('\n'), end.err.size() - 1) << "not exactly one line:\n" << end.err;
}

// Goal: at whatever point descriptors run out, it is said. Method: every limit until one is enough.
TEST_F(BadStart, TooFewDescriptorsAreSaid) {
  if (kAddressSanitizer || kThreadSanitizer)
    GTEST_SKIP() << "a sanitizer has descriptors of its own";
  constexpr int kNotLoaded = 127;  // before the program begins its libraries are opened
  bool enough = false;
  for (int limit = 4; !enough && limit < 64; ++limit) {
    SCOPED_TRACE(limit);
    const auto end = Shell(Cat("ulimit -n ", limit, "; exec \"$T\" run job.yaml --quiet"));
    if (end.exit_code == kNotLoaded) continue;
    enough = end.exit_code == 0;
    if (!enough) ExpectFailedFor(end, "Too many open files");
  }
  EXPECT_TRUE(enough);
  ExpectTheSameCommandFinishes();
}

TEST_F(BadStart, ThreadsThatCannotBeStartedAreSaid) {
  if (kAddressSanitizer || kThreadSanitizer) GTEST_SKIP() << "a sanitizer starts threads, too";
  const std::string preload = Cat("LD_PRELOAD=", RunfilePath("tests/process/failing_thread.so"));
  bool enough = false;
  for (int thread = 1; !enough && thread < 64; ++thread) {
    SCOPED_TRACE(thread);
    const auto end = Shell(
        Cat("export FAIL_THREAD=", thread, " ", preload, "; exec \"$T\" run job.yaml --quiet"));
    enough = end.exit_code == 0;
    if (!enough) ExpectFailedFor(end, "(ulimit -u)");
  }
  EXPECT_TRUE(enough);
  ExpectTheSameCommandFinishes();
}

TEST_F(BadStart, AFileThatMayNotGrowIsAnError) {
  // In blocks of 512 bytes: RocksDB's first files, and then those of the job.
  for (const int limit : {1, 2, 4}) {
    SCOPED_TRACE(limit);
    const auto end = Shell(Cat("ulimit -f ", limit, "; exec \"$T\" run job.yaml --quiet"));
    ExpectFailedFor(end, "File too large");
    EXPECT_THAT(end.err, HasSubstr("(ulimit -f)"));
  }
  ExpectTheSameCommandFinishes();
}

TEST_F(BadStart, ATableThatMayNotGrowIsAnError) {
  Write("job.yaml", JobWith("{file: out/job.jsonl}", "{sqlite: {file: out/job.db, table: t}}"));
  const auto end = Shell("ulimit -f 16; exec \"$T\" run job.yaml --quiet");
  ExpectFailedFor(end, "out/job.db: cannot write: ");
  EXPECT_EQ(Run().exit_code, 0);
}

// ---- signals and clocks ----------------------------------------

// Goal: whoever asks for a snapshot never ends a process that has none to give. Method: signals
// without a pause, from the program's first instruction of ours to its end. Before that the signal
// is the system's, which is seen in /proc: bit 9 of what is ignored or caught.
TEST_F(BadStart, ARequestForASnapshotEndsNoVerb) {
  for (const char* words :
       {"run job.yaml --fresh --quiet", "verify out/job.state", "validate job.yaml"}) {
    SCOPED_TRACE(words);
    const auto end = Shell(Cat("\"$T\" ", words, R"( > said & p=$!
      until grep -Eq 'Sig(Ign|Cgt):.*[2367abef]..$' /proc/$p/status; do kill -0 $p || break; done
      i=0
      while [ $i -lt 20000 ] && kill -USR1 $p 2> /dev/null; do i=$((i + 1)); done
      wait $p)"));
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(end.err, "");
  }
}

TEST_F(BadStart, AClockBefore1970IsAClock) {
  const std::string early =
      Cat("export CLOCK_BEHIND=2500000000 LD_PRELOAD=", RunfilePath("tests/process/early_clock.so"),
          "; ");
  const auto end = Shell(early + "exec \"$T\" run job.yaml --quiet");
  EXPECT_EQ(end.exit_code, 0) << "signal " << end.signal << "\n" << end.err;
  EXPECT_EQ(Read(kOutput), Undisturbed());
  EXPECT_EQ(Shell(early + "exec \"$T\" verify out/job.state").exit_code, 0);
  ExpectTheSameCommandFinishes();
}

}  // namespace
}  // namespace tidemark
