// docs/recovery.md is what somebody reads when things are bad: every command on it is run as it
// stands, each section on a job that was stopped halfway.

#include <limits.h>
#include <stdlib.h>

#include <map>

#include "tests/process/bad_input_fixture.h"

namespace tidemark {
namespace {

class RecoveryPage : public BadInput {
 protected:
  struct Section {
    std::string title;
    Words commands;
  };
  // Indented lines that begin with a command; what follows two spaces is a remark. Transcripts
  // begin with "$".
  static std::vector<Section> Sections() {
    const auto files = NewPosixFiles();
    char root[PATH_MAX];
    EXPECT_NE(realpath(RunfilePath("WORKSPACE").c_str(), root), nullptr);
    const auto page = ReadSmallFile(*files, Cat(ParentDirectory(root), "/docs/recovery.md"));
    std::vector<Section> sections;
    std::string line;
    for (const char c : page.value_or("")) {
      if (c != '\n') {
        line.push_back(c);
        continue;
      }
      if (line.rfind("## ", 0) == 0) sections.push_back({line, {}});
      for (const char* command : {"    tidemark ", "    cp ", "    rm "}) {
        if (line.rfind(command, 0) != 0) continue;
        const std::string words = line.substr(4);
        sections.back().commands.push_back(words.substr(0, words.find("  ")));
      }
      line.clear();
    }
    return sections;
  }
  // The page's names for what the fixture has.
  static std::string Here(std::string command) {
    const std::map<std::string, std::string> names = {{"tidemark ", "\"$T\" "},
                                                      {"/backup/", "backup/"}};
    for (const auto& [name, ours] : names) {
      const size_t at = command.find(name);
      if (at != std::string::npos) command.replace(at, name.size(), ours);
    }
    return command;
  }
};

TEST_F(RecoveryPage, EveryCommandWorks) {
  int commands = 0;
  for (const Section& section : Sections()) {
    if (section.commands.empty()) continue;
    SCOPED_TRACE(section.title);
    for (const char* left : {"out", "backup"}) {
      ASSERT_TRUE(RemoveTree(dir_.files(), Path(left)).ok());
    }
    ASSERT_TRUE(dir_.files().CreateDirectories(Path("backup")).ok());
    RunHalfway();
    ASSERT_EQ(Command({"snapshot", kState, "--name", "before-upgrade"}).exit_code, 0);
    for (const std::string& command : section.commands) {
      const auto end = Shell(Here(command));
      EXPECT_EQ(end.exit_code, 0) << command << "\n" << end.out << end.err;
      ++commands;
    }
  }
  EXPECT_GE(commands, 12) << "the page was read";
}

}  // namespace
}  // namespace tidemark
