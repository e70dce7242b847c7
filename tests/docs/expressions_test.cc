// docs/expressions.md is true: every example in its tables has the result that is shown, and every
// function has an example.

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "rows/expr/functions.h"
#include "rows/expr/test_support.h"
#include "tests/support/pages.h"

namespace tidemark {
namespace {

struct Example {
  int line = 0;
  std::string expression;
  std::string result;
};

// The text between the backquotes of a cell; empty if it is anything else.
std::string CodeIn(std::string_view cell) {
  const size_t first = cell.find('`');
  const size_t last = cell.rfind('`');
  if (first == std::string_view::npos || first == last) return "";
  if (cell.find_first_not_of(' ') != first || cell.find_last_not_of(' ') != last) return "";
  const std::string code(cell.substr(first + 1, last - first - 1));
  return code.find('`') == std::string::npos ? code : "";
}

// The last two cells of the rows of tables that end with "Example" and "Result".
std::vector<Example> Examples(const std::string& page) {
  std::vector<Example> examples;
  bool in_table = false;
  int number = 0;
  for (const auto line : absl::StrSplit(page, '\n')) {
    ++number;
    std::string text = absl::StrReplaceAll(line, {{"\\|", "\x01"}});
    if (text.empty() || text.front() != '|') {
      in_table = false;
      continue;
    }
    if (absl::StrContains(text, "| Example | Result |")) in_table = true;
    std::vector<std::string> cells = absl::StrSplit(text, '|');
    if (!in_table || cells.size() < 4) continue;
    const auto code = [&](size_t from_end) {
      return absl::StrReplaceAll(CodeIn(cells[cells.size() - from_end]), {{"\x01", "|"}});
    };
    if (!code(3).empty()) examples.push_back({number, code(3), code(2)});
  }
  return examples;
}

TEST(ExpressionsPage, EveryExampleHasTheResultThatIsShown) {
  const auto examples = Examples(ReadWorkingCopy("docs/expressions.md"));
  EXPECT_GE(examples.size(), 70u);
  for (const Example& example : examples) {
    TestedExpression tested(example.expression);
    EXPECT_EQ(tested.Of("{}"), example.result)
        << "docs/expressions.md:" << example.line << ": " << example.expression;
  }
}

TEST(ExpressionsPage, EveryFunctionHasAnExample) {
  std::string all;
  for (const Example& example : Examples(ReadWorkingCopy("docs/expressions.md"))) {
    all += Cat(" ", example.expression);
  }
  for (const std::string_view name : FunctionNames()) {
    const bool is_operator = name == "like" || name == "ilike";
    EXPECT_NE(all.find(Cat(" ", name, is_operator ? " " : "(")), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace tidemark
