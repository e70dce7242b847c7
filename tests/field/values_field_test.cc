// Goal: rows of strangers keep their values, digit by digit, through keys, times, aggregates and
// tables, or are refused with their place and what to do; in a plain run, with three workers, and
// killed and resumed.
//
// Cases with a folder here come from public reports (source.md says which). The others were made up
// of the same kinds.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/files.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "connectors/sqlite/sqlite_test_support.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_directory.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

constexpr int kNeedsPerson = 3;
constexpr int kUsage = 2;

class ValuesField : public ::testing::Test {
 protected:
  // Copies the folder of a case.
  void Use(const std::string& name) {
    const std::string from = RunfilePath(Cat("tests/field/", name));
    const auto names = dir_.files().List(from);
    ASSERT_TRUE(names.ok()) << names.status();
    for (const std::string& file : *names) {
      ASSERT_TRUE(CopyFile(dir_.files(), JoinPath(from, file), Path(file)).ok()) << file;
    }
  }
  void Put(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(dir_.files(), Path(name), text).ok());
  }
  std::string Path(const std::string& name) const { return dir_.Path(name); }
  ChildProcess::End Tidemark(Words words) {
    words.insert(words.begin(), RunfilePath("tools/tidemark"));
    return ChildProcess(words, {.directory = dir_.path()}).Wait();
  }
  ChildProcess::End Run(const Words& flags = {}, const std::string& job = "job.yaml") {
    Words words = {"run", job, "--quiet"};
    words.insert(words.end(), flags.begin(), flags.end());
    return Tidemark(words);
  }
  // Kills the job in the middle, a few times, and lets it finish.
  ChildProcess::End RunKilled() {
    for (int64_t after_us = 10'000; after_us < 200'000; after_us += 40'000) {
      ChildProcess job({RunfilePath("tools/tidemark"), "run", "job.yaml", "--quiet", "--rate", "20",
                        "--epoch", "20ms"},
                       {.directory = dir_.path()});
      job.SignalAfter(Span::Micros(after_us), SIGKILL);
      job.Wait();
    }
    return Run();
  }
  // In byte order.
  Words Rows(const std::string& name) {
    const auto bytes = ReadSmallFile(dir_.files(), Path(name));
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    Words rows = absl::StrSplit(bytes.value_or(""), '\n', absl::SkipEmpty());
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  std::string Table(const std::string& sql) { return Ask(Path("out/q.db"), sql); }

  // The job ends well and `look` finds what is right, in each way to run it.
  template <class Look>
  void ExpectEachWay(Look look) {
    for (const char* way : {"plain", "three workers", "killed"}) {
      SCOPED_TRACE(way);
      const ChildProcess::End end = way == std::string("killed") ? RunKilled()
                                    : way == std::string("plain")
                                        ? Run({"--fresh"})
                                        : Run({"--fresh", "--workers", "3"});
      EXPECT_EQ(end.exit_code, 0) << end.err;
      look();
      ASSERT_TRUE(RemoveTree(dir_.files(), Path("out")).ok());
    }
  }
  void ExpectRows() {
    ExpectEachWay([&] { EXPECT_EQ(Rows("out/out.jsonl"), Rows("expected.txt")); });
  }
  // What the rows make of a window over all of them: the aggregates alone, or the error.
  std::string Aggregated(const std::string& rows, const std::string& aggregates,
                         const std::string& clock = "{event_time: t, unit: s}") {
    Put("in.jsonl", rows);
    Put("job.yaml",
        Cat("name: j\nsource: {file: in.jsonl}\nsteps:\n  - key_by: []\n  - window: ", "{clock: ",
            clock, ", tumbling: 1m, aggregate: {", aggregates, "}}\nsink: stdout\n"));
    const ChildProcess::End end = Run();
    if (end.exit_code != 0) return end.err;
    const size_t at = end.out.find("\"window_close\"");
    if (at == std::string::npos) return end.err;
    const size_t comma = end.out.find(", ", at);
    return end.out.substr(comma + 2, end.out.find('\n') - comma - 3);
  }

  TempDirectory dir_;
};

// ---- cases of reports
// ----------------------------------------------------------------------------

TEST_F(ValuesField, FractionalEpochSecondsAreExactToTheMicrosecond) {
  Use("40-fractional-epoch-seconds");
  ExpectRows();
}

