// Pages: what the documentation of the working copy shows, for the tests that hold it to that.
//
//   for (const Shown& each : CommandsOf(ReadWorkingCopy("README.md"))) Run(each.command);
//
// A test that reads pages runs outside of the sandbox ("local") and is never taken from a cache
// ("external"), since Bazel does not know them as its inputs; it has "//:WORKSPACE" in its data.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tidemark {

// The working copy, found through the link that Bazel leaves to WORKSPACE.
std::filesystem::path WorkingCopy();
// A file of it; a failure of the test if it cannot be read.
std::string ReadWorkingCopy(std::string_view path);

// What stands between "```yaml" and "```", by the number of its first line.
std::map<size_t, std::string> YamlBlocks(const std::string& page);
// What stands between "```language" and "```", the first time behind `after`; empty without.
std::string Block(const std::string& page, std::string_view language, std::string_view after = "");

// A line "    $ …" of a page, continued behind a backslash, and the lines that it prints.
struct Shown {
  std::string command;
  std::vector<std::string> output;
};
std::vector<Shown> CommandsOf(const std::string& page);

// Whether a line was printed as the page shows it. Numbers, sizes and times differ from machine to
// machine and count as equal; "…" stands for the rest of the line.
bool Matches(const std::string& shown, const std::string& printed);

}  // namespace tidemark
