// A page is followed from its top to its end, as a newcomer would: every command in one shell, one
// after the other, and each prints what the page shows.
//
// A command is a line "    $ …" of the page; the lines after it are what it prints. Numbers, sizes
// and times differ from machine to machine and count as equal; "…" stands for the rest of a line;
// output may have further lines in between. `./dev` is stood in for: it would build what is built
// here.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/files.h"
#include "base/status.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_directory.h"

namespace tidemark {
namespace {

namespace fs = std::filesystem;

// The working copy, found through the link that Bazel leaves to WORKSPACE.
fs::path Root() {
  const char* runfiles = std::getenv("TEST_SRCDIR");
  const char* workspace = std::getenv("TEST_WORKSPACE");
  if (runfiles == nullptr || workspace == nullptr) return fs::current_path();
  return fs::canonical(fs::path(runfiles) / workspace / "WORKSPACE").parent_path();
}

std::string Read(const fs::path& path) {
  const auto bytes = ReadSmallFile(*NewPosixFiles(), path.string());
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or("");
}

struct Shown {
  std::string command;
  std::vector<std::string> output;
};

std::vector<Shown> CommandsOf(const std::string& page) {
  constexpr std::string_view kCode = "    ";
  std::vector<Shown> commands;
  bool continues = false;  // the command, by a backslash
  bool in_block = false;
  for (const auto each : absl::StrSplit(page, '\n')) {
    std::string line(each.data(), each.size());
    if (!line.starts_with(kCode)) {
      in_block = false;
      continue;
    }
    line = line.substr(kCode.size());
    if (line.starts_with("$ ")) {
      commands.push_back({.command = line.substr(2), .output = {}});
      in_block = true;
    } else if (continues) {
      commands.back().command += "\n" + line;
    } else if (in_block) {
      commands.back().output.push_back(line);
    }
    continues = in_block && line.ends_with("\\");
  }
  return commands;
}

// What a line says, whatever the machine.
std::string Essence(std::string line) {
  static const std::regex kNumber("[0-9][0-9a-f]{31}|[0-9]+([.,:-][0-9]+)*");
  static const std::regex kSize("# ?(B|KiB|MiB)\\b");
  static const std::regex kTime("# ?(ms|s|us|µs)\\b");
  static const std::regex kBlanks(" +");
  line = std::regex_replace(line, kNumber, "#");
  line = std::regex_replace(line, kSize, "#size");
  line = std::regex_replace(line, kTime, "#time");
  return std::regex_replace(line, kBlanks, " ");
}

bool Matches(const std::string& shown, const std::string& printed) {
  const size_t cut = shown.find("…");
  if (cut == std::string::npos) return Essence(shown) == Essence(printed);
  return Essence(printed).starts_with(Essence(shown.substr(0, cut)));
}

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
    fs::create_directory_symlink(Root() / "examples" / "data", dir_.Path("examples/data"));
    fs::copy_file(Root() / "examples" / "earthquakes_daily.yaml",
                  dir_.Path("examples/earthquakes_daily.yaml"));
    Write("bazel-bin/examples/tides/tides",
          Cat("#!/bin/bash\nexec '", RunfilePath("tests/docs/tides"), "' \"$@\"\n"));
    fs::permissions(dir_.Path("bazel-bin/examples/tides/tides"), fs::perms::owner_all);
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
      const bool builds = commands[i].command.starts_with("./dev test");
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

// What stands between "```yaml" and "```", the first time after `after`.
std::string Yaml(const std::string& page, const std::string& after) {
  const std::string head = "\n```yaml\n";
  const size_t begin = page.find(head, page.find(after)) + head.size();
  return page.substr(begin, page.find("\n```", begin) + 1 - begin);
}

TEST_F(Walk, TheReadmeCanBeFollowedFromTopToBottom) {
  const std::string readme = Read(Root() / "README.md");
  Write("networks.yaml", Yaml(readme, "`networks.yaml`"));
  ExpectTrue(readme);
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
