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

// Hands everything on, and counts what is committed.
class CountingStore final : public StateStore {
 public:
  void CountFor(StateStore* store) { store_ = store; }
  uint64_t committed_bytes() const { return committed_bytes_; }

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    return store_->Get(key);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      const std::vector<std::string>& keys) const override {
    return store_->MultiGet(keys);
  }
  std::unique_ptr<Cursor> Scan(std::string_view from, std::string_view to) const override {
    return store_->Scan(from, to);
  }
  absl::Status Commit(const SortedRun& run) override {
    committed_bytes_ += run.bytes();
    return store_->Commit(run);
  }
  absl::Status Checkpoint(const std::string& directory) override {
    return store_->Checkpoint(directory);
  }
  StoreStats Stats() const override { return store_->Stats(); }

 private:
  StateStore* store_ = nullptr;  // outlives the job
  uint64_t committed_bytes_ = 0;
};

}  // namespace

// Outlives the sessions: a crash does not touch it.
struct FlowTester::Storage {
  MemoryStore memory;
  CountingStore counting;  // for the memory, or for the directory of the present session
};

FlowTester::FlowTester(Options options)
    : options_(std::move(options)),
      clock_(options_.start),
      files_(NewPosixFiles()),
      storage_(std::make_unique<Storage>()) {}

FlowTester::~FlowTester() = default;

void FlowTester::Build(std::function<void(Flow&)> build, const std::string& name) {
  Must(TryBuild(std::move(build), name));
}

absl::Status FlowTester::TryBuild(std::function<void(Flow&)> build, const std::string& name) {
  build_ = std::move(build);
  flow_name_ = name;
  return Start();
}

SessionOptions FlowTester::OptionsOfSession() {
  SessionOptions session;
  session.state_directory = options_.keep_nothing ? "" : options_.state_directory;
  session.workers = options_.workers;
  session.batch_items_max = options_.batch_items_max;
  session.channel_batches_max = options_.channel_batches_max;
  session.skip_items = options_.skip_items;
  session.regular_looks = true;
  session.snapshot_interval = Span::Infinite();
  session.hooks.wrap_store = [this](StateStore& store) {
    storage_->counting.CountFor(&store);
    return &storage_->counting;
  };
  const bool keeps_in_memory = options_.state_directory.empty() && !options_.keep_nothing;
  session.hooks.adjust = [this, keeps_in_memory](JobOptions& job) {
    job.memory_bytes = options_.memory_bytes;
    job.new_outputs = options_.new_outputs;
    if (!keeps_in_memory) return;
    storage_->counting.CountFor(&storage_->memory);
    job.store = &storage_->counting;
    job.run_line = "test-line";
    auto record = ReadEpochRecord(storage_->memory);
    Must(record.status());
    job.resume = *std::move(record);
  };
  return session;
}

absl::Status FlowTester::Start() {
  session_.reset();
  Flow flow(flow_name_);
  build_(flow);
  TM_ASSIGN_OR_RETURN(Plan plan, flow.Compile());
  // What fell due while the process was down comes before the first new item.
  TM_ASSIGN_OR_RETURN(session_, JobSession::Open(std::move(plan), OptionsOfSession(),
                                                 {.files = files_.get(), .clock = &clock_}));
  return absl::OkStatus();
}

absl::Status FlowTester::StepAll(bool& did) {
  did = false;
  for (int w = 0; w < job().workers(); ++w) {
    TM_ASSIGN_OR_RETURN(const bool stepped, job().worker(w).Step());
    did |= stepped;
  }
  return absl::OkStatus();
}

absl::Status FlowTester::RunQuiet() {
  // A step that only made room does nothing that counts, and the next one goes on.
  for (int quiet = 0; quiet < 2;) {
    bool did = false;
    TM_RETURN_IF_ERROR(StepAll(did));
    if (job().TakeEarlyEpoch()) {
      TM_RETURN_IF_ERROR(CommitEpoch());
      did = true;
    }
    quiet = did ? 0 : quiet + 1;
  }
  return absl::OkStatus();
}

absl::Status FlowTester::CommitEpoch() {
  job().RequestEpoch();
  while (!job().EpochReady()) {
    bool did = false;
    TM_RETURN_IF_ERROR(StepAll(did));
    TM_CHECK(did || job().EpochReady(), "a requested epoch always gets on");
  }
  TM_RETURN_IF_ERROR(job().CommitEpoch());
  return session_->AfterCommit();
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

absl::Status FlowTester::TryCommit() { return CommitEpoch(); }
void FlowTester::Commit() { Must(TryCommit()); }

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

const StateReader& FlowTester::store() const {
  if (StateDirectory* directory = session_->directory(); directory != nullptr) {
    return directory->store();
  }
  return storage_->memory;
}

namespace {
template <class Field>
uint64_t SumOf(Job& job, Field field) {
  uint64_t sum = 0;
  for (int w = 0; w < job.workers(); ++w) sum += (job.worker(w).stats().*field).load();
  return sum;
}
}  // namespace

uint64_t FlowTester::loaded_keys() const {
  return SumOf(session_->job(), &WorkerStats::loaded_keys);
}
uint64_t FlowTester::evicted_keys() const {
  return SumOf(session_->job(), &WorkerStats::evicted_keys);
}
uint64_t FlowTester::hot_keys() const { return SumOf(session_->job(), &WorkerStats::hot_keys); }
uint64_t FlowTester::early_epochs() const {
  return SumOf(session_->job(), &WorkerStats::early_epochs);
}
uint64_t FlowTester::committed_bytes() const { return storage_->counting.committed_bytes(); }

}  // namespace tidemark
