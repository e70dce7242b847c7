// Worker: all steps of a flow for one share of the keys, as a state machine.
//
// A worker has no thread. Whoever drives it (a thread of the runner, a test, the simulator) calls
// Step(), which does one bounded piece of work and never waits, and asks NextWait() how long it may
// be left alone. The pieces, in order: take one message of another worker; get on with the barrier;
// fire due timers; read one source; get on with ends of input; encode a slice of the closing epoch.
//
// Barriers. When an epoch is requested the worker stops reading and firing, and sends a marker
// through each exchange in topological order, each once all markers of the exchanges before it have
// come in. A channel whose marker has come is left alone until the barrier is through. Then
// everything before the boundary, and nothing behind it, is in the states; the changed lists are
// swapped, sinks and sources say where they stand, and the next epoch begins at once.
//
// Thread rule: Step(), NextWait() and Open() from one thread at a time; stats() from any.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/epoch_part.h"
#include "engine/exchange.h"
#include "engine/partition_board.h"
#include "engine/plan.h"
#include "engine/source_set.h"
#include "engine/time_keeper.h"
#include "proto/epoch_record.h"
#include "state/memory_budget.h"
#include "state/store.h"

namespace tidemark {

// What the job shares with its workers; written by the job, read by workers.
struct JobSignals {
  std::atomic<uint64_t> requested_epoch{0};  // close this epoch
  std::atomic<uint64_t> committed_epoch{0};  // this epoch is durable
  std::atomic<bool> stop_reading{false};     // a stop was asked for: sources are left alone
  std::atomic<uint64_t> final_epoch{0};      // nothing is done behind this epoch; 0: not known yet
  std::atomic<bool> early_epoch{false};      // a worker is over its memory budget
};

// Counters for people and tests; relaxed, monotonous but for the gauges.
struct WorkerStats {
  std::atomic<uint64_t> items_in{0};
  std::atomic<uint64_t> items_out{0};  // to sinks, late items not counted
  std::atomic<uint64_t> late_items{0};
  std::atomic<uint64_t> late_rows{0};      // (item, window) pairs
  std::atomic<uint64_t> closed_at_end{0};  // windows, since the input ended
  std::atomic<uint64_t> waiting_keys{0};   // gauge: hot keys that wait in job time
  std::atomic<uint64_t> steps{0};
  std::atomic<uint64_t> loaded_keys{0};
  std::atomic<uint64_t> evicted_keys{0};
  std::atomic<uint64_t> hot_keys{0};  // gauge
  std::atomic<uint64_t> early_epochs{0};
  std::atomic<int64_t> longest_pause_us{0};  // at a barrier, from swap to going on
};

struct WorkerSetup {
  const Plan* plan = nullptr;
  int index = 0;
  int count = 1;
  const StateReader* store = nullptr;   // null: nothing is kept
  const EpochRecord* resume = nullptr;  // null: a fresh start
  const std::map<std::string, StepId>* step_ids = nullptr;
  // By step; of sources only. The same for all workers.
  const std::vector<std::vector<std::string>>* partitions = nullptr;
  // By step; of sources whose partitions come and go, else null.
  const std::vector<std::unique_ptr<PartitionBoard>>* boards = nullptr;
  const std::vector<SkippedItem>* skip_items = nullptr;
  TimeKeeper* time = nullptr;
  SourceContext source_context;
  SinkContext sink_context;                               // but for what each sink has of its own
  const std::vector<std::string>* new_outputs = nullptr;  // of these sinks; may be null
  size_t memory_bytes = 0;
  size_t batch_items_max = 1024;  // read from a source in one go
  std::vector<std::unique_ptr<Exchange>>* exchanges = nullptr;
  JobSignals* signals = nullptr;
  std::function<void(EpochPart)> deliver;  // called from Step()
  // The first late item of a step on this worker; called from Step().
  std::function<void(int step, const FirstLate&)> on_first_late = [](int, const FirstLate&) {};
  // The coordinator is to look: at the first change of an epoch, and when memory is short; from
  // Step().
  std::function<void()> on_changed = [] {};
};

class Worker {
 public:
  explicit Worker(WorkerSetup setup);
  ~Worker();

  // Makes the steps, opens this worker's partitions at their resume positions.
  absl::Status Open();
  // Opens the sinks, which may change what is there: when nothing else can fail any more.
  // Of all workers before the first of them opens any.
  absl::Status CheckSinks();
  absl::Status OpenSinks();

  // One bounded piece of work; false when there was nothing to do.
  absl::StatusOr<bool> Step();
  // How long Step() may be left alone if nothing else happens, measured by the monotonic clock from
  // the last Step() on; infinite, or kSleepMax at most: where a point in wall time is waited for,
  // the clock may be set meanwhile. Whoever does not call Step() before has planned to wait that
  // long, which job time counts on.
  static constexpr Span kSleepMax = Span::Micros(60'000'000);
  Span NextWait();
  // The monotonic reading of the last Step().
  int64_t last_step_us() const { return now_.monotonic_us; }
  // Descriptors whose becoming readable is a reason to call Step(); then call SetReadable() first.
  std::vector<int> WaitingFor() const;
  void SetReadable();
  // Passes the last commit on to states and sources. Step() does so first; call it after the last
  // commit of a run.
  // At most `max` states of each step at a time; false if there was no commit to take note of.
  absl::StatusOr<bool> NoticeCommit(size_t max = SIZE_MAX);

