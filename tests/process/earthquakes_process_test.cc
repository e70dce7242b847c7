// Goal: whatever kills the real program while it runs the example job, the output is that of an
// undisturbed run, byte for byte. Method: run examples/earthquake_batches.yaml at a human pace, end
// it by a signal at random moments, start the same command again, until it says that it is done.

#include <gtest/gtest.h>
#include <signal.h>

#include "base/random.h"
#include "base/status.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_directory.h"

namespace tidemark {
namespace {

constexpr char kOutput[] = "out/earthquake_batches.jsonl";

class Earthquakes : public ::testing::Test {
 protected:
  // A copy of what the job refers to by relative paths.
  void SetUp() override {
    ASSERT_TRUE(dir_.files().CreateDirectories(dir_.Path("examples/data")).ok());
    for (const char* file :
         {"examples/earthquake_batches.yaml", "examples/data/earthquakes.jsonl"}) {
      const absl::Status copied = CopyFile(dir_.files(), RunfilePath(file), dir_.Path(file));
      ASSERT_TRUE(copied.ok()) << copied;
    }
  }

  ChildProcess::End RunToTheEnd(const std::vector<std::string>& flags) {
    return ChildProcess(Command(flags), {.directory = dir_.path()}).Wait();
  }
  std::vector<std::string> Command(const std::vector<std::string>& flags) {
    std::vector<std::string> words = {RunfilePath("tools/tidemark"), "run",
                                      "examples/earthquake_batches.yaml"};
    words.insert(words.end(), flags.begin(), flags.end());
    return words;
  }
  std::string Output(const std::string& path = kOutput) {
    auto bytes = ReadSmallFile(dir_.files(), dir_.Path(path));
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    return bytes.value_or("");
  }
  // The output of a run that nothing disturbed, in a directory of its own.
  std::string Undisturbed() {
    const auto end = RunToTheEnd({"--state", "undisturbed", "--out", "undisturbed_out"});
    EXPECT_EQ(end.exit_code, 0) << end.err;
    return Output("undisturbed_out/earthquake_batches.jsonl");
  }

  // Ends runs by `signal` at random moments until `times` were ended so, then lets one finish.
  void DisturbAndCompare(int signal, int times) {
    const std::string expected = Undisturbed();
    EXPECT_GT(expected.size(), 300'000u);
    const uint64_t seed = FreshSeed();
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Random random(seed);
    int ended = 0;
    while (ended < times) {
      ChildProcess job(Command({"--rate", "900", "--epoch", "20ms"}), {.directory = dir_.path()});
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
    EXPECT_EQ(Output(), expected);
  }

  TempDirectory dir_;
};

TEST_F(Earthquakes, TwentyKillsCannotBeSeenInTheOutput) { DisturbAndCompare(SIGKILL, 20); }

TEST_F(Earthquakes, TwentyStopsCannotBeSeenInTheOutput) { DisturbAndCompare(SIGTERM, 20); }

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
