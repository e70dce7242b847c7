// WindowsField: a field case about windows, run by the real command in the ways that must not make
// a difference: plainly, with three workers, slowly, and killed and started again.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/random.h"
#include "base/status.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_directory.h"
#include "tests/support/test_seed.h"

namespace tidemark {

using Words = std::vector<std::string>;
using Lines = std::vector<std::string>;

class WindowsField : public ::testing::Test {
 protected:
  static constexpr int kUsage = 2;  // the command or the job file is wrong

  // What a run must leave, in any order; a file that is not there has no lines.
  struct Result {
    Lines out;
    Lines late;
    bool operator==(const Result&) const = default;
    friend void PrintTo(const Result& result, std::ostream* os) {
      *os << Some("rows", result.out) << Some("late rows", result.late);
    }
    // As many as one can look at.
    static std::string Some(const char* what, const Lines& lines) {
      constexpr size_t kShown = 8;
      std::string text = Cat(lines.size(), " ", what, "\n");
      for (size_t n = 0; n < std::min(kShown, lines.size()); ++n) text += Cat("  ", lines[n], "\n");
      return text;
    }
  };

  // ---- files ----
  // A file of tests/field/<name>/.
  std::string CaseFile(const std::string& name, const std::string& file) {
    auto bytes = ReadSmallFile(dir_.files(), RunfilePath(Cat("tests/field/", name, "/", file)));
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    return bytes.value_or("");
  }
  Lines CaseLines(const std::string& name, const std::string& file) {
    return Sorted(CaseFile(name, file));
  }
  void Write(const std::string& name, const std::string& bytes) {
    const absl::Status status = WriteFileAtomically(dir_.files(), dir_.Path(name), bytes);
    ASSERT_TRUE(status.ok()) << status;
  }
  // job.yaml and in.jsonl as the case has them.
  void UseCase(const std::string& name) {
    Write("job.yaml", CaseFile(name, "job.yaml"));
    Write("in.jsonl", CaseFile(name, "in.jsonl"));
  }
  static Lines Sorted(const std::string& text) {
    Lines lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  Lines LinesOf(const std::string& file) {
    return Sorted(ReadSmallFile(dir_.files(), dir_.Path(file)).value_or(""));
  }
  Result Left() { return {LinesOf("out/out.jsonl"), LinesOf("out/late.jsonl")}; }
  void Forget() {
    const absl::Status removed = RemoveTree(dir_.files(), dir_.Path("out"));
    ASSERT_TRUE(removed.ok() || absl::IsNotFound(removed)) << removed;
  }

  // ---- the program ----
  ChildProcess Start(const Words& flags) {
    return ChildProcess(RunWords(flags), {.directory = dir_.path()});
  }
  static Words RunWords(const Words& flags) {
    Words words = {RunfilePath("tools/tidemark"), "run", "job.yaml"};
    words.insert(words.end(), flags.begin(), flags.end());
    return words;
  }
  ChildProcess::End Run(const Words& flags) {
    return ChildProcess(RunWords(flags), {.directory = dir_.path()}).Wait();
  }

  // From nothing to the end.
  void ExpectRun(const Words& flags, const Result& expected) {
    SCOPED_TRACE(::testing::PrintToString(flags));
    Forget();
    const auto end = Run(flags);
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(Left(), expected) << end.err;
  }
  // Kills runs at random moments, then lets one finish.
  void ExpectAfterKills(const Words& flags, const Result& expected) {
    Forget();
    const uint64_t seed = TestSeed();
    SCOPED_TRACE(HowToRepeat(seed));
    Random random(seed);
    Words slow = flags;
    slow.insert(slow.end(), {"--epoch", "20ms"});
    for (int kills = 0; kills < 5; ++kills) {
      ChildProcess job(RunWords(slow), {.directory = dir_.path()});
      job.SignalAfter(Span::Micros(random.Between(20'000, 400'000)), SIGKILL);
      job.Wait();
    }
    const auto end = Run({});
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(Left(), expected) << end.err;
  }
  // `rate`: rows per second at which the run takes some seconds.
  void ExpectEveryWay(const std::string& rate, const Result& expected) {
    ExpectRun({}, expected);
    ExpectRun({"--workers", "3"}, expected);
    ExpectRun({"--rate", rate}, expected);
    ExpectAfterKills({"--rate", rate}, expected);
    ExpectAfterKills({"--rate", rate, "--workers", "2"}, expected);
  }
  void ExpectForEveryNumberOfWorkers(const Result& expected) {
    for (const char* workers : {"1", "2", "4"}) ExpectRun({"--workers", workers}, expected);
  }

  // In one line, before anything is written; `validate` says the same.
  void ExpectRefused(const std::string& job, const Words& parts) {
    Write("job.yaml", job);
    const auto end = Run({});
    EXPECT_EQ(end.exit_code, kUsage) << end.err << "\n" << job;
    for (const std::string& part : parts) EXPECT_THAT(end.err, ::testing::HasSubstr(part)) << job;
    EXPECT_EQ(LinesOf("out/out.jsonl"), Lines()) << job;
    const Words validate = {RunfilePath("tools/tidemark"), "validate", "job.yaml"};
    const auto validated = ChildProcess(validate, {.directory = dir_.path()}).Wait();
    EXPECT_EQ(validated.exit_code, kUsage) << validated.err << "\n" << job;
    for (const std::string& part : parts) {
      EXPECT_THAT(validated.err + validated.out, ::testing::HasSubstr(part)) << job;
    }
  }

  TempDirectory dir_;
};

}  // namespace tidemark
