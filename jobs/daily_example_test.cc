// Goal: examples/earthquakes_daily.yaml gives what a plain loop over the data says. Method: the
// loop counts by (network, day) and keeps each network's watermark; it shares no code with the job,
// not even a JSON parser.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/files.h"
#include "base/status.h"
#include "jobs/test_support.h"
#include "tidemark/testing.h"

namespace tidemark {
namespace {

using Lines = std::vector<std::string>;

constexpr int64_t kDayMs = 86'400'000;

Lines LinesOf(const std::string& text) { return absl::StrSplit(text, '\n', absl::SkipEmpty()); }

// What stands behind `"name": `, without quotes.
std::string ValueOf(const std::string& line, const std::string& name) {
  const std::string label = "\"" + name + "\": ";
  const size_t found = line.find(label);
  if (found == std::string::npos) return "";
  const size_t begin = found + label.size() + (line[found + label.size()] == '"' ? 1 : 0);
  return line.substr(begin, line.find_first_of("\",}", begin) - begin);
}

std::string DayOf(int64_t ms) {
  const std::time_t seconds = ms / 1000;
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT00:00:00Z", std::gmtime(&seconds));
  return text;
}

// By network and day: how many, and the strongest.
using Daily = std::map<std::pair<std::string, std::string>, std::pair<int, double>>;

struct Expected {
  Daily daily;
  Lines late;
  int64_t margin_ms = kDayMs;  // by which the nearest decision about "late" was made
};

Expected LoopOver(const Lines& lines) {
  Expected expected;
  std::map<std::string, int64_t> watermarks;
  for (const std::string& line : lines) {
    const std::string net = ValueOf(line, "net");
    const int64_t time = std::atoll(ValueOf(line, "time").c_str());
    const double magnitude = std::atof(ValueOf(line, "mag").c_str());
    int64_t& watermark = watermarks[net];
    watermark = std::max(watermark, time - kDayMs);
    const int64_t close = (time / kDayMs + 1) * kDayMs;
    expected.margin_ms = std::min(expected.margin_ms, std::abs(close - watermark));
    if (close <= watermark) {
      expected.late.push_back(line);
      continue;
    }
    const auto [day, is_new] =
        expected.daily.try_emplace({net, DayOf(time)}, std::pair(0, magnitude));
    day->second.first += 1;
    day->second.second = std::max(day->second.second, magnitude);
  }
  return expected;
}

Daily DailyIn(const std::string& output) {
  Daily daily;
  for (const std::string& line : LinesOf(output)) {
    const auto [day, is_new] =
        daily.try_emplace({ValueOf(line, "net"), ValueOf(line, "window_open")},
                          std::pair(std::atoi(ValueOf(line, "quakes").c_str()),
                                    std::atof(ValueOf(line, "strongest").c_str())));
    EXPECT_TRUE(is_new) << "given twice: " << line;
  }
  return daily;
}

Lines Sorted(Lines lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

class DailyExample : public JobTest {
 protected:
  DailyExample() : expected_(LoopOver(LinesOf(ReadRunfile("examples/data/earthquakes.jsonl")))) {}

  // `options`: of the source.
  std::string Job(const std::string& options = "") const {
    return absl::StrReplaceAll(ReadRunfile("examples/earthquakes_daily.yaml"),
                               {{"file: examples/", Cat("file: ", Runfile("examples/"))},
                                {"earthquakes.jsonl}", Cat("earthquakes.jsonl", options, "}")},
                                {"file: out/", "file: @/"}});
  }
  void ExpectWhatTheLoopSays() {
    EXPECT_EQ(DailyIn(Get("earthquakes_daily.jsonl")), expected_.daily);
    EXPECT_EQ(Sorted(LinesOf(Get("earthquakes_late.jsonl"))), Sorted(expected_.late));
  }

  const Expected expected_;
};

TEST_F(DailyExample, TheLoopHasSomethingToSay) {
  EXPECT_GT(expected_.daily.size(), 50u);
  EXPECT_GT(expected_.late.size(), 100u);
  // Watermarks move on with time while a network is quiet, and a run that is slowed down takes some
  // seconds: no quake comes so near to the close of its day that this could be seen.
  EXPECT_GT(expected_.margin_ms, 60'000);
}

TEST_F(DailyExample, GivesWhatTheLoopSays) {
  ASSERT_EQ(Run(Job()), absl::OkStatus());
  ExpectWhatTheLoopSays();
  // One worker writes late rows as they come.
  EXPECT_EQ(LinesOf(Get("earthquakes_late.jsonl")), expected_.late);
}

TEST_F(DailyExample, ThreeWorkersGiveTheSame) {
  FlowTester::Options options;
  options.workers = 3;
  UseTester(options);
  ASSERT_EQ(Run(Job()), absl::OkStatus());
  ExpectWhatTheLoopSays();
}

TEST_F(DailyExample, CrashesCannotBeSeen) {
  ASSERT_EQ(Start(Job(", rate: 100")), absl::OkStatus());
  for (int i = 1; i <= 400; ++i) {
    tester().Advance(absl::Milliseconds(100));
    if (i % 4 == 0) tester().Commit();
    if (i % 9 == 0) tester().CrashAndResumeWith(i % 2 == 0 ? 3 : 1);
  }
  tester().Commit();
  ExpectWhatTheLoopSays();
}

}  // namespace
}  // namespace tidemark
