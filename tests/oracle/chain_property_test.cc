// Goal: windows over windows under other keys lose nothing and close in time (SEMANTICS §3.1,
// Through steps), with one to four workers, whatever was read first, restarted, ended and
// continued. Method: each stream is a script (chain_script.h), played by the engine and by a model
// that shares no code with it (chain_oracle.h); after every event the rows of every step are
// compared: results in order on one worker and per key on several, late rows, and how many the job
// counts.
//
// Stream n of a run has the seed TM_SEED + n. Repeat one, or run many:
//   bazel test //tests/oracle:chain_property_test --test_env=TM_SEED=… --test_env=TM_STREAMS=1
//   bazel test //tests/oracle:chain_property_test --test_env=TM_STREAMS=100000 --test_timeout=7200

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <string>

#include "tests/oracle/chain_engine.h"
#include "tests/oracle/chain_script.h"
#include "tests/support/test_seed.h"

namespace tidemark::oracle {
namespace {

constexpr uint64_t kStreamsByDefault = 3'000;

std::string HowToRepeatChain(uint64_t seed) {
  return "repeat with: bazel test //tests/oracle:chain_property_test --test_env=TM_SEED=" +
         std::to_string(seed) + " --test_env=TM_STREAMS=1";
}

// A failed check ends the process: the seed must be known then, too.
volatile uint64_t seed_at_work = 0;
void PrintSeed(int) {
  std::fprintf(stderr, "%s\n", HowToRepeatChain(seed_at_work).c_str());
  std::signal(SIGABRT, SIG_DFL);
}

std::string Shrunk(const ChainScript& script) {
  const ChainScript small = ShrinkChain(
      script, [](const ChainScript& s) { return CompareChains(s, NewChainEngine).has_value(); });
  return Describe(small) + CompareChains(small, NewChainEngine).value_or("");
}

TEST(ChainProperty, WindowsOverWindowsAgreeWithTheModel) {
  std::signal(SIGABRT, PrintSeed);
  const uint64_t first = TestSetting("TM_SEED", 1);
  const uint64_t streams = TestSetting("TM_STREAMS", kStreamsByDefault);
  const uint64_t failures_max = TestSetting("TM_FAILURES", 1);
  uint64_t failures = 0;
  for (uint64_t seed = first; seed < first + streams && failures < failures_max; ++seed) {
    seed_at_work = seed;
    const ChainScript script = RandomChain(seed);
    if (CompareChains(script, NewChainEngine)) {
      ++failures;
      ADD_FAILURE() << "stream " << seed << ", shrunk:\n"
                    << Shrunk(script) << HowToRepeatChain(seed);
    }
  }
  std::fprintf(stderr, "%llu streams from seed %llu\n", static_cast<unsigned long long>(streams),
               static_cast<unsigned long long>(first));
}

}  // namespace
}  // namespace tidemark::oracle
