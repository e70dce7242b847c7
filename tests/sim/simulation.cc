#include "tests/sim/simulation.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "base/clock.h"
#include "base/status.h"
#include "connectors/file_sink.h"
#include "connectors/line_file_source.h"
#include "engine/job.h"
#include "recovery/restore.h"
#include "recovery/retention.h"
#include "recovery/snapshot.h"
#include "recovery/state_directory.h"
#include "state/rocksdb_store.h"
#include "tests/sim/sim_driver.h"
#include "tests/sim/sim_env.h"
#include "tests/sim/sim_files.h"
#include "tests/sim/sim_lying_store.h"
#include "tests/sim/sim_setup.h"

namespace tidemark::sim {
namespace {

constexpr uint64_t kLivesMax = 40;

// What one life is like.
struct LifePlan {
  Fault fault;
  uint64_t limit_bytes = 0;
  uint64_t end_one_in = 0;
  SimDisk::End end = SimDisk::End::kKill;
  uint64_t epoch_one_in = 0;
  uint64_t snapshot_one_in = 0;
  JobOptions job;
};

// What a process has in its hands; in this order, so that it goes in the other.
struct Process {
  std::unique_ptr<rocksdb::Env> env;
  std::unique_ptr<SimFiles> files;
  RocksStoreOptions opening;
  std::unique_ptr<StateDirectory> directory;
  std::unique_ptr<LyingStore> lying;
  std::unique_ptr<Job> job;
};

class Simulation {
 public:
  explicit Simulation(const SimOptions& options)
      : options_(options), random_(options.seed), disk_(options.seed ^ 0x5eed) {}

  SimResult Run();

 private:
  void PrepareDisk();
  LifePlan PlanLife();
  void Live(const LifePlan& plan);
  absl::Status LiveUntilEnd(const LifePlan& plan, Process& process);
  absl::Status OpenState(Process& process);
  absl::Status OpenJob(const LifePlan& plan, Process& process);
  absl::StatusOr<std::string> RunLine(Process& process);
  bool MaybeFork();
  void ForkFromSnapshot();
  void FlipOneBit();
  absl::Status CheckWhatIsThere(Process& process);
  absl::Status AfterCommit(const LifePlan& plan, Process& process);
  void JudgeError(const LifePlan& plan, const absl::Status& error);
  void NextSegment();
  Outputs CommittedOutputs() const;
  void Violation(std::string text) {
    if (result_.violation.empty()) result_.violation = std::move(text);
  }
  void Say(const std::string& line) const {
    if (options_.say) options_.say(line);
  }

  const SimOptions options_;
  Random random_;
  SimDisk disk_;
  SimClock clock_;
  SimWorld world_;
  Setup setup_;
  SimResult result_;

