// Isolated: calls a function in a process of its own and gives back the text it returns.
//
// A case may fail a check of ours or run for ever; that is its failure and must not be the end of
// all others.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace tidemark::conformance {

// An error says which signal ended the process. Requires: the calling process has one thread.
absl::StatusOr<std::string> Isolated(int seconds_max, const std::function<std::string()>& work);

}  // namespace tidemark::conformance
