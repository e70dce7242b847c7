// CheckStandardStream: whether a standard stream can be used as a source or a sink.
//
// A shell or a supervisor may have started the process with standard input or output closed
// (`job <&-`). The command opens an unusable placeholder in its place (base/process_setup.h); this
// check finds it at start, before a state or an output is touched.
#pragma once

#include "absl/status/status.h"

namespace tidemark {

enum class StreamUse { kRead, kWrite };

// NotFound if `fd` is closed, or open only for the other use.
absl::Status CheckStandardStream(int fd, StreamUse use);

}  // namespace tidemark
