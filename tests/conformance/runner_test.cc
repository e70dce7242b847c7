// The checker must be able to fail: cases that expect something wrong, processes that die, folders
// that cannot be read.

#include "tests/conformance/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "tests/conformance/isolate.h"
#include "tests/conformance/operators.h"

namespace tidemark::conformance {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kMustFail = "tests/conformance/cases/must_fail";

// What the failure of each case of must_fail.json says.
const std::map<std::string, std::string>& Failures() {
  static const auto& failures = *new std::map<std::string, std::string>{
      {"wrong_value", "expected: [3]"},
      {"wrong_order_of_a_key", R"(down, key "k": row 0 is ["k", 2] instead of ["k", 3])"},
      {"missing_row", R"(down, key "k": row 1 is missing instead of ["k", 2])"},
      {"row_too_many", "not expected: 2"},
      {"row_twice", "not expected: 1"},
      {"wrong_key", R"(down, key "a": row 0 is not expected: ["a", 1])"},
      {"row_in_a_later_execution", R"(down, execution 1, key "k": row 0 is missing)"},
      {"row_that_was_never_committed", "down, execution 1"},
      {"row_of_the_late_stream", R"(late, key "k": row 0 is missing)"},
      {"row_of_the_false_stream", "falses"},
      {"row_that_comes_late", R"(["k", ["k", [1]], 2] instead of ["k", ["k", [1]], 1])"},
      {"no_error", "the run succeeded"},
      {"another_error", "and not with: must be positive"},
      {"error", "the run failed"},
      {"unknown_parameter", "parameter 'bravely' is not known"},
      {"unknown_function", "add_two"},
      {"unknown_control_entry", "there is no control entry 'SLEEP'"},
      {"control_entry_of_other_operators", "control entry NOTIFY means nothing to operator map"},
      {"epochs_by_time", "epoch_interval"},
      {"too_few_executions", "expect_down is not a list of rows for each execution"},
      {"state_that_cannot_be_seen", "state: is not given by this operator"},
      {"no_key", "an entry has no key"},
      {"no_workers", "workers must be between 1 and"},
  };
  return failures;
}

TEST(Runner, ReportsEveryCaseThatExpectsSomethingWrong) {
  const auto cases = LoadCases(std::string(kMustFail) + "/must_fail.json");
  ASSERT_TRUE(cases.ok()) << cases.status();
  EXPECT_EQ(cases->size(), Failures().size());
  for (const Case& one : *cases) {
    const auto failure = Failures().find(one.name);
    ASSERT_NE(failure, Failures().end()) << one.name;
    for (const std::vector<int>& workers : WorkersOf(one)) {
      const Verdict verdict =
          RunCase(one, workers, {.emit_at = true, .only = {}, .isolate = false});
      EXPECT_EQ(verdict.kind, Verdict::Kind::kFailed) << one.name;
      EXPECT_THAT(verdict.text, HasSubstr(failure->second)) << one.name;
    }
  }
}

// All that RunFolder() prints.
std::vector<std::string> Printed(const std::string& folder, bool* passed) {
  std::vector<std::string> lines;
  const auto result =
      RunFolder(folder, {}, [&](const std::string& line) { lines.push_back(line); });
  EXPECT_TRUE(result.ok()) << result.status();
  *passed = result.ok() && *result;
  return lines;
}

TEST(Runner, PrintsWhatFailedWithExpectationAndResult) {
  bool passed = true;
  const auto lines = Printed(kMustFail, &passed);
  EXPECT_FALSE(passed);
  EXPECT_EQ(lines.back(), "1 passed, 22 failed") << "emit_at is informative";
  EXPECT_EQ(lines.front(),
            "FAILED must_fail.json: wrong_value (map, 1 worker)\n"
            "  down: row 0 is 2 instead of 3\n"
            "  expected: [3]\n"
            "  result:   [2]\n");
}

class FolderTest : public ::testing::Test {
 protected:
  FolderTest() : files_(NewPosixFiles()), path_(JoinPath(::testing::TempDir(), "folder")) {
    EXPECT_TRUE(RemoveTree(*files_, path_).ok());
    EXPECT_TRUE(files_->CreateDirectories(path_).ok());
  }
  void Put(const std::string& name, std::string_view text) {
    EXPECT_TRUE(WriteFileAtomically(*files_, JoinPath(path_, name), text).ok());
  }

