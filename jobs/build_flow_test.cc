// Jobs that run, from the text of the job to the bytes that come out.

#include "jobs/build_flow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/status.h"
#include "connectors/connector.h"
#include "connectors/file/file_connector.h"
#include "connectors/kafka/kafka_connector.h"
#include "connectors/made/generator_connector.h"
#include "connectors/stdio/stdio_connectors.h"
#include "jobs/test_support.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

std::string Text(const absl::Status& status) { return std::string(ToStd(status.message())); }

std::vector<std::string> LinesOf(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

constexpr char kByNet[] = "- key_by: net\n- batch: {max_items: 2}";

// ---- copying ----------------------------------------

TEST_F(JobTest, RowsThatNoStepChangesAreWrittenAsTheyWereRead) {
  const std::string rows =
      "{\"a\": 2.30, \"big\": 12345678901234567890123, \"e\": 1E+2}\n"
      "{ \"text\" :\t\"\\u00fc ü 🌊\", \"a\":[ ] }\n"
      "{}\n";
  Put("in.jsonl", rows);
  ASSERT_EQ(Run("{name: copy, source: {file: '@/in.jsonl'}, sink: {file: '@/new/dir/out'}}"),
            absl::OkStatus());
  EXPECT_EQ(Get("new/dir/out"), rows);
}

TEST_F(JobTest, LinesAreCopiedWhateverTheyHold) {
  const std::string lines = std::string("no json\n\n{\n\xff\0 bytes\n", 20);
  Put("in.txt", lines);
  ASSERT_EQ(Run("{name: copy, source: {file: '@/in.txt', format: lines}, sink: {file: '@/out'}}"),
            absl::OkStatus());
  EXPECT_EQ(Get("out"), lines);
}

TEST_F(JobTest, EverySinkGetsEveryRow) {
  Put("in.jsonl", "{\"a\": 1}\n{\"a\": 2}\n");
  ASSERT_EQ(Run("{name: j, source: {file: '@/in.jsonl'},"
                " sinks: {one: {file: '@/one'}, two: {file: '@/two'}, three: stdout}}"),
            absl::OkStatus());
  EXPECT_EQ(Get("one"), "{\"a\": 1}\n{\"a\": 2}\n");
  EXPECT_EQ(Get("two"), Get("one"));
  EXPECT_EQ(stdout_, Get("one"));
}

TEST_F(JobTest, TheRowsOfAllSourcesGoThroughTheSteps) {
  Put("a.jsonl", "{\"k\": 1, \"from\": \"a\"}\n");
  Put("b.jsonl", "{\"k\": 1, \"from\": \"b\"}\n{\"k\": 2, \"from\": \"b\"}\n");
  ASSERT_EQ(Run(R"(
name: j
sources:
  a: {file: '@/a.jsonl'}
  b: {file: '@/b.jsonl'}
steps:
  - key_by: from
  - batch: {max_items: 10}
sink: stdout
)"),
            absl::OkStatus());
  EXPECT_THAT(
      LinesOf(stdout_),
      ElementsAre(R"({"from": "a", "items": [{"k": 1, "from": "a"}]})",
                  R"({"from": "b", "items": [{"k": 1, "from": "b"}, {"k": 2, "from": "b"}]})"));

  Put("a.txt", "a\n");
  Put("b.txt", "b\n");
  stdout_.clear();
  UseTester({});
  ASSERT_EQ(Run("{name: j, sources: {a: {file: '@/a.txt', format: lines},"
                " b: {file: '@/b.txt', format: lines}}, sink: stdout}"),
            absl::OkStatus());
  EXPECT_THAT(LinesOf(stdout_), UnorderedElementsAre("a", "b"));
}

TEST_F(JobTest, AGeneratorNeedsNoInput) {
  ASSERT_EQ(Run(R"(
name: j
source: {generator: {items: 5, keys: 1, seed: 3}}
steps:
  - key_by: key
  - batch: {max_items: 4}
sink: stdout
)"),
            absl::OkStatus());
  const std::vector<std::string> rows = LinesOf(stdout_);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_THAT(rows[0], testing::StartsWith(R"({"key": "k0", "items": [{"seq": 0, "key": "k0", )"));
  EXPECT_THAT(rows[1], testing::StartsWith(R"({"key": "k0", "items": [{"seq": 4, "key": "k0", )"));
}

TEST_F(JobTest, StandardInputIsASource) {
  for (const std::string format : {"json", "lines"}) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const std::string text = "{\"a\": 1}\n{\"a\": 2}\n";
    ASSERT_EQ(write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(ends[1]);
    options_.stdin_fd = ends[0];
    stdout_.clear();
    UseTester({});
    ASSERT_EQ(Run(Cat("{name: j, source: {stdin: {}, format: ", format, "}, sink: stdout}")),
              absl::OkStatus());
    EXPECT_EQ(stdout_, text);
    close(ends[0]);
  }
}

// ---- keys and batches ----------------------------------------

TEST_F(JobTest, ABatchIsTheKeyAndTheSourceBytesOfItsRows) {
  const std::string rows =
      "{\"net\": \"ci\", \"mag\": 2.30}\n"
      "{ \"net\":\"ü\\\"\", \"id\": 12345678901234567890 }\n"
      "{\"net\": \"ci\",   \"mag\": 1.0e0}\n"
      "{\"net\": \"ci\"}\n";
  EXPECT_EQ(Printed(rows, kByNet),
            "{\"net\": \"ci\", \"items\": [{\"net\": \"ci\", \"mag\": 2.30}, "
            "{\"net\": \"ci\",   \"mag\": 1.0e0}]}\n"
            "{\"net\": \"ci\", \"items\": [{\"net\": \"ci\"}]}\n"
            "{\"net\": \"ü\\\"\", \"items\": "
            "[{ \"net\":\"ü\\\"\", \"id\": 12345678901234567890 }]}\n");
}

TEST_F(JobTest, WhatIsLeftAtTheEndComesInTheOrderOfTheKeys) {
  EXPECT_EQ(Printed("{\"net\": \"b\"}\n{\"net\": 10}\n{\"net\": \"a\"}\n{\"net\": 9}\n"
                    "{\"net\": null}\n{\"net\": true}\n{\"net\": 9.0}\n{\"net\": 0.5}\n",
                    "- key_by: net\n- batch: {max_items: 100}"),
            "{\"net\": null, \"items\": [{\"net\": null}]}\n"
            "{\"net\": true, \"items\": [{\"net\": true}]}\n"
            "{\"net\": 9, \"items\": [{\"net\": 9}, {\"net\": 9.0}]}\n"
            "{\"net\": 10, \"items\": [{\"net\": 10}]}\n"
            "{\"net\": 0.5, \"items\": [{\"net\": 0.5}]}\n"
            "{\"net\": \"a\", \"items\": [{\"net\": \"a\"}]}\n"
            "{\"net\": \"b\", \"items\": [{\"net\": \"b\"}]}\n");
}

TEST_F(JobTest, AKeyOfSeveralFieldsIsWrittenUnderTheirNames) {
  EXPECT_EQ(Printed("{\"a\": {\"b\": 1}, \"c\\\"\": \"x\"}\n",
                    "- key_by: [a.b, 'c\"']\n- batch: {max_items: 1, as: rows}"),
            "{\"a.b\": 1, \"c\\\"\": \"x\", \"rows\": [{\"a\": {\"b\": 1}, \"c\\\"\": \"x\"}]}\n");
}

TEST_F(JobTest, AKeyWithoutFieldsIsOneListOverAllRows) {
  EXPECT_EQ(Printed("{\"n\": 1}\n{}\n{\"n\": 3}\n", "- key_by: []\n- batch: {max_items: 2}"),
            "{\"items\": [{\"n\": 1}, {}]}\n{\"items\": [{\"n\": 3}]}\n");
}

TEST_F(JobTest, AKeyWithoutABatchChangesNothing) {
  EXPECT_EQ(Printed("{\"n\": 1}\n{\"n\": 2}\n", "- key_by: n"), "{\"n\": 1}\n{\"n\": 2}\n");
}

TEST_F(JobTest, TheRowsOfABatchCanBeBatched) {
  EXPECT_EQ(
      Printed("{\"a\": 1, \"b\": \"x\"}\n{\"a\": 1, \"b\": \"y\"}\n{\"a\": 2, \"b\": \"x\"}\n",
              "- key_by: [a, b]\n- batch: {max_items: 1}\n"
              "- batch: {name: same_key, max_items: 1, as: one}\n"
              "- key_by: b\n- batch: {name: by_b, max_items: 2, as: lists}"),
      "{\"b\": \"x\", \"lists\": ["
      "{\"a\": 1, \"b\": \"x\", \"one\": [{\"a\": 1, \"b\": \"x\", \"items\": "
      "[{\"a\": 1, \"b\": \"x\"}]}]}, "
      "{\"a\": 2, \"b\": \"x\", \"one\": [{\"a\": 2, \"b\": \"x\", \"items\": "
      "[{\"a\": 2, \"b\": \"x\"}]}]}]}\n"
      "{\"b\": \"y\", \"lists\": ["
      "{\"a\": 1, \"b\": \"y\", \"one\": [{\"a\": 1, \"b\": \"y\", \"items\": "
      "[{\"a\": 1, \"b\": \"y\"}]}]}]}\n");
}

TEST_F(JobTest, ARowThatIsTooDeepInItsListStopsTheRun) {
  // The reader's limit is 1024; the row's own braces, its list and the row around that count.
  constexpr size_t kDepth = 1022;
  const std::string row = Cat("{\"a\": 1, \"c\": 2, \"b\": ", std::string(kDepth, '['),
                              std::string(kDepth, ']'), "}\n");
  EXPECT_EQ(Printed(row, "- key_by: a\n- batch: {max_items: 1}"),
            Cat("{\"a\": 1, \"items\": [", row.substr(0, row.size() - 1), "]}\n"));
  UseTester({});
  EXPECT_THAT(Printed(row, "- key_by: [a, c]\n- batch: {max_items: 1}\n- key_by: a"),
              HasSubstr("a map step: the step's own code threw: not JSON"));
}

// A pipe keeps the input open, so that only time can end a list.
TEST_F(JobTest, AListIsGivenWhenItsTimeIsUp) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  options_.stdin_fd = ends[0];
  ASSERT_EQ(Start(R"(
name: j
source: stdin
steps:
  - key_by: k
  - batch: {max_wait: 10s, idle_timeout: 4s}
sink: stdout
)"),
            absl::OkStatus());
  const auto feed = [&](const std::string& row) {
    ASSERT_EQ(write(ends[1], row.data(), row.size()), static_cast<ssize_t>(row.size()));
    tester().job().worker(0).SetReadable();
    tester().Run();
  };
  feed("{\"k\": 1}\n");
  tester().Advance(absl::Seconds(4) - absl::Microseconds(1));
  EXPECT_EQ(stdout_, "");
  tester().Advance(absl::Microseconds(1));
  EXPECT_EQ(stdout_, "{\"k\": 1, \"items\": [{\"k\": 1}]}\n");
  stdout_.clear();
  for (int i = 0; i < 3; ++i) {
    feed("{\"k\": 2}\n");
    tester().Advance(absl::Seconds(3));
  }
  EXPECT_EQ(stdout_, "");
  tester().Advance(absl::Seconds(1));
  EXPECT_EQ(stdout_, "{\"k\": 2, \"items\": [{\"k\": 2}, {\"k\": 2}, {\"k\": 2}]}\n");
  close(ends[0]);
  close(ends[1]);
}

