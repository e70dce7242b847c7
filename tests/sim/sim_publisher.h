// SimPublisher: a publish sink that writes to a SimTarget, as the SQLite sink writes to a table.
//
// The target takes an epoch's rows and the epoch's number in one stroke. Around that the world is
// as bad as it gets: the target cannot be reached, or takes the rows and the answer is lost, or the
// power goes before or behind it. What then holds: the target never stands at an epoch that was not
// committed, never misses one that was, and has each row once.
//
// Thread rule: used by one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/status.h"
#include "tests/sim/sim_world.h"
#include "tidemark/sink.h"

namespace tidemark::sim {

class SimPublishingWriter final : public SinkWriter<std::string> {
 public:
  SimPublishingWriter(SimWorld& world, std::string name, std::string run_line, int64_t last_epoch)
      : world_(world),
        name_(std::move(name)),
        run_line_(std::move(run_line)),
        last_epoch_(last_epoch) {}

  absl::Status Write(const std::vector<std::string>& items) override {
    for (const std::string& item : items) rows_ += item + "\n";
    return absl::OkStatus();
  }

  absl::StatusOr<EpochOutput> EndEpoch(Epoch epoch) override {
    EpochOutput output;
    if (!rows_.empty()) output.rows.push_back(std::exchange(rows_, {}));
    const int64_t earlier = last_epoch_;
    if (!output.rows.empty()) last_epoch_ = static_cast<int64_t>(epoch.value);
    output.position.Set("epoch", last_epoch_).Set("earlier", earlier).Set("run_line", run_line_);
    output.committed = [this] {
      world_.targets_before[name_].Committed();
      return absl::OkStatus();
    };
    if (world_.bug == PlantedBug::kPublishesBeforeCommit && !output.rows.empty()) {
      world_.targets[name_].Take(epoch.value, Rows(output.rows[0]));
    }
    return output;
  }

  absl::Status Publish(Epoch epoch, OutboxReader& outbox) override {
    std::string rows;
    while (true) {
      TM_ASSIGN_OR_RETURN(const auto piece, outbox.Next());
      if (!piece.has_value()) break;
      rows += *piece;
    }
    SimTarget& target = world_.targets[name_];
    const bool taken = epoch.value <= target.epoch;
    if (taken && world_.bug != PlantedBug::kPublishesTwice) return absl::OkStatus();
    const bool again = epoch.value == world_.resumed_epoch;
    if (again && world_.bug == PlantedBug::kResumePublishesNot) return absl::OkStatus();
    SimPublishing& publishing = world_.publishing;
    if (publishing.trouble_one_in == 0 || !publishing.random.OneIn(publishing.trouble_one_in)) {
      target.Take(epoch.value, Rows(rows));
      return absl::OkStatus();
    }
    publishing.met_trouble = true;
    const bool power_goes = publishing.random.OneIn(2);
    if (publishing.random.OneIn(2)) target.Take(epoch.value, Rows(rows));
    if (power_goes) publishing.cut_power();
    return absl::UnavailableError(Cat("target '", name_, "': does not answer"));
  }

 private:
  static std::vector<std::string> Rows(const std::string& rows) {
    return absl::StrSplit(rows, '\n', absl::SkipEmpty());
  }

  SimWorld& world_;
  const std::string name_;
  const std::string run_line_;
  std::string rows_;
  int64_t last_epoch_;  // with rows
};

class SimPublisher final : public SinkFactory<std::string> {
 public:
  SimPublisher(SimWorld& world, std::string name) : world_(world), name_(std::move(name)) {}

  absl::StatusOr<std::unique_ptr<SinkWriter<std::string>>> Open(
      const std::optional<Position>& resume, const SinkContext& context) override {
    SimTarget& target = world_.targets[name_];
    world_.targets_before[name_].Open(target, context);
    const int64_t epoch = resume ? resume->Number("epoch").value_or(0) : 0;
    const int64_t earlier = resume ? resume->Number("earlier").value_or(0) : 0;
    const auto stands = static_cast<int64_t>(target.epoch);
    // Without a commit what is there is another line's, and makes room for a new target.
    if (!resume && target.owner.run_line != context.run_line) target = {};
    if (target.epoch > 0 && stands != epoch && stands != earlier) {
      return Refuse(Cat("is at epoch ", stands, ", but the last one committed is ", epoch,
                        ", and the one before it ", earlier));
    }
    if (target.epoch == 0 && earlier != 0) return Refuse(Cat("is empty after epoch ", earlier));
    target.owner = {.run_line = context.run_line, .state_directory = context.state_directory};
    return std::make_unique<SimPublishingWriter>(world_, name_, context.run_line, epoch);
  }
  SinkGuarantee guarantee() const override { return SinkGuarantee::kPublish; }
  std::string Describe() const override { return "simulated target"; }

 private:
  absl::Status Refuse(const std::string& why) {
    const std::string text = Cat("target '", name_, "': ", why);
    world_.violations.push_back(text);
    return absl::FailedPreconditionError(text);
  }

  SimWorld& world_;
  const std::string name_;
};

}  // namespace tidemark::sim
