// What a seed decides once for a whole simulation: flow, input, ends, and how the world goes on.
// Only for simulation*.cc.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/timestamp.h"
#include "tests/sim/sim_disk.h"
#include "tests/sim/simulation.h"

namespace tidemark::sim {

inline constexpr char kStateDirectory[] = "/disk/state";  // and state1 … for forks
inline constexpr char kInputFile[] = "/disk/in.txt";
inline constexpr char kInputDirectory[] = "/disk/in";  // with p0.txt …
inline std::string OutputFile(const std::string& sink) { return "/disk/out/" + sink + ".txt"; }
inline constexpr int kOutputFiles = 3;  // of a directory
inline std::string OutputDirectory(const std::string& sink) { return "/disk/out/" + sink; }

// Input that comes in one go, behind a move of the clock.
struct Segment {
  Span advance;
  std::vector<size_t> visible;
};

enum class SinkKind {
  kMemory,  // SimSink, which is cut back
  kFile,    // lines on the simulated disk
  kTarget,  // SimPublisher
  kDirectory,
};
inline constexpr int kSinkKinds = 4;

struct Setup {
  FlowSpec flow;
  std::vector<std::vector<std::string>> items;  // by partition
  std::vector<Segment> segments;
  bool file_source = false;
  bool dir_source = false;  // a file for each partition; file_source, too
  std::map<std::string, SinkKind> sinks;
  bool foreign_output = false;  // somebody else's file lies where `out` is to be
  bool clock_jumps = false;     // the wall clock alone
  bool pauses = false;          // both clocks go on, and nothing runs
  size_t large_commit_bytes = 0;
  HardLinks hard_links = HardLinks::kAny;
  uint64_t lives_with_trouble = 0;
  std::string Describe() const;
};

Setup RandomSetup(Random& random, const SimOptions& options);

// The sinks' committed lines.
using Outputs = std::map<std::string, std::vector<std::string>>;
// Of one run that nothing disturbs, with one worker, on a store in memory.
absl::StatusOr<Outputs> RunUndisturbed(const Setup& setup);
// Of windows over windows, computed from the items alone (FlowKind::kWindowChain). The undisturbed
// run must agree: a watermark that is handed on wrongly would be wrong in both runs.
Outputs ChainOutputs(const Setup& setup);
// Says where a sink's lines differ, per key and in order; empty: nowhere.
std::string Difference(const Outputs& expected, const Outputs& actual);

}  // namespace tidemark::sim
