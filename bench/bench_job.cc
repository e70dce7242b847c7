#include "bench/bench_job.h"

#include <utility>

#include "bench/harness.h"
#include "engine/runner.h"

namespace tidemark::bench {

BenchJob::BenchJob(const Flow& flow, const BenchJobOptions& options) : files_(NewPosixFiles()) {
  JobOptions job;
  job.memory_bytes = options.memory_bytes;
  job.clock = &clock_;
  job.files = files_.get();
  job.skips = &skips_;
  if (!options.directory.empty()) {
    directory_ = Must(
        StateDirectory::Open(*files_, StateDirectory::Options{.directory = options.directory}));
    job.store = &directory_->store();
    job.resume = directory_->record();
    job.directory = options.directory;
    job.run_line = job.resume ? job.resume->run_line : NewRunLine();
  }
  job_ = Must(Job::Open(Must(flow.Compile()), std::move(job)));
}

bool BenchJob::Step() { return Must(job_->worker(0).Step()); }

void BenchJob::StepUntilQuiet() {
  while (Step()) continue;
}

void BenchJob::CommitEpoch() {
  job_->RequestEpoch();
  while (!job_->EpochReady()) Step();
  Must(job_->CommitEpoch());
}

uint64_t BenchJob::RunThreads(Span epoch_interval) {
  const uint64_t before = job_->committed_epoch();
  Runner runner(*job_, clock_, {.epoch_interval = epoch_interval});
  Must(runner.Run());
  return job_->committed_epoch() - before;
}

}  // namespace tidemark::bench
