// Windows of a job, from the text of the job to the bytes that come out.

#include "jobs/window_flow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/files.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "jobs/test_support.h"
#include "tidemark/testing.h"

namespace tidemark {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

std::vector<std::string> LinesOf(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

// A row of key `k`, `t` seconds after 2022-01-01T00:00:00Z.
std::string Row(const std::string& k, int t, const std::string& more = "") {
  return Cat("{\"k\": \"", k, "\", \"t\": ", 1'640'995'200 + t, more, "}\n");
}
std::string V(const std::string& value) { return Cat(", \"v\": ", value); }

// Steps with one window, by event time in seconds.
std::string Steps(const std::string& windows, const std::string& aggregate,
                  const std::string& more = "", const std::string& clock = "") {
  return Cat("- key_by: k\n- window: {clock: {event_time: t, unit: s", clock, "}, ", windows,
             ", aggregate: {", aggregate, "}", more, "}");
}
constexpr char kTenSeconds[] = "tumbling: 10s";

class WindowJob : public JobTest {
 protected:
  // A job with a file for late rows, which is what it returns.
  std::string Late(const std::string& rows, const std::string& windows, const std::string& more) {
    printed_ = Printed(
        rows, Steps(windows, "n: count", Cat(", late_to: {file: '", Path("late"), "'}", more)));
    return Get("late");
  }
  std::string printed_;
};

TEST_F(WindowJob, GivesTheKeyTheTimeAndTheAggregates) {
  EXPECT_EQ(Printed(Row("a", 1, V("2.50")) + Row("b", 2, V("1")) + Row("a", 9, V("4")) +
                        Row("a", 10, V("7")),
                    Steps(kTenSeconds, "n: count, top: max(v), 'avg \"v\"': avg(v)")),
            "{\"k\": \"a\", \"window_open\": \"2022-01-01T00:00:00Z\", \"window_close\": "
            "\"2022-01-01T00:00:10Z\", \"n\": 2, \"top\": 4, \"avg \\\"v\\\"\": 3.25}\n"
            "{\"k\": \"a\", \"window_open\": \"2022-01-01T00:00:10Z\", \"window_close\": "
            "\"2022-01-01T00:00:20Z\", \"n\": 1, \"top\": 7, \"avg \\\"v\\\"\": 7}\n"
            "{\"k\": \"b\", \"window_open\": \"2022-01-01T00:00:00Z\", \"window_close\": "
            "\"2022-01-01T00:00:10Z\", \"n\": 1, \"top\": 1, \"avg \\\"v\\\"\": 1}\n");
}

// The parts of each row behind the times.
std::string Results(const std::string& printed) {
  std::string results;
  for (const std::string& line : LinesOf(printed)) {
    const size_t close = line.find("\"window_close\"");
    results += close == std::string::npos ? line : line.substr(line.find(", ", close) + 2);
  }
  return results;
}

TEST_F(WindowJob, SlidingWindowsOverlap) {
  EXPECT_EQ(Results(Printed(Row("a", 1) + Row("a", 7),
                            Steps("sliding: {length: 10s, offset: 5s}", "n: count"))),
            "\"n\": 1}\"n\": 2}\"n\": 1}");
}

TEST_F(WindowJob, WindowsAreAligned) {
  EXPECT_THAT(Printed(Row("a", 1), Steps("tumbling: {length: 10s, align_to: "
                                         "2022-01-01T00:00:03Z}",
                                         "n: count")),
              HasSubstr("\"window_open\": \"2021-12-31T23:59:53Z\""));
}

constexpr char kAll[] =
    "n: count, c: count(v), sum: sum(v), min: min(v), max: max(v), avg: avg(v), first: first(v), "
    "last: last(v), all: collect(v), kinds: count_distinct(v)";

TEST_F(WindowJob, NullAndMissingValuesAreLeftOut) {
  EXPECT_EQ(Results(Printed(
                Row("a", 3, V("5")) + Row("a", 1, V("null")) + Row("a", 2) + Row("a", 0, V("1.5")),
                Steps(kTenSeconds, kAll, "", ", max_out_of_orderness: 1m"))),
            "\"n\": 4, \"c\": 2, \"sum\": 6.5, \"min\": 1.5, \"max\": 5, \"avg\": 3.25, "
            "\"first\": 1.5, \"last\": 5, \"all\": [1.5, 5], \"kinds\": 2}");
  UseTester({});
  EXPECT_EQ(Results(Printed(Row("a", 1, V("null")) + Row("a", 1), Steps(kTenSeconds, kAll))),
            "\"n\": 2, \"c\": 0, \"sum\": null, \"min\": null, \"max\": null, \"avg\": null, "
            "\"first\": null, \"last\": null, \"all\": null, \"kinds\": 0}");
}

// Two sessions that the row at 8 s brings together.
TEST_F(WindowJob, SessionsMergeWithAllTheirAggregates) {
  const std::string rows = Row("a", 12, V("3")) + Row("a", 13, V("4")) + Row("a", 4, V("2")) +
                           Row("a", 3, V("1")) + Row("a", 8, V("9"));
  const std::string bound = ", max_out_of_orderness: 1m";
  EXPECT_EQ(Printed(rows, Steps("session: 5s",
                                "n: count, sum: sum(v), top: max(v), low: min(v), "
                                "kinds: count_distinct(v)",
                                "", bound)),
            "{\"k\": \"a\", \"window_open\": \"2022-01-01T00:00:03Z\", \"window_close\": "
            "\"2022-01-01T00:00:13Z\", \"n\": 5, \"sum\": 19, \"top\": 9, \"low\": 1, \"kinds\": "
            "5}\n");
  UseTester({});
  EXPECT_EQ(Results(Printed(rows, Steps("session: {gap: 5s}", "l: collect(v)", "", bound))),
            "\"l\": [1, 2, 9, 3, 4]}");
  UseTester({});
  // By arrival the row at 8 s joins the session that came first; then that one is absorbed, and
  // what the earlier opened one has comes first.
  EXPECT_EQ(Results(Printed(rows, Steps("session: 5s", "l: collect(v), f: first(v), e: last(v)",
                                        ", order: arrival", bound))),
            "\"l\": [2, 1, 3, 4, 9], \"f\": 2, \"e\": 9}");
}

TEST_F(WindowJob, FirstAndLastAreByTimeUnlessArrivalIsAskedFor) {
  const std::string rows =
      Row("a", 5, V("\"x\"")) + Row("a", 2, V("\"y\"")) + Row("a", 3, V("true"));
  const std::string aggregate = "f: first(v), l: last(v)";
  const std::string bound = ", max_out_of_orderness: 1m";
  EXPECT_EQ(Results(Printed(rows, Steps(kTenSeconds, aggregate, "", bound))),
            "\"f\": \"y\", \"l\": \"x\"}");
  UseTester({});
  EXPECT_EQ(Results(Printed(rows, Steps(kTenSeconds, aggregate, ", order: arrival", bound))),
            "\"f\": \"x\", \"l\": true}");
}

// ---- late rows ----------------------------------------

TEST_F(WindowJob, ALateRowIsWrittenAsItWasReadOnceForEachWindow) {
  const std::string late = "{ \"t\":1640995201.0,\"k\" : \"a\", \"x\": 2.30 }\n";
  EXPECT_EQ(Late(Row("a", 11) + late + Row("a", 12), kTenSeconds, ""), late);
  EXPECT_EQ(Results(printed_), "\"n\": 2}");
  UseTester({});
  EXPECT_EQ(Late(Row("a", 41) + late, "sliding: {length: 10s, offset: 5s}", ""), late + late);
}

TEST_F(WindowJob, WhatIsLateFollowsTheOptions) {
  const std::string rows = Row("a", 8) + Row("a", 5);
  EXPECT_EQ(Late(rows, kTenSeconds, ", late_when: window_closed"), "");
  EXPECT_EQ(Results(printed_), "\"n\": 2}");
  UseTester({});
  EXPECT_EQ(Late(rows, kTenSeconds, ", late_when: behind_watermark"), Row("a", 5));
  UseTester({});
  // The clock of a key that is forgotten at once knows of no closed window.
  const std::string closed = Row("a", 8) + Row("a", 100) + Row("a", 5);
  EXPECT_EQ(Late(closed, "session: 1s", ", keep_watermark_for: inf"), Row("a", 5));
}

TEST_F(WindowJob, LateRowsWithoutAPlaceAreLeftOut) {
  EXPECT_EQ(
      Results(Printed(Row("a", 11) + Row("a", 1) + Row("a", 12), Steps(kTenSeconds, "n: count"))),
      "\"n\": 2}");
}

// ---- system time ----------------------------------------

TEST_F(WindowJob, BySystemTimeWindowsCloseAsTimePasses) {
  std::string rows;
  for (int i = 0; i < 5; ++i) rows += "{\"k\": 1}\n";
  Put("in.jsonl", rows);
  ASSERT_EQ(Start("{name: j, source: {file: '@/in.jsonl', rate: 1}, sink: stdout, steps: [{key_by: "
                  "k}, {window: {clock: system_time, tumbling: 2s, aggregate: {n: count}, at_eof: "
                  "keep}}]}"),
            absl::OkStatus());
  tester().Advance(absl::Seconds(1));
  EXPECT_EQ(stdout_, "");
  for (int i = 0; i < 10; ++i) tester().Advance(absl::Seconds(1));
  EXPECT_EQ(stdout_,
            "{\"k\": 1, \"window_open\": \"2030-01-01T00:00:00Z\", \"window_close\": "
            "\"2030-01-01T00:00:02Z\", \"n\": 2}\n"
            "{\"k\": 1, \"window_open\": \"2030-01-01T00:00:02Z\", \"window_close\": "
            "\"2030-01-01T00:00:04Z\", \"n\": 2}\n");
}

// ---- the end of input ----------------------------------------

TEST_F(WindowJob, WindowsThatAreKeptAtTheEndGoOnInALaterRun) {
  const std::string job =
      "{name: j, source: {file: '@/in.jsonl'}, sink: {file: '@/out'}, steps: [{key_by: k}, "
      "{window: {clock: {event_time: t, unit: s}, tumbling: 10s, aggregate: {n: count, l: "
      "collect(v)}, at_eof: keep}}]}";
  Put("in.jsonl", Row("a", 1, V("1")) + Row("a", 2, V("2")));
  ASSERT_EQ(Run(job), absl::OkStatus());
  EXPECT_EQ(Get("out"), "");
  std::FILE* in = std::fopen(Path("in.jsonl").c_str(), "a");
  ASSERT_NE(in, nullptr);
  std::fputs((Row("a", 3, V("3")) + Row("a", 10, V("4"))).c_str(), in);
  std::fclose(in);
  ASSERT_EQ(Run(job), absl::OkStatus());
  EXPECT_EQ(Results(Get("out")), "\"n\": 3, \"l\": [1, 2, 3]}");
}

// ---- bad rows ----------------------------------------

TEST_F(WindowJob, ARowWithoutAUsableTimeGoesTheWayOfOnError) {
  const std::string steps = Steps(kTenSeconds, "n: count");
  EXPECT_THAT(Printed(Row("a", 1) + "{\"k\": 1}\n", steps),
              HasSubstr("in.jsonl:2: field 't' is missing"));
  EXPECT_THAT(Printed("{\"k\": 1, \"t\": null}\n", steps),
              HasSubstr("in.jsonl:1: field 't' is null, and a row needs a time"));
  EXPECT_THAT(Printed("{\"k\": 1, \"t\": 1e30}\n", steps),
              HasSubstr("in.jsonl:1: field 't' is 1e+30, which is a time outside the years 1 to "
                        "9999"));
  UseTester({});
  EXPECT_EQ(Results(Printed("{\"k\": \"a\"}\n" + Row("a", 1) + "{\"k\": \"a\", \"t\": \"noon\"}\n" +
                                "{\"k\": \"a\", \"t\": 9e99}\n{\"t\": 1}\n" + Row("a", 2),
                            steps, ", on_error: skip")),
            "\"n\": 2}");
  const auto entries = tester().skips().Entries();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries.begin()->second.count, 4u);
  EXPECT_THAT(entries.begin()->second.examples.front(),
              HasSubstr("in.jsonl:1: field 't' is missing"));
}

TEST_F(WindowJob, ATimeTooFarAheadOfTheSystemsIsBad) {
  FlowTester::Options options;
  options.start = Timestamp{1'640'995'200'000'000};  // the time of Row("a", 0)
  UseTester(options);
  const std::string steps = Steps(kTenSeconds, "n: count", "", ", max_ahead_of_system_time: 10s");
  EXPECT_EQ(Results(Printed(Row("a", 10), steps)), "\"n\": 1}");
  UseTester(options);
  EXPECT_THAT(Printed(Row("a", 11), steps),
              HasSubstr("in.jsonl:1: field 't' is 2022-01-01T00:00:11Z, 11s ahead of the system's "
                        "time; max_ahead_of_system_time is 10s"));
}

TEST_F(WindowJob, ATimeMayBeADayAheadWhereNothingIsSaid) {
  FlowTester::Options options;
  options.start = Timestamp{1'640'995'200'000'000};
  UseTester(options);
  EXPECT_EQ(Results(Printed(Row("a", 86'400), Steps(kTenSeconds, "n: count"))), "\"n\": 1}");
  UseTester(options);
  EXPECT_THAT(Printed(Row("a", 86'401), Steps(kTenSeconds, "n: count")),
              HasSubstr("24h1s ahead of the system's time; max_ahead_of_system_time is 1d"));
  UseTester(options);
  const std::string any = Steps(kTenSeconds, "n: count", "", ", max_ahead_of_system_time: inf");
  EXPECT_EQ(Results(Printed(Row("a", 86'401), any)), "\"n\": 1}");
}

// The second window is over times that lie ahead, such as the close of one that is open.
TEST_F(WindowJob, ResultsOfWindowsAreNotJudged) {
  FlowTester::Options options;
  options.start = Timestamp{1'640'995'200'000'000};
  UseTester(options);
  EXPECT_THAT(Printed(Row("a", 0),
                      "  - key_by: k\n"
                      "  - window: {name: long, clock: {event_time: t}, tumbling: 30d, "
                      "aggregate: {n: count}}\n"
                      "  - window: {clock: {event_time: window_close}, tumbling: 1d, "
                      "aggregate: {m: count}}\n"),
              HasSubstr("\"m\": 1}"));
}

TEST_F(WindowJob, ATextThatIsAddedUpIsBad) {
  const std::string rows = Row("a", 1, V("1")) + Row("a", 2, V("\"x\"")) + Row("a", 3, V("true"));
  EXPECT_THAT(Printed(rows, Steps(kTenSeconds, "s: sum(v)")),
              HasSubstr("in.jsonl:2: field 'v' is a text, and numbers are added up"));
  UseTester({});
  EXPECT_EQ(Results(Printed(rows, Steps(kTenSeconds, "n: count, a: avg(v)"), ", on_error: skip")),
            "\"n\": 1, \"a\": 1}");
  EXPECT_EQ(tester().skips().total(), 2u);
  UseTester({});
  EXPECT_THAT(Printed(Row("a", 1, V("[1]")), Steps(kTenSeconds, "m: max(v)")),
              HasSubstr("in.jsonl:1: the field 'v' holds an array, not a single value"));
}

// ---- among other steps ----------------------------------------

TEST_F(WindowJob, AWindowTakesTheRowsOfAnother) {
  const std::string rows =
      Row("a", 1, V("1")) + Row("a", 11, V("5")) + Row("b", 12, V("3")) + Row("a", 65, V("2"));
  EXPECT_EQ(
      Printed(rows, Steps(kTenSeconds, "n: count, top: max(v)", "", ", watermark: per_stream") +
                        "\n- key_by: []\n- window: {name: minutes, clock: {event_time: "
                        "window_open, max_out_of_orderness: 1h}, tumbling: 1m, aggregate: "
                        "{rows: sum(n), Top: max(TOP), keys: count_distinct(k)}}"),
      "{\"window_open\": \"2022-01-01T00:00:00Z\", \"window_close\": "
      "\"2022-01-01T00:01:00Z\", \"rows\": 3, \"Top\": 5, \"keys\": 2}\n"
      "{\"window_open\": \"2022-01-01T00:01:00Z\", \"window_close\": "
      "\"2022-01-01T00:02:00Z\", \"rows\": 1, \"Top\": 2, \"keys\": 1}\n");
}

TEST_F(WindowJob, ABatchTakesTheRowsOfAWindowAndAWindowThoseOfABatch) {
  EXPECT_EQ(Printed(Row("a", 1) + Row("a", 11),
                    Steps(kTenSeconds, "n: count") + "\n- batch: {max_items: 2}"),
            "{\"k\": \"a\", \"items\": [{\"k\": \"a\", \"window_open\": \"2022-01-01T00:00:00Z\", "
            "\"window_close\": \"2022-01-01T00:00:10Z\", \"n\": 1}, {\"k\": \"a\", "
            "\"window_open\": \"2022-01-01T00:00:10Z\", \"window_close\": "
            "\"2022-01-01T00:00:20Z\", \"n\": 1}]}\n");
  UseTester({});
  EXPECT_THAT(Printed(Row("a", 1) + Row("a", 11),
                      "- key_by: t\n- batch: {max_items: 1}\n- key_by: []\n- window: {clock: "
                      "{event_time: t, unit: s}, tumbling: 1m, aggregate: {n: count, l: last(t)}}"),
              HasSubstr("\"n\": 2, \"l\": 1640995211}"));
}

TEST_F(WindowJob, ARowOfAStepWithoutATimeStopsTheRun) {
  EXPECT_THAT(Printed(Row("a", 1), Steps(kTenSeconds, "top: max(nothing)") +
                                       "\n- window: {name: next, clock: {event_time: top}, "
                                       "tumbling: 1m, aggregate: {n: count}}"),
              HasSubstr("field 'top' is null, and a row needs a time"));
}

// ---- running again ----------------------------------------

constexpr char kPaced[] = R"(
name: j
source: {file: '@/in.jsonl', rate: 10}
steps:
  - key_by: k
  - window:
      clock: {event_time: t, unit: s, max_out_of_orderness: 20s}
      WINDOWS
      aggregate: {n: count, sum: sum(v), all: collect(v), kinds: count_distinct(v), mean: avg(v)}
      late_to: {file: '@/late'}
      ORDER
sink: {file: '@/out'}
)";

std::string ManyRows(int count) {
  std::string rows;
  for (int i = 0; i < count; ++i) {
    // Times go on by two seconds, and some lie up to a minute behind.
    const int t = 100 + 2 * i - (i % 5 == 0 ? (i * 7) % 61 : 0);
    rows += Row(Cat("k", i % 3), t, V(i % 4 == 0 ? "null" : Cat(i % 9, ".5")));
  }
  return rows;
}

class PacedWindows : public WindowJob, public ::testing::WithParamInterface<const char*> {
 protected:
  std::string Job() const {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(GetParam(), absl::MaxSplits(';', 1));
    return absl::StrReplaceAll(kPaced, {{"WINDOWS", parts.first}, {"ORDER", parts.second}});
  }
  void Clear() {
    for (const char* name : {"out", "out.tidemark", "late", "late.tidemark"}) {
      ASSERT_EQ(files_->Remove(Path(name)), absl::OkStatus());
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Kinds, PacedWindows,
                         ::testing::Values("tumbling: 10s;", "sliding: {length: 15s, offset: 5s};",
                                           "session: 4s;", "session: 4s;order: arrival",
                                           "tumbling: 10s;late_when: behind_watermark"));

// Goal: no crash can be seen in the output. Method: the job runs at a pace under the virtual clock,
// is committed and crashes again and again; down time does not move the watermark.
TEST_P(PacedWindows, ACrashCannotBeSeen) {
  Put("in.jsonl", ManyRows(100));
  ASSERT_EQ(Start(Job()), absl::OkStatus());
  for (int i = 0; i < 150; ++i) tester().Advance(absl::Milliseconds(100));
  tester().Commit();
  const std::string undisturbed = Get("out"), late = Get("late");
  EXPECT_GT(LinesOf(undisturbed).size(), 20u);
  EXPECT_GT(LinesOf(late).size(), 2u);
  for (const int commit_every : {3, 7}) {
    UseTester({});
    Clear();
    ASSERT_EQ(Start(Job()), absl::OkStatus());
    for (int i = 1; i <= 400; ++i) {
      tester().Advance(absl::Milliseconds(100));
      if (i % commit_every == 0) tester().Commit();
      if (i % (2 * commit_every + 1) == 0) tester().CrashAndResume();
    }
    tester().Commit();
    EXPECT_EQ(Get("out"), undisturbed) << "committed every " << commit_every << " steps";
    EXPECT_EQ(Get("late"), late) << "committed every " << commit_every << " steps";
  }
}

TEST_P(PacedWindows, MoreWorkersGiveTheSameRows) {
  Put("in.jsonl", ManyRows(300));
  std::vector<std::string> outputs[2], lates[2];
  for (const int workers : {1, 3}) {
    FlowTester::Options options;
    options.workers = workers;
    UseTester(options);
    if (workers == 3) Clear();
    ASSERT_EQ(Start(Job()), absl::OkStatus());
    for (int i = 0; i < 400; ++i) tester().Advance(absl::Milliseconds(100));
    tester().Commit();
    outputs[workers / 3] = LinesOf(Get("out"));
    lates[workers / 3] = LinesOf(Get("late"));
    std::sort(outputs[workers / 3].begin(), outputs[workers / 3].end());
    std::sort(lates[workers / 3].begin(), lates[workers / 3].end());
  }
  EXPECT_GT(outputs[0].size(), 50u);
  EXPECT_EQ(outputs[0], outputs[1]);
  EXPECT_EQ(lates[0], lates[1]);
}

TEST_F(WindowJob, OtherAggregatesOrAnotherTimeAreRefused) {
  Put("in.jsonl", Row("a", 1) + Row("a", 2) + Row("a", 3));
  const auto job = [&](const std::string& clock, const std::string& aggregate) {
    return Cat(
        "{name: j, source: {file: '@/in.jsonl', rate: 1}, sink: stdout, steps: [{key_by: "
        "k}, {window: {clock: ",
        clock, ", tumbling: 10s, aggregate: {", aggregate, "}}}]}");
  };
  const std::string clock = "{event_time: t, unit: s}";
  ASSERT_EQ(Start(job(clock, "n: count, m: max(v)")), absl::OkStatus());
  tester().Run();
  tester().Commit();
  EXPECT_THAT(
      std::string(ToStd(Start(job(clock, "n: count, m: min(v)")).message())),
      EndsWith(": the window of step 'window' was [event_time t in s; m: max(v), n: count] and is "
               "now [event_time t in s; m: min(v), n: count], and its open windows hold the "
               "former; give the step another name, or start over with --fresh"));
  EXPECT_THAT(std::string(ToStd(Start(job("{event_time: t}", "n: count, m: max(v)")).message())),
              HasSubstr("and is now [event_time t; "));
  EXPECT_EQ(Start(job(clock, "m: max(v), n: count")), absl::OkStatus());  // the order may change
}

}  // namespace
}  // namespace tidemark
