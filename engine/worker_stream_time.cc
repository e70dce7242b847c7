// The watermarks of streams on one worker: which partitions feed which step, when a silent one is
// left out, what is told at the end of one, and how a step hands its watermark to the next.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/status.h"
#include "engine/watermark_plan.h"
#include "engine/worker.h"
#include "engine/worker_parts.h"

namespace tidemark {
namespace {

// How long a worker sleeps at least and at most while a silent partition is to be left out: at
// least where the partition has a backlog, which keeps its clock still.
constexpr Span kSilenceLookMin = Span::Micros(10'000);
constexpr Span kSilenceLookMax = Span::Micros(500'000);

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
    if (plan.steps[step].handed_on) OpenHandedOn(static_cast<int>(step));
    WatermarkNode* watermark = steps_[step].watermark;
    if (watermark == nullptr) continue;
    std::vector<Timestamp> saved;
    if (plan.steps[step].handed_on) {
      watermark->OpenHandedOn(setup_.index);
      saved.assign(static_cast<size_t>(setup_.count), Timestamp::Min());
    } else {
      saved = OpenMeters(static_cast<int>(step));
      watermark->Open(saved);
    }
    for (const int e : edges_of_step_[step]) {
      const int to = plan.edges[static_cast<size_t>(e)].to;
      StatefulNode* follower = steps_[static_cast<size_t>(to)].stateful;
      TM_CHECK(follower != nullptr, "a step with state follows the watermark of a stream");
      const StepPlan& window = plan.steps[static_cast<size_t>(to)];
      follower->FollowStream(saved,
                             plan.steps[step].handed_on ? StreamWatermark::Of::kShares
                                                        : StreamWatermark::Of::kPartitions,
                             window.hands_on ? std::optional(window.hands_on_less) : std::nullopt);
    }
  }
  return absl::OkStatus();
}

// Which partitions are measured at the step, by this worker and by others.
std::vector<Timestamp> Worker::OpenMeters(int step) {
  const Plan& plan = *setup_.plan;
  const std::string& name = plan.steps[static_cast<size_t>(step)].name;
  std::vector<Timestamp> saved;
  for (const int source : SourcesInFrontOf(plan, step)) {
    const std::string& source_name = plan.steps[static_cast<size_t>(source)].name;
    for (const std::string& partition : (*setup_.partitions)[static_cast<size_t>(source)]) {
      for (const auto& mine : sources_.partitions()) {
        if (mine->step != source || mine->name != partition) continue;
        mine->meters.push_back({.step = step, .partition = static_cast<int>(saved.size())});
      }
      saved.push_back(SavedWatermark(setup_.resume, name, source_name, partition));
    }
    StepState& state = steps_[static_cast<size_t>(source)];
    state.measured_at.push_back(step);
    if (state.board == nullptr) continue;
    state.those_to_come.push_back({.step = step, .partition = static_cast<int>(saved.size())});
    saved.push_back(Timestamp::Min());
  }
  // Numbers of the partitions that come later; each worker has its own.
  steps_[static_cast<size_t>(step)].next_partition = static_cast<int>(saved.size()) + setup_.index;
  return saved;
}

void Worker::OpenHandedOn(int step) {
  StepState& state = steps_[static_cast<size_t>(step)];
  for (size_t e = 0; e < setup_.plan->edges.size(); ++e) {
    if (setup_.plan->edges[e].to != step) continue;
    const auto shares = static_cast<size_t>(exchange_of_edge_[e] >= 0 ? setup_.count : 1);
    state.handed_on_by.push_back(
        {.edge = static_cast<int>(e),
         .watermark = StreamWatermark(std::vector<Timestamp>(shares, Timestamp::Min()),
                                      Timestamp::Min(), StreamWatermark::Of::kShares)});
  }
  state.handed_on.emplace(std::vector<Timestamp>(state.handed_on_by.size(), Timestamp::Min()),
                          Timestamp::Min());
}

// A resumed step hands on first where it was, before any new item.
absl::Status Worker::HandOnResumed() {
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i].stateful == nullptr || !setup_.plan->steps[i].hands_on) continue;
    const StepPlan& plan = setup_.plan->steps[i];
    StatefulNode& stateful = *steps_[i].stateful;
    TM_RETURN_IF_ERROR(Named(stateful.HandOnResumed(now_, *steps_[i].output), plan));
    if (stateful.states().changed_keys() > 0) SetChanged();
  }
  return absl::OkStatus();
}

