// Goal: whatever is wrong with what the program is given, it says so in one line (what, where, what
// to do), ends with the code that says whose fault it is, and leaves state and output as they were.
// This file: input, job file and command. bad_state_process_test.cc: state and output.

#include <sys/stat.h>
#include <unistd.h>

#include "tests/process/bad_input_fixture.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// ---- malformed lines
// -----------------------------------------------------------------------------

TEST_F(BadInput, AMalformedLineStopsTheJobWithFileLineAndReason) {
  Write(kInput, RowsWithBad(100));
  const auto end = Run();
  EXPECT_EQ(end.exit_code, kNeedsPerson);
  EXPECT_EQ(end.out, "");
  ExpectInOrder(end.err, {"tidemark: ", "in.jsonl:100: not JSON at byte 11: "});
}

TEST_F(BadInput, NothingOfTheEpochWithTheMalformedLineIsCommitted) {
  Write(kInput, RowsWithBad(100));
  ASSERT_EQ(Run().exit_code, kNeedsPerson);
  const auto dump = Command({"dump", kState});
  EXPECT_EQ(dump.exit_code, kFailed);
  EXPECT_THAT(dump.err, HasSubstr("no epoch has been committed here yet"));
  // Rows may be seen before they are final, but not behind the bad line.
  EXPECT_THAT(Read(kOutput), Not(HasSubstr("\"n\": 10")));
}

TEST_F(BadInput, AfterTheLineIsPutRightTheSameCommandGoesOn) {
  RunHalfway();
  const Standing before = Now();
  Patch(kInput, RowsWithBad(190));
  const auto end = Run({"--epoch", "1h"});
  EXPECT_EQ(end.exit_code, kNeedsPerson);
  ExpectInOrder(end.err, {"in.jsonl:190: not JSON at byte 11: "});
  EXPECT_EQ(Now().dump, before.dump) << "epochs before the bad line stay, and no other is there";
  Patch(kInput, Rows(kRows));
  ExpectTheSameCommandFinishes();
}

