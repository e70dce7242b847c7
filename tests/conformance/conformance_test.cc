// Every case of our own folder and of the shared one, each with each of its numbers of workers, as
// a test case of its own.
//
// The shared folder lies beside the workspace, outside of what Bazel sees: it is found from where
// the runfile of an own case really is. Where it is not there, one test is skipped and says so.

#include <gtest/gtest.h>
#include <limits.h>
#include <stdlib.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "tests/conformance/case.h"
#include "tests/conformance/runner.h"

namespace tidemark::conformance {
namespace {

constexpr const char* kOwnCases = "tests/conformance/cases";

// Files in which every case passes; in the others a case may be of an operator still to come.
const std::set<std::string>& WhollyPassing() {
  static const auto& files = *new std::set<std::string>{
      "collect.json",  "derived_collect.json", "stateless.json",
      "stateful.json", "final_operators.json", "recovery.json",
      "sources.json",  "file_connectors.json", "own.json",
  };
  return files;
}

// Empty when it cannot be found.
std::string SharedCases() {
  const std::string own = std::string(kOwnCases) + "/own.json";
  char real[PATH_MAX];
  if (realpath(own.c_str(), real) == nullptr) return "";
  std::string workspace = real;
  workspace.resize(workspace.size() - own.size() - 1);
  return workspace + "/../shared/conformance";
}

struct Run {
  Case one;
  std::vector<int> workers;
};

std::vector<Run> RunsOf(const std::string& folder) {
  std::vector<Run> runs;
  const auto paths = ListCaseFiles(folder);
  if (!paths.ok()) return runs;
  for (const std::string& path : *paths) {
    const auto cases = LoadCases(path);
    EXPECT_TRUE(cases.ok()) << cases.status();
    if (!cases.ok()) continue;
    for (const Case& one : *cases) {
      for (const std::vector<int>& workers : WorkersOf(one)) runs.push_back({one, workers});
    }
  }
  return runs;
}

// own__a_case__3_workers
std::string NameOf(const ::testing::TestParamInfo<Run>& info) {
  const Case& one = info.param.one;
  std::string name = one.file.substr(0, one.file.size() - std::string(".json").size()) + "__" +
                     one.name + "__" + WorkersText(info.param.workers);
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

void PrintTo(const Run& run, std::ostream* out) { *out << run.one.file << ": " << run.one.name; }

class ConformanceTest : public ::testing::TestWithParam<Run> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ConformanceTest);

TEST_P(ConformanceTest, Holds) {
  const Case& one = GetParam().one;
  RunnerOptions options;
  options.emit_at = one.operator_name == "collect";
  const Verdict verdict = RunCase(one, GetParam().workers, options);
  if (verdict.kind == Verdict::Kind::kNotSupported && !WhollyPassing().contains(one.file)) {
    GTEST_SKIP() << "not yet supported: " << one.operator_name;
  }
  EXPECT_EQ(verdict.kind, Verdict::Kind::kPassed)
      << one.file << ": " << one.name << " (" << one.operator_name << ")\n"
      << verdict.text;
}

INSTANTIATE_TEST_SUITE_P(Own, ConformanceTest, ::testing::ValuesIn(RunsOf(kOwnCases)), NameOf);
INSTANTIATE_TEST_SUITE_P(Shared, ConformanceTest, ::testing::ValuesIn(RunsOf(SharedCases())),
                         NameOf);

TEST(SharedFolder, HoldsTheCasesThatMustPass) {
  const auto paths = ListCaseFiles(SharedCases());
  if (!paths.ok()) GTEST_SKIP() << "no shared conformance cases: " << paths.status();
  std::set<std::string> files = {"own.json"};
  for (const std::string& path : *paths) files.insert(path.substr(path.rfind('/') + 1));
  EXPECT_TRUE(
      std::includes(files.begin(), files.end(), WhollyPassing().begin(), WhollyPassing().end()));
}

}  // namespace
}  // namespace tidemark::conformance
