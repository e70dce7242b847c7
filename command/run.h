// RunFlow: runs a flow the way the command does: opens the state directory, resumes, shows what
// happens, takes snapshots, stops on a signal.
//
// Status goes to standard error, results never do. Returns the process's exit code, see
// command/exit_code.h.
#pragma once

#include "runtime/session_options.h"
#include "tidemark/flow.h"

namespace tidemark {

struct RunOptions : SessionOptions {
  // No status line, no notes.
  bool quiet = false;
};

// Everything outlives the call.
using RunContext = Machine;

int RunFlow(const Flow& flow, const RunOptions& options, const RunContext& context);

}  // namespace tidemark
