// Exit codes of every verb: what whoever started it should do next.
//
//   0  fine, a stop by signal included
//   1  failed: the same command may be tried again, once what the message names has gone
//   2  wrong use: the command or the job file has to be changed
//   3  needs a person: refused state or input, or damage; the same command would say the same again
//   128 + N  ended at once by signal N
#pragma once

#include "absl/status/status.h"

namespace tidemark {

inline constexpr int kExitFine = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNeedsPerson = 3;

// Of what is found before anything has started; what a status means is what its code says.
inline int ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitFine;
    case absl::StatusCode::kInvalidArgument:
      return kExitUsage;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kDataLoss:
      return kExitNeedsPerson;
    default:
      return kExitFailed;
  }
}

// Of a run that was going on: what it does not take of its input is no mistake of the command. The
// message names the flag, or the mend of the input, with which it can be tried again.
inline int ExitCodeOfRun(const absl::Status& status) {
  return absl::IsInvalidArgument(status) ? kExitFailed : ExitCodeOf(status);
}

}  // namespace tidemark
