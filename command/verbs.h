// The verbs of the command that need no flow, shared by `tidemark` and by every program whose
// main() is tidemark::Main; and the flags of `run`.
//
// Exit codes are those of command/exit_code.h. What a verb borrows outlives it.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/files.h"
#include "command/command.h"
#include "command/command_line.h"
#include "command/run.h"
#include "tidemark/window_values.h"

namespace tidemark {

// Flags of `run` that become RunOptions.
std::vector<FlagSpec> RunFlags();
// Applies the flags that were given to `options`.
absl::Status ApplyRunFlags(const CommandLine& line, RunOptions& options);

Verb SnapshotsVerb(Files& files, const Clock& clock);
// A snapshot on request: of the job that runs there, or of the directory when none does.
Verb SnapshotVerb(Files& files);
// Reads everything; kExitNeedsPerson when anything is damaged.
Verb VerifyVerb(Files& files);
// `values` knows what the windows of some steps make of their rows; may be null.
Verb DumpVerb(Files& files, const WindowValues* values);
// All of these.
std::vector<Verb> StateVerbs(Files& files, const Clock& clock, const WindowValues* values);

}  // namespace tidemark
