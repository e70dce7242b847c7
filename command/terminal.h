// The only path for the command's output to people: complete lines, with control bytes escaped.
//
//   PutMessage("step 'batch': in.jsonl:7: …");      // tidemark: step 'batch': …   (standard error)
//   PutLine("  hv: 3 items");                       // standard output
//
// A message is one line, whatever it quotes: base/printable.h ensures that. It begins with
// "tidemark: ", except for mistakes in a user's text, where every line begins with its position in
// that text, like a compiler's, so that editors can jump to it.
//
// Results of a job do not use this path: standard output as a sink belongs to connectors/.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tidemark {

// "tidemark: …" with its end of line.
std::string MessageLine(std::string_view message);
// To standard error, in one write.
void PutMessage(std::string_view message);
// To standard error, a line that begins with its position in a text: a warning about a job file.
void PutPlaced(std::string_view line);
// The message of `status`; if it comes from Problems (jobs/problems.h), one line for each problem,
// position first. Returns `code`, the process's exit code.
int Complain(const absl::Status& status, int code);
// The same with the exit code of a status (command/exit_code.h).
int Complain(const absl::Status& status);

// One line to standard output. Cancelled if the reader has closed it; Unavailable if it cannot be
// written for another reason, such as a full disk.
absl::Status PutLine(std::string_view line);
// For a verb that printed: flushes, reports an error, also of the output itself, and returns the
// exit code. A reader that closed its end finishes the verb without a message.
int FinishOutput(const absl::Status& status);

}  // namespace tidemark
