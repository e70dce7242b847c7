#include "tests/sim/sweep.h"

#include <utility>

#include "base/status.h"

namespace tidemark::sim {
namespace {

constexpr FlowKind kFlows[] = {FlowKind::kTumbling, FlowKind::kJoinWindows, FlowKind::kBatches};
constexpr size_t kAlwaysLarge = 1, kNeverLarge = size_t{1} << 30;
constexpr uint64_t kSeed = 11;

bool CanMeet(FaultKind kind, OpKind op) {
  switch (kind) {
    case FaultKind::kShortWrite:
      return op == kOpAppend;
    case FaultKind::kNoSpace:
      return (op & (kOpAppend | kOpOpen | kOpName)) != 0;
    case FaultKind::kSyncOnce:
    case FaultKind::kSyncForEver:
      return (op & (kOpSync | kOpSyncDirectory)) != 0;
    default:
      return true;
  }
}

// The places of a sweep that are its share, one after the other.
class Places {
 public:
  Places(const SweepOptions& options, uint64_t count) : options_(options) {
    if (count > options.first) total_ = (count - options.first - 1) / options.one_in + 1;
    options.progress(0, total_);
  }
  // Whether the next place is one of them.
  bool TakeNext() { return next_++ % options_.one_in == options_.first; }
  uint64_t next() const { return next_; }
  void Done() { options_.progress(++done_, total_); }

 private:
  const SweepOptions& options_;
  uint64_t total_ = 0;
  uint64_t next_ = 0;
  uint64_t done_ = 0;
};

class FaultSweep {
 public:
  explicit FaultSweep(const SweepOptions& options) : options_(options) {}

  SweepResult Run() {
    uint64_t count = 0;
    for (const FlowKind flow : kFlows) {
      for (const size_t large : {kAlwaysLarge, kNeverLarge}) count += Look(flow, large);
    }
    Places places(options_, count);
    for (const auto& [run, ops] : runs_) Sweep(run, ops, places);
    return std::move(result_);
  }

 private:
  static constexpr FaultKind kKinds[] = {
      FaultKind::kError,       FaultKind::kShortWrite, FaultKind::kNoSpace, FaultKind::kSyncOnce,
      FaultKind::kSyncForEver, FaultKind::kPowerCut,   FaultKind::kKill};

  // Runs it without a fault. Returns how many there are to be.
  uint64_t Look(FlowKind flow, size_t large) {
    SimOptions run{.seed = kSeed, .flow = flow, .large_commit_bytes = large};
    run.fault = Fault{};
    const SimResult undisturbed = RunSimulation(run);
    if (!undisturbed.violation.empty()) result_.violations.push_back(undisturbed.violation);
    uint64_t count = 0;
    for (const OpKind op : undisturbed.first_ops) {
      for (const FaultKind kind : kKinds) count += CanMeet(kind, op) ? 1 : 0;
    }
    runs_.emplace_back(run, undisturbed.first_ops);
    return count;
  }

  void Sweep(SimOptions run, const std::vector<OpKind>& ops, Places& places) {
    for (const FaultKind kind : kKinds) {
      for (uint64_t op = 0; op < ops.size(); ++op) {
        if (!CanMeet(kind, ops[op]) || !places.TakeNext()) continue;
        if (result_.violations.size() >= options_.violations_max) return;
        run.fault = Fault{.kind = kind, .at_op = op};
        OneFault(run);
        places.Done();
      }
    }
  }

  void OneFault(const SimOptions& run) {
    const std::string place =
        Cat(NameOf(run.fault->kind), " at operation ", run.fault->at_op, " of ", NameOf(*run.flow),
            ", ", *run.large_commit_bytes == kAlwaysLarge ? "large" : "small", " commits");
    options_.at(place);
    const SimResult result = RunSimulation(run);
    ++result_.runs;
    result_.met += result.faults;
    if (!result.violation.empty()) result_.violations.push_back(Cat(place, ": ", result.violation));
  }

  const SweepOptions options_;
  std::vector<std::pair<SimOptions, std::vector<OpKind>>> runs_;
  SweepResult result_;
};

class FlipSweep {
 public:
  explicit FlipSweep(const SweepOptions& options) : options_(options) {}

  SweepResult Run() {
    uint64_t count = 0;
    for (const size_t large : {kNeverLarge, kAlwaysLarge}) count += Look(large);
    Places places(options_, count);
    for (const File& file : files_) Sweep(file, places);
    return std::move(result_);
  }

 private:
  struct File {
    SimOptions run;
    std::string path;
    uint64_t bytes = 0;
    bool from_snapshot = false;
  };

  // Runs it without a flip. Returns how many bytes there are to flip a bit in.
  uint64_t Look(size_t large) {
    SimOptions run{.seed = kSeed, .flow = FlowKind::kTumbling, .large_commit_bytes = large};
    run.flip = Flip{};
    const SimResult whole = RunSimulation(run);
    if (!whole.violation.empty()) result_.violations.push_back(whole.violation);
    uint64_t count = 0;
    for (const bool from_snapshot : {false, true}) {
      for (const auto& [path, bytes] : from_snapshot ? whole.snapshot_files : whole.store_files) {
        files_.push_back({run, path, bytes, from_snapshot});
        count += bytes;
      }
    }
    return count;
  }

  void Sweep(const File& file, Places& places) {
    SimOptions run = file.run;
    for (uint64_t offset = 0; offset < file.bytes; ++offset) {
      if (!places.TakeNext()) continue;
      if (result_.violations.size() >= options_.violations_max) return;
      // RocksDB looks at a table's properties before at their checksum, and ends the process by
      // an assertion where the highest bit of one byte in there is set.
      const bool is_table = file.path.ends_with(".sst");
      const int bit = static_cast<int>((offset * 5 + places.next()) % (is_table ? 7 : 8));
      run.flip = Flip{
          .path = file.path, .offset = offset, .bit = bit, .from_snapshot = file.from_snapshot};
      OneFlip(run);
      places.Done();
    }
  }

  void OneFlip(const SimOptions& run) {
    const std::string where =
        Cat("bit ", run.flip->bit, " of byte ", run.flip->offset, " of ", run.flip->path, ", ",
            *run.large_commit_bytes == kAlwaysLarge ? "large" : "small", " commits");
    options_.at(where);
    const SimResult flipped = RunSimulation(run);
    ++result_.runs;
    ++(flipped.refused.empty() ? result_.met : result_.refused);
    if (!flipped.violation.empty()) {
      result_.violations.push_back(Cat(where, ": ", flipped.violation));
    }
  }

  const SweepOptions options_;
  std::vector<File> files_;
  SweepResult result_;
};

}  // namespace

SweepResult FaultAtEveryOp(const SweepOptions& options) { return FaultSweep(options).Run(); }

SweepResult FlipEveryByte(const SweepOptions& options) { return FlipSweep(options).Run(); }

}  // namespace tidemark::sim
