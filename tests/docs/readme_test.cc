// The documentation is true: what it shows compiles, runs and prints what it says; links lead
// somewhere; commands and flags exist.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/files.h"
#include "base/status.h"
#include "tests/support/child_process.h"
#include "tests/support/pages.h"
#include "tests/support/temp_directory.h"

namespace tidemark {
namespace {

namespace fs = std::filesystem;

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string Read(const fs::path& path) {
  const auto bytes = ReadSmallFile(*NewPosixFiles(), path.string());
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or("");
}

// Every page of the working copy, but for what Bazel links to.
std::vector<fs::path> Pages() {
  std::vector<fs::path> pages;
  for (auto it = fs::recursive_directory_iterator(WorkingCopy());
       it != fs::recursive_directory_iterator(); ++it) {
    const std::string name = it->path().filename().string();
    if (name.rfind("bazel-", 0) == 0 || name == ".git" || name == "out") {
      it.disable_recursion_pending();
    } else if (it->path().extension() == ".md") {
      pages.push_back(it->path());
    }
  }
  return pages;
}

std::vector<std::string> AllMatches(const std::string& text, const std::string& pattern) {
  std::vector<std::string> found;
  const std::regex regex(pattern);
  for (auto it = std::sregex_iterator(text.begin(), text.end(), regex);
       it != std::sregex_iterator(); ++it) {
    found.push_back((*it)[1]);
  }
  return found;
}

class Readme : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(dir_.files().CreateDirectories(ParentDirectory(dir_.Path(name))).ok());
    ASSERT_TRUE(WriteFileAtomically(dir_.files(), dir_.Path(name), bytes).ok());
  }
  ChildProcess::End Run(std::vector<std::string> words) {
    words[0] = RunfilePath(words[0]);
    return ChildProcess(words, {.directory = dir_.path()}).Wait();
  }
  // The file's lines stand in the README as output.
  void ExpectShown(const std::string& file) {
    for (const auto line : absl::StrSplit(Read(dir_.Path(file)), '\n', absl::SkipEmpty())) {
      EXPECT_THAT(readme_, HasSubstr(Cat("\n    ", line, "\n")));
    }
  }

  const std::string readme_ = ReadWorkingCopy("README.md");
  TempDirectory dir_;
};

TEST_F(Readme, ItsProgramIsTheOneThatIsCompiledHere) {
  EXPECT_EQ(Block(readme_, "cpp"), ReadWorkingCopy("tests/docs/tides.cc"));
  const std::string target = Block(readme_, "python");
  const size_t begin = target.find("tm_cc_binary(\n");
  ASSERT_NE(begin, std::string::npos);
  EXPECT_THAT(ReadWorkingCopy("tests/docs/BUILD.bazel"), HasSubstr(target.substr(begin)));
}

TEST_F(Readme, ItsProgramPrintsWhatItSays) {
  Write("tides.txt", "Brest 610\nDover 590\nBrest 720\n");
  EXPECT_THAT(readme_, HasSubstr("Brest 610\\nDover 590\\nBrest 720\\n"));
  const std::vector<std::string> command = {"tests/docs/tides", "--state", "out/tides.state"};
  ASSERT_EQ(Run(command).exit_code, 0);
  ExpectShown("out/report.txt");
  // In place, as `>>` does.
  std::FILE* tides = std::fopen(dir_.Path("tides.txt").c_str(), "a");
  ASSERT_NE(tides, nullptr);
  std::fputs("Dover 660\n", tides);
  std::fclose(tides);
  const auto again = Run(command);
  EXPECT_THAT(again.err, HasSubstr("done: 1 in, 1 out"));
  ExpectShown("out/report.txt");
}

// The lines of a job that are neither empty nor a comment.
std::vector<std::string> JobLines(const std::string& text) {
  std::vector<std::string> lines;
  for (const auto line : absl::StrSplit(text, '\n')) {
    const size_t begin = line.find_first_not_of(' ');
    if (begin != line.npos && line[begin] != '#') lines.emplace_back(line);
  }
  return lines;
}

