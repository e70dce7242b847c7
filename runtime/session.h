// JobSession: the run of a flow: one way to open, run, watch and stop it. docs/cpp.md has a whole
// program.
//
//   TM_ASSIGN_OR_RETURN(Plan plan, flow.Compile());
//   TM_ASSIGN_OR_RETURN(auto session, JobSession::Open(std::move(plan), options,
//                                                      {.files = &files, .clock = &clock}));
//   TM_RETURN_IF_ERROR(session->Run());   // until all input has ended, or RequestStop()
//   return session->status().items_out;   // and at any time before
//
// The command, the test kit, the simulator and the benchmarks are callers of it, so they exercise
// the start that users get. The order of a start: take the lock; finish or undo an earlier start
// that was interrupted; open the store; check that the flow may resume; check every sink; open
// every sink. Nothing that was committed is destroyed before the first commit of the new lineage
// (recovery/start_note.h), so a start that is refused has changed nothing.
//
// A session prints nothing, ends no process, and installs no signal handlers. A caller that wants a
// run to end on a signal installs its own and calls RequestStop() from it.
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
  // Starts nothing: Run() does. Errors are one line that says what to do: FailedPrecondition or
  // DataLoss if a retry would fail in the same way (another flow's state, a changed type, damage),
  // InvalidArgument for wrong options, Unavailable if another process holds the directory.
  static absl::StatusOr<std::unique_ptr<JobSession>> Open(Plan plan, SessionOptions options,
                                                          const Machine& machine,
                                                          SessionEvents events = {});
  ~JobSession();
  JobSession(const JobSession&) = delete;
  JobSession& operator=(const JobSession&) = delete;

  // Blocks, with threads of its own. Returns when all input has ended and is committed, when a stop
  // was requested and its last epoch is committed, or with the first error. Call it once.
  absl::Status Run();
  // Finishes the items in flight and commits; Run() then returns OK.
  void RequestStop();
  bool stop_requested() const { return stop_.load(std::memory_order_relaxed); }
  // The next epoch gets a snapshot, even if the job is idle.
  void RequestSnapshot();

  JobStatus status() const;
  // The last committed epoch of this lineage; 0: none yet. For signal handlers, which must not
  // block.
  const std::atomic<uint64_t>& committed_epoch() const { return committed_epoch_; }

  // ---- after Open() ----
  bool keeps_state() const { return job_->keeps_state(); }
  const Plan& plan() const { return job_->plan(); }
  const std::string& directory_path() const { return options_.state_directory; }
  // The epoch after which it resumes; 0: it starts from the beginning.
  uint64_t first_epoch() const { return first_epoch_; }
  // The items that were skipped, and the input that was left unread.
  SkipLog& skips() { return skips_; }

  // ---- after Run() ----
  // The run ended because the store is damaged, which has been noted for the next start.
  bool damage_is_noted() const { return damage_is_noted_; }
  // The store was removed or replaced while this run had it open: nothing can continue from it.
  bool store_is_gone() const { return directory_ != nullptr && directory_->StoreIsGone(); }
  // Until the first commit, what this run replaces (--fresh) can come back.
  bool replaces_state() const {
    return directory_ != nullptr && directory_->begins() && !directory_->replaced_line().empty();
  }
  // As committed_epoch(), also if an error followed the commit; reads the store.
  uint64_t CommittedEpoch() const;

  // ---- for callers that step the workers themselves, instead of Run() ----
  Job& job() { return *job_; }
  // Null without a state directory.
  StateDirectory* directory() { return directory_.get(); }
  // After each Job::CommitEpoch(), on the committer's thread.
  absl::Status AfterCommit();
  // A snapshot was requested or is due.
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
  // For signal handlers.
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