  const std::unique_ptr<Files> files_;
  const std::string path_;
};

TEST_F(FolderTest, ListsWhatIsNotSupportedByNameAndGoesOn) {
  Put("a.json", R"([{"name": "later", "operator": "fly", "input": [["FLAP"]], "expect_down": []},
                    {"name": "now", "operator": "passthrough", "input": [], "expect_down": []}])");
  Put("notes.txt", "no cases");
  bool passed = false;
  EXPECT_THAT(Printed(path_, &passed),
              ::testing::ElementsAre("not yet supported: a.json: later (fly)",
                                     "1 passed, 0 failed, 1 skipped"));
  EXPECT_TRUE(passed);
}

TEST_F(FolderTest, AFileThatCannotBeReadIsAFailureAndTheOthersAreRun) {
  Put("a.json", "[");
  Put("b.json", R"([{"name": "now", "operator": "passthrough", "input": [], "expect_down": []}])");
  bool passed = true;
  const auto lines = Printed(path_, &passed);
  EXPECT_FALSE(passed);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0], StartsWith("FAILED " + path_ + "/a.json: not JSON"));
  EXPECT_EQ(lines[1], "1 passed, 1 failed");
}

TEST_F(FolderTest, AFolderWithoutCasesIsAnError) {
  const auto print = [](const std::string&) {};
  EXPECT_THAT(std::string(RunFolder(path_, {}, print).status().message()),
              HasSubstr("there is no *.json in it"));
  EXPECT_THAT(std::string(RunFolder(path_ + "/x", {}, print).status().message()),
              HasSubstr(path_ + "/x"));
}

TEST(Workers, AreOneAndThreeUnlessTheCaseSaysOtherwise) {
  Case one;
  EXPECT_EQ(WorkersOf(one), (std::vector<std::vector<int>>{{1}, {3}}));
  one.params.Set("workers", 2);
  EXPECT_EQ(WorkersOf(one), (std::vector<std::vector<int>>{{2}}));
  one.params.Set("workers", Json::List{3, 5, 1});
  EXPECT_EQ(WorkersOf(one), (std::vector<std::vector<int>>{{3, 5, 1}}));
  EXPECT_EQ(WorkersText({3, 5, 1}), "3, 5, 1 workers");
  EXPECT_EQ(WorkersText({1}), "1 worker");
}

TEST(Isolated, GivesTheTextOfTheOtherProcess) {
  const auto text = Isolated(60, [] { return std::string(200'000, 'x'); });
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(text->size(), 200'000u);
}

TEST(Isolated, SaysHowAProcessDied) {
  EXPECT_THAT(std::string(Isolated(60,
                                   []() -> std::string {
                                     raise(SIGKILL);
                                     return "";
                                   })
                              .status()
                              .message()),
              HasSubstr("the process died: Killed"));
  EXPECT_THAT(std::string(Isolated(1,
                                   []() -> std::string {
                                     while (true) pause();
                                   })
                              .status()
                              .message()),
              HasSubstr("did not come to an end within 1 s"));
}

TEST(Operators, HaveEachNameOnce) {
  for (const auto& family :
       {StatelessOperators(), BatchOperators(), StatefulOperators(), SourceAndSinkOperators()}) {
    for (const Operator& op : family) {
      EXPECT_EQ(FindOperator(op.name), &op) << op.name;
      EXPECT_NE(op.build == nullptr, op.run == nullptr) << op.name;
    }
  }
}

}  // namespace
}  // namespace tidemark::conformance
