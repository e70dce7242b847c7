// As bad_input_process_test.cc, for what the program keeps and writes: state directories, outputs,
// disks that are full.

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

// ---- state directories ----------------------------------------

TEST_F(BadState, TheStateOfAnotherFlowIsRefused) {
  RunHalfway();
  const Standing before = Now();
  Write("job.yaml", JobWith("name: job", "name: other"));
  ExpectRefused(Run(), kNeedsPerson,
                {"out/job.state: holds the state of flow 'job', and this is flow 'other'; ",
                 "another directory with --state", "--fresh"});
  EXPECT_EQ(Now(), before);
  Write("job.yaml", kJob);
  ExpectTheSameCommandFinishes();
}

TEST_F(BadState, AStepWhoseKeyChangedIsRefused) {
  RunHalfway();
  const Standing before = Now();
  Write("job.yaml", JobWith("key_by: k", "key_by: n"));
  ExpectRefused(Run(), kNeedsPerson,
                {"the key of step 'batch' was [k] and is now [n]", "another name"});
  EXPECT_EQ(Now(), before);
}

TEST_F(BadState, AFolderThatIsNoStateDirectoryIsLeftAlone) {
  ASSERT_TRUE(dir_.files().CreateDirectories(Path("photos")).ok());
  Write("photos/tide.jpg", "precious");
  for (const Words& flags : {Words{"--state", "photos"}, Words{"--state", "photos", "--fresh"}}) {
    ExpectRefused(Run(flags), kNeedsPerson,
                  {"photos: is not a state directory (it contains 'tide.jpg'); ",
                   "an empty or a new directory"});
  }
  EXPECT_EQ(Names("photos"), Words{"tide.jpg"});
  EXPECT_FALSE(Exists("out")) << "no output was begun";
}

TEST_F(BadState, AFileIsNoStateDirectory) {
  const Words before = Names();
  ExpectRefused(Run({"--state", "job.yaml"}), kUsage, {"job.yaml: is a file, and a state needs"});
  ExpectRefused(Run({"--state", "job.yaml/state"}), kUsage,
                {"job.yaml/state: cannot be made, because job.yaml is a file"});
  for (const char* verb : {"verify", "dump", "snapshots", "snapshot"}) {
    ExpectRefused(Command({verb, "job.yaml"}), kUsage, {"job.yaml: is a file, and not a state"});
    ExpectRefused(Command({verb, "nope"}), kFailed, {"nope: no such directory"});
  }
  EXPECT_EQ(Names(), before);
}

TEST_F(BadState, AStateDirectoryThatMayNotBeWrittenIsRefused) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  ASSERT_TRUE(dir_.files().CreateDirectories(Path("locked")).ok());
  ASSERT_EQ(chmod(Path("locked").c_str(), 0555), 0);
  ExpectRefused(Run({"--state", "locked"}), kFailed, {"locked", "Permission denied"});
  ExpectRefused(Run({"--state", "locked/state"}), kFailed, {"locked/state", "Permission denied"});
}

TEST_F(BadState, AFileSystemThatTakesNoDirectoriesIsRefused) {
  for (const Words& flags : {Words{"--state", "/proc/state"}, Words{"--out", "/proc/out"}}) {
    const auto end = Run(flags);
    ExpectRefused(end, kFailed, {flags[1].c_str(), "cannot create the directory"});
  }
}

TEST_F(BadState, ADamagedStoreIsRefusedAndLeftAsItIs) {
  RunHalfway();
  const Standing before = Now();
  ASSERT_TRUE(dir_.files().Rename(Path("out/job.state/store/CURRENT"), Path("away")).ok());
  ExpectRefused(Run({"--no-fallback"}), kNeedsPerson,
                {"out/job.state/store: cannot open the store: its file CURRENT is missing; ",
                 "without --no-fallback"});
  ExpectRefused(Command({"dump", kState}), kNeedsPerson,
                {"out/job.state/store: cannot open the store: its file CURRENT is missing; ",
                 "resume from a snapshot"});
  ASSERT_TRUE(dir_.files().Rename(Path("away"), Path("out/job.state/store/CURRENT")).ok());
  EXPECT_EQ(Now(), before);
  ExpectTheSameCommandFinishes();
}

