#include "engine/runner.h"

#include <algorithm>
#include <system_error>

#include "base/status.h"

namespace tidemark {

Runner::Runner(Job& job, const Clock& clock, RunnerOptions options)
    : job_(job), clock_(clock), options_(std::move(options)) {
  for (int w = 0; w < job_.workers(); ++w) workers_.push_back(std::make_unique<Wakeup>());
  job_.wake_worker = [this](int w) { workers_[static_cast<size_t>(w)]->Notify(); };
  job_.on_epoch_ready = [this] { committer_.Notify(); };
  job_.on_changed = [this] { main_.Notify(); };
}

Runner::~Runner() {
  job_.wake_worker = [](int) {};
  job_.on_epoch_ready = job_.on_changed = [] {};
}

void Runner::RequestStop() {
  stop_.store(true, std::memory_order_relaxed);
  main_.Notify();
}

void Runner::RequestLook() {
  look_.store(true, std::memory_order_relaxed);
  main_.Notify();
}

void Runner::Fail(const absl::Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    if (error_.ok()) error_ = status;
  }
  quit_.store(true);
  main_.Notify();
}

uint64_t Runner::wakeups() const {
  uint64_t sum = main_.wakeups() + committer_.wakeups();
  for (const auto& worker : workers_) sum += worker->wakeups();
  return sum;
}

void Runner::WorkerLoop(int index) {
  Worker& worker = job_.worker(index);
  Wakeup& wakeup = *workers_[static_cast<size_t>(index)];
  while (!quit_.load(std::memory_order_relaxed)) {
    const auto did = worker.Step();
    if (!did.ok()) return Fail(did.status());
    if (worker.ended()) main_.Notify();
    if (*did) continue;
    Span sleep = worker.NextWait();
    if (!sleep.is_infinite()) {
      sleep.us -= clock_.Monotonic() - worker.last_step_us();
    }
    if (sleep.us <= 0) continue;
    if (wakeup.Wait(sleep, worker.WaitingFor()) == Wakeup::Cause::kReadable) worker.SetReadable();
  }
}

void Runner::CommitterLoop() {
  while (!quit_.load(std::memory_order_relaxed)) {
    if (!job_.EpochReady()) {
      committer_.Wait(Span::Infinite());
      continue;
    }
    if (absl::Status status = job_.CommitEpoch(); !status.ok()) return Fail(status);
    if (absl::Status status = options_.after_commit(); !status.ok()) return Fail(status);
    if (job_.ended()) end_committed_.store(true);
    done_epoch_.store(job_.committed_epoch());
    main_.Notify();
  }
}

bool Runner::AllEnded() const {
  for (int w = 0; w < job_.workers(); ++w) {
    if (!job_.worker(w).ended()) return false;
  }
  return true;
}

bool Runner::AnyChanged() const {
  for (int w = 0; w < job_.workers(); ++w) {
    if (job_.worker(w).changed()) return true;
  }
  return false;
}

bool Runner::WaitsInJobTime() const {
  for (int w = 0; w < job_.workers(); ++w) {
    if (job_.worker(w).waits_in_job_time()) return job_.keeps_state();
  }
  return false;
}

// Closes an epoch when its time has come: early when memory asks for it, at once for the last one.
void Runner::MaybeRequestEpoch() {
  if (stop_.load(std::memory_order_relaxed)) job_.StopReading();
  if (job_.EpochUnderWay()) return;
  if (AllEnded() || stop_.load(std::memory_order_relaxed)) {
    changed_since_us_ = -1;
    if (final_epoch_ == 0 && !end_committed_.load()) final_epoch_ = job_.RequestFinalEpoch();
    return;
  }
  const int64_t now = clock_.Monotonic();
  if (!AnyChanged()) {
    changed_since_us_ = -1;
    // A watermark that moves by time alone is committed now and then, so that a crash sets it back
    // by no more than this.
    if (WaitsInJobTime() && now - last_request_us_ >= Job::kTimeMarkInterval.us) {
      last_request_us_ = now;
      job_.RequestEpoch();
    }
    return;
  }
  if (changed_since_us_ < 0) changed_since_us_ = now;
  if (job_.TakeEarlyEpoch() || now - changed_since_us_ >= options_.epoch_interval.us) {
    changed_since_us_ = -1;
    last_request_us_ = now;
    job_.RequestEpoch();
  }
}

Span Runner::UntilNextWork() const {
  const int64_t now = clock_.Monotonic();
  Span wait = Span::Infinite();
  if (changed_since_us_ >= 0 && !options_.epoch_interval.is_infinite()) {
    wait = Span::Micros(changed_since_us_ + options_.epoch_interval.us - now);
  }
  // While an epoch is under way its commit is what is waited for.
  if (WaitsInJobTime() && !job_.EpochUnderWay()) {
    wait = std::min(wait, Span::Micros(last_request_us_ + Job::kTimeMarkInterval.us - now));
  }
  if (!options_.report_interval.is_infinite()) {
    wait = std::min(wait, Span::Micros(last_report_us_ + options_.report_interval.us - now));
  }
  return std::max(wait, Span::Micros(0));
}

bool Runner::Finished() const {
  return end_committed_.load() || (final_epoch_ != 0 && done_epoch_.load() >= final_epoch_);
}

absl::Status Runner::StartThreads() {
  const auto is_ok = [](const std::unique_ptr<Wakeup>& wakeup) { return wakeup->ok(); };
  if (!main_.ok() || !committer_.ok() || !std::all_of(workers_.begin(), workers_.end(), is_ok)) {
    return absl::ResourceExhaustedError(
        "no descriptors for the job's threads: Too many open files; allow more of them (ulimit "
        "-n)");
  }
  try {
    // Reserved, so that only the threads themselves can fail: no memory is another matter.
    threads_.reserve(workers_.size() + 1);
    for (int w = 0; w < job_.workers(); ++w) threads_.emplace_back([this, w] { WorkerLoop(w); });
    threads_.emplace_back([this] { CommitterLoop(); });
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(Cat("cannot start a thread: ", error.code().message(),
                                            "; allow more processes (ulimit -u), or give the job "
                                            "fewer --workers"));
  }
  return absl::OkStatus();
}

absl::Status Runner::Run() {
  // Those that have been started then find that it is over.
  if (absl::Status started = StartThreads(); !started.ok()) Fail(started);
  last_report_us_ = last_request_us_ = clock_.Monotonic();
  std::vector<int> watched;
  if (options_.watched_fd >= 0) watched.push_back(options_.watched_fd);
  while (!quit_.load() && !Finished()) {
    MaybeRequestEpoch();
    if (!options_.report_interval.is_infinite() &&
        clock_.Monotonic() - last_report_us_ >= options_.report_interval.us) {
      options_.report();
      last_report_us_ = clock_.Monotonic();
    }
    if (quit_.load() || Finished()) break;
    const auto cause = main_.Wait(UntilNextWork(), watched);
    if (cause == Wakeup::Cause::kReadable || look_.exchange(false)) options_.look();
  }
  quit_.store(true);
  for (const auto& worker : workers_) worker->Notify();
  committer_.Notify();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  absl::MutexLock lock(&mutex_);
  // Sources that report their progress have not received the last commit yet.
  for (int w = 0; w < job_.workers() && error_.ok(); ++w) {
    error_ = job_.worker(w).NoticeCommit().status();
  }
  return error_;
}

}  // namespace tidemark
