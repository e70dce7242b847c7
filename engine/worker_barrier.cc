// Messages of other workers, and the barrier at the end of an epoch.

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/status.h"
#include "engine/worker.h"
#include "engine/worker_parts.h"

namespace tidemark {
namespace {

constexpr size_t kEncodesPerStep = 1024;

}  // namespace

// Work that sends through exchange `exchange` or one behind it may start.
bool Worker::HasRoomBehind(size_t exchange) const {
  for (size_t x = exchange; x < setup_.exchanges->size(); ++x) {
    if (!(*setup_.exchanges)[x]->HasRoom(setup_.index)) return false;
  }
  return true;
}

// Deepest exchange first: what is nearest to a sink can always go on, so nothing waits in a circle.
absl::StatusOr<bool> Worker::ReceiveOne() {
  for (size_t x = setup_.exchanges->size(); x-- > 0;) {
    if (!HasRoomBehind(x + 1)) continue;
    Exchange& exchange = *(*setup_.exchanges)[x];
    const EdgePlan& edge = setup_.plan->edges[static_cast<size_t>(exchange.edge())];
    for (int from = 0; from < setup_.count; ++from) {
      if (from == setup_.index || marker_from_[x][static_cast<size_t>(from)]) continue;
      auto message = exchange.channel(from, setup_.index).Receive();
      if (!message) continue;
      switch (message->kind) {
        case Message::Kind::kBatch:
          read_us_ = message->read_us;
          TM_RETURN_IF_ERROR(Feed(edge.to, edge.input, std::move(message->batch)));
          break;
        case Message::Kind::kMark:
          TM_RETURN_IF_ERROR(TakeMark(exchange.edge(), from, message->mark));
          break;
        case Message::Kind::kBarrier:
          marker_from_[x][static_cast<size_t>(from)] = true;
          break;
        case Message::Kind::kEnd:
          TM_RETURN_IF_ERROR(InputEnded(exchange.edge(), from));
          break;
      }
      return true;
    }
  }
  return false;
}

absl::StatusOr<bool> Worker::GetOnWithBarrier() {
  const uint64_t requested = setup_.signals->requested_epoch.load(std::memory_order_acquire);
  if (!aligning_) {
    if (requested <= epoch_) return false;
    // The commit of the last epoch may have come since this step began; the request, which follows
    // it, says that it has.
    NoticeCommit(SIZE_MAX);
    aligning_ = true;
    stage_ = 0;
    marker_sent_ = false;
  }
  bool did = false;
  for (; stage_ < setup_.exchanges->size(); ++stage_, marker_sent_ = false) {
    Exchange& exchange = *(*setup_.exchanges)[stage_];
    for (int to = 0; !marker_sent_ && to < setup_.count; ++to) {
      if (to == setup_.index) continue;
      exchange.channel(setup_.index, to).Send({.kind = Message::Kind::kBarrier});
      did = true;
    }
    marker_sent_ = true;
    for (int from = 0; from < setup_.count; ++from) {
      if (from != setup_.index && !marker_from_[stage_][static_cast<size_t>(from)]) return did;
    }
    did = true;
  }
  TM_RETURN_IF_ERROR(PassBarrier());
  return true;
}

// The pause of the hot path at an epoch is this function.
absl::Status Worker::PassBarrier() {
  const int64_t begin_us = MonotonicMicros();
  TM_CHECK(!encoding_, "an epoch is delivered before the next one closes");
  TM_CHECK(noticed_commit_ == epoch_, "an epoch is committed before the next one closes");
  epoch_ = setup_.signals->requested_epoch.load(std::memory_order_acquire);
  EpochPart& part = encoding_.emplace();
  part.epoch = {epoch_};
  part.at = now_;
  part.changed = changed_;
  part.ended = ended();
  part.skipped_items = std::exchange(skipped_, {});
  for (size_t i = 0; i < steps_.size(); ++i) {
    StepState& step = steps_[i];
    if (step.stateful != nullptr) {
      // An epoch without a change is not written.
      TM_CHECK(part.changed || step.stateful->states().changed_keys() == 0,
               "a change of state is marked");
      step.stateful->states().SwapChanged(part.epoch, &part.run);
      step.floor_at_barrier = step.stateful->floor();
      step.lateness_at_barrier = step.stateful->TakeLateness();
    }
    if (step.sink == nullptr) continue;
    const std::string& name = setup_.plan->steps[i].name;
    auto output = step.sink->EndEpoch(part.epoch);
    if (!output.ok()) return Annotate(output.status(), Cat("step '", name, "'"));
    part.sinks.push_back({.step = name, .output = *std::move(output), .target = step.sink.get()});
  }
  for (const SourceState& source : sources_) {
    part.sources.push_back({.step = setup_.plan->steps[static_cast<size_t>(source.step)].name,
                            .partition = source.partition,
                            .position = source.reader->position().values(),
                            .at_end = source.at_end});
    for (const MeterPlace& meter : source.meters) {
      const PartitionMark mark =
          steps_[static_cast<size_t>(meter.step)].watermark->Mark(meter.partition);
      part.watermarks.push_back(
          {.step = setup_.plan->steps[static_cast<size_t>(meter.step)].name,
           .partition = {.source = setup_.plan->steps[static_cast<size_t>(source.step)].name,
                         .partition = source.partition,
                         .watermark = mark.watermark,
                         .idle = mark.state == PartitionMark::State::kIdle,
                         .at_end = mark.state == PartitionMark::State::kEnded}});
    }
  }
  for (auto& from : marker_from_) std::fill(from.begin(), from.end(), false);
  aligning_ = false;
  changed_ = false;
  const int64_t us = MonotonicMicros() - begin_us;
  if (us > stats_.longest_pause_us.load(std::memory_order_relaxed)) {
    stats_.longest_pause_us.store(us, std::memory_order_relaxed);
  }
  return absl::OkStatus();
}

bool Worker::EncodeSlice() {
  if (!encoding_) return false;
  for (StepState& step : steps_) {
    if (step.stateful != nullptr && !step.stateful->states().EncodeSome(kEncodesPerStep)) {
      return true;
    }
  }
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i].stateful == nullptr) continue;
    encoding_->steps.push_back({.step = setup_.plan->steps[i].name,
                                .delta = steps_[i].stateful->states().TakeDelta(),
                                .clock_floor = steps_[i].floor_at_barrier,
                                .lateness = std::move(steps_[i].lateness_at_barrier)});
  }
  EpochPart part = *std::move(encoding_);
  encoding_.reset();
  setup_.deliver(std::move(part));
  return true;
}

bool Worker::NoticeCommit(size_t max) {
  const uint64_t committed = setup_.signals->committed_epoch.load(std::memory_order_acquire);
  if (committed <= noticed_commit_) return false;
  // Only what has been committed can make room.
  if (budget_.exceeded()) max = SIZE_MAX;
  bool all = true;
  for (StepState& step : steps_) {
    if (step.stateful != nullptr) all &= step.stateful->states().FinishCommit(max);
  }
  if (all) noticed_commit_ = committed;
  return true;
}

}  // namespace tidemark
