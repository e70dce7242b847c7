// How a session begins; see session.h for the order.

#include <algorithm>

#include "base/status.h"
#include "engine/resume_check.h"
#include "recovery/drop_state.h"
#include "recovery/fallback.h"
#include "recovery/restore.h"
#include "recovery/resume_plan.h"
#include "recovery/snapshot.h"
#include "runtime/session.h"

namespace tidemark {
namespace {

// Input that cannot be read again would be lost without a word, and output that cannot be cut back
// would come twice.
std::string ObstacleToGoBack(const Plan& plan) {
  for (const StepPlan& step : plan.steps) {
    if (step.source != nullptr && !step.source->can_seek()) {
      return Cat("source '", step.name, "' (", step.source->Describe(), ") cannot be read again");
    }
    if (step.sink == nullptr || step.sink->guarantee() == SinkGuarantee::kCutBack) continue;
    return Cat("sink '", step.name, "' (", step.sink->Describe(), ") cannot be truncated");
  }
  return "";
}

}  // namespace

absl::Status JobSession::Start(Plan plan) {
  TM_RETURN_IF_ERROR(options_.state_directory.empty() ? StartWithoutState(std::move(plan))
                                                      : StartWithState(std::move(plan)));
  first_epoch_ = job_->record().epoch.value;
  TakeNumbers(job_->record());
  first_bytes_read_ = ProgressOf(job_->record()).bytes_read;
  // Of a line that begins nothing is kept yet, also where it begins from a snapshot's epoch.
  if (directory_ != nullptr && directory_->begins()) committed_epoch_.store(0);
  for (const std::string& note : skips_.TakeNotes()) events_.note(note);
  SayGuarantees();
  return absl::OkStatus();
}

absl::Status JobSession::StartWithoutState(Plan plan) {
  const char* needs = !options_.from_snapshot.empty() ? "--from"
                      : options_.fresh                ? "--fresh"
                      : !options_.new_outputs.empty() ? "--new-output"
                                                      : nullptr;
  if (needs != nullptr) {
    return absl::InvalidArgumentError(
        Cat(needs, " needs a state directory; give one with --state DIR"));
  }
  events_.note("no state is kept; with --state DIR the job survives a crash and resumes");
  JobOptions job = OptionsOfJob();
  options_.hooks.adjust(job);
  TM_ASSIGN_OR_RETURN(job_, Job::Open(std::move(plan), std::move(job)));
  return absl::OkStatus();
}

absl::Status JobSession::StartWithState(Plan plan) {
  new_directory_.emplace(files_, options_.state_directory);
  TM_ASSIGN_OR_RETURN(directory_, OpenDirectory(plan));
  TM_RETURN_IF_ERROR(CheckState(plan));
  JobOptions job = OptionsOfJob();
  job.memory_bytes -= StoreMemory(options_.memory_bytes).cache_bytes;
  job.store = options_.hooks.wrap_store(directory_->store());
  job.directory = directory_->path();
  job.state_directory = directory_->real_path();
  job.run_line = directory_->run_line();
  if (directory_->holds_epoch()) job.resume = directory_->record();
  job.replaced_line = directory_->replaced_line();
  job.abandoned_line = directory_->abandoned_line();
  job.begins = directory_->begins();
  job.went_back_from = directory_->went_back_from();
  options_.hooks.adjust(job);
  TM_ASSIGN_OR_RETURN(job_, Job::Open(std::move(plan), std::move(job)));
  TM_RETURN_IF_ERROR(directory_->OutputsAreOpen());
  if (!directory_->holds_epoch()) return absl::OkStatus();
  TM_RETURN_IF_ERROR(DropState());
  SayHowItGoesOn();
  return absl::OkStatus();
}

RocksStoreOptions JobSession::OptionsOfStore() const {
  const StoreMemory memory(options_.memory_bytes);
  RocksStoreOptions store;
  store.block_cache_bytes = memory.cache_bytes;
  store.write_buffer_bytes = memory.write_buffer_bytes;
  options_.hooks.adjust_store(store);
  return store;
}

absl::StatusOr<std::unique_ptr<StateDirectory>> JobSession::OpenDirectory(const Plan& plan) {
  StateDirectory::Options open{.directory = options_.state_directory, .fresh = options_.fresh};
  open.store = OptionsOfStore();
  open.new_line = options_.hooks.new_line;
  open.say = events_.warning;
  open.on_damaged = [this, &plan, store = open.store](const absl::Status& damage) {
    return FallBack(files_, options_.state_directory, damage,
                    {.allowed = options_.fall_back,
                     .obstacle = ObstacleToGoBack(plan),
                     .check = [this, &plan](const EpochRecord& r) { return CanResume(plan, r); },
                     .say = events_.warning,
                     .store = store});
  };
  std::optional<Snapshot> from;
  if (!options_.from_snapshot.empty()) {
    // Read before anything is discarded: --fresh must not cost a state for a mistyped path.
    TM_ASSIGN_OR_RETURN(from, ReadSnapshot(files_, options_.from_snapshot));
    const EpochRecord& record = from->manifest.record;
    open.from = StateDirectory::Options::From{
        .run_line = record.run_line,
        .epoch = record.epoch.value,
        .restore = [this, &from, store = open.store](const std::string& line) {
          return RestoreSnapshot(files_, *from, options_.state_directory, line, store);
        }};
  }
  return StateDirectory::Open(files_, open);
}

// The store is open; nothing else is, and nothing else has been touched.
absl::Status JobSession::CheckState(const Plan& plan) {
  keeper_ = std::make_unique<SnapshotKeeper>(
      SnapshotKeeper::Options{.files = &files_,
                              .clock = clock_,
                              .directory = directory_->path(),
                              .interval = options_.snapshot_interval,
                              .retention = options_.retention,
                              .disk_bytes_max = options_.disk_bytes_max,
                              .is_restored = directory_->begins() && directory_->holds_epoch(),
                              .store = OptionsOfStore(),
                              .say = events_.note,
                              .made = events_.snapshot});
  keeper_->RemoveOldAnswers();
  TM_RETURN_IF_ERROR(options_.hooks.check(*directory_));
  if (directory_->holds_epoch()) TM_RETURN_IF_ERROR(CheckDropState(plan, directory_->record()));
  // What --fresh replaces still stands there.
  return options_.fresh ? absl::OkStatus() : keeper_->CheckDisk();
}

JobOptions JobSession::OptionsOfJob() {
  JobOptions job;
  job.workers = options_.workers;
  job.memory_bytes = options_.memory_bytes;
  job.batch_items_max = options_.batch_items_max;
  job.channel_batches_max = options_.channel_batches_max;
  job.clock = clock_;
  job.files = &files_;
  job.skips = &skips_;
  job.skip_items = options_.skip_items;
  job.regular_looks = options_.regular_looks;
  job.take_over = options_.take_over;
  job.new_outputs = options_.new_outputs;
  job.say = events_.note;
  // A run that has begun ends in its own way.
  job.before_sinks_open = [this] {
    if (new_directory_) new_directory_->Keep();
  };
  job.stop_wanted = [this] { return job_ == nullptr && events_.stop_wanted(); };
  return job;
}

absl::Status JobSession::CanResume(const Plan& plan, const EpochRecord& record) const {
  const std::string& directory = options_.state_directory;
  TM_RETURN_IF_ERROR(
      PlanResume(record, DeclaredSteps(plan), {.flow_name = plan.flow_name, .directory = directory})
          .verdict);
  return CheckSourcesAndSinks(plan, record, directory);
}

absl::Status JobSession::CheckDropState(const Plan& plan, const EpochRecord& record) const {
  if (options_.drop_state.empty()) return absl::OkStatus();
  for (const StepPlan& step : plan.steps) {
    if (step.name != options_.drop_state) continue;
    return absl::InvalidArgumentError(
        Cat("--drop-state: the flow has a step '", step.name, "', so its state is in use"));
  }
  return RecordWithout(record, options_.drop_state).status();
}

// After everything that can refuse the start, since it cannot be undone.
absl::Status JobSession::DropState() {
  if (options_.drop_state.empty()) return absl::OkStatus();
  TM_RETURN_IF_ERROR(
      tidemark::DropState(directory_->store(), directory_->record(), options_.drop_state).status());
  job_->ForgetStep(options_.drop_state);
  events_.note(Cat("the state of step '", options_.drop_state, "' is removed"));
  return absl::OkStatus();
}

void JobSession::SayHowItGoesOn() {
  const std::string& original = directory_->original();
  events_.note(
      Cat("resuming ", directory_->path(), " after epoch ", job_->record().epoch.value,
          original.empty() ? "" : Cat(", as a fork of ", original, ", of which it is a copy")));
  for (const StepFate& fate : job_->fates()) {
    if (fate.kind == StepFate::Kind::kKept) continue;
    events_.note(Cat("step '", fate.name, "': ", fate.detail));
  }
}

void JobSession::SayGuarantees() {
  if (!job_->keeps_state()) return;
  for (const StepPlan& step : job_->plan().steps) {
    if (step.source != nullptr && !step.source->can_seek()) {
      events_.note(Cat("source '", step.name, "' (", step.source->Describe(),
                       ") cannot be read again: what a crash interrupts is lost (at most once)"));
    }
    if (step.sink != nullptr && step.sink->guarantee() == SinkGuarantee::kAtLeastOnce) {
      events_.note(Cat("sink '", step.name, "' (", step.sink->Describe(),
                       ") cannot be truncated: a crash may repeat output (at least once)"));
    }
  }
}

}  // namespace tidemark
