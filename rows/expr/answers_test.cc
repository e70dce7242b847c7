// Expressions and their answers, hand-checked against the documentation of PostgreSQL:
// rows/expr/testdata. Each is evaluated over a batch with a selection, and row by row.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "rows/expr/test_support.h"

namespace tidemark {
namespace {

struct Case {
  std::string where;  // "operators.txt:17"
  std::string expression;
  std::string row = "{}";
  std::string answer = "";
};

std::string Stripped(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(' ') + 1 - first));
}

std::vector<Case> CasesOf(const std::string& name) {
  constexpr std::string_view kSeparator = ";;";
  std::string path = Cat("rows/expr/testdata/", name);
  const char* runfiles = std::getenv("TEST_SRCDIR");
  const char* workspace = std::getenv("TEST_WORKSPACE");
  if (runfiles != nullptr && workspace != nullptr) path = Cat(runfiles, "/", workspace, "/", path);
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  std::vector<Case> cases;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line.front() == '#') continue;
    const size_t first = line.find(kSeparator);
    const size_t second = line.find(kSeparator, first + kSeparator.size());
    EXPECT_NE(second, std::string::npos) << name << ":" << number;
    if (second == std::string::npos) continue;
    const std::string_view view = line;
    Case one{.where = Cat(name, ":", number), .expression = Stripped(view.substr(0, first))};
    const std::string row = Stripped(view.substr(first + 2, second - first - 2));
    if (!row.empty()) one.row = row;
    one.answer = Stripped(view.substr(second + 2));
    cases.push_back(std::move(one));
  }
  return cases;
}

// Method: the row is evaluated alone, and twice in a batch whose other rows are empty or not
// selected, with the same evaluator.
void Check(const Case& one) {
  TestedExpression tested(one.expression);
  EXPECT_EQ(tested.Of(one.row), one.answer) << one.where << ": " << one.expression;
  if (!tested.bound()) return;
  const std::string empty = tested.Of("{}");
  const std::vector<std::string_view> rows = {one.row, "{}", one.row, one.row, "{}"};
  const Selection selection = {0, 1, 3};
  const std::vector<std::string> expected = {one.answer, empty, "-", one.answer, "-"};
  EXPECT_EQ(tested.Over(rows, &selection), expected) << one.where << ": " << one.expression;
}

TEST(Answers, Operators) {
  const auto cases = CasesOf("operators.txt");
  EXPECT_GE(cases.size(), 200u);
  for (const Case& one : cases) Check(one);
}

TEST(Answers, Functions) {
  const auto cases = CasesOf("functions.txt");
  EXPECT_GE(cases.size(), 180u);
  for (const Case& one : cases) Check(one);
}

}  // namespace
}  // namespace tidemark
