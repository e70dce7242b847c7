// Goal: output that a job committed is never emptied or truncated because a sink got another name,
// another file or another kind, or because a file was there first. Method: the real program; what
// was committed is compared byte for byte after each start, refused or not.

#include <string>

#include "absl/strings/str_split.h"
#include "connectors/sqlite/sqlite_test_support.h"
#include "tests/process/bad_input_fixture.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;

class SinkNames : public BadInput {
 protected:
  void WriteJob(const std::string& sinks, const std::string& state = "state: st\n") {
    Write("job.yaml", Cat("name: j\n", state, "source: {file: in}\n", sinks, "\n"));
  }
  ChildProcess::End RunOk(const Words& flags = {}) {
    auto end = Run(flags);
    EXPECT_EQ(end.exit_code, 0) << end.err;
    return end;
  }
  void ExpectRefusedAs(const ChildProcess::End& end, std::initializer_list<const char*> parts) {
    EXPECT_EQ(end.exit_code, kNeedsPerson) << end.err;
    ExpectInOrder(end.err, parts);
  }
};

TEST_F(SinkNames, AFileUnderAnotherSinkNameIsNotEmptied) {
  Write("in", "{\"v\":1}\n");
  WriteJob("sink: {file: out}");
  RunOk();
  const std::string committed = Read("out");
  WriteJob("sinks: {f: {file: out}, sink: {file: new}}");
  ExpectRefusedAs(Command({"validate", "job.yaml"}), {"out: is the output of sink 'sink'"});
  ExpectRefusedAs(Run(), {"out: is the output of sink 'sink'", "name this sink 'sink' again"});
  ExpectRefusedAs(Run({"--new-output", "sink"}), {"out: is the output of sink 'sink'"});
  WriteJob("sinks: {sink: {file: new}, f: {file: out}}");
  ExpectRefusedAs(Run(), {"new: is missing, but 8 bytes were committed"});
  ExpectRefusedAs(Run({"--new-output", "sink"}), {"out: is the output of sink 'sink'"});
  EXPECT_EQ(Read("out"), committed);
  WriteJob("sink: {file: out}");
  RunOk();
  EXPECT_EQ(Read("out"), committed);
}

// Once the sink has an output elsewhere, the record no longer says whose the first file is; the
// file's owner does.
TEST_F(SinkNames, AnOutputThatASinkHasLeftIsMovedAsideAndNotEmptied) {
  Write("in", "{\"v\":1}\n");
  WriteJob("sink: {file: out}");
  RunOk();
  const std::string committed = Read("out");
  Write("in", "{\"v\":1}\n{\"v\":2}\n");
  WriteJob("sink: {file: new}");
  RunOk({"--new-output", "sink"});
  WriteJob("sinks: {sink: {file: new}, f: {file: out}}");
  ExpectRefusedAs(Run(), {"out: has 8 bytes that this job committed up to epoch 1",
                          "another name than 'f'", "--new-output f to move it aside"});
  EXPECT_EQ(Read("out"), committed);
  RunOk({"--new-output", "f"});
  EXPECT_EQ(Read("out.old-1"), committed);
}

TEST_F(SinkNames, ATableUnderAnotherSinkNameIsNotDropped) {
  Write("in", "{\"v\":1}\n");
  WriteJob("sink: {sqlite: {file: t.db, table: t}}");
  RunOk();
  WriteJob("sinks: {f: {sqlite: {file: t.db, table: T}}, sink: {file: new}}");
  ExpectRefusedAs(Run(), {"t.db, table 't': is the output of sink 'sink'"});
  EXPECT_EQ(Ask(Path("t.db"), "SELECT count(*) FROM t"), "1");
}

TEST_F(SinkNames, TwoSinksCannotExchangeTheirFiles) {
  std::string rows;
  for (int i = 0; i < 10; ++i) rows += Cat("{\"k\":\"a\",\"t\":", i * 1000, "}\n");
  for (int i = 0; i < 60; ++i) rows += "{\"k\":\"a\",\"t\":1000}\n";
  Write("in", rows);
  const auto job = [](const std::string& main, const std::string& late) {
    return Cat("steps: [{key_by: k}, {window: {clock: {event_time: t}, tumbling: 1s, aggregate: ",
               "{n: count}, late_to: {file: ", late, "}}}]\nsink: {file: ", main, "}");
  };
  WriteJob(job("main", "late"));
  RunOk();
  const std::string main = Read("main"), late = Read("late");
  WriteJob(job("late", "main"));
  for (const Words& flags : {Words{}, Words{"--new-output", "window_late"},
                             Words{"--new-output", "sink,window_late"}, Words{"--take-over"}}) {
    ExpectRefusedAs(Run(flags), {": is the output of sink '"});
    EXPECT_EQ(Read("main"), main);
    EXPECT_EQ(Read("late"), late);
  }
}

