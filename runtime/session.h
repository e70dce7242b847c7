// JobSession: a flow's run, from its start to its end: one way to open, run, watch and stop it.
//
//   TM_ASSIGN_OR_RETURN(Plan plan, flow.Compile());
//   TM_ASSIGN_OR_RETURN(auto session, JobSession::Open(std::move(plan), options,
//                                                      {.files = &files, .clock = &clock}));
//   TM_RETURN_IF_ERROR(session->Run());   // until all input has ended, or RequestStop()
//   return session->status().items_out;   // and at any time before
//
// The command, the test kit, the simulator and the benchmarks are callers of it, so what they prove
// is the start that people get. A start goes in this order: the lock, what an earlier start has
// left, the store and its line of runs, whether the flow may resume, every sink's consent, every
// sink. Nothing that was committed is destroyed before the new line's first commit
// (recovery/start_note.h), so a start that is refused has changed nothing.
//
// A session prints nothing, ends no process, installs no handlers and knows no terminal.
//
// Thread rule: status(), RequestStop(), RequestSnapshot(), stop_requested() and committed_epoch()
// from any thread, the two requests also from signal handlers; the rest from one thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "engine/job.h"
#include "engine/runner.h"
#include "engine/skip_log.h"
#include "recovery/new_directory.h"
#include "recovery/state_directory.h"
#include "recovery/state_files.h"
#include "runtime/job_status.h"
#include "runtime/session_options.h"
#include "runtime/snapshot_keeper.h"

namespace tidemark {

class JobSession {
 public:
  // The errors are those of StateDirectory::Open, PlanResume, and of sources and sinks; each is one
  // line that says what to do.
  static absl::StatusOr<std::unique_ptr<JobSession>> Open(Plan plan, SessionOptions options,
                                                          const Machine& machine,
                                                          SessionEvents events = {});
  ~JobSession();
  JobSession(const JobSession&) = delete;
  JobSession& operator=(const JobSession&) = delete;

  // With threads of its own. Returns when all input has ended and is committed, when a stop was
  // asked for and its last epoch is committed, or with the first error. Once.
  absl::Status Run();
  // Finish what is in flight, commit, return from Run().
  void RequestStop();
  bool stop_requested() const { return stop_.load(std::memory_order_relaxed); }
  // The next epoch gets a snapshot, also of a job that is idle.
  void RequestSnapshot();

  JobStatus status() const;
  // What this line of runs has committed; 0: nothing yet. For signal handlers, which may not wait.
  const std::atomic<uint64_t>& committed_epoch() const { return committed_epoch_; }

  // ---- what was opened ----
  bool keeps_state() const { return job_->keeps_state(); }
  const Plan& plan() const { return job_->plan(); }
  const std::string& directory_path() const { return options_.state_directory; }
  // The epoch from which it goes on; 0: it begins.
  uint64_t first_epoch() const { return first_epoch_; }
  // What was skipped, and what was left unread.
  SkipLog& skips() { return skips_; }

  // ---- behind Run() ----
  // What ended it was damage of the store, and the next start knows.
  bool damage_is_noted() const { return damage_is_noted_; }
  // The store was removed or replaced while this run had it open: nothing can continue from it.
  bool store_is_gone() const { return directory_ != nullptr && directory_->StoreIsGone(); }
  // Until the first commit, what this run replaces (--fresh) can come back.
  bool replaces_state() const {
    return directory_ != nullptr && directory_->begins() && !directory_->replaced_line().empty();
  }
  // As committed_epoch(), also where something failed behind the commit; asks the store.
  uint64_t CommittedEpoch() const;

  // ---- for callers that step the workers themselves, instead of Run() ----
  Job& job() { return *job_; }
  // Null without a state directory.
  StateDirectory* directory() { return directory_.get(); }
  // Behind each Job::CommitEpoch(); on the committer's thread.
  absl::Status AfterCommit();
  // Somebody waits for a snapshot, or more are to be made than were at the last epoch.
  bool wants_epoch() const { return keeper_ != nullptr && keeper_->wanted(); }

 private:
  JobSession(SessionOptions options, const Machine& machine, SessionEvents events);

  // ---- session_start.cc ----
  absl::Status Start(Plan plan);
  absl::Status StartWithoutState(Plan plan);
  absl::Status StartWithState(Plan plan);
  absl::StatusOr<std::unique_ptr<StateDirectory>> OpenDirectory(const Plan& plan);
  absl::Status CheckState(const Plan& plan);
  absl::Status CanResume(const Plan& plan, const EpochRecord& record) const;
  absl::Status CheckDropState(const Plan& plan, const EpochRecord& record) const;
  absl::Status DropState();
  JobOptions OptionsOfJob();
  RocksStoreOptions OptionsOfStore() const;
  void SayHowItGoesOn();
  void SayGuarantees();

  void NoteDamage(const absl::Status& status);
  void TakeNumbers(const EpochRecord& record);
  void LookForRequests();
  bool IsLastEpoch() const;

  const SessionOptions options_;
  const SessionEvents events_;
  StateFiles files_;
  const Clock* const clock_;
  SkipLog skips_;
  // In this order, so that the job goes first, and the directory before what removes it.
  std::optional<NewDirectory> new_directory_;
  std::unique_ptr<StateDirectory> directory_;  // null without state, like the keeper
  std::unique_ptr<SnapshotKeeper> keeper_;
  std::unique_ptr<Job> job_;
  std::unique_ptr<Runner> runner_;
  // What handlers reach of it.
  std::atomic<Runner*> running_{nullptr};
  std::atomic<bool> stop_{false};

  uint64_t first_epoch_ = 0;
  uint64_t first_bytes_read_ = 0;
  bool damage_is_noted_ = false;
  std::atomic<uint64_t> committed_epoch_{0};
  std::atomic<int64_t> begin_us_{0};  // monotonic, like the next
  std::atomic<int64_t> last_commit_us_{0};
  mutable absl::Mutex mutex_;
  JobStatus at_commit_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tidemark
