// BenchJob: a flow opened the way the command opens it, with one worker, to be driven step by step
// in the calling thread or by the runner's threads.
//
//   BenchJob job(flow, {.directory = directory});
//   job.StepUntilQuiet();
//   job.CommitEpoch();
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/files.h"
#include "base/timestamp.h"
#include "engine/job.h"
#include "runtime/session.h"
#include "tidemark/flow.h"

namespace tidemark::bench {

struct BenchJobOptions {
  // Resumes what is there. Empty: nothing is kept.
  std::string directory;
  // Of RunThreads().
  Span epoch_interval = Span::Seconds(1);
  // More than any benchmark needs: what the budget costs when it is tight is another question.
  size_t memory_bytes = size_t{8} << 30;
};

class BenchJob {
 public:
  // An error ends the process.
  BenchJob(const Flow& flow, const BenchJobOptions& options);

  // One step of the worker; false when there was nothing to do.
  bool Step();
  void StepUntilQuiet();
  // Closes an epoch, encodes and commits it.
  void CommitEpoch();
  // To the end of input with the threads of a real run, and to the commit of what it left. Returns
  // the number of epochs.
  uint64_t RunThreads();

  Job& job() { return session_->job(); }
  const WorkerStats& stats() { return job().worker(0).stats(); }

 private:
  const SystemClock clock_;
  const std::unique_ptr<Files> files_;
  std::unique_ptr<JobSession> session_;
};

}  // namespace tidemark::bench
