// Goal: windows give what the rows say, however fast they are read, by how many workers, and
// whatever became of the process in between; chains of windows lose nothing, or are refused.
// Method: the field cases of these kinds (tests/field/<case>/source.md), and some of the same
// kinds, run by the real command. What is large is generated here, and counted here.

#include "tests/field/windows_field.h"

#include <map>
#include <set>

#include "absl/strings/str_replace.h"
#include "absl/time/time.h"

namespace tidemark {
namespace {

constexpr char kSessions[] = "13-session-late-not-in-next";
constexpr char kSlowReader[] = "19-slow-reader-same-result";
constexpr char kOneSecond[] = "69-many-rows-of-one-second";
constexpr char kPaused[] = "80-paused-process";

// ---- reading speed ----

TEST_F(WindowsField, ALateRowIsNotInTheNextSession) {
  UseCase(kSessions);
  ExpectEveryWay("2",
                 {CaseLines(kSessions, "expected.txt"), CaseLines(kSessions, "expected_late.txt")});
}

TEST_F(WindowsField, ASlowReaderHasTheSameResult) {
  UseCase(kSlowReader);
  const Result expected{CaseLines(kSlowReader, "expected.txt"), {}};
  ExpectRun({}, expected);  // the job says how slow
  ExpectRun({"--workers", "3"}, expected);
  ExpectRun({"--rate", "7"}, expected);
  ExpectAfterKills({}, expected);
}

TEST_F(WindowsField, ManyRowsOfOneSecondAreOneWindow) {
  Write("job.yaml", CaseFile(kOneSecond, "job.yaml"));
  std::string rows;
  for (int n = 0; n < 400'000; ++n) {
    rows += "{\"k\":\"a\",\"t\":1788256800,\"pad\":\"0123456789012345678901234567890123456789\"}\n";
  }
  Write("in.jsonl", rows);
  ExpectEveryWay("150000", {CaseLines(kOneSecond, "expected.txt"), {}});
}

TEST_F(WindowsField, APausedProcessFindsNothingLate) {
  UseCase(kPaused);
  const Result expected{CaseLines(kPaused, "expected.txt"), {}};
  ExpectEveryWay("20", expected);
  for (const Words& flags : {Words{}, Words{"--workers", "3"}}) {
    Forget();
    ChildProcess job = Start(flags);
    ASSERT_TRUE(job.SignalAfter(Span::Micros(900'000), SIGSTOP)) << "the job was too fast";
    ASSERT_TRUE(job.SignalAfter(Span::Micros(6'000'000), SIGCONT));
    const auto end = job.Wait();
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(Left(), expected) << end.err;
  }
}

TEST_F(WindowsField, AProcessThatWasDownFindsNothingLate) {
  UseCase(kPaused);
  ChildProcess job = Start({"--epoch", "50ms"});
  ASSERT_TRUE(job.SignalAfter(Span::Micros(900'000), SIGKILL)) << "the job was too fast";
  job.Wait();
  ChildProcess({"/bin/sleep", "4"}, {}).Wait();
  const auto end = Run({});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_EQ(Left(), (Result{CaseLines(kPaused, "expected.txt"), {}})) << end.err;
}

// ---- windows over windows ----

constexpr int64_t kHour = 3600;

std::string TimeText(int64_t seconds) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(seconds),
                          absl::UTCTimeZone());
}

// Rows, and what is in each of their hours.
class Generated {
 public:
  Generated(uint64_t seed, int rows, int64_t step_max_s, int keys, int64_t jitter_s = 0) {
    Random random(seed);
    int64_t newest = 1'704'067'200;
    for (int n = 0; n < rows; ++n) {
      newest += random.Between(0, step_max_s);
      const int64_t t = newest - random.Between(0, jitter_s);
      const int64_t key = random.Between(0, keys - 1);
      rows_ += Cat("{\"k\": \"k", key, "\", \"g\": ", key % 2, ", \"t\": ", t, "}\n");
      Hour& hour = hours_[t / kHour];
      hour.keys.insert(key);
      ++hour.rows;
      times_[key].insert(t);
    }
  }
  const std::string& rows() const { return rows_; }
  const std::map<int64_t, std::multiset<int64_t>>& times() const { return times_; }

  // {"window_open": …, "window_close": …, `text(hour)`} of each hour.
  template <class Text>
  Lines Hours(Text text) const {
    std::string lines;
    for (const auto& [number, hour] : hours_) lines += HourLine(number, text(hour));
    Lines sorted = absl::StrSplit(lines, '\n', absl::SkipEmpty());
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }
  Lines Totals() const {
    return Hours([](const Hour& hour) { return Cat("\"total\": ", hour.rows); });
  }
  Lines KeysAndTotals() const {
    return Hours([](const Hour& hour) {
      return Cat("\"keys\": ", hour.keys.size(), ", \"total\": ", hour.rows);
    });
  }
  static std::string HourLine(int64_t number, const std::string& text) {
    return Cat("{\"window_open\": \"", TimeText(number * kHour), "\", \"window_close\": \"",
               TimeText((number + 1) * kHour), "\", ", text, "}\n");
  }

 private:
  struct Hour {
    std::set<int64_t> keys;
    int64_t rows = 0;
  };
  std::string rows_;
  std::map<int64_t, Hour> hours_;
  std::map<int64_t, std::multiset<int64_t>> times_;
};

class WindowsOverWindows : public WindowsField {
 protected:
  static constexpr char kTotals[] = "98-totals-of-windows-over-all-keys";
  static constexpr char kWorkers[] = "99-totals-with-several-workers";

  // The job of a case with other clocks.
  std::string JobWith(const std::string& name, const std::string& first,
                      const std::string& second_bound) {
    const std::string job = CaseFile(name, "job.yaml");
    const std::string bound = name == kTotals ? "0s" : "2h";
    const std::string old =
        Cat("watermark: per_stream, max_out_of_orderness: ", name == kTotals ? "1d" : "1h");
    return absl::StrReplaceAll(
        job, {{old, first}, {Cat("max_out_of_orderness: ", bound), second_bound}});
  }
  // Two windows, of which the second has all rows under one key.
  static std::string Job(const std::string& first, const std::string& second,
                         const std::string& between = "") {
    return Cat(
        "name: chain\nstate: out/state\nsource: {file: in.jsonl}\nsteps:\n  - key_by: k\n"
        "  - window: {name: w1, ",
        first, "}\n", between, "  - key_by: []\n  - window: {name: w2, ", second,
        "}\nsink: {file: out/out.jsonl}\n");
  }
  static constexpr char kPerStream[] =
      "clock: {event_time: t, unit: s, watermark: per_stream, max_out_of_orderness: 10m}";
  static constexpr char kPerKey[] = "clock: {event_time: t, unit: s}";
  static constexpr char kTotal[] = "tumbling: 1h, aggregate: {total: sum(n)}";
};

TEST_F(WindowsOverWindows, TheSmallestOnesHaveTheirTotals) {
  Write("in.jsonl", CaseFile(kTotals, "in-smallest.jsonl"));
  Write("job.yaml", CaseFile(kTotals, "job-smallest.yaml"));
  ExpectEveryWay("2", {CaseLines(kTotals, "expected-smallest.txt"), {}});
  ExpectForEveryNumberOfWorkers({CaseLines(kTotals, "expected-smallest.txt"), {}});
  Write("in.jsonl", CaseFile(kWorkers, "in-small.jsonl"));
  ExpectForEveryNumberOfWorkers({CaseLines(kWorkers, "expected-small.txt"), {}});
}

TEST_F(WindowsOverWindows, TheSmallestOnePerKeyIsRefused) {
  Write("in.jsonl", CaseFile(kWorkers, "in-small.jsonl"));
  ExpectRefused(CaseFile(kWorkers, "job-small-per-key.yaml"), {"watermark: per_stream"});
}

TEST_F(WindowsOverWindows, TotalsOverAllKeysAreTheRowsOfTheHour) {
  const Generated input(98, 3'000, 115, 3);
  Write("in.jsonl", input.rows());
  const Result expected{input.KeysAndTotals(), {}};
  for (const char* first : {"0s", "1h", "1d"}) {
    for (const char* second : {"max_out_of_orderness: 0s", "max_out_of_orderness: 1d"}) {
      SCOPED_TRACE(Cat(first, ", ", second));
      Write("job.yaml",
            JobWith(kTotals, Cat("watermark: per_stream, max_out_of_orderness: ", first), second));
      ExpectForEveryNumberOfWorkers(expected);
      EXPECT_EQ(LinesOf("out/late1.jsonl"), Lines());
      EXPECT_EQ(LinesOf("out/late2.jsonl"), Lines());
    }
  }
  ExpectEveryWay("1500", expected);
}

TEST_F(WindowsOverWindows, PerKeyIsRefusedWhereAnotherKeyFollows) {
  Write("in.jsonl", Generated(98, 30, 115, 3).rows());
  for (const char* bound : {"0s", "1d"}) {
    ExpectRefused(JobWith(kTotals, Cat("watermark: per_key, max_out_of_orderness: ", bound),
                          "max_out_of_orderness: 0s"),
                  {"watermark: per_stream"});
  }
  ExpectRefused(Job(Cat(kPerKey, ", tumbling: 1h, aggregate: {n: count}"),
                    Cat("clock: {event_time: window_open}, ", kTotal)),
                {"watermark: per_stream"});
}

TEST_F(WindowsOverWindows, TotalsDoNotDependOnTheNumberOfWorkers) {
  const Generated input(99, 20'000, 40, 8);
  Write("in.jsonl", input.rows());
  const Result expected{input.KeysAndTotals(), {}};
  for (const char* first : {"0s", "1h"}) {
    for (const char* second : {"max_out_of_orderness: 0s", "max_out_of_orderness: 2h"}) {
      SCOPED_TRACE(Cat(first, ", ", second));
      Write("job.yaml",
            JobWith(kWorkers, Cat("watermark: per_stream, max_out_of_orderness: ", first), second));
      ExpectForEveryNumberOfWorkers(expected);
    }
  }
  ExpectAfterKills({"--rate", "10000", "--workers", "4"}, expected);
}

TEST_F(WindowsOverWindows, ThreeWindowsUnderThreeKeysLoseNothing) {
  const Generated input(3, 6'000, 10, 7, 60);
  Write("in.jsonl", input.rows());
  Write("job.yaml",
        "name: three\nstate: out/state\nsource: {file: in.jsonl}\nsteps:\n"
        "  - key_by: [k, g]\n"
        "  - window: {name: minutes, clock: {event_time: t, unit: s, watermark: per_stream,"
        " max_out_of_orderness: 1m}, tumbling: 1m, aggregate: {n: count}}\n"
        "  - key_by: g\n"
        "  - window: {name: tens, clock: {event_time: window_open}, tumbling: 10m,"
        " aggregate: {n: sum(n)}}\n"
        "  - key_by: []\n"
        "  - window: {name: hours, clock: {event_time: window_open}, tumbling: 1h,"
        " aggregate: {total: sum(n)}}\n"
        "sink: {file: out/out.jsonl}\n");
  const Result expected{input.Totals(), {}};
  ExpectForEveryNumberOfWorkers(expected);
  ExpectEveryWay("3000", expected);
}

TEST_F(WindowsOverWindows, SourcesThatLieApartAreReadTogether) {
  const Generated input(5, 2'000, 60, 4, 300);
  const size_t half = input.rows().find('\n', input.rows().size() / 2) + 1;
  Write("old.jsonl", input.rows().substr(0, half));
  Write("new.jsonl", input.rows().substr(half));
  Write("job.yaml",
        absl::StrReplaceAll(
            Job(Cat(kPerStream, ", sliding: {length: 1h, offset: 1h}, aggregate: {n: count}"),
                Cat("clock: {event_time: window_open}, ", kTotal)),
            {{"source: {file: in.jsonl}",
              "sources: {old: {file: old.jsonl}, new: {file: new.jsonl}}"}}));
  const Result expected{input.Totals(), {}};
  ExpectForEveryNumberOfWorkers(expected);
  ExpectEveryWay("700", expected);
}

TEST_F(WindowsOverWindows, SessionsAreCountedInTheHourOfTheirLastRow) {
  const Generated input(7, 3'000, 20, 3, 300);
  Write("in.jsonl", input.rows());
  Write("job.yaml", Job(Cat(kPerStream, ", session: 1m, aggregate: {n: count}"),
                        "clock: {event_time: window_close}, tumbling: 1h,"
                        " aggregate: {sessions: count, total: sum(n)}"));
  struct Hour {
    int sessions = 0, rows = 0;
  };
  std::map<int64_t, Hour> hours;
  for (const auto& [key, times] : input.times()) {
    int rows = 0;
    for (auto t = times.begin(); t != times.end(); ++t) {
      ++rows;
      const auto next = std::next(t);
      if (next != times.end() && *next - *t <= 60) continue;
      Hour& hour = hours[*t / kHour];
      ++hour.sessions;
      hour.rows += rows;
      rows = 0;
    }
  }
  std::string lines;
  for (const auto& [number, hour] : hours) {
    lines += Generated::HourLine(number,
                                 Cat("\"sessions\": ", hour.sessions, ", \"total\": ", hour.rows));
  }
  const Result expected{Sorted(lines), {}};
  ExpectForEveryNumberOfWorkers(expected);
  ExpectEveryWay("1500", expected);
}

TEST_F(WindowsOverWindows, AnotherFieldWithItsBoundLosesNothing) {
  const Generated input(11, 2'000, 60, 4);
  Write("in.jsonl", input.rows());
  Write("job.yaml",
        Job(Cat(kPerStream, ", tumbling: 1h, aggregate: {n: count, first: min(t)}"),
            Cat("clock: {event_time: first, unit: s, max_out_of_orderness: 1h}, ", kTotal)));
  ExpectForEveryNumberOfWorkers({input.Totals(), {}});
}

TEST_F(WindowsOverWindows, UnderTheSameKeyPerKeyIsRight) {
  const Generated input(13, 2'000, 60, 1);
  Write("in.jsonl", input.rows());
  Write("job.yaml", absl::StrReplaceAll(Job(Cat(kPerKey, ", tumbling: 10m, aggregate: {n: count}"),
                                            Cat("clock: {event_time: window_open}, ", kTotal)),
                                        {{"  - key_by: []\n", ""}}));
  Lines expected = input.Totals();
  for (std::string& line : expected) line.insert(1, "\"k\": \"k0\", ");
  ExpectForEveryNumberOfWorkers({expected, {}});
}

TEST_F(WindowsOverWindows, WhatCannotBeRightIsRefused) {
  Write("in.jsonl", Generated(17, 30, 60, 2).rows());
  const std::string hours = Cat(kPerStream, ", tumbling: 1h, aggregate: {n: count, first: min(t)}");
  // A time of which nothing is known.
  ExpectRefused(Job(hours, Cat("clock: {event_time: first, unit: s}, ", kTotal)),
                {"max_out_of_orderness"});
  ExpectRefused(Job(Cat(kPerStream, ", session: 1m, aggregate: {n: count}"),
                    Cat("clock: {event_time: window_open}, ", kTotal)),
                {"max_out_of_orderness"});
  // A watermark per key behind one that all keys have.
  ExpectRefused(Job(hours, Cat("clock: {event_time: window_open, watermark: per_key}, ", kTotal)),
                {"per_key", "per_stream"});
  // A batch hands no watermark on.
  ExpectRefused(Job(hours, Cat("clock: {event_time: window_open, watermark: per_stream}, ", kTotal),
                    "  - key_by: [k, window_open, n]\n  - batch: {max_items: 2}\n"),
                {"batch"});
  // What a step keeps open comes later than what the next has closed.
  ExpectRefused(
      Job(Cat(hours, ", at_eof: keep"), Cat("clock: {event_time: window_open}, ", kTotal)),
      {"at_eof: keep"});
}

}  // namespace
}  // namespace tidemark
