// What a public header shows is what header_steps.cc and header_connectors.cc compile, letter by
// letter but for blanks and remarks; "…" stands for what a reader would fill in.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "tests/support/pages.h"

namespace tidemark {
namespace {

// Without blanks and without what stands behind "//".
std::string Code(std::string_view line) {
  const size_t remark = line.find("//");
  std::string code;
  for (const char c : line.substr(0, remark)) {
    if (!absl::ascii_isspace(static_cast<unsigned char>(c))) code.push_back(c);
  }
  return code;
}

std::string CodeOf(const std::string& text) {
  std::string code;
  for (const auto line : absl::StrSplit(text, '\n')) code += Code({line.data(), line.size()});
  return code;
}

// The lines of a header's first comment that are set in by three blanks or more and are C++.
std::vector<std::string> ExampleLines(const std::string& header) {
  std::vector<std::string> lines;
  for (const auto line : absl::StrSplit(header.substr(0, header.find("#pragma once")), '\n')) {
    if (line.substr(0, 5) == "//   ") lines.emplace_back(line.substr(5));
  }
  return lines;
}

bool IsCpp(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    const std::string code = Code(line);
    if (code.ends_with(";") || code.ends_with("{") || code.ends_with("}")) return true;
  }
  return false;
}

std::vector<std::string> NotCompiled(const std::vector<std::string>& lines,
                                     const std::string& compiled) {
  std::vector<std::string> missing;
  for (const std::string& line : lines) {
    for (const auto part : absl::StrSplit(Code(line), "…")) {
      const std::string code(part);
      if (code.rfind("{\"", 0) == 0 || code.rfind('\'', 0) == 0) continue;  // a row, not code
      if (compiled.find(code) == std::string::npos) missing.push_back(line);
    }
  }
  return missing;
}

class HeaderExamples : public ::testing::Test {
 protected:
  const std::string compiled_ = CodeOf(ReadWorkingCopy("tests/docs/header_steps.cc")) +
                                CodeOf(ReadWorkingCopy("tests/docs/header_connectors.cc"));
};

TEST_F(HeaderExamples, AreCompiled) {
  int headers = 0;
  for (const char* header : {"tidemark/batch.h",
                             "tidemark/final.h",
                             "tidemark/flow.h",
                             "tidemark/join.h",
                             "tidemark/key_traits.h",
                             "tidemark/keyed_logic.h",
                             "tidemark/keyed_stream.h",
                             "command/main.h",
                             "runtime/session.h",
                             "tidemark/sink_contract.h",
                             "tidemark/source.h",
                             "tidemark/stateful_batch.h",
                             "tidemark/stateful_map.h",
                             "tidemark/stream.h",
                             "tidemark/testing.h",
                             "tidemark/window.h",
                             "tidemark/window_folds.h",
                             "connectors/file/csv_source.h",
                             "connectors/file/dir_sink.h",
                             "connectors/file/dir_source.h",
                             "connectors/file/file_sink.h",
                             "connectors/file/json_lines.h",
                             "connectors/file/line_file_source.h",
                             "connectors/made/generator_source.h",
                             "connectors/made/polling_source.h",
                             "connectors/made/testing_source.h",
                             "connectors/rows/json_row.h",
                             "connectors/sqlite/sqlite_json.h",
                             "connectors/sqlite/sqlite_sink.h",
                             "connectors/stdio/stdin_source.h",
                             "connectors/stdio/stdout_sink.h"}) {
    const auto lines = ExampleLines(ReadWorkingCopy(header));
    EXPECT_TRUE(IsCpp(lines)) << header << " shows nothing";
    for (const std::string& line : NotCompiled(lines, compiled_)) {
      ADD_FAILURE() << header << " shows what tests/docs/header_*.cc do not compile:\n" << line;
    }
    ++headers;
  }
  EXPECT_GT(headers, 20);
}

TEST_F(HeaderExamples, AnExampleThatIsNotCompiledIsFound) {
  EXPECT_EQ(NotCompiled({"auto x = NoSuchStep();   // a remark"}, compiled_).size(), 1u);
  EXPECT_EQ(NotCompiled({".To(\"out\", …);", "Flow flow ( \"examples\" );"}, compiled_).size(),
            0u);
}

}  // namespace
}  // namespace tidemark
