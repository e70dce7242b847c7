// Goal: an operator who makes a mistake, or looks around, is told what is true, and nothing is left
// of a command that was refused. Method: as bad_input_process_test.cc; what the read verbs say is
// compared with what the next start does.

#include <signal.h>

#include "tests/process/bad_input_fixture.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Operator : public BadInput {
 protected:
  static constexpr char kOther[] =
      "name: other\n"
      "source: {file: in.jsonl}\n"
      "sink: {file: out/other.jsonl}\n";
  ChildProcess::End Explain() { return Command({"explain", "job.yaml", kState}); }
};

// ---- state directories ----------------------------------------

TEST_F(Operator, AStateInsideAnotherIsRefusedAndTheOtherJobGoesOn) {
  RunHalfway();
  const Words before = Names(kState);
  Write("other.yaml", kOther);
  const std::string snapshot = Cat("out/job.state/snapshots/", Now().snapshots.back());
  for (const Words& words :
       {Words{"run", "other.yaml", "--state", "out/job.state/x"},
        Words{"run", "job.yaml", "--from", snapshot, "--state", "out/job.state/y"},
        Words{"run", "other.yaml", "--state", Cat(snapshot, "/z")}}) {
    ExpectRefused(Command(words), kNeedsPerson, {": is inside ", "--state a directory outside"});
    EXPECT_EQ(Names(kState), before);
  }
  ExpectTheSameCommandFinishes();
}

TEST_F(Operator, AStrayEntryIsNamedAndWhatToDo) {
  RunHalfway();
  Write("out/job.state/notes.txt", "mine");
  ExpectRefused(Run(), kNeedsPerson,
                {"out/job.state/notes.txt: is not part of the state", "remove it, or move it"});
  ASSERT_TRUE(dir_.files().Remove(Path("out/job.state/notes.txt")).ok());
  ExpectTheSameCommandFinishes();
}

TEST_F(Operator, ARefusedStartLeavesNoStateDirectory) {
  ASSERT_EQ(Run().exit_code, 0);
  const Words before = Names();
  const std::string snapshot = Cat("out/job.state/snapshots/", Now().snapshots.back());
  const Words refused = {"--skip-item", "sauce/file@1"};
  for (const Words& flags :
       {Words{"--state", "new"}, Words{"--state", "deep/new"}, Words{"--state", "new", "--fresh"},
        Words{"--state", "new", "--from", snapshot}}) {
    Words all = flags;
    all.insert(all.end(), refused.begin(), refused.end());
    ExpectRefused(Run(all), kUsage, {"--skip-item: there is no partition"});
    EXPECT_EQ(Names(), before);
  }
  ExpectRefused(Run({"--state", "new"}), kNeedsPerson, {"out/job.jsonl: is written by job 'job'"});
  EXPECT_EQ(Names(), before);
}

TEST_F(Operator, AStoreThatIsRemovedWhileTheJobRunsIsNoticedAtTheNextCommit) {
  ChildProcess job(RunWords({"--rate", "20", "--epoch", "10ms"}), {.directory = dir_.path()});
  WaitUntilCommitted(job);
  // In one step, while its files are open; nothing at the path is what the run commits to.
  ASSERT_TRUE(dir_.files().Rename(Path("out/job.state/store"), Path("away")).ok());
  const auto end = job.Wait();
  EXPECT_EQ(end.exit_code, kNeedsPerson) << end.err;
  EXPECT_THAT(end.err, HasSubstr("out/job.state/store: was removed or replaced while this run"));
  EXPECT_THAT(end.err, Not(HasSubstr("the same command")));
  EXPECT_THAT(end.err, Not(HasSubstr("is at epoch")));
  EXPECT_EQ(Run().exit_code, kNeedsPerson);
}

// ---- what the read verbs say ----------------------------------------

TEST_F(Operator, AStoreWithoutItsLogIsDamagedToWhoeverLooks) {
  ASSERT_EQ(Run().exit_code, 0);
  const std::string store = "out/job.state/store";
  for (const std::string& name : Names(store)) {
    if (!name.ends_with(".log")) continue;
    ASSERT_TRUE(dir_.files().Remove(Path(Cat(store, "/", name))).ok());
  }
  const auto verified = Command({"verify", kState});
  EXPECT_EQ(verified.exit_code, kNeedsPerson);
  EXPECT_THAT(verified.out, HasSubstr("its log (a file NNNNNN.log) is missing"));
  ExpectRefused(Explain(), kNeedsPerson, {"its log (a file NNNNNN.log) is missing"});
  const auto run = Run();
  EXPECT_EQ(run.exit_code, 0);
  ExpectInOrder(run.err, {"its log (a file NNNNNN.log) is missing", "goes back to the snapshot"});
}

TEST_F(Operator, AStateWithoutACommitIsExplainedAsItsStartWillBe) {
  Write(kInput, RowsWithBad(190));
  ASSERT_EQ(Run({"--epoch", "1h"}).exit_code, kNeedsPerson);
  Write(kInput, Rows(kRows));
  const auto explained = Explain();
  EXPECT_EQ(explained.exit_code, 0) << explained.err;
  ExpectInOrder(explained.out,
                {"no epoch has been committed here yet", "file: new, is read from its",
                 "the run begins with an empty state"});
  ExpectTheSameCommandFinishes();
}

TEST_F(Operator, AfterAFailedFreshTheOldStateIsKeptAndExplained) {
  ASSERT_EQ(Run().exit_code, 0);
  const std::string output = Read(kOutput);
  Patch(kInput, BadRow(1));
  const auto failed = Run({"--fresh"});
  EXPECT_EQ(failed.exit_code, kNeedsPerson);
  EXPECT_THAT(failed.err, HasSubstr("the state from before --fresh is kept"));
  Patch(kInput, Row(1));
  const auto explained = Explain();
  EXPECT_EQ(explained.exit_code, 0) << explained.err;
  EXPECT_EQ(Command({"validate", "job.yaml"}).exit_code, 0);
  const auto run = Run();
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(Read(kOutput), output);
}

