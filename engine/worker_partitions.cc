// Partitions that come and go on one worker: requesting the list, opening new ones and forgetting
// old ones at a barrier, ending a source to which no more will come.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/status.h"
#include "engine/worker.h"
#include "engine/worker_parts.h"

namespace tidemark {

bool Worker::RequestsListOf(int step) const {
  return steps_[static_cast<size_t>(step)].board != nullptr && step % setup_.count == setup_.index;
}

// New partitions are opened at the next boundary, which is requested at once: an idle job would
// otherwise never reach it. A list without news changes nothing.
absl::StatusOr<bool> Worker::DiscoverPartitions() {
  if (setup_.signals->stop_reading.load(std::memory_order_relaxed)) return false;
  bool changed = false;
  bool ended = false;
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i].board == nullptr || steps_[i].ended) continue;
    TM_RETURN_IF_ERROR(EndSourceIfOver(static_cast<int>(i)));
    ended |= steps_[i].ended;
    PartitionBoard& board = *steps_[i].board;
    if (!RequestsListOf(static_cast<int>(i)) || board.UntilDue(now_.monotonic_us) > Span()) {
      continue;
    }
    const StepPlan& plan = setup_.plan->steps[i];
    auto list = plan.source->Discover(board.Known(), setup_.source_context);
    if (!list.ok()) return Annotate(list.status(), StepWord(plan));
    changed |= board.Put(*std::move(list), now_.monotonic_us);
  }
  if (!changed) return ended;
  SetChanged();
  setup_.signals->early_epoch.store(true, std::memory_order_relaxed);
  setup_.on_changed();
  return true;
}

Span Worker::UntilDiscovery() const {
  Span next = Span::Infinite();
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (!RequestsListOf(static_cast<int>(i))) continue;
    next = std::min(next, steps_[i].board->UntilDue(now_.monotonic_us));
  }
  return next;
}

// Partitions yet to come have a place in the minimum, which is idle until no more come: a step
// whose partitions are all gone has not ended.
absl::Status Worker::AnnounceThoseToCome() {
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (!RequestsListOf(static_cast<int>(i))) continue;
    for (const MeterPlace& meter : steps_[i].those_to_come) {
      TM_RETURN_IF_ERROR(Announce(meter, StreamState::kIdle));
    }
  }
  return absl::OkStatus();
}

// The record of this epoch contains their last items, and no longer their positions.
void Worker::ForgetPartitions(EpochPart& part) {
  const auto is_over = [this](const OpenPartition& source) {
    const PartitionBoard* board = steps_[static_cast<size_t>(source.step)].board;
    return board != nullptr && source.at_end && (source.gone || !board->IsListed(source.name));
  };
  for (const auto& source : sources_.partitions()) {
    if (!is_over(*source)) continue;
    StepState& step = steps_[static_cast<size_t>(source->step)];
    part.forgotten.push_back({.step = setup_.plan->steps[static_cast<size_t>(source->step)].name,
                              .partition = source->name});
    step.board->Forget(source->name);
    for (const MeterPlace& meter : source->meters) {
      steps_[static_cast<size_t>(meter.step)].free_partitions.push_back(meter.partition);
    }
    if (reading_ == source.get()) reading_ = nullptr;
    source->gone = true;  // also if only the list left it out
  }
  sources_.Remove([](const OpenPartition& source) { return source.gone; });
}

absl::Status Worker::TakeNewPartitions() {
  for (size_t i = 0; i < steps_.size(); ++i) {
    const auto step = static_cast<int>(i);
    if (steps_[i].board == nullptr || steps_[i].ended) continue;
    for (const std::string& name : steps_[i].board->TakeNew(setup_.index)) {
      TM_RETURN_IF_ERROR(OpenPartitionOf(step, name, std::nullopt));
      OpenPartition& source = *sources_.partitions().back();
      source.is_new = true;
      Measure(source);
      NotePulses();
    }
    const size_t count = std::max<size_t>(steps_[i].board->size(), 1);
    const double rate = setup_.plan->steps[i].source->rate() / static_cast<double>(count);
    for (const auto& source : sources_.partitions()) {
      if (source->step == step) source->SetRate(rate, now_);
    }
  }
  return absl::OkStatus();
}

// Gives the partition a number at each step that measures its watermark. The numbers of a worker
// are its own, so no two workers agree on anything while the job runs.
void Worker::Measure(OpenPartition& source) {
  for (const int at : steps_[static_cast<size_t>(source.step)].measured_at) {
    StepState& step = steps_[static_cast<size_t>(at)];
    int number = step.next_partition;
    if (step.free_partitions.empty()) {
      step.next_partition += setup_.count;
    } else {
      number = step.free_partitions.back();
      step.free_partitions.pop_back();
    }
    step.watermark->AddPartition(number);
    source.meters.push_back({.step = at, .partition = number});
  }
}

absl::Status Worker::EndSourceIfOver(int step) {
  StepState& state = steps_[static_cast<size_t>(step)];
  if (state.ended || sources_.OpenOf(step) > 0) return absl::OkStatus();
  if (state.board != nullptr) {
    if (!state.board->IsOver(setup_.index)) return absl::OkStatus();
    for (const MeterPlace& meter : state.those_to_come) {
      if (!RequestsListOf(step)) break;
      TM_RETURN_IF_ERROR(Announce(meter, StreamState::kEnded));
    }
  }
  return StepEnded(step);
}

}  // namespace tidemark
