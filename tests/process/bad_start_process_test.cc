// As bad_input_process_test.cc, for how a process is started: descriptors, limits, signals, clock.

#include <signal.h>
#include <unistd.h>

#include "tests/process/bad_input_fixture.h"

namespace tidemark {
namespace {

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

}  // namespace
}  // namespace tidemark
