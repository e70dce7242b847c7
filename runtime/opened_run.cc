#include "runtime/opened_run.h"

#include "base/status.h"
#include "recovery/restore.h"

namespace tidemark {

absl::StatusOr<std::unique_ptr<OpenedRun>> OpenedRun::Open(Plan plan, OpenRunOptions options) {
  Files& files = *options.job.files;
  if (options.from != nullptr) {
    const EpochRecord& record = options.from->manifest.record;
    options.state.from = StateDirectory::Options::From{
        .run_line = record.run_line,
        .epoch = record.epoch.value,
        .restore = [&](const std::string& line) {
          return RestoreSnapshot(files, *options.from, options.state.directory, line,
                                 options.state.store);
        }};
  }
  std::unique_ptr<OpenedRun> run(new OpenedRun());
  TM_ASSIGN_OR_RETURN(run->directory_, StateDirectory::Open(files, options.state));
  StateDirectory& directory = *run->directory_;
  TM_RETURN_IF_ERROR(options.check(directory));
  JobOptions job = std::move(options.job);
  job.store = options.wrap_store(directory.store());
  job.directory = directory.path();
  job.state_directory = directory.real_path();
  job.run_line = directory.run_line();
  if (directory.holds_epoch()) job.resume = directory.record();
  job.replaced_line = directory.replaced_line();
  job.abandoned_line = directory.abandoned_line();
  job.begins = directory.begins();
  job.went_back_from = directory.went_back_from();
  options.adjust(job);
  TM_ASSIGN_OR_RETURN(run->job_, Job::Open(std::move(plan), std::move(job)));
  TM_RETURN_IF_ERROR(directory.OutputsAreOpen());
  return run;
}

absl::Status OpenedRun::AfterCommit() {
  if (job_->last_epoch_was_empty()) return absl::OkStatus();
  return directory_->Committed(job_->record().epoch);
}

}  // namespace tidemark
