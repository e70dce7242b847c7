// SimDriver: does for a job what the runner does, in one thread and in an order that a seed
// decides.
//
//   SimDriver driver(job, random, {.epoch_one_in = 20});
//   TM_RETURN_IF_ERROR(driver.RunQuiet());     // until nothing is left to do at the present time
//   if (driver.interrupted()) …                // the process was to end somewhere in between
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/random.h"
#include "engine/job.h"

namespace tidemark::sim {

class SimDriver {
 public:
  struct Options {
    // An epoch is asked for at one of so many steps; 0: only when it has to be.
    uint64_t epoch_one_in = 0;
    // The process ends at one of so many steps; 0: never.
    uint64_t end_one_in = 0;
    std::function<absl::Status()> after_commit = [] { return absl::OkStatus(); };
    std::function<void()> before_step = [] {};
  };
  SimDriver(Job& job, Random& random, Options options)
      : job_(job), random_(random), options_(std::move(options)) {}

  // Until no worker has anything to do and no epoch is under way.
  absl::Status RunQuiet();
  // Closes an epoch and commits it.
  absl::Status Commit();
  // Requires that the input has its end: runs to it and commits it.
  absl::Status Finish();
  // One of these was left early, because the process ends here.
  bool interrupted() const { return interrupted_; }

 private:
  // A round in which nobody had anything to do says kIdle.
  enum class Did { kSomething, kIdle };
  absl::StatusOr<Did> Round();
  absl::Status CommitReady();
  bool AllEnded();

  Job& job_;
  Random& random_;
  const Options options_;
  bool interrupted_ = false;
};

}  // namespace tidemark::sim
