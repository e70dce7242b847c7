// Sweeps: one small run, and a fault at each of its file operations, or each of its bits flipped.
//
//   const SweepResult result = FaultAtEveryOp({.one_in = 1});
//   if (!result.violations.empty()) …            // each says how to repeat it
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/sim/simulation.h"

namespace tidemark::sim {

struct SweepOptions {
  // Every so many-th place, from `first` on: 1 is all of them.
  uint64_t one_in = 1;
  uint64_t first = 0;
  uint64_t violations_max = 10;
  // Told once before the first run and behind each: how many are done, of how many.
  std::function<void(uint64_t done, uint64_t total)> progress = [](uint64_t, uint64_t) {};
  // Told before each run where it is: should a check end the process, that is known.
  std::function<void(const std::string& place)> at = [](const std::string&) {};
};

struct SweepResult {
  uint64_t runs = 0;
  uint64_t met = 0;      // faults that met an operation; flips after which the job went on
  uint64_t refused = 0;  // flips after which it did not
  std::vector<std::string> violations;
};

// Three epochs of windows, of a join and of batches, each with small and with large commits: every
// kind of fault at every operation that it can meet.
SweepResult FaultAtEveryOp(const SweepOptions& options);

// A store whose log holds two epochs and whose staging directory holds a leftover, and a snapshot:
// one bit of each of their bytes.
SweepResult FlipEveryByte(const SweepOptions& options);

}  // namespace tidemark::sim
