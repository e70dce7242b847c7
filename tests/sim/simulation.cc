#include "tests/sim/simulation.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "base/status.h"
#include "recovery/state_directory.h"
#include "tests/sim/simulation_run.h"

namespace tidemark::sim {
namespace {

constexpr uint64_t kLivesMax = 40;
constexpr char kForeign[] = "what somebody else wrote, and nobody can make again\n";

void AddLines(const SimDisk& disk, const std::string& path, std::vector<std::string>& lines) {
  const std::string text = disk.Content(path).value_or("");
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
}

}  // namespace

// ---- before the first process ----

void Simulation::PrepareDisk() {
  for (size_t p = 0; setup_.file_source && p < setup_.items.size(); ++p) {
    std::string lines;
    for (const std::string& line : setup_.items[p]) lines += line + "\n";
    disk_->Put(setup_.dir_source ? Cat(kInputDirectory, "/p", p, ".txt") : kInputFile, lines);
  }
  if (!setup_.file_source) disk_->Put(kInputFile, "");
  if (setup_.foreign_output) disk_->Put(OutputFile("out"), kForeign);
  Lies lies;
  lies.directory_syncs = options_.bug == PlantedBug::kDirectorySyncIgnored;
  if (options_.bug == PlantedBug::kLogSyncDropped) lies.sync_of_suffix = ".log";
  if (options_.bug == PlantedBug::kTableSyncDropped) lies.sync_of_suffix = ".sst";
  if (options_.bug == PlantedBug::kOutputSyncDropped) lies.sync_of_suffix = ".txt";
  if (options_.bug == PlantedBug::kAsideRemoved) lies.renames_to = ".old-";
  if (options_.bug == PlantedBug::kReplacedOutputIsGone) lies.renames_to = ".replaced-";
  if (options_.bug == PlantedBug::kReplacedStateIsGone) lies.renames_to = "/store.old";
  if (options_.bug == PlantedBug::kCommitNoteIsNotRead) lies.hides_suffix = "/COMMITTED";
  lies.locks = options_.bug == PlantedBug::kLockIsNotTaken;
  disk_->set_lies(lies);
  const bool copies = options_.bug == PlantedBug::kSnapshotsCopied;
  disk_->set_hard_links(copies ? HardLinks::kNone : setup_.hard_links);
  // RocksDB ends the process by assertions of its own where it cannot read back the table that it
  // is about to ingest, or cannot tell whether there is an archive of logs.
  disk_->set_spared({.reads_of = "/staging/", .looks_at_suffix = "/archive"});
  world_.seed = options_.seed;
  world_.bug = options_.bug;
  world_.polls = Random(options_.seed);
  world_.publishing.random = Random(options_.seed);
  world_.publishing.cut_power = [this] { disk_->EndProcess(SimDisk::End::kPowerCut); };
  world_.poll_items_max = random_.OneIn(3) ? 1000 : 1 + random_.Below(20);
  world_.input.partitions = setup_.items;
  world_.input.committed.assign(setup_.items.size(), 0);
  world_.input.visible.assign(setup_.items.size(), 0);
  NextSegment();
}

void Simulation::NextSegment() {
  if (segment_ < setup_.segments.size()) {
    clock_->Advance(setup_.segments[segment_].advance);
    world_.input.visible = setup_.segments[segment_].visible;
  } else {
    world_.input.ended = true;
  }
}

// Years around the clock's beginning.
Timestamp Simulation::RandomTime() {
  constexpr int64_t kReach = int64_t{100'000'000} * 1'000'000;
  return {SimClock::kDefaultStart.us + random_.Between(-kReach, kReach)};
}

// Within a life, where results do not depend on wall time: neither is job time, so they stay what
// they are. A process that is stopped for more than a second has not polled for that long, and so
// it has not caught up.
void Simulation::MaybeDisturbTime() {
  if (setup_.clock_jumps && random_.OneIn(50)) clock_->Set(RandomTime());
  if (setup_.pauses && random_.OneIn(50)) {
    clock_->Advance(Span::Micros(random_.Between(1'100'000, int64_t{100'000} * 1'000'000)));
  }
}

LifePlan Simulation::PlanLife() {
  LifePlan plan;
  plan.options.workers = random_.OneIn(2) ? 1 : static_cast<int>(random_.Between(2, 4));
  plan.options.batch_items_max = random_.OneIn(3) ? 1 : random_.OneIn(2) ? 7 : 1024;
  plan.options.channel_batches_max = random_.OneIn(2) ? 1 : Channel::kBatchesMax;
  plan.hot_bytes_max = random_.OneIn(3) ? 4000 : size_t{1} << 30;
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
  if (random_.OneIn(3)) plan.publish_trouble_one_in = 1 + random_.Below(6);
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

// ---- between two ----

// Then it cannot be read again at another time.
bool Simulation::DependsOnWhenItIsRead() const {
  return options_.flip || options_.fault || setup_.flow.uses_wall_time();
}

// As with --fresh. One that was cut short is begun again, or the job is resumed without the flag,
// by somebody who thinks better of it: then the old state goes on, and with it its outputs.
bool Simulation::MaybeStartOver() {
  fresh_ = false;
  if (DependsOnWhenItIsRead() || !fork_from_.empty()) return false;
  if (fresh_unfinished_ ? random_.OneIn(3) : fresh_starts_ == 3 || !random_.OneIn(8)) return false;
  ++fresh_starts_;
  StartOver();
  return true;
}

void Simulation::StartOver() {
  fresh_ = fresh_unfinished_ = true;
  acknowledged_ = 0;
  snapshot_.clear();
  world_.input.committed.assign(setup_.items.size(), 0);
  Say("is to start over");
}

// Only from what the present line made: another line's outputs are not its to cut back.
bool Simulation::MaybeFork() {
  if (DependsOnWhenItIsRead() || forks_ == 3 || fresh_unfinished_) return false;
  if (!fork_from_.empty() || !absl::StartsWith(snapshot_, Cat(state_, "/"))) return false;
  ForkFromSnapshot();
  return true;
}

// As with --from and --take-over: the state goes back to the snapshot, the outputs are cut back to
// where they stood. What was published cannot be: its backup is brought back, which may lack the
// rows that the snapshot itself holds.
void Simulation::ForkFromSnapshot() {
  fork_from_ = snapshot_;
  state_ = Cat(kStateDirectory, ++forks_);
  acknowledged_ = snapshot_epoch_;
  world_.targets = snapshot_targets_;
  for (auto& [sink, target] : world_.targets) {
    if (target.epoch == snapshot_epoch_ && random_.OneIn(2)) target.UndoLast();
  }
  world_.input.committed.assign(setup_.items.size(), 0);
  Say(Cat("forks from ", snapshot_, " into ", state_));
}

// ---- the whole ----

void Simulation::FlipOneBit() {
  const auto list = [this](const std::string& directory) {
    std::vector<std::pair<std::string, uint64_t>> files;
    for (const std::string& path : disk_->FilesBelow(directory)) {
      files.emplace_back(path, disk_->Content(path)->size());
    }
    return files;
  };
  // What a kill in the middle of a large commit leaves.
  const std::vector<std::string> tables = disk_->FilesBelow(StorePath(state_));
  disk_->Put(JoinPath(state_, "staging/0000000000000001-0.sst"),
             disk_->Content(tables.front()).value_or(""));
  result_.snapshot_files = list(snapshot_);
  result_.store_files = list(StorePath(state_));
  for (auto& staged : list(JoinPath(state_, "staging"))) result_.store_files.push_back(staged);
  const Flip& flip = *options_.flip;
  if (!flip.path.empty()) disk_->FlipBit(flip.path, flip.offset, flip.bit);
  if (flip.from_snapshot) ForkFromSnapshot();
}

Outputs Simulation::CommittedOutputs() const {
  Outputs outputs;
  for (const auto& [sink, kind] : setup_.sinks) {
    auto& lines = outputs[sink];
    if (kind == SinkKind::kMemory && world_.outputs.count(sink) > 0) {
      lines = world_.outputs.at(sink).rows;
    }
    if (kind == SinkKind::kTarget && world_.targets.count(sink) > 0) {
      lines = world_.targets.at(sink).rows;
    }
    if (kind == SinkKind::kFile) AddLines(*disk_, OutputFile(sink), lines);
    for (int n = 0; kind == SinkKind::kDirectory && n < kOutputFiles; ++n) {
      AddLines(*disk_, Cat(OutputDirectory(sink), "/part_", n), lines);
    }
  }
  return outputs;
}

// What was at an output's place before the job began was moved aside, once, and nothing happened to
// it (docs/decisions/0003).
void Simulation::CheckForeign() {
  if (!setup_.foreign_output) return;
  int found = 0;
  for (const std::string& path : disk_->FilesBelow(ParentDirectory(OutputFile("out")))) {
    found += disk_->Content(path) == kForeign ? 1 : 0;
  }
  if (found != 1) Violation(Cat("somebody else's file is there ", found, " times"));
}

SimResult Simulation::Run() {
  setup_ = RandomSetup(random_, options_);
  result_.story = setup_.Describe();
  Say(result_.story);
  auto expected = RunUndisturbed(setup_);
  if (!expected.ok()) {
    Violation(Cat("the undisturbed run fails: ", ToStd(expected.status().message())));
    return result_;
  }
  expected_ = *std::move(expected);
  if (setup_.flow.kind == FlowKind::kWindowChain) {
    Violation(Difference(ChainOutputs(setup_), expected_));
    if (!result_.violation.empty()) return result_;
  }
  PrepareDisk();
  // A finished job is run once more, now and then, and gives nothing new.
  const bool again = random_.OneIn(3);
  while (!done_ && result_.violation.empty() && result_.lives < kLivesMax) {
    const LifePlan plan = PlanLife();
    if (!MaybeStartOver() && random_.OneIn(2)) MaybeFork();
    Live(plan);
    if (options_.flip && result_.lives == 0) FlipOneBit();
    ++result_.lives;
    if (!result_.refused.empty()) return result_;
    MaybeAskWhatIf();
    if (!done_ || !random_.OneIn(2) || (!MaybeStartOver() && !MaybeFork())) continue;
    // Back from the end, and more trouble.
    done_ = false;
    setup_.lives_with_trouble = result_.lives + random_.Below(4);
  }
  if (!done_) Violation("the job does not come to its end");
  fresh_ = false;
  if (again && result_.violation.empty()) Live(PlanLife());
  if (result_.violation.empty()) CheckForeign();
  if (result_.violation.empty()) Violation(Difference(expected_, CommittedOutputs()));
  return result_;
}

SimResult RunSimulation(const SimOptions& options) { return Simulation(options).Run(); }

std::string HowToRepeat(uint64_t seed) {
  return Cat("repeat with: ./dev sim --seeds 1 --first-seed ", seed, " --verbose");
}

}  // namespace tidemark::sim
