// FaultTrial: one job in a directory of its own, disturbed again and again from the same beginning.
//
//   FaultTrial trial({.program = …, .library = …, .scratch = …}, job);
//   TM_RETURN_IF_ERROR(trial.Prepare());
//   const Verdict verdict = trial.Try({.call = Call::kRename, .error = EIO, .at = 3});
//
// What must hold after a fault:
//  - The command ended in time by an exit code of its own, without `internal error`. Unless that
//    code is 0, a line on standard error names a path or a step.
//  - The same command, undisturbed, then ends with 0, and the outputs are those of a run that never
//    met a fault: files byte for byte, tables row for row. (After success, a command that cannot be
//    given twice is followed by the one that goes on.)
//  - A command that replaces something leaves the former command a way: it is refused in an orderly
//    manner, or ends with 0 and the outputs of one command or the other. If the start was refused
//    (exit code 2 or 3, and nothing committed), the former command must go on.
//  - Until such a command has committed something, all that it replaces is still there, in its
//    place or moved aside.
//
// The directory is always at the same path, because states and outputs remember where they are.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "tests/faults/fault_jobs.h"
#include "tests/faults/fault_run.h"

namespace tidemark::faults {

struct TrialOptions {
  std::string program;  // the tidemark command
  std::string library;  // failing_calls.so
  std::string scratch;  // an existing directory of this trial, absolute and without links
};

struct Verdict {
  FaultRun run;
  std::vector<std::string> violations;  // none: all that must hold does
};

class FaultTrial {
 public:
  FaultTrial(const TrialOptions& options, const FaultJob& job);

  // Runs what precedes the command, and the command undisturbed: what must come out, and how many
  // calls of each family there are. An error is not a violation: the job itself does not work.
  absl::Status Prepare();

  // The threads of a run are not synchronised, so other runs may make a few calls more or fewer.
  uint64_t CountOf(Call call) const { return counts_[static_cast<size_t>(call)]; }

  Verdict Try(const Fault& fault);

 private:
  // Of each output, in the order of the job: the file's bytes, or the table's rows.
  using Contents = std::vector<std::string>;

  std::string Work(std::string_view name) const;
  std::vector<std::string> Words(const std::vector<std::string>& arguments) const;
  ChildProcess::End Run(const std::vector<std::string>& arguments) const;
  void Copy(const std::string& from, const std::string& to);
  void Remove(const std::string& path);
  Contents Read(const std::string& root) const;
  // Where the outputs differ from `expected`; empty: nowhere.
  std::string Difference(const Contents& expected) const;

  absl::Status Append(int rows);
  absl::StatusOr<Contents> Undisturbed(const std::vector<std::string>& arguments);
  void JudgeEnd(const FaultRun& run, std::vector<std::string>& violations) const;
  void JudgeRepetition(const FaultRun& run, std::vector<std::string>& violations) const;
  void JudgeFormer(const FaultRun& run, std::vector<std::string>& violations) const;
  bool IsKept(const FaultOutput& output, const std::string& content) const;
  void JudgeReplaced(const FaultRun& run, std::vector<std::string>& violations) const;

  const TrialOptions options_;
  const FaultJob job_;
  const std::string work_;       // where commands run
  const std::string beginning_;  // what each fault begins with
  const std::string left_;       // what the disturbed run left
  const std::unique_ptr<Files> files_;
  int rows_ = 0;
  Contents expected_;
  Contents former_expected_;
  Contents replaced_;  // what the command finds
  std::array<uint64_t, kCalls> counts_{};
};

}  // namespace tidemark::faults
