// RunWithFault: the real command in a process of its own, in which one call fails.
//
//   const FaultRun run = RunWithFault(place, words, {.call = Call::kSync, .error = EIO, .at = 7});
//   if (run.delivered) ...  // else the program made fewer such calls, and nothing was tested
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/faults/fault_ledger.h"
#include "tests/support/child_process.h"

namespace tidemark::faults {

struct Fault {
  Call call = Call::kWrite;
  int error = 0;           // errno
  uint64_t at = 0;         // from 1; 0: nothing fails, calls are only counted
  bool and_later = false;  // all later calls of the family fail as well
};

// "fsync #7 ENOSPC".
std::string Describe(const Fault& fault);

// The errors that a family of calls is tried with; never empty.
const std::vector<int>& ErrorsOf(Call call);
// "ENOSPC"; such names are those that ErrorsOf() gives.
std::string_view NameOf(int error);
absl::StatusOr<Call> CallOf(std::string_view name);

struct FaultPlace {
  std::string library;    // failing_calls.so
  std::string directory;  // in which the program runs; only calls about what is below it count
  std::string ledger;     // a file for the FaultLedger, outside of `directory`
};

struct FaultRun {
  ChildProcess::End end;
  bool hung = false;  // and was killed
  std::array<uint64_t, kCalls> counts{};
  bool delivered = false;
  std::string function;  // that failed, and what about
  std::string path;
};

FaultRun RunWithFault(const FaultPlace& place, const std::vector<std::string>& words,
                      const Fault& fault);

}  // namespace tidemark::faults
