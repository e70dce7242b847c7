// What a job file says, as a JobSpec. Every documented key is in one of these jobs.

#include "jobs/job_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "base/status.h"
#include "base/timestamp.h"
#include "connectors/connector.h"
#include "jobs/job_spec.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

JobSpec Parse(std::string_view text) {
  const absl::StatusOr<JobSpec> job = ParseJob(text, "job.yaml");
  EXPECT_TRUE(job.ok()) << text << "\n" << job.status();
  return job.ok() ? *job : JobSpec();
}

TEST(JobParser, ReadsTopicsOfKafka) {
  const auto job = ParseJob(
      "name: t\n"
      "sources:\n"
      "  - {kafka: {brokers: 'a:9092,b:9092', topic: events}, on_error: skip, name: live}\n"
      "  - {kafka: {brokers: 'a:9092', topic: old, stop_at_end: true}, name: replay}\n"
      "sink: {kafka: {brokers: 'a:9092', topic: peaks}}\n",
      "job.yaml");
  ASSERT_TRUE(job.ok()) << job.status();
  const ConnectorConfig& live = job->sources.at(0).connector;
  EXPECT_TRUE(live.Is("kafka"));
  EXPECT_EQ(live.Text("brokers"), "a:9092,b:9092");
  EXPECT_EQ(live.Text("topic"), "events");
  EXPECT_FALSE(live.Flag("stop_at_end"));
  EXPECT_EQ(job->sources.at(0).on_error, OnError::kSkip);
  EXPECT_TRUE(job->sources.at(1).connector.Flag("stop_at_end"));
  const ConnectorConfig& peaks = job->sinks.at(0).connector;
  EXPECT_TRUE(peaks.Is("kafka"));
  EXPECT_EQ(peaks.Text("brokers"), "a:9092");
  EXPECT_EQ(peaks.Text("topic"), "peaks");
}

TEST(JobParser, ReadsTheSmallestJob) {
  const JobSpec job = Parse("{name: copy, source: {file: in.jsonl}, sink: stdout}");
  EXPECT_EQ(job.name, "copy");
  ASSERT_THAT(job.sources, SizeIs(1));
  EXPECT_EQ(job.sources[0].name, "source");
  EXPECT_EQ(job.sources[0].connector.Text("file"), "in.jsonl");
  EXPECT_EQ(job.sources[0].format, RowFormat::kJson);
  EXPECT_EQ(job.sources[0].on_error, OnError::kStop);
  EXPECT_FALSE(job.sources[0].rate.has_value());
  EXPECT_THAT(job.steps, IsEmpty());
  ASSERT_THAT(job.sinks, SizeIs(1));
  EXPECT_EQ(job.sinks[0].name, "sink");
  EXPECT_TRUE(job.sinks[0].connector.Is("stdout"));
  EXPECT_FALSE(job.state.has_value() || job.epoch.has_value() || job.snapshot_every.has_value() ||
               job.memory_bytes.has_value() || job.workers.has_value());
}

