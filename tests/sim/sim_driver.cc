#include "tests/sim/sim_driver.h"

#include "base/status.h"

namespace tidemark::sim {
namespace {

// Far more than any flow of a simulation needs: behind it the job goes round in a circle.
constexpr int kRoundsMax = 200'000;

absl::Status Stuck(const char* what) {
  return absl::DeadlineExceededError(Cat("the job does not get on: ", what));
}

}  // namespace

absl::Status SimDriver::CommitReady() {
  TM_RETURN_IF_ERROR(job_.CommitEpoch());
  return options_.after_commit();
}

// Some workers at random, then each of them once: so a round that did nothing means that nobody has
// anything to do.
absl::StatusOr<SimDriver::Did> SimDriver::Round() {
  bool did = false;
  const auto count = static_cast<uint64_t>(job_.workers());
  const uint64_t extra = count > 1 ? random_.Below(6) : 0;
  const uint64_t first = random_.Below(count);
  for (uint64_t i = 0; i < extra + count; ++i) {
    if (options_.end_one_in > 0 && random_.OneIn(options_.end_one_in)) {
      interrupted_ = true;
      return Did::kSomething;
    }
    const bool wanted = options_.epoch_one_in > 0 && random_.OneIn(options_.epoch_one_in);
    if (!job_.EpochUnderWay() && (job_.TakeEarlyEpoch() || wanted)) job_.RequestEpoch();
    options_.before_step();
    const uint64_t w = i < extra ? random_.Below(count) : (first + i) % count;
    TM_ASSIGN_OR_RETURN(const bool stepped, job_.worker(static_cast<int>(w)).Step());
    did |= stepped;
    // A commit may come long after its epoch was ready, but not when all wait for it.
    if (job_.EpochReady() && random_.OneIn(3)) {
      TM_RETURN_IF_ERROR(CommitReady());
      did = true;
    }
  }
  if (did) return Did::kSomething;
  if (job_.EpochReady()) {
    TM_RETURN_IF_ERROR(CommitReady());
    return Did::kSomething;
  }
  if (!job_.EpochUnderWay() && job_.TakeEarlyEpoch()) {
    job_.RequestEpoch();
    return Did::kSomething;
  }
  return Did::kIdle;
}

absl::Status SimDriver::RunQuiet() {
  // A step that does nothing but make room in memory says that it did nothing, and the next one
  // gets on.
  constexpr int kIdleRounds = 3;
  int idle = 0;
  for (int round = 0; round < kRoundsMax; ++round) {
    TM_ASSIGN_OR_RETURN(const Did did, Round());
    if (interrupted_) return absl::OkStatus();
    idle = did == Did::kIdle ? idle + 1 : 0;
    if (idle < kIdleRounds) continue;
    return job_.EpochUnderWay() ? Stuck("an epoch is under way, and nobody has anything to do")
                                : absl::OkStatus();
  }
  return Stuck("there is always something left to do");
}

absl::Status SimDriver::Commit() {
  if (!job_.EpochUnderWay()) job_.RequestEpoch();
  return RunQuiet();
}

bool SimDriver::AllEnded() {
  for (int w = 0; w < job_.workers(); ++w) {
    if (!job_.worker(w).ended()) return false;
  }
  return true;
}

absl::Status SimDriver::Finish() {
  TM_RETURN_IF_ERROR(RunQuiet());
  if (interrupted_ || job_.ended()) return absl::OkStatus();
  if (!AllEnded()) return Stuck("the input has ended, and a worker has not");
  job_.RequestFinalEpoch();
  TM_RETURN_IF_ERROR(RunQuiet());
  if (interrupted_ || job_.ended()) return absl::OkStatus();
  return Stuck("the last epoch does not hold the end");
}

}  // namespace tidemark::sim
