// Simulation: a seed's run as one object: what outlives a process, and what a process is given.
//
// simulation.cc has the whole from the disk to the verdict, simulation_life.cc what one process
// does, simulation_what_if.cc what else might have happened at some moment. Only for
// simulation*.cc.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/status.h"
#include "engine/job.h"
#include "recovery/snapshot.h"
#include "recovery/state_directory.h"
#include "runtime/session.h"
#include "state/rocksdb_store.h"
#include "tests/sim/sim_files.h"
#include "tests/sim/sim_lying_store.h"
#include "tests/sim/sim_setup.h"
#include "tests/sim/simulation.h"

namespace tidemark::sim {

// What one life is like.
struct LifePlan {
  Fault fault;
  uint64_t limit_bytes = 0;
  uint64_t end_one_in = 0;
  SimDisk::End end = SimDisk::End::kKill;
  uint64_t epoch_one_in = 0;
  uint64_t snapshot_one_in = 0;
  uint64_t publish_trouble_one_in = 0;
  SessionOptions options;  // what a person may choose, and what does not matter
  size_t hot_bytes_max = size_t{1} << 30;
};

// A planted bug: a clock that takes what the wall clock says for time that has passed.
class WallIsMonotonic final : public Clock {
 public:
  explicit WallIsMonotonic(const Clock& clock) : clock_(clock) {}
  Timestamp Now() const override { return clock_.Now(); }
  int64_t Monotonic() const override { return clock_.Now().us; }

 private:
  const Clock& clock_;
};

// What a process has in its hands; in this order, so that it goes in the other.
struct Process {
  uint64_t id = 0;  // of the disk
  std::unique_ptr<rocksdb::Env> env;
  std::unique_ptr<SimFiles> files;
  std::unique_ptr<Clock> wall_is_monotonic;
  std::unique_ptr<LyingStore> lying;
  std::unique_ptr<JobSession> session;
};

class Simulation {
 public:
  explicit Simulation(const SimOptions& options)
      : options_(options),
        random_(options.seed),
        what_if_(options.seed ^ 0xb4a4c4),
        disk_(std::make_shared<SimDisk>(options.seed ^ 0x5eed)),
        clock_(std::make_shared<SimClock>()) {}

  SimResult Run();

 private:
  // For Branch().
  Simulation(const Simulation&) = default;

  void PrepareDisk();
  LifePlan PlanLife();
  void Live(const LifePlan& plan);
  absl::Status LiveOnce(const LifePlan& plan);
  absl::Status LiveUntilEnd(const LifePlan& plan, Process& process);
  Process NewProcess(uint64_t id) const;
  SessionOptions OptionsOfSession(const LifePlan& plan, Process& process);
  Sink<std::string> UngatedSink(const std::string& name);
  Sink<std::string> SinkFor(const std::string& name);
  absl::Status OpenJob(const LifePlan& plan, Process& process);
  bool MaybeFork();
  bool MaybeStartOver();
  void StartOver();
  bool DependsOnWhenItIsRead() const;
  void ForkFromSnapshot();
  void FlipOneBit();
  absl::Status CheckWhatIsThere(Process& process, StateDirectory& directory);
  void CheckShared(Process& process, const Snapshot& made);
  void IsCommitted(const EpochRecord& record);
  void IsMade(Process& process, const Snapshot& made);
  absl::Status AfterCommit(const LifePlan& plan, Process& process);
  void JudgeError(const LifePlan& plan, const absl::Status& error);
  void NextSegment();

  // ---- what if, see simulation_what_if.cc ----
  void MaybeAskWhatIf();
  std::unique_ptr<Simulation> Branch(const std::string& name);
  static LifePlan CalmLife(Random& random);
  void RollBack();
  void ReplaceSomething();
  void GoBackTo(const Simulation& former);
  std::string RunToEnd();
  std::string FilesOutside() const;
  std::string FilesAround() const;
  std::string FilesIn(const std::vector<std::string>& places) const;
  bool NamePathOfAnother();
  void WhatIfAStartFails();
  void LetSinkFail();
  void LetOpeningFail(LifePlan& plan);
  void WhatIfAPathIsAnothers();
  void WhatIfASecondProgramComes();
  void WhatIfTheLogIsCut();
  void BeVisited(Process& process);

  Timestamp RandomTime();
  void MaybeDisturbTime();
  Outputs CommittedOutputs() const;
  void CheckForeign();
  void Violation(std::string text) {
    if (result_.violation.empty()) result_.violation = std::move(text);
  }
  void Say(const std::string& line) const {
    if (options_.say) options_.say(branch_.empty() ? line : Cat("  [", branch_, "] ", line));
  }

  const SimOptions options_;
  Random random_;
  Random what_if_;  // its own, so that the course of a seed does not depend on what is asked
  // A branch has its own.
  std::shared_ptr<SimDisk> disk_;
  std::shared_ptr<SimClock> clock_;
  SimWorld world_;
  Setup setup_;
  Outputs expected_;
  SimResult result_;

  size_t segment_ = 0;
  uint64_t acknowledged_ = 0;  // the last epoch whose commit returned OK
  std::string snapshot_;       // the newest that was reported as made
  uint64_t snapshot_epoch_ = 0;
  // What was published when it was made: a backup of the databases.
  std::map<std::string, SimTarget> snapshot_targets_;
  std::string state_ = kStateDirectory;
  uint64_t forks_ = 0;
  uint64_t fresh_starts_ = 0;
  std::string fork_from_;    // a snapshot, until its copy has been opened
  bool fresh_ = false;       // this process starts over
  bool rolls_back_ = false;  // it does so from a snapshot of the state that it replaces
  // One that was to start over has not committed: the old state goes on, or another one starts
  // over.
  bool fresh_unfinished_ = false;
  bool done_ = false;
  bool has_opened_ = false;  // the last process has opened its job
  // It was killed in peace, and committed: what is written is there.
  bool ended_calmly_ = false;

  std::string branch_;   // its name; empty: what happens, and not what might have
  uint64_t asked_ = 0;   // what if
  uint64_t visits_ = 0;  // of second programs that are to come
  // Where a sink writes, if not where it should.
  std::map<std::string, std::string> path_of_;
};

}  // namespace tidemark::sim