TEST(JobParser, ReadsEveryKeyOfAJob) {
  const JobSpec job = Parse(R"(
name: everything
state: out/everything.state
epoch: 250ms
snapshot_every: 1d
memory: 512MiB
workers: 4
sources:
  quakes: {file: in.jsonl, format: json, on_error: skip, rate: 12.5}
steps:
  - key_by: [net, place.country]
  - batch: {name: pairs, max_items: 50, max_wait: 10m, idle_timeout: 1h30m, as: rows}
sinks:
  kept: {file: out.jsonl}
  shown: {stdout: {}}
)");
  EXPECT_EQ(job.name, "everything");
  EXPECT_EQ(job.state, "out/everything.state");
  EXPECT_EQ(job.epoch, Span::Micros(250'000));
  EXPECT_EQ(job.snapshot_every, Span::Seconds(86'400));
  EXPECT_EQ(job.memory_bytes, uint64_t{512} << 20);
  EXPECT_EQ(job.workers, 4);

  ASSERT_THAT(job.sources, SizeIs(1));
  EXPECT_EQ(job.sources[0].name, "quakes");
  EXPECT_EQ(job.sources[0].on_error, OnError::kSkip);
  EXPECT_EQ(job.sources[0].rate, 12.5);

  ASSERT_THAT(job.steps, SizeIs(2));
  const auto& key_by = std::get<KeyBySpec>(job.steps[0].step);
  ASSERT_THAT(key_by.fields, SizeIs(2));
  EXPECT_EQ(key_by.fields[0].path, "net");
  EXPECT_EQ(key_by.fields[1].path, "place.country");
  const auto& batch = std::get<BatchSpec>(job.steps[1].step);
  EXPECT_EQ(batch.name, "pairs");
  EXPECT_EQ(batch.limits.max_items, 50);
  EXPECT_EQ(batch.limits.max_wait, absl::Minutes(10));
  EXPECT_EQ(batch.limits.idle_timeout, absl::Minutes(90));
  EXPECT_EQ(batch.as, "rows");

  ASSERT_THAT(job.sinks, SizeIs(2));
  EXPECT_EQ(job.sinks[0].name, "kept");
  EXPECT_EQ(job.sinks[0].connector.Text("file"), "out.jsonl");
  EXPECT_EQ(job.sinks[1].name, "shown");
}

TEST(JobParser, ReadsEveryKeyOfATable) {
  const JobSpec job = Parse(R"(
name: tables
source: generator
sinks:
  kept: {sqlite: {file: out.db, table: daily, key: [key, seq]}}
  more: {sqlite: {file: out.db, table: last, key: key}}
  all: {sqlite: {file: out.db, table: all}}
)");
  const auto table = [&](size_t sink) {
    const ConnectorConfig& connector = job.sinks.at(sink).connector;
    EXPECT_TRUE(connector.Is("sqlite"));
    return connector;
  };
  EXPECT_EQ(job.sinks[0].name, "kept");
  EXPECT_EQ(table(0).Text("file"), "out.db");
  EXPECT_EQ(table(0).Text("table"), "daily");
  EXPECT_THAT(table(0).Fields("key"), ElementsAre("key", "seq"));
  EXPECT_THAT(table(1).Fields("key"), ElementsAre("key"));
  EXPECT_THAT(table(2).Fields("key"), IsEmpty());
}

TEST(JobParser, ReadsEveryKeyOfAGenerator) {
  const JobSpec job = Parse(R"(
name: made_up
source:
  name: numbers
  generator: {items: 1000, keys: 10, seed: 7, start_time: 2023-01-01 01:00:00+01:00,
              interval: 1s, max_out_of_orderness: 30s}
sink: {name: shown, stdout: }
)");
  EXPECT_EQ(job.sources[0].name, "numbers");
  const ConnectorConfig& options = job.sources[0].connector;
  EXPECT_TRUE(options.Is("generator"));
  EXPECT_EQ(options.Number("items"), 1000);
  EXPECT_EQ(options.Number("keys"), 10);
  EXPECT_EQ(options.Number("seed"), 7);
  EXPECT_EQ(options.Time("start_time").ToAbsl(), absl::FromUnixSeconds(1'672'531'200));
  EXPECT_EQ(options.Duration("interval"), Span::Seconds(1));
  EXPECT_EQ(options.Duration("max_out_of_orderness"), Span::Seconds(30));
  EXPECT_EQ(job.sinks[0].name, "shown");

  const JobSpec short_form = Parse("{name: j, source: generator, sink: stdout}");
  EXPECT_EQ(short_form.sources[0].connector.Number("keys"), 100);
}

TEST(JobParser, AConnectorWithoutOptionsIsAWordOrAKey) {
  for (const char* source : {"stdin", "{stdin: {}}", "{stdin: }", "{stdin: ~, format: lines}"}) {
    const JobSpec job = Parse(Cat("{name: j, source: ", source, ", sink: stdout}"));
    EXPECT_TRUE(job.sources.at(0).connector.Is("stdin")) << source;
  }
  for (const char* sink :
       {"sink: stdout", "sinks: [stdout]", "sinks: [{stdout: }]", "sinks: {sink: stdout}"}) {
    const JobSpec job = Parse(Cat("{name: j, source: stdin, ", sink, "}"));
    EXPECT_TRUE(job.sinks.at(0).connector.Is("stdout")) << sink;
    EXPECT_EQ(job.sinks[0].name, "sink");
  }
}

TEST(JobParser, SourcesAreAListOrAMapAndOneMayBeWithoutAName) {
  const JobSpec list = Parse(R"(
name: j
sources:
  - {file: a, name: first}
  - stdin
sink: stdout
)");
  EXPECT_EQ(list.sources.at(0).name, "first");
  EXPECT_EQ(list.sources.at(1).name, "source");
  const JobSpec map = Parse("{name: j, sources: {a: {file: x}, b: stdin}, sink: stdout}");
  EXPECT_EQ(map.sources.at(0).name, "a");
  EXPECT_EQ(map.sources.at(1).name, "b");
}

TEST(JobParser, AKeyIsAFieldOrAListOfThem) {
  const auto fields = [](std::string_view key_by) {
    const JobSpec job =
        Parse(Cat("{name: j, source: stdin, sink: stdout, steps: [{key_by: ", key_by,
                  "}, {batch: {max_items: 1}}]}"));
    std::string joined;
    for (const auto& field : std::get<KeyBySpec>(job.steps.at(0).step).fields) {
      joined += Cat("<", field.path, ">");
    }
    return joined;
  };
  EXPECT_EQ(fields("net"), "<net>");
  EXPECT_EQ(fields("[net]"), "<net>");
  EXPECT_EQ(fields("[net, a.b]"), "<net><a.b>");
  EXPECT_EQ(fields("2019"), "<2019>");
  EXPECT_EQ(fields("'größe, in cm'"), "<größe, in cm>");
  EXPECT_EQ(fields("[]"), "");
}

TEST(JobParser, ABatchCanFollowABatchAndAKeyCanBeOfItsFields) {
  const JobSpec job = Parse(R"(
name: j
source: stdin
steps:
  - key_by: [net, a.b]
  - batch: {max_items: 2}
  - batch: {name: again, max_items: 2}
  - key_by: a.b
  - batch: {name: third, max_items: 2, as: lists}
sink: stdout
)");
  EXPECT_THAT(job.steps, SizeIs(5));
}

TEST(JobParser, TimesAndSizesHaveUnits) {
  const auto job = [](std::string_view option) {
    return Parse(Cat("name: j\nsource: stdin\nsink: stdout\n", option, "\n"));
  };
  EXPECT_EQ(job("epoch: 1m30s").epoch, Span::Seconds(90));
  EXPECT_EQ(job("epoch: '3d'").epoch, Span::Seconds(3 * 86'400));
  EXPECT_EQ(job("snapshot_every: inf").snapshot_every, Span::Infinite());
  EXPECT_EQ(job("memory: 1048576").memory_bytes, uint64_t{1} << 20);
  EXPECT_EQ(job("memory: 2GB").memory_bytes, 2'000'000'000u);
  EXPECT_EQ(job("memory: 1 TiB").memory_bytes, uint64_t{1} << 40);
}

TEST(JobParser, QuotesAndAliasesAreYaml) {
  const JobSpec job = Parse(R"(# A comment
"name": "caf\u00e9"
state: &dir 'it''s here'
source: {file: *dir, rate: 0}
steps:
  - key_by: &fields
      - net
  - batch: &limits {max_items: !!int 3}
  - batch: {name: again, max_items: 3}
  - key_by: *fields
sink:
  file: >-
    folded
    name
)");
  EXPECT_EQ(job.name, "café");
  EXPECT_EQ(job.state, "it's here");
  EXPECT_EQ(job.sources.at(0).connector.Text("file"), "it's here");
  EXPECT_EQ(job.sources[0].rate, 0.0);
  EXPECT_EQ(std::get<KeyBySpec>(job.steps.at(3).step).fields.at(0).path, "net");
  EXPECT_EQ(job.sinks.at(0).connector.Text("file"), "folded name");
}

TEST(JobParser, PlacesSayWhereAPartWasWritten) {
  const JobSpec job = Parse(
      "name: j\nsource: {file: in}\nsteps:\n  - key_by: net\n  - batch: {max_items: 3}\n"
      "sinks:\n  out: {file: x}\n");
  EXPECT_EQ(job.sources[0].place, (Place{.line = 2, .column = 9}));
  EXPECT_EQ(job.sources[0].connector_place, (Place{.line = 2, .column = 16}));
  EXPECT_EQ(job.steps[1].place, (Place{.line = 5, .column = 5}));
  EXPECT_EQ(job.sinks[0].place, (Place{.line = 7, .column = 3}));
}

TEST(JobParser, AFileOrAPatternIsFollowed) {
  const auto job = ParseJob(
      "name: j\nsources:\n  a: {file: 'logs/*.jsonl', follow: true}\n"
      "  b: {file: in.jsonl, follow: false}\nsink: stdout\n",
      "j.yaml");
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_TRUE(job->sources.at(0).follow);
  EXPECT_EQ(job->sources.at(0).connector.Text("file"), "logs/*.jsonl");
  EXPECT_FALSE(job->sources.at(1).follow);
}

TEST(JobParser, AnOutputThatMatchesThePatternOfASourceIsRefused) {
  const auto job =
      ParseJob("name: j\nsource: {file: 'out/*.jsonl'}\nsink: {file: ./out/a.jsonl}\n", "j.yaml");
  EXPECT_EQ(std::string(ToStd(job.status().message())),
            "j.yaml:3:14: the file 'out/a.jsonl' would be read by the source at 2:16, whose "
            "pattern it matches");
}

}  // namespace
}  // namespace tidemark
