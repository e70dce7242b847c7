// Job: a plan, its workers and the way their epochs are committed. No threads of its own.
//
// Three parties drive a job, on three threads or on one: whoever steps the workers; whoever asks
// for epochs (the coordinator); whoever commits (the committer). A test does all three in a loop;
// the thread runner (engine/runner.h) gives each a thread.
//
//   job.RequestEpoch();                       // coordinator
//   while (!job.EpochReady()) step the workers;
//   TM_RETURN_IF_ERROR(job.CommitEpoch());    // committer
//
// At most one epoch is under way: RequestEpoch() while one is does nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "engine/channel.h"
#include "engine/epoch_part.h"
#include "engine/exchange.h"
#include "engine/partition_board.h"
#include "engine/plan.h"
#include "engine/worker.h"
#include "proto/epoch_record.h"
#include "recovery/outbox.h"
#include "recovery/resume_plan.h"
#include "state/store.h"

namespace tidemark {

struct JobOptions {
  int workers = 1;
  // Of hot state, over all workers.
  size_t memory_bytes = size_t{1} << 30;
  size_t batch_items_max = 1024;
  // Between two workers; affects speed, not results.
  size_t channel_batches_max = Channel::kBatchesMax;
  const Clock* clock = nullptr;
  Files* files = nullptr;  // null: no source or sink is a file
  SkipLog* skips = nullptr;
  // Null: nothing is kept. Outlives the job.
  StateStore* store = nullptr;
  // What the store holds; nothing on a fresh start.
  std::optional<EpochRecord> resume;
  // Items to be stepped over, since they stop every run.
  std::vector<SkippedItem> skip_items;
  // The sinks of these names begin a new output.
  std::vector<std::string> new_outputs;
  // See JobTime::Options; for tests under a virtual clock.
  bool regular_looks = false;
  // See SinkContext; `run_line` is empty when nothing is kept.
  std::string run_line;
  std::string replaced_line;
  std::string abandoned_line;
  // The line of runs has not committed yet, so that the next epoch is written even if it is empty.
  bool begins = false;
  std::string state_directory;
  uint64_t went_back_from = 0;
  bool take_over = false;
  std::string directory;  // for messages
  std::function<void(const std::string&)> say = [](const std::string&) {};
  // See SourceContext.
  std::function<bool()> stop_wanted = [] { return false; };
  // Called once, when every sink has agreed to be opened and before the first is: from here on a
  // start that fails has changed outputs.
  std::function<void()> before_sinks_open = [] {};
};

class Job {
 public:
  // An epoch without a change is committed when job time has moved this far.
  static constexpr Span kTimeMarkInterval = Span::Seconds(10);

  // Checks that the flow may resume, makes the workers and opens sources and sinks.
  static absl::StatusOr<std::unique_ptr<Job>> Open(Plan plan, JobOptions options);

  int workers() const { return static_cast<int>(workers_.size()); }
  Worker& worker(int i) { return *workers_[static_cast<size_t>(i)]; }
  const Plan& plan() const { return plan_; }
  const std::vector<StepFate>& fates() const { return fates_; }
  bool keeps_state() const { return options_.store != nullptr; }
  // What a step that the flow no longer has kept is removed from the store: no later record names
  // it. Before the first step of a worker.
  void ForgetStep(const std::string& name);

  // ---- coordinator ----
  // Returns the number of the epoch that is being closed.
  uint64_t RequestEpoch();
  // The same for the last epoch of this run: behind it workers do nothing more. Requires that no
  // epoch is under way.
  uint64_t RequestFinalEpoch();
  bool EpochUnderWay() const;
  // A worker is over its memory budget and wants the epoch closed; reading it clears it.
  bool TakeEarlyEpoch() { return signals_.early_epoch.exchange(false); }
  // Sources are left alone from now on; batches in flight are finished.
  void StopReading() { signals_.stop_reading.store(true); }

  // ---- committer ----
  // Every worker has delivered its part of the requested epoch.
  bool EpochReady() const;
  // Makes the epoch durable, then publishes; what it means to the workers is seen at their next
  // step.
  absl::Status CommitEpoch();

  // ---- after a commit ----
  // Of the last commit (or of the resume); changes in CommitEpoch() only.
  const EpochRecord& record() const { return record_; }
  // The number of the last epoch that went through CommitEpoch(), empty ones included.
  uint64_t committed_epoch() const { return signals_.committed_epoch.load(); }
  // The last committed epoch holds the end of all input.
  bool ended() const { return ended_; }
  // It held no change at all, so nothing was written.
  bool last_epoch_was_empty() const { return last_epoch_was_empty_; }

  // Job time stands still, since input is at hand that has not been read: for so long; 0: it moves.
  int64_t JobTimeStillForMicros() const {
    return time_->job_time().StandingStillFor(time_->Monotonic());
  }
  // Called from a worker's step when the last part of an epoch has come in; set before stepping.
  std::function<void()> on_epoch_ready = [] {};
  // Called from a worker's step at its first change behind a barrier; set before stepping.
  std::function<void()> on_changed = [] {};
  // Called when there may be something to do for a worker; set before stepping.
  std::function<void(int worker)> wake_worker = [](int) {};

 private:
  Job(Plan plan, JobOptions options) : plan_(std::move(plan)), options_(std::move(options)) {}
  absl::Status FindPartitions();
  absl::Status FindPartitionsOf(size_t step);
  absl::Status CheckSkipItems() const;
  absl::Status CheckNewOutputs() const;
  absl::StatusOr<SinkContext> ContextOfSinks() const;
  absl::Status OpenWorkers();
  void ShowFirstLate(int step, const FirstLate& late);
  int64_t OldestInExchanges() const;
  void MakeTime();
  void MakeExchanges();
  void Deliver(EpochPart part);
  EpochRecord NextRecord(const std::vector<EpochPart>& parts) const;
  absl::Status FindOutbox();
  RunBuilder Outbox(const std::vector<EpochPart>& parts);
  absl::Status Publish(const std::vector<EpochPart>& parts);

  const Plan plan_;
  const JobOptions options_;
  std::vector<StepFate> fates_;
  std::map<std::string, StepId> step_ids_;
  std::vector<std::vector<std::string>> partitions_;  // by step, of sources
  // By step: of sources whose partitions come and go.
  std::vector<std::unique_ptr<PartitionBoard>> boards_;
  std::unique_ptr<TimeKeeper> time_;
  JobSignals signals_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;
  std::vector<std::unique_ptr<Worker>> workers_;

  EpochRecord record_;
  // By sink: rows in the store that are published, or about to be.
  std::map<std::string, std::vector<OutboxEntry>> in_outbox_;
  bool steps_are_stored_ = true;  // the record on disk has the steps of record_
  bool ended_ = false;
  bool last_epoch_was_empty_ = true;

  mutable absl::Mutex mutex_;
  std::set<int> late_shown_ ABSL_GUARDED_BY(mutex_);  // steps
  std::vector<EpochPart> parts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tidemark