TEST_F(ValuesField, EpochAsTextIsRefusedWithWhatToDo) {
  Use("42-epoch-as-text");
  const auto end = Run();
  EXPECT_EQ(end.exit_code, kNeedsPerson);
  EXPECT_THAT(end.err, HasSubstr("in.jsonl:1: field 't' is \"1722587215768\", a number in quotes, "
                                 "which is not read as a time yet; write it without quotes, as jq "
                                 "-c '.t |= tonumber' does"));
}

TEST_F(ValuesField, ADotInAParentIsFoundByValidateAndByTheRun) {
  Use("46b-dot-in-a-parent");
  EXPECT_EQ(Tidemark({"validate", "job.yaml"}).exit_code, 0);
  ExpectRows();
  const auto end = Tidemark({"validate", "escaped.yaml"});
  EXPECT_EQ(end.exit_code, kUsage);
  EXPECT_THAT(end.err, HasSubstr("did you mean 'a.b.c'?"));
}

TEST_F(ValuesField, ARowWithANameInBothCasesIsLeftOutOfATable) {
  Use("48-sqlite-both-cases-in-a-row");
  ExpectEachWay([&] { EXPECT_EQ(Table("SELECT id FROM r"), "2"); });
  const auto end = Tidemark({"run", "job.yaml", "--fresh"});
  EXPECT_THAT(end.err, HasSubstr("out/q.db, table 'r': 1 skipped"));
  EXPECT_THAT(end.err,
              HasSubstr("in.jsonl:1: out/q.db, table 'r': the row (ID: 1, id: 1) cannot be "
                        "written: the columns 'ID' and 'id' are one to SQLite"));
  Put("job.yaml",
      "name: c48\nstate: out/state\nsource: {file: in.jsonl}\n"
      "sink: {sqlite: {file: out/q.db, table: r}}\n");
  const auto stopped = Run({"--fresh"});
  EXPECT_EQ(stopped.exit_code, kNeedsPerson);
  EXPECT_EQ(std::count(stopped.err.begin(), stopped.err.end(), '\n'), 1) << stopped.err;
  EXPECT_THAT(stopped.err,
              HasSubstr("--skip-item source/file@1 steps over it, on_error: skip leaves out all"));
  EXPECT_EQ(Run({"--fresh", "--skip-item", "source/file@1"}).exit_code, 0);
  EXPECT_EQ(Table("SELECT id FROM r"), "2");
}

TEST_F(ValuesField, NullsInPartOfAKeyAreOneValue) {
  Use("49-sqlite-null-in-key");
  ExpectEachWay([&] {
    EXPECT_EQ(Table("SELECT a, b, v, typeof(a) FROM r ORDER BY v"), "null|1|3|null null|1|4|text");
  });
}

TEST_F(ValuesField, IdentifiersOfTwentyDigitsStayWhatTheyAre) {
  Use("81-twenty-digit-identifiers");
  ExpectRows();
  const auto table = Run({}, "sqlite.yaml");
  EXPECT_EQ(table.exit_code, kNeedsPerson);
  EXPECT_THAT(table.err, HasSubstr("in.jsonl:1: out/q.db, table 'r': the field 'id' is "
                                   "18446744073709551617, an integer beyond 64 bits with a sign"));
  EXPECT_EQ(Table("SELECT count(*) FROM sqlite_schema WHERE name = 'r'"), "0");
}

TEST_F(ValuesField, OddNamesAndValuesReachATable) {
  Use("87-sqlite-odd-names-and-values");
  const auto refused = Run();
  EXPECT_EQ(refused.exit_code, kNeedsPerson);
  EXPECT_THAT(refused.err, HasSubstr("the field 'u' is 18446744073709551615"));
  Put("job.yaml", *ReadSmallFile(dir_.files(), Path("in_range.yaml")));
  ExpectEachWay([&] {
    EXPECT_EQ(Table("SELECT \"order\", \"a \"\"q\"\" b\", \"\", \"rowid\", \"group by\", n, o, l, "
                    "hex(t), big, neg, f, e FROM \"select\" WHERE \"order\" = 1"),
              "1|2|3|4|1|null|{\"x\": [1, 2.5]}|[]|6E756C00656E64|9223372036854775807|"
              "-9223372036854775808|1.0|😀");
    EXPECT_EQ(Table("SELECT \"new'col\" FROM \"select\" WHERE \"order\" = 2"), "x");
  });
}

// ---- numbers of the same kinds
// -------------------------------------------------------------------