// A start that was killed has left the old state aside, and the next start takes it back.
TEST_F(Operator, AfterAKilledFreshTheOldStateIsExplained) {
  RunHalfway();
  const auto before = Explain();
  ChildProcess job(RunWords({"--fresh", "--rate", "1", "--epoch", "1h"}),
                   {.directory = dir_.path()});
  while (!Exists("out/job.state/store.old") || !Exists("out/job.state/store/CURRENT")) {
    ASSERT_TRUE(job.SignalAfter(Span::Micros(5'000), 0)) << job.Wait().err;
  }
  ASSERT_TRUE(job.SignalAfter(Span::Micros(0), SIGKILL));
  job.Wait();
  const auto explained = Explain();
  EXPECT_EQ(explained.exit_code, 0) << explained.err;
  EXPECT_EQ(explained.out, before.out);
  ExpectTheSameCommandFinishes();
}

TEST_F(Operator, AFullDiskIsSaidByEveryVerb) {
  ASSERT_EQ(Run().exit_code, 0);
  for (const char* words : {"snapshots out/job.state", "dump out/job.state", "verify out/job.state",
                            "explain job.yaml out/job.state", "validate job.yaml", "help"}) {
    SCOPED_TRACE(words);
    const auto end = Shell(Cat("exec \"$T\" ", words, " > /dev/full"));
    EXPECT_EQ(end.exit_code, kFailed);
    EXPECT_THAT(end.err, HasSubstr("tidemark: standard output: cannot write"));
    const auto closed = Shell(Cat("trap '' PIPE; \"$T\" ", words, " | :"));
    EXPECT_EQ(closed.err, "");
  }
}

TEST_F(Operator, AKeyIsFoundHoweverJsonSpellsIt) {
  Write("job.yaml", JobWith("key_by: k\n  - batch: {max_items: 4}",
                            "key_by: [k, n]\n  - batch: {max_items: 4, at_eof: keep}"));
  ASSERT_EQ(Run().exit_code, 0);
  for (const char* key : {"[\"k1\",1]", " [\"k1\", 1.0]", "[\"\\u006b1\", 1]", "(k1, 1)"}) {
    EXPECT_THAT(Command({"dump", kState, "--key", key}).out, HasSubstr("(k1, 1): 1 item")) << key;
  }
}

// ---- codes and messages ----------------------------------------

TEST_F(Operator, ANameThatASnapshotHasIsRefusedWithTheSameCodeOfAnyJob) {
  ASSERT_EQ(Run().exit_code, 0);
  ASSERT_EQ(Command({"snapshot", kState, "--name", "n"}).exit_code, 0);
  Write(kInput, Rows(kRows + 8));
  ASSERT_EQ(Run({"--accept-changed-input"}).exit_code, 0);
  ExpectRefused(Command({"snapshot", kState, "--name", "n"}), kNeedsPerson,
                {"snapshots/n: a snapshot of that name is there"});
}

TEST_F(Operator, AnItemToSkipThatIsNotThereYetIsNotForgottenSilently) {
  const auto end = Run({"--skip-item", "source/file@9000"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(end.err, HasSubstr("--skip-item source/file@9000: that item was not read"));
  EXPECT_EQ(Read(kOutput), Undisturbed());
}

TEST_F(Operator, ALateRowIsNotBlamedOnAnEndThatKeptItsWindows) {
  Write("job.yaml",
        "name: job\n"
        "state: out/job.state\n"
        "source: {file: in.jsonl}\n"
        "steps:\n"
        "  - key_by: k\n"
        "  - window: {clock: {event_time: t}, tumbling: 1s, at_eof: keep, aggregate: {n: count}}\n"
        "sink: {file: out/job.jsonl}\n");
  const std::string first = "{\"k\": \"a\", \"t\": 1000}\n{\"k\": \"a\", \"t\": 9000}\n";
  Write(kInput, first);
  ASSERT_EQ(Run().exit_code, 0);
  Write(kInput, first + "{\"k\": \"a\", \"t\": 1000}\n");
  const auto end = Run();
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(end.err, HasSubstr("would have kept it"));
  EXPECT_THAT(end.err, Not(HasSubstr("at_eof: keep")));
}

// ---- signals ----------------------------------------

// No broker answers at that port. The state directory shows that signals are handled.
TEST_F(Operator, AStopWhileTheStartWaitsForABrokerIsAStop) {
  const std::string kafka = "kafka: {brokers: '127.0.0.1:1', topic: t}";
  for (const std::string& job :
       {JobWith("file: in.jsonl", kafka), JobWith("file: out/job.jsonl", kafka)}) {
    Write("job.yaml", job);
    ChildProcess waiting(RunWords({}), {.directory = dir_.path()});
    while (!Exists("out/job.state/store/CURRENT")) {
      ASSERT_TRUE(waiting.SignalAfter(Span::Micros(5'000), 0)) << waiting.Wait().err;
    }
    ASSERT_TRUE(waiting.SignalAfter(Span::Micros(0), SIGTERM));
    const auto end = waiting.Wait();
    EXPECT_EQ(end.exit_code, 0) << "signal " << end.signal << "\n" << end.err;
    EXPECT_THAT(end.err, HasSubstr("stopped before the job began: "));
    EXPECT_FALSE(Exists(kState));
  }
}

}  // namespace
}  // namespace tidemark
