// GatedSink: a sink as it is, but for what SimWorld::gate and planted bugs have to say while it is
// opened: that it fails behind a check that was fine, or does not ask what every sink has to ask.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/status.h"
#include "tests/sim/sim_world.h"
#include "tidemark/sink.h"

namespace tidemark::sim {

class GatedSink final : public SinkFactory<std::string> {
 public:
  GatedSink(SimWorld& world, std::string name, const Sink<std::string>& sink)
      : world_(world), name_(std::move(name)), sink_(sink.factory()) {}

  absl::Status Check(const std::optional<Position>& resume, const SinkContext& context) override {
    return sink_->Check(resume, Bent(context));
  }
  absl::StatusOr<std::unique_ptr<SinkWriter<std::string>>> Open(
      const std::optional<Position>& resume, const SinkContext& context) override {
    if (world_.gate.failing_sink == name_) {
      world_.gate.then();
      return absl::UnavailableError(Cat("output '", name_, "': does not open"));
    }
    return sink_->Open(resume, Bent(context));
  }
  SinkGuarantee guarantee() const override { return sink_->guarantee(); }
  bool can_begin_anew() const override { return sink_->can_begin_anew(); }
  std::string Describe() const override { return sink_->Describe(); }

 private:
  SinkContext Bent(SinkContext context) const {
    if (world_.bug == PlantedBug::kClaimsAreNotChecked) {
      context.claim = [](const OutputPlace&) { return absl::OkStatus(); };
    }
    if (world_.bug == PlantedBug::kOwnerIsNotAsked) context.take_over = true;
    return context;
  }

  SimWorld& world_;
  const std::string name_;
  const std::shared_ptr<SinkFactory<std::string>> sink_;
};

}  // namespace tidemark::sim
