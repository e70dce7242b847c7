// What lies outside a simulated job and outlives it: input that can be read again, output that is
// cut back or published, and what they notice.
//
// All are perfect but for a planted bug: the input has every item for ever, the output keeps what
// was made durable or published. So whatever goes wrong was done by the job, and is written down as
// a violation. What is published to (sim_publisher.h) may fail, and says so.
//
// Thread rule: used by one thread.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/status.h"
#include "connectors/claim/output_owner.h"
#include "tidemark/sink.h"
#include "tidemark/source.h"

namespace tidemark::sim {

// What a run is told to do wrong, to see that it is found.
enum class PlantedBug {
  kNone,
  kDirectorySyncIgnored,   // the disk does not sync directories
  kLogSyncDropped,         // nor RocksDB's log
  kTableSyncDropped,       // nor its tables
  kOutputSyncDropped,      // nor output files
  kSinkDoesNotCutBack,     // the sink in memory keeps what was not committed
  kSourceResumesOneEarly,  // the last committed item is read again
  kSourceResumesOneLate,   // the first item behind the committed ones is passed over
  kRecordBeforeRows,       // the epoch record is committed before what it speaks of
  kPublishesTwice,         // what is published to takes an epoch that it has taken already
  kPublishesBeforeCommit,  // the rows of an epoch are published when it ends
  kResumePublishesNot,     // what a crash kept from being published is not published on resume
  kFreshFindsState,        // a fresh start does not discard the state
  kAsideRemoved,           // what is moved aside is removed
  kDownTimeCounts,         // job time goes on while no process runs
  kPausesCount,            // and while one stands still
  kJobTimeByTheWall,       // and it goes by the wall clock
  kSnapshotsCopied,        // snapshots share nothing with the store, although they could
  kReplacedOutputIsGone,   // a start destroys the outputs that it replaces before all are open
  kReplacedStateIsGone,    // and the state
  kClaimsAreNotChecked,    // an output may be an input or another output by another name
  kLockIsNotTaken,         // a second program opens the state of one that runs
  kOwnerIsNotAsked,        // a job goes on in the output of another one
  kCommitNoteIsNotRead,    // how far the last commit went is known by the log alone
};

struct SimInput {
  std::vector<std::vector<std::string>> partitions;
  std::vector<size_t> visible;    // of each partition: the rest comes later
  std::vector<size_t> committed;  // of each: the next item of the last epoch known to be committed
  bool ended = false;             // nothing will follow what is visible
};

struct SimOutput {
  std::vector<std::string> rows;
  size_t durable = 0;
  uint64_t last_epoch = 0;
  OwnerName owner;  // the line of runs that writes to it
};

// What a line of runs took and can give back until its first commit, as every sink has to.
template <class Output>
class SimUndo {
 public:
  // `output` is about to be opened.
  void Open(Output& output, const SinkContext& context) {
    if (output.owner.run_line == context.run_line) return;
    if (before_ && CameToNothing(output.owner, before_->owner.run_line, context)) {
      output = *before_;
    }
    if (output.owner.run_line == context.run_line) return before_.reset();
    before_ = output;
  }
  void Committed() { before_.reset(); }

 private:
  std::optional<Output> before_;
};

// What rows are published to: a database that takes those of an epoch with its number, or nothing.
struct SimTarget {
  std::vector<std::string> rows;
  uint64_t epoch = 0;  // the last one that it has taken
  // As it stood before that.
  size_t rows_before = 0;
  uint64_t epoch_before = 0;
  OwnerName owner;

  void Take(uint64_t next_epoch, const std::vector<std::string>& next_rows) {
    rows_before = rows.size(), epoch_before = epoch;
    rows.insert(rows.end(), next_rows.begin(), next_rows.end());
    epoch = next_epoch;
  }
  void UndoLast() { rows.resize(rows_before), epoch = epoch_before; }
};

// A sink that cannot be opened, although it has agreed to be.
struct SimGate {
  std::string failing_sink;  // empty: none
  std::function<void()> then = [] {};
  bool died = false;
};

// What goes wrong around it in one life.
struct SimPublishing {
  Random random{1};
  uint64_t trouble_one_in = 0;  // of so many epochs; 0: never
  bool met_trouble = false;
  std::function<void()> cut_power = [] {};
};

struct SimWorld {
  uint64_t seed = 0;
  PlantedBug bug = PlantedBug::kNone;
  SimInput input;
  std::map<std::string, SimOutput> outputs;
  std::map<std::string, SimTarget> targets;
  std::map<std::string, SimUndo<SimOutput>> outputs_before;
  std::map<std::string, SimUndo<SimTarget>> targets_before;
  SimPublishing publishing;
  SimGate gate;
  std::vector<std::string> violations;
  // The epoch that the job resumed behind; set before it is opened.
  uint64_t resumed_epoch = 0;
  size_t poll_items_max = 16;
  Random polls{1};
};

class SimPartition final : public SourcePartition<std::string> {
 public:
  SimPartition(SimWorld& world, size_t partition, size_t next)
      : world_(world), partition_(partition), next_(next) {}

