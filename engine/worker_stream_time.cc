// The watermarks of streams on one worker: which partitions feed which step, when a silent one is
// left out, and what is told at the end of one.

#include <algorithm>

#include "base/check.h"
#include "base/status.h"
#include "engine/worker.h"
#include "engine/worker_parts.h"

namespace tidemark {
namespace {

// The watermark that a partition had for a step when the last epoch closed.
Timestamp SavedWatermark(const EpochRecord* resume, const std::string& step,
                         const std::string& source, const std::string& partition) {
  if (resume == nullptr) return Timestamp::Min();
  for (const StepRecord& record : resume->steps) {
    if (record.name != step) continue;
    for (const PartitionWatermark& saved : record.watermarks) {
      if (saved.source == source && saved.partition == partition) return saved.watermark;
    }
  }
  return Timestamp::Min();
}

}  // namespace

absl::Status Worker::OpenStreamTimes() {
  const Plan& plan = *setup_.plan;
  for (size_t step = 0; step < plan.steps.size(); ++step) {
    if (steps_[step].watermark == nullptr) continue;
    std::vector<Timestamp> saved;
    for (const int source : SourcesInFrontOf(plan, static_cast<int>(step))) {
      const std::string& source_name = plan.steps[static_cast<size_t>(source)].name;
      for (const std::string& partition : (*setup_.partitions)[static_cast<size_t>(source)]) {
        for (SourceState& mine : sources_) {
          if (mine.step != source || mine.partition != partition) continue;
          mine.meters.push_back(
              {.step = static_cast<int>(step), .partition = static_cast<int>(saved.size())});
        }
        saved.push_back(
            SavedWatermark(setup_.resume, plan.steps[step].name, source_name, partition));
      }
    }
    steps_[step].watermark->Open(saved, now_.wall);
    for (const int e : edges_of_step_[step]) {
      StatefulNode* follower =
          steps_[static_cast<size_t>(plan.edges[static_cast<size_t>(e)].to)].stateful;
      TM_CHECK(follower != nullptr, "a step with state follows the watermark of a stream");
      follower->FollowStream(saved);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Worker::NoticeSilence(const SourceState& source) {
  bool did = false;
  for (const MeterPlace& meter : source.meters) {
    StepState& step = steps_[static_cast<size_t>(meter.step)];
    if (step.watermark->IdleDue(meter.partition) > now_.wall) continue;
    TM_RETURN_IF_ERROR(
        step.watermark->Announce(meter.partition, PartitionMark::State::kIdle, *step.output));
    did = true;
  }
  return did;
}

absl::Status Worker::AnnounceEnd(const SourceState& source) {
  for (const MeterPlace& meter : source.meters) {
    StepState& step = steps_[static_cast<size_t>(meter.step)];
    TM_RETURN_IF_ERROR(
        step.watermark->Announce(meter.partition, PartitionMark::State::kEnded, *step.output));
  }
  return absl::OkStatus();
}

Timestamp Worker::SilenceDue(const SourceState& source) const {
  Timestamp due = Timestamp::Never();
  for (const MeterPlace& meter : source.meters) {
    due =
        std::min(due, steps_[static_cast<size_t>(meter.step)].watermark->IdleDue(meter.partition));
  }
  return due;
}

}  // namespace tidemark
