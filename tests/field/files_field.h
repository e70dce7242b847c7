// FilesField: field cases about what is read: the real command, and files that somebody writes,
// rotates, cuts and copies between its runs.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
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

class FilesField : public ::testing::Test {
 protected:
  static constexpr char kOutput[] = "out/out.jsonl";

  // ---- files ----
  // A file of tests/field/<name>/.
  std::string CaseFile(const std::string& name, const std::string& file) {
    auto bytes = ReadSmallFile(dir_.files(), RunfilePath(Cat("tests/field/", name, "/", file)));
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    return bytes.value_or("");
  }
  // Another file of that name, as `mv` makes it.
  void Replace(const std::string& name, const std::string& bytes) {
    const absl::Status status = WriteFileAtomically(dir_.files(), dir_.Path(name), bytes);
    ASSERT_TRUE(status.ok()) << status;
  }
  // The same file with another content, as `cp` makes it.
  void Overwrite(const std::string& name, const std::string& bytes) {
    auto file = dir_.files().OpenAppend(dir_.Path(name));
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Truncate(0).ok());
    ASSERT_TRUE((*file)->Append(bytes).ok());
  }
  void Append(const std::string& name, const std::string& bytes) {
    auto file = dir_.files().OpenAppend(dir_.Path(name));
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Append(bytes).ok());
  }
  // Over what is there, as a writer does that has made room before.
  void WriteAt(const std::string& name, off_t offset, const std::string& bytes) {
    const int fd = open(dir_.Path(name).c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0) << name;
    EXPECT_EQ(pwrite(fd, bytes.data(), bytes.size(), offset), static_cast<ssize_t>(bytes.size()));
    close(fd);
  }
  std::string Read(const std::string& name) {
    return ReadSmallFile(dir_.files(), dir_.Path(name)).value_or("");
  }
  static Words Sorted(const std::string& text) {
    Words lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  void Forget() {
    const absl::Status removed = RemoveTree(dir_.files(), dir_.Path("out"));
    ASSERT_TRUE(removed.ok() || absl::IsNotFound(removed)) << removed;
  }
  // A job that copies `input`; `more` are keys of its source.
  void UseCopyJob(const std::string& input, const std::string& more = "") {
    Replace("job.yaml", Cat("name: copy\nstate: out/state\nsource: {file: ", input,
                            more.empty() ? "" : ", ", more, "}\nsink: {file: ", kOutput, "}\n"));
  }

  // ---- the program ----
  static Words WordsOf(Words words) {
    words.insert(words.begin(), RunfilePath("tools/tidemark"));
    return words;
  }
  ChildProcess::End Command(const Words& words) {
    return ChildProcess(WordsOf(words), {.directory = dir_.path()}).Wait();
  }
  ChildProcess::End Run(const Words& flags = {}) {
    Words words = {"run", "job.yaml"};
    words.insert(words.end(), flags.begin(), flags.end());
    return Command(words);
  }
  // The run goes well, and its output is `expected` then; what it said.
  std::string ExpectOutput(const std::string& expected, const Words& flags = {},
                           const std::string& output = kOutput) {
    const auto end = Run(flags);
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(Read(output), expected) << end.err;
    return end.err;
  }
  // The run is refused in one line, `explain` says the same, and the output stays as it is.
  std::string ExpectRefused(const Words& parts, bool has_state = true) {
    const std::string before = Read(kOutput);
    const auto end = Run();
    EXPECT_NE(end.exit_code, 0) << end.err;
    EXPECT_EQ(std::count(end.err.begin(), end.err.end(), '\n'), 1) << end.err;
    for (const std::string& part : parts) EXPECT_THAT(end.err, ::testing::HasSubstr(part));
    EXPECT_EQ(Read(kOutput), before);
    if (has_state) {
      const auto explained = Command({"explain", "job.yaml", "out/state"});
      EXPECT_NE(explained.exit_code, 0);
      for (const std::string& part : parts) EXPECT_THAT(explained.err, ::testing::HasSubstr(part));
    }
    return end.err;
  }
  // The lines of the output, in any order: of a plain run, with three workers, and of runs that are
  // killed again and again at `rate`.
  void ExpectEveryWay(const Words& expected, const std::string& rate) {
    for (const Words& flags : {Words{}, Words{"--workers", "3"}}) {
      Forget();
      const auto end = Run(flags);
      EXPECT_EQ(end.exit_code, 0) << end.err;
      EXPECT_EQ(Sorted(Read(kOutput)), expected) << end.err;
    }
    Forget();
    const uint64_t seed = TestSeed();
    SCOPED_TRACE(HowToRepeat(seed));
    Random random(seed);
    for (int kills = 0; kills < 5; ++kills) {
      ChildProcess job(WordsOf({"run", "job.yaml", "--rate", rate, "--epoch", "20ms"}),
                       {.directory = dir_.path()});
      job.SignalAfter(Span::Micros(random.Between(20'000, 400'000)), SIGKILL);
      job.Wait();
    }
    const auto end = Run();
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(Sorted(Read(kOutput)), expected) << end.err;
  }

  TempDirectory dir_;
};

}  // namespace tidemark