TEST_F(BadState, ADamagedStoreIsAnsweredByTheNewestSnapshot) {
  RunHalfway();
  const std::string snapshot = Now().snapshots.back();
  ASSERT_TRUE(dir_.files().Remove(Path("out/job.state/store/CURRENT")).ok());
  const auto end = Run();
  EXPECT_EQ(end.exit_code, 0) << end.err;
  ExpectInOrder(end.err, {"store: cannot open the store: its file CURRENT is missing",
                          "the damaged store is kept as out/job.state/store.damaged-",
                          "goes back to the snapshot out/job.state/snapshots/", snapshot.c_str(),
                          "done again: source/file from line ", "resuming out/job.state"});
  EXPECT_EQ(Read(kOutput), Undisturbed());
}

// What reached a pipe or a terminal cannot be taken back: then somebody has to say that it is fine.
TEST_F(BadState, OutputThatCannotBeCutBackIsNotRepeatedUnasked) {
  Write("job.yaml", JobWith("sink: {file: out/job.jsonl}", "sink: stdout"));
  ASSERT_EQ(Run().exit_code, 0);
  ASSERT_TRUE(dir_.files().Remove(Path("out/job.state/store/CURRENT")).ok());
  const auto end = Run({"--quiet"});
  EXPECT_EQ(end.exit_code, kNeedsPerson);
  EXPECT_EQ(end.out, "");
  ExpectInOrder(end.err, {"CURRENT is missing", "sink 'sink'", "cannot be truncated",
                          "--fresh --from out/job.state/snapshots/"});
}

TEST_F(BadState, AStoreThatIsGoneIsNotBegunAnew) {
  RunHalfway();
  const Standing before = Now();
  ASSERT_TRUE(dir_.files().Rename(Path("out/job.state/store"), Path("away")).ok());
  ExpectRefused(Run(), kNeedsPerson,
                {"out/job.state/store: is missing", "--from out/job.state/snapshots/",
                 before.snapshots.back().c_str(), "--fresh"});
  EXPECT_EQ(Read(kOutput), before.output);
  const auto advised =
      Run({"--from", Cat("out/job.state/snapshots/", before.snapshots.back()), "--take-over"});
  EXPECT_EQ(advised.exit_code, 0) << advised.err;
  EXPECT_EQ(Read(kOutput), Undisturbed());
}

// A block that is read hours later: the run stops with a clear line, the next one goes back.
TEST_F(BadState, DamageThatIsFoundWhileRunningIsMarked) {
  RunHalfway();
  ASSERT_EQ(Command({"snapshot", kState, "--copy", "--name", "copy"}).exit_code, 0);
  const std::string store = Path("out/job.state/store");
  for (const std::string& name : Names("out/job.state/store")) {
    // The first block of each table holds its first row, of which opening the store reads nothing.
    if (name.find(".sst") != std::string::npos)
      Patch(Cat("out/job.state/store/", name), "\xff\xff");
  }
  const auto end = Run();
  // Whether opening or reading finds it: nothing wrong comes out, and the job gets to its end.
  if (end.exit_code != 0) {
    ExpectInOrder(end.err, {"out/job.state/store", "the next start"});
    EXPECT_TRUE(Exists("out/job.state/DAMAGED"));
    const auto next = Run();
    EXPECT_EQ(next.exit_code, 0) << next.err;
    EXPECT_THAT(next.err, HasSubstr("goes back to the snapshot out/job.state/snapshots/copy"));
  } else {
    EXPECT_THAT(end.err, HasSubstr("goes back to the snapshot out/job.state/snapshots/copy"));
  }
  EXPECT_EQ(Read(kOutput), Undisturbed());
}

