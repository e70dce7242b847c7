// Runner: gives a job its threads: one for each worker, one that commits, and the caller's own,
// which decides when an epoch ends.
//
// The only place in the tree that makes threads and blocks. Nobody polls: a worker sleeps until its
// next timer (a minute at most, then it looks at the clocks again), a descriptor, a message or an
// epoch; the caller sleeps until something changed and
// the interval is over.
//
//   Runner runner(*job, clock, {.epoch_interval = Span::Seconds(1)});
//   install_handler([&] { runner.RequestStop(); });
//   absl::Status end = runner.Run();
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "engine/job.h"
#include "engine/wakeup.h"

namespace tidemark {

struct RunnerOptions {
  // An epoch closes this long after its first change. Zero: after every piece of work.
  Span epoch_interval = Span::Seconds(1);
  // Called on the committer's thread behind each commit; an error stops the run.
  std::function<absl::Status()> after_commit = [] { return absl::OkStatus(); };
  // Called on the caller's thread when `watched_fd` (-1: none) is readable, which it makes
  // unreadable again, and behind RequestLook().
  std::function<void()> look = [] {};
  int watched_fd = -1;
  // Called on the caller's thread every `report_interval`, if that is not infinite.
  std::function<void()> report = [] {};
  Span report_interval = Span::Infinite();
};

class Runner {
 public:
  // Everything outlives the runner.
  Runner(Job& job, const Clock& clock, RunnerOptions options);
  ~Runner();

  // Returns when all input has ended and is committed, when a stop was asked for and its final
  // epoch is committed, or with the first error.
  absl::Status Run();

  // Finish what is in flight, commit, return from Run(). Safe from any thread and signal handlers.
  void RequestStop();
  // Have `look` called soon. Safe from any thread and signal handlers.
  void RequestLook();
  bool stop_requested() const { return stop_.load(std::memory_order_relaxed); }
  // How often any of the threads woke up from a sleep.
  uint64_t wakeups() const;

 private:
  absl::Status StartThreads();
  void WorkerLoop(int index);
  void CommitterLoop();
  void Fail(const absl::Status& status);
  bool AllEnded() const;
  bool AnyChanged() const;
  bool WaitsInJobTime() const;
  bool Finished() const;
  void MaybeRequestEpoch();
  Span UntilNextWork() const;

  Job& job_;
  const Clock& clock_;
  const RunnerOptions options_;
  Wakeup main_;
  Wakeup committer_;
  std::vector<std::unique_ptr<Wakeup>> workers_;
  std::vector<std::thread> threads_;

  std::atomic<bool> stop_{false};
  std::atomic<bool> quit_{false};
  std::atomic<bool> look_{false};
  // Written by the committer when all that belongs to a commit is done.
  std::atomic<uint64_t> done_epoch_{0};
  std::atomic<bool> end_committed_{false};
  uint64_t final_epoch_ = 0;       // requested after everything had ended or stopped; 0: not yet
  int64_t changed_since_us_ = -1;  // monotonic; -1: nothing has changed since the last epoch
  int64_t last_request_us_ = 0;
  int64_t last_report_us_ = 0;

  absl::Mutex mutex_;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tidemark
