// KeyedStates against a model (keyed_states_world.h), at random.

#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <string>

#include "base/random.h"
#include "base/status.h"
#include "state/keyed_states_world.h"
#include "tests/support/test_seed.h"

namespace tidemark {
namespace {

// Many rounds with a world each; `rounds` seeds are derived from one.
void RunWorlds(const Setting& setting, int rounds, int operations) {
  const uint64_t seed = TestSeed();
  std::map<std::string, int> counts;
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE(testing::Message() << "TM_SEED=" << seed << ", round " << round);
    World world(seed + static_cast<uint64_t>(round) * 0x9e3779b97f4a7c15u, setting);
    world.Run(operations);
    if (!testing::Test::HasFailure()) world.Drain();
    if (testing::Test::HasFailure()) return;
    for (const auto& [what, count] : world.counts()) counts[what] += count;
  }
  std::string text;
  for (const auto& [what, count] : counts) text += Cat(" ", what, " ", count);
  std::printf("seed %llu:%s\n", static_cast<unsigned long long>(seed), text.c_str());
}

TEST(KeyedStatesProperty, EverythingStaysHot) { RunWorlds({}, 60, 3000); }

TEST(KeyedStatesProperty, NothingCleanStaysHot) { RunWorlds({.budget_bytes = 1}, 60, 3000); }

TEST(KeyedStatesProperty, SomeKeysAreEvicted) {
  RunWorlds({.keys = 100, .workers_max = 4, .budget_bytes = 4000, .cheap_size = false}, 30, 3000);
}

TEST(KeyedStatesProperty, TheClockStepsBackBetweenRuns) {
  RunWorlds({.budget_bytes = 3000, .time_steps_back = true}, 60, 3000);
}

TEST(KeyedStatesProperty, AllTimesAreEqualOrNearlySo) {
  RunWorlds({.keys = 60, .budget_bytes = 1, .time_grain = 200}, 40, 3000);
}

TEST(KeyedStatesProperty, ASweepTakesFewRowsInOneGo) {
  RunWorlds({.keys = 60, .budget_bytes = 1, .sweep_rows_max = 2}, 60, 3000);
  RunWorlds({.keys = 60, .budget_bytes = 4000, .time_grain = 100, .sweep_rows_max = 1}, 60, 3000);
}

// More rows are due at once than one sweep takes from the index.
TEST(KeyedStatesProperty, ManyKeysAreDueAtOnce) {
  RunWorlds({.keys = 3000, .workers_max = 2, .budget_bytes = 1, .time_grain = 100}, 2, 3000);
}

}  // namespace
}  // namespace tidemark
