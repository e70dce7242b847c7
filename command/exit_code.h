// Exit codes of every verb: what the caller should do next.
//
//   0  success, including a stop by signal
//   1  failed: the same command may be retried once the named cause is gone
//   2  wrong use: the command or the job file has to be changed
//   3  needs human attention: refused state or input, or damage; a retry would fail the same way
//   128 + N  ended at once by signal N
#pragma once

#include "absl/status/status.h"

namespace tidemark {

inline constexpr int kExitFine = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNeedsPerson = 3;

// For errors found before anything has started; the status code determines the exit code.
inline int ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitFine;
    case absl::StatusCode::kInvalidArgument:
      return kExitUsage;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kUnimplemented:  // a kind of input, or a state of a newer version
      return kExitNeedsPerson;
    default:
      return kExitFailed;
  }
}

// For a run in progress: input that the run refuses is not a mistake in the command, and the same
// command would be refused again. The message names the flag, or the correction to the input, with
// which it can be retried.
inline int ExitCodeOfRun(const absl::Status& status) {
  return absl::IsInvalidArgument(status) ? kExitNeedsPerson : ExitCodeOf(status);
}

}  // namespace tidemark