TEST_F(ValuesField, NumbersComeOutOfAggregatesAsTheyWentIn) {
  const struct {
    const char* values;  // of the field v, a row each
    const char* aggregates;
    const char* result;
  } kCases[] = {
      {"-9223372036854775808 -9223372036854775809", "lo: min(v), hi: max(v)",
       "\"lo\": -9223372036854775809, \"hi\": -9223372036854775808"},
      {"18446744073709551615 18446744073709551616 18446744073709551617",
       "lo: min(v), hi: max(v), d: count(distinct v), f: first(v), l: last(v)",
       "\"lo\": 18446744073709551615, \"hi\": 18446744073709551617, \"d\": 3, "
       "\"f\": 18446744073709551615, \"l\": 18446744073709551617"},
      {"1e400 -1e400 1e309 10e399", "lo: min(v), hi: max(v), d: count(distinct v)",
       "\"lo\": -1e400, \"hi\": 1e400, \"d\": 3"},
      {"100000000000000000000 1e20", "d: count(distinct v), all: collect(v)",
       "\"d\": 1, \"all\": [100000000000000000000, 1e+20]"},
      {"0 -0 -0.0 0.0", "d: count(distinct v)", "\"d\": 1"},
      {"0.1 0.2", "s: sum(v)", "\"s\": 0.30000000000000004"},
      {"0.1 0.2 -0.3", "s: sum(v)", "\"s\": 2.7755575615628914e-17"},
      {"9223372036854775807 -1 1", "s: sum(v), a: avg(v)",
       "\"s\": 9223372036854775807, \"a\": 3074457345618258432"},
      {"1e3 1000 1000.0", "d: count(distinct v), s: sum(v)", "\"d\": 1, \"s\": 3000"},
      {"99999999999999999999 null 7", "n: count(v), m: max(v)",
       "\"n\": 2, \"m\": 99999999999999999999"},
  };
  for (const auto& one : kCases) {
    std::string rows;
    int t = 0;
    for (const auto value : absl::StrSplit(one.values, ' ')) {
      rows += Cat("{\"v\": ", value, ", \"t\": ", ++t, "}\n");
    }
    EXPECT_EQ(Aggregated(rows, one.aggregates), one.result) << one.values;
  }
}

TEST_F(ValuesField, WhatASumCannotTakeExactlyIsABadRow) {
  for (const char* value :
       {"9223372036854775808", "18446744073709551616", "-9223372036854775809", "1e400"}) {
    for (const char* aggregate : {"s: sum(v)", "a: avg(v)"}) {
      EXPECT_THAT(
          Aggregated(Cat("{\"v\": ", value, ", \"t\": 1}\n"), aggregate),
          HasSubstr(Cat("in.jsonl:1: field 'v' is ", value, ", beyond 64 bits with a sign")));
    }
  }
}

