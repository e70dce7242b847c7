// ExplainFlow: how a start of this flow would treat a state, without starting anything.
//
//   out/job.state: epoch 10 of flow 'job', committed 2026-11-22T11:20:33.787323Z
//   step 'batch': kept, 2 keys
//   source 'source' (file in.jsonl):
//     file: goes on from line 121, 2,840 bytes to read
//   sink 'sink' (file out/job.jsonl): goes on behind 2,340 bytes; what is behind them is cut off
//   the run resumes behind epoch 10
//
// Prints to standard output. Returns 0 if the run would resume, otherwise the exit code with which
// it would be refused (the last line says why; command/exit_code.h).
#pragma once

#include <string>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/files.h"
#include "tidemark/flow.h"

namespace tidemark {

// `directory`: a state directory, even of a running job, or a snapshot.
int ExplainFlow(const Flow& flow, const std::string& directory, Files& files, const Clock& clock);

// The reason why a start with this state directory, which need not exist, would be refused for one
// of its outputs, for example because another job owns it. Also OK if that cannot be determined
// now.
absl::Status CheckOutputs(const Flow& flow, const std::string& state_directory, Files& files);

}  // namespace tidemark
