#include "tests/support/pages.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>

#include "absl/strings/str_split.h"
#include "base/files.h"
#include "base/status.h"

namespace tidemark {
namespace fs = std::filesystem;

fs::path WorkingCopy() {
  const char* runfiles = std::getenv("TEST_SRCDIR");
  const char* workspace = std::getenv("TEST_WORKSPACE");
  if (runfiles == nullptr || workspace == nullptr) return fs::current_path();
  return fs::canonical(fs::path(runfiles) / workspace / "WORKSPACE").parent_path();
}

std::string ReadWorkingCopy(std::string_view path) {
  const auto bytes = ReadSmallFile(*NewPosixFiles(), (WorkingCopy() / path).string());
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or("");
}

std::map<size_t, std::string> YamlBlocks(const std::string& page) {
  std::map<size_t, std::string> blocks;
  size_t begin = 0;  // of the open one
  size_t number = 0;
  for (const auto line : absl::StrSplit(page, '\n')) {
    ++number;
    if (begin == 0 && line == "```yaml") {
      begin = number + 1;
      blocks[begin] = "";
    } else if (begin != 0 && line == "```") {
      begin = 0;
    } else if (begin != 0) {
      blocks[begin] += Cat(line, "\n");
    }
  }
  return blocks;
}

std::string Block(const std::string& page, std::string_view language, std::string_view after) {
  const std::string head = Cat("\n```", language, "\n");
  const size_t begin = page.find(head, page.find(after));
  if (begin == std::string::npos) return "";
  const size_t text = begin + head.size();
  return page.substr(text, page.find("\n```", text) + 1 - text);
}

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

namespace {

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

}  // namespace

bool Matches(const std::string& shown, const std::string& printed) {
  const size_t cut = shown.find("…");
  if (cut == std::string::npos) return Essence(shown) == Essence(printed);
  return Essence(printed).starts_with(Essence(shown.substr(0, cut)));
}

}  // namespace tidemark
