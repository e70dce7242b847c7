// What a start and a running job believe about paths and about how far they have come, tried with
// the real program: outputs that are inputs by another name, states that are older than their
// outputs, logs without an end, databases that go away, starts that die before their first commit.

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "tests/process/bad_input_fixture.h"

namespace tidemark {
namespace {

class Trust : public BadInput {
 protected:
  void CopyState(const std::string& from, const std::string& to) {
    ASSERT_EQ(Shell(Cat("rm -rf ", to, " && cp -r ", from, " ", to)).exit_code, 0);
  }
  // The store's log with the most bytes.
  std::string Log() {
    std::string log;
    for (const std::string& name : Names("out/job.state/store")) {
      if (name.ends_with(".log")) log = Cat("out/job.state/store/", name);
    }
    return log;
  }
  // Of the last commit that is noted beside the store; 0: none.
  int EpochNoted() {
    if (!Exists("out/job.state/COMMITTED")) return 0;
    const std::string note = Read("out/job.state/COMMITTED");
    const size_t at = note.find("epoch ");
    return at == std::string::npos ? 0 : std::atoi(note.c_str() + at + 6);
  }
  void KillBehindEpoch(int epoch) {
    ChildProcess job(RunWords({"--rate", "20", "--epoch", "10ms", "--snapshot-every", "1h"}),
                     {.directory = dir_.path()});
    while (EpochNoted() < epoch) {
      ASSERT_TRUE(job.SignalAfter(Span::Micros(5'000), 0)) << job.Wait().err;
    }
    ASSERT_TRUE(job.SignalAfter(Span::Micros(0), SIGKILL));
    job.Wait();
  }
  // A start with these flags that is killed when it holds its outputs, long before its first
  // commit.
  void DieBeforeTheFirstCommit(Words flags) {
    for (const char* flag : {"--rate", "20", "--epoch", "1h"}) flags.emplace_back(flag);
    ChildProcess job(RunWords(flags), {.directory = dir_.path()});
    while (!Exists("out/job.jsonl.replaced-1")) {
      ASSERT_TRUE(job.SignalAfter(Span::Micros(2'000), 0)) << job.Wait().err;
    }
    ASSERT_TRUE(job.SignalAfter(Span::Micros(20'000), SIGKILL));
    job.Wait();
  }
};

TEST_F(Trust, AnInputIsNotOverwrittenUnderAnotherName) {
  ASSERT_EQ(symlink("in.jsonl", Path("link.jsonl").c_str()), 0);
  ASSERT_EQ(link(Path(kInput).c_str(), Path("hard.jsonl").c_str()), 0);
  ASSERT_EQ(symlink(".", Path("here").c_str()), 0);
  for (const std::string& name : {Path(kInput), std::string("link.jsonl"),
                                  std::string("hard.jsonl"), std::string("here/in.jsonl")}) {
    for (const char* state : {"", "state: out/job.state\n"}) {
      SCOPED_TRACE(Cat(name, " ", state));
      std::string job = JobWith("out/job.jsonl", name);
      job.replace(job.find("state: out/job.state\n"), 21, state);
      Write("job.yaml", job);
      const auto end = Run();
      EXPECT_EQ(end.exit_code, kUsage) << end.err;
      EXPECT_NE(end.err.find("overwritten"), std::string::npos) << end.err;
      EXPECT_EQ(Read(kInput), Rows(kRows));
    }
  }
}

TEST_F(Trust, StandardInputMayBeTheOutput) {
  Write("job.yaml", "name: job\nsource: stdin\nsink: {file: in.jsonl}\n");
  const auto end = Shell("\"$T\" run job.yaml < in.jsonl");
  EXPECT_EQ(end.exit_code, kUsage) << end.err;
  EXPECT_EQ(Read(kInput), Rows(kRows));
}

TEST_F(Trust, AnOutputDoesNotLieInTheStateDirectory) {
  Write("job.yaml", JobWith("state: out/job.state\n", ""));
  const auto end = Run({"--state", "out"});
  EXPECT_EQ(end.exit_code, kUsage) << end.err;
  EXPECT_NE(end.err.find("lies in the state directory"), std::string::npos) << end.err;
}

TEST_F(Trust, AnOlderCopyOfTheStateDoesNotEatNewerOutput) {
  RunHalfway();
  CopyState(kState, "copy");
  ASSERT_EQ(Run().exit_code, 0);
  const std::string whole = Read(kOutput);
  CopyState("copy", kState);
  ExpectRefused(Run(), kNeedsPerson, {"out/job.jsonl", "is at epoch", "older copy", "--take-over"});
  EXPECT_EQ(Read(kOutput), whole);
  ExpectTheSameCommandFinishes({"--take-over"});
}

// Outputs of the two are not mixed, wherever the directories are moved later.
TEST_F(Trust, ACopyBesideItsOriginalIsAFork) {
  RunHalfway();
  CopyState(kState, "copy");
  const Standing before = Now();
  ExpectRefused(Run({"--state", "copy"}), kNeedsPerson,
                {"out/job.jsonl: is written by job 'job', whose state is ", "--out DIR"});
  EXPECT_EQ(Now(), before);
  const auto fork = Run({"--state", "copy", "--out", "fork"});
  EXPECT_EQ(fork.exit_code, 0) << fork.err;
  ExpectInOrder(fork.err, {"resuming copy after epoch ", "as a fork of ", "/out/job.state"});
  const std::string old = Read(kOutput);
  ExpectTheSameCommandFinishes();
  EXPECT_EQ(Cat(old, Read("fork/job.jsonl")), Read(kOutput));
  EXPECT_FALSE(Exists("copy/START"));
  // It has a snapshot of its own line, and is no copy any more.
  EXPECT_EQ(Command({"verify", "copy"}).exit_code, 0);
  CopyState("copy", kState);
  ExpectRefused(Run(), kNeedsPerson, {"out/job.jsonl", "--out DIR"});
  const auto again = Run({"--state", "copy", "--out", "fork"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(again.err.find("a fork of"), std::string::npos) << again.err;
}

TEST_F(Trust, ACopyOfWhichTheOriginalIsGoneIsTheState) {
  RunHalfway();
  ASSERT_EQ(Shell("cp -r out/job.state copy && rm -r out/job.state").exit_code, 0);
  ExpectTheSameCommandFinishes({"--state", "copy"});
}

TEST_F(Trust, ARestoredStateHasASnapshotOfItsOwn) {
  RunHalfway();
  const std::string snapshot = Cat("out/job.state/snapshots/", Now().snapshots.back());
  ChildProcess job(RunWords({"--from", snapshot, "--state", "new.state", "--out", "new", "--rate",
                             "20", "--epoch", "10ms", "--snapshot-every", "1h"}),
                   {.directory = dir_.path()});
  while (Names("new.state/snapshots").empty()) {
    ASSERT_TRUE(job.SignalAfter(Span::Micros(5'000), 0)) << job.Wait().err;
  }
  ASSERT_TRUE(job.SignalAfter(Span::Micros(0), SIGKILL));
  job.Wait();
}

// A job that has windows open writes them once, and not at each start.
TEST_F(Trust, ARunThatFindsNothingNewWritesNothing) {
  for (const char* step :
       {"batch: {max_items: 7, at_eof: keep}",
        "window: {clock: {event_time: n, unit: s}, tumbling: 1h, at_eof: keep, aggregate: {c: "
        "count}}",
        "window: {clock: {event_time: n, unit: s}, tumbling: 1m, aggregate: {c: count}}"}) {
    SCOPED_TRACE(step);
    Write("job.yaml", JobWith("batch: {max_items: 4}", step));
    ASSERT_EQ(Run({"--fresh"}).exit_code, 0);
    const int epoch = EpochNoted();
    const auto snapshots = Names("out/job.state/snapshots");
    for (int run = 0; run < 3; ++run) {
      const auto end = Run();
      EXPECT_EQ(end.exit_code, 0) << end.err;
      EXPECT_NE(end.err.find("nothing new"), std::string::npos) << end.err;
      EXPECT_EQ(EpochNoted(), epoch);
      EXPECT_EQ(Names("out/job.state/snapshots"), snapshots);
    }
  }
}

TEST_F(Trust, ALogWithoutItsEndIsDamage) {
  RunHalfway();
  KillBehindEpoch(EpochNoted() + 5);  // so that there is a log behind the snapshot
  const std::string log = Log();
  const std::string bytes = Read(log);
  ASSERT_GT(bytes.size(), 200u);
  for (const size_t cut : {bytes.size() - 1, bytes.size() / 2, size_t{0}}) {
    SCOPED_TRACE(cut);
    CopyState(kState, "copy");
    ASSERT_EQ(truncate(Path(log).c_str(), static_cast<off_t>(cut)), 0);
    EXPECT_EQ(Command({"verify", kState}).exit_code, kNeedsPerson);
    const auto refused = Run({"--no-fallback"});
    EXPECT_EQ(refused.exit_code, kNeedsPerson) << refused.err;
    EXPECT_NE(refused.err.find("the end of its log is lost"), std::string::npos) << refused.err;
    CopyState("copy", kState);
  }
  ASSERT_EQ(truncate(Path(log).c_str(), static_cast<off_t>(bytes.size() - 1)), 0);
  ExpectTheSameCommandFinishes();  // goes back to its snapshot
}

TEST_F(Trust, ARefusedForkLeavesTheStateThatIsThere) {
  RunHalfway();
  ASSERT_EQ(Run({"--state", "other.state", "--out", "other"}).exit_code, 0);
  const Standing before = Now();
  ExpectRefused(Run({"--from", "other.state/snapshots/0000000001"}), kNeedsPerson,
                {"out/job.state", "holds a state already", "--fresh"});
  EXPECT_EQ(Now(), before);
  ExpectTheSameCommandFinishes();
}

TEST_F(Trust, AFreshStartThatDiesHasDestroyedNothing) {
  RunHalfway();
  const std::string before = Read(kOutput);
  DieBeforeTheFirstCommit({"--fresh"});
  EXPECT_EQ(Read("out/job.jsonl.replaced-1"), before);
  ExpectTheSameCommandFinishes();  // the one before: the old state and its output are back
  EXPECT_FALSE(Exists("out/job.jsonl.replaced-1"));
}

TEST_F(Trust, AFreshStartThatDiesIsCarriedOn) {
  RunHalfway();
  DieBeforeTheFirstCommit({"--fresh"});
  ExpectTheSameCommandFinishes({"--fresh"});
  EXPECT_FALSE(Exists("out/job.jsonl.replaced-1"));
  EXPECT_FALSE(Exists("out/job.state/START"));
  EXPECT_FALSE(Exists("out/job.state/store.old"));
}

TEST_F(Trust, ADatabaseThatGoesAwayStopsTheJob) {
  Write("job.yaml", JobWith("{file: out/job.jsonl}", "{sqlite: {file: out/q.db, table: t}}"));
  ChildProcess job(RunWords({"--rate", "50", "--epoch", "10ms"}), {.directory = dir_.path()});
  while (EpochNoted() < 60) {  // lists of four rows are published by then
    ASSERT_TRUE(job.SignalAfter(Span::Micros(5'000), 0)) << job.Wait().err;
  }
  ASSERT_EQ(unlink(Path("out/q.db").c_str()), 0);
  const auto end = job.Wait();
  EXPECT_EQ(end.exit_code, kNeedsPerson) << end.err;
  EXPECT_NE(end.err.find("was removed or replaced while"), std::string::npos) << end.err;
  ExpectRefused(Run(), kNeedsPerson, {"out/q.db"});
  EXPECT_EQ(Run({"--new-output", "sink"}).exit_code, 0);
}

}  // namespace
}  // namespace tidemark
