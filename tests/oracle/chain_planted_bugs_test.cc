// Goal: the comparison of chains would find an engine that hands on watermarks wrongly. Method: in
// the place of the engine stands one in miniature (chain_stand_in.h), which agrees with the model
// on every random stream; with one bug planted it must not.
//
// Stream n has the seed TM_SEED + n (default 1).

#include <gtest/gtest.h>

#include <string>

#include "tests/oracle/chain_script.h"
#include "tests/oracle/chain_stand_in.h"
#include "tests/support/test_seed.h"

namespace tidemark::oracle {
namespace {

ChainFactory StandIn(ChainBug bug) {
  return [bug](const ChainScript& script) { return NewChainStandIn(script, bug); };
}

TEST(ChainStandIn, AgreesWithTheModelWhateverTheOrderOfDeliveries) {
  const uint64_t first = TestSetting("TM_SEED", 1);
  for (uint64_t seed = first; seed < first + TestSetting("TM_STREAMS", 1'000); ++seed) {
    const ChainScript script = RandomChain(seed);
    const auto difference = CompareChains(script, StandIn(ChainBug::kNone));
    ASSERT_FALSE(difference.has_value()) << "stream " << seed << "\n"
                                         << Describe(script) << *difference << HowToRepeat(seed);
  }
}

struct PlantedInChain {
  ChainBug bug;
  const char* name;
};

class ChainBugTest : public ::testing::TestWithParam<PlantedInChain> {};

TEST_P(ChainBugTest, IsFound) {
  constexpr uint64_t kStreamsMax = 1000;
  const uint64_t first = TestSetting("TM_SEED", 1);
  for (uint64_t seed = first; seed < first + kStreamsMax; ++seed) {
    if (CompareChains(RandomChain(seed), StandIn(GetParam().bug))) {
      RecordProperty("found_in_stream", static_cast<int>(seed));
      return;
    }
  }
  FAIL() << "not found in " << kStreamsMax << " streams\n" << HowToRepeat(first);
}

INSTANTIATE_TEST_SUITE_P(
    ChainProperty, ChainBugTest,
    ::testing::Values(PlantedInChain{ChainBug::kGreatestOverWorkers, "GreatestOverWorkers"},
                      PlantedInChain{ChainBug::kMarkBeforeResults, "MarkBeforeResults"},
                      PlantedInChain{ChainBug::kMarkWithResultsOnly, "MarkWithResultsOnly"},
                      PlantedInChain{ChainBug::kNotHeldBack, "NotHeldBackByLength"},
                      PlantedInChain{ChainBug::kSessionNotHeldBack, "SessionNotHeldBack"},
                      PlantedInChain{ChainBug::kEndKeyByKey, "EndKeyByKey"},
                      PlantedInChain{ChainBug::kEndOfFirstWorker, "EndOfFirstWorker"},
                      PlantedInChain{ChainBug::kResumedWatermarkLost, "ResumedWatermarkLost"},
                      PlantedInChain{ChainBug::kIdlePerWorker, "IdlePerWorker"},
                      PlantedInChain{ChainBug::kIdleNotHandedOn, "IdleNotHandedOn"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace tidemark::oracle
