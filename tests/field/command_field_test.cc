// Goal: what somebody asks the command about a job, it answers: what is in the open windows, what
// too late, what a hostile row says. Cases of others, with their right answers worked out by hand.
// Method: the real command on small jobs whose input ends and whose windows stay open (at_eof:
// keep), plainly, with three workers, and killed in the middle and run again.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <regex>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/printable.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_directory.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Words = std::vector<std::string>;

class CommandField : public ::testing::Test {
 protected:
  std::string CaseFile(const std::string& name) {
    auto bytes = ReadSmallFile(dir_.files(), RunfilePath(Cat("tests/field/", name)));
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    return bytes.value_or("");
  }
  void Write(const std::string& name, const std::string& bytes) {
    const absl::Status status = WriteFileAtomically(dir_.files(), dir_.Path(name), bytes);
    ASSERT_TRUE(status.ok()) << status;
  }
  Words CommandWords(Words words) const {
    words.insert(words.begin(), RunfilePath("tools/tidemark"));
    return words;
  }
  ChildProcess::End Command(const Words& words) {
    return ChildProcess(CommandWords(words), {.directory = dir_.path()}).Wait();
  }
  void Run(const Words& flags) {
    Words words = {"run", "job.yaml"};
    words.insert(words.end(), flags.begin(), flags.end());
    const auto end = Command(words);
    EXPECT_EQ(end.exit_code, 0) << end.err;
  }
  // Without what differs from run to run: when, which epoch, how many bytes.
  static std::string Settled(std::string text) {
    const std::pair<const char*, const char*> kRules[] = {
        {"epoch [0-9]+", "epoch N"},
        {"(committed|closes at|first|newest|due|forgotten at) (20[0-9-]+ )?[0-9]+([:.][0-9]+)*",
         "$1 NOW"},
        {"[0-9.]+ (B|KiB)\\b", "SIZE"}};
    for (const auto& [what, instead] : kRules) {
      text = std::regex_replace(text, std::regex(what), instead);
    }
    return text;
  }
  std::string Dumped(Words flags = {}) {
    flags.insert(flags.begin(), {"dump", "s"});
    const auto end = Command(flags);
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(end.err, "");
    return Settled(end.out);
  }
  // However the job is run, the state says the same.
  void ExpectDump(const std::string& expected) {
    const Words kWays[] = {{"--quiet"}, {"--quiet", "--workers", "3"}};
    for (const Words& way : kWays) {
      ASSERT_TRUE(RemoveTree(dir_.files(), dir_.Path("s")).ok());
      Run(way);
      EXPECT_EQ(Dumped(), expected) << "with " << way.size() << " flags";
    }
    ASSERT_TRUE(RemoveTree(dir_.files(), dir_.Path("s")).ok());
    {
      ChildProcess job(CommandWords({"run", "job.yaml", "--rate", "20", "--epoch", "10ms"}),
                       {.directory = dir_.path()});
      while (Command({"dump", "s"}).exit_code != 0) {
        if (!job.SignalAfter(Span::Micros(5'000), 0)) break;
      }
      job.SignalAfter(Span::Micros(0), SIGKILL);
      job.Wait();
    }
    Run({"--quiet"});
    EXPECT_EQ(Dumped(), expected) << "killed and run again";
  }
  static std::string JobOf(const std::string& window) {
    return Cat("name: f\nstate: s\nsource: {file: in.jsonl}\nsteps:\n  - key_by: k\n  - ", window,
               "\nsink: {file: out.jsonl}\n");
  }

  TempDirectory dir_;
};

// ---- what is in the open window ----------------------------------------

TEST_F(CommandField, Case90HopsOfAStreamAreWindowsWithTheirValues) {
  const std::string name = "90-what-is-in-the-open-window";
  std::string job = CaseFile(name + "/job.yaml");
  job.replace(job.find("out/state"), 9, "s");
  Write("job.yaml", job);
  Write("in.jsonl", CaseFile(name + "/in.jsonl"));
  ExpectDump(CaseFile(name + "/expected_dump.txt"));
  EXPECT_EQ(
      Dumped({"--key", "w", "--json"}),
      "{\"step\": \"hops\", \"kind\": \"window\", \"key\": \"w\", "
      "\"watermark\": \"1970-01-01T00:00:08Z\", \"windows\": [{\"open\": "
      "\"1970-01-01T00:00:00Z\", \"close\": \"1970-01-01T00:00:10Z\", \"state\": \"open\", "
      "\"closes_at_watermark\": \"1970-01-01T00:00:10Z\", \"rows\": 1, \"values\": {\"s\": 5, "
      "\"n\": 1, \"m\": 5, \"f\": 5}}]}\n");
  EXPECT_THAT(Dumped({"--key", "w", "--raw"}), HasSubstr("\"closed_through\":"));
}

TEST_F(CommandField, TumblingWindowsSayWhatTheyWouldGive) {
  Write("job.yaml",
        JobOf("window: {name: hours, clock: {event_time: t, max_out_of_orderness: 30m}, "
              "tumbling: 1h, at_eof: keep, aggregate: {n: count, avg: avg(v), max: max(v), "
              "\"odd, name\": count(w)}}"));
  Write("in.jsonl",
        "{\"k\": \"a\", \"t\": \"2022-01-01T10:10:00Z\", \"v\": 1.5}\n"
        "{\"k\": \"a\", \"t\": \"2022-01-01T10:50:00Z\", \"v\": 2.5, \"w\": 0}\n"
        "{\"k\": \"a\", \"t\": \"2022-01-01T11:20:00Z\", \"v\": -1}\n"
        "{\"k\": \"b\\u001b[2J\", \"t\": \"2022-01-02T00:00:00.25Z\"}\n");
  ExpectDump(
      "flow f, epoch N, committed NOW UTC\n"
      "step hours: window; 2 keys, SIZE\n"
      "  event_time: per_key, max_out_of_orderness: 30m, tumbling: 1h,\n"
      "  align_to: 1970-01-01T00:00:00Z, late: window_closed, order: arrival,\n"
      "  keep_watermark_for: 1d, at_eof: keep\n"
      "  a: watermark 2022-01-01 10:50:00\n"
      "    [2022-01-01 10:00, 11:00) open, 2 rows, closes at NOW: n 2, avg 2, max 2.5, "
      "\"odd, name\" 1\n"
      "    [2022-01-01 11:00, 12:00) open, 1 row, closes at NOW: n 1, avg -1, max -1, "
      "\"odd, name\" 0\n"
      "  b\\x1b[2J: watermark 2022-01-01 23:30:00\n"
      "    [2022-01-02 00:00, 01:00) open, 1 row, closes at NOW: n 1, avg null, max null, "
      "\"odd, name\" 0\n");
}

TEST_F(CommandField, PanesAreShownAsTheWindowsTheyMake) {
  Write("job.yaml", JobOf("window: {name: hops, clock: {event_time: t, unit: s, watermark: "
                          "per_stream}, sliding: {length: 10s, offset: 5s}, at_eof: keep, "
                          "aggregate: {n: count, s: sum(v), kinds: count(distinct v)}}"));
  Write("in.jsonl",
        "{\"k\": \"u\", \"t\": 1, \"v\": 0.1}\n"
        "{\"k\": \"u\", \"t\": 4, \"v\": 0.2}\n"
        "{\"k\": \"u\", \"t\": 12, \"v\": 0.1}\n"
        "{\"k\": \"u\", \"t\": 13, \"v\": 7}\n");
  // [0, 10) has closed at 10, and [5, 15) has the rows of 12 and 13 alone.
  ExpectDump(
      "flow f, epoch N, committed NOW UTC\n"
      "step hops: window; 1 key, SIZE\n"
      "  event_time: per_stream, max_out_of_orderness: 0, idle_after: inf,\n"
      "  sliding: 10s, offset: 5s, align_to: 1970-01-01T00:00:00Z, late: window_closed,\n"
      "  order: arrival, keep_watermark_for: 1d, at_eof: keep\n"
      "  watermark 1970-01-01 00:00:13\n"
      "    source/file: 1970-01-01 00:00:13 (at its end)\n"
      "  u\n"
      "    [1970-01-01 00:00:05, 00:00:15) open, 2 rows, closes at watermark 00:00:15: n 2, s 7.1, "
      "kinds 2\n"
      "    [1970-01-01 00:00:10, 00:00:20) open, 2 rows, closes at watermark 00:00:20: n 2, s 7.1, "
      "kinds 2\n");
}

TEST_F(CommandField, SessionsHaveTheirFirstAndLastRow) {
  Write("job.yaml", JobOf("window: {name: visits, clock: {event_time: t, unit: s, watermark: "
                          "per_stream}, session: 30s, at_eof: keep, aggregate: {n: count, "
                          "all: collect(v)}}"));
  Write("in.jsonl",
        "{\"k\": \"u\", \"t\": 100, \"v\": 1}\n"
        "{\"k\": \"u\", \"t\": 120, \"v\": \"two\"}\n"
        "{\"k\": \"w\", \"t\": 125, \"v\": null}\n");
  ExpectDump(
      "flow f, epoch N, committed NOW UTC\n"
      "step visits: window; 2 keys, SIZE\n"
      "  event_time: per_stream, max_out_of_orderness: 0, idle_after: inf,\n"
      "  session: 30s, late: window_closed, order: timestamp, keep_watermark_for: 1d,\n"
      "  at_eof: keep\n"
      "  watermark 1970-01-01 00:02:05\n"
      "    source/file: 1970-01-01 00:02:05 (at its end)\n"
      "  u\n"
      "    [1970-01-01 00:01:40, 00:02:00] session open, 2 rows, closes at watermark 00:02:30: "
      "n 2, all [1, \"two\"]\n"
      "  w\n"
      "    [1970-01-01 00:02:05, 00:02:05] session open, 1 row, closes at watermark 00:02:35: "
      "n 1, all null\n");
}

TEST_F(CommandField, WindowsOfTheSystemClockCloseByIt) {
  Write("job.yaml", JobOf("window: {name: years, clock: system_time, tumbling: 36500d, at_eof: "
                          "keep, aggregate: {n: count}}"));
  Write("in.jsonl", "{\"k\": \"u\"}\n{\"k\": \"u\"}\n");
  ExpectDump(
      "flow f, epoch N, committed NOW UTC\n"
      "step years: window; 1 key, SIZE\n"
      "  system_time, tumbling: 36500d, align_to: 1970-01-01T00:00:00Z,\n"
      "  late: window_closed, order: arrival, keep_watermark_for: 1d, at_eof: keep\n"
      "  u\n"
      "    [1970-01-01 00:00, 2069-12-07 00:00) open, 2 rows, closes at NOW: n 2\n");
}

// Of a job that waits for more: the end of input would give its lists out.
TEST_F(CommandField, ListsShowTheirItemsAndWhenTheyAreDue) {
  Write("job.yaml",
        "name: f\nstate: s\nsource: stdin\nsteps:\n  - key_by: k\n"
        "  - batch: {max_items: 3, max_wait: 10m}\nsink: {file: out.jsonl}\n");
  ASSERT_EQ(mkfifo(dir_.Path("pipe").c_str(), 0600), 0);
  ChildProcess job(
      {"/bin/sh", "-c",
       Cat("exec '", RunfilePath("tools/tidemark"), "' run job.yaml --quiet --epoch 10ms < pipe")},
      {.directory = dir_.path()});
  const int pipe = open(dir_.Path("pipe").c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(pipe, 0);
  const std::string rows = "{\"k\": \"hv\", \"n\": 1}\n{\"k\": \"hv\", \"n\": 2}\n";
  ASSERT_EQ(write(pipe, rows.data(), rows.size()), static_cast<ssize_t>(rows.size()));
  ChildProcess::End dump;
  while (dump.out.find("2 items") == std::string::npos) {
    ASSERT_TRUE(job.SignalAfter(Span::Micros(5'000), 0)) << job.Wait().err;
    dump = Command({"dump", "s"});
    const bool broke = dump.exit_code != 0 && dump.out.find("step batch") != std::string::npos;
    ASSERT_FALSE(broke) << dump.err;
  }
  close(pipe);
  EXPECT_EQ(Settled(dump.out),
            "flow f, epoch N, committed NOW UTC\n"
            "step batch: batch, max_items: 3, max_wait: 10m; 1 key, SIZE\n"
            "  hv: 2 items, first NOW, newest NOW, due NOW\n"
            "    {\"k\": \"hv\", \"n\": 1}\n"
            "    {\"k\": \"hv\", \"n\": 2}\n");
  EXPECT_EQ(job.Wait().exit_code, 0);
}

// Windows that overlap a lot are counted beyond those that fit a screen.
TEST_F(CommandField, ManyWindowsOfAKeyAreCounted) {
  Write("job.yaml", JobOf("window: {name: hops, clock: {event_time: t, unit: s, watermark: "
                          "per_stream}, sliding: {length: 1d, offset: 1s}, at_eof: keep, "
                          "aggregate: {n: count}}"));
  Write("in.jsonl", "{\"k\": \"u\", \"t\": 90000}\n{\"k\": \"u\", \"t\": 90001}\n");
  Run({"--quiet"});
  EXPECT_THAT(Dumped(), HasSubstr("    and 86,350 more windows\n"));
  EXPECT_THAT(Dumped({"--steps"}), Not(HasSubstr("  u")));
}

// ---- messages ----------------------------------------

// From case 87: the text of a row reached the terminal as it was.
TEST_F(CommandField, Case87ARowInAMessageIsOneLineOfHarmlessText) {
  Write("job.yaml",
        "name: c87\nstate: s\nsource: {file: in.jsonl}\n"
        "sink: {sqlite: {file: q.db, table: \"select\", key: order}}\n");
  Write("in.jsonl",
        "{\"order\": 1, \"t\": \"nul\\u0000end\"}\n"
        "{\"order\": \"\\u001b[31mred\\u0000\\nline\", \"ORDER\": 2, \"T\": 1, \"t\": 2}\n"
        "{\"order\": {\"\\u001b[31m\": 1}, \"t\": 2}\n\x1b[2J\x9b\x07 not JSON\n");
  const auto end = Command({"run", "job.yaml"});
  EXPECT_NE(end.exit_code, 0);
  std::string line;
  for (const char c : end.err) {
    if (c != '\n') {
      line += c;
      continue;
    }
    EXPECT_EQ(line, Printable(line));
    EXPECT_EQ(line.rfind("tidemark: ", 0), 0u) << line;
    line.clear();
  }
}

}  // namespace
}  // namespace tidemark
