#include "bench/bench_job.h"

#include <utility>

#include "bench/harness.h"

namespace tidemark::bench {
namespace {

SessionOptions OptionsOf(const BenchJobOptions& options) {
  SessionOptions session;
  session.state_directory = options.directory;
  session.memory_bytes = options.memory_bytes;
  session.epoch_interval = options.epoch_interval;
  session.snapshot_interval = Span::Infinite();
  return session;
}

}  // namespace

BenchJob::BenchJob(const Flow& flow, const BenchJobOptions& options)
    : files_(NewPosixFiles()),
      session_(Must(JobSession::Open(Must(flow.Compile()), OptionsOf(options),
                                     {.files = files_.get(), .clock = &clock_}))) {}

bool BenchJob::Step() { return Must(job().worker(0).Step()); }

void BenchJob::StepUntilQuiet() {
  while (Step()) continue;
}

void BenchJob::CommitEpoch() {
  job().RequestEpoch();
  while (!job().EpochReady()) Step();
  Must(job().CommitEpoch());
  Must(session_->AfterCommit());
}

uint64_t BenchJob::RunThreads() {
  const uint64_t before = job().committed_epoch();
  Must(session_->Run());
  return job().committed_epoch() - before;
}

}  // namespace tidemark::bench
