// Runner: a folder of cases, each with its numbers of workers, and what to print about them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/conformance/case.h"

namespace tidemark::conformance {

struct Verdict {
  enum class Kind { kPassed, kFailed, kNotSupported };
  Kind kind = Kind::kPassed;
  // Of a failure: the differences, then the expectation and the result; several lines.
  std::string text;
};

struct RunnerOptions {
  // emit_at is compared as well.
  bool emit_at = false;
  // Only cases whose name contains this.
  std::string only;
  // Each run in a process of its own, so that one that crashes or hangs fails and the rest goes on.
  bool isolate = true;
};

// The numbers of workers of each run of a case: one and three, or what `params.workers` says.
std::vector<std::vector<int>> WorkersOf(const Case& one);
// "3 workers", "3, 5, 1 workers".
std::string WorkersText(const std::vector<int>& workers);

Verdict RunCase(const Case& one, const std::vector<int>& workers, const RunnerOptions& options);

// Prints what failed and what is not supported, then "N passed, N failed". A file that cannot be
// read is a failure; a folder that cannot be, or holds no cases, is an error. True when nothing
// failed.
absl::StatusOr<bool> RunFolder(const std::string& folder, const RunnerOptions& options,
                               const std::function<void(const std::string& line)>& print);

}  // namespace tidemark::conformance