TEST_F(BadState, SnapshotsOfADamagedStoreAreListed) {
  RunHalfway();
  const std::string snapshot = Now().snapshots.back();
  ASSERT_TRUE(dir_.files().Rename(Path("out/job.state/store/CURRENT"), Path("away")).ok());
  const auto end = Command({"snapshots", kState});
  EXPECT_EQ(end.exit_code, kNeedsPerson);
  EXPECT_THAT(end.out, HasSubstr(snapshot));
}

// ---- snapshots on request ----------------------------------------

TEST_F(BadState, ASnapshotIsMadeOfAStoppedJob) {
  RunHalfway();
  const Standing before = Now();
  const auto end = Command({"snapshot", kState, "--name", "before-upgrade", "--copy"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(end.out, StartsWith("out/job.state/snapshots/before-upgrade: epoch "));
  const std::string snapshot = "out/job.state/snapshots/before-upgrade";
  EXPECT_EQ(Command({"dump", snapshot}).out, before.dump);
  ExpectTheSameCommandFinishes();
  EXPECT_TRUE(Exists(snapshot)) << "retention leaves it alone";
}

TEST_F(BadState, ASnapshotIsMadeOfARunningJob) {
  ChildProcess job(RunWords({"--rate", "20", "--epoch", "1h"}), {.directory = dir_.path()});
  // Nothing is committed before somebody asks; the request itself closes the epoch.
  while (!Exists(kOutput)) {
    ASSERT_TRUE(job.SignalAfter(Span::Micros(5'000), 0)) << job.Wait().err;
  }
  const auto asked = Command({"snapshot", kState, "--name", "now", "--json", "--wait", "50s"});
  EXPECT_EQ(asked.exit_code, 0) << asked.err;
  EXPECT_THAT(asked.out, StartsWith("{\"path\": \"out/job.state/snapshots/now\", \"epoch\": 1,"));
  EXPECT_EQ(Command({"dump", "out/job.state/snapshots/now"}).exit_code, 0);
  const auto again = Command({"snapshot", kState, "--name", "now", "--wait", "50s"});
  if (again.exit_code != 0) {
    ExpectRefused(again, kNeedsPerson, {"snapshots/now: a snapshot of that name is there"});
  }
  EXPECT_TRUE(Names("out/job.state/requests").empty());

  // By signal, under the name of the epoch.
  const Words before = Names("out/job.state/snapshots");
  ASSERT_TRUE(job.SignalAfter(Span::Micros(0), SIGUSR1));
  while (Names("out/job.state/snapshots").size() <= before.size()) {
    ASSERT_TRUE(job.SignalAfter(Span::Micros(20'000), 0)) << job.Wait().err;
  }
  ASSERT_TRUE(job.SignalAfter(Span::Micros(0), SIGTERM));
  EXPECT_EQ(job.Wait().exit_code, 0);
  ExpectTheSameCommandFinishes();
}

// Goal: nothing in requests/ stops a job, keeps it busy, or keeps others from an answer.
TEST_F(BadState, WhatIsNoRequestIsSteppedOver) {
  ChildProcess job(RunWords({"--rate", "20", "--epoch", "10ms"}), {.directory = dir_.path()});
  WaitUntilCommitted(job);
  const std::string requests = "out/job.state/requests/";
  ASSERT_EQ(mkfifo(Path(requests + "fifo.request").c_str(), 0666), 0);
  ASSERT_EQ(symlink("/dev/zero", Path(requests + "link.request").c_str()), 0);
  ASSERT_TRUE(dir_.files().CreateDirectories(Path(requests + "dir.request")).ok());
  const auto asked = Command({"snapshot", kState, "--name", "now", "--wait", "50s"});
  EXPECT_EQ(asked.exit_code, 0) << asked.err;
  ASSERT_TRUE(job.SignalAfter(Span::Micros(0), SIGTERM)) << job.Wait().err;
  const auto end = job.Wait();
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(end.err,
              HasSubstr("fifo.request: is a pipe and not a file; this request is stepped"));
  ExpectTheSameCommandFinishes();
}

// The job cannot answer; whoever asks gives up, and takes the request back.
TEST_F(BadState, AJobThatDoesNotAnswerIsNotWaitedForForEver) {
  ChildProcess job(RunWords({"--rate", "20", "--epoch", "10ms"}), {.directory = dir_.path()});
  WaitUntilCommitted(job);
  ASSERT_TRUE(job.SignalAfter(Span::Micros(0), SIGSTOP));
  ExpectRefused(Command({"snapshot", kState, "--wait", "100ms"}), kFailed,
                {"out/job.state: ", " did not answer within 100ms", "--wait TIME"});
  EXPECT_TRUE(Names("out/job.state/requests").empty());
  ASSERT_TRUE(job.SignalAfter(Span::Micros(0), SIGCONT));
  ASSERT_TRUE(job.SignalAfter(Span::Micros(0), SIGTERM));
  EXPECT_EQ(job.Wait().exit_code, 0);
}

TEST_F(BadState, ASnapshotOfNothingIsRefused) {
  ExpectRefused(Command({"snapshot", "nowhere"}), kFailed, {"nowhere: no such directory"});
  EXPECT_FALSE(Exists("nowhere"));
  RunHalfway();
  ExpectRefused(Command({"snapshot", kState, "--name", "a/b"}), kUsage, {"--name: 'a/b'"});
}

TEST_F(BadState, OnlyAsManySnapshotsAreKeptAsWanted) {
  const Words flags = {"--rate",           "400", "--epoch",          "1ms",
                       "--snapshot-every", "1us", "--keep-snapshots", "2"};
  EXPECT_EQ(Run(flags).exit_code, 0);
  EXPECT_EQ(Names("out/job.state/snapshots").size(), 2u);
}

TEST_F(BadState, AStateThatTakesMoreThanItMayStopsTheJob) {
  const auto end = Run({"--rate", "400", "--epoch", "1ms", "--max-disk", "1KB"});
  ExpectRefused(end, kFailed, {"out/job.state: takes ", "more than --max-disk 1000 B"});
  ExpectTheSameCommandFinishes();
}

// ---- snapshots ----------------------------------------

TEST_F(BadState, FreshDiscardsNothingBeforeTheSnapshotIsKnownToBeGood) {
  RunHalfway();
  const Standing before = Now();
  EXPECT_EQ(Run({"--from", "nowhere", "--fresh"}).exit_code, kFailed);
  EXPECT_EQ(Now(), before);
}

TEST_F(BadState, AFreshStartFromTheDirectorysOwnSnapshotGoesBackToIt) {
  RunHalfway();
  const Standing before = Now();
  const auto end = Run({"--from", Cat("out/job.state/snapshots/", before.snapshots.back()),
                        "--fresh", "--take-over"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_EQ(Read(kOutput), Undisturbed());
}

TEST_F(BadState, ARefusedForkCanBeRepeatedAsAdvised) {
  RunHalfway();
  const Standing before = Now();
  const Words fork = {"--from", Cat("out/job.state/snapshots/", before.snapshots.back()), "--state",
                      "fork.state"};
  ExpectRefused(
      Run(fork), kNeedsPerson,
      {"out/job.jsonl: is written by job 'job', whose state is /", "--out DIR", "--take-over"});
  EXPECT_EQ(Now(), before);
  Words advised = fork;
  advised.insert(advised.end(), {"--out", "fork"});
  const auto end = Run(advised);
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(Undisturbed(), EndsWith(Read("fork/job.jsonl")));
}

TEST_F(BadState, AWrongSnapshotIsNamed) {
  ExpectRefused(Run({"--from", "nowhere"}), kFailed, {"nowhere: no such directory"});
  ASSERT_TRUE(dir_.files().CreateDirectories(Path("somewhere")).ok());
  ExpectRefused(Run({"--from", "somewhere"}), kFailed,
                {"somewhere: is not a snapshot directory (it has no manifest)"});
  RunHalfway();
  const std::string snapshot = Cat("out/job.state/snapshots/", Now().snapshots.back());
  Patch(Cat(snapshot, "/manifest"), "TIDEMARKET");
  for (const Words& words :
       {Words{"run", "job.yaml", "--from", snapshot, "--state", "fork"}, Words{"dump", snapshot}}) {
    ExpectRefused(Command(words), kNeedsPerson, {"/manifest: "});
  }
}

TEST_F(BadState, AStepOrKeyThatIsNotThereIsSaid) {
  RunHalfway();
  EXPECT_THAT(Command({"dump", kState, "--step", "btach"}).err,
              HasSubstr("has no step 'btach'; there are: batch"));
  const auto end = Command({"dump", kState, "--key", "k7"});
  ExpectRefused(end, kFailed, {"out/job.state: no key 'k7' is here"});
}

// ---- what a start would do ----------------------------------------

TEST_F(BadState, EverythingThatWasKeptIsFine) {
  RunHalfway();
  const auto end = Command({"verify", kState});
  EXPECT_EQ(end.exit_code, 0) << end.out << end.err;
  ExpectInOrder(end.out, {"out/job.state/store: fine; epoch ", "; shares files with ",
                          "out/job.state/snapshots/", ": fine; epoch "});
  const std::string manifest = Cat("out/job.state/snapshots/", Now().snapshots.back(), "/manifest");
  Patch(manifest, "TIDEMARKET");
  const auto damaged = Command({"verify", kState, "--json"});
  EXPECT_EQ(damaged.exit_code, kNeedsPerson);
  ExpectInOrder(damaged.out, {"\"fine\": true", "\"fine\": false", manifest.c_str()});
}

// ---- outputs ----------------------------------------

TEST_F(BadOutput, APathThatCannotBeAnOutputIsRefused) {
  ASSERT_TRUE(dir_.files().CreateDirectories(Path("taken/job.jsonl")).ok());
  ExpectRefused(Run({"--out", "in.jsonl"}), kFailed, {"in.jsonl/job.jsonl: ", "Not a directory"});
  ExpectRefused(Run({"--out", "taken"}), kUsage, {"taken/job.jsonl: is a directory; name a file"});
  Write("job.yaml", JobWith("out/job.jsonl", "/dev/full"));
  ExpectRefused(Run(), kUsage,
                {"/dev/full: is a device, which cannot be truncated", "write to a file"});
}

TEST_F(BadOutput, AnOutputThatWasCutIsRefusedOnResume) {
  RunHalfway();
  const Standing before = Now();
  ASSERT_EQ(truncate(Path(kOutput).c_str(), 10), 0);
  ExpectRefused(Run(), kNeedsPerson,
                {"out/job.jsonl: is 10 bytes long, but ", "bytes of it were committed; ",
                 "put the file back", "--fresh"});
  EXPECT_EQ(Read(kOutput), before.output.substr(0, 10));
  Write(kOutput, before.output);
  EXPECT_EQ(Now(), before);
  ExpectTheSameCommandFinishes();
}

TEST_F(BadOutput, AnOutputThatIsGoneIsRefusedOnResume) {
  RunHalfway();
  const Standing before = Now();
  ASSERT_TRUE(dir_.files().Rename(Path(kOutput), Path("away")).ok());
  ExpectRefused(Run(), kNeedsPerson,
                {"out/job.jsonl: is missing, but ", "put the file back", "--fresh"});
  EXPECT_FALSE(Exists(kOutput));
  ASSERT_TRUE(dir_.files().Rename(Path("away"), Path(kOutput)).ok());
  EXPECT_EQ(Now(), before);
  ExpectTheSameCommandFinishes();
}

TEST_F(BadOutput, WhatSomebodyElseWroteIsMovedAsideAndKept) {
  ASSERT_TRUE(dir_.files().CreateDirectories(Path("out")).ok());
  Write(kOutput, "somebody's\n");
  const auto end = Run();
  EXPECT_EQ(end.exit_code, 0);
  EXPECT_THAT(end.err,
              HasSubstr("out/job.jsonl: moved to out/job.jsonl.old-1, because it was there "
                        "before this job"));
  EXPECT_EQ(Read("out/job.jsonl.old-1"), "somebody's\n");
  EXPECT_EQ(Read(kOutput), Undisturbed());
}

// The line of runs is known from the first start on, so what a start that died before its first
// commit wrote is this job's own, and nothing is moved aside.
TEST_F(BadOutput, AStartThatCommittedNothingLeavesNothingBehind) {
  Write(kInput, RowsWithBad(190));
  ASSERT_EQ(Run({"--epoch", "1h"}).exit_code, kNeedsPerson);
  Patch(kOutput, "what a crash left in the file");
  Write(kInput, Rows(kRows));
  ExpectTheSameCommandFinishes();
  EXPECT_FALSE(Exists("out/job.jsonl.old-1"));
}

// ---- full disks ----------------------------------------

TEST_F(BadOutput, AFullStandardOutputIsSaid) {
  Write("job.yaml", JobWith("sink: {file: out/job.jsonl}", "sink: stdout"));
  const auto end = Shell("exec \"$T\" run job.yaml --state s --quiet > /dev/full");
  EXPECT_EQ(end.exit_code, kFailed);
  EXPECT_THAT(end.err, HasSubstr("standard output: cannot write: No space left on device"));
}

TEST_F(BadOutput, AFailureNamesTheStepThatFailedAlone) {
  Write("job.yaml", JobWith("sink: {file: out/job.jsonl}", "sink: stdout"));
  const auto end = Shell("exec \"$T\" run job.yaml --quiet > /dev/full");
  EXPECT_THAT(end.err, StartsWith("tidemark: step 'sink': standard output: "));
}

// A disk of its own for the job, in a mount namespace; it is made larger for the second run.
TEST_F(BadOutput, AFullDiskStopsTheJobAndMoreSpaceLetsItGoOn) {
  Write("job.yaml",
        "name: job\n"
        "source: {generator: {items: 4000, keys: 3}, rate: 8000}\n"
        "steps:\n"
        "  - key_by: key\n"
        "  - batch: {max_items: 4}\n"
        "sink: {file: job.jsonl}\n");
  const std::string script =
      "mkdir disk && mount -t tmpfs -o size=160k tmpfs disk 2>/dev/null || exit 77\n"
      "$T run job.yaml --state disk/state --out disk --epoch 20ms 2>err; echo $? >code\n"
      "$T dump disk/state --limit 1 >dump\n"
      "mount -o remount,size=8m disk || exit 77\n"
      "$T run job.yaml --state disk/state --out disk --rate 0 2>err2; echo $? >code2\n"
      "cp disk/job.jsonl after; ls disk >names\n";
  auto words = ShellWords(script);
  words.insert(words.begin(), {"/usr/bin/unshare", "--user", "--map-root-user", "--mount", "--"});
  const auto end = Wait(words);
  if (end.exit_code != 0) GTEST_SKIP() << "no disk can be mounted here: " << end.err;
  EXPECT_EQ(Read("code"), "1\n");
  ExpectInOrder(Read("err"), {"disk", "No space left on device", "free some space"});
  EXPECT_THAT(Read("dump"), StartsWith("flow job, epoch ")) << "epochs were committed before";
  EXPECT_EQ(Read("code2"), "0\n") << Read("err2");
  EXPECT_THAT(Read("err2"), HasSubstr("resuming disk/state after epoch "));
  EXPECT_THAT(Read("names"), Not(HasSubstr("old-")));
  ASSERT_EQ(Run({"--state", "whole.state", "--out", "whole", "--rate", "0"}).exit_code, 0);
  EXPECT_EQ(Read("after"), Read("whole/job.jsonl"));
}

// Where a user may not write files beyond a size, the next write of any kind fails.
TEST_F(BadOutput, AFileThatMayNotGrowStopsTheJobAndTheSameCommandGoesOn) {
  if (kThreadSanitizer) GTEST_SKIP() << "the sanitizer itself needs a larger file";
  const auto end = Shell("trap '' XFSZ; ulimit -f 5; exec \"$T\" run job.yaml");
  EXPECT_EQ(end.exit_code, kFailed) << end.err;
  EXPECT_THAT(end.err, HasSubstr("out/job.jsonl: cannot write: File too large"));
  ExpectTheSameCommandFinishes();
}

}  // namespace
}  // namespace tidemark
