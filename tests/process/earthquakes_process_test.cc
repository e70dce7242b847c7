// Goal: whatever kills the real program while it runs an example job, the output is that of an
// undisturbed run. Method: run examples/earthquake_batches.yaml, earthquakes_daily.yaml or
// strong_quakes.yaml at a human pace, end it by a signal at random moments, start the same command
// again, until it says that it is done.

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/random.h"
#include "base/status.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_directory.h"

namespace tidemark {
namespace {

class Earthquakes : public ::testing::Test {
 protected:
  explicit Earthquakes(const std::string& job = "earthquake_batches") : job_(job) {}

  // A copy of what the job refers to by relative paths.
  void SetUp() override {
    ASSERT_TRUE(dir_.files().CreateDirectories(dir_.Path("examples/data")).ok());
    for (const std::string& file : {JobFile(), std::string("examples/data/earthquakes.jsonl")}) {
      const absl::Status copied = CopyFile(dir_.files(), RunfilePath(file), dir_.Path(file));
      ASSERT_TRUE(copied.ok()) << copied;
    }
  }

  ChildProcess::End RunToTheEnd(const std::vector<std::string>& flags) {
    return ChildProcess(Command(flags), {.directory = dir_.path()}).Wait();
  }
  std::vector<std::string> Command(const std::vector<std::string>& flags) {
    std::vector<std::string> words = {RunfilePath("tools/tidemark"), "run", JobFile()};
    words.insert(words.end(), flags.begin(), flags.end());
    return words;
  }
  std::string JobFile() const { return Cat("examples/", job_, ".yaml"); }
  std::string Output() { return Read(Cat("out/", job_, ".jsonl")); }
  std::string Read(const std::string& path) {
    auto bytes = ReadSmallFile(dir_.files(), dir_.Path(path));
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    return bytes.value_or("");
  }
  // What the job wrote to `directory`, in a form that no disturbance may change.
  virtual std::string Outputs(const std::string& directory) {
    return Read(Cat(directory, "/", job_, ".jsonl"));
  }
  // That of a run that nothing disturbed, in a directory of its own.
  std::string Undisturbed() {
    const auto end = RunToTheEnd({"--state", "undisturbed", "--out", "undisturbed_out"});
    EXPECT_EQ(end.exit_code, 0) << end.err;
    return Outputs("undisturbed_out");
  }

  // Ends runs by `signal` at random moments until `times` were ended so, then lets one finish.
  void DisturbAndCompare(int signal, int times) {
    const std::string expected = Undisturbed();
    EXPECT_GT(expected.size(), output_bytes_min_);
    const uint64_t seed = FreshSeed();
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Random random(seed);
    int ended = 0;
    while (ended < times) {
      ChildProcess job(Command({"--rate", rate_, "--epoch", "20ms"}), {.directory = dir_.path()});
      const bool sent = job.SignalAfter(Span::Micros(random.Between(5'000, 150'000)), signal);
      const auto end = job.Wait();
      ASSERT_TRUE(sent) << "the job was over after " << ended << " signals\n" << end.err;
      if (signal == SIGTERM && end.signal == 0) {
        ASSERT_EQ(end.exit_code, 0) << end.err;
      }
      ++ended;
    }
    const auto end = RunToTheEnd({});
    ASSERT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(Outputs("out"), expected);
  }

