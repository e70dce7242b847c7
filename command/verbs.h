// The verbs of the command that need no flow, shared by `tidemark` and by every program whose
// main() is tidemark::Main; and the flags of `run`.
//
// Exit codes are listed in command/exit_code.h. Objects that a verb borrows outlive it.
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
// Applies the given flags to `options`.
absl::Status ApplyRunFlags(const CommandLine& line, RunOptions& options);

Verb SnapshotsVerb(Files& files, const Clock& clock);
// A snapshot on request: by the running job, or directly from the directory if none runs.
Verb SnapshotVerb(Files& files);
// Reads everything; kExitNeedsPerson if anything is damaged.
Verb VerifyVerb(Files& files);
// `values` interprets the stored windows of some steps; may be null.
Verb DumpVerb(Files& files, const WindowValues* values);
// All of these.
std::vector<Verb> StateVerbs(Files& files, const Clock& clock, const WindowValues* values);

}  // namespace tidemark
