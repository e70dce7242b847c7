// A directory for one run of the benchmarks that is gone afterwards, whatever happens to the run.
//
// State directories are large (a million keys) and a benchmark is what people interrupt. So the
// work is done in a child process, and its parent does nothing but wait and remove: after the end,
// after a failed check, after Ctrl-C or `kill`. Only kill -9 of the parent leaves the directory
// behind.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace tidemark::bench {

// Makes a directory in `parent`, calls `work` with it in a child process, removes it. Returns the
// exit code of `work`, or 128 + the signal that ended it. Requires that this process has one
// thread.
absl::StatusOr<int> RunInScratchDirectory(
    const std::string& parent, const std::function<int(const std::string& directory)>& work);

}  // namespace tidemark::bench