  absl::StatusOr<PollResult> Poll(size_t max, Timestamp, std::vector<std::string>& out) override {
    const SimInput& input = world_.input;
    max = std::min<size_t>(max, 1 + world_.polls.Below(world_.poll_items_max));
    for (; max > 0 && next_ < input.visible[partition_]; --max) {
      out.push_back(input.partitions[partition_][next_++]);
    }
    const bool at_end = input.ended && next_ >= input.visible[partition_];
    return at_end ? PollResult::AtEnd() : PollResult::Again();
  }
  Position position() const override { return Position().Set("next", static_cast<int64_t>(next_)); }

 private:
  SimWorld& world_;
  const size_t partition_;
  size_t next_;
};

class SimSource final : public SourceFactory<std::string> {
 public:
  explicit SimSource(SimWorld& world) : world_(world) {}

  absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext&) override {
    std::vector<std::string> names;
    for (size_t i = 0; i < world_.input.partitions.size(); ++i) names.push_back(std::to_string(i));
    return names;
  }
  absl::StatusOr<std::unique_ptr<SourcePartition<std::string>>> Open(
      const std::string& partition, const std::optional<Position>& resume,
      const SourceContext&) override {
    const size_t index = std::stoul(partition);
    auto next = static_cast<size_t>(resume ? resume->Number("next").value_or(0) : 0);
    if (next < world_.input.committed[index]) {
      world_.violations.push_back(Cat("partition ", partition, " resumes at ", next, ", but ",
                                      world_.input.committed[index], " were committed"));
    }
    if (world_.bug == PlantedBug::kSourceResumesOneEarly && next > 0) --next;
    if (world_.bug == PlantedBug::kSourceResumesOneLate && next > 0) ++next;
    return std::make_unique<SimPartition>(world_, index, next);
  }
  std::string Describe() const override { return "simulated input"; }

 private:
  SimWorld& world_;
};

class SimWriter final : public SinkWriter<std::string> {
 public:
  SimWriter(SimWorld& world, std::string name) : world_(world), name_(std::move(name)) {}

  absl::Status Write(const std::vector<std::string>& items) override {
    auto& rows = world_.outputs[name_].rows;
    rows.insert(rows.end(), items.begin(), items.end());
    return absl::OkStatus();
  }
  absl::StatusOr<EpochOutput> EndEpoch(Epoch epoch) override {
    SimOutput& output = world_.outputs[name_];
    if (epoch.value <= std::max(output.last_epoch, world_.resumed_epoch)) {
      world_.violations.push_back(Cat("sink ", name_, " sees the end of epoch ", epoch.value,
                                      " behind that of ", output.last_epoch));
    }
    output.last_epoch = epoch.value;
    EpochOutput end;
    const size_t rows = output.rows.size();
    end.position.Set("rows", static_cast<int64_t>(rows));
    end.make_durable = [this, rows] {
      world_.outputs[name_].durable = rows;
      return absl::OkStatus();
    };
    end.committed = [this] {
      world_.outputs_before[name_].Committed();
      return absl::OkStatus();
    };
    return end;
  }

 private:
  SimWorld& world_;
  const std::string name_;
};

class SimSink final : public SinkFactory<std::string> {
 public:
  SimSink(SimWorld& world, std::string name) : world_(world), name_(std::move(name)) {}

  absl::StatusOr<std::unique_ptr<SinkWriter<std::string>>> Open(
      const std::optional<Position>& resume, const SinkContext& context) override {
    SimOutput& output = world_.outputs[name_];
    world_.outputs_before[name_].Open(output, context);
    output.owner = {.run_line = context.run_line, .state_directory = context.state_directory};
    const auto rows = static_cast<size_t>(resume ? resume->Number("rows").value_or(0) : 0);
    if (rows > output.durable) {
      world_.violations.push_back(Cat("sink ", name_, ": ", rows, " rows were committed, but ",
                                      output.durable, " made durable"));
    }
    if (world_.bug != PlantedBug::kSinkDoesNotCutBack) {
      output.rows.resize(std::min(rows, output.rows.size()));
    }
    output.durable = output.rows.size();
    output.last_epoch = world_.resumed_epoch;
    return std::make_unique<SimWriter>(world_, name_);
  }
  SinkGuarantee guarantee() const override { return SinkGuarantee::kCutBack; }
  std::string Describe() const override { return "simulated output"; }

 private:
  SimWorld& world_;
  const std::string name_;
};

}  // namespace tidemark::sim
