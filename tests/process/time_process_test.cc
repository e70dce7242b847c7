// Goal: a pause of the process and a wall clock that is set make no row late, change no result and
// keep nobody waiting. Method: the real program, stopped and continued by signals, or under a wall
// clock that is set while it runs (setting_clock.cc); its output is that of an undisturbed run.

#include <algorithm>
#include <string>

#include "tests/process/bad_input_fixture.h"

namespace tidemark {
namespace {

// Windows with a watermark per key, in which a row that comes behind its time would be late.
constexpr char kWindows[] =
    "steps:\n"
    "  - key_by: k\n"
    "  - window:\n"
    "      clock: {event_time: t, unit: s}\n"
    "      tumbling: 5s\n"
    "      aggregate: {n: count}\n"
    "      late_to: {file: out/late.jsonl}\n"
    "sink: {file: out/job.jsonl}\n";

class TimeProcess : public BadInput {
 protected:
  static constexpr int kTimes = 60;

  void SetUp() override {
    std::string rows;
    for (int n = 0; n < kTimes; ++n) rows += Cat("{\"k\": \"a\", \"t\": ", 1788256800 + n, "}\n");
    Write(kInput, rows);
    Write("job.yaml", Cat("name: job\nstate: out/job.state\n",
                          "source: {file: in.jsonl, rate: 20}\n", kWindows));
    Write("piped.yaml", Cat("name: job\nstate: out/job.state\nsource: stdin\n", kWindows));
  }
  void ExpectUndisturbed(const ChildProcess::End& end) {
    EXPECT_EQ(end.exit_code, 0) << end.err;
    const std::string output = Read(kOutput);
    EXPECT_EQ(std::count(output.begin(), output.end(), '\n'), kTimes / 5) << output << end.err;
    size_t whole = 0;
    for (size_t at = 0; (at = output.find("\"n\": 5}", at)) != output.npos; ++at) ++whole;
    EXPECT_EQ(whole, static_cast<size_t>(kTimes / 5)) << output;
    EXPECT_EQ(Exists("out/late.jsonl") ? Read("out/late.jsonl") : "", "");
  }
  void ExpectUndisturbedByClock(int by_s) {
    const std::string preload = Cat("LD_PRELOAD=", RunfilePath("tests/process/setting_clock.so"));
    Words words = {"/usr/bin/env", preload, Cat("SET_CLOCK=700 ", by_s)};
    for (const std::string& word : RunWords({})) words.push_back(word);
    ExpectUndisturbed(Wait(words));
  }
};

TEST_F(TimeProcess, AProcessThatIsStoppedFindsItsFileOnTime) {
  ChildProcess job(RunWords({}), {.directory = dir_.path()});
  ASSERT_TRUE(job.SignalAfter(Span::Micros(700'000), SIGSTOP));
  ASSERT_TRUE(job.SignalAfter(Span::Seconds(6), SIGCONT));
  ExpectUndisturbed(job.Wait());
}

// It had caught up, and what was written meanwhile waits in the pipe.
TEST_F(TimeProcess, AProcessThatIsStoppedFindsItsPipeOnTime) {
  const std::string feed =
      "mkfifo pipe; (while read -r row; do echo \"$row\"; sleep 0.05; done < in.jsonl > pipe) & "
      "exec \"$T\" run piped.yaml < pipe";
  ChildProcess job(ShellWords(feed), {.directory = dir_.path()});
  ASSERT_TRUE(job.SignalAfter(Span::Micros(1'000'000), SIGSTOP));
  ASSERT_TRUE(job.SignalAfter(Span::Seconds(6), SIGCONT));
  ExpectUndisturbed(job.Wait());
}

TEST_F(TimeProcess, AWallClockThatIsSetBackKeepsNobodyWaiting) { ExpectUndisturbedByClock(-3600); }

TEST_F(TimeProcess, AWallClockThatIsSetForwardMakesNothingLate) { ExpectUndisturbedByClock(3600); }

}  // namespace
}  // namespace tidemark
