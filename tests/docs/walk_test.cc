// The README is followed from its top to its end, as a newcomer would: every command in one shell,
// one after the other, and each prints what the page shows. The jobs of docs/jobs.md run.
//
// A command is a line "    $ …" of the page; the lines after it are what it prints. Numbers, sizes
// and times differ from machine to machine and count as equal; "…" stands for the rest of a line;
// output may have further lines in between. `./dev` is stood in for: it would build what is built
// here.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "base/files.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "tests/support/child_process.h"
#include "tests/support/pages.h"
#include "tests/support/temp_directory.h"

namespace tidemark {
namespace {

namespace fs = std::filesystem;

class Walk : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(dir_.files().CreateDirectories(ParentDirectory(dir_.Path(name))).ok());
    ASSERT_TRUE(WriteFileAtomically(dir_.files(), dir_.Path(name), bytes).ok());
  }

  // A folder in which `./dev` runs what is built here.
  void SetUp() override {
    Write("dev", Cat("#!/bin/bash\nverb=$1; shift\ncase $verb in\n  run) exec '",
                     RunfilePath("tools/tidemark"), "' run \"$@\" ;;\n  tidemark) exec '",
                     RunfilePath("tools/tidemark"), "' \"$@\" ;;\nesac\n"));
    fs::permissions(dir_.Path("dev"), fs::perms::owner_all);
    fs::create_directories(dir_.Path("examples"));
    fs::create_directory_symlink(WorkingCopy() / "examples" / "data", dir_.Path("examples/data"));
    fs::copy_file(WorkingCopy() / "examples" / "earthquakes_daily.yaml",
                  dir_.Path("examples/earthquakes_daily.yaml"));
    Link("tests/docs/tides", "bazel-bin/examples/tides/tides");
  }

  // What Bazel would build, under the name that it would have.
  void Link(const std::string& built, const std::string& name) {
    Write(name, Cat("#!/bin/bash\nexec '", RunfilePath(built), "' \"$@\"\n"));
    fs::permissions(dir_.Path(name), fs::perms::owner_all);
  }

  // What each command printed.
  std::vector<std::vector<std::string>> Follow(const std::vector<Shown>& commands) {
    constexpr char kMark[] = "\x01next";
    std::string script = "exec 2>&1\n";
    for (const Shown& each : commands) script += Cat("echo '", kMark, "'\n", each.command, "\n");
    Write("walk.sh", script + "wait\n");
    const auto end = ChildProcess({"/bin/bash", "walk.sh"}, {.directory = dir_.path()}).Wait();
    std::vector<std::vector<std::string>> printed;
    for (const auto each : absl::StrSplit(end.out, '\n')) {
      const std::string line(each.data(), each.size());
      if (line == kMark) {
        printed.emplace_back();
      } else if (!printed.empty()) {
        printed.back().push_back(line);
      }
    }
    return printed;
  }

  void ExpectTrue(const std::string& page) {
    const std::vector<Shown> commands = CommandsOf(page);
    const auto printed = Follow(commands);
    ASSERT_EQ(printed.size(), commands.size());
    for (size_t i = 0; i < commands.size(); ++i) {
      // A notice of ./dev, which is stood in for here.
      const bool builds = commands[i].command.starts_with("./dev test") ||
                          commands[i].command.starts_with("bazel build");
      if (builds) continue;
      size_t at = 0;
      for (const std::string& shown : commands[i].output) {
        if (shown.starts_with("building…") || shown.starts_with("dev: ")) continue;
        while (at < printed[i].size() && !Matches(shown, printed[i][at])) ++at;
        EXPECT_LT(at, printed[i].size())
            << "$ " << commands[i].command << "\nis shown to print\n  " << shown
            << "\nbut prints\n  " << ::testing::PrintToString(printed[i]);
        ++at;
      }
    }
  }

  TempDirectory dir_;
};

TEST_F(Walk, TheReadmeCanBeFollowedFromTopToBottom) {
  const std::string readme = ReadWorkingCopy("README.md");
  Write("networks.yaml", Block(readme, "yaml", "`networks.yaml`"));
  ExpectTrue(readme);
}

