#include "engine/windowing/lateness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"

namespace tidemark {
namespace {

TEST(Lateness, CountsItemsRowsAndHowLate) {
  LatenessRecord lateness;
  CountLate(lateness, "a", {.rows = 1, .late_by = Span::Micros(1)});
  CountLate(lateness, "a", {.rows = 3, .late_by = Span::Seconds(1)});
  CountLate(lateness, "b", {.rows = 1, .late_by = Span::Micros(1'000'001)});
  CountLate(lateness, "c", {.rows = 1, .late_by = Span::Seconds(3'000'000'000)});
  EXPECT_EQ(lateness.items, 4u);
  EXPECT_EQ(lateness.rows, 6u);
  EXPECT_EQ(lateness.histogram[0].items, 2u) << "up to a second, the bound included";
  EXPECT_EQ(lateness.histogram[1].items, 1u);
  EXPECT_EQ(lateness.histogram.back().items, 1u);
  ASSERT_EQ(lateness.samples.size(), 3u);
  EXPECT_EQ(lateness.samples[0].key, "c");
  EXPECT_EQ(lateness.samples[2].key, "a");
  EXPECT_EQ(lateness.samples[2].late_by, Span::Seconds(1));
}

// Any split over workers and epochs gives the same totals and the same samples.
TEST(Lateness, DoesNotDependOnWhoCounted) {
  Random random(99);
  for (int round = 0; round < 50; ++round) {
    LatenessRecord whole;
    std::vector<LatenessRecord> parts(3);
    std::map<std::string, Span> worst;
    for (int i = 0; i < 200; ++i) {
      const std::string key = std::to_string(random.Below(30));
      const Span late_by = Span::Seconds(static_cast<int64_t>(random.Below(1'000'000)));
      const LateItem item{.rows = 1 + random.Below(4), .late_by = late_by};
      CountLate(whole, key, item);
      CountLate(parts[random.Below(3)], key, item);
      worst[key] = std::max(worst[key], late_by);
    }
    LatenessRecord merged;
    for (const LatenessRecord& part : parts) MergeLateness(merged, part);
    EXPECT_EQ(merged, whole);
    std::vector<LatenessRecord::Sample> expected;
    for (const auto& [key, late_by] : worst) expected.push_back({key, late_by});
    std::stable_sort(expected.begin(), expected.end(),
                     [](const auto& a, const auto& b) { return a.late_by > b.late_by; });
    expected.resize(kLateSamples);
    EXPECT_EQ(merged.samples, expected);
  }
}

}  // namespace
}  // namespace tidemark
