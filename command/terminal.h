// The door through which everything goes that the command says: lines, and never bytes as they
// came.
//
//   PutMessage("step 'batch': in.jsonl:7: …");      // tidemark: step 'batch': …   (standard error)
//   PutLine("  hv: 3 items");                       // standard output
//
// A message is one line, whatever is quoted in it: base/printable.h makes it so. It begins with
// "tidemark: ", but for what is wrong with a text that somebody wrote, which begins with the place
// in that text on every line, as a compiler's does: editors go there.
//
// Results of a job never come through here: standard output as a sink belongs to connectors/.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tidemark {

// "tidemark: …" with its end of line.
std::string MessageLine(std::string_view message);
// To standard error, in one write.
void PutMessage(std::string_view message);
// To standard error, a line that begins with its place in a text: a warning about a job file.
void PutPlaced(std::string_view line);
// The message of `status`; if it is that of Problems (jobs/problems.h), a line for each, place
// first. Returns `code`, the process's exit code.
int Complain(const absl::Status& status, int code);
// The same with the exit code of a status (command/exit_code.h).
int Complain(const absl::Status& status);

// One line to standard output. Cancelled when nobody reads it any more.
absl::Status PutLine(std::string_view line);
// Of a verb that printed: flushes, complains, and gives the exit code. A reader that went away ends
// it quietly.
int FinishOutput(const absl::Status& status);

}  // namespace tidemark
