// The real command follows logs that are written and rotated at the same time, is killed at any
// moment, and writes each row once.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/files.h"
#include "base/random.h"
#include "base/status.h"
#include "tests/process/bad_input_fixture.h"
#include "tests/support/child_process.h"
#include "tests/support/test_seed.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;

class FollowProcess : public BadInput {
 protected:
  void SetUp() override { ASSERT_TRUE(dir_.files().CreateDirectories(dir_.Path("logs")).ok()); }

  // ---- a program that writes a log ----
  struct Log {
    std::string path;  // "logs/a.log"
    int rotated = 0;
    std::vector<std::string> rows = {};
  };
  void Append(Log& log, uint64_t rows) {
    for (; rows > 0; --rows) {
      log.rows.push_back(Cat(log.path, " row ", log.rows.size()));
      AppendTo(log.path, log.rows.back() + "\n");
    }
  }
  void AppendTo(const std::string& path, const std::string& bytes) {
    ASSERT_TRUE((*dir_.files().OpenAppend(dir_.Path(path)))->Append(bytes).ok());
  }
  void Rotate(Random& random, Log& log) {
    Files& files = dir_.files();
    const auto name = [&](int n) { return dir_.Path(Cat(log.path, ".", n)); };
    for (int i = log.rotated++; i > 0; --i) ASSERT_TRUE(files.Rename(name(i), name(i + 1)).ok());
    if (random.OneIn(2)) {
      ASSERT_TRUE(CopyFile(files, dir_.Path(log.path), name(1)).ok());
      ASSERT_TRUE((*files.OpenAppend(dir_.Path(log.path)))->Truncate(0).ok());
      return;
    }
    ASSERT_TRUE(files.Rename(dir_.Path(log.path), name(1)).ok());
    if (random.OneIn(2)) {  // the program has not noticed yet
      log.rows.push_back(Cat(log.path, " row ", log.rows.size()));
      AppendTo(Cat(log.path, ".1"), log.rows.back() + "\n");
    }
    AppendTo(log.path, "");
  }

  std::vector<std::string> RowsWritten() {
    std::vector<std::string> rows;
    if (!Exists(kOutput)) return rows;
    rows = absl::StrSplit(Read(kOutput), '\n');
    rows.pop_back();  // after the last line end
    return rows;
  }
  // Until the job has written so many rows; stops it then.
  void FinishAndStop(size_t rows) {
    ChildProcess job(RunWords({}), {.directory = dir_.path()});
    while (RowsWritten().size() < rows) {
      ASSERT_TRUE(job.SignalAfter(Span::Micros(5'000), 0)) << job.Wait().err;
    }
    ASSERT_TRUE(job.SignalAfter(Span(), SIGTERM));
    const auto end = job.Wait();
    // All rows may have been there before it handles signals.
    EXPECT_TRUE(end.exit_code == 0 || end.signal == SIGTERM) << end.err;
  }
  // Rounds in which the logs are written, rotated and the job is killed.
  void Rounds(Random& random, std::vector<Log>& logs) {
    for (int round = 0; round < kRounds; ++round) {
      ChildProcess job(RunWords({}), {.directory = dir_.path()});
      for (uint64_t changes = random.Below(6); changes > 0; --changes) {
        Log& log = logs[random.Below(logs.size())];
        Append(log, random.Below(20));
        if (random.OneIn(3)) Rotate(random, log);
        if (!job.SignalAfter(Span::Micros(static_cast<int64_t>(random.Below(150'000))), 0)) break;
      }
      job.SignalAfter(Span::Micros(static_cast<int64_t>(random.Below(300'000))), SIGKILL);
      const auto end = job.Wait();
      ASSERT_EQ(end.signal, SIGKILL) << "round " << round << ": " << end.err;
      Log& log = logs[random.Below(logs.size())];
      Append(log, random.Below(3));
      if (random.OneIn(3)) Rotate(random, log);
    }
  }

  static constexpr int kRounds = 20;
};

TEST_F(FollowProcess, NoRowOfALogIsLostOrRepeatedAcrossRotationsAndKills) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(HowToRepeat(seed));
  Random random(seed);
  Write("job.yaml",
        "name: follow\nstate: out/job.state\nepoch: 20ms\n"
        "source: {file: logs/a.log, format: lines, follow: true}\nsink: {file: out/job.jsonl}\n");
  std::vector<Log> logs = {{.path = "logs/a.log"}};
  Append(logs[0], 3);
  ASSERT_NO_FATAL_FAILURE(FinishAndStop(3));
  ASSERT_NO_FATAL_FAILURE(Rounds(random, logs));
  ASSERT_NO_FATAL_FAILURE(FinishAndStop(logs[0].rows.size()));
  EXPECT_EQ(RowsWritten(), logs[0].rows);
}

TEST_F(FollowProcess, NoRowOfADirectoryIsLostOrRepeatedAcrossRotationsAndKills) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(HowToRepeat(seed));
  Random random(seed);
  Write("job.yaml",
        "name: follow\nstate: out/job.state\nepoch: 20ms\nworkers: 2\n"
        "source: {file: 'logs/*.log', format: lines, follow: true}\n"
        "sink: {file: out/job.jsonl}\n");
  std::vector<Log> logs;
  for (const char* name : {"a", "b", "c"}) {
    logs.push_back({.path = Cat("logs/", name, ".log")});
    Append(logs.back(), 2);
  }
  ASSERT_NO_FATAL_FAILURE(FinishAndStop(6));
  ASSERT_NO_FATAL_FAILURE(Rounds(random, logs));
  logs.push_back({.path = "logs/new.log"});
  Append(logs.back(), 5);
  std::vector<std::string> expected;
  for (const Log& log : logs) expected.insert(expected.end(), log.rows.begin(), log.rows.end());
  ASSERT_NO_FATAL_FAILURE(FinishAndStop(expected.size()));
  std::vector<std::string> rows = RowsWritten();
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a.substr(0, a.find(' ')) < b.substr(0, b.find(' '));
  });
  EXPECT_EQ(rows, expected);
}

TEST_F(FollowProcess, ALogThatIsRotatedAwayIsRefusedAndTheFlagGoesOn) {
  Write("job.yaml",
        "name: follow\nstate: out/job.state\n"
        "source: {file: logs/a.log, follow: true}\nsink: {file: out/job.jsonl}\n");
  AppendTo("logs/a.log", "{\"n\": 1}\n");
  ASSERT_NO_FATAL_FAILURE(FinishAndStop(1));
  ASSERT_TRUE(dir_.files().Remove(dir_.Path("logs/a.log")).ok());
  AppendTo("logs/a.log", "{\"n\": 22}\n");
  const auto refused = Run();
  EXPECT_EQ(refused.exit_code, kNeedsPerson);
  EXPECT_THAT(refused.err, HasSubstr("logs/a.log: neither it nor a rotated file beside it"));
  EXPECT_THAT(Command({"explain", "job.yaml", kState}).out, HasSubstr("which is refused"));
  ChildProcess job(RunWords({"--accept-changed-input"}), {.directory = dir_.path()});
  while (RowsWritten().size() < 2) {
    ASSERT_TRUE(job.SignalAfter(Span::Micros(5'000), 0)) << job.Wait().err;
  }
  ASSERT_TRUE(job.SignalAfter(Span(), SIGTERM));
  EXPECT_EQ(job.Wait().exit_code, 0);
  EXPECT_EQ(Read(kOutput), "{\"n\": 1}\n{\"n\": 22}\n");
}

}  // namespace
}  // namespace tidemark
