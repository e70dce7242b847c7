// RunFlowCase: drives a case through the public API: releases its input batch by batch, moves the
// virtual clock, closes epochs, crashes, and resumes for the next execution.
//
// Behind every release and every move of the clock the flow comes to rest, due timers included.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/conformance/case.h"
#include "tests/conformance/operators.h"
#include "tests/conformance/outcome.h"

namespace tidemark::conformance {

struct FlowRunOptions {
  // Of each execution; the last number serves the executions beyond.
  std::vector<int> workers = {1};
  // The store of the flow: in this directory, and opened again for each execution, or in memory.
  std::string state_directory;
  // The case's own, for files it reads and writes; exists.
  std::string files_directory;
};

// An error says that the case cannot be run as it is: an unknown parameter, a malformed entry. What
// becomes of the run itself, also its failure, is in the outcome.
absl::StatusOr<Outcome> RunFlowCase(const Case& one, const Operator& op,
                                    const FlowRunOptions& options);

}  // namespace tidemark::conformance