// A job without an end is stopped when it has written something.
void RunUntilItWrites(const std::string& output, const ChildProcess::Options& here) {
  ChildProcess job({RunfilePath("tools/tidemark"), "run", "job.yaml"}, here);
  std::error_code error;
  while (fs::file_size(fs::path(here.directory) / output, error) == 0 || error) {
    ASSERT_TRUE(job.SignalAfter(Span::Micros(5'000), 0)) << job.Wait().err;
  }
  ASSERT_TRUE(job.SignalAfter(Span(), SIGTERM));
  const auto end = job.Wait();
  EXPECT_EQ(end.exit_code, 0) << end.err;
}

// Every job of docs/jobs.md runs, twice: with the files that it names, as fast as possible; one
// that needs a broker is validated, and one that follows its input is stopped.
TEST_F(Walk, TheJobsOfItsPageRun) {
  Write("2017.jsonl", "{\"net\": \"ci\", \"time\": 1485907200000}\n");
  Write("2018.jsonl", "{\"net\": \"ci\", \"time\": 1517443200000}\n");
  int ran = 0;
  for (const auto& [line, job] : YamlBlocks(ReadWorkingCopy("docs/jobs.md"))) {
    SCOPED_TRACE(Cat("docs/jobs.md:", line));
    Write("job.yaml", job);
    const ChildProcess::Options here = {.directory = dir_.path()};
    // Without its broker it would wait; ./dev kafka runs such a job.
    if (absl::StrContains(job, "kafka:")) {
      const auto end =
          ChildProcess({RunfilePath("tools/tidemark"), "validate", "job.yaml"}, here).Wait();
      EXPECT_EQ(end.exit_code, 0) << end.err;
      continue;
    }
    if (absl::StrContains(job, "follow: true")) {
      std::string rows;
      for (int i = 0; i < 100; ++i) rows += "{\"status\": 500}\n";  // one full list
      Write("logs/web.jsonl", rows);
      RunUntilItWrites("out/web_errors.jsonl", here);
      fs::remove_all(dir_.Path("out"));
      ++ran;
      continue;
    }
    for (int start = 0; start < 2; ++start) {
      const auto end =
          ChildProcess({RunfilePath("tools/tidemark"), "run", "job.yaml", "--rate", "0"}, here)
              .Wait();
      EXPECT_EQ(end.exit_code, 0) << end.err;
      EXPECT_THAT(end.err, ::testing::ContainsRegex("done: |nothing new: "));
    }
    fs::remove_all(dir_.Path("out"));
    ++ran;
  }
  EXPECT_GE(ran, 10) << "the page was read";
}

TEST_F(Walk, TheCommandsOfTheJobsPageWork) {
  const std::string page = ReadWorkingCopy("docs/jobs.md");
  Write("my_first_job.yaml", Block(page, "yaml"));
  std::vector<Shown> commands;
  for (const auto line : absl::StrSplit(page, '\n')) {
    if (!absl::StartsWith(line, "    ./dev ")) continue;
    const std::string words(line.substr(4));  // and a remark behind two spaces
    commands.push_back({.command = Cat(words.substr(0, words.find("  ")), "; echo exit $?"),
                        .output = {"exit 0"}});
  }
  EXPECT_GE(commands.size(), 2u);
  for (size_t i = 0; const auto& printed : Follow(commands)) {
    EXPECT_THAT(printed, ::testing::Contains("exit 0")) << commands[i++].command;
  }
}

// The program is killed and resumed, and the run that a program holds is stopped and continued.
TEST_F(Walk, TheCommandsOfTheCppPageWork) {
  for (const char* program : {"tides", "hold"}) {
    Link(Cat("docs/cpp/", program), Cat("bazel-bin/", program));
  }
  const std::string page = ReadWorkingCopy("docs/cpp.md");
  EXPECT_GE(CommandsOf(page).size(), 10u);
  ExpectTrue(page);
}

TEST_F(Walk, FindsWhatIsNotTrue) {
  const std::string page =
      "    $ echo a 12 b 3.5 KiB\n    a 7 b 22 B\n\ntext\n\n    $ echo one; echo two\n    two\n";
  ExpectTrue(page);
  EXPECT_FALSE(Matches("a 7 c", "a 7 d"));
  EXPECT_TRUE(Matches("a 7 …", "a 12 and more"));
  EXPECT_EQ(CommandsOf(page).size(), 2u);
}

}  // namespace
}  // namespace tidemark