TEST_F(SinkNames, AFileDoesNotBecomeStandardOutputWithoutAWord) {
  Write("in", "{\"v\":1}\n");
  WriteJob("sink: {file: out}");
  RunOk();
  WriteJob("sink: stdout");
  ExpectRefusedAs(Command({"validate", "job.yaml"}), {"not that of standard output"});
  ExpectRefusedAs(Run(), {"step 'sink': ", "not that of standard output", "a name of its own"});
  WriteJob("sink: {file: out}");
  RunOk();
}

TEST_F(SinkNames, WithoutAStateAFileThatWasThereIsMovedAside) {
  Write("in", "{\"v\":1}\n");
  Write("precious.csv", "work\n");
  WriteJob("sink: {file: precious.csv}", "");
  for (int run = 0; run < 2; ++run) {  // the second overwrites what the first has written
    const std::string said = RunOk().err;
    EXPECT_EQ(said.find("moved to precious.csv.old-1") != std::string::npos, run == 0) << said;
    EXPECT_EQ(Read("precious.csv.old-1"), "work\n");
    EXPECT_EQ(Read("precious.csv"), "{\"v\":1}\n");
  }
  EXPECT_FALSE(Exists("precious.csv.old-2"));
}

TEST_F(SinkNames, TheJobFileItselfIsNotAnOutput) {
  Write("in", "{\"v\":1}\n");
  WriteJob("sink: {file: ./job.yaml}", "");
  const std::string job = Read("job.yaml");
  for (const char* verb : {"validate", "run"}) {
    const auto end = Command({verb, "job.yaml"});
    EXPECT_EQ(end.exit_code, kUsage) << end.err;
    EXPECT_THAT(end.err, HasSubstr("./job.yaml: is the job file itself"));
  }
  EXPECT_EQ(Read("job.yaml"), job);
}

// An older copy of a state, and --new-output as the refusal advises: what is written twice is said.
TEST_F(SinkNames, RowsThatComeTwiceWithANewOutputAreSaid) {
  Write("in", "{\"v\":1}\n");
  WriteJob("sink: {file: out}");
  RunOk();
  ASSERT_EQ(Shell("cp -r st old").exit_code, 0);
  Write("in", "{\"v\":1}\n{\"v\":2}\n");
  RunOk();
  ASSERT_EQ(Shell("rm -r st && mv old st").exit_code, 0);
  ExpectRefusedAs(Run(), {"out: ", "epoch 2", "older copy"});
  EXPECT_THAT(RunOk({"--new-output", "sink"}).err,
              HasSubstr("committed there after epoch 1 (truncate -s 8 out.old-1"));
  ASSERT_EQ(Shell("truncate -s 8 out.old-1").exit_code, 0);
  EXPECT_EQ(Read("out.old-1") + Read("out"), "{\"v\":1}\n{\"v\":2}\n");
}

TEST_F(SinkNames, SeveralBadRowsAreSteppedOverByWhatTheMessagesSay) {
  Write("in", "a\nb\n{\"v\":1}\n");
  WriteJob("sink: {file: out}");
  Words flags;
  for (int bad = 0; bad < 2; ++bad) {
    const auto end = Run(flags);
    ASSERT_NE(end.exit_code, 0);
    const size_t from = end.err.find("--skip-item"), to = end.err.find(" steps over it");
    ASSERT_NE(to, std::string::npos) << end.err;
    flags.clear();
    for (const auto word : absl::StrSplit(end.err.substr(from, to - from), ' ')) {
      flags.emplace_back(word);
    }
  }
  EXPECT_EQ(flags.size(), 4u);
  RunOk(flags);
  EXPECT_EQ(Read("out"), "{\"v\":1}\n");
}

}  // namespace
}  // namespace tidemark
