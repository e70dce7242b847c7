#include "tidemark/run.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "absl/strings/str_format.h"
#include "base/quantity.h"
#include "base/status.h"
#include "engine/job.h"
#include "engine/runner.h"
#include "engine/skip_log.h"
#include "recovery/restore.h"
#include "recovery/retention.h"
#include "recovery/snapshot.h"
#include "recovery/state_directory.h"
#include "tidemark/internal/status_view.h"

namespace tidemark {
namespace {

using internal::StatusView;

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

// The one thing a signal handler can reach. A process runs one flow at a time.
std::atomic<Runner*> signalled_runner{nullptr};  // tidy: allowed, a handler has no other way

extern "C" void OnStopSignal(int signal) {
  Runner* runner = signalled_runner.load();
  // A second signal stops at once: what is committed is safe, the rest is read again.
  if (runner == nullptr || runner->stop_requested()) _exit(128 + signal);
  runner->RequestStop();
}

// Routes SIGINT and SIGTERM to a runner for as long as it lives.
class StopSignals {
 public:
  explicit StopSignals(Runner& runner) {
    signalled_runner.store(&runner);
    struct sigaction action {};
    action.sa_handler = OnStopSignal;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &old_int_);
    sigaction(SIGTERM, &action, &old_term_);
    // A reader that went away is an error of write(), which says more than a killed process.
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, &old_pipe_);
  }
  ~StopSignals() {
    sigaction(SIGINT, &old_int_, nullptr);
    sigaction(SIGTERM, &old_term_, nullptr);
    sigaction(SIGPIPE, &old_pipe_, nullptr);
    signalled_runner.store(nullptr);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  struct sigaction old_int_, old_term_, old_pipe_;
};

// One run, from options to exit code.
class Run {
 public:
  Run(const RunOptions& options, const RunContext& context)
      : options_(options),
        context_(context),
        view_(StatusView::StyleFor(options.quiet), !options.state_directory.empty()) {}

  int Execute(const Flow& flow) {
    auto plan = flow.Compile();
    if (!plan.ok()) return Refuse(plan.status(), kExitUsage);
    if (absl::Status status = OpenState(); !status.ok()) {
      return Refuse(status, absl::IsInvalidArgument(status) ? kExitUsage : kExitFailed);
    }
    if (absl::Status status = OpenJob(*std::move(plan)); !status.ok()) {
      RemoveRestored();
      return Refuse(status, absl::IsInvalidArgument(status) ? kExitUsage : kExitFailed);
    }
    SayGuarantees();
    return Drive();
  }

 private:
  int Refuse(const absl::Status& status, int code) {
    view_.SayAlways(std::string(status.message()));
    return code;
  }

  absl::Status OpenState() {
    if (options_.state_directory.empty()) {
      if (!options_.from_snapshot.empty() || options_.fresh) {
        return absl::InvalidArgumentError(
            Cat(options_.fresh ? "--fresh" : "--from",
                " needs a state directory; give one with --state DIR"));
      }
      view_.Say("no state is kept; with --state DIR the job survives a crash and resumes");
      return absl::OkStatus();
    }
    StateDirectory::Options open{.directory = options_.state_directory, .fresh = options_.fresh};
    if (!options_.from_snapshot.empty()) {
      // Read before anything is discarded: --fresh must not cost a state for a mistyped path.
      TM_ASSIGN_OR_RETURN(Snapshot snapshot, ReadSnapshot(*context_.files, options_.from_snapshot));
      open.before_open = [this, snapshot = std::move(snapshot)]() -> absl::Status {
        TM_RETURN_IF_ERROR(
            RestoreSnapshot(*context_.files, snapshot, options_.state_directory, NewRunLine()));
        restored_ = true;
        return absl::OkStatus();
      };
    }
    TM_ASSIGN_OR_RETURN(directory_, StateDirectory::Open(*context_.files, open));
    return absl::OkStatus();
  }

  // What this process put there and could not run is taken away again, so that the command that is
  // advised finds the directory as it was.
  void RemoveRestored() {
    if (!restored_) return;
    directory_.reset();
    RemoveTree(*context_.files, StorePath(options_.state_directory))
        .IgnoreError();  // on purpose: the refusal says what matters
  }

