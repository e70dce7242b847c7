// Goal: outputs belong to one job, can be begun anew, and what a refusal advises is so. Method: the
// real program; each way that a message names is gone, and must end with the right rows.

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "base/files.h"
#include "base/random.h"
#include "connectors/sqlite/sqlite_test_support.h"
#include "tests/process/bad_input_fixture.h"

namespace tidemark {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

class Outputs : public BadInput {
 protected:
  void SetUp() override {
    BadInput::SetUp();
    std::string other = JobWith("name: job", "name: other");
    Write("other.yaml", other.replace(other.find("out/job.state"), 13, "out/other.state"));
    std::string stateless = JobWith("state: out/job.state\n", "");
    Write("stateless.yaml", stateless);
  }

  // Refused, by whatever code the command has for it, in one line.
  void ExpectRefusedAs(const ChildProcess::End& end, std::initializer_list<const char*> parts) {
    EXPECT_NE(end.exit_code, 0);
    EXPECT_EQ(std::count(end.err.begin(), end.err.end(), '\n'), 1) << end.err;
    ExpectInOrder(end.err, parts);
  }
  ChildProcess::End RunOther(const Words& flags = {}) {
    Words words = {"run", "other.yaml"};
    words.insert(words.end(), flags.begin(), flags.end());
    return Command(words);
  }
  // Ways in a refusal, "…; a; b; or c".
  static Words WaysIn(const std::string& line) {
    Words ways;
    for (absl::string_view way : absl::StrSplit(line.substr(0, line.find('\n')), "; ")) {
      if (absl::StartsWith(way, "or ")) way.remove_prefix(3);
      ways.emplace_back(way);
    }
    ways.erase(ways.begin());  // what is wrong
    return ways;
  }
  // The way that holds `text`.
  static std::string WayWith(const std::string& text, const std::string& line) {
    for (const std::string& way : WaysIn(line)) {
      if (way.find(text) != std::string::npos) return way;
    }
    ADD_FAILURE() << "no '" << text << "' in " << line;
    return "";
  }
  // The flags that a way begins with.
  static Words FlagsOf(const std::string& way) {
    Words flags;
    for (const absl::string_view word : absl::StrSplit(way, ' ')) {
      if (word == "to") break;
      flags.emplace_back(word);
    }
    return flags;
  }
  void GoTheWay(const std::string& way) {
    const std::string kAfter = "after: ";
    const size_t at = way.find(kAfter);
    ASSERT_NE(at, std::string::npos) << way;
    const auto end = Shell(way.substr(at + kAfter.size()));
    EXPECT_EQ(end.exit_code, 0) << way << "\n" << end.err;
  }
  // Behind what an earlier run has written.
  void WaitUntilItGrows(ChildProcess& job) {
    const std::string before = Exists(kOutput) ? Read(kOutput) : std::string();
    while (!Exists(kOutput) || Read(kOutput).size() <= before.size()) {
      ASSERT_TRUE(job.SignalAfter(Span::Micros(5'000), 0)) << job.Wait().err;
    }
  }
  // Everything that was moved aside, and what is at the path.
  std::string All(const std::string& path = kOutput) {
    std::string all;
    for (int n = 1; Exists(Cat(path, ".old-", n)); ++n) all += Read(Cat(path, ".old-", n));
    return all + Read(path);
  }

  static constexpr char kTables[] =
      "name: tables\n"
      "state: out/tables.state\n"
      "source: {file: in.jsonl}\n"
      "sink: {sqlite: {file: out/t.db, table: numbers}}\n";
  std::string Numbers(const std::string& table, const std::string& path = "out/t.db") {
    return Ask(Path(path), Cat("SELECT count(*), count(DISTINCT n), sum(n) FROM ", table));
  }
  static constexpr char kAllNumbers[] = "200|200|20100";
  void RunTablesHalfway() {
    Write("tables.yaml", kTables);
    ChildProcess job(CommandWords({"run", "tables.yaml", "--rate", "100", "--epoch", "10ms"}),
                     {.directory = dir_.path()});
    const auto rows = [&] {
      return Exists("out/t.db") ? Numbers("numbers") : std::string("error");
    };
    while (rows()[0] == 'e' || rows()[0] == '0') {
      ASSERT_TRUE(job.SignalAfter(Span::Micros(5'000), 0)) << job.Wait().err;
    }
    ASSERT_TRUE(job.SignalAfter(Span::Micros(0), SIGKILL));
    job.Wait();
  }
};

// ---- two jobs, one output ----------------------------------------

TEST_F(Outputs, ASecondJobIsRefusedWhetherTheFirstRunsOrNot) {
  const std::string expected = Undisturbed();
  {
    ChildProcess job(RunWords({"--rate", "20", "--epoch", "10ms"}), {.directory = dir_.path()});
    WaitUntilCommitted(job);
    ExpectRefusedAs(RunOther(), {"out/job.jsonl: is written by job 'job', whose state is /",
                                 "/out/job.state; ", "--take-over"});
    ASSERT_TRUE(job.SignalAfter(Span::Micros(0), SIGTERM)) << "it went on";
    ASSERT_EQ(job.Wait().exit_code, 0);
  }
  const Standing before = Now();
  const std::string name = Cat("whose state is ", Path(kState));
  ExpectRefusedAs(RunOther(), {"out/job.jsonl: is written by job 'job'", name.c_str()});
  const auto stateless = Command({"run", "stateless.yaml"});  // which says that it keeps nothing
  EXPECT_NE(stateless.exit_code, 0);
  EXPECT_THAT(stateless.err, HasSubstr("out/job.jsonl: is written by job 'job'"));
  ExpectRefusedAs(Command({"validate", "other.yaml"}), {"out/job.jsonl: is written by job 'job'"});
  EXPECT_EQ(Command({"validate", "job.yaml"}).exit_code, 0) << "its own";
  EXPECT_EQ(Now(), before);
  ExpectTheSameCommandFinishes();
}

TEST_F(Outputs, AnotherPathOrDirectoryDoesNotHideWhoseItIs) {
  ASSERT_EQ(Run().exit_code, 0);
  ASSERT_TRUE(dir_.files().CreateDirectories(Path("elsewhere")).ok());
  ASSERT_EQ(Shell("ln -s ../out/job.jsonl elsewhere/link.jsonl && ln -s out outlink").exit_code, 0);
  std::string job = JobWith("name: job", "name: other");
  job.replace(job.find("out/job.state"), 13, "s");
  const auto with_sink = [&job](const std::string& sink, const std::string& input) {
    std::string text = job;
    text.replace(text.find("out/job.jsonl"), 13, sink);
    return text.replace(text.find("in.jsonl"), 8, input);
  };
  Write("a.yaml", with_sink("elsewhere/link.jsonl", "in.jsonl"));
  Write("b.yaml", with_sink("outlink/job.jsonl", "in.jsonl"));
  Write("elsewhere/c.yaml", with_sink("../out/job.jsonl", "../in.jsonl"));
  const std::string before = Read(kOutput);
  ExpectRefusedAs(Command({"run", "a.yaml"}), {"is written by job 'job'"});
  ExpectRefusedAs(Command({"run", "b.yaml"}), {"is written by job 'job'"});
  ExpectRefusedAs(Shell("cd elsewhere && exec \"$T\" run c.yaml"), {"is written by job 'job'"});
  EXPECT_EQ(Read(kOutput), before);
  EXPECT_TRUE(Exists("elsewhere/link.jsonl"));
}

TEST_F(Outputs, WhatRefusesASecondJobSaysHowItMayWrite) {
  const std::string expected = Undisturbed();
  RunHalfway();
  const std::string firsts = Read(kOutput);
  const auto refused = RunOther();
  const auto taken = RunOther(FlagsOf(WayWith("--take-over", refused.err)));
  EXPECT_EQ(taken.exit_code, 0) << taken.err;
  EXPECT_THAT(taken.err, HasSubstr("out/job.jsonl: moved to out/job.jsonl.old-1, because it is "
                                   "written by job 'job', whose state is "));
  EXPECT_EQ(Read("out/job.jsonl.old-1"), firsts);
  EXPECT_EQ(Read(kOutput), expected);
  // Now the first one is in the way of the second, and says how to go on beside it.
  const auto lost = Run();
  ExpectRefusedAs(lost, {"out/job.jsonl: is written by job 'other'", "other.state; "});
  EXPECT_THAT(lost.err, Not(HasSubstr("--fresh")));
  const auto beside = Run(FlagsOf(WayWith("--new-output", lost.err)));
  EXPECT_EQ(beside.exit_code, 0) << beside.err;
  EXPECT_EQ(Read("out/job.jsonl.old-2"), expected);
  EXPECT_EQ(firsts + Read(kOutput), expected);
}

TEST_F(Outputs, AJobWhoseStateIsGoneIsMovedAsideAndThatIsSaid) {
  ASSERT_EQ(Run().exit_code, 0);
  const std::string output = Read(kOutput);
  ASSERT_TRUE(RemoveTree(dir_.files(), Path(kState)).ok());
  const auto end = RunOther();
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(end.err, AllOf(HasSubstr("out/job.jsonl: moved to out/job.jsonl.old-1, because it "
                                       "belongs to job 'job', whose state "),
                             HasSubstr("out/job.state is gone")));
  EXPECT_EQ(Read("out/job.jsonl.old-1"), output);
  EXPECT_EQ(Read(kOutput), output);
}

TEST_F(Outputs, AStateThatWasMovedIsKnownByItsLineAndACopyIsNot) {
  RunHalfway();
  ASSERT_TRUE(dir_.files().Rename(Path(kState), Path("moved.state")).ok());
  ASSERT_EQ(Shell("cp -a moved.state copied.state").exit_code, 0);
  const auto moved = Run({"--state", "moved.state"});
  EXPECT_EQ(moved.exit_code, 0) << moved.err;
  EXPECT_EQ(Read(kOutput), Undisturbed());
  EXPECT_THAT(Read(Cat(kOutput, ".tidemark")), HasSubstr(Cat("\nstate ", Path("moved.state"))));
  ExpectRefusedAs(Run({"--state", "copied.state"}),
                  {"out/job.jsonl: is written from the state ", "/moved.state, of which ",
                   "/copied.state is a copy"});
  EXPECT_EQ(Read(kOutput), Undisturbed());
  const auto taken = Run({"--state", "copied.state", "--take-over"});
  EXPECT_EQ(taken.exit_code, 0) << taken.err;
  EXPECT_EQ(Read(kOutput), Undisturbed());
}

TEST_F(Outputs, TwoSinksOfOneJobDoNotShareAFile) {
  ASSERT_EQ(Shell("mkdir out && ln -s job.jsonl out/link.jsonl").exit_code, 0);
  Write("job.yaml",
        JobWith("sink: {file: out/job.jsonl}",
                "sinks: [{name: a, file: out/job.jsonl}, {name: b, file: out/link.jsonl}]"));
  ExpectRefused(Run(), kUsage, {"step 'b': ", "/out/job.jsonl: another sink of this job"});
  EXPECT_FALSE(Exists(kOutput));
}

TEST_F(Outputs, AForkOfAThirdJobsOutputIsNotToldToStartOver) {
  RunHalfway();
  const std::string snapshot = Cat("out/job.state/snapshots/", Now().snapshots.back());
  ASSERT_EQ(Shell(Cat("cp -r ", snapshot, " kept")).exit_code, 0);
  ASSERT_EQ(RunOther({"--take-over"}).exit_code, 0);
  const Words from = {"--from", "kept", "--fresh", "--take-over"};
  std::string firsts = Read("out/job.jsonl.old-1");
  // Taken over from the other job as well: all is permitted then, but its file is not cut.
  const auto refused = Run(from);
  ExpectRefusedAs(refused, {"out/job.jsonl: is written by job 'other'"});
  EXPECT_THAT(refused.err, Not(HasSubstr("--fresh")));
  Words advised = from;
  for (const std::string& flag : FlagsOf(WayWith("--new-output", refused.err))) {
    advised.push_back(flag);
  }
  const auto end = Run(advised);
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_EQ(firsts + Read(kOutput), Undisturbed());
}

// ---- begun anew ----------------------------------------

TEST_F(Outputs, ANewOutputGoesOnWhereTheOldOneEnds) {
  RunHalfway();
  const std::string firsts = Read(kOutput);
  const auto end = Run({"--new-output", "sink"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(end.err, HasSubstr("out/job.jsonl: moved to out/job.jsonl.old-1, with the "));
  EXPECT_EQ(Read("out/job.jsonl.old-1"), firsts);
  EXPECT_EQ(All(), Undisturbed());
  EXPECT_EQ(Run().exit_code, 0);
  EXPECT_EQ(All(), Undisturbed());
}

TEST_F(Outputs, ANewOutputOfWhatHasNoneIsRefused) {
  ExpectRefused(Run({"--new-output", "sauce"}), kUsage,
                {"--new-output: there is no sink 'sauce'; there are: sink"});
  Write("job.yaml", JobWith("sink: {file: out/job.jsonl}", "sink: stdout"));
  ExpectRefused(Run({"--new-output", "sink"}), kUsage,
                {"--new-output: the sink 'sink' (standard output) has no output of its own"});
  EXPECT_NE(Command({"run", "stateless.yaml", "--new-output", "sink"})
                .err.find("--new-output needs a state directory"),
            std::string::npos);
}

TEST_F(Outputs, KillsCannotBeSeenInOutputsThatAreBegunAnew) {
  const std::string expected = Undisturbed();
  const uint64_t seed = FreshSeed();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  RunHalfway();
  for (int kill = 0; kill < 20; ++kill) {
    Words flags = {"--rate", "120", "--epoch", "10ms"};
    if (random.OneIn(2)) flags.insert(flags.end(), {"--new-output", "sink"});
    ChildProcess job(RunWords(flags), {.directory = dir_.path()});
    job.SignalAfter(Span::Micros(random.Between(5'000, 200'000)), SIGKILL);
    job.Wait();
  }
  const auto end = Run({"--new-output", "sink"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_EQ(All(), expected);
  EXPECT_TRUE(Exists("out/job.jsonl.old-1"));
}

// ---- moved and renamed ----------------------------------------

TEST_F(Outputs, ARenamedSinkIsToldHowToGoOnInItsFile) {
  RunHalfway();
  const std::string firsts = Read(kOutput);
  for (const bool moves : {true, false}) {
    Write("job.yaml", JobWith("out/job.jsonl", moves ? "new dir/new.jsonl" : "out/newer.jsonl"));
    const auto refused = Run();
    ExpectRefusedAs(refused,
                    {moves ? "new dir/new.jsonl: is missing, but " : "out/newer.jsonl: ",
                     "when this output was /", moves ? "/out/job.jsonl; continue" : "; continue",
                     "--new-output sink", "--fresh"});
    if (moves) {
      GoTheWay(WayWith("after: ", refused.err));
      ChildProcess job(RunWords({"--rate", "20", "--epoch", "10ms"}), {.directory = dir_.path()});
      while (Read("new dir/new.jsonl") == firsts) {
        ASSERT_TRUE(job.SignalAfter(Span::Micros(5'000), 0)) << job.Wait().err;
      }
      job.SignalAfter(Span::Micros(0), SIGTERM);
      ASSERT_EQ(job.Wait().exit_code, 0);
      EXPECT_FALSE(Exists(kOutput));
      continue;
    }
    const auto end = Run(FlagsOf(WayWith("--new-output", refused.err)));
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(Read("new dir/new.jsonl") + Read("out/newer.jsonl"), Undisturbed());
  }
}

TEST_F(Outputs, AnOutputThatIsMovedAwayWhileTheJobRunsCanBePutBackOrLeftThere) {
  const std::string expected = Undisturbed();
  for (const bool put_back : {true, false}) {
    ChildProcess job(RunWords({"--rate", "40", "--epoch", "10ms"}), {.directory = dir_.path()});
    WaitUntilItGrows(job);
    ASSERT_TRUE(dir_.files().Rename(Path(kOutput), Path("away")).ok());
    const auto end = job.Wait();
    EXPECT_NE(end.exit_code, 0);
    EXPECT_THAT(end.err, HasSubstr("out/job.jsonl: was moved away, removed or replaced while this "
                                   "job writes to it; put it back, or begin a new file with "
                                   "--new-output sink; the state is at epoch "));
    EXPECT_THAT(end.err, Not(HasSubstr("the same command continues")));
    if (put_back) {
      ASSERT_TRUE(dir_.files().Rename(Path("away"), Path(kOutput)).ok());
      continue;
    }
    const auto anew = Run({"--new-output", "sink"});
    EXPECT_EQ(anew.exit_code, 0) << anew.err;
    EXPECT_EQ(Read("away") + Read(kOutput), expected);
  }
}

TEST_F(Outputs, AnOutputWithoutItsOwnerFileGoesOnAsTheMessageSays) {
  RunHalfway();
  const std::string firsts = Read(kOutput);
  ASSERT_TRUE(dir_.files().Remove(Path("out/job.jsonl.tidemark")).ok());
  const auto refused = Run();
  ExpectRefusedAs(refused, {"out/job.jsonl: has no out/job.jsonl.tidemark that names its owner"});
  const std::string way = WayWith("echo ", refused.err);
  ASSERT_EQ(Shell(way.substr(way.find("echo "))).exit_code, 0);
  ExpectTheSameCommandFinishes();
}

TEST_F(Outputs, AStateThatIsOlderThanItsOutputGoesOnInTheOneBefore) {
  RunHalfway();
  ASSERT_EQ(Shell("cp -a out/job.state older.state").exit_code, 0);
  {
    ChildProcess job(RunWords({"--rate", "20", "--epoch", "10ms"}), {.directory = dir_.path()});
    WaitUntilItGrows(job);
    ASSERT_TRUE(job.SignalAfter(Span::Micros(0), SIGTERM));
    ASSERT_EQ(job.Wait().exit_code, 0);
  }
  ASSERT_EQ(Run({"--new-output", "sink"}).exit_code, 0);
  ASSERT_TRUE(RemoveTree(dir_.files(), Path(kState)).ok());
  ASSERT_TRUE(dir_.files().Rename(Path("older.state"), Path(kState)).ok());
  const auto refused = Run();
  ExpectRefusedAs(refused, {"out/job.jsonl: was started over by --new-output, behind the epoch"});
  GoTheWay(WayWith("after: ", refused.err));
  ExpectRefusedAs(Run(), {"out/job.jsonl: is at epoch", "it is an older copy"});
  ExpectTheSameCommandFinishes({"--take-over"});
}

// ---- tables ----------------------------------------

TEST_F(Outputs, ATableOfAnotherJobIsRefusedAndCanBeTaken) {
  RunTablesHalfway();
  std::string other = kTables;
  other.replace(other.find("name: tables"), 12, "name: others");
  Write("others.yaml", other.replace(other.find("out/tables.state"), 16, "out/others.state"));
  const auto refused = Command({"run", "others.yaml"});
  ExpectRefusedAs(refused,
                  {"out/t.db, table 'numbers': is written by job 'tables', whose state is /",
                   "/out/tables.state; ", "--take-over"});
  ExpectRefusedAs(Command({"validate", "others.yaml"}), {"is written by job 'tables'"});
  Words take = FlagsOf(WayWith("--take-over", refused.err));
  take.insert(take.begin(), {"run", "others.yaml"});
  const auto taken = Command(take);
  EXPECT_EQ(taken.exit_code, 0) << taken.err;
  EXPECT_EQ(Numbers("numbers"), kAllNumbers);
  const auto lost = Command({"run", "tables.yaml"});
  ExpectRefusedAs(lost, {"is written by job 'others'"});
  Words beside = FlagsOf(WayWith("--new-output", lost.err));
  beside.insert(beside.begin(), {"run", "tables.yaml"});
  const auto end = Command(beside);
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_EQ(Numbers("numbers_old_2"), kAllNumbers);
  EXPECT_EQ(Numbers("(SELECT n FROM numbers UNION ALL SELECT n FROM numbers_old_1)"), kAllNumbers);
}

TEST_F(Outputs, ATableIsBegunAnewAndKillsCannotBeSeen) {
  RunTablesHalfway();
  const uint64_t seed = FreshSeed();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  for (int kill = 0; kill < 10; ++kill) {
    Words words = {"run", "tables.yaml", "--rate", "200", "--epoch", "10ms"};
    if (random.OneIn(2)) words.insert(words.end(), {"--new-output", "sink"});
    ChildProcess job(CommandWords(words), {.directory = dir_.path()});
    job.SignalAfter(Span::Micros(random.Between(5'000, 150'000)), SIGKILL);
    job.Wait();
  }
  const auto end = Command({"run", "tables.yaml", "--new-output", "sink"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  std::string all = "SELECT n FROM numbers_old_1";
  for (int n = 2; Numbers(Cat("numbers_old_", n))[0] != 'e'; ++n) {
    all += Cat(" UNION ALL SELECT n FROM numbers_old_", n);
  }
  if (Numbers("numbers")[0] != 'e') all += " UNION ALL SELECT n FROM numbers";
  EXPECT_EQ(Numbers(Cat("(", all, ")")), kAllNumbers);
}

TEST_F(Outputs, ARenamedDatabaseOrTableIsToldHowToComeAlong) {
  RunTablesHalfway();
  std::string renamed = kTables;
  Write("tables.yaml", renamed.replace(renamed.find("out/t.db"), 8, "new/t.db"));
  auto refused = Command({"run", "tables.yaml"});
  ExpectRefusedAs(refused, {"new/t.db: is missing, but rows up to epoch ", "when this output was /",
                            "/out/t.db; continue"});
  GoTheWay(WayWith("after: ", refused.err));
  Write("tables.yaml", renamed.replace(renamed.find("table: numbers"), 14, "table: it's"));
  refused = Command({"run", "tables.yaml"});
  ExpectRefusedAs(refused, {"new/t.db, table 'it's': is at epoch 0",
                            "when this output was table 'numbers'", "sqlite3 new/t.db"});
  // What the shell would hand to sqlite3.
  std::string sql = refused.err.substr(refused.err.find("sqlite3 new/t.db '") + 18);
  sql = sql.substr(0, sql.find(";'; ") + 1);
  for (size_t at; (at = sql.find("'\\''")) != std::string::npos;) sql.replace(at, 4, "'");
  EXPECT_EQ(Ask(Path("new/t.db"), sql), "");
  const auto end = Command({"run", "tables.yaml"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_EQ(Numbers("\"it's\"", "new/t.db"), kAllNumbers);
}

// ---- states that are none ----------------------------------------

TEST_F(Outputs, OneCauseHasOneTextInEveryVerb) {
  Write("file", "x");
  for (const char* verb : {"verify", "dump", "snapshots", "snapshot"}) {
    EXPECT_EQ(Command({verb, "nope"}).err, "tidemark: nope: no such directory\n") << verb;
    EXPECT_EQ(Command({verb, "file"}).err,
              "tidemark: file: is a file, and not a state directory or a snapshot\n")
        << verb;
    EXPECT_EQ(Command({verb, "."}).err,
              "tidemark: .: is neither a state directory nor a snapshot (it has no store/)\n")
        << verb;
  }
  EXPECT_EQ(Command({"explain", "job.yaml", "nope"}).err, "tidemark: nope: no such directory\n");
  ExpectRefused(Run({"--state", "file"}), kUsage,
                {"file: is a file, and a state needs a directory"});
}

}  // namespace
}  // namespace tidemark
