#include "tests/sim/sweep.h"

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

class FaultSweep {
 public:
  explicit FaultSweep(const SweepOptions& options) : options_(options) {}

  SweepResult Run() {
    for (const FlowKind flow : kFlows) {
      for (const size_t large : {kAlwaysLarge, kNeverLarge}) OneFlow(flow, large);
    }
    return std::move(result_);
  }

 private:
  void OneFlow(FlowKind flow, size_t large) {
    SimOptions run{.seed = kSeed, .flow = flow, .large_commit_bytes = large};
    run.fault = Fault{};
    const SimResult undisturbed = RunSimulation(run);
    if (!undisturbed.violation.empty()) result_.violations.push_back(undisturbed.violation);
    constexpr FaultKind kKinds[] = {
        FaultKind::kError,       FaultKind::kShortWrite, FaultKind::kNoSpace, FaultKind::kSyncOnce,
        FaultKind::kSyncForEver, FaultKind::kPowerCut,   FaultKind::kKill};
    for (const FaultKind kind : kKinds) {
      for (uint64_t op = 0; op < undisturbed.first_ops.size(); ++op) {
        if (!CanMeet(kind, undisturbed.first_ops[op])) continue;
        if (place_++ % options_.one_in != options_.first) continue;
        if (result_.violations.size() >= options_.violations_max) return;
        run.fault = Fault{.kind = kind, .at_op = op};
        OneFault(run);
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
  SweepResult result_;
  uint64_t place_ = 0;
};

}  // namespace

SweepResult FaultAtEveryOp(const SweepOptions& options) { return FaultSweep(options).Run(); }

SweepResult FlipEveryByte(const SweepOptions& options) {
  SweepResult result;
  uint64_t place = 0;
  for (const size_t large : {kNeverLarge, kAlwaysLarge}) {
    SimOptions run{.seed = kSeed, .flow = FlowKind::kTumbling, .large_commit_bytes = large};
    run.flip = Flip{};
    const SimResult whole = RunSimulation(run);
    if (!whole.violation.empty()) result.violations.push_back(whole.violation);
    for (const bool from_snapshot : {false, true}) {
      const auto& files = from_snapshot ? whole.snapshot_files : whole.store_files;
      for (const auto& [path, bytes] : files) {
        for (uint64_t offset = 0; offset < bytes; ++offset) {
          if (place++ % options.one_in != options.first) continue;
          if (result.violations.size() >= options.violations_max) return result;
          // RocksDB looks at a table's properties before at their checksum, and ends the process by
          // an assertion where the highest bit of one byte in there is set.
          const bool is_table = path.substr(path.size() - 4) == ".sst";
          const int bit = static_cast<int>((offset * 5 + place) % (is_table ? 7 : 8));
          run.flip =
              Flip{.path = path, .offset = offset, .bit = bit, .from_snapshot = from_snapshot};
          const std::string where = Cat("bit ", bit, " of byte ", offset, " of ", path, ", ",
                                        large == kAlwaysLarge ? "large" : "small", " commits");
          options.at(where);
          const SimResult flipped = RunSimulation(run);
          ++result.runs;
          ++(flipped.refused.empty() ? result.met : result.refused);
          if (!flipped.violation.empty()) {
            result.violations.push_back(Cat(where, ": ", flipped.violation));
          }
        }
      }
    }
  }
  return result;
}

}  // namespace tidemark::sim