  absl::Status OpenJob(Plan plan) {
    JobOptions job;
    job.workers = options_.workers;
    job.memory_bytes = options_.memory_bytes;
    job.clock = context_.clock;
    job.files = context_.files;
    job.skips = &skips_;
    job.say = [this](const std::string& line) { view_.Say(line); };
    if (directory_ != nullptr) {
      job.store = &directory_->store();
      job.directory = directory_->path();
      TM_ASSIGN_OR_RETURN(job.run_line, RunLine());
      if (directory_->record() && directory_->record()->epoch.value > 0) {
        job.resume = directory_->record();
      }
      job.replaced_line =
          options_.take_over && job.resume ? SinkLine(*job.resume) : directory_->replaced_line();
    }
    const bool resumes = job.resume.has_value();
    TM_ASSIGN_OR_RETURN(job_, Job::Open(std::move(plan), std::move(job)));
    if (resumes) {
      view_.Say(Cat("resumes ", directory_->path(), " behind epoch ", job_->record().epoch.value));
      for (const StepFate& fate : job_->fates()) {
        if (fate.kind == StepFate::Kind::kKept) continue;
        view_.Say(Cat("step '", fate.name, "': ", fate.detail));
      }
    }
    first_epoch_ = job_->record().epoch.value;
    TakeNumbers(job_->record());
    for (const StepPlan& step : job_->plan().steps) {
      // Rows that go to the terminal themselves leave no place for a line that is written over.
      if (step.sink != nullptr && step.sink->guarantee() == SinkGuarantee::kAtLeastOnce &&
          isatty(STDOUT_FILENO) != 0) {
        view_.UseLines();
      }
    }
    return absl::OkStatus();
  }

  // The id of this line of runs. A new directory gets one that is kept from the first start on:
  // what a run that died before its first commit has written is then known to be this line's own.
  absl::StatusOr<std::string> RunLine() {
    if (directory_->record()) return directory_->record()->run_line;
    EpochRecord record;
    record.run_line = NewRunLine();
    TM_RETURN_IF_ERROR(CommitEpoch(directory_->store(), record, {}));
    return record.run_line;
  }

  // The line of runs that the sinks were last written by.
  static std::string SinkLine(const EpochRecord& record) {
    for (const SinkRecord& sink : record.sinks) {
      if (const auto line = Position(sink.position).Text("run_line")) return *line;
    }
    return {};
  }

  void SayGuarantees() {
    if (!job_->keeps_state()) return;
    for (const StepPlan& step : job_->plan().steps) {
      if (step.source != nullptr && !step.source->can_seek()) {
        view_.Say(Cat("source '", step.name, "' (", step.source->Describe(),
                      ") cannot be read again: what a crash interrupts is lost (at most once)"));
      }
      if (step.sink != nullptr && step.sink->guarantee() == SinkGuarantee::kAtLeastOnce) {
        view_.Say(Cat("sink '", step.name, "' (", step.sink->Describe(),
                      ") cannot be cut back: a crash may repeat output (at least once)"));
      }
    }
  }

