// The steps `where` and `select` in whole jobs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/status.h"
#include "jobs/test_support.h"
#include "tidemark/testing.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<std::string> LinesOf(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

// ---- where ----------------------------------------

TEST_F(JobTest, RowsThatPassAConditionKeepTheirBytes) {
  const std::string strong = "{ \"mag\":2.30 ,\"id\": 12345678901234567890123}\n";
  EXPECT_EQ(Printed(strong + "{\"mag\": 1}\n{\"mag\": null}\n{}\n", "- where: mag > 2"), strong);
}

TEST_F(JobTest, ConditionsFollowOneAnother) {
  EXPECT_EQ(Printed("{\"a\": 1, \"b\": 1}\n{\"a\": 2, \"b\": 1}\n{\"a\": 2, \"b\": 2}\n",
                    "- where: a = 2\n- where: b < 2"),
            "{\"a\": 2, \"b\": 1}\n");
}

TEST_F(JobTest, ARowThatIsLeftOutNeedsNoKey) {
  EXPECT_EQ(Printed("{\"net\": 1}\n{\"nett\": 2}\n{\"net\": [3]}\n{\"net\": 1}\n",
                    "- where: net = 1 and net is not null\n- key_by: net\n- batch: {max_items: 9}",
                    ", on_error: skip"),
            "{\"net\": 1, \"items\": [{\"net\": 1}, {\"net\": 1}]}\n");
  // Comparing the list fails, and only that.
  EXPECT_EQ(tester().skips().total(), 1u);
}

TEST_F(JobTest, AFilteredRunIsNotTheEnd) {
  std::string rows;
  for (int i = 0; i < 3000; ++i) rows += "{\"net\": 0}\n";
  FlowTester::Options one_by_one;
  one_by_one.batch_items_max = 1;
  UseTester(one_by_one);
  EXPECT_EQ(Printed(rows + "{\"net\": 1}\n",
                    "- where: net > 0\n- key_by: net\n"
                    "- batch: {max_items: 2}"),
            "{\"net\": 1, \"items\": [{\"net\": 1}]}\n");
}

// ---- select ----------------------------------------

TEST_F(JobTest, ASelectWritesNewRows) {
  EXPECT_EQ(
      Printed(
          "{\"a\": 2.30, \"b\": \"x\", \"c\": {\"d\": [1,  2]}, \"big\": 18446744073709551617}\n"
          "{\"a\": 1}\n",
          "- select: {a: a, twice: a * 2, name: upper(b), inner: c.d, big: big}"),
      "{\"a\": 2.30, \"twice\": 4.6, \"name\": \"X\", \"inner\": [1,  2], "
      "\"big\": 18446744073709551617}\n"
      "{\"a\": 1, \"twice\": 2, \"name\": null, \"inner\": null, \"big\": null}\n");
}

TEST_F(JobTest, AStarKeepsTheOtherFieldsWhereItIsWritten) {
  const std::string row = "{\"a\":1.0,\"b\" : \"x\", \"c\": [ ]}\n";
  EXPECT_EQ(Printed(row, "- select: {'*', b: a + 1}"), "{\"a\": 1.0, \"c\": [ ], \"b\": 2}\n");
  UseTester({});
  EXPECT_EQ(Printed(row, "- select: {d: a + 1, '*': }"),
            "{\"d\": 2, \"a\": 1.0, \"b\": \"x\", \"c\": [ ]}\n");
  UseTester({});
  EXPECT_EQ(Printed("{}\n", "- select: {'*', d: 1}"), "{\"d\": 1}\n");
  UseTester({});
  EXPECT_EQ(Printed("{\"a\\u0062\": 1}\n", "- select: {'*', ab: \"'new'\"}"),
            "{\"ab\": \"new\"}\n");
}

TEST_F(JobTest, StepsWorkOnTheRowsOfTheOnesBefore) {
  EXPECT_EQ(Printed("{\"a\": 1}\n{\"a\": 2}\n{\"a\": 3}\n",
                    "- select: {b: a * 10}\n- where: b > 10\n- select: {'*', c: b + 1}\n"
                    "- where: c < 31\n- select: {c: c}"),
            "{\"c\": 21}\n");
}

TEST_F(JobTest, AKeyIsReadWhereItsStepIs) {
  // Before the select, from the row as it was read.
  EXPECT_EQ(Printed("{\"net\": \"ci\", \"mag\": 2}\n",
                    "- key_by: net\n- select: {m: mag}\n- batch: {max_items: 2}"),
            "{\"net\": \"ci\", \"items\": [{\"m\": 2}]}\n");
  // After it, from the new row.
  UseTester({});
  EXPECT_EQ(Printed("{\"net\": \"ci\", \"mag\": 2}\n",
                    "- select: {k: upper(net)}\n- key_by: k\n- batch: {max_items: 2}"),
            "{\"k\": \"CI\", \"items\": [{\"k\": \"CI\"}]}\n");
}

