// The examples do what they say; the earthquakes come out as a plain loop over the lines says.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/files.h"
#include "base/status.h"
#include "jobs/test_support.h"

namespace tidemark {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// The value of "net" by search: this must not share a parser with what it judges.
std::string NetOf(const std::string& line) {
  const std::string label = "\"net\": \"";
  const size_t begin = line.find(label) + label.size();
  return line.substr(begin, line.find('"', begin) - begin);
}

std::string ListRow(const std::string& net, const std::vector<std::string>& lines) {
  std::string row = "{\"net\": \"" + net + "\", \"items\": [";
  for (size_t i = 0; i < lines.size(); ++i) row += (i > 0 ? ", " : "") + lines[i];
  return row + "]}\n";
}

TEST_F(JobTest, TheEarthquakesComeOutAsALoopOverTheLinesSays) {
  const std::string data = ReadRunfile("examples/data/earthquakes.jsonl");
  std::map<std::string, std::vector<std::string>> open;  // in byte order
  std::string expected;
  const std::vector<std::string> lines = absl::StrSplit(data, '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 1707u);
  for (const std::string& line : lines) {
    std::vector<std::string>& list = open[NetOf(line)];
    list.push_back(line);
    if (list.size() < 50) continue;
    expected += ListRow(NetOf(line), list);
    list.clear();
  }
  for (const auto& [net, list] : open) {
    if (!list.empty()) expected += ListRow(net, list);
  }

  const std::string job = absl::StrReplaceAll(
      ReadRunfile("examples/earthquake_batches.yaml"),
      {{"file: examples/", Cat("file: ", Runfile("examples/"))}, {"file: out/", "file: @/"}});
  ASSERT_EQ(Run(job), absl::OkStatus());
  EXPECT_TRUE(Get("earthquake_batches.jsonl") == expected);  // too much text to be printed
}

TEST_F(JobTest, TheGeneratedExamplePrintsListsOfFive) {
  ASSERT_EQ(Start(ReadRunfile("examples/generated.yaml")), absl::OkStatus());
  tester().Advance(absl::Seconds(3));
  tester().Commit();
  const std::vector<std::string> rows = absl::StrSplit(stdout_, '\n', absl::SkipEmpty());
  EXPECT_GE(rows.size(), 8u);
  EXPECT_LE(rows.size(), 10u);
  EXPECT_THAT(rows[0], AllOf(HasSubstr("\"items\": [{\"seq\": "), HasSubstr("\"key\": \"k")));
}

}  // namespace
}  // namespace tidemark