TEST_F(BadInput, AMalformedLineIsSteppedOverWhenTold) {
  Write(kInput, RowsWithBad(190));
  const auto stopped = Run();
  EXPECT_EQ(stopped.exit_code, kNeedsPerson);
  ExpectInOrder(stopped.err, {"in.jsonl:190: ", "--skip-item"});
  const auto end = Run({"--skip-item", "source/file@190"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(Read(kOutput), HasSubstr("\"n\": 191}"));
  EXPECT_THAT(Read(kOutput), Not(HasSubstr("\"n\": 190}")));
}

TEST_F(BadInput, AfterAnEditorReplacedTheFileTheSameCommandGoesOn) {
  RunHalfway();
  Patch(kInput, RowsWithBad(190));
  ASSERT_EQ(Run().exit_code, kNeedsPerson);
  Write(kInput, Rows(kRows));
  const auto end = Run();
  EXPECT_EQ(end.exit_code, 0) << end.err;
  ExpectInOrder(end.err, {"in.jsonl: is another file with the same content (its inode is ",
                          "); reading continues at line "});
  EXPECT_EQ(Read(kOutput), Undisturbed());
}

// --fresh discards, and --from has a snapshot to start from; but not for a start that is refused.
TEST_F(BadInput, ARefusedStartHasDiscardedNothing) {
  RunHalfway();
  const Standing before = Now();
  const std::string snapshot = Cat("out/job.state/snapshots/", before.snapshots.back());
  Write("other.yaml", JobWith("name: job", "name: other"));
  const Words from = {"--from", snapshot, "--fresh", "--take-over"};
  ExpectRefused(Command({"run", "other.yaml", "--from", snapshot, "--fresh"}), kNeedsPerson,
                {"holds the state of flow 'job'"});
  EXPECT_EQ(Now(), before);
  ExpectRefused(Run({"--from", snapshot, "--fresh", "--skip-item", "sauce/file@3"}), kUsage,
                {"--skip-item: there is no partition 'file' of a source 'sauce'"});
  EXPECT_EQ(Now(), before);
  ASSERT_TRUE(dir_.files().Rename(Path(kInput), Path("away")).ok());
  for (const Words& flags : {from, Words{"--fresh"}}) {
    ExpectRefused(Run(flags), kFailed, {"in.jsonl: no such file"});
    EXPECT_EQ(Now(), before);
  }
  ExpectRefused(Run({"--from", snapshot, "--state", "fork.state", "--out", "fork"}), kFailed,
                {"in.jsonl"});
  ASSERT_TRUE(dir_.files().Rename(Path("away"), Path(kInput)).ok());
  ExpectRefused(
      Run({"--from", snapshot, "--state", "fork.state", "--out", "fork", "--max-disk", "1KiB"}),
      kFailed, {"fork.state: takes ", "more than --max-disk 1.0 KiB"});
  EXPECT_FALSE(Exists("fork.state/store")) << "the same command starts when there is room";
  ExpectTheSameCommandFinishes();
}

TEST_F(BadInput, ARefusedStartHasDroppedNoState) {
  RunHalfway();
  const Standing before = Now();
  const std::string renamed = JobWith("batch: {max", "batch: {name: lists, max");
  Write("job.yaml", renamed);
  Write("other.yaml", std::string(renamed).replace(renamed.find("name: job"), 9, "name: other"));
  ExpectRefused(Command({"run", "other.yaml", "--drop-state", "batch"}), kNeedsPerson,
                {"holds the state of flow 'job'"});
  EXPECT_EQ(Now(), before);
  ASSERT_TRUE(dir_.files().Rename(Path(kInput), Path("away")).ok());
  ExpectRefused(Run({"--drop-state", "batch"}), kFailed, {"in.jsonl: no such file"});
  EXPECT_EQ(Now(), before);
  ASSERT_TRUE(dir_.files().Rename(Path("away"), Path(kInput)).ok());
  Write("job.yaml", kJob);
  ExpectTheSameCommandFinishes();
}

// The store knows of the change only behind a commit, and a snapshot is of what the store holds.
TEST_F(BadInput, AChangedStepThatFindsNothingNewCanBeSnapshot) {
  ASSERT_EQ(Run().exit_code, 0);
  Write("job.yaml", JobWith("max_items: 4", "max_items: 5"));
  Write("out/job.state/requests/1.request", "copy: no\nname: asked\n");
  const auto end = Run();
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_TRUE(Exists("out/job.state/snapshots/asked/manifest")) << end.err;
}

TEST_F(BadInput, ARunWithoutStateIsNotEndedByARequestForASnapshot) {
  Write("job.yaml", JobWith("state: out/job.state\n", ""));
  ChildProcess job(RunWords({"--rate", "20"}), {.directory = dir_.path()});
  while (!Exists(kOutput)) ASSERT_TRUE(job.SignalAfter(Span::Micros(5'000), 0)) << job.Wait().err;
  ASSERT_TRUE(job.SignalAfter(Span::Micros(0), SIGUSR1));
  while (Read(kOutput).empty()) {
    ASSERT_TRUE(job.SignalAfter(Span::Micros(5'000), 0)) << job.Wait().err;
  }
  ASSERT_TRUE(job.SignalAfter(Span::Micros(0), SIGTERM));
  EXPECT_EQ(job.Wait().exit_code, 0);
}

// One output would be cut back and taken over, the other refuses: then neither is touched.
TEST_F(BadInput, AStartThatOneOutputRefusesLeavesTheOthersAlone) {
  Write("job.yaml",
        JobWith("sink: {file: out/job.jsonl}",
                "sinks: [{name: a, file: out/job.jsonl}, {name: b, file: out/b.jsonl}]"));
  RunHalfway();
  const Standing before = Now();
  const std::string snapshot = Cat("out/job.state/snapshots/", before.snapshots.back());
  ASSERT_EQ(Run().exit_code, 0);
  const Standing finished = Now();
  ASSERT_TRUE(dir_.files().Rename(Path("out/b.jsonl.tidemark"), Path("away")).ok());
  ExpectRefused(Run({"--from", snapshot, "--state", "fork.state", "--take-over"}), kNeedsPerson,
                {"step 'b': out/b.jsonl: has no out/b.jsonl.tidemark"});
  EXPECT_EQ(Now(), finished);
  ASSERT_TRUE(dir_.files().Rename(Path("away"), Path("out/b.jsonl.tidemark")).ok());
  EXPECT_EQ(Run({"--from", snapshot, "--state", "fork.state", "--take-over"}).exit_code, 0);
  EXPECT_EQ(Read("out/b.jsonl"), Read(kOutput));
  EXPECT_EQ(Read(kOutput), finished.output);
}

TEST_F(BadInput, ARowWithoutTheFieldOfTheKeyStopsTheJob) {
  Write(kInput, Rows(10) + "{\"n\": 11}\n");
  const auto end = Run();
  EXPECT_EQ(end.exit_code, kNeedsPerson);
  ExpectInOrder(end.err, {"in.jsonl:11: field 'k' is missing"});
}

// What happened, where the state stands and what to do, in one.
TEST_F(BadInput, AMalformedLineIsReportedInOneLine) {
  Write(kInput, RowsWithBad(100));
  const auto end = Run();
  ExpectRefused(end, kNeedsPerson, {"in.jsonl:100: ", "nothing was committed", "the same command"});
}

TEST_F(BadInput, AFailedRunSaysWhereTheStateReallyStands) {
  RunHalfway();
  Patch(kInput, RowsWithBad(190));
  const std::string dump = Command({"dump", kState}).out;
  const auto end = Run({"--epoch", "1h"});
  ASSERT_EQ(end.exit_code, kNeedsPerson);
  ASSERT_EQ(Command({"dump", kState}).out, dump) << "nothing new was committed";
  const size_t at = dump.find("epoch ");
  const std::string epoch = dump.substr(at, dump.find(',', at) - at);
  EXPECT_THAT(end.err, HasSubstr(epoch));
}

TEST_F(BadInput, SkippedLinesAreCountedAndTheFirstFewShown) {
  Write("job.yaml", JobWith("in.jsonl", "in.jsonl, on_error: skip"));
  std::string rows = Rows(20);
  rows += "junk\n[1]\n{\"n\": 23}\n\xff\n\n";
  Write(kInput, rows + Rows(20));
  for (const Words& flags : {Words{}, Words{"--quiet", "--fresh"}}) {
    const auto end = Run(flags);
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(end.out, "");
    EXPECT_THAT(end.err, HasSubstr("file in.jsonl: 4 skipped, for example:\n"));
    // Three of them, the blank line is none; those without their key are found later than those
    // that are no JSON.
    ExpectInOrder(end.err, {"in.jsonl:21: not JSON", "in.jsonl:22: a JSON object is expected"});
    EXPECT_THAT(end.err, Not(HasSubstr("in.jsonl:25")));
  }
}

// ---- the job file
// --------------------------------------------------------------------------------

class BadJob : public BadInput {
 protected:
  // Runs the job with `from` replaced by `to`, and expects one line and that nothing was made.
  void ExpectRefusedJob(const std::string& from, const std::string& to,
                        std::initializer_list<const char*> parts) {
    Write("job.yaml", JobWith(from, to));
    const Words before = Names();
    ExpectRefused(Run(), kUsage, parts);
    ExpectRefused(Command({"validate", "job.yaml"}), kUsage, parts);
    EXPECT_EQ(Names(), before) << "something was started";
  }
};

TEST_F(BadJob, AMisspeltKeyIsPointedOutWithItsPlace) {
  ExpectRefusedJob("max_items", "max_item",
                   {"job.yaml:6:13: unknown key 'max_item'; did you mean 'max_items'?"});
}

TEST_F(BadJob, AnUnknownKeyIsPointedOutWithThoseThatArePossible) {
  ExpectRefusedJob("max_items: 4", "max_items: 4, colour: red",
                   {"job.yaml:6:27: unknown key 'colour'", "max_items"});
}

TEST_F(BadJob, AWrongTypeIsPointedOutWithItsPlace) {
  ExpectRefusedJob("max_items: 4", "max_items: many",
                   {"job.yaml:6:24: max_items must be a whole number, found 'many'"});
}

// What is in the input tells which fields its rows have.
TEST_F(BadJob, AMisspeltFieldIsPointedOutWithItsPlace) {
  ExpectRefusedJob("key_by: k", "key_by: kk",
                   {"job.yaml:5:13: no field 'kk' is in the first 100 rows of in.jsonl",
                    "what can be a key is: k, n"});
  ExpectRefusedJob("batch: {max_items: 4}",
                   "window: {clock: system_time, tumbling: 1m, aggregate: {top: max(m)}}",
                   {"job.yaml:6:69: no field 'm' is in the first 100 rows of in.jsonl"});
}

TEST_F(BadJob, AMissingFieldIsNamed) {
  ExpectRefusedJob("name: job\n", "", {"job.yaml:1:1: a job needs a name"});
}

TEST_F(BadJob, AMissingSinkIsNamed) {
  ExpectRefusedJob("sink: {file: out/job.jsonl}\n", "", {"job.yaml:1:1: a job needs a sink"});
}

TEST_F(BadJob, WhatIsNoYamlIsRefused) {
  ExpectRefusedJob("{max_items: 4}", "{max_items: 4", {"job.yaml:", "not YAML: "});
}

TEST_F(BadJob, AllMistakesAreReported) {
  Write("job.yaml", JobWith("key_by: k\n  - batch: {max_items", "key_bi: k\n  - batch: {max_item"));
  const auto end = Run();
  EXPECT_EQ(end.exit_code, kUsage);
  ExpectInOrder(end.err, {"job.yaml:5:5: ", "job.yaml:6:13: "});
}

TEST_F(BadJob, AMissingJobFileIsNamed) {
  const Words before = Names();
  ExpectRefused(Command({"run", "jobb.yaml"}), kUsage, {"jobb.yaml: ", "No such file"});
  ExpectRefused(Command({"validate", "jobb.yaml"}), kUsage, {"jobb.yaml: ", "No such file"});
  EXPECT_EQ(Names(), before);
}

// ---- the command
// ---------------------------------------------------------------------------------

TEST_F(BadInput, WrongUseIsRefusedAndNothingIsStarted) {
  const Words before = Names();
  const struct {
    Words words;
    const char* says;
  } kCases[] = {
      {{"rnu", "job.yaml"}, "unknown verb 'rnu'; did you mean 'run'?"},
      {{"xyzzy"}, "unknown verb 'xyzzy'; try: tidemark help"},
      {{"run"}, "missing JOB.yaml"},
      {{"run", "job.yaml", "more"}, "'more' is one word too many"},
      {{"run", "job.yaml", "--sate", "x"}, "unknown flag '--sate'; did you mean '--state'?"},
      {{"run", "job.yaml", "-s"}, "unknown flag '-s'; flags begin with two dashes"},
      {{"run", "job.yaml", "-state", "x"}, "unknown flag '-state'; did you mean '--state'?"},
      {{"--verbos"}, "unknown flag '--verbos'; did you mean '--version'?"},
      {{"help", "rnu"}, "unknown verb 'rnu'; did you mean 'run'?"},
      {{"run", "job.yaml", "--state"}, "--state needs a value: --state DIR"},
      {{"run", "job.yaml", "--quiet", "--quiet"}, "--quiet is given twice"},
      {{"run", "job.yaml", "--workers", "0"}, "--workers: between 1 and 128, not 0"},
      {{"run", "job.yaml", "--workers", "129"}, "--workers: between 1 and 128, not 129"},
      {{"run", "job.yaml", "--workers", "two"}, "--workers: 'two' is not a whole number"},
      {{"run", "job.yaml", "--epoch", "5"}, "--epoch: '5' is not a duration; write it like 10s"},
      {{"run", "job.yaml", "--memory", "lots"}, "--memory: 'lots' is not an amount of bytes"},
      {{"run", "job.yaml", "--rate", "-1"}, "--rate: '-1' is not a number, 0 or more"},
      {{"snapshots"}, "missing DIR"},
      {{"dump", "."}, ".: is neither a state directory nor a snapshot"},
      {{"dump", "nowhere"}, "nowhere: no such directory"},
      {{"snapshots", "nowhere"}, "nowhere: no such directory"},
  };
  for (const auto& wrong : kCases) {
    SCOPED_TRACE(wrong.says);
    const bool about_a_directory =
        wrong.words.size() == 2 && (wrong.words[0] == "dump" || wrong.words[0] == "snapshots");
    ExpectRefused(Command(wrong.words), about_a_directory ? kFailed : kUsage, {wrong.says});
  }
  EXPECT_EQ(Names(), before);
}

TEST_F(BadInput, FlagsThatMakeNoSenseAreRefused) {
  const struct {
    Words flags;
    const char* says;
  } kCases[] = {
      {{"--state="}, "--state: is empty"},
      {{"--from="}, "--from: is empty"},
      {{"--state", "mixed", "--out", "mixed"}, "--out: mixed is the state directory"},
      {{"--state", "mixed", "--out", "mixed/"}, "--out: mixed/ is the state directory"},
      {{"--state", "mixed", "--out", "mixed/out"}, "--out: mixed/out is in the state directory"},
      {{"--out="}, "--out: is empty; name a directory"},
      {{"--epoch", "0s"}, "--epoch: must be more than 0s"},
      {{"--memory", "1"}, "--memory: at least 1.0 MiB"},
      {{"--snapshot-every", "0s"}, "--snapshot-every: must be more than 0s"},
      {{"--keep-snapshots", "0"}, "--keep-snapshots: at least 1"},
      {{"--new-output="}, "--new-output: is empty"},
  };
  const Words before = Names();
  for (const auto& wrong : kCases) {
    SCOPED_TRACE(wrong.says);
    ExpectRefused(Run(wrong.flags), kUsage, {wrong.says});
  }
  EXPECT_EQ(Names(), before);
}

TEST_F(BadInput, FreshAndFromNeedAState) {
  Write("job.yaml", JobWith("state: out/job.state\n", ""));
  for (const Words& flags : {Words{"--fresh"}, Words{"--from", "x"}}) {
    const auto end = Run(flags);
    ExpectRefused(end, kUsage,
                  {flags[0].c_str(), " needs a state directory; give one with --state DIR"});
  }
}

// ---- inputs
// --------------------------------------------------------------------------------------

TEST_F(BadInput, AMissingInputFileIsNamedAndTheSameCommandWorksWhenItIsThere) {
  ASSERT_TRUE(dir_.files().Remove(Path(kInput)).ok());
  ExpectRefused(Run(), kFailed, {"in.jsonl: no such file; the path counts from the directory"});
  EXPECT_FALSE(Exists(kOutput));
  Write(kInput, Rows(kRows));
  ExpectTheSameCommandFinishes();
}

TEST_F(BadInput, AnInputThatIsADirectoryIsRefused) {
  ASSERT_TRUE(dir_.files().Remove(Path(kInput)).ok());
  ASSERT_TRUE(dir_.files().CreateDirectories(Path(kInput)).ok());
  ExpectRefused(Run(), kUsage, {"in.jsonl: is a directory; name the files in it by a pattern"});
}

TEST_F(BadInput, AnInputThatMayNotBeReadIsRefused) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  ASSERT_EQ(chmod(Path(kInput).c_str(), 0), 0);
  ExpectRefused(Run(), kFailed, {"in.jsonl: cannot open: Permission denied"});
}

TEST_F(BadInput, AnInputThatWasCutIsRefusedOnResume) {
  RunHalfway();
  const Standing before = Now();
  ASSERT_EQ(truncate(Path(kInput).c_str(), 10), 0);
  ExpectRefused(Run(), kNeedsPerson,
                {"in.jsonl: is not the file that was read before: its length is 10 and was ",
                 "--accept-changed-input reads it from the beginning", "--fresh"});
  EXPECT_EQ(Now(), before);
  Patch(kInput, Rows(kRows));
  ExpectTheSameCommandFinishes();
}

TEST_F(BadInput, AnInputThatWasReplacedIsRefusedOnResumeAndReadWhenTold) {
  RunHalfway();
  const Standing before = Now();
  std::string other;
  for (int n = 1; n <= kRows; ++n) other += Row(n + 1000);
  Write(kInput, other);
  ExpectRefused(Run(), kNeedsPerson,
                {"in.jsonl: is not the file that was read before: its inode", "are not the ones",
                 "--accept-changed-input reads it from the beginning", "--fresh"});
  EXPECT_EQ(Now(), before);
  const auto end = Run({"--accept-changed-input"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(Read(kOutput), HasSubstr("\"n\": 1001}"));
}

TEST_F(BadInput, AnInputThatWasEditedBeforeThePositionIsRefusedOnResume) {
  RunHalfway();
  const Standing before = Now();
  Patch(kInput, BadRow(1));
  ExpectRefused(Run(), kNeedsPerson,
                {"in.jsonl: is not the file that was read before: the bytes before",
                 "are not the ones that were read"});
  EXPECT_EQ(Now(), before);
}

TEST_F(BadInput, AnInputThatIsGoneIsNamedOnResume) {
  RunHalfway();
  const Standing before = Now();
  ASSERT_TRUE(dir_.files().Rename(Path(kInput), Path("away")).ok());
  ExpectRefused(Run(), kFailed, {"in.jsonl: no such file"});
  EXPECT_EQ(Now(), before);
  ASSERT_TRUE(dir_.files().Rename(Path("away"), Path(kInput)).ok());
  ExpectTheSameCommandFinishes();
}

}  // namespace
}  // namespace tidemark
