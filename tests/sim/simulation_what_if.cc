// What else might have happened at some moment: a branch of the simulation goes on from a copy of
// the disk and of the world, with nothing else going wrong, and the simulation itself goes on as if
// nothing had been asked.
//
//   - a start that replaces something cannot open one of its sinks, or some operation fails before
//     all are open: the same command, given again, and the one before it both go on to the right
//     end;
//   - an output is an input, another output, or lies in the state, by that name or another one: the
//     start is refused, nothing is touched, and the command without the mistake goes on;
//   - a second program wants the state or the outputs of one that runs: it is refused, and the
//     first does not notice;
//   - the log is cut somewhere, and the input cannot be read again: the start is refused as damage,
//     each time, or no commit was in what is gone.

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "rocksdb/env.h"
#include "tests/sim/simulation_run.h"

namespace tidemark::sim {
namespace {

constexpr uint64_t kAskedMax = 3;  // in one simulation
constexpr char kSecondNames[] = "/disk/names/";

}  // namespace

void Simulation::MaybeAskWhatIf() {
  // What is under way between two commands has no command before it that could be told.
  const bool is_settled = fork_from_.empty() && !fresh_unfinished_;
  if (options_.fault || options_.flip || !is_settled || !result_.violation.empty()) return;
  if (asked_ == kAskedMax || !what_if_.OneIn(2)) return;
  ++asked_;
  switch (what_if_.Below(4)) {
    case 0:
      return WhatIfAStartFails();
    case 1:
      return WhatIfAPathIsAnothers();
    case 2:
      return WhatIfASecondProgramComes();
    case 3:
      return WhatIfTheLogIsCut();
  }
}

std::unique_ptr<Simulation> Simulation::Branch(const std::string& name) {
  std::unique_ptr<Simulation> branch(new Simulation(*this));
  branch->branch_ = Cat(branch_, "-", name);
  branch->random_ = Random(what_if_.Next());
  branch->what_if_ = Random(what_if_.Next());
  branch->disk_ = disk_->Clone(what_if_.Next());
  branch->clock_ = std::make_shared<SimClock>();
  branch->clock_->Advance(Span::Micros(clock_->Monotonic()));
  branch->clock_->Set(clock_->Now());
  branch->world_.publishing.cut_power = [] {};
  branch->fresh_ = false;
  branch->done_ = false;
  return branch;
}

LifePlan Simulation::CalmLife(Random& random) {
  LifePlan plan;
  plan.options.workers = static_cast<int>(random.Between(1, 3));
  plan.epoch_one_in = random.OneIn(2) ? 0 : 8;
  return plan;
}

// Goes on to the end. Says what is wrong then.
std::string Simulation::RunToEnd() {
  const absl::Status status = LiveOnce(CalmLife(random_));
  if (!result_.violation.empty()) return result_.violation;
  if (!status.ok()) return Cat("does not continue: ", ToStd(status.message()));
  if (!done_) return "does not come to its end";
  CheckForeign();
  return result_.violation.empty() ? Difference(expected_, CommittedOutputs()) : result_.violation;
}

// Input and outputs, and whose they are.
std::string Simulation::FilesOutside() const {
  return FilesIn({kInputFile, kInputDirectory, ParentDirectory(OutputFile("out"))});
}

// And what the state says of itself.
std::string Simulation::FilesAround() const {
  return FilesOutside() + FilesIn({JoinPath(state_, "START"), JoinPath(state_, "COMMITTED")});
}

std::string Simulation::FilesIn(const std::vector<std::string>& places) const {
  std::string all;
  for (const std::string& place : places) {
    for (const std::string& path : disk_->FilesBelow(place)) {
      all += Cat(path, "\n", disk_->Content(path).value_or(""), "\n");
    }
  }
  return all;
}

// ---- commands ----

// As with --fresh, --from and --take-over: the state goes back to a snapshot of its own.
void Simulation::RollBack() {
  const std::string state = state_;
  ForkFromSnapshot();
  state_ = state;
  fresh_ = fresh_unfinished_ = rolls_back_ = true;
}

void Simulation::ReplaceSomething() {
  const bool has_snapshot = absl::StartsWith(snapshot_, Cat(state_, "/"));
  switch (has_snapshot ? random_.Below(3) : 0) {
    case 0:
      return StartOver();
    case 1:
      return ForkFromSnapshot();
    case 2:
      return RollBack();
  }
}

// The command before: what people know of its state, and the databases that they have put aside.
void Simulation::GoBackTo(const Simulation& former) {
  if (!fork_from_.empty()) {
    world_.targets = former.world_.targets;
    world_.targets_before = former.world_.targets_before;
  }
  state_ = former.state_;
  forks_ = former.forks_;
  acknowledged_ = former.acknowledged_;
  snapshot_ = former.snapshot_;
  fork_from_.clear();
  fresh_ = rolls_back_ = false;
  world_.input.committed = former.world_.input.committed;
  path_of_.clear();
}

// ---- questions ----

void Simulation::WhatIfAStartFails() {
  if (DependsOnWhenItIsRead()) return;
  const auto start = Branch("fails");
  start->ReplaceSomething();
  const bool forks = start->state_ != state_;
  LifePlan plan = CalmLife(start->random_);
  const bool by_sink = start->random_.OneIn(2);
  by_sink ? start->LetSinkFail() : start->LetOpeningFail(plan);
  const absl::Status status = start->LiveOnce(plan);
  if (start->has_opened_) return;  // no fault met it
  if (status.ok()) return Violation("a start that has not opened its job says that it is done");
  start->JudgeError(plan, status);
  if (!start->result_.violation.empty()) return Violation(start->result_.violation);
  const bool put_back = by_sink && !start->world_.gate.died;
  start->world_.gate = {};
  const auto again = start->Branch("again");
  again->fresh_ = start->fresh_;
  const std::string again_wrong = again->RunToEnd();
  if (!again_wrong.empty()) {
    return Violation(Cat("behind a start that failed, the same command: ", again_wrong));
  }
  // What a fork that died has left in its own directory people have to remove first.
  ++result_.what_ifs;
  if (forks && !put_back) return;
  const auto former = start->Branch("former");
  former->GoBackTo(*this);
  const std::string former_wrong = former->RunToEnd();
  if (!former_wrong.empty()) {
    Violation(Cat("behind a start that failed, the command before: ", former_wrong));
  }
}

// Although it has agreed to be opened. Behind an error the process still puts things back; or it
// dies there.
void Simulation::LetSinkFail() {
  const std::vector<std::string> sinks = setup_.flow.sinks();
  world_.gate.failing_sink = sinks[random_.Below(sinks.size())];
  if (random_.OneIn(2)) return;
  const auto end = random_.OneIn(2) ? SimDisk::End::kKill : SimDisk::End::kPowerCut;
  world_.gate.then = [this, end] {
    world_.gate.died = true;
    disk_->EndProcess(end);
  };
}

void Simulation::LetOpeningFail(LifePlan& plan) {
  constexpr FaultKind kKinds[] = {FaultKind::kError,    FaultKind::kShortWrite, FaultKind::kNoSpace,
                                  FaultKind::kSyncOnce, FaultKind::kPowerCut,   FaultKind::kKill};
  plan.fault = {.kind = kKinds[random_.Below(std::size(kKinds))], .at_op = random_.Below(350)};
}

// False where no output of this simulation is a file.
bool Simulation::NamePathOfAnother() {
  std::vector<std::string> outputs;
  for (const auto& [sink, kind] : setup_.sinks) {
    if (kind == SinkKind::kFile) outputs.push_back(sink);
  }
  if (outputs.empty()) return false;
  const std::string sink = outputs[random_.Below(outputs.size())];
  std::vector<std::string> others = {Cat(state_, "/", sink, ".txt")};
  std::vector<std::string> files;  // that can have a second name
  if (setup_.file_source)
    files.push_back(disk_->FilesBelow(kInputDirectory).empty()
                        ? std::string(kInputFile)
                        : disk_->FilesBelow(kInputDirectory).front());
  for (const std::string& other : outputs) {
    if (other == sink) continue;
    others.push_back(OutputFile(other));
    others.push_back(Cat("/disk//out/", other, ".txt"));
    if (disk_->Content(OutputFile(other))) files.push_back(OutputFile(other));
  }
  for (const std::string& file : files) {
    others.push_back(file);
    others.push_back(Cat(kSecondNames, others.size(), ".txt"));
    disk_->AddName(file, others.back());
  }
  path_of_[sink] = others[random_.Below(others.size())];
  Say(Cat("sink ", sink, " is to write to ", path_of_[sink]));
  return true;
}

void Simulation::WhatIfAPathIsAnothers() {
  const auto start = Branch("alias");
  if (!DependsOnWhenItIsRead() && start->random_.OneIn(2)) start->ReplaceSomething();
  if (!start->NamePathOfAnother()) return;
  const bool replaces = start->fresh_ || !start->fork_from_.empty();
  const auto look = [&] { return replaces ? start->FilesOutside() : start->FilesAround(); };
  const std::string before = look();
  const absl::Status status = start->LiveOnce(CalmLife(start->random_));
  if (!start->result_.violation.empty()) return Violation(start->result_.violation);
  const std::string& path = start->path_of_.begin()->second;
  // A job that goes on is asked first where its output was.
  const bool goes_on = !start->fresh_ || start->rolls_back_;
  const bool is_moved = goes_on && (absl::IsFailedPrecondition(status) || absl::IsDataLoss(status));
  if (!absl::IsInvalidArgument(status) && !is_moved) {
    return Violation(
        Cat("an output at ", path, " is not refused as another's: ", ToStd(status.message())));
  }
  if (look() != before) {
    return Violation(Cat("an output at ", path, " is refused, and something was touched"));
  }
  ++result_.what_ifs;
  start->GoBackTo(*this);
  const std::string wrong = start->RunToEnd();
  if (!wrong.empty()) Violation(Cat("behind a start refused for a path: ", wrong));
}

void Simulation::WhatIfASecondProgramComes() {
  const auto first = Branch("visited");
  first->visits_ = 3;
  const std::string wrong = first->RunToEnd();
  if (first->visits_ < 3) ++result_.what_ifs;
  if (!wrong.empty()) Violation(Cat("while a second program came: ", wrong));
}

// Between two steps of the process that runs, on the same disk.
void Simulation::BeVisited(Process& process) {
  --visits_;
  std::unique_ptr<Simulation> visitor(new Simulation(*this));
  visitor->branch_ = Cat(branch_, "-visitor", visits_);
  visitor->visits_ = 0;
  const bool has_files = std::any_of(setup_.sinks.begin(), setup_.sinks.end(), [](const auto& s) {
    return s.second == SinkKind::kFile || s.second == SinkKind::kDirectory;
  });
  const bool same_state = !has_files || random_.OneIn(2);
  if (!same_state) {
    visitor->state_ = Cat(kStateDirectory, "-visitor", visits_);
    visitor->forks_ = 0;
    visitor->snapshot_.clear();
    visitor->world_.input.committed.assign(setup_.items.size(), 0);
  }
  visitor->acknowledged_ = 0;
  visitor->fresh_ = random_.OneIn(2);
  const std::string before = FilesAround();
  absl::Status status;
  {
    Process second = NewProcess(process.id);
    status = visitor->OpenJob(CalmLife(random_), second);
  }
  visitor->Say(Cat("is told: ", ToStd(status.message())));
  if (!(same_state ? absl::IsUnavailable(status) : absl::IsFailedPrecondition(status))) {
    return Violation(Cat("a second program is not refused the ", same_state ? "state" : "outputs",
                         " of one that runs: ", ToStd(status.message())));
  }
  if (FilesAround() != before) Violation("a second program is refused, and something was touched");
}

void Simulation::WhatIfTheLogIsCut() {
  // Else the note of the last commit may have gone with the power.
  if (!ended_calmly_) return;
  std::vector<std::string> logs;
  for (const std::string& path : disk_->FilesBelow(StorePath(state_))) {
    if (absl::EndsWith(path, ".log") && !disk_->Content(path)->empty()) logs.push_back(path);
  }
  if (logs.empty()) return;
  const auto cut = Branch("cut");
  const std::string& log = logs[cut->random_.Below(logs.size())];
  const std::string bytes = *disk_->Content(log);
  const uint64_t length = cut->random_.OneIn(8) ? 0 : cut->random_.Below(bytes.size());
  cut->disk_->Put(log, bytes.substr(0, length));
  cut->Say(Cat(log, " is cut from ", bytes.size(), " to ", length, " bytes"));
  const std::string where = Cat("with its log cut from ", bytes.size(), " to ", length, " bytes: ");
  const std::string before = cut->FilesAround();
  // The second time RocksDB has written another log.
  for (int start = 0; start < 2; ++start) {
    const absl::Status status = cut->LiveOnce(CalmLife(cut->random_));
    if (!cut->result_.violation.empty()) return Violation(Cat(where, cut->result_.violation));
    if (start == 0) ++result_.what_ifs;
    if (status.ok() && start == 0) {
      return Violation(Difference(expected_, cut->CommittedOutputs()));  // nothing was in there
    }
    if (!absl::IsDataLoss(status)) {
      return Violation(Cat(where, "it is no damage: ", ToStd(status.message())));
    }
    if (cut->FilesAround() != before) return Violation(Cat(where, "something was touched"));
  }
}

}  // namespace tidemark::sim
