// Goal: the engine does what SEMANTICS says, on random streams: out of order, in bursts, with equal
// timestamps, idle, restarted, ended and continued, cut into batches anywhere, on one worker and on
// three. Method: each stream is a script (script.h), played by the engine and by a model that
// shares no code with it (window_oracle.h); after every event their rows are compared, in order on
// one worker and per key on three.
//
// Stream n of a run has the seed TM_SEED + n. Repeat one, or run many:
//   bazel test //tests/oracle:window_property_test --test_env=TM_SEED=… --test_env=TM_STREAMS=1
//   bazel test //tests/oracle:window_property_test --test_env=TM_STREAMS=100000 --test_timeout=7200

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <string>

#include "tests/oracle/buggy_engine.h"
#include "tests/oracle/engine_player.h"
#include "tests/oracle/script.h"
#include "tests/support/test_seed.h"

namespace tidemark::oracle {
namespace {

constexpr uint64_t kStreamsByDefault = 15'000;

std::string HowToRepeat(uint64_t seed) {
  return "repeat with: bazel test //tests/oracle:window_property_test --test_env=TM_SEED=" +
         std::to_string(seed) + " --test_env=TM_STREAMS=1 --test_filter=*AgreesWithTheModel";
}

// A failed check ends the process: the seed must be known then, too.
volatile uint64_t seed_at_work = 0;
void PrintSeed(int) {
  std::fprintf(stderr, "%s\n", HowToRepeat(seed_at_work).c_str());
  std::signal(SIGABRT, SIG_DFL);
}

std::string Shrunk(const Script& script) {
  const Script small =
      Shrink(script, [](const Script& s) { return Compare(s, NewEnginePlayer).has_value(); });
  return Describe(small) + Compare(small, NewEnginePlayer).value_or("");
}

TEST(WindowProperty, TheEngineAgreesWithTheModel) {
  std::signal(SIGABRT, PrintSeed);
  const uint64_t first = TestSetting("TM_SEED", 1);
  const uint64_t streams = TestSetting("TM_STREAMS", kStreamsByDefault);
  const uint64_t failures_max = TestSetting("TM_FAILURES", 1);
  uint64_t failures = 0;
  for (uint64_t seed = first; seed < first + streams && failures < failures_max; ++seed) {
    seed_at_work = seed;
    const Script script = RandomScript(seed);
    if (const auto difference = Compare(script, NewEnginePlayer)) {
      ++failures;
      ADD_FAILURE() << "stream " << seed << ", shrunk:\n" << Shrunk(script) << HowToRepeat(seed);
    }
  }
  if (failures == 0)
    std::fprintf(stderr, "%llu streams from seed %llu\n", static_cast<unsigned long long>(streams),
                 static_cast<unsigned long long>(first));
}

// They found something once; that a generator changes makes them others, and does no harm.
TEST(WindowProperty, StreamsThatFailedOnce) {
  for (const uint64_t seed : {uint64_t{1042071}}) {
    const auto difference = Compare(RandomScript(seed), NewEnginePlayer);
    EXPECT_FALSE(difference.has_value()) << "stream " << seed << ": " << *difference;
  }
}

// A model that is wrong in one respect disagrees with the engine soon: so the property test would
// find an engine that is wrong in that respect.
struct Planted {
  Mutant mutant;
  const char* name;
  uint64_t streams_max;
};

class PlantedBug : public ::testing::TestWithParam<Planted> {};

TEST_P(PlantedBug, IsFound) {
  for (uint64_t n = 1; n <= GetParam().streams_max; ++n) {
    Script script = RandomScript(n);
    script.on_disk = false;
    if (Compare(script, NewEnginePlayer)) continue;  // That is for the other test to say.
    script.step.window.mutant = script.step.batch.mutant = GetParam().mutant;
    if (Compare(script, NewEnginePlayer)) {
      RecordProperty("found_in_stream", static_cast<int>(n));
      return;
    }
  }
  FAIL() << "not found in " << GetParam().streams_max << " streams";
}

INSTANTIATE_TEST_SUITE_P(
    WindowProperty, PlantedBug,
    ::testing::Values(Planted{Mutant::kCloseExclusive, "CloseExclusive", 1000},
                      Planted{Mutant::kLateAtWatermark, "LateAtWatermark", 1000},
                      Planted{Mutant::kLateForAllWindows, "LateForAllWindows", 1000},
                      Planted{Mutant::kMergeKeepsLater, "MergeKeepsLater", 1000},
                      Planted{Mutant::kMergedIdsDirectOnly, "MergedIdsDirectOnly", 1000},
                      Planted{Mutant::kSessionClosesAtGap, "SessionClosesAtGap", 1000},
                      Planted{Mutant::kDownTimeMovesWatermark, "DownTimeMovesWatermark", 1000},
                      Planted{Mutant::kEqualTimestampsReversed, "EqualTimestampsReversed", 1000},
                      Planted{Mutant::kKeepWatermarkIgnored, "KeepWatermarkIgnored", 1000},
                      Planted{Mutant::kLateItemProlongs, "LateItemProlongs", 1000},
                      Planted{Mutant::kEndForgetsWatermark, "EndForgetsWatermark", 1000},
                      Planted{Mutant::kWatermarkFollowsNewest, "WatermarkFollowsNewest", 1000},
                      Planted{Mutant::kDivisionTruncates, "DivisionTruncates", 1000},
                      Planted{Mutant::kMaxWaitFromNewest, "MaxWaitFromNewest", 1000},
                      Planted{Mutant::kJoinMergeReversed, "JoinMergeReversed", 1000}),
    [](const auto& info) { return std::string(info.param.name); });

// The other way round: an engine that is wrong in one respect (buggy_engine.h) is found out.
struct PlantedInEngine {
  EngineBug bug;
  const char* name;
};

class EngineBugTest : public ::testing::TestWithParam<PlantedInEngine> {};

TEST_P(EngineBugTest, IsFound) {
  constexpr uint64_t kStreamsMax = 1000;
  const auto buggy = [](const Script& script) { return NewBuggyPlayer(GetParam().bug, script); };
  for (uint64_t n = 1; n <= kStreamsMax; ++n) {
    if (Compare(ForBug(RandomScript(n), GetParam().bug), buggy)) {
      RecordProperty("found_in_stream", static_cast<int>(n));
      return;
    }
  }
  FAIL() << "not found in " << kStreamsMax << " streams";
}

INSTANTIATE_TEST_SUITE_P(
    WindowProperty, EngineBugTest,
    ::testing::Values(PlantedInEngine{EngineBug::kWindowOutlivesItsClose, "WindowOutlivesItsClose"},
                      PlantedInEngine{EngineBug::kSessionClosesAtGap, "SessionClosesAtGap"},
                      PlantedInEngine{EngineBug::kEndForgetsWatermark, "EndForgetsWatermark"},
                      PlantedInEngine{EngineBug::kDownTimeMovesWatermark, "DownTimeMovesWatermark"},
                      PlantedInEngine{EngineBug::kWatermarkFollowsNewest, "WatermarkFollowsNewest"},
                      PlantedInEngine{EngineBug::kWakesLate, "WakesLate"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace tidemark::oracle
