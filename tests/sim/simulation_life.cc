#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "base/stable_hash.h"
#include "base/status.h"
#include "connectors/file/dir_sink.h"
#include "connectors/file/dir_source.h"
#include "connectors/file/file_sink.h"
#include "connectors/file/line_file_source.h"
#include "recovery/manifest.h"
#include "recovery/snapshot.h"
#include "tests/sim/sim_driver.h"
#include "tests/sim/sim_env.h"
#include "tests/sim/sim_gate.h"
#include "tests/sim/sim_publisher.h"
#include "tests/sim/simulation_run.h"

namespace tidemark::sim {
SessionOptions Simulation::OptionsOfSession(const LifePlan& plan, Process& process) {
  SessionOptions options = plan.options;
  options.state_directory = state_;
  options.fresh = fresh_ && options_.bug != PlantedBug::kFreshFindsState;
  options.take_over = forks_ > 0 || rolls_back_;
  // Only asked for: intervals go by the clock of the machine that simulates.
  options.snapshot_interval = Span::Infinite();
  options.retention = {.keep = 2};
  // A flip shows both ways out of damage, else what is damaged has to be seen.
  options.fall_back = options_.flip && options_.flip->bit % 2 == 0;
  // Else all that passes counts, as if the process had been idle and looked.
  options.regular_looks = !setup_.pauses || options_.bug == PlantedBug::kPausesCount;
  options.hooks.adjust_store = [this, &process](RocksStoreOptions& store) {
    store = RocksStoreOptions();
    store.env = process.env.get();
    store.background_compaction = false;
    store.staging_salt = options_.seed * 1000 + result_.lives + 1;
    store.large_commit_bytes = setup_.large_commit_bytes;
    // Room for all there is: what a full cache drops depends on random numbers of RocksDB's, and
    // with it what is read again.
    store.block_cache_bytes = size_t{16} << 20;
  };
  options.hooks.new_line = [this] {
    return Cat("line-", options_.seed, "-", result_.lives, branch_);
  };
  options.hooks.check = [this, &process](StateDirectory& directory) {
    return CheckWhatIsThere(process, directory);
  };
  options.hooks.wrap_store = [this, &process](StateStore& store) {
    process.lying =
        std::make_unique<LyingStore>(store, options_.bug == PlantedBug::kRecordBeforeRows);
    return process.lying.get();
  };
  options.hooks.adjust = [this, bytes = plan.hot_bytes_max](JobOptions& job) {
    job.memory_bytes = bytes;
    if (job.resume && options_.bug == PlantedBug::kDownTimeCounts) {
      job.resume->job_time = std::max(job.resume->job_time, clock_->Now());
    }
    world_.resumed_epoch = job.resume ? job.resume->epoch.value : 0;
  };
  return options;
}

absl::Status Simulation::CheckWhatIsThere(Process& process, StateDirectory& directory) {
  const uint64_t epoch = directory.record().epoch.value;
  if (fresh_ && !rolls_back_ && epoch > 0) Violation(Cat("a fresh start finds epoch ", epoch));
  if (rolls_back_ && epoch != snapshot_epoch_) {
    Violation(Cat("is to go back to epoch ", snapshot_epoch_, " and is at ", epoch));
  }
  if (epoch < acknowledged_ && !options_.flip) {
    Violation(Cat("epoch ", acknowledged_, " was committed, and the state is at ", epoch));
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

Sink<std::string> Simulation::UngatedSink(const std::string& name) {
  const auto elsewhere = path_of_.find(name);
  if (elsewhere != path_of_.end()) return LineFile(elsewhere->second);
  switch (setup_.sinks.at(name)) {
    case SinkKind::kMemory:
      return Sink<std::string>(std::make_shared<SimSink>(world_, name));
    case SinkKind::kFile:
      return LineFile(OutputFile(name));
    case SinkKind::kDirectory:
      return DirFiles<std::string>(
          {.path = OutputDirectory(name), .file_count = kOutputFiles},
          // By key: the order of one key's rows is that of the file.
          [](const std::string& row) { return StableHash(row.substr(0, row.find('|'))); },
          TextEncoder());
    case SinkKind::kTarget:
      return Sink<std::string>(std::make_shared<SimPublisher>(world_, name));
  }
  return LineFile(OutputFile(name));
}

Sink<std::string> Simulation::SinkFor(const std::string& name) {
  return Sink<std::string>(std::make_shared<GatedSink>(world_, name, UngatedSink(name)));
}

absl::Status Simulation::OpenJob(const LifePlan& plan, Process& process) {
  Flow flow("sim");
  const auto source = [&] {
    if (setup_.dir_source) {
      return DirLines<std::string>({.path = kInputDirectory, .glob = "*.txt"}, TextDecoder());
    }
    return setup_.file_source ? Lines(kInputFile)
                              : Source<std::string>(std::make_shared<SimSource>(world_));
  };
  BuildFlow(setup_.flow,
            {.source = source, .sink = [&](const std::string& name) { return SinkFor(name); }},
            flow);
  TM_ASSIGN_OR_RETURN(Plan compiled, flow.Compile());
  SessionOptions options = OptionsOfSession(plan, process);
  Machine machine{.files = process.files.get(), .clock = clock_.get()};
  if (options_.bug == PlantedBug::kJobTimeByTheWall) {
    process.wall_is_monotonic = std::make_unique<WallIsMonotonic>(*clock_);
    machine.clock = process.wall_is_monotonic.get();
  }
  SessionEvents events;
  events.note = events.warning = [this](const std::string& line) { Say(line); };
  events.committed = [this, &process] { IsCommitted(process.session->job().record()); };
  events.snapshot = [this, &process](const Snapshot& made) { IsMade(process, made); };
  // A fork that was cut short behind its last step goes on like any other state, with the same
  // command or without the snapshot.
  const bool may_leave_out = !rolls_back_ && process.files->Stat(StorePath(state_)).ok();
  if (!fork_from_.empty() && (!may_leave_out || random_.OneIn(2))) {
    options.from_snapshot = fork_from_;
  }
  TM_ASSIGN_OR_RETURN(process.session, JobSession::Open(std::move(compiled), std::move(options),
                                                        machine, std::move(events)));
  fork_from_.clear();
  has_opened_ = true;
  return absl::OkStatus();
}

// A snapshot costs next to nothing where there are links, and is a copy where there are none. The
// command says the latter once, by this same look.
void Simulation::CheckShared(Process& process, const Snapshot& made) {
  const auto& files = made.manifest.files;
  if (std::none_of(files.begin(), files.end(), IsTableFile)) return;
  const bool shares = !SharesNothing(*process.files, made, StorePath(state_));
  if (disk_->fault_hit()) return;  // which may hide what is shared
  if (!shares && setup_.hard_links == HardLinks::kAny) {
    Violation(Cat("snapshot ", made.path, " shares no table with the store"));
  }
  if (shares && setup_.hard_links != HardLinks::kAny && setup_.hard_links != HardLinks::kTwo) {
    Violation(Cat("snapshot ", made.path, " shares a table, and there are no links"));
  }
}

// Its commit is durable, and what it replaced is gone.
void Simulation::IsCommitted(const EpochRecord& record) {
  acknowledged_ = record.epoch.value;
  fresh_unfinished_ = false;
  // With the state that it was of.
  if (std::exchange(rolls_back_, false)) snapshot_.clear();
  ++result_.epochs;
  for (const SourceRecord& source : record.sources) {
    if (setup_.file_source) continue;
    world_.input.committed[std::stoul(source.partition)] =
        static_cast<size_t>(Position(source.position).Number("next").value_or(0));
  }
}

void Simulation::IsMade(Process& process, const Snapshot& made) {
  CheckShared(process, made);
  snapshot_ = made.path;
  snapshot_epoch_ = made.manifest.record.epoch.value;
  snapshot_targets_ = world_.targets;
}

absl::Status Simulation::AfterCommit(const LifePlan& plan, Process& process) {
  JobSession& session = *process.session;
  const bool asks = !session.job().last_epoch_was_empty() && plan.snapshot_one_in > 0 &&
                    random_.OneIn(plan.snapshot_one_in);
  if (asks) session.RequestSnapshot();
  return session.AfterCommit();
}

absl::Status Simulation::LiveUntilEnd(const LifePlan& plan, Process& process) {
  TM_RETURN_IF_ERROR(OpenJob(plan, process));
  SimDriver driver(process.session->job(), random_,
                   {.epoch_one_in = plan.epoch_one_in,
                    .end_one_in = plan.end_one_in,
                    .after_commit = [&] { return AfterCommit(plan, process); },
                    .before_step =
                        [&] {
                          MaybeDisturbTime();
                          if (visits_ > 0 && random_.OneIn(20)) BeVisited(process);
                        }});
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

Process Simulation::NewProcess(uint64_t id) const {
  Process process;
  process.id = id;
  process.env = NewSimEnv(*disk_, id);
  process.files = std::make_unique<SimFiles>(*disk_, id);
  return process;
}

absl::Status Simulation::LiveOnce(const LifePlan& plan) {
  Process process = NewProcess(disk_->Boot());
  disk_->Inject(plan.fault);
  if (plan.limit_bytes > 0) disk_->LimitTo(plan.limit_bytes);
  world_.publishing.trouble_one_in = plan.publish_trouble_one_in;
  world_.publishing.met_trouble = false;
  Say(Cat("life ", result_.lives, ": ", plan.options.workers, " workers, ", NameOf(plan.fault.kind),
          plan.fault.kind != FaultKind::kNone ? Cat(" at ", plan.fault.at_op) : "",
          plan.limit_bytes > 0 ? Cat(", room for ", plan.limit_bytes) : "",
          fresh_ ? ", starts over" : ""));
  // Down time, in either direction.
  if (setup_.clock_jumps) clock_->Set(RandomTime());
  has_opened_ = false;
  const uint64_t epochs_before = result_.epochs;
  const absl::Status status = LiveUntilEnd(plan, process);
  // With a flipped bit a job may fall back; what counts is what comes out.
  for (const std::string& violation : world_.violations) {
    if (!options_.flip) Violation(violation);
  }
  world_.violations.clear();
  const bool hit = disk_->fault_hit() || world_.publishing.met_trouble;
  result_.faults += hit ? 1 : 0;
  if (result_.lives == 0) result_.first_ops = disk_->op_kinds();
  result_.trace = result_.trace * 31 + disk_->trace_hash();
  Say(Cat("  ends behind ", disk_->ops(), " operations and epoch ", acknowledged_, ": ",
          status.ok() ? (done_ ? "done" : "interrupted") : std::string(status.message())));
  ended_calmly_ = status.ok() && plan.end == SimDisk::End::kKill && result_.epochs > epochs_before;
  // The process ends before its objects do: nothing they do as they go reaches the disk.
  if (!disk_->ended_by_fault()) disk_->EndProcess(plan.end);
  disk_->set_limit_bytes(0);
  return status;
}

void Simulation::Live(const LifePlan& plan) {
  const absl::Status status = LiveOnce(plan);
  if (!status.ok()) JudgeError(plan, status);
}

void Simulation::JudgeError(const LifePlan& plan, const absl::Status& error) {
  const std::string message(error.message());
  const bool flipped = options_.flip && result_.lives > 0;
  if (flipped) result_.refused = message;
  const bool excused = disk_->fault_hit() || !world_.gate.failing_sink.empty() ||
                       world_.publishing.met_trouble || plan.limit_bytes > 0 || flipped;
  if (!excused) return Violation(Cat("failed without a fault: ", message));
  const bool names_something = absl::StrContains(message, "/") || absl::StrContains(message, "'");
  if (!names_something || absl::StrContains(message, "\n")) {
    Violation(Cat("an error that does not say in one line what failed: ", message));
  }
}

}  // namespace tidemark::sim