TEST_F(JobTest, ASelectChangesTheValuesOfAKeyAfterABatch) {
  EXPECT_EQ(Printed("{\"k\": 1}\n{\"k\": 2}\n",
                    "- key_by: k\n- batch: {max_items: 1}\n"
                    "- select: {k: \"'all'\", one: k}\n- key_by: k\n"
                    "- batch: {name: more, max_items: 2}"),
            "{\"k\": \"all\", \"items\": [{\"k\": \"all\", \"one\": 1}, "
            "{\"k\": \"all\", \"one\": 2}]}\n");
}

constexpr char kWindow[] =
    "- window: {clock: {event_time: t}, tumbling: {length: 10s, "
    "align_to: 2022-01-01T00:00:00Z}, aggregate: {n: count, top: max(m)}}\n";

TEST_F(JobTest, StepsAroundAWindow) {
  const std::string rows =
      "{\"k\": \"a\", \"mag\": 1, \"time\": \"2022-01-01T00:00:01Z\"}\n"
      "{\"k\": \"b\", \"mag\": 5, \"time\": \"2022-01-01T00:00:02Z\"}\n"
      "{\"k\": \"b\", \"mag\": 7, \"time\": \"2022-01-01T00:00:03Z\"}\n";
  EXPECT_EQ(Printed(rows, Cat("- where: mag < 7\n- key_by: k\n- select: {m: mag + 1, t: time}\n",
                              kWindow, "- where: n = 1 and top > 2\n",
                              "- select: {k: k, from: window_open, top: top / 4}")),
            "{\"k\": \"b\", \"from\": \"2022-01-01T00:00:00Z\", \"top\": 1.5}\n");
}

TEST_F(JobTest, AWindowUnderTheSameKeyFollowsAWindowThroughAWhere) {
  std::string rows;
  for (int i = 0; i < 40; ++i) {
    rows += Cat("{\"k\": \"a\", \"m\": ", i, ", \"t\": \"2022-01-01T00:00:", i < 10 ? "0" : "", i,
                "Z\"}\n");
  }
  EXPECT_EQ(Printed(rows, Cat("- key_by: k\n", kWindow, "- where: top > 9\n",
                              "- window: {name: w2, clock: {event_time: window_open}, "
                              "tumbling: {length: 20s, align_to: 2022-01-01T00:00:00Z}, "
                              "aggregate: {windows: count}}")),
            "{\"k\": \"a\", \"window_open\": \"2022-01-01T00:00:00Z\", "
            "\"window_close\": \"2022-01-01T00:00:20Z\", \"windows\": 1}\n"
            "{\"k\": \"a\", \"window_open\": \"2022-01-01T00:00:20Z\", "
            "\"window_close\": \"2022-01-01T00:00:40Z\", \"windows\": 2}\n");
}

// ---- bad rows ----------------------------------------

TEST_F(JobTest, ARowWhoseEvaluationFailsStopsTheRun) {
  EXPECT_THAT(Printed("{\"a\": 1}\n{\"a\": 0}\n", "- where: 1 / a > 0"),
              HasSubstr("in.jsonl:2: where: division by zero; --skip-item source/file@2"));
  EXPECT_THAT(Printed("{\"a\": \"x\"}\n", "- select: {b: \"a::int\"}"),
              HasSubstr("in.jsonl:1: select 'b': invalid input syntax for type bigint: 'x'"));
  EXPECT_THAT(Printed("{\"a\": 1, \"a\": 2}\n", "- where: a > 0"),
              HasSubstr("in.jsonl:1: where: the field 'a' is there twice"));
}

// The first bad row in the file is the one that is reported, whichever step it fails in.
TEST_F(JobTest, BadRowsAreReportedInTheirOrder) {
  EXPECT_THAT(Printed("{\"a\": 1}\n{\"a\": 0, \"k\": 1}\n",
                      "- where: 1 / a > 0\n- key_by: k\n- batch: {max_items: 1}"),
              HasSubstr("in.jsonl:1: field 'k' is missing"));
}

