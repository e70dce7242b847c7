// The house rules that a program can check, each with what to do instead.
//
// What is protected here is the table of homes in the architecture: threads, clocks, randomness,
// RocksDB and Cap'n Proto each live in one place. Otherwise a simulation is no longer repeatable,
// or a format is written twice; and neither compiler nor review finds that reliably. Bazel's
// visibility cannot hold it either, since system headers are on the compiler's default path.
//
//   for (const Finding& finding : CheckFile("engine/join.cc", text)) Report(finding);
//
// A line may break a rule about code where a reason stands in the line:
//
//   std::this_thread::sleep_for(kStep);  // tidy: allowed, waits for another process
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidemark::tidy {

struct Finding {
  int line = 0;  // From 1; 0 is about the whole file.
  std::string message;
};

// Whether the rules have something to say about a file of this name.
bool IsChecked(std::string_view path);

// All findings of one file. `path` is relative to the root of the working copy and decides which
// rules hold.
std::vector<Finding> CheckFile(std::string_view path, std::string_view text);

// The folders that have a BUILD.bazel and no README.md, given all files of the working copy.
std::vector<std::string> FoldersWithoutReadme(const std::vector<std::string>& paths);

}  // namespace tidemark::tidy
