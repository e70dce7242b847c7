// Simulation: a whole job, from a seed to a verdict.
//
// The seed picks a flow and its input, sources and sinks (in memory, files or directories of them
// on the simulated disk, or published to a target), whether there are hard links, the number of
// workers, batch sizes, capacities, the memory budget, which worker steps next, when epochs close
// and snapshots are made, how the clock moves, and what goes wrong: kills, power cuts, faults at
// some file operation, a target that does not answer, a wall clock that jumps and a process that is
// stopped for a while (where results do not depend on wall time). After each end the job is opened
// again from the disk, as the command does it, until it has come to its end. In place of a resume
// it is forked from a snapshot or started over, now and then.
//
// What must hold (SEMANTICS, ANCHORS):
//   - the committed output of each sink is that of an undisturbed run of the same flow and input on
//     a store in memory, per key and in order;
//   - an epoch that was committed is there after every end, and so is a snapshot;
//   - a snapshot shares its tables with the store, or nothing where there are no links;
//   - no committed item is read again, each sink sees each epoch once;
//   - what rows are published to stands at a committed epoch: the last one, or the one before it;
//   - a run that fails says what failed in one line, and only when a fault was injected;
//   - the state can be opened again after every end; only behind a fresh start that was cut short
//     it may be refused, until one is not;
//   - a fresh start finds no state, and somebody else's file at an output's place is moved aside;
//   - what simulation_what_if.cc lists: of a start that cannot open a sink, of a path that is
//     another's, of a second program, and of a log that is cut.
//
//   const SimResult result = RunSimulation({.seed = 7});
//   if (!result.violation.empty()) …                       // seed 7 repeats it
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_flow.h"
#include "tests/sim/sim_world.h"

namespace tidemark::sim {

// One bit of a file below the state directory, or of the newest snapshot, which is then restored
// into a directory of its own.
struct Flip {
  std::string path;  // empty: nothing is flipped
  uint64_t offset = 0;
  int bit = 0;
  bool from_snapshot = false;
};

struct SimOptions {
  uint64_t seed = 1;
  PlantedBug bug = PlantedBug::kNone;
  // Exactly this flow.
  std::optional<FlowKind> flow{};
  // Commits of so many bytes are ingested.
  std::optional<size_t> large_commit_bytes{};
  // Nothing else goes wrong but this fault in the first life: for a fault at every operation.
  std::optional<Fault> fault{};
  // Nothing else goes wrong but a kill behind the second epoch, and then this. The job may refuse
  // to go on; if it does not, its output is right.
  std::optional<Flip> flip{};
  // Says what happens, line by line.
  std::function<void(const std::string&)> say{};
};

struct SimResult {
  std::string violation;  // empty: none
  std::string story;      // one line about the run
  uint64_t lives = 0;     // processes
  uint64_t epochs = 0;
  uint64_t faults = 0;            // that met an operation
  uint64_t what_ifs = 0;          // questions that were answered
  std::vector<OpKind> first_ops;  // file operations of the first life
  std::string refused;            // why a job with a flipped bit did not go on; empty: it did
  // What there was to flip: paths and sizes.
  std::vector<std::pair<std::string, uint64_t>> store_files, snapshot_files;
  uint64_t trace = 0;  // of all file operations; the same for the same seed
};

SimResult RunSimulation(const SimOptions& options);

// The command that repeats a seed.
std::string HowToRepeat(uint64_t seed);

}  // namespace tidemark::sim
