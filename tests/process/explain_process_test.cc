// Goal: `explain` says what a start would make of a state, and what it says is what the start does.
// Method: the real program is stopped in the middle, its job, input or state are changed, and it is
// asked before it is started again.

#include "tests/process/bad_input_fixture.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;

class Explain : public BadInput {
 protected:
  ChildProcess::End ExplainJob() { return Command({"explain", "job.yaml", kState}); }
  // What explain refuses a start refuses too, in the same words, and nothing is changed.
  void ExpectBothRefuse(const char* why) {
    const Standing before = Now();
    const auto explained = ExplainJob();
    EXPECT_EQ(explained.exit_code, kNeedsPerson);
    EXPECT_THAT(explained.err, HasSubstr(why));
    ExpectRefused(Run(), kNeedsPerson, {why});
    EXPECT_EQ(Now(), before);
  }
};

TEST_F(Explain, WhatIsKeptAndWhatWillBeReadIsSaid) {
  RunHalfway();
  const Standing before = Now();
  const auto end = ExplainJob();
  EXPECT_EQ(end.exit_code, 0) << end.err;
  ExpectInOrder(end.out, {"out/job.state: epoch ", "step 'batch': kept",
                          "source 'source' (file in.jsonl):\n  file: continues from line ",
                          " bytes to read", "sink 'sink' (file out/job.jsonl): continues after",
                          "the run would resume after epoch "});
  EXPECT_EQ(Now(), before);
  ExpectTheSameCommandFinishes();
  const auto done = ExplainJob();
  EXPECT_EQ(done.exit_code, 0) << done.err;
  ExpectInOrder(done.out, {"file: continues from line 201 (it was at its end), nothing new in it"});
}

TEST_F(Explain, AnotherFlowIsRefused) {
  RunHalfway();
  Write("job.yaml", JobWith("name: job", "name: other"));
  ExpectBothRefuse("holds the state of flow 'job', and this is flow 'other'");
}

TEST_F(Explain, AReplacedInputIsRefused) {
  RunHalfway();
  std::string other;
  for (int n = 1; n <= kRows; ++n) other += Row(n + 1000);
  Write(kInput, other);
  EXPECT_THAT(ExplainJob().out, HasSubstr("which is refused"));
  ExpectBothRefuse("in.jsonl: is not the file that was read before");
}

TEST_F(Explain, ACopiedInputGoesOnAndIsSaid) {
  RunHalfway();
  Write(kInput, Rows(kRows));
  const auto explained = ExplainJob();
  EXPECT_EQ(explained.exit_code, 0) << explained.err;
  EXPECT_THAT(explained.out, HasSubstr("in.jsonl: is another file with the same content"));
  ExpectTheSameCommandFinishes();
}

TEST_F(Explain, ACutInputIsRefused) {
  RunHalfway();
  ASSERT_EQ(truncate(Path(kInput).c_str(), 20), 0);
  ExpectBothRefuse("in.jsonl: is not the file that was read before");
}

TEST_F(Explain, AnOutputThatIsGoneIsRefusedAndASnapshotDoesNotCare) {
  RunHalfway();
  const std::string snapshot = Cat("out/job.state/snapshots/", Now().snapshots.back());
  ASSERT_TRUE(dir_.files().Remove(Path(kOutput)).ok());
  const auto end = ExplainJob();
  EXPECT_EQ(end.exit_code, kNeedsPerson);
  EXPECT_THAT(end.out, HasSubstr("is cut off, which is refused"));
  ExpectRefused(Run(), kNeedsPerson, {"step 'sink': out/job.jsonl: "});
  EXPECT_EQ(Command({"explain", "job.yaml", snapshot}).exit_code, 0);
}

TEST_F(Explain, AKeyThatChangedIsRefused) {
  RunHalfway();
  Write("job.yaml", JobWith("key_by: k", "key_by: n"));
  ExpectBothRefuse("the key of step 'batch' was [k] and is now [n]");
}

TEST_F(Explain, TheStateOfARemovedStepStaysUntilItIsDropped) {
  RunHalfway();
  const std::string both = Command({"dump", kState}).out;
  Write("job.yaml", JobWith("batch: {max_items: 4}", "batch: {name: lists, max_items: 4}"));
  ExpectInOrder(Command({"explain", "job.yaml", kState}).out,
                {"step 'lists': new, starts empty", "step 'batch': no longer in the flow",
                 "--drop-state batch"});
  ExpectRefused(Run({"--drop-state", "lists"}), kUsage,
                {"--drop-state: the flow has a step 'lists'"});
  ExpectRefused(Run({"--drop-state", "nobody"}), kUsage,
                {"--drop-state: there is no state of a step 'nobody'; there are: batch"});
  EXPECT_EQ(Command({"dump", kState}).out, both);
  const auto end = Run({"--drop-state", "batch"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(end.err, HasSubstr("the state of step 'batch' is removed"));
  EXPECT_THAT(Command({"dump", kState, "--step", "batch"}).err, HasSubstr("has no step 'batch'"));
  EXPECT_EQ(Command({"verify", kState}).exit_code, 0);
}

}  // namespace
}  // namespace tidemark
