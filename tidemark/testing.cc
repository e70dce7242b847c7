#include "tidemark/testing.h"

#include <cstdio>

#include "base/check.h"
#include "base/status.h"
#include "recovery/state_directory.h"
#include "state/memory_store.h"

namespace tidemark {
namespace {

void Must(const absl::Status& status) {
  if (status.ok()) return;
  const std::string text(status.message());
  TM_CHECK(false, text.c_str());
}

}  // namespace

// Either a store in memory, which a crash does not touch, or a directory that is opened again.
struct FlowTester::Storage {
  MemoryStore memory;
  std::unique_ptr<StateDirectory> directory;
  StateStore* store = nullptr;
  std::string run_line = "test-line";
};

FlowTester::FlowTester(Options options)
    : options_(std::move(options)),
      clock_(options_.start),
      files_(NewPosixFiles()),
      storage_(std::make_unique<Storage>()) {}

FlowTester::~FlowTester() { job_.reset(); }

void FlowTester::Build(std::function<void(Flow&)> build, const std::string& name) {
  Must(TryBuild(std::move(build), name));
}

absl::Status FlowTester::TryBuild(std::function<void(Flow&)> build, const std::string& name) {
  build_ = std::move(build);
  flow_name_ = name;
  return Start();
}

absl::Status FlowTester::Start() {
  job_.reset();
  storage_->directory.reset();
  if (options_.keep_nothing) {
    storage_->store = nullptr;
  } else if (options_.state_directory.empty()) {
    storage_->store = &storage_->memory;
  } else {
    TM_ASSIGN_OR_RETURN(
        storage_->directory,
        StateDirectory::Open(*files_, {.directory = options_.state_directory, .fresh = false}));
    storage_->store = &storage_->directory->store();
  }
  Flow flow(flow_name_);
  build_(flow);
  TM_ASSIGN_OR_RETURN(Plan plan, flow.Compile());
  JobOptions job;
  job.workers = options_.workers;
  job.memory_bytes = options_.memory_bytes;
  job.batch_items_max = options_.batch_items_max;
  job.channel_batches_max = options_.channel_batches_max;
  job.clock = &clock_;
  job.regular_looks = true;
  job.files = files_.get();
  job.skips = &skips_;
  job.store = storage_->store;
  job.run_line = storage_->store != nullptr ? storage_->run_line : "";
  job.directory = options_.state_directory;
  if (storage_->store != nullptr) {
    TM_ASSIGN_OR_RETURN(job.resume, ReadEpochRecord(*storage_->store));
    if (job.resume && job.resume->epoch.value == 0) job.resume.reset();  // of a new directory
  }
  job.skip_items = options_.skip_items;
  job.new_outputs = options_.new_outputs;
  TM_ASSIGN_OR_RETURN(job_, Job::Open(std::move(plan), std::move(job)));
  // What fell due while the process was down comes before the first new item.
  return absl::OkStatus();
}

absl::Status FlowTester::StepAll(bool& did) {
  did = false;
  for (int w = 0; w < job_->workers(); ++w) {
    TM_ASSIGN_OR_RETURN(const bool stepped, job_->worker(w).Step());
    did |= stepped;
  }
  return absl::OkStatus();
}

absl::Status FlowTester::RunQuiet() {
  // A step that only made room does nothing that counts, and the next one goes on.
  for (int quiet = 0; quiet < 2;) {
    bool did = false;
    TM_RETURN_IF_ERROR(StepAll(did));
    if (job_->TakeEarlyEpoch()) {
      TM_RETURN_IF_ERROR(CommitEpoch());
      did = true;
    }
    quiet = did ? 0 : quiet + 1;
  }
  return absl::OkStatus();
}

absl::Status FlowTester::CommitEpoch() {
  job_->RequestEpoch();
  while (!job_->EpochReady()) {
    bool did = false;
    TM_RETURN_IF_ERROR(StepAll(did));
    TM_CHECK(did || job_->EpochReady(), "a requested epoch always gets on");
  }
  return job_->CommitEpoch();
}

absl::Status FlowTester::TryRun() { return RunQuiet(); }
void FlowTester::Run() { Must(TryRun()); }

void FlowTester::Advance(absl::Duration d) {
  clock_.Advance(Span::FromAbsl(d));
  Run();
}

void FlowTester::SetTime(Timestamp t) {
  if (t > clock_.Now()) {
    clock_.Advance(t - clock_.Now());
  } else {
    clock_.Set(t);
  }
  Run();
}

void FlowTester::Commit() { Must(CommitEpoch()); }

absl::Status FlowTester::TryCrashAndResume() { return Start(); }
void FlowTester::CrashAndResume() { Must(TryCrashAndResume()); }

void FlowTester::CrashAndResumeWith(int workers) {
  options_.workers = workers;
  CrashAndResume();
}

void FlowTester::End() {
  input_ended_ = true;
  Run();
  Commit();
  input_ended_ = false;
}

const StateReader& FlowTester::store() const { return *storage_->store; }

namespace {
template <class Field>
uint64_t SumOf(Job& job, Field field) {
  uint64_t sum = 0;
  for (int w = 0; w < job.workers(); ++w) sum += (job.worker(w).stats().*field).load();
  return sum;
}
}  // namespace

uint64_t FlowTester::loaded_keys() const { return SumOf(*job_, &WorkerStats::loaded_keys); }
uint64_t FlowTester::evicted_keys() const { return SumOf(*job_, &WorkerStats::evicted_keys); }
uint64_t FlowTester::hot_keys() const { return SumOf(*job_, &WorkerStats::hot_keys); }
uint64_t FlowTester::early_epochs() const { return SumOf(*job_, &WorkerStats::early_epochs); }

}  // namespace tidemark