TEST_F(JobTest, SkippedRowsOfAnExpressionAreCountedWithTheirPlaces) {
  EXPECT_EQ(Printed("{\"a\": 0}\n{\"a\": 2}\n{\"a\": \"x\"}\nno json\n{\"a\": 4}\n",
                    "- where: 8 / a > 1\n- select: {b: 8 / a}", ", on_error: skip"),
            "{\"b\": 4}\n{\"b\": 2}\n");
  const auto entries = tester().skips().Entries();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries.begin()->second.count, 3u);
  EXPECT_THAT(entries.begin()->second.examples,
              ::testing::UnorderedElementsAre(
                  HasSubstr("in.jsonl:1: where: division by zero"),
                  HasSubstr("in.jsonl:3: where: a number is expected, found the text 'x'"),
                  HasSubstr("in.jsonl:4: not JSON")));
}

// A field that a later step alone reads does not make a row bad that is left out before.
TEST_F(JobTest, AFieldIsReadWhenItsStepComes) {
  EXPECT_EQ(Printed("{\"a\": 0, \"b\": 1, \"b\": 2}\n{\"a\": 1, \"b\": 1}\n",
                    "- where: a > 0\n- select: {b: b + 1}"),
            "{\"b\": 2}\n");
}

TEST_F(JobTest, ABadRowThatAStepHasMadeStopsTheRun) {
  EXPECT_THAT(Printed("{\"k\": 0}\n", "- key_by: k\n- batch: {max_items: 1}\n- where: 1 / k > 0",
                      ", on_error: skip"),
              HasSubstr("where: division by zero, in the row {\"k\": 0, \"items\": [{\"k\": 0}]}"));
}

// ---- running again ----------------------------------------

std::string ManyRows(int count) {
  std::string rows;
  for (int i = 0; i < count; ++i) {
    rows += Cat("{\"net\": \"n", i % 7, "\", \"i\": ", i, ", \"x\": 2.30}\n");
  }
  return rows;
}

constexpr char kPaced[] = R"(
name: j
source: {file: '@/in.jsonl', rate: 10, on_error: skip}
steps:
  - where: i % 5 <> 0 and 10 / (i - 17) is not null
  - key_by: net
  - select: {'*', half: i / 2}
  - batch: {max_items: 3}
  - where: json_array_length(items) = 3
  - select: {net: upper(net), first: (items -> 0) -> 'half'}
  - key_by: []
  - batch: {name: all, max_items: 4, as: lists}
sink: {file: '@/out'}
)";

// Goal: no crash can be seen in the output. Method: the job runs at a pace under the virtual clock,
// is committed and crashes again and again, and the output is compared with an undisturbed run's.
TEST_F(JobTest, ACrashedJobWithExpressionsGoesOnAsIfNothingHadHappened) {
  Put("in.jsonl", ManyRows(100));
  ASSERT_EQ(Start(kPaced), absl::OkStatus());
  for (int i = 0; i < 200; ++i) tester().Advance(absl::Milliseconds(100));
  tester().Commit();
  const std::string undisturbed = Get("out");
  EXPECT_THAT(undisturbed, StartsWith("{\"lists\": [{\"net\": \"N"));
  EXPECT_EQ(tester().skips().total(), 1u);  // the row with i = 17

  for (const int commit_every : {1, 3, 11}) {
    UseTester({});
    ASSERT_EQ(files_->Remove(Path("out")), absl::OkStatus());
    ASSERT_EQ(files_->Remove(Path("out.tidemark")), absl::OkStatus());
    ASSERT_EQ(Start(kPaced), absl::OkStatus());
    for (int i = 1; i <= 400; ++i) {
      tester().Advance(absl::Milliseconds(100));
      if (i % commit_every == 0) tester().Commit();
      if (i % (2 * commit_every + 1) == 0) tester().CrashAndResume();
    }
    tester().Commit();
    EXPECT_EQ(Get("out"), undisturbed) << "committed every " << commit_every << " steps";
  }
}

TEST_F(JobTest, MoreWorkersGiveTheSameComputedRows) {
  Put("in.jsonl", ManyRows(200));
  const std::string job =
      "{name: j, source: {file: '@/in.jsonl'}, sink: stdout, steps: [{where: i > 20},"
      " {key_by: net}, {batch: {max_items: 3}}, {select: {net: net, n: "
      "json_array_length(items)}}]}";
  ASSERT_EQ(Run(job), absl::OkStatus());
  std::vector<std::string> one = LinesOf(stdout_);
  stdout_.clear();
  FlowTester::Options workers;
  workers.workers = 3;
  UseTester(workers);
  ASSERT_EQ(Run(job), absl::OkStatus());
  std::vector<std::string> three = LinesOf(stdout_);
  std::sort(one.begin(), one.end());
  std::sort(three.begin(), three.end());
  EXPECT_EQ(one, three);
  EXPECT_EQ(one.size(), 63u);
}

}  // namespace
}  // namespace tidemark
