// The record must see what a job does wrong: it is held against outputs that are right, and against
// the same with one row lost, repeated, moved or changed.

#include "tests/torture/record.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace tidemark::torture {
namespace {

Row At(int64_t number, int64_t minute, const std::string& key = "a") {
  return {.key = key, .number = number, .time_ms = 420'000 * 3'600'000LL + minute * 60'000};
}

std::string Edited(const std::string& output, size_t line, const std::string& instead) {
  std::vector<std::string> lines = absl::StrSplit(output, '\n');
  lines.at(line) = instead;
  return absl::StrJoin(lines, "\n");
}

TEST(Record, ListsThatAreRightPassAndOthersDoNot) {
  std::vector<Row> rows;
  std::string output;
  for (int64_t n = 0; n < 8; ++n) rows.push_back(At(n, n));
  output = "{\"key\": \"a\", \"items\": [";
  for (int64_t n = 0; n < 7; ++n) output += Cat(n > 0 ? ", " : "", rows[n].Line());
  output += Cat("]}\n{\"key\": \"a\", \"items\": [", rows[7].Line(), "]}\n");
  EXPECT_TRUE(CheckLists(rows, output).ok()) << CheckLists(rows, output);
  const std::string second = Cat("{\"key\": \"a\", \"items\": [", rows[7].Line(), "]}");
  EXPECT_FALSE(CheckLists(rows, Edited(output, 1, "")).ok()) << "lost";
  EXPECT_FALSE(CheckLists(rows, output + second + "\n").ok()) << "repeated";
  std::swap(rows[0], rows[1]);
  EXPECT_FALSE(CheckLists(rows, output).ok()) << "in another order";
}

TEST(Record, WindowsThatAreRightPassAndOthersDoNot) {
  // Hour 0 closes when the watermark, an hour behind, is at its end: at minute 120.
  const std::vector<Row> rows = {At(5, 10), At(6, 5), At(7, 119), At(8, 121), At(9, 20)};
  const std::string output =
      "{\"key\": \"a\", \"window_open\": \"2017-11-30T00:00:00Z\", \"rows\": 2, \"total\": 11, "
      "\"first\": 6, \"last\": 5}\n"
      "{\"key\": \"a\", \"window_open\": \"2017-11-30T01:00:00Z\", \"rows\": 1, \"total\": 7, "
      "\"first\": 7, \"last\": 7}\n"
      "{\"key\": \"a\", \"window_open\": \"2017-11-30T02:00:00Z\", \"rows\": 1, \"total\": 8, "
      "\"first\": 8, \"last\": 8}\n";
  const std::string late = rows[4].Line() + "\n";
  EXPECT_TRUE(CheckWindows(rows, output, late).ok()) << CheckWindows(rows, output, late);
  EXPECT_FALSE(CheckWindows(rows, output, "").ok()) << "a late row is lost";
  EXPECT_FALSE(CheckWindows(rows, output, late + late).ok()) << "a late row came twice";
  const std::vector<std::string> lines = absl::StrSplit(output, '\n');
  EXPECT_FALSE(CheckWindows(rows, lines[0] + "\n" + lines[1] + "\n", late).ok()) << "lost";
  EXPECT_FALSE(CheckWindows(rows, output + lines[2] + "\n", late).ok()) << "twice";
  const std::string wrong = absl::StrReplaceAll(output, {{"\"total\": 11", "\"total\": 12"}});
  EXPECT_FALSE(CheckWindows(rows, wrong, late).ok()) << "a wrong sum";
}

}  // namespace
}  // namespace tidemark::torture
