// CheckStandardStream: can a standard stream be used as a source or a sink?
//
// A shell or a supervisor may have started the process with standard input or output closed
// (`job <&-`). The command opens a placeholder in its place (base/process_setup.h), which can be
// used for nothing; this finds it at start, before a state or an output is touched.
#pragma once

#include "absl/status/status.h"

namespace tidemark {

enum class StreamUse { kRead, kWrite };

// NotFound when `fd` is closed, or open for the other use only.
absl::Status CheckStandardStream(int fd, StreamUse use);

}  // namespace tidemark