  // Every source is at its end and all that followed from it is done.
  bool ended() const { return ended_.load(std::memory_order_acquire); }
  // Something happened since the last barrier that an epoch would record.
  bool changed() const { return changed_.load(std::memory_order_relaxed); }

  // A key waits for a point in job time, which a crash would set back to the last commit.
  bool waits_in_job_time() const { return waits_in_job_time_.load(std::memory_order_relaxed); }

  const WorkerStats& stats() const { return stats_; }
  size_t memory_used_bytes() const { return budget_.used_bytes(); }

 private:
  struct StepState;
  class StepOutput;

  absl::Status OpenStep(int step);
  absl::Status OpenSource(int step);
  bool HasSink(int step) const;
  const SinkRecord* RecordOfSink(const std::string& name) const;
  absl::Status OpenSink(int step);
  absl::Status OpenStreamTimes();
  std::vector<Timestamp> OpenMeters(int step);
  void OpenHandedOn(int step);
  KeyedStates::Options StatesOptions(const StepPlan& plan) const;
  absl::Status Emit(int step, int port, std::unique_ptr<AnyBatch> batch);
  absl::Status EmitAsOf(const Activation& then, int step, int port,
                        std::unique_ptr<AnyBatch> batch);
  absl::Status SendThrough(int edge, std::unique_ptr<AnyBatch> batch);
  void Send(int edge, int to_worker, Message message);
  absl::Status HandOn(int step, const StreamMark& mark);
  absl::Status TakeMark(int edge, int from_worker, const StreamMark& mark);
  absl::Status HandOnResumed();
  absl::Status Feed(int step, int input, std::unique_ptr<AnyBatch> batch);
  absl::Status Named(const absl::Status& status, const StepPlan& plan);

  absl::StatusOr<bool> ReceiveOne();
  absl::StatusOr<bool> FireTimers(bool& quiet);
  absl::Status OpenPartitionOf(int step, const std::string& name,
                               const std::optional<Position>& resume);
  absl::StatusOr<bool> ReadOneSource();
  absl::StatusOr<bool> ReadSource(OpenPartition& source);
  absl::StatusOr<PollResult> PollSource(OpenPartition& source, std::unique_ptr<AnyBatch>& batch);
  absl::Status EmitRead(OpenPartition& source, std::unique_ptr<AnyBatch> batch);
  bool StepsOver(OpenPartition& source, int64_t number);
  absl::Status TakeSkips(const std::string& step, OpenPartition& source) const;
  absl::StatusOr<bool> NoticeSilence(const OpenPartition& source);
  absl::Status Announce(const OpenPartition& source, StreamState state);
  absl::Status Announce(const MeterPlace& meter, StreamState state);
  Span UntilSilence(const OpenPartition& source) const;
  void NotePoll(OpenPartition& source, bool more_at_hand);

  // ---- partitions that come and go (worker_partitions.cc) ----
  bool RequestsListOf(int step) const;
  absl::StatusOr<bool> DiscoverPartitions();
  Span UntilDiscovery() const;
  absl::Status AnnounceThoseToCome();
  void ForgetPartitions(EpochPart& part);
  absl::Status TakeNewPartitions();
  void Measure(OpenPartition& source);
  absl::Status EndSourceIfOver(int step);
  void NotePulses();
  absl::StatusOr<bool> GetOnWithEnds();
  absl::StatusOr<bool> GetOnWithBarrier();
  bool HasRoomBehind(size_t exchange) const;
  bool MustWaitForMemory() const;
  bool MayWork() const;

  void NoteLate(int step);
  absl::Status InputEnded(int edge, int from_worker);
  absl::Status StepEnded(int step);
  int SinkWorker(int step) const { return step % setup_.count; }

  void SetChanged() {
    if (!changed_.exchange(true, std::memory_order_relaxed)) setup_.on_changed();
  }
  absl::Status PassBarrier();
  void AddToRecord(const OpenPartition& source, EpochPart& part) const;
  bool EncodeSlice();
  void KeepToBudget();

  const WorkerSetup setup_;
  MemoryBudget budget_;
  WorkerStats stats_;
  Activation now_;
  bool error_named_ = false;  // the error under way says which step it comes from
  std::vector<StepState> steps_;
  SourceSet sources_;
  const OpenPartition* reading_ = nullptr;  // whose items are on their way
  int64_t read_us_ = 0;                   // when what is on its way was read
  bool resumed_marks_sent_ = false;
  std::vector<std::vector<int>> edges_of_step_;
  std::vector<int> exchange_of_edge_;  // -1: none

  std::atomic<bool> changed_{false};
  std::atomic<bool> ended_{false};
  std::atomic<bool> waits_in_job_time_{false};
  uint64_t epoch_ = 0;  // the last barrier passed
  uint64_t noticed_commit_ = 0;  // whose states have all been told
  bool aligning_ = false;
  size_t stage_ = 0;
  bool marker_sent_ = false;
  std::vector<std::vector<bool>> marker_from_;  // [exchange][worker]
  std::vector<SkippedItem> skipped_;            // since the last barrier
  std::optional<EpochPart> encoding_;
};

}  // namespace tidemark
