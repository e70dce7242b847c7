#include "runtime/session.h"

#include "base/directory_watch.h"
#include "base/status.h"
#include "recovery/requests.h"

namespace tidemark {
namespace {

// Where a directory cannot be watched: how long a request waits for an idle job to look.
constexpr Span kRequestsInterval = Span::Seconds(1);

// So that an idle job sleeps until somebody asks; null where that cannot be had, and then it looks
// now and then.
std::unique_ptr<DirectoryWatch> WatchRequests(Files& files, const std::string& state_directory) {
  const std::string requests = RequestsPath(state_directory);
  if (!files.CreateDirectories(requests).ok()) return nullptr;
  auto watch = DirectoryWatch::Open(requests);
  return watch.ok() ? *std::move(watch) : nullptr;
}

}  // namespace

JobSession::JobSession(SessionOptions options, const Machine& machine, SessionEvents events)
    : options_(std::move(options)),
      events_(std::move(events)),
      files_(*machine.files, {.directory = options_.state_directory, .mode = options_.state_mode}),
      clock_(machine.clock),
      skips_(!options_.state_directory.empty()) {}

JobSession::~JobSession() = default;

absl::StatusOr<std::unique_ptr<JobSession>> JobSession::Open(Plan plan, SessionOptions options,
                                                             const Machine& machine,
                                                             SessionEvents events) {
  std::unique_ptr<JobSession> session(
      new JobSession(std::move(options), machine, std::move(events)));
  if (absl::Status status = session->Start(std::move(plan)); !status.ok()) {
    session->NoteDamage(status);
    return status;
  }
  return session;
}

absl::Status JobSession::Run() {
  const int64_t now = MonotonicMicros();
  begin_us_.store(now);
  last_commit_us_.store(now);
  RunnerOptions options;
  options.epoch_interval = options_.epoch_interval;
  options.after_commit = [this] { return AfterCommit(); };
  const auto watch = keeper_ == nullptr ? nullptr : WatchRequests(files_, options_.state_directory);
  options.report_interval = events_.tick_interval;
  const bool looks = keeper_ != nullptr && watch == nullptr;
  if (looks) options.report_interval = std::min(options.report_interval, kRequestsInterval);
  options.report = [this, looks] {
    events_.tick();
    if (looks) LookForRequests();
  };
  options.watched_fd = watch != nullptr ? watch->descriptor() : -1;
  options.look = [this, &watch] {
    if (watch != nullptr) watch->Drain();
    LookForRequests();
  };
  runner_ = std::make_unique<Runner>(*job_, *clock_, std::move(options));
  running_.store(runner_.get());
  runner_->RequestLook();  // at what was asked for before anybody watched
  if (stop_requested()) runner_->RequestStop();
  absl::Status end = runner_->Run();
  // What fails after somebody has removed the store fails for that reason, whatever it says.
  if (!end.ok() && store_is_gone()) end = directory_->CheckHeld();
  NoteDamage(end);
  return end;
}

void JobSession::RequestStop() {
  stop_.store(true);
  if (Runner* runner = running_.load(); runner != nullptr) runner->RequestStop();
}

void JobSession::RequestSnapshot() {
  if (keeper_ == nullptr) return;
  keeper_->Ask();
  if (Runner* runner = running_.load(); runner != nullptr) runner->RequestLook();
}

// On the thread that asks for epochs. Who wants a snapshot gets the one of the next epoch, also of
// a job that is idle. Behind the last epoch there is no next one: the keeper answers then.
void JobSession::LookForRequests() {
  if (!wants_epoch() || stop_requested()) return;
  for (int w = 0; w < job_->workers(); ++w) {
    if (!job_->worker(w).ended()) {
      job_->RequestEpoch();
      return;
    }
  }
}

bool JobSession::IsLastEpoch() const { return job_->ended() || stop_requested(); }

absl::Status JobSession::AfterCommit() {
  const EpochRecord& record = job_->record();
  last_commit_us_.store(MonotonicMicros());
  TakeNumbers(record);
  if (directory_ == nullptr) return absl::OkStatus();
  TM_RETURN_IF_ERROR(directory_->CheckHeld());
  // Before anything else is done with the state.
  if (!job_->last_epoch_was_empty()) {
    TM_RETURN_IF_ERROR(directory_->Committed(record.epoch));
    events_.committed();
  }
  const bool nothing_new = job_->last_epoch_was_empty() && first_epoch_ == record.epoch.value;
  TM_RETURN_IF_ERROR(keeper_->AfterCommit(directory_->store(), record, IsLastEpoch(), nothing_new));
  // More than are answered at one boundary, or a request that came while a snapshot was made.
  if (Runner* runner = running_.load(); runner != nullptr && keeper_->wanted()) {
    runner->RequestLook();
  }
  return absl::OkStatus();
}

void JobSession::TakeNumbers(const EpochRecord& record) {
  committed_epoch_.store(record.epoch.value);
  absl::MutexLock lock(&mutex_);
  TakeRecord(record, at_commit_);
}

JobStatus JobSession::status() const {
  JobStatus status;
  {
    absl::MutexLock lock(&mutex_);
    status = at_commit_;
  }
  bool changed = false;
  for (int w = 0; w < job_->workers(); ++w) {
    const Worker& worker = job_->worker(w);
    const WorkerStats& stats = worker.stats();
    status.items_in += stats.items_in.load();
    status.items_out += stats.items_out.load();
    status.late += stats.late_items.load();
    status.closed_at_end += stats.closed_at_end.load();
    status.waiting_keys += stats.waiting_keys.load();
    status.loaded_keys += stats.loaded_keys.load();
    status.evicted_keys += stats.evicted_keys.load();
    status.hot_keys += stats.hot_keys.load();
    status.longest_pause =
        std::max(status.longest_pause, Span::Micros(stats.longest_pause_us.load()));
    changed |= worker.changed();
  }
  status.epoch = committed_epoch_.load();
  status.skipped = skips_.total();
  status.job_time_still = Span::Micros(job_->JobTimeStillForMicros());
  const int64_t now = MonotonicMicros();
  status.since_commit = Span::Micros(changed ? now - last_commit_us_.load() : 0);
  status.input_left = TimeLeft(status.input, first_bytes_read_, Span::Micros(now - begin_us_));
  return status;
}

uint64_t JobSession::CommittedEpoch() const {
  const uint64_t seen = committed_epoch_.load();
  return directory_ == nullptr ? seen : directory_->CommittedEpoch().value_or(seen);
}

// A block of the store that could not be read: the next start must not trust the store.
void JobSession::NoteDamage(const absl::Status& status) {
  const std::string& directory = options_.state_directory;
  if (keeper_ == nullptr || !absl::IsDataLoss(status)) return;
  if (status.message().find(StorePath(directory)) == absl::string_view::npos) return;
  const absl::Status marked = MarkDamaged(files_, directory, status);
  if (!marked.ok()) events_.warning(std::string(marked.message()));
  damage_is_noted_ = marked.ok();
}

}  // namespace tidemark