  const std::string job_;
  size_t output_bytes_min_ = 300'000;
  std::string rate_ = "900";  // for a run that is disturbed
  TempDirectory dir_;
};

// Days that close while their network is quiet do so as time passes, so a run at another pace may
// give them in another order among networks. Late rows come in the order of the input.
class EarthquakesDaily : public Earthquakes {
 protected:
  EarthquakesDaily() : Earthquakes("earthquakes_daily") { output_bytes_min_ = 40'000; }

  std::string Outputs(const std::string& directory) override {
    std::vector<std::string> days =
        absl::StrSplit(Earthquakes::Outputs(directory), '\n', absl::SkipEmpty());
    std::sort(days.begin(), days.end());
    return Cat(absl::StrJoin(days, "\n"), "\n", Read(Cat(directory, "/earthquakes_late.jsonl")));
  }
};

// A filter and computed fields.
class StrongQuakes : public Earthquakes {
 protected:
  StrongQuakes() : Earthquakes("strong_quakes") {
    output_bytes_min_ = 4'000;
    rate_ = "20";  // of rows that the filter has passed: 39
  }
};

TEST_F(Earthquakes, TwentyKillsCannotBeSeenInTheOutput) { DisturbAndCompare(SIGKILL, 20); }

TEST_F(Earthquakes, TwentyStopsCannotBeSeenInTheOutput) { DisturbAndCompare(SIGTERM, 20); }

TEST_F(EarthquakesDaily, TwentyKillsCannotBeSeenInDaysAndLateRows) {
  DisturbAndCompare(SIGKILL, 20);
}

TEST_F(EarthquakesDaily, TenStopsCannotBeSeenInDaysAndLateRows) { DisturbAndCompare(SIGTERM, 10); }

TEST_F(StrongQuakes, TenKillsCannotBeSeenInComputedRows) { DisturbAndCompare(SIGKILL, 10); }

TEST_F(StrongQuakes, FiveStopsCannotBeSeenInComputedRows) { DisturbAndCompare(SIGTERM, 5); }

TEST_F(Earthquakes, AFinishedJobSaysThatThereIsNothingNew) {
  ASSERT_EQ(RunToTheEnd({}).exit_code, 0);
  const std::string output = Output();
  const auto again = RunToTheEnd({});
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_NE(again.err.find("nothing new"), std::string::npos) << again.err;
  EXPECT_EQ(again.out, "");
  EXPECT_EQ(Output(), output);
}

TEST_F(Earthquakes, ASecondProcessIsKeptOutAndToldWhoHoldsTheState) {
  ChildProcess first(Command({"--rate", "50"}), {.directory = dir_.path()});
  ChildProcess::End second;
  // Until the first one has the lock, the second may win; then there is nothing to see.
  for (int i = 0; i < 200; ++i) {
    if (dir_.files().Stat(dir_.Path("out/earthquake_batches.state/store/CURRENT")).ok()) break;
    first.SignalAfter(Span::Micros(10'000), 0);
  }
  second = RunToTheEnd({});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_NE(second.err.find("is in use by process"), std::string::npos) << second.err;
  first.SignalAfter(Span::Micros(0), SIGKILL);
  first.Wait();
}

TEST_F(Earthquakes, QuietSaysNothingAndDumpAndSnapshotsReadARunningJob) {
  ChildProcess job(Command({"--rate", "3000", "--epoch", "20ms", "--quiet"}),
                   {.directory = dir_.path()});
  const std::string state = dir_.Path("out/earthquake_batches.state");
  ChildProcess::End dump;
  for (int i = 0; i < 300; ++i) {
    dump =
        ChildProcess({RunfilePath("tools/tidemark"), "dump", state, "--json", "--limit", "3"}, {})
            .Wait();
    if (dump.exit_code == 0 && !dump.out.empty()) break;
  }
  EXPECT_EQ(dump.exit_code, 0) << dump.err;
  EXPECT_NE(dump.out.find("\"items\": [{\"id\": "), std::string::npos) << dump.out;
  EXPECT_NE(dump.out.find("\"due\": \"20"), std::string::npos) << dump.out;
  const auto snapshots =
      ChildProcess({RunfilePath("tools/tidemark"), "snapshots", state}, {}).Wait();
  EXPECT_EQ(snapshots.exit_code, 0) << snapshots.err;
  EXPECT_NE(snapshots.out.find("(live)"), std::string::npos);
  const auto end = job.Wait();
  EXPECT_EQ(end.exit_code, 0);
  EXPECT_EQ(end.err, "");
}

}  // namespace
}  // namespace tidemark