  int Drive() {
    const int64_t begin_us = last_commit_us_ = MonotonicMicros();
    last_snapshot_us_ = begin_us;
    RunnerOptions runner_options;
    runner_options.epoch_interval = options_.epoch_interval;
    runner_options.after_commit = [this] { return AfterCommit(); };
    if (view_.style() == StatusView::Style::kTerminal) {
      runner_options.report_interval = Span::Micros(500'000);
      runner_options.report = [this] { view_.Show(Now()); };
    }
    Runner runner(*job_, *context_.clock, std::move(runner_options));
    runner_ = &runner;
    absl::Status end;
    {
      const StopSignals signals(runner);
      end = runner.Run();
    }
    for (const auto& [place, entry] : skips_.Entries()) {
      view_.SayAlways(Cat(place, ": ", FormatCount(entry.count), " skipped, for example:"));
      for (const std::string& example : entry.examples) view_.SayAlways(Cat("  ", example));
    }
    // The reader of our output went away: as for any filter, that is a quiet end.
    if (absl::IsCancelled(end)) return kExitFailed;
    if (!end.ok()) {
      view_.SayAlways(std::string(end.message()));
      if (job_->keeps_state()) {
        view_.SayAlways(Cat("stopped; the state stands at epoch ", committed_epoch_.load(),
                            ", the same command goes on from there"));
      }
      return kExitFailed;
    }
    SayEnd(begin_us, runner.stop_requested());
    return 0;
  }

  // For the status line and the last words.
  void TakeNumbers(const EpochRecord& record) {
    uint64_t keys = 0, bytes = 0;
    for (const StepRecord& step : record.steps) keys += step.keys, bytes += step.bytes;
    committed_epoch_.store(record.epoch.value);
    keys_.store(keys);
    state_bytes_.store(bytes);
  }

  // On the committer's thread.
  absl::Status AfterCommit() {
    const EpochRecord& record = job_->record();
    last_commit_us_.store(MonotonicMicros());
    TakeNumbers(record);
    const uint64_t keys = keys_.load();
    if (directory_ == nullptr) return absl::OkStatus();
    const int64_t now = MonotonicMicros();
    const bool last = job_->ended() || runner_->stop_requested();
    if (job_->last_epoch_was_empty() && first_epoch_ == record.epoch.value) return absl::OkStatus();
    if (!last && now - last_snapshot_us_ < options_.snapshot_interval.us) return absl::OkStatus();
    TM_ASSIGN_OR_RETURN(const Snapshot snapshot, MakeSnapshot(*context_.files, directory_->store(),
                                                              directory_->path(), record));
    TM_ASSIGN_OR_RETURN(const std::vector<std::string> removed,
                        ApplyRetention(*context_.files, directory_->path(), options_.retention,
                                       context_.clock->Now()));
    for (const std::string& line : removed) view_.Say(line);
    last_snapshot_us_ = MonotonicMicros();
    view_.Say(Cat("snapshot ", snapshot.path, ": epoch ", record.epoch.value, ", ",
                  FormatCount(keys), keys == 1 ? " key, " : " keys, ",
                  FormatBytes(snapshot.bytes()), ", in ",
                  absl::StrFormat("%.0f ms", static_cast<double>(last_snapshot_us_ - now) / 1e3)));
    return absl::OkStatus();
  }

  StatusView::Numbers Now() const {
    StatusView::Numbers numbers;
    bool changed = false;
    for (int w = 0; w < job_->workers(); ++w) {
      numbers.items_in += job_->worker(w).stats().items_in.load();
      numbers.items_out += job_->worker(w).stats().items_out.load();
      changed |= job_->worker(w).changed();
    }
    numbers.epoch = committed_epoch_.load();
    numbers.keys = keys_.load();
    numbers.state_bytes = state_bytes_.load();
    numbers.skipped = skips_.total();
    numbers.lag_us = changed ? MonotonicMicros() - last_commit_us_.load() : 0;
    return numbers;
  }

  void SayEnd(int64_t begin_us, bool stopped) {
    const StatusView::Numbers numbers = Now();
    if (!stopped && first_epoch_ > 0 && numbers.items_in == 0 && numbers.items_out == 0) {
      view_.Say(Cat("nothing new: all input was processed by epoch ", first_epoch_));
      return;
    }
    const double seconds = static_cast<double>(MonotonicMicros() - begin_us) / 1e6;
    std::string line =
        Cat(stopped ? "stopped: " : "done: ", FormatCount(numbers.items_in), " in, ",
            FormatCount(numbers.items_out), " out, ", absl::StrFormat("%.1f s", seconds));
    if (job_->keeps_state()) {
      line += Cat("; state at epoch ", committed_epoch_.load(), " in ", directory_->path());
      if (stopped) line += ", the same command goes on from there";
    }
    view_.Say(line);
  }

  const RunOptions& options_;
  const RunContext& context_;
  SkipLog skips_;
  StatusView view_;
  std::unique_ptr<StateDirectory> directory_;
  std::unique_ptr<Job> job_;
  Runner* runner_ = nullptr;
  uint64_t first_epoch_ = 0;
  bool restored_ = false;  // by this process, from a snapshot

  // Written by the committer, read by the status line.
  std::atomic<int64_t> last_commit_us_{0};
  std::atomic<uint64_t> committed_epoch_{0};
  std::atomic<uint64_t> keys_{0};
  std::atomic<uint64_t> state_bytes_{0};
  int64_t last_snapshot_us_ = 0;  // committer only, once the runner runs
};

}  // namespace

int RunFlow(const Flow& flow, const RunOptions& options, const RunContext& context) {
  return Run(options, context).Execute(flow);
}

}  // namespace tidemark
