// The verbs of the command, shared by `tidemark` and by every program whose main() is
// tidemark::Main.
//
// Each gets the words behind its name and returns an exit code: 0 fine, 1 failed, 2 wrong use.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/files.h"
#include "tidemark/command_line.h"
#include "tidemark/run.h"

namespace tidemark {

using Words = std::vector<std::string>;

// Flags of `run` that become RunOptions.
std::vector<FlagSpec> RunFlags();
// Applies the flags that were given to `options`.
absl::Status ApplyRunFlags(const CommandLine& line, RunOptions& options);

int SnapshotsVerb(const Words& words, Files& files, const Clock& clock);
// A snapshot on request: of the job that runs there, or of the directory when none does.
int SnapshotVerb(const Words& words, Files& files);
// Reads everything; 1 when anything is damaged.
int VerifyVerb(const Words& words, Files& files);
int DumpVerb(const Words& words, Files& files);

// Prints "tidemark: <message>" on standard error; returns `code`.
int Complain(const absl::Status& status, int code);

}  // namespace tidemark
