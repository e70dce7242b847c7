#include "command/terminal.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_split.h"
#include "base/places.h"
#include "base/printable.h"
#include "base/status.h"
#include "command/exit_code.h"

namespace tidemark {
namespace {

// Standard error has no buffer, so a line is one write and does not mix with those of others.
void PutError(const std::string& lines) { std::fwrite(lines.data(), 1, lines.size(), stderr); }

// 0: the reason is not known.
absl::Status OutputError(int error) {
  if (error == EPIPE) return absl::CancelledError("standard output was closed");
  return absl::UnavailableError(Cat("standard output: cannot write", error == 0 ? "" : ": ",
                                    error == 0 ? "" : strerror(error)));
}

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
  errno = 0;
  if (std::fwrite(printable.data(), 1, printable.size(), stdout) == printable.size()) {
    return absl::OkStatus();
  }
  return OutputError(errno);
}

int FinishOutput(const absl::Status& status) {
  errno = 0;
  const bool failed = std::fflush(stdout) != 0;
  // A verb may have ignored it when the buffer was written, which then has no reason any more.
  const absl::Status output = failed                ? OutputError(errno)
                              : std::ferror(stdout) ? OutputError(0)
                                                    : absl::OkStatus();
  // A reader that went away knows that it did.
  if (absl::IsCancelled(status) || absl::IsCancelled(output)) return kExitFailed;
  if (!status.ok()) return Complain(status);
  return output.ok() ? kExitFine : Complain(output);
}

}  // namespace tidemark
