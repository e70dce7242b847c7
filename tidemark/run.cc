#include "tidemark/run.h"

#include <unistd.h>

#include <atomic>

#include "absl/strings/str_format.h"
#include "base/directory_watch.h"
#include "base/printable.h"
#include "base/quantity.h"
#include "base/status.h"
#include "engine/job.h"
#include "engine/resume_check.h"
#include "engine/runner.h"
#include "engine/skip_log.h"
#include "recovery/drop_state.h"
#include "recovery/fallback.h"
#include "recovery/requests.h"
#include "recovery/resume_plan.h"
#include "recovery/snapshot.h"
#include "recovery/state_directory.h"
#include "recovery/state_files.h"
#include "runtime/opened_run.h"
#include "tidemark/exit_code.h"
#include "tidemark/internal/status_view.h"
#include "tidemark/run_signals.h"
#include "tidemark/snapshot_keeper.h"

namespace tidemark {
namespace {

using internal::InputProgress;
using internal::ProgressOf;
using internal::StatusView;
using internal::TimeLeft;

// Where a directory cannot be watched: how long a request waits for an idle job to look.
constexpr Span kRequestsInterval = Span::Seconds(1);
constexpr Span kShowInterval = Span::Micros(500'000);

// One run, from options to exit code.
class Run {
 public:
  Run(const RunOptions& options, const RunContext& context)
      : options_(options),
        context_(context),
        skips_(!options.state_directory.empty()),
        view_(StatusView::StyleFor(options.quiet), !options.state_directory.empty()) {}

  int Execute(const Flow& flow) {
    // From the first moment on, and also without a state: who asks for a snapshot must not end the
    // run that reads a damaged store for minutes.
    const SnapshotSignal is_no_end;
    auto plan = flow.Compile();
    if (!plan.ok()) return Refuse(plan.status());
    if (absl::Status status = Open(*std::move(plan)); !status.ok()) {
      NoteDamage(status);
      return Refuse(status);
    }
    for (const std::string& note : skips_.TakeNotes()) view_.Say(note);
    SayGuarantees();
    return Drive();
  }

 private:
  int Refuse(const absl::Status& status) {
    view_.SayAlways(std::string(status.message()));
    return ExitCodeOf(status);
  }

  absl::Status Open(Plan plan) {
    if (options_.state_directory.empty()) {
      TM_RETURN_IF_ERROR(OpenWithoutState(std::move(plan)));
    } else {
      TM_RETURN_IF_ERROR(OpenWithState(std::move(plan)));
    }
    first_epoch_ = job_->record().epoch.value;
    TakeNumbers(job_->record());
    // Of a line that begins nothing is kept yet, also where it begins from a snapshot's epoch.
    if (directory_ != nullptr && directory_->begins()) committed_epoch_.store(0);
    for (const StepPlan& step : job_->plan().steps) {
      // Rows that go to the terminal themselves leave no place for a line that is written over.
      if (step.sink != nullptr && step.sink->guarantee() == SinkGuarantee::kAtLeastOnce &&
          isatty(STDOUT_FILENO) != 0) {
        view_.UseLines();
      }
    }
    return absl::OkStatus();
  }

  absl::Status OpenWithoutState(Plan plan) {
    const char* needs = !options_.from_snapshot.empty() ? "--from"
                        : options_.fresh                ? "--fresh"
                        : !options_.new_outputs.empty() ? "--new-output"
                                                        : nullptr;
    if (needs != nullptr) {
      return absl::InvalidArgumentError(
          Cat(needs, " needs a state directory; give one with --state DIR"));
    }
    view_.Say("no state is kept; with --state DIR the job survives a crash and resumes");
    TM_ASSIGN_OR_RETURN(stateless_, Job::Open(std::move(plan), OptionsOfJob()));
    job_ = stateless_.get();
    return absl::OkStatus();
  }

  absl::Status OpenWithState(Plan plan) {
    OpenRunOptions open{.job = OptionsOfJob()};
    const StoreMemory memory(options_.memory_bytes);
    open.job.memory_bytes -= memory.cache_bytes;
    open.state = {.directory = options_.state_directory, .fresh = options_.fresh};
    open.state.store.block_cache_bytes = memory.cache_bytes;
    open.state.store.write_buffer_bytes = memory.write_buffer_bytes;
    open.state.say = [this](const std::string& line) { view_.SayAlways(line); };
    open.state.on_damaged = [this, &plan](const absl::Status& damage) {
      return FallBack(*context_.files, options_.state_directory, damage,
                      {.allowed = options_.fall_back,
                       .obstacle = ObstacleToGoBack(plan),
                       .check = [this, &plan](const EpochRecord& r) { return CanResume(plan, r); },
                       .say = [this](const std::string& line) { view_.SayAlways(line); }});
    };
    std::optional<Snapshot> from;
    if (!options_.from_snapshot.empty()) {
      // Read before anything is discarded: --fresh must not cost a state for a mistyped path.
      TM_ASSIGN_OR_RETURN(from, ReadSnapshot(*context_.files, options_.from_snapshot));
      open.from = &*from;
    }
    open.check = [this, &plan](StateDirectory& directory) { return CheckState(plan, directory); };
    TM_ASSIGN_OR_RETURN(opened_, OpenedRun::Open(plan, std::move(open)));
    directory_ = &opened_->directory();
    job_ = &opened_->job();
    if (!directory_->holds_epoch()) return absl::OkStatus();
    TM_RETURN_IF_ERROR(DropState());
    const std::string& original = directory_->original();
    view_.Say(
        Cat("resumes ", directory_->path(), " behind epoch ", job_->record().epoch.value,
            original.empty() ? "" : Cat(", as a fork of ", original, ", of which it is a copy")));
    for (const StepFate& fate : job_->fates()) {
      if (fate.kind == StepFate::Kind::kKept) continue;
      view_.Say(Cat("step '", fate.name, "': ", fate.detail));
    }
    return absl::OkStatus();
  }

  JobOptions OptionsOfJob() {
    JobOptions job;
    job.workers = options_.workers;
    job.memory_bytes = options_.memory_bytes;
    job.clock = context_.clock;
    job.files = context_.files;
    job.skips = &skips_;
    job.skip_items = options_.skip_items;
    job.take_over = options_.take_over;
    job.new_outputs = options_.new_outputs;
    job.say = [this](const std::string& line) { view_.Say(line); };
    return job;
  }

  // The store is open; nothing else is, and nothing else has been touched.
  absl::Status CheckState(const Plan& plan, StateDirectory& directory) {
    keeper_ = std::make_unique<SnapshotKeeper>(
        SnapshotKeeper::Options{.files = context_.files,
                                .clock = context_.clock,
                                .directory = directory.path(),
                                .interval = options_.snapshot_interval,
                                .retention = options_.retention,
                                .disk_bytes_max = options_.disk_bytes_max,
                                .is_restored = directory.begins() && directory.holds_epoch(),
                                .say = [this](const std::string& line) { view_.Say(line); }});
    keeper_->RemoveOldAnswers();
    if (directory.holds_epoch()) TM_RETURN_IF_ERROR(CheckDropState(plan, directory.record()));
    // What --fresh replaces still stands there.
    return options_.fresh ? absl::OkStatus() : keeper_->CheckDisk();
  }

  absl::Status CanResume(const Plan& plan, const EpochRecord& record) const {
    const std::string& directory = options_.state_directory;
    TM_RETURN_IF_ERROR(PlanResume(record, DeclaredSteps(plan),
                                  {.flow_name = plan.flow_name, .directory = directory})
                           .verdict);
    return CheckSourcesAndSinks(plan, record, directory);
  }

  // Input that cannot be read again would be lost without a word, and output that cannot be cut
  // back would come twice.
  static std::string ObstacleToGoBack(const Plan& plan) {
    for (const StepPlan& step : plan.steps) {
      if (step.source != nullptr && !step.source->can_seek()) {
        return Cat("source '", step.name, "' (", step.source->Describe(), ") cannot be read again");
      }
      if (step.sink == nullptr || step.sink->guarantee() == SinkGuarantee::kCutBack) continue;
      return Cat("sink '", step.name, "' (", step.sink->Describe(), ") cannot be cut back");
    }
    return "";
  }

  // A block of the store that could not be read: the next start must not trust the store.
  bool NoteDamage(const absl::Status& status) {
    const std::string& directory = options_.state_directory;
    if (keeper_ == nullptr || !absl::IsDataLoss(status)) return false;
    if (status.message().find(StorePath(directory)) == absl::string_view::npos) return false;
    const absl::Status marked = MarkDamaged(*context_.files, directory, status);
    if (!marked.ok()) view_.SayAlways(std::string(marked.message()));
    return marked.ok();
  }

  absl::Status CheckDropState(const Plan& plan, const EpochRecord& record) const {
    if (options_.drop_state.empty()) return absl::OkStatus();
    for (const StepPlan& step : plan.steps) {
      if (step.name != options_.drop_state) continue;
      return absl::InvalidArgumentError(
          Cat("--drop-state: the flow has a step '", step.name, "', so its state is in use"));
    }
    return RecordWithout(record, options_.drop_state).status();
  }

  // Behind everything that can refuse the start, since it cannot be undone.
  absl::Status DropState() {
    if (options_.drop_state.empty()) return absl::OkStatus();
    TM_RETURN_IF_ERROR(
        tidemark::DropState(directory_->store(), directory_->record(), options_.drop_state)
            .status());
    job_->ForgetStep(options_.drop_state);
    view_.Say(Cat("the state of step '", options_.drop_state, "' is removed"));
    return absl::OkStatus();
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

  bool HasFlagsForOnce() const { return options_.fresh || !options_.new_outputs.empty(); }

  // What these flags ask for has been done, and would be done again.
  std::string WhatGoesOn() const {
    std::string flags;
    const auto add = [&](bool given, const char* flag) {
      if (given) flags += Cat(flags.empty() ? "" : " and ", flag);
    };
    add(!options_.from_snapshot.empty() && options_.fresh, "--from");
    add(options_.fresh, "--fresh");
    add(!options_.new_outputs.empty(), "--new-output");
    return Cat(" the same command ", flags.empty() ? "" : Cat("without ", flags, " "),
               "goes on from there");
  }

  // What stops a run until somebody does something stops the same command, too.
  std::string WhereItStands(const absl::Status& end) const {
    const bool needs_somebody = absl::IsFailedPrecondition(end) || absl::IsDataLoss(end);
    const uint64_t epoch = directory_->CommittedEpoch().value_or(committed_epoch_.load());
    if (epoch == 0) {
      return needs_somebody ? "; nothing was committed"
                            : "; nothing was committed, the same command starts again";
    }
    // A command that may not be given again is named in any case.
    if (needs_somebody && !HasFlagsForOnce()) return Cat("; the state stands at epoch ", epoch);
    return Cat("; the state stands at epoch ", epoch, needs_somebody ? ", then" : ",",
               WhatGoesOn());
  }

  int Drive() {
    begin_us_ = last_commit_us_ = MonotonicMicros();
    first_bytes_read_ = input_bytes_read_.load();
    RunnerOptions runner_options;
    runner_options.epoch_interval = options_.epoch_interval;
    runner_options.after_commit = [this] { return AfterCommit(); };
    const bool shows = view_.style() == StatusView::Style::kTerminal;
    std::unique_ptr<DirectoryWatch> watch = WatchRequests();
    if (shows) {
      runner_options.report_interval = kShowInterval;
    } else if (keeper_ != nullptr && watch == nullptr) {
      runner_options.report_interval = kRequestsInterval;
    }
    runner_options.report = [this, shows, looks = watch == nullptr] {
      if (shows) view_.Show(Now());
      if (looks) LookForRequests();
    };
    runner_options.watched_fd = watch != nullptr ? watch->descriptor() : -1;
    runner_options.look = [this, &watch] {
      if (watch != nullptr) watch->Drain();
      LookForRequests();
    };
    Runner runner(*job_, *context_.clock, std::move(runner_options));
    runner_ = &runner;
    absl::Status end;
    {
      const StopSignals signals(runner, WordsAtOnce());
      runner.RequestLook();  // at what was asked for before anybody watched
      end = runner.Run();
    }
    for (const auto& [place, entry] : skips_.Entries()) {
      view_.SayAlways(Cat(place, ": ", FormatCount(entry.count), " skipped, for example:"));
      for (const std::string& example : entry.examples) view_.SayAlways(Cat("  ", example));
    }
    for (const std::string& left : skips_.Left()) view_.SayAlways(left);
    // The reader of our output went away: as for any filter, that is a quiet end.
    if (absl::IsCancelled(end)) return kExitFailed;
    if (!end.ok()) {
      std::string line(end.message());
      int code = ExitCodeOfRun(end);
      if (NoteDamage(end)) {
        if (options_.fall_back) code = kExitFailed;  // it mends itself
        line =
            Cat(WithoutAdvice(end),
                "; the next start looks at all of it and goes back to the newest whole snapshot");
      } else if (job_->keeps_state()) {
        line += WhereItStands(end);
        // What an item is refused for, by the source or by user code, it is refused for again.
        const bool says_how = line.find("--skip-item ") != std::string::npos;
        if (!says_how && (absl::IsAborted(end) || absl::IsInvalidArgument(end)))
          line += "; --skip-item steps over an item that does this each time";
      }
      view_.SayAlways(line);
      return code;
    }
    SayEnd(runner.stop_requested());
    return kExitFine;
  }

  // What is said by a second signal, which ends the process where it stands. Without state epochs
  // are nothing that is kept.
  LastWords WordsAtOnce() const {
    const bool shows_line = view_.style() == StatusView::Style::kTerminal;
    const std::string begin =
        Cat(shows_line ? "\r\x1b[K" : "", "tidemark: ended at once by a second signal; ");
    if (!job_->keeps_state()) {
      return {.begin = begin,
              .kept = {},
              .end = {},
              .nothing_kept = "no state is kept, the same command starts again\n",
              .epoch = &no_epoch_};
    }
    return {.begin = begin,
            .kept = "what was committed is kept: ",
            .end = Cat(" in ", Printable(directory_->path()), ",", WhatGoesOn(), "\n"),
            .nothing_kept = "nothing was committed yet, the same command starts again\n",
            .epoch = &committed_epoch_};
  }

  // For the status line and the last words.
  void TakeNumbers(const EpochRecord& record) {
    uint64_t keys = 0, bytes = 0;
    for (const StepRecord& step : record.steps) keys += step.keys, bytes += step.bytes;
    committed_epoch_.store(record.epoch.value);
    keys_.store(keys);
    state_bytes_.store(bytes);
    const InputProgress input = ProgressOf(record);
    input_bytes_read_.store(input.bytes_read);
    input_bytes_.store(input.bytes);
  }

  // On the committer's thread.
  absl::Status AfterCommit() {
    const EpochRecord& record = job_->record();
    last_commit_us_.store(MonotonicMicros());
    TakeNumbers(record);
    if (directory_ == nullptr) return absl::OkStatus();
    TM_RETURN_IF_ERROR(directory_->CheckHeld());
    TM_RETURN_IF_ERROR(opened_->AfterCommit());
    const bool last = job_->ended() || runner_->stop_requested();
    const bool nothing_new = job_->last_epoch_was_empty() && first_epoch_ == record.epoch.value;
    TM_RETURN_IF_ERROR(keeper_->AfterCommit(directory_->store(), record, last, nothing_new));
    // More than are answered at one boundary, or a signal that came while a snapshot was made.
    if (keeper_->wanted()) runner_->RequestLook();
    return absl::OkStatus();
  }

  // So that an idle job sleeps until somebody asks; null where that cannot be had, and then it
  // looks now and then.
  std::unique_ptr<DirectoryWatch> WatchRequests() {
    if (keeper_ == nullptr) return nullptr;
    const std::string requests = RequestsPath(directory_->path());
    if (!context_.files->CreateDirectories(requests).ok()) return nullptr;
    auto watch = DirectoryWatch::Open(requests);
    return watch.ok() ? *std::move(watch) : nullptr;
  }

  // On the thread that asks for epochs. Who wants a snapshot gets the one of the next epoch, also
  // of a job that is idle. Behind the last epoch there is no next one: the keeper answers then.
  void LookForRequests() {
    if (keeper_ == nullptr || runner_->stop_requested() || !keeper_->wanted()) return;
    for (int w = 0; w < job_->workers(); ++w) {
      if (!job_->worker(w).ended()) {
        job_->RequestEpoch();
        return;
      }
    }
  }

  StatusView::Numbers Now() const {
    StatusView::Numbers numbers;
    bool changed = false;
    for (int w = 0; w < job_->workers(); ++w) {
      numbers.items_in += job_->worker(w).stats().items_in.load();
      const WorkerStats& stats = job_->worker(w).stats();
      numbers.items_out += stats.items_out.load();
      numbers.late += stats.late_items.load();
      numbers.closed_at_end += stats.closed_at_end.load();
      numbers.waiting_keys += stats.waiting_keys.load();
      changed |= job_->worker(w).changed();
    }
    numbers.epoch = committed_epoch_.load();
    numbers.keys = keys_.load();
    numbers.state_bytes = state_bytes_.load();
    numbers.skipped = skips_.total();
    numbers.job_time_still = Span::Micros(job_->JobTimeStillForMicros());
    const int64_t now = MonotonicMicros();
    numbers.since_commit = Span::Micros(changed ? now - last_commit_us_.load() : 0);
    numbers.input = {.bytes_read = input_bytes_read_.load(), .bytes = input_bytes_.load()};
    numbers.input_left = TimeLeft(numbers.input, first_bytes_read_, Span::Micros(now - begin_us_));
    return numbers;
  }

  void SayEnd(bool stopped) {
    const StatusView::Numbers numbers = Now();
    if (!stopped && first_epoch_ > 0 && numbers.items_in == 0 && numbers.items_out == 0 &&
        numbers.late == 0) {
      view_.Say(skips_.Left().empty()
                    ? Cat("nothing new: all input was processed by epoch ", first_epoch_)
                    : Cat("nothing new that is finished since epoch ", first_epoch_));
      return;
    }
    const double seconds = static_cast<double>(MonotonicMicros() - begin_us_) / 1e6;
    std::string line = Cat(stopped ? "stopped: " : "done: ", FormatCount(numbers.items_in), " in, ",
                           FormatCount(numbers.items_out), " out, ", LateText(numbers.late),
                           absl::StrFormat("%.1f s", seconds));
    if (job_->keeps_state()) {
      line += Cat("; state at epoch ", committed_epoch_.load(), " in ", directory_->path());
      if (stopped) line += Cat(",", WhatGoesOn());
    }
    view_.Say(line);
    if (numbers.closed_at_end == 0 || !job_->keeps_state()) return;
    view_.Say(Cat("the end of the input closed ", FormatCount(numbers.closed_at_end),
                  numbers.closed_at_end == 1 ? " window" : " windows",
                  "; rows added later for them are late (at_eof: keep leaves them open)"));
  }

  // "206 late (out/late.jsonl), ": how many items, and where they are.
  std::string LateText(uint64_t late) const {
    if (late == 0) return "";
    std::string where;
    for (const StepPlan& step : job_->plan().steps) {
      if (!step.is_for_late) continue;
      const std::string output = step.sink->Describe();  // "file out/late.jsonl"
      constexpr std::string_view kFile = "file ";
      where += Cat(where.empty() ? "" : ", ",
                   output.starts_with(kFile) ? output.substr(kFile.size()) : output);
    }
    return Cat(FormatCount(late), " late (", where.empty() ? "left out" : where, "), ");
  }

  const RunOptions& options_;
  const RunContext& context_;
  SkipLog skips_;
  StatusView view_;
  std::unique_ptr<OpenedRun> opened_;       // null without state, and then
  std::unique_ptr<Job> stateless_;          // this is the job
  std::unique_ptr<SnapshotKeeper> keeper_;  // null without state
  StateDirectory* directory_ = nullptr;     // of opened_
  Job* job_ = nullptr;                      // of either
  Runner* runner_ = nullptr;
  uint64_t first_epoch_ = 0;

  // Written by the committer, read by the status line.
  std::atomic<int64_t> last_commit_us_{0};
  std::atomic<uint64_t> committed_epoch_{0};
  const std::atomic<uint64_t> no_epoch_{0};
  std::atomic<uint64_t> keys_{0};
  std::atomic<uint64_t> state_bytes_{0};
  std::atomic<uint64_t> input_bytes_read_{0};
  std::atomic<uint64_t> input_bytes_{0};
  uint64_t first_bytes_read_ = 0;  // when this run began
  int64_t begin_us_ = 0;
};

}  // namespace

int RunFlow(const Flow& flow, const RunOptions& options, const RunContext& context) {
  StateFiles files(*context.files,
                   {.directory = options.state_directory, .mode = options.state_mode});
  const RunContext inside{.files = &files, .clock = context.clock};
  return Run(options, inside).Execute(flow);
}

}  // namespace tidemark
