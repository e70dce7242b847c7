// TestSeed and TestSetting: what is random or long in a test, and how it is repeated.
//
//   const uint64_t seed = TestSeed();
//   SCOPED_TRACE(HowToRepeat(seed));
//   for (uint64_t n = 0; n < TestSetting("TM_STREAMS", 1000); ++n) …
//
//   bazel test //state:run_test --test_env=TM_SEED=4711
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/random.h"

namespace tidemark {

// The number in this environment variable, if it is set.
inline uint64_t TestSetting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

// TM_SEED, or one that no run had before.
inline uint64_t TestSeed() {
  return std::getenv("TM_SEED") != nullptr ? TestSetting("TM_SEED", 0) : FreshSeed();
}

inline std::string HowToRepeat(uint64_t seed) {
  return "repeat with --test_env=TM_SEED=" + std::to_string(seed);
}

}  // namespace tidemark