TEST_F(ValuesField, KeysAreExactOrRefused) {
  Put("job.yaml",
      "name: j\nsource: {file: in.jsonl, on_error: skip}\nsteps:\n  - key_by: k\n"
      "  - batch: {max_items: 9, as: rows}\nsink: stdout\n");
  Put("in.jsonl",
      "{\"k\": 1e3}\n{\"k\": 1000}\n{\"k\": 9007199254740993.0}\n"
      "{\"k\": 9007199254740992}\n{\"k\": 18446744073709551615}\n{\"k\": -0}\n"
      "{\"k\": 18446744073709551616}\n{\"k\": -9223372036854775809}\n{\"k\": 1e400}\n"
      "{\"k\": 184467440737095516.16e2}\n{\"k\": 0.0}\n");
  const auto end = Tidemark({"run", "job.yaml"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  Words rows = absl::StrSplit(end.out, '\n', absl::SkipEmpty());
  std::sort(rows.begin(), rows.end());
  EXPECT_THAT(rows,
              ElementsAre("{\"k\": 0, \"rows\": [{\"k\": -0}, {\"k\": 0.0}]}",
                          "{\"k\": 1000, \"rows\": [{\"k\": 1e3}, {\"k\": 1000}]}",
                          "{\"k\": 9007199254740992, \"rows\": [{\"k\": 9007199254740992}]}",
                          "{\"k\": 9007199254740993, \"rows\": [{\"k\": 9007199254740993.0}]}"));
  EXPECT_THAT(end.err, HasSubstr("5 skipped"));
  EXPECT_THAT(end.err, HasSubstr("in.jsonl:7: field 'k' is a number beyond 64 bits"));
}

TEST_F(ValuesField, NamesWithDotsQuotesAndBracketsCanBeKeys) {
  for (const auto& [row, key] : std::vector<std::pair<std::string, std::string>>{
           {R"({"a.b": {"c.d": {"e": 1}}})", "a.b.c.d.e"},
           {R"({"x\"y": {"[0]": 1}})", "'x\"y.[0]'"},
           {R"({"it's": {"": 1}})", "\"it's.\""},
           {R"({"": {"a": 1}})", "'.a'"},
           {R"({"n": 3, "n.m": {"o": 1}})", "n.m.o"},
       }) {
    Put("in.jsonl", row + "\n");
    Put("job.yaml", Cat("name: j\nsource: {file: in.jsonl}\nsteps:\n  - key_by: ", key,
                        "\n  - batch: {max_items: 1}\nsink: stdout\n"));
    EXPECT_EQ(Tidemark({"validate", "job.yaml"}).exit_code, 0) << key;
    const auto end = Run();
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_THAT(end.out, HasSubstr(Cat(": 1, \"items\": [", row, "]}"))) << key;
  }
}

TEST_F(ValuesField, AKeyThatIsAnObjectIsFoundByValidate) {
  Put("in.jsonl", "{\"place\": {\"country\": \"JP\"}, \"net\": \"us\"}\n");
  const auto says = [&](const std::string& rest) {
    Put("job.yaml", "name: j\nsource: {file: in.jsonl}\n" + rest);
    return Tidemark({"validate", "job.yaml"}).err;
  };
  EXPECT_THAT(
      says("steps: [{key_by: place}, {batch: {max_items: 1}}]\nsink: stdout\n"),
      HasSubstr("job.yaml:3:18: the field 'place' is an object or a list in the first row of "
                "in.jsonl, and a key is a single value; one of its fields is "
                "'place.country'"));
  EXPECT_THAT(says("steps: [{key_by: net.x}, {batch: {max_items: 1}}]\nsink: stdout\n"),
              HasSubstr("no field 'net.x' is in the first row of in.jsonl"));
  EXPECT_THAT(says("sink: {sqlite: {file: q.db, table: t, key: place.country}}\n"),
              HasSubstr("the field 'place.country' is inside an object, and a column is a field of "
                        "the row itself"));
  EXPECT_EQ(says("sink: {sqlite: {file: q.db, table: t, key: NET}}\n"), "");
}

// ---- times of the same kinds
// ---------------------------------------------------------------------

TEST_F(ValuesField, AWrongUnitIsNoticedInTheFirstRows) {
  const std::string seconds = "{\"t\": 1517365101}\n{\"t\": 1517365102.5}\n";
  const std::string millis = "{\"t\": 1517365101000}\n";
  EXPECT_THAT(Aggregated(seconds, "n: count", "{event_time: t}"),
              HasSubstr("job.yaml:5:34: the times in 't' of source 'source' would be like "
                        "1970-01-18T13:29:25.101000Z with 'unit: ms', as 1517365101 would; did you "
                        "mean 'unit: s'?"));
  EXPECT_THAT(Aggregated(millis, "n: count", "{event_time: t, unit: s}"),
              HasSubstr("outside the years 1 to 9999 with 'unit: s', as 1517365101000 would; did "
                        "you mean 'unit: ms'?"));
  // What is written and can be meant is run, with a warning.
  Aggregated(seconds, "n: count", "{event_time: t, unit: ms}");
  const auto end = Tidemark({"validate", "job.yaml"});
  EXPECT_EQ(end.exit_code, 0);
  EXPECT_THAT(end.err, HasSubstr("job.yaml:5:34: warning: "));
  EXPECT_THAT(end.err, HasSubstr("did you mean 'unit: s'?"));
  // A time that no row has is found before the first one is read.
  EXPECT_THAT(Aggregated("{\"t\": \"2018-01-31T02:18:21\"}\n", "n: count", "{event_time: t}"),
              HasSubstr("job.yaml:5:34: no time in the first rows of source 'source' can be read: "
                        "field 't' is \"2018-01-31T02:18:21\", a time without a zone"));
  // Times of no age in particular are nobody's mistake.
  EXPECT_EQ(Aggregated("{\"t\": 1}\n{\"t\": 2}\n", "n: count", "{event_time: t}"), "\"n\": 2");
  EXPECT_EQ(Aggregated(millis, "n: count", "{event_time: t}"), "\"n\": 1");
}

TEST_F(ValuesField, OneWrongClockDoesNotCloseAllWindows) {
  const std::string rows = "{\"t\": 1517365101}\n{\"t\": 4070908800}\n{\"t\": 1517365102}\n";
  EXPECT_THAT(Aggregated(rows, "n: count"),
              HasSubstr("in.jsonl:2: field 't' is 2099-01-01T00:00:00Z, "));
  EXPECT_THAT(Aggregated(rows, "n: count"), HasSubstr("max_ahead_of_system_time is 1d"));
  EXPECT_THAT(
      Aggregated(rows, "n: count", "{event_time: t, unit: s, max_ahead_of_system_time: inf}"),
      HasSubstr("\"n\": 1"));
}

// ---- tables with rules of their own
// --------------------------------------------------------------

class RulesOfTables : public ValuesField {
 protected:
  // A table that is there, three rows of which the second is against it, and both ways to go on.
  void ExpectLeftOut(const std::string& table, const std::string& rows, const std::string& reason,
                     const std::string& sql, const std::string& expected) {
    SCOPED_TRACE(table);
    ASSERT_TRUE(RemoveTree(dir_.files(), Path("out")).ok());
    ASSERT_TRUE(dir_.files().CreateDirectories(Path("out")).ok());
    ASSERT_EQ(Table(table), "");
    Put("in.jsonl", rows);
    PutJob("");
    const auto stopped = Run();
    EXPECT_NE(stopped.exit_code, 0);
    EXPECT_THAT(stopped.err, HasSubstr("in.jsonl:2: "));
    EXPECT_THAT(stopped.err, HasSubstr(reason));
    EXPECT_THAT(stopped.err, HasSubstr("on_error"));
    EXPECT_EQ(std::count(stopped.err.begin(), stopped.err.end(), '\n'), 1) << stopped.err;
    // The committed rows are written by the next start.
    PutJob(", on_error: skip");
    const auto end = Tidemark({"run", "job.yaml"});
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_THAT(end.err, HasSubstr("out/q.db, table 'r': 1 skipped"));
    EXPECT_THAT(end.err, HasSubstr("in.jsonl:2: "));
    EXPECT_EQ(Table(sql), expected);
  }
  void PutJob(const std::string& options) {
    Put("job.yaml", Cat("name: j\nstate: out/state\nsource: {file: in.jsonl", options,
                        "}\nsink: {sqlite: {file: out/q.db, table: r}}\n"));
  }
};

TEST_F(RulesOfTables, LeaveOutTheRowsThatTheyRefuse) {
  ExpectLeftOut("CREATE TABLE r (id UNIQUE, v)",
                "{\"id\": 1, \"v\": 1}\n{\"id\": 1, \"v\": 2}\n{\"id\": 2, \"v\": 3}\n",
                "UNIQUE constraint failed", "SELECT id, v FROM r", "1|1 2|3");
  ExpectLeftOut("CREATE TABLE r (id NOT NULL)", "{\"id\": 1}\n{\"id\": null}\n{\"id\": 3}\n",
                "NOT NULL constraint failed", "SELECT id FROM r", "1 3");
  ExpectLeftOut("CREATE TABLE r (id CHECK (id < 5))", "{\"id\": 1}\n{\"id\": 9}\n{\"id\": 3}\n",
                "CHECK constraint failed", "SELECT id FROM r", "1 3");
  ExpectLeftOut("CREATE TABLE r (id INTEGER) STRICT", "{\"id\": 1}\n{\"id\": \"x\"}\n{\"id\": 3}\n",
                "cannot store TEXT value in INTEGER column", "SELECT id FROM r", "1 3");
  ExpectLeftOut("CREATE TABLE r (id, twice AS (id * 2))",
                "{\"id\": 1}\n{\"id\": 2, \"twice\": 4}\n{\"id\": 3}\n",
                "cannot INSERT into generated column", "SELECT id, twice FROM r", "1|2 3|6");
  ExpectLeftOut(
      "CREATE TABLE r (id); CREATE TRIGGER no BEFORE INSERT ON r WHEN NEW.id = 2 BEGIN "
      "SELECT RAISE(ABORT, 'two is not wanted'); END",
      "{\"id\": 1}\n{\"id\": 2}\n{\"id\": 3}\n", "two is not wanted", "SELECT id FROM r", "1 3");
}

TEST_F(RulesOfTables, AStrictTableGetsColumns) {
  ASSERT_TRUE(dir_.files().CreateDirectories(Path("out")).ok());
  ASSERT_EQ(Table("CREATE TABLE r (id INTEGER) STRICT"), "");
  Put("in.jsonl", "{\"id\": 1}\n{\"id\": 2, \"select\": \"x\", \"b\": 2.5}\n");
  PutJob("");
  const auto end = Run();
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_EQ(Table("SELECT id, \"select\", b, typeof(b) FROM r"), "1|null|null|null 2|x|2.5|real");
}

TEST_F(RulesOfTables, ATableThatRollsAllBackIsNotTrusted) {
  ASSERT_TRUE(dir_.files().CreateDirectories(Path("out")).ok());
  ASSERT_EQ(Table("CREATE TABLE r (id UNIQUE ON CONFLICT ROLLBACK)"), "");
  Put("in.jsonl", "{\"id\": 1}\n{\"id\": 1}\n{\"id\": 2}\n");
  PutJob(", on_error: skip");
  const auto end = Run();
  EXPECT_NE(end.exit_code, 0);
  EXPECT_THAT(end.err, HasSubstr("rolls back all rows of the epoch"));
  EXPECT_EQ(Table("SELECT count(*) FROM r"), "0");
}

// ---- the job file
// --------------------------------------------------------------------------------

TEST_F(ValuesField, TypesOfAJobFileAreThoseOfYaml) {
  const auto says = [&](const std::string& name, const std::string& rest) {
    Put("job.yaml", Cat("name: ", name, "\nsource: {file: in.jsonl}\nsink: stdout\n", rest));
    return Tidemark({"validate", "job.yaml"}).err;
  };
  EXPECT_THAT(says("5", ""), HasSubstr("name must be a text, found 5, a number; write '5'"));
  EXPECT_THAT(says("true", ""), HasSubstr("found true, a boolean"));
  EXPECT_THAT(says("j", "workers: \"2\"\n"),
              HasSubstr("workers must be a whole number, found a text, '2'; leave out the quotes"));
  EXPECT_THAT(says("j", "epoch: 0s\n"), HasSubstr("epoch must be longer than zero, found '0s'"));
  EXPECT_EQ(says("j", "x-limits: &l {max_items: 5}\nsteps: [{key_by: []}, {batch: *l}]\n"), "");
  EXPECT_THAT(says("j",
                   "steps: [{key_by: []}, {window: {clock: system_time, tumbling: 1m, "
                   "aggregate: {p: percentile(v, 95), n: count}}}]\n"),
              HasSubstr("quotes are needed around a comma: p: 'percentile(v, 95)'"));
}

TEST_F(ValuesField, AFileThatIsNoTextIsRefusedInOneLine) {
  std::string bytes = "name: j\n";
  for (int i = 0; i < 20; ++i) bytes += Cat("\xff\xfe", std::string(3, '\x02'), "\n");
  Put("job.yaml", bytes);
  const auto end = Tidemark({"validate", "job.yaml"});
  EXPECT_EQ(end.exit_code, kUsage);
  EXPECT_EQ(std::count(end.err.begin(), end.err.end(), '\n'), 1) << end.err;
  EXPECT_THAT(end.err, HasSubstr("job.yaml:2:1: this line is not UTF-8"));
}

TEST_F(ValuesField, AllMistakesAreFoundAtOnceAlsoInFieldsAndSinks) {
  Put("in.jsonl", "{\"net\": \"us\", \"mag\": 1, \"t\": 1517365101000}\n");
  Put("job.yaml", R"(name: j
sources: {a: {file: in.jsonl}, b: {fiel: other.jsonl}}
workers: many
steps:
  - key_by: nett
  - window: {clock: {event_time: tt}, tumbling: often, aggregate: {m: max(mag)}}
sink: {sqlite: {file: q.db, table: r, key: [net, net]}}
)");
  const auto end = Tidemark({"validate", "job.yaml"});
  for (const char* mistake :
       {"2:36: unknown key 'fiel'", "3:10: workers must be", "5:13: no field 'nett'",
        "6:34: no field 'tt'", "6:49: tumbling", "7:50: the column 'net'"}) {
    EXPECT_THAT(end.err, HasSubstr(Cat("job.yaml:", mistake)));
  }
}

}  // namespace
}  // namespace tidemark
