#include "command/terminal.h"

#include <cstdio>

#include "absl/strings/str_split.h"
#include "base/places.h"
#include "base/printable.h"
#include "base/status.h"
#include "command/exit_code.h"

namespace tidemark {
namespace {

// Standard error has no buffer, so a line is one write and does not mix with those of others.
void PutError(const std::string& lines) { std::fwrite(lines.data(), 1, lines.size(), stderr); }

}  // namespace

std::string MessageLine(std::string_view message) {
  return Cat("tidemark: ", Printable(message), "\n");
}

void PutMessage(std::string_view message) { PutError(MessageLine(message)); }

void PutPlaced(std::string_view line) { PutError(Cat(Printable(line), "\n")); }

int Complain(const absl::Status& status, int code) {
  if (!HasPlaces(status)) {
    PutMessage(ToStd(status.message()));
    return code;
  }
  std::string lines;
  for (const absl::string_view line : absl::StrSplit(status.message(), '\n')) {
    lines += Cat(Printable(ToStd(line)), "\n");
  }
  PutError(lines);
  return code;
}

int Complain(const absl::Status& status) { return Complain(status, ExitCodeOf(status)); }

absl::Status PutLine(std::string_view line) {
  const std::string printable = Cat(Printable(line), "\n");
  if (std::fwrite(printable.data(), 1, printable.size(), stdout) != printable.size()) {
    return absl::CancelledError("standard output was closed");
  }
  return absl::OkStatus();
}

int FinishOutput(const absl::Status& status) {
  if (std::fflush(stdout) != 0 || absl::IsCancelled(status)) return kExitFailed;
  return status.ok() ? kExitFine : Complain(status);
}

}  // namespace tidemark