// ---- bad rows ----------------------------------------

TEST_F(JobTest, ARowWithoutItsKeyStopsTheRun) {
  Put("in.jsonl", "{\"net\": 1}\n{\"nett\": 2}\n");
  const absl::Status status =
      Run("{name: j, source: {file: '@/in.jsonl'}, sink: {file: '@/out'},"
          " steps: [{key_by: net}, {batch: {max_items: 1}}]}");
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_EQ(Text(status),
            Cat("step 'source': ", Path("in.jsonl"),
                ":2: field 'net' is missing; --skip-item source/file@2 steps over it, "
                "on_error: skip leaves out all such rows"));
}

TEST_F(JobTest, ARowWhoseKeyIsNoSingleValueStopsTheRun) {
  EXPECT_THAT(Printed("{\"net\": [1]}\n", kByNet),
              HasSubstr("in.jsonl:1: the field 'net' holds an array, not a single value"));
  EXPECT_THAT(Printed("{\"net\": 1e30}\n", kByNet),
              HasSubstr("in.jsonl:1: field 'net' is a number"));
  EXPECT_THAT(Printed("{\"net\": 1}\n{\"net\": \n", kByNet), HasSubstr("in.jsonl:2: not JSON"));
}

TEST_F(JobTest, SkippedRowsAreCountedWithTheirPlaces) {
  EXPECT_EQ(Printed("{\"net\": 1}\n{}\nno json\n{\"net\": {}}\n{}\n{\"net\": 1}\n", kByNet,
                    ", on_error: skip"),
            "{\"net\": 1, \"items\": [{\"net\": 1}, {\"net\": 1}]}\n");
  const auto entries = tester().skips().Entries();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries.begin()->first, Cat("file ", Path("in.jsonl")));
  EXPECT_EQ(entries.begin()->second.count, 4u);
  EXPECT_THAT(entries.begin()->second.examples,
              UnorderedElementsAre(HasSubstr("in.jsonl:2: field 'net' is missing"),
                                   HasSubstr("in.jsonl:3: not JSON"),
                                   HasSubstr("in.jsonl:4: the field 'net' holds an object")));
}

