// ExplainFlow: what a start of this flow would make of a state, without starting anything.
//
//   out/job.state: epoch 10 of flow 'job', committed 2026-11-22T11:20:33.787323Z
//   step 'batch': kept, 2 keys
//   source 'source' (file in.jsonl):
//     file: goes on from line 121, 2,840 bytes to read
//   sink 'sink' (file out/job.jsonl): goes on behind 2,340 bytes; what is behind them is cut off
//   the run resumes behind epoch 10
//
// Prints to standard output. Returns the exit code: 0 when the run would go on, else that of
// what would refuse it (the last line says why; command/exit_code.h).
#pragma once

#include <string>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/files.h"
#include "tidemark/flow.h"

namespace tidemark {

// `directory`: a state directory, also of a running job, or a snapshot.
int ExplainFlow(const Flow& flow, const std::string& directory, Files& files, const Clock& clock);

// Why a start with this state directory, which need not be there, would be refused for one of its
// outputs: another job's, say. OK too when that cannot be told now.
absl::Status CheckOutputs(const Flow& flow, const std::string& state_directory, Files& files);

}  // namespace tidemark