absl::Status Worker::HandOn(int step, const StreamMark& mark) {
  for (const int e : edges_of_step_[static_cast<size_t>(step)]) {
    if (!HandsOn(*setup_.plan, setup_.plan->edges[static_cast<size_t>(e)])) continue;
    const bool crosses = exchange_of_edge_[static_cast<size_t>(e)] >= 0;
    for (int w = 0; crosses && w < setup_.count; ++w) {
      if (w != setup_.index) Send(e, w, {.kind = Message::Kind::kMark, .mark = mark});
    }
    TM_RETURN_IF_ERROR(TakeMark(e, setup_.index, mark));
  }
  return absl::OkStatus();
}

// The step's own watermark is the least of what it has been told.
absl::Status Worker::TakeMark(int edge, int from_worker, const StreamMark& mark) {
  const int step = setup_.plan->edges[static_cast<size_t>(edge)].to;
  StepState& state = steps_[static_cast<size_t>(step)];
  if (!state.handed_on) return absl::OkStatus();
  const auto input = std::find_if(state.handed_on_by.begin(), state.handed_on_by.end(),
                                  [&](const HandedOn& each) { return each.edge == edge; });
  TM_CHECK(input != state.handed_on_by.end(), "the step has the edge that leads to it");
  const bool crosses = exchange_of_edge_[static_cast<size_t>(edge)] >= 0;
  input->watermark.Hear(
      {.partition = crosses ? from_worker : 0, .watermark = mark.watermark, .state = mark.state});
  const StreamState before = state.handed_on->state();
  const bool moved =
      state.handed_on->Hear({.partition = static_cast<int>(input - state.handed_on_by.begin()),
                             .watermark = input->watermark.watermark(),
                             .state = input->watermark.state()});
  if (!moved && state.handed_on->state() == before) return absl::OkStatus();
  const StreamMark mine{.watermark = state.handed_on->watermark(),
                        .state = state.handed_on->state()};
  if (state.watermark != nullptr) return state.watermark->TakeHandedOn(mine, *state.output);
  return HandOn(step, mine);
}

absl::StatusOr<bool> Worker::NoticeSilence(const OpenPartition& source) {
  const bool may_be_empty =
      steps_[static_cast<size_t>(source.step)].board != nullptr && source.had_nothing;
  bool did = false;
  for (const MeterPlace& meter : source.meters) {
    const WatermarkNode& node = *steps_[static_cast<size_t>(meter.step)].watermark;
    const PartitionMark mark = node.Mark(meter.partition);
    const Span due = node.IdleDue(meter.partition);
    // Without a limit, a file that stays empty would hold the watermark forever.
    const bool is_empty = may_be_empty && due.is_infinite() && mark.state == StreamState::kActive &&
                          mark.watermark == Timestamp::Min();
    if (due > source.caught_up_for && !is_empty) continue;
    TM_RETURN_IF_ERROR(Announce(meter, StreamState::kIdle));
    did = true;
  }
  return did;
}

absl::Status Worker::Announce(const OpenPartition& source, StreamState state) {
  for (const MeterPlace& meter : source.meters) TM_RETURN_IF_ERROR(Announce(meter, state));
  return absl::OkStatus();
}

absl::Status Worker::Announce(const MeterPlace& meter, StreamState state) {
  StepState& step = steps_[static_cast<size_t>(meter.step)];
  return step.watermark->Announce(meter.partition, state, *step.output);
}

Span Worker::UntilSilence(const OpenPartition& source) const {
  Span due = Span::Infinite();
  for (const MeterPlace& meter : source.meters) {
    due =
        std::min(due, steps_[static_cast<size_t>(meter.step)].watermark->IdleDue(meter.partition));
  }
  if (due.is_infinite()) return due;
  // Looked at in between, since what is not planned does not count.
  const Span left = Span::Micros(due.us - source.caught_up_for.us);
  const bool counts =
      source.pulse.CaughtUpUntil(setup_.time->job_time().regular_looks()) >= now_.monotonic_us;
  return std::clamp(left, counts ? Span() : kSilenceLookMin, kSilenceLookMax);
}

}  // namespace tidemark