TEST_F(JobTest, ARunOfSkippedRowsIsNotTheEnd) {
  std::string rows;
  for (int i = 0; i < 3000; ++i) rows += "{}\n";
  FlowTester::Options one_by_one;
  one_by_one.batch_items_max = 1;
  UseTester(one_by_one);
  EXPECT_EQ(Printed(rows + "{\"net\": 1}\n", kByNet, ", on_error: skip"),
            "{\"net\": 1, \"items\": [{\"net\": 1}]}\n");
  EXPECT_EQ(tester().skips().total(), 3000u);
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
source: {file: '@/in.jsonl', rate: 10}
steps:
  - key_by: [net]
  - batch: {max_items: 3}
  - key_by: []
  - batch: {name: all, max_items: 4, as: lists}
sink: {file: '@/out'}
)";

// Goal: no crash can be seen in the output. Method: the job runs at a pace under the virtual clock,
// is committed and crashes again and again, and the output is compared with an undisturbed run's.
TEST_F(JobTest, ACrashedJobGoesOnAsIfNothingHadHappened) {
  Put("in.jsonl", ManyRows(100));
  ASSERT_EQ(Start(kPaced), absl::OkStatus());
  for (int i = 0; i < 200; ++i) tester().Advance(absl::Milliseconds(100));
  tester().Commit();
  const std::string undisturbed = Get("out");
  EXPECT_THAT(undisturbed, testing::StartsWith("{\"lists\": [{\"net\": \"n0\", \"items\": [{"));

  for (const int commit_every : {3, 5, 11}) {
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

TEST_F(JobTest, MoreWorkersGiveTheSameRowsForEachKey) {
  Put("in.jsonl", ManyRows(200));
  const std::string job =
      "{name: j, source: {file: '@/in.jsonl'}, sink: stdout, steps: [{key_by: net},"
      " {batch: {max_items: 3}}]}";
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
}

std::string WithKey(const std::string& key, const std::string& batch) {
  return Cat("{name: j, source: {file: '@/in.jsonl', rate: 1}, sink: stdout, steps: [{key_by: ",
             key, "}, {batch: ", batch, "}]}");
}

TEST_F(JobTest, AnotherKeyForAStepWithStateIsRefused) {
  Put("in.jsonl", "{\"a\": 1, \"b\": 2}\n{\"a\": 1, \"b\": 2}\n{\"a\": 1, \"b\": 2}\n");
  ASSERT_EQ(Start(WithKey("a", "{max_items: 9}")), absl::OkStatus());
  tester().Run();
  tester().Commit();
  EXPECT_THAT(
      Text(Start(WithKey("b", "{max_items: 9}"))),
      EndsWith(": the key of step 'batch' was [a] and is now [b], under which its state would not "
               "be found; give the step another name, or start over with --fresh"));
  EXPECT_EQ(Start(WithKey("b", "{name: by_b, max_items: 9}")), absl::OkStatus());
  EXPECT_EQ(Start(WithKey("a", "{max_items: 2}")), absl::OkStatus());  // limits may change
  tester().Advance(absl::Seconds(1));
  EXPECT_EQ(stdout_, "{\"a\": 1, \"items\": [{\"a\": 1, \"b\": 2}, {\"a\": 1, \"b\": 2}]}\n");
}

TEST_F(JobTest, AStepThatComesBackIsRefusedUnderAnotherKey) {
  Put("in.jsonl", "{\"a\": 1, \"b\": 2}\n{\"a\": 3, \"b\": 2}\n");
  for (const char* batch : {"{max_items: 9}", "{name: another, max_items: 9}"}) {
    ASSERT_EQ(Start(WithKey("a", batch)), absl::OkStatus());
    tester().Run();
    tester().Commit();
  }
  EXPECT_THAT(Text(Start(WithKey("b", "{max_items: 9}"))),
              HasSubstr("the key of step 'batch' was [a] and is now [b]"));
}

TEST_F(JobTest, TheRateOfTheCommandGoesBeforeTheSources) {
  Put("in.jsonl", ManyRows(10));
  const std::string job = "{name: j, source: {file: '@/in.jsonl', rate: 1}, sink: stdout}";
  ASSERT_EQ(Start(job), absl::OkStatus());
  tester().Run();
  EXPECT_EQ(LinesOf(stdout_).size(), 1u);
  stdout_.clear();
  UseTester({});
  options_.rate = 0;
  ASSERT_EQ(Start(job), absl::OkStatus());
  tester().Run();
  EXPECT_EQ(LinesOf(stdout_).size(), 10u);
}

TEST_F(JobTest, AReplacedInputIsRefusedUnlessItIsAccepted) {
  Put("in.jsonl", ManyRows(5));
  const std::string job = "{name: j, source: {file: '@/in.jsonl', rate: 1}, sink: stdout}";
  ASSERT_EQ(Start(job), absl::OkStatus());
  tester().Run();
  tester().Commit();
  Put("in.jsonl", ManyRows(6));  // another file under the same name, with the same beginning
  EXPECT_EQ(Start(job), absl::OkStatus());
  tester().Run();
  tester().Commit();
  Put("in.jsonl", "{\"k\": \"new\"}\n" + ManyRows(6));
  EXPECT_THAT(Text(Start(job)), HasSubstr("--accept-changed-input"));
  options_.accept_changed_input = true;
  EXPECT_EQ(Start(job), absl::OkStatus());
}

// ---- jobs that no file could have ----------------------------------------

TEST(BuildJob, ChecksAJobOfAnyOrigin) {
  JobSpec job;
  EXPECT_EQ(Text(BuildJob(job, {}).status()),
            "job '': a job needs a name\njob '': a job needs a source\njob '': a job needs a sink");
  job.name = "made";
  job.sources = {{.connector = ConnectorConfig::OfSource(GeneratorConnector()),
                  .format = RowFormat::kLines,
                  .rate = -1}};
  job.sinks = {{.connector = ConnectorConfig::OfSink(StdoutConnector())}};
  EXPECT_EQ(Text(BuildJob(job, {}).status()),
            "job 'made': a generator makes json, not lines\n"
            "job 'made': rate must be a number, 0 or more");
  job.sources = {{.connector = ConnectorConfig::OfSource(FileConnector(), {{"file", "in"}})}};
  job.sinks = {{.connector = ConnectorConfig::OfSink(FileConnector(), {{"file", "in"}})}};
  job.steps = {{.step = BatchSpec{}}};
  EXPECT_EQ(
      Text(BuildJob(job, {}).status()),
      "job 'made': the file 'in' is read and would be overwritten\n"
      "job 'made': batch works per key; put a step 'key_by: FIELD' before it, or 'key_by: []' "
      "for one list over all rows");
  job.sinks[0].connector = ConnectorConfig::OfSink(StdoutConnector());
  job.steps = {{.step = KeyBySpec{.fields = {{.path = "k"}}}}, {.step = BatchSpec{}}};
  EXPECT_EQ(Text(BuildJob(job, {}).status()),
            "job 'made': step 'batch': a batch needs a limit: max_items (at least 1), max_wait or "
            "idle_timeout");
  std::get<BatchSpec>(job.steps[1].step).limits.max_items = 3;
  EXPECT_EQ(Text(BuildJob(job, {.rate = -1}).status()), "the rate must be a number, 0 or more");
  const auto built = BuildJob(job, {});
  ASSERT_TRUE(built.ok()) << built.status();
  const auto plan = built->flow.Compile();
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->flow_name, "made");
}

// A job of a program can lack what the parser requires.
TEST(BuildJob, RefusesSourcesAndSinksWithoutAConnectorAndFormatsThatOneDoesNotHave) {
  JobSpec job;
  job.name = "made";
  job.sources = {{.place = {}}};
  job.sinks = {{.place = {}}};
  EXPECT_EQ(Text(BuildJob(job, {}).status()),
            "job 'made': a source needs a connector\njob 'made': a sink needs a connector");
  job.sources = {{.connector = ConnectorConfig::OfSource(KafkaConnector(),
                                                         {{"brokers", "b:9092"}, {"topic", "t"}}),
                  .format = RowFormat::kLines}};
  job.sinks = {{.connector = ConnectorConfig::OfSink(KafkaConnector(),
                                                     {{"brokers", "b:9092"}, {"topic", "t"}})}};
  EXPECT_EQ(Text(BuildJob(job, {}).status()),
            "job 'made': the topic 't' is read, and would never end\n"
            "job 'made': the messages of kafka are json\n"
            "job 'made': kafka needs rows with fields; a source with format: lines has none");
}

}  // namespace
}  // namespace tidemark
