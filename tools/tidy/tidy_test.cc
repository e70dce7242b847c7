// Holds the working copy to its rules (rules.h). It finds the files through the link that Bazel
// leaves to WORKSPACE, since a list of all files of all packages would have to be kept by hand.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tools/tidy/messages.h"
#include "tools/tidy/rules.h"
#include "tools/tidy/words.h"

namespace tidemark::tidy {
namespace {

namespace fs = std::filesystem;

fs::path WorkspaceRoot() {
  const char* runfiles = std::getenv("TEST_SRCDIR");
  const char* workspace = std::getenv("TEST_WORKSPACE");
  if (runfiles == nullptr || workspace == nullptr) return fs::current_path();
  return fs::canonical(fs::path(runfiles) / workspace / "WORKSPACE").parent_path();
}

// Hidden folders belong to tools, but for .ci; bazel-* to Bazel, out to the example jobs.
bool IsForeign(const fs::path& folder) {
  const std::string name = folder.filename().string();
  return (name.starts_with(".") && name != ".ci") || name.starts_with("bazel-") || name == "out";
}

// Every file of the working copy, relative to its root, in order.
std::set<std::string> WorkingCopy(const fs::path& root) {
  std::set<std::string> paths;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::end(it); ++it) {
    if (it->is_directory() && IsForeign(it->path())) it.disable_recursion_pending();
    if (it->is_regular_file()) paths.insert(fs::relative(it->path(), root).string());
  }
  return paths;
}

std::string Read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(TidyTest, EveryFileFollowsTheHouseRules) {
  const fs::path root = WorkspaceRoot();
  const std::set<std::string> paths = WorkingCopy(root);
  ASSERT_TRUE(paths.contains("tools/tidy/tidy_test.cc")) << root << " is not the working copy";
  for (const std::string& path : paths) {
    if (!IsChecked(path)) continue;
    for (const Finding& finding : CheckFile(path, Read(root / path))) {
      ADD_FAILURE_AT(path.c_str(), finding.line) << finding.message;
    }
  }
}

TEST(TidyTest, ProseUsesTheWordsOfTheField) {
  constexpr char kList[] = "tools/tidy/words.txt";
  const fs::path root = WorkspaceRoot();
  const ParsedWordList list = ParseWordList(Read(root / kList));
  ASSERT_FALSE(list.value.empty()) << kList << " has no rules";
  for (const Finding& error : list.errors) ADD_FAILURE_AT(kList, error.line) << error.message;
  for (const std::string& path : WorkingCopy(root)) {
    std::vector<Finding> findings;
    if (IsProse(path)) findings = CheckWords(list.value, path, Read(root / path));
    if (HasMessages(path)) {
      for (Finding& finding : CheckPage(list.value, MessagesAsMarkdown(Read(root / path)))) {
        findings.push_back(std::move(finding));
      }
    }
    for (const Finding& finding : findings) {
      ADD_FAILURE_AT(path.c_str(), finding.line) << finding.message;
    }
  }
}

TEST(TidyTest, EveryFolderWithTargetsHasAReadme) {
  const std::set<std::string> paths = WorkingCopy(WorkspaceRoot());
  for (const std::string& folder : FoldersWithoutReadme({paths.begin(), paths.end()})) {
    ADD_FAILURE() << folder << " has a BUILD.bazel and no README.md: what lives here, what it may "
                  << "use, how to add one";
  }
}

}  // namespace
}  // namespace tidemark::tidy