TEST_F(Readme, ItsFirstJobIsTheExampleAndGivesWhatItSays) {
  const std::string example = ReadWorkingCopy("examples/earthquakes_daily.yaml");
  EXPECT_EQ(JobLines(Block(readme_, "yaml")), JobLines(example));
  Write("examples/earthquakes_daily.yaml", Block(readme_, "yaml"));
  Write("examples/data/earthquakes.jsonl", Read(RunfilePath("examples/data/earthquakes.jsonl")));
  const auto end = Run({"tools/tidemark", "run", "examples/earthquakes_daily.yaml"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  const char kSays[] = "done: 1,707 in, 77 out, 206 late (out/earthquakes_late.jsonl)";
  EXPECT_THAT(end.err, HasSubstr(kSays));
  EXPECT_THAT(readme_, HasSubstr(kSays));
  const std::vector<std::string> closed =
      AllMatches(end.err, "the end of the input (closed [^;]*);");
  ASSERT_EQ(closed.size(), 1u) << end.err;
  EXPECT_THAT(readme_, HasSubstr(Cat("the end of the input ", closed[0], ";")));
  const std::vector<std::string> days = JobLines(Read(dir_.Path("out/earthquakes_daily.jsonl")));
  const std::vector<std::string> late = JobLines(Read(dir_.Path("out/earthquakes_late.jsonl")));
  EXPECT_THAT(readme_, HasSubstr(Cat("go to a file of their own, ", late.size(),
                                     " of them. The "
                                     "days are ",
                                     days.size(), " lines:")));
  ASSERT_GE(days.size(), 2u);
  EXPECT_THAT(readme_, HasSubstr(Cat("\n    ", days[0], "\n    ", days[1], "\n")));
}

TEST_F(Readme, ItsVersionIsThatOfTheCommand) {
  // "tidemark 0.9.0, state format 2"
  const std::string said = Run({"tools/tidemark", "--version"}).out;
  const std::vector<std::string> version = AllMatches(said, "tidemark ([0-9]+\\.[0-9]+)\\.");
  ASSERT_EQ(version.size(), 1u) << said;
  EXPECT_THAT(readme_, HasSubstr(Cat("\nStatus: version ", version[0], ", ")));
}

TEST_F(Readme, ItsOwnJobRunsAndGivesWhatItSays) {
  Write("networks.yaml", Block(readme_, "yaml", "\n## A job of your own"));
  Write("examples/data/earthquakes.jsonl", Read(RunfilePath("examples/data/earthquakes.jsonl")));
  const auto end = Run({"tools/tidemark", "run", "networks.yaml", "--rate", "0"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  const char kSays[] = "done: 1,707 in, 92 out";
  EXPECT_THAT(end.err, HasSubstr(kSays));
  EXPECT_THAT(readme_, HasSubstr(kSays));
}

TEST_F(Readme, ExamplesInCppPrintTheirLines) {
  EXPECT_EQ(Run({"examples/batching", "--quiet"}).out,
            "('ALL', [0, 1, 2])\n('ALL', [3, 4, 5])\n('ALL', [6, 7, 8])\n('ALL', [9])\n");
  EXPECT_EQ(Run({"examples/windowing", "--quiet"}).out,
            "a [0 s, 10 s) {time 0 s, val 3}\n"
            "b [0 s, 10 s) {time 5 s, val 1}\n"
            "a [10 s, 20 s) {time 12 s, val 2}\n"
            "b [10 s, 20 s) {time 14 s, val 1}\n");
}

// What follows the program's name in the lines that a reader would copy.
TEST_F(Readme, FlagsOfCommandsExist) {
  std::string help;
  for (const char* verb :
       {"run", "validate", "explain", "snapshots", "snapshot", "verify", "dump"}) {
    help += Run({"tools/tidemark", "help", verb}).out;
  }
  for (const char* page : {"README.md", "docs/jobs.md", "docs/formats/state-directory.md"}) {
    // A command may go on in the next line behind a backslash.
    const std::string text = absl::StrReplaceAll(ReadWorkingCopy(page), {{"\\\n", " "}});
    for (const std::string& words : AllMatches(text, "\\./dev (?:run|tidemark) ([^\n`]*)")) {
      for (const std::string& flag : AllMatches(words, "(--[a-z-]+)")) {
        EXPECT_THAT(help, ContainsRegex(Cat(flag, "[] =]"))) << page << ": " << words;
      }
    }
  }
}

TEST_F(Readme, VerbsOfDevExist) {
  const std::string help = ReadWorkingCopy("dev");
  for (const char* page : {"README.md", "CONTRIBUTING.md"}) {
    for (const std::string& verb : AllMatches(ReadWorkingCopy(page), "\\./dev ([a-z]+)")) {
      if (verb == "help") continue;
      EXPECT_THAT(help, ContainsRegex(Cat("\n  ([a-z]+, )*", verb, "[ ,]"))) << page;
    }
  }
}

// A lambda in a program looks like a link.
std::string WithoutPrograms(const std::string& page) {
  std::string prose;
  bool inside = false;
  for (const auto line : absl::StrSplit(page, '\n')) {
    if (line.substr(0, 3) == "```") inside = !inside;
    if (!inside) prose += Cat(line, "\n");
  }
  return prose;
}

TEST(Documents, LinksLeadSomewhere) {
  const std::vector<fs::path> pages = Pages();
  EXPECT_GT(pages.size(), 15u);
  for (const fs::path& page : pages) {
    for (const std::string& link : AllMatches(WithoutPrograms(Read(page)), "\\]\\(([^)#: ]+)")) {
      EXPECT_TRUE(fs::exists(page.parent_path() / link)) << page << " links to " << link;
    }
  }
}

// Paths in the table of rooms and the like: `state/keyed_states*`, `tidemark/window.h`.
TEST(Documents, FilesThatAreNamedAreThere) {
  const std::set<std::string> rooms = {"base",     "proto",      "state", "recovery", "engine",
                                       "tidemark", "connectors", "jobs",  "tools",    "docs"};
  for (const char* page : {"README.md", "CONTRIBUTING.md", "docs/ARCHITECTURE.md"}) {
    for (const std::string& name : AllMatches(ReadWorkingCopy(page), "`([a-z_]+/[a-z_/.]+)\\*?`")) {
      if (rooms.count(name.substr(0, name.find('/'))) == 0) continue;
      const fs::path path = WorkingCopy() / name;
      const bool there =
          fs::exists(path) || fs::exists(path.string() + ".h") || fs::exists(path.string() + ".md");
      EXPECT_TRUE(there || name.back() == '_') << page << " names " << name;
    }
  }
}

}  // namespace
}  // namespace tidemark