  size_t segment_ = 0;
  uint64_t acknowledged_ = 0;  // the last epoch whose commit returned OK
  std::string snapshot_;       // the newest that was reported as made
  uint64_t snapshot_epoch_ = 0;
  std::string state_ = kStateDirectory;
  uint64_t forks_ = 0;
  std::string fork_from_;  // a snapshot, until its copy has been opened
  bool done_ = false;
};

void Simulation::PrepareDisk() {
  std::string lines;
  for (const std::string& line : setup_.items[0]) lines += line + "\n";
  disk_.Put(kInputFile, setup_.file_source ? lines : "");
  Lies lies;
  lies.directory_syncs = options_.bug == PlantedBug::kDirectorySyncIgnored;
  if (options_.bug == PlantedBug::kLogSyncDropped) lies.sync_of_suffix = ".log";
  if (options_.bug == PlantedBug::kTableSyncDropped) lies.sync_of_suffix = ".sst";
  if (options_.bug == PlantedBug::kOutputSyncDropped) lies.sync_of_suffix = ".txt";
  disk_.set_lies(lies);
  // RocksDB ends the process by assertions of its own where it cannot read back the table that it
  // is about to ingest, or cannot tell whether there is an archive of logs.
  disk_.set_spared({.reads_of = "/staging/", .looks_at_suffix = "/archive"});
  world_.seed = options_.seed;
  world_.bug = options_.bug;
  world_.polls = Random(options_.seed);
  world_.poll_items_max = random_.OneIn(3) ? 1000 : 1 + random_.Below(20);
  world_.input.partitions = setup_.items;
  world_.input.committed.assign(setup_.items.size(), 0);
  world_.input.visible.assign(setup_.items.size(), 0);
  NextSegment();
}

void Simulation::NextSegment() {
  if (segment_ < setup_.segments.size()) {
    clock_.Advance(setup_.segments[segment_].advance);
    world_.input.visible = setup_.segments[segment_].visible;
  } else {
    world_.input.ended = true;
  }
}

LifePlan Simulation::PlanLife() {
  LifePlan plan;
  plan.job.workers = random_.OneIn(2) ? 1 : static_cast<int>(random_.Between(2, 4));
  plan.job.batch_items_max = random_.OneIn(3) ? 1 : random_.OneIn(2) ? 7 : 1024;
  plan.job.channel_batches_max = random_.OneIn(2) ? 1 : Channel::kBatchesMax;
  plan.job.memory_bytes = random_.OneIn(3) ? 4000 : size_t{1} << 30;
  plan.epoch_one_in = random_.OneIn(4) ? 0 : random_.OneIn(2) ? 8 : 60;
  plan.snapshot_one_in = random_.OneIn(2) ? 0 : 3;
  if (options_.fault || options_.flip) {
    plan.epoch_one_in = 0;
    plan.snapshot_one_in = options_.flip ? 1 : 2;
    if (options_.fault && result_.lives == 0) plan.fault = *options_.fault;
    if (options_.fault && random_.OneIn(2)) plan.end = SimDisk::End::kPowerCut;
    return plan;
  }
  if (result_.lives >= setup_.lives_with_trouble) return plan;
  plan.end = random_.OneIn(2) ? SimDisk::End::kPowerCut : SimDisk::End::kKill;
  switch (random_.Below(5)) {
    case 0:
      plan.end_one_in = uint64_t{1} << random_.Between(3, 8);
      break;
    case 1:
      plan.limit_bytes = 1 + random_.Below(20'000);  // more than there is now
      break;
    default: {
      constexpr FaultKind kKinds[] = {
          FaultKind::kPowerCut, FaultKind::kPowerCut, FaultKind::kPowerCut,
          FaultKind::kKill,     FaultKind::kError,    FaultKind::kShortWrite,
          FaultKind::kNoSpace,  FaultKind::kSyncOnce, FaultKind::kSyncForEver};
      plan.fault.kind = kKinds[random_.Below(std::size(kKinds))];
      plan.fault.at_op = random_.Below(uint64_t{1} << random_.Between(3, 10));
    }
  }
  return plan;
}

// ---- one process ----

// Not where results depend on when an item was read, and only from what the present line made:
// another line's outputs are not its to cut back.
bool Simulation::MaybeFork() {
  if (options_.flip || options_.fault || setup_.flow.uses_wall_time() || forks_ == 3) return false;
  if (!fork_from_.empty() || !absl::StartsWith(snapshot_, Cat(state_, "/"))) return false;
  ForkFromSnapshot();
  return true;
}

// As with --from and --take-over: the state goes back to the snapshot, the outputs are cut back to
// where they stood.
void Simulation::ForkFromSnapshot() {
  fork_from_ = snapshot_;
  state_ = Cat(kStateDirectory, ++forks_);
  acknowledged_ = snapshot_epoch_;
  world_.input.committed.assign(setup_.items.size(), 0);
  Say(Cat("forks from ", snapshot_, " into ", state_));
}

absl::Status Simulation::OpenState(Process& process) {
  StateDirectory::Options open;
  open.directory = state_;
  open.store.env = process.env.get();
  open.store.background_compaction = false;
  open.store.staging_salt = options_.seed * 1000 + result_.lives + 1;
  open.store.large_commit_bytes = setup_.large_commit_bytes;
  open.store.block_cache_bytes = size_t{1} << 20;
  process.opening = open.store;
  // A fork that was cut short behind its last step goes on like any other state.
  if (!fork_from_.empty() && !process.files->Stat(StorePath(state_)).ok()) {
    TM_ASSIGN_OR_RETURN(Snapshot snapshot, ReadSnapshot(*process.files, fork_from_));
    const std::string line = Cat("fork-", options_.seed, "-", result_.lives);
    open.before_open = [this, &process, snapshot = std::move(snapshot), line, open] {
      return RestoreSnapshot(*process.files, snapshot, state_, line, open.store);
    };
  }
  TM_ASSIGN_OR_RETURN(process.directory, StateDirectory::Open(*process.files, open));
  fork_from_.clear();
  return absl::OkStatus();
}

// The line of runs that the sinks were last written by.
std::string SinkLine(const EpochRecord& record) {
  for (const SinkRecord& sink : record.sinks) {
    if (const auto line = Position(sink.position).Text("run_line")) return *line;
  }
  return {};
}

// As the command does it: a new directory gets its line before anything is written elsewhere.
absl::StatusOr<std::string> Simulation::RunLine(Process& process) {
  if (process.directory->record()) return process.directory->record()->run_line;
  EpochRecord record;
  record.run_line = Cat("line-", options_.seed, "-", result_.lives);
  TM_RETURN_IF_ERROR(CommitEpoch(process.directory->store(), record, {}));
  return record.run_line;
}

absl::Status Simulation::CheckWhatIsThere(Process& process) {
  const auto& record = process.directory->record();
  const uint64_t epoch = record ? record->epoch.value : 0;
  if (epoch < acknowledged_ && !options_.flip) {
    Violation(Cat("epoch ", acknowledged_, " was committed, and the state stands at ", epoch));
  }
  if (!snapshot_.empty() && !options_.flip) {
    const auto snapshot = ReadSnapshot(*process.files, snapshot_);
    // Unless a fault hides it.
    if (absl::IsNotFound(snapshot.status()) || absl::IsDataLoss(snapshot.status())) {
      Violation(
          Cat("snapshot ", snapshot_, " was made, and now: ", ToStd(snapshot.status().message())));
    }
    TM_RETURN_IF_ERROR(snapshot.status());
  }
  return absl::OkStatus();
}

absl::Status Simulation::OpenJob(const LifePlan& plan, Process& process) {
  Flow flow("sim");
  const auto source = [&] {
    return setup_.file_source ? Lines(kInputFile)
                              : Source<std::string>(std::make_shared<SimSource>(world_));
  };
  const auto sink = [&](const std::string& name) {
    return setup_.file_sink.at(name) ? LineFile(OutputFile(name))
                                     : Sink<std::string>(std::make_shared<SimSink>(world_, name));
  };
  BuildFlow(setup_.flow, {.source = source, .sink = sink}, flow);
  TM_ASSIGN_OR_RETURN(Plan compiled, flow.Compile());
  JobOptions job = plan.job;
  job.clock = &clock_;
  job.files = process.files.get();
  process.lying = std::make_unique<LyingStore>(process.directory->store(),
                                               options_.bug == PlantedBug::kRecordBeforeRows);
  job.store = process.lying.get();
  job.directory = state_;
  job.say = [this](const std::string& line) { Say(line); };
  TM_ASSIGN_OR_RETURN(job.run_line, RunLine(process));
  if (process.directory->record() && process.directory->record()->epoch.value > 0) {
    job.resume = process.directory->record();
  }
  if (forks_ > 0 && job.resume) job.replaced_line = SinkLine(*job.resume);
  world_.resumed_epoch = job.resume ? job.resume->epoch.value : 0;
  TM_ASSIGN_OR_RETURN(process.job, Job::Open(std::move(compiled), std::move(job)));
  return absl::OkStatus();
}

absl::Status Simulation::AfterCommit(const LifePlan& plan, Process& process) {
  const EpochRecord& record = process.job->record();
  if (process.job->last_epoch_was_empty()) return absl::OkStatus();
  acknowledged_ = record.epoch.value;
  ++result_.epochs;
  for (const SourceRecord& source : record.sources) {
    if (setup_.file_source) continue;
    world_.input.committed[std::stoul(source.partition)] =
        static_cast<size_t>(Position(source.position).Number("next").value_or(0));
  }
  if (plan.snapshot_one_in == 0 || !random_.OneIn(plan.snapshot_one_in)) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(const Snapshot made,
                      MakeSnapshot(*process.files, process.directory->store(), state_, record,
                                   {.name = "", .copy = false, .store = process.opening}));
  snapshot_ = made.path;
  snapshot_epoch_ = record.epoch.value;
  return ApplyRetention(*process.files, state_, {.keep = 2}, record.wall_time).status();
}

absl::Status Simulation::LiveUntilEnd(const LifePlan& plan, Process& process) {
  TM_RETURN_IF_ERROR(OpenState(process));
  TM_RETURN_IF_ERROR(CheckWhatIsThere(process));
  TM_RETURN_IF_ERROR(OpenJob(plan, process));
  SimDriver driver(*process.job, random_,
                   {.epoch_one_in = plan.epoch_one_in,
                    .end_one_in = plan.end_one_in,
                    .after_commit = [&] { return AfterCommit(plan, process); }});
  for (; segment_ < setup_.segments.size(); NextSegment()) {
    TM_RETURN_IF_ERROR(driver.RunQuiet());
    if (!driver.interrupted()) TM_RETURN_IF_ERROR(driver.Commit());
    if (driver.interrupted()) return absl::OkStatus();
    ++segment_;
    if (options_.flip && result_.lives == 0 && segment_ == 2)
      return NextSegment(), absl::OkStatus();
  }
  world_.input.ended = true;
  TM_RETURN_IF_ERROR(driver.Finish());
  done_ = !driver.interrupted();
  return absl::OkStatus();
}

void Simulation::Live(const LifePlan& plan) {
  Process process;
  const uint64_t id = disk_.Boot();
  process.env = NewSimEnv(disk_, id);
  process.files = std::make_unique<SimFiles>(disk_, id);
  disk_.Inject(plan.fault);
  if (plan.limit_bytes > 0) disk_.LimitTo(plan.limit_bytes);
  Say(Cat("life ", result_.lives, ": ", plan.job.workers, " workers, ", NameOf(plan.fault.kind),
          plan.fault.kind != FaultKind::kNone ? Cat(" at ", plan.fault.at_op) : "",
          plan.limit_bytes > 0 ? Cat(", room for ", plan.limit_bytes) : ""));
  const absl::Status status = LiveUntilEnd(plan, process);
  // With a flipped bit a job may fall back; what counts is what comes out.
  for (const std::string& violation : world_.violations) {
    if (!options_.flip) Violation(violation);
  }
  world_.violations.clear();
  const bool hit = disk_.fault_hit();
  result_.faults += hit ? 1 : 0;
  if (result_.lives == 0) result_.first_ops = disk_.op_kinds();
  result_.trace = result_.trace * 31 + disk_.trace_hash();
  Say(Cat("  ends behind ", disk_.ops(), " operations and epoch ", acknowledged_, ": ",
          status.ok() ? (done_ ? "done" : "interrupted") : std::string(status.message())));
  if (!status.ok()) JudgeError(plan, status);
  // The process ends before its objects do: nothing they do as they go reaches the disk.
  if (!disk_.ended_by_fault()) disk_.EndProcess(plan.end);
  disk_.set_limit_bytes(0);
}

void Simulation::JudgeError(const LifePlan& plan, const absl::Status& error) {
  const std::string message(error.message());
  const bool flipped = options_.flip && result_.lives > 0;
  if (flipped) result_.refused = message;
  const bool excused = disk_.fault_hit() || plan.limit_bytes > 0 || flipped;
  if (!excused) return Violation(Cat("failed without a fault: ", message));
  const bool names_something = absl::StrContains(message, "/") || absl::StrContains(message, "'");
  if (!names_something || absl::StrContains(message, "\n")) {
    Violation(Cat("an error that does not say in one line what failed: ", message));
  }
}

// ---- the whole ----

void Simulation::FlipOneBit() {
  const auto list = [this](const std::string& directory) {
    std::vector<std::pair<std::string, uint64_t>> files;
    for (const std::string& path : disk_.FilesBelow(directory)) {
      files.emplace_back(path, disk_.Content(path)->size());
    }
    return files;
  };
  // What a kill in the middle of a large commit leaves.
  const std::vector<std::string> tables = disk_.FilesBelow(StorePath(state_));
  disk_.Put(JoinPath(state_, "staging/0000000000000001-0.sst"),
            disk_.Content(tables.front()).value_or(""));
  result_.snapshot_files = list(snapshot_);
  result_.store_files = list(StorePath(state_));
  for (auto& staged : list(JoinPath(state_, "staging"))) result_.store_files.push_back(staged);
  const Flip& flip = *options_.flip;
  if (!flip.path.empty()) disk_.FlipBit(flip.path, flip.offset, flip.bit);
  if (flip.from_snapshot) ForkFromSnapshot();
}

Outputs Simulation::CommittedOutputs() const {
  Outputs outputs;
  for (const auto& [sink, is_file] : setup_.file_sink) {
    auto& lines = outputs[sink];
    if (!is_file) {
      lines = world_.outputs.count(sink) > 0 ? world_.outputs.at(sink).rows : lines;
      continue;
    }
    const std::string text = disk_.Content(OutputFile(sink)).value_or("");
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      lines.push_back(text.substr(at, end - at));
      at = end + 1;
    }
  }
  return outputs;
}

SimResult Simulation::Run() {
  setup_ = RandomSetup(random_, options_);
  result_.story = setup_.Describe();
  Say(result_.story);
  const auto expected = RunUndisturbed(setup_);
  if (!expected.ok()) {
    Violation(Cat("the undisturbed run fails: ", ToStd(expected.status().message())));
    return result_;
  }
  PrepareDisk();
  // A finished job is run once more, now and then, and gives nothing new.
  const bool again = random_.OneIn(3);
  while (!done_ && result_.violation.empty() && result_.lives < kLivesMax) {
    const LifePlan plan = PlanLife();
    if (random_.OneIn(2)) MaybeFork();
    Live(plan);
    if (options_.flip && result_.lives == 0) FlipOneBit();
    ++result_.lives;
    if (!result_.refused.empty()) return result_;
    if (!done_ || !random_.OneIn(2) || !MaybeFork()) continue;
    // Back from the end, and more trouble.
    done_ = false;
    setup_.lives_with_trouble = result_.lives + random_.Below(4);
  }
  if (!done_) Violation("the job does not come to its end");
  if (again && result_.violation.empty()) Live(PlanLife());
  if (result_.violation.empty()) Violation(Difference(*expected, CommittedOutputs()));
  return result_;
}

}  // namespace

SimResult RunSimulation(const SimOptions& options) { return Simulation(options).Run(); }

std::string HowToRepeat(uint64_t seed) {
  return Cat("repeat with: ./dev sim --seeds 1 --first-seed ", seed, " --verbose");
}

}  // namespace tidemark::sim
