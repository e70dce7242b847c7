// docs/recovery.md is what somebody reads when things are bad: every command on it is run as it
// stands, each section on a job that was stopped halfway.

#include <map>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tests/process/bad_input_fixture.h"
#include "tests/support/pages.h"

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
    const std::string page = ReadWorkingCopy("docs/recovery.md");
    std::vector<Section> sections;
    std::string line;
    for (const char c : page) {
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

// The transcripts, each on what it tells of.
class Transcripts : public RecoveryPage {
 protected:
  // Runs the command that follows `after` on the page; what it prints has every line shown there.
  void ExpectAsShown(const std::string& after) {
    const std::string page = ReadWorkingCopy("docs/recovery.md");
    const size_t begin = page.find(after);
    ASSERT_NE(begin, std::string::npos) << after;
    const Shown shown = CommandsOf(page.substr(begin)).front();
    const auto end = Shell(Cat(Here(shown.command), " 2>&1"));
    // Numbers are compared as numbers; here there may be one of what the page has several of.
    const std::string out = absl::StrReplaceAll(
        end.out, {{Path(""), "/srv/"}, {" 1 key,", " 1 keys,"}, {" 1 row,", " 1 rows,"}});
    std::vector<std::string> printed;
    for (const auto line : absl::StrSplit(out, '\n')) printed.emplace_back(line);
    size_t at = 0;
    for (const std::string& line : shown.output) {
      while (at < printed.size() && !Matches(line, printed[at])) ++at;
      EXPECT_LT(at, printed.size()) << shown.command << " prints no\n  " << line << "\nbut\n"
                                    << end.out;
    }
    ++followed_;
  }

  int followed_ = 0;
};

TEST_F(Transcripts, PrintWhatIsShown) {
  RunHalfway();
  ExpectAsShown("## Looking at it");
  Write("other.yaml",
        JobWith("name: job\nstate: out/job.state", "name: other\nstate: out/o.state"));
  ExpectAsShown("## Whose output it is");
  ASSERT_TRUE(dir_.files().Remove(Path(Cat(kState, "/store/CURRENT"))).ok());
  ExpectAsShown("## Falling back");
  const auto all = CommandsOf(ReadWorkingCopy("docs/recovery.md"));
  EXPECT_EQ(static_cast<size_t>(followed_), all.size()) << "a transcript without a test";
}

}  // namespace
}  // namespace tidemark
