// States in pieces against a model (pieces_world.h), at random.

#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <string>

#include "base/status.h"
#include "state/pieces_world.h"
#include "tests/support/test_seed.h"

namespace tidemark {
namespace {

void RunWorlds(size_t budget_bytes, int rounds, int operations) {
  const uint64_t seed = TestSeed();
  std::map<std::string, uint64_t> counts;
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE(testing::Message() << "TM_SEED=" << seed << ", round " << round);
    PiecesWorld world(seed + static_cast<uint64_t>(round) * 0x9e3779b97f4a7c15u, budget_bytes);
    world.Run(operations);
    if (!testing::Test::HasFailure()) world.Drain();
    if (testing::Test::HasFailure()) return;
    for (const auto& [what, count] : world.counts()) counts[what] += count;
  }
  std::string text;
  for (const auto& [what, count] : counts) text += Cat(" ", what, " ", count);
  std::printf("seed %llu:%s\n", static_cast<unsigned long long>(seed), text.c_str());
  EXPECT_GT(counts["rows"], 1000u) << "states were too small to be in pieces";
  EXPECT_GT(counts["replaced"], 100u);
  EXPECT_GT(counts["crash"], 10u);
}

TEST(PiecesProperty, EverythingStaysHot) { RunWorlds(size_t{1} << 30, 30, 3000); }

TEST(PiecesProperty, NothingCleanStaysHot) { RunWorlds(1, 30, 3000); }

TEST(PiecesProperty, SomeKeysAreEvicted) { RunWorlds(60'000, 30, 3000); }

}  // namespace
}  // namespace tidemark
