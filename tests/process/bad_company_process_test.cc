// As bad_input_process_test.cc, for what comes from other processes: other runs, readers that go
// away, signals.

#include <sys/stat.h>
#include <unistd.h>

#include "tests/process/bad_input_fixture.h"
#include "tests/support/sanitizers.h"

namespace tidemark {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using BadState = BadInput;
using BadOutput = BadInput;

TEST_F(BadState, ASecondRunIsKeptOutAndTheFirstGoesOn) {
  ChildProcess first(RunWords({"--rate", "20", "--epoch", "10ms"}), {.directory = dir_.path()});
  WaitUntilCommitted(first);
  ExpectRefused(Run(), kFailed,
                {"out/job.state: is in use by process ", " on ", "; stop that run first, or give"});
  ExpectRefused(Run({"--fresh"}), kFailed, {"out/job.state: is in use by process "});
  ASSERT_TRUE(first.SignalAfter(Span::Micros(0), SIGTERM));
  const auto end = first.Wait();
  EXPECT_EQ(end.exit_code, 0) << end.err;
  ExpectTheSameCommandFinishes();
}

// Goal: a LOCK that somebody removed lets no second run in, and the first one notices.
TEST_F(BadState, ARemovedLockLetsNoSecondRunIn) {
  ChildProcess first(RunWords({"--rate", "20", "--epoch", "10ms"}), {.directory = dir_.path()});
  WaitUntilCommitted(first);
  ASSERT_TRUE(first.SignalAfter(Span::Micros(0), SIGSTOP));
  ASSERT_TRUE(dir_.files().Remove(Path("out/job.state/LOCK")).ok());
  for (const Words& flags : {Words{}, Words{"--fresh"}}) {
    ExpectRefused(Run(flags), kFailed, {"out/job.state: is in use by another process"});
  }
  ASSERT_TRUE(first.SignalAfter(Span::Micros(0), SIGCONT));
  const auto end = first.Wait();
  EXPECT_EQ(end.exit_code, kFailed) << end.err;
  EXPECT_THAT(end.err, HasSubstr("out/job.state/LOCK: was removed or replaced while this run"));
  EXPECT_THAT(end.err, HasSubstr("the same command continues from there"));
  ExpectTheSameCommandFinishes();
}

TEST_F(BadState, ANewStateIsForItsOwnerOrWhomHeSays) {
  const auto mode_of = [this](const std::string& name) {
    struct stat status;
    return stat(Path(name).c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  };
  ASSERT_EQ(Run().exit_code, 0);
  EXPECT_EQ(mode_of(kState), 0700u);
  EXPECT_EQ(mode_of("out/job.state/snapshots/0000000001/manifest"), 0600u);
  EXPECT_EQ(mode_of(kOutput), 0644u) << "an output is not a state";
  ASSERT_EQ(Run({"--state", "shared", "--out", "x", "--state-mode", "0750"}).exit_code, 0);
  EXPECT_EQ(mode_of("shared"), 0750u);
  EXPECT_EQ(mode_of("shared/snapshots"), 0750u);
  EXPECT_EQ(mode_of("shared/snapshots/0000000001/manifest"), 0640u);
  for (const char* mode : {"0750x", "rwx", "0070", "1700", ""}) {
    ExpectRefused(Run({"--state-mode", mode}), kUsage, {"--state-mode: '", "' is not a mode"});
  }
}

TEST_F(BadOutput, AReaderThatGoesAwayEndsTheJobQuietly) {
  Write("job.yaml", JobWith("sink: {file: out/job.jsonl}", "sink: stdout"));
  const std::string quiet = "run job.yaml --quiet --state s";
  for (const std::string& words : {quiet, Cat(quiet, " --rate 2000 --fresh"), std::string("dump s"),
                                   std::string("snapshots s"), std::string("help")}) {
    SCOPED_TRACE(words);
    const auto end = Shell(Cat("\"$T\" ", words, " | head -n 1"));
    EXPECT_EQ(end.exit_code, 0);
    EXPECT_EQ(end.out.find('\n'), end.out.size() - 1) << end.out;
    EXPECT_THAT(end.err, Not(HasSubstr("closed")));
    EXPECT_THAT(end.err, Not(HasSubstr("step")));
  }
}

// The reader of a pipe that is full is the one thing that can keep a stop from being quick.
TEST_F(BadOutput, ASecondSignalStopsAtOnce) {
  Write("job.yaml", "name: endless\nsource: {generator: {keys: 3}}\nsink: stdout\n");
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  const int reader = open(Path("pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  ChildProcess job(ShellWords("exec \"$T\" run job.yaml --quiet > pipe"),
                   {.directory = dir_.path()});
  std::string first(1, ' ');
  while (read(reader, first.data(), 1) != 1) {
    ASSERT_TRUE(job.SignalAfter(Span::Micros(1'000), 0)) << job.Wait().err;
  }
  ASSERT_TRUE(job.SignalAfter(Span::Micros(100'000), SIGTERM)) << "it writes, and nobody reads";
  // As `timeout` does it, which signals a process and its group.
  ASSERT_TRUE(job.SignalAfter(Span::Micros(0), SIGTERM)) << "the same signal twice";
  ASSERT_TRUE(job.SignalAfter(Span::Micros(900'000), SIGTERM)) << "it waits for its reader";
  const auto end = job.Wait();
  close(reader);
  EXPECT_EQ(end.exit_code, 128 + SIGTERM);
  EXPECT_EQ(end.err,
            "tidemark: ended at once by a second signal; no state is kept, the same command starts "
            "again\n");
}

TEST_F(BadState, ASecondSignalSaysWhatIsKept) {
  Write("job.yaml", JobWith("sink: {file: out/job.jsonl}", "sink: stdout"));
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  const int reader = open(Path("pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  // More than a pipe holds, behind epochs that have been committed.
  Write(kInput, Rows(100'000));
  ChildProcess job(ShellWords("exec \"$T\" run job.yaml --quiet --epoch 1ms > pipe"),
                   {.directory = dir_.path()});
  std::string some(1 << 16, ' ');
  while (Command({"dump", kState}).exit_code != 0) {
    ASSERT_TRUE(job.SignalAfter(Span::Micros(1'000), 0)) << job.Wait().err;
    const bool has_none = read(reader, some.data(), some.size()) < 0;
    EXPECT_TRUE(!has_none || errno == EAGAIN);
  }
  ASSERT_TRUE(job.SignalAfter(Span::Micros(300'000), SIGINT)) << "nobody reads any more";
  ASSERT_TRUE(job.SignalAfter(Span::Micros(900'000), SIGINT));
  const auto end = job.Wait();
  close(reader);
  EXPECT_EQ(end.exit_code, 128 + SIGINT);
  EXPECT_THAT(end.err, ::testing::MatchesRegex(
                           "tidemark: ended at once by a second signal; what was committed is "
                           "kept: epoch [0-9]+ in out/job.state, the same command continues from "
                           "there\n"));
}

TEST_F(BadState, AClosedTerminalEndsTheJobWithALastEpoch) {
  ChildProcess job(RunWords({"--rate", "20", "--epoch", "1h"}), {.directory = dir_.path()});
  while (!Exists(kOutput) || Read(kOutput).empty()) {
    ASSERT_TRUE(job.SignalAfter(Span::Micros(5'000), 0)) << job.Wait().err;
  }
  ASSERT_TRUE(job.SignalAfter(Span::Micros(0), SIGHUP));
  const auto end = job.Wait();
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(end.err, HasSubstr("state at epoch 1 in out/job.state"));
  ExpectTheSameCommandFinishes();
}

TEST_F(BadState, UnderNohupItGoesOn) {
  const auto words = ShellWords("trap '' HUP; exec \"$T\" run job.yaml --rate 200 --epoch 10ms");
  ChildProcess job(words, {.directory = dir_.path()});
  WaitUntilCommitted(job);
  ASSERT_TRUE(job.SignalAfter(Span::Micros(0), SIGHUP));
  EXPECT_EQ(job.Wait().exit_code, 0);
  EXPECT_EQ(Read(kOutput), Undisturbed());
}

}  // namespace
}  // namespace tidemark
