#include "engine/worker.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "engine/job_time.h"
#include "engine/worker_parts.h"

namespace tidemark {
namespace {

constexpr size_t kTimersPerStep = 1024;
constexpr size_t kEndsPerStep = 1024;
constexpr size_t kCommitsPerStep = 4096;
// How long a worker sleeps at most while a key waits for a point in job time.
constexpr Span kLookInJobTime = Span::Micros(500'000);
// And at least, where job time stands still.
constexpr Span kLookWhileStandingStill = Span::Micros(10'000);

}  // namespace

Worker::Worker(WorkerSetup setup) : setup_(std::move(setup)), budget_(setup_.memory_bytes) {}
Worker::~Worker() = default;

// ---- opening ----------------------------------------

absl::Status Worker::Open() {
  const Plan& plan = *setup_.plan;
  edges_of_step_.resize(plan.steps.size());
  exchange_of_edge_.assign(plan.edges.size(), -1);
  for (size_t e = 0; e < plan.edges.size(); ++e) {
    edges_of_step_[static_cast<size_t>(plan.edges[e].from)].push_back(static_cast<int>(e));
  }
  for (size_t x = 0; x < setup_.exchanges->size(); ++x) {
    exchange_of_edge_[static_cast<size_t>((*setup_.exchanges)[x]->edge())] = static_cast<int>(x);
  }
  marker_from_.assign(setup_.exchanges->size(),
                      std::vector<bool>(static_cast<size_t>(setup_.count), false));
  epoch_ = noticed_commit_ = setup_.resume != nullptr ? setup_.resume->epoch.value : 0;
  now_ = setup_.time->Read(setup_.index);

  steps_.resize(plan.steps.size());
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    steps_[i].output = std::make_unique<StepOutput>(*this, static_cast<int>(i));
    TM_RETURN_IF_ERROR(OpenStep(static_cast<int>(i)));
  }
  for (const EdgePlan& edge : plan.edges) {
    StepState& to = steps_[static_cast<size_t>(edge.to)];
    const bool crosses = edge.exchange != EdgePlan::Exchange::kNone && setup_.count > 1;
    to.open_inputs += crosses ? setup_.count : 1;
  }
  for (size_t e = 0; e < plan.edges.size(); ++e) {
    if (exchange_of_edge_[e] >= 0 && plan.edges[e].exchange == EdgePlan::Exchange::kByKey) {
      steps_[static_cast<size_t>(plan.edges[e].from)].partitioners[static_cast<int>(e)] =
          plan.edges[e].make_partitioner(setup_.count);
    }
  }
  TM_RETURN_IF_ERROR(OpenStreamTimes());
  // A source without a partition on this worker has ended here before it began.
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    if (plan.steps[i].role != StepPlan::Role::kSource) continue;
    TM_RETURN_IF_ERROR(EndSourceIfOver(static_cast<int>(i)));
  }
  NotePulses();
  return absl::OkStatus();
}

KeyedStates::Options Worker::StatesOptions(const StepPlan& plan) const {
  KeyedStates::Options options;
  options.step = setup_.step_ids->at(plan.name);
  options.step_name = plan.name;
  options.store = setup_.store;
  options.budget = const_cast<MemoryBudget*>(&budget_);
  options.groups = KeyGroupRange::OfWorker(setup_.index, setup_.count);
  if (setup_.resume != nullptr) {
    for (const StepRecord& step : setup_.resume->steps) {
      if (step.name != plan.name) continue;
      options.store_has_rows = step.keys > 0;
      // Where the wall clock stepped back, timers lie again in the time that was swept.
      // A watermark never steps back.
      options.swept_to = plan.domain == TimeDomain::kWatermark
                             ? step.swept_to
                             : std::min(step.swept_to, now_.In(plan.domain));
    }
  }
  return options;
}

absl::Status Worker::OpenStep(int step) {
  const StepPlan& plan = setup_.plan->steps[static_cast<size_t>(step)];
  StepState& state = steps_[static_cast<size_t>(step)];
  NodeContext context{.worker = setup_.index, .workers = setup_.count, .states = {}};
  switch (plan.role) {
    case StepPlan::Role::kSource:
      return OpenSource(step);
    case StepPlan::Role::kStateless:
      if (plan.make_watermark) {
        auto node = plan.make_watermark(context);
        state.watermark = node.get();
        state.node = std::move(node);
      } else {
        state.node = plan.make_node(context);
      }
      return absl::OkStatus();
    case StepPlan::Role::kStateful: {
      context.states = StatesOptions(plan);
      auto node = plan.make_stateful(context);
      node->set_emit_each_key(plan.outputs_meet_again);
      if (setup_.resume != nullptr) {
        for (const StepRecord& record : setup_.resume->steps) {
          if (record.name == plan.name) node->RaiseFloor(record.clock_floor);
        }
      }
      state.stateful = node.get();
      state.node = std::move(node);
      return absl::OkStatus();
    }
    case StepPlan::Role::kSink:
      return absl::OkStatus();  // OpenSinks()
  }
  return absl::InternalError("a step has no role");
}

// ---- the way of a batch ----------------------------------------

// Puts the step in front of its error. The steps in front of it see the error, too: it came out of
// what they emitted, and is not theirs.
absl::Status Worker::Named(const absl::Status& status, const StepPlan& plan) {
  if (status.ok() || std::exchange(error_named_, true)) return status;
  return Annotate(status, StepWord(plan));
}

absl::Status Worker::Emit(int step, int port, std::unique_ptr<AnyBatch> batch) {
  if (batch == nullptr || (batch->size() == 0 && !batch->mark)) return absl::OkStatus();
  const std::vector<int>& edges = edges_of_step_[static_cast<size_t>(step)];
  int last = -1;  // the last consumer gets the batch itself, those before it a copy
  for (const int e : edges) {
    if (setup_.plan->edges[static_cast<size_t>(e)].port == port) last = e;
  }
  for (const int e : edges) {
    if (setup_.plan->edges[static_cast<size_t>(e)].port != port) continue;
    TM_RETURN_IF_ERROR(SendThrough(e, e == last ? std::move(batch) : batch->Clone()));
  }
  return absl::OkStatus();
}

absl::Status Worker::EmitAsOf(const Activation& then, int step, int port,
                              std::unique_ptr<AnyBatch> batch) {
  const Activation now = std::exchange(now_, then);
  const absl::Status status = Emit(step, port, std::move(batch));
  now_ = now;
  return status;
}

void Worker::Send(int edge, int to_worker, Message message) {
  Exchange& exchange =
      *(*setup_.exchanges)[static_cast<size_t>(exchange_of_edge_[static_cast<size_t>(edge)])];
  exchange.channel(setup_.index, to_worker).Send(std::move(message));
}

absl::Status Worker::SendThrough(int e, std::unique_ptr<AnyBatch> batch) {
  const EdgePlan& edge = setup_.plan->edges[static_cast<size_t>(e)];
  if (exchange_of_edge_[static_cast<size_t>(e)] < 0) {
    return Feed(edge.to, edge.input, std::move(batch));
  }
  std::vector<std::unique_ptr<AnyBatch>> parts(static_cast<size_t>(setup_.count));
  // A mark goes to every worker, also where no item does.
  const std::optional<PartitionMark> mark = batch->mark;
  const std::unique_ptr<AnyBatch> empty = mark ? batch->MakeEmpty() : nullptr;
  if (edge.exchange == EdgePlan::Exchange::kToOne) {
    parts[static_cast<size_t>(SinkWorker(edge.to))] = std::move(batch);
  } else {
    steps_[static_cast<size_t>(edge.from)].partitioners.at(e)->Split(std::move(batch), parts);
  }
  for (int w = 0; w < setup_.count; ++w) {
    auto& part = parts[static_cast<size_t>(w)];
    if (mark) {
      if (part == nullptr) part = empty->MakeEmpty();
      part->mark = mark;
    } else if (part == nullptr || part->size() == 0) {
      continue;
    }
    if (w == setup_.index) {
      TM_RETURN_IF_ERROR(Feed(edge.to, edge.input, std::move(part)));
    } else {
      Send(e, w, {.kind = Message::Kind::kBatch, .batch = std::move(part), .read_us = read_us_});
    }
  }
  return absl::OkStatus();
}

absl::Status Worker::Feed(int step, int input, std::unique_ptr<AnyBatch> batch) {
  const StepPlan& plan = setup_.plan->steps[static_cast<size_t>(step)];
  StepState& state = steps_[static_cast<size_t>(step)];
  // A mark alone changes something when it moves the step's watermark.
  if (batch->size() > 0) SetChanged();
  if (state.sink != nullptr) {
    if (!plan.is_for_late) stats_.items_out.fetch_add(batch->size(), std::memory_order_relaxed);
    return Named(state.sink->Write(*batch), plan);
  }
  if (state.watermark != nullptr && !plan.handed_on) {
    for (const MeterPlace& meter : reading_->meters) {
      if (meter.step == step) {
        state.watermark->set_partition(meter.partition, reading_->caught_up_for);
      }
    }
  }
  if (!plan.outputs_meet_again || batch->size() <= 1) {
    const Timestamp floor = state.stateful != nullptr ? state.stateful->floor() : Timestamp();
    TM_RETURN_IF_ERROR(
        Named(state.node->OnBatch(input, std::move(batch), now_, *state.output), plan));
    if (state.stateful != nullptr && state.stateful->floor() != floor) SetChanged();
    NoteLate(step);
    return absl::OkStatus();
  }
  for (size_t i = 0; i < batch->size(); ++i) {
    auto one = batch->TakeOne(i);
    one->mark = batch->mark;
    // Only behind the last one the partition stands where the batch says.
    if (one->mark && i + 1 < batch->size()) one->mark->watermark = Timestamp::Min();
    TM_RETURN_IF_ERROR(
        Named(state.node->OnBatch(input, std::move(one), now_, *state.output), plan));
  }
  NoteLate(step);
  return absl::OkStatus();
}

// What the step has counted and not told yet.
void Worker::NoteLate(int step) {
  StatefulNode* stateful = steps_[static_cast<size_t>(step)].stateful;
  if (stateful == nullptr) return;
  const StatefulNode::Counts counts = stateful->TakeCounts();
  if (counts.closed_at_end > 0) {
    stats_.closed_at_end.fetch_add(counts.closed_at_end, std::memory_order_relaxed);
  }
  if (counts.late_items == 0) return;
  stats_.late_items.fetch_add(counts.late_items, std::memory_order_relaxed);
  stats_.late_rows.fetch_add(counts.late_rows, std::memory_order_relaxed);
  if (const auto late = stateful->TakeFirstLate()) setup_.on_first_late(step, *late);
}

// ---- one step ----------------------------------------

absl::StatusOr<bool> Worker::Step() {
  stats_.steps.fetch_add(1, std::memory_order_relaxed);
  now_ = setup_.time->Read(setup_.index);
  now_.epoch = epoch_ + 1;
  read_us_ = now_.monotonic_us;
  error_named_ = false;
  sources_.CountCaughtUp(now_, setup_.time->job_time().regular_looks());
  TM_ASSIGN_OR_RETURN(bool did, NoticeCommit(kCommitsPerStep));
  if (!std::exchange(resumed_marks_sent_, true)) {
    TM_RETURN_IF_ERROR(HandOnResumed());
    TM_RETURN_IF_ERROR(AnnounceThoseToCome());
  }
  // Other workers are held up by what is left in the channels. A barrier takes it all in.
  if (aligning_ || !MustWaitForMemory()) {
    TM_ASSIGN_OR_RETURN(const bool received, ReceiveOne());
    did |= received;
  }
  TM_ASSIGN_OR_RETURN(const bool barrier, GetOnWithBarrier());
  did |= barrier;
  if (MayWork()) {
    bool quiet = true;
    TM_ASSIGN_OR_RETURN(const bool fired, FireTimers(quiet));
    did |= fired;
    // What is due comes before what is new.
    if (quiet && !MustWaitForMemory()) {
      TM_ASSIGN_OR_RETURN(const bool discovered, DiscoverPartitions());
      TM_ASSIGN_OR_RETURN(const bool read, ReadOneSource());
      did |= discovered || read;
      TM_ASSIGN_OR_RETURN(const bool ended, GetOnWithEnds());
      did |= ended;
    }
  }
  did |= EncodeSlice();
  KeepToBudget();
  return did;
}

absl::StatusOr<bool> Worker::FireTimers(bool& quiet) {
  bool did = false;
  for (StepState& step : steps_) {
    if (step.stateful == nullptr || step.ended) continue;
    if (step.stateful->states().NextWake() > step.stateful->TimeOf(now_)) continue;
    did = true;
    const StepPlan& plan = setup_.plan->steps[static_cast<size_t>(&step - steps_.data())];
    auto done = step.stateful->RunTimers(now_, kTimersPerStep, *step.output);
    if (!done.ok()) return Named(done.status(), plan);
    if (step.stateful->states().changed_keys() > 0) SetChanged();
    // Keys that are due again at once get an activation of their own, but do not hold up the rest.
    if (!*done) quiet = false;
  }
  return did;
}

absl::StatusOr<bool> Worker::GetOnWithEnds() {
  for (size_t i = 0; i < steps_.size(); ++i) {
    StepState& step = steps_[i];
    if (!step.walking) continue;
    const uint32_t generation = setup_.resume != nullptr ? setup_.resume->end_generation + 1 : 1;
    auto done = step.stateful->RunEnd(generation, now_, kEndsPerStep, *step.output);
    if (!done.ok()) return Named(done.status(), setup_.plan->steps[i]);
    if (step.stateful->states().changed_keys() > 0) SetChanged();
    NoteLate(static_cast<int>(i));
    if (*done) {
      step.walking = false;
      TM_RETURN_IF_ERROR(StepEnded(static_cast<int>(i)));
    }
    return true;
  }
  return false;
}

absl::Status Worker::InputEnded(int edge, int from_worker) {
  const int step = setup_.plan->edges[static_cast<size_t>(edge)].to;
  StepState& state = steps_[static_cast<size_t>(step)];
  TM_CHECK(state.open_inputs > 0, "an input ends once");
  TM_RETURN_IF_ERROR(
      TakeMark(edge, from_worker, {.watermark = Timestamp::Min(), .state = StreamState::kEnded}));
  if (--state.open_inputs > 0) return absl::OkStatus();
  if (state.stateful == nullptr) return StepEnded(step);
  state.walking = true;
  return absl::OkStatus();
}

absl::Status Worker::StepEnded(int step) {
  StepState& state = steps_[static_cast<size_t>(step)];
  if (state.ended) return absl::OkStatus();
  state.ended = true;
  for (const int e : edges_of_step_[static_cast<size_t>(step)]) {
    const bool crosses = exchange_of_edge_[static_cast<size_t>(e)] >= 0;
    for (int w = 0; crosses && w < setup_.count; ++w) {
      if (w != setup_.index) Send(e, w, {.kind = Message::Kind::kEnd});
    }
    TM_RETURN_IF_ERROR(InputEnded(e, setup_.index));
  }
  if (std::all_of(steps_.begin(), steps_.end(), [](const StepState& s) { return s.ended; })) {
    ended_.store(true, std::memory_order_release);
  }
  return absl::OkStatus();
}

// ---- waiting ----------------------------------------

Span Worker::NextWait() {
  Span next = Span::Infinite();
  // Until then only a message or a commit helps, and both wake this worker.
  if (MayWork()) {
    const JobTime& job_time = setup_.time->job_time();
    bool waits_in_job_time = false;
    for (const StepState& step : steps_) {
      if (step.stateful == nullptr || step.ended) continue;
      const Timestamp wake = step.stateful->states().NextWake();
      if (wake.is_never()) continue;
      if (wake <= step.stateful->floor()) return Span();
      const TimeDomain domain = step.stateful->domain();
      Span wait = TimeKeeper::Until(now_, domain, wake);
      if (domain == TimeDomain::kJob && wait.us > 0) {
        waits_in_job_time = true;
        // It may be standing still, and then this wait brings the time no nearer.
        wait = std::max(wait, job_time.StandingStillFor(now_.monotonic_us) > 0
                                  ? kLookWhileStandingStill
                                  : Span::Micros(0));
      }
      next = std::min(next, wait);
    }
    if (!setup_.signals->stop_reading.load(std::memory_order_relaxed)) {
      for (const auto& source : sources_.partitions()) {
        if (source->at_end) continue;
        next = std::min({next, source->UntilPoll(now_), UntilSilence(*source)});
      }
      next = std::min(next, UntilDiscovery());
    }
    // Job time moves by what is planned, and no plan reaches further than a second.
    if (waits_in_job_time) next = std::min(next, kLookInJobTime);
  }
  if (!next.is_infinite()) next = std::clamp(next, Span(), kSleepMax);
  setup_.time->job_time().Plan(setup_.index, next.us > JobTime::kPlanMax
                                                 ? PartitionPulse::kAlways
                                                 : now_.monotonic_us + next.us);
  return next;
}

std::vector<int> Worker::WaitingFor() const {
  if (!MayWork() || setup_.signals->stop_reading.load(std::memory_order_relaxed)) return {};
  return sources_.ReadyDescriptors(now_);
}

void Worker::SetReadable() { sources_.SetReadable(); }

// Whether timers may fire, sources be read and ends of input be walked.
bool Worker::MayWork() const {
  const uint64_t final_epoch = setup_.signals->final_epoch.load(std::memory_order_relaxed);
  // What happens behind the last epoch would reach the sinks and never be committed.
  if (final_epoch != 0 && epoch_ >= final_epoch) return false;
  return !aligning_ && !MustWaitForMemory() && HasRoomBehind(0);
}

// ---- memory ----------------------------------------

bool Worker::MustWaitForMemory() const {
  return setup_.store != nullptr && budget_.exceeded() && (changed_ || noticed_commit_ < epoch_);
}

void Worker::KeepToBudget() {
  uint64_t hot = 0, loaded = 0, evicted = 0, waiting = 0;
  bool waits = false;
  for (StepState& step : steps_) {
    if (step.stateful == nullptr) continue;
    if (budget_.exceeded()) step.stateful->states().Evict();
    hot += step.stateful->states().hot_keys();
    loaded += step.stateful->states().loaded_keys();
    evicted += step.stateful->states().evicted_keys();
    if (step.stateful->domain() != TimeDomain::kJob) continue;
    waits |= !step.stateful->states().NextWake().is_never();
    waiting += step.stateful->states().waiting_keys();
  }
  stats_.waiting_keys.store(waiting, std::memory_order_relaxed);
  waits_in_job_time_.store(waits, std::memory_order_relaxed);
  stats_.hot_keys.store(hot, std::memory_order_relaxed);
  stats_.loaded_keys.store(loaded, std::memory_order_relaxed);
  stats_.evicted_keys.store(evicted, std::memory_order_relaxed);
  if (setup_.store != nullptr && budget_.exceeded() && changed_ && !aligning_ &&
      noticed_commit_ == epoch_ &&
      !setup_.signals->early_epoch.exchange(true, std::memory_order_relaxed)) {
    stats_.early_epochs.fetch_add(1, std::memory_order_relaxed);
    setup_.on_changed();
  }
}

}  // namespace tidemark
