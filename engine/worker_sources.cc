// Sources on one worker: opening their partitions where they stand, reading them in turn.

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "engine/job_time.h"
#include "engine/worker.h"
#include "engine/worker_parts.h"

namespace tidemark {
namespace {

// How people count the items of a partition: a file's lines, else what the source counts.
std::optional<int64_t> ItemNumber(const Position& position) {
  if (const auto line = position.Number("line")) return line;
  return position.Number("next");
}

// What to do about an item that the source refuses, ready to be copied: the one before the
// position. What is read once only, such as standard input, has no such item at the next start.
// With those stepped over in this epoch, which is not committed.
std::string WayOut(const StepPlan& plan, const SourceReader& reader, const std::string& partition,
                   const std::vector<SkippedItem>& skipped) {
  const Position position = reader.position();
  const std::optional<int64_t> next = ItemNumber(position);
  const bool has_lines = position.Number("line").has_value();  // and so an option on_error
  const bool can_skip = next.has_value() && *next > 0 && plan.source->can_seek();
  std::string flag;
  for (const SkippedItem& item : skipped) {
    if (can_skip)
      flag += Cat("--skip-item ", item.source, "/", item.partition, "@", item.number, " ");
  }
  if (can_skip) {
    flag += Cat("--skip-item ", plan.name, "/", partition, "@", *next - 1, " steps over it");
  }
  if (!has_lines) return flag;
  return Cat(flag, flag.empty() ? "" : ", ", "on_error: skip leaves out all such rows");
}

}  // namespace

// An item before the position at which the partition resumes can no longer be stepped over.
absl::Status Worker::TakeSkips(const std::string& step, OpenPartition& source) const {
  for (const SkippedItem& item : *setup_.skip_items) {
    if (item.source != step || item.partition != source.name) continue;
    const std::optional<int64_t> next = ItemNumber(source.reader->position());
    if (!next) {
      return absl::InvalidArgumentError(
          Cat("--skip-item: the items of step '", step, "' have no numbers"));
    }
    if (item.number < *next) {
      return absl::InvalidArgumentError(Cat("--skip-item: item ", item.number, " of ", step, "/",
                                            source.name, " has been read and committed; ",
                                            "the run continues at ", *next));
    }
    source.skip.insert(item.number);
  }
  return absl::OkStatus();
}

absl::Status Worker::OpenSource(int step) {
  const StepPlan& plan = setup_.plan->steps[static_cast<size_t>(step)];
  const std::vector<std::string>& partitions = (*setup_.partitions)[static_cast<size_t>(step)];
  const PartitionBoard* board = (*setup_.boards)[static_cast<size_t>(step)].get();
  steps_[static_cast<size_t>(step)].board = (*setup_.boards)[static_cast<size_t>(step)].get();
  for (size_t i = 0; i < partitions.size(); ++i) {
    const std::string& partition = partitions[i];
    const int worker =
        board != nullptr ? board->WorkerOf(partition) : static_cast<int>(i) % setup_.count;
    if (worker != setup_.index) continue;
    std::optional<Position> position;
    if (setup_.resume != nullptr) {
      for (const SourceRecord& source : setup_.resume->sources) {
        if (source.step == plan.name && source.partition == partition) {
          position = Position(source.position);
        }
      }
    }
    TM_RETURN_IF_ERROR(OpenPartitionOf(step, partition, position));
  }
  return absl::OkStatus();
}

absl::Status Worker::OpenPartitionOf(int step, const std::string& name,
                                     const std::optional<Position>& resume) {
  const StepPlan& plan = setup_.plan->steps[static_cast<size_t>(step)];
  const PartitionBoard* board = steps_[static_cast<size_t>(step)].board;
  auto reader = plan.source->Open(name, resume, setup_.source_context);
  if (!reader.ok()) return Annotate(reader.status(), StepWord(plan));
  auto source = std::make_unique<OpenPartition>();
  source->step = step;
  source->name = name;
  source->step_word = StepWord(plan);
  source->reader = *std::move(reader);
  const size_t count =
      board != nullptr ? board->size() : (*setup_.partitions)[static_cast<size_t>(step)].size();
  source->SetRate(plan.source->rate() / static_cast<double>(std::max<size_t>(count, 1)), now_);
  source->counted_until_us = now_.running_us;
  if (source->rate() > 0 && !plan.source->makes_items()) source->pulse.HoldBack();
  TM_RETURN_IF_ERROR(TakeSkips(plan.name, *source));
  sources_.Add(std::move(source));
  return absl::OkStatus();
}

absl::StatusOr<bool> Worker::ReadOneSource() {
  if (setup_.signals->stop_reading.load(std::memory_order_relaxed)) return false;
  for (size_t tried = 0; tried < sources_.size(); ++tried) {
    OpenPartition* source = sources_.NextInTurn();
    if (source == nullptr) continue;
    if (std::exchange(source->is_new, false)) {
      TM_RETURN_IF_ERROR(Announce(*source, StreamState::kActive));
      if (!source->meters.empty()) return true;
    }
    if (source->UntilPoll(now_) == Span()) {
      TM_ASSIGN_OR_RETURN(const bool read, ReadSource(*source));
      if (read) return true;
    }
    // It was polled and returned nothing.
    TM_ASSIGN_OR_RETURN(const bool silent, NoticeSilence(*source));
    if (silent) return true;
  }
  return false;
}

// True if what was read, one record from `number` on, is to be left out. One that the source itself
// refuses counts as well, if the source has passed it: the others are errors of reading. Lines that
// `on_error` leaves out may lie in front of it, and then its number is the last one passed.
bool Worker::StepsOver(OpenPartition& source, int64_t number) {
  const int64_t next = ItemNumber(source.reader->position()).value_or(number);
  if (next <= number) return false;
  for (const int64_t item : {number, next - 1}) {
    if (source.skip.erase(item) == 0) continue;
    skipped_.push_back({.source = setup_.plan->steps[static_cast<size_t>(source.step)].name,
                        .partition = source.name,
                        .number = item});
    SetChanged();
    return true;
  }
  return false;
}

// When the partition need not be asked before: it has said so, or its descriptor will.
void Worker::NotePoll(OpenPartition& source, bool more_at_hand) {
  const Span wait = source.UntilPoll(now_);
  const int64_t next_poll =
      wait.is_infinite() ? PartitionPulse::kAlways : now_.monotonic_us + wait.us;
  source.pulse.OnPoll(now_.monotonic_us, more_at_hand, next_poll);
  NotePulses();
}

// Tells job time until when all partitions of this worker count as caught up.
void Worker::NotePulses() {
  JobTime& job_time = setup_.time->job_time();
  job_time.SetCaughtUpUntil(setup_.index, sources_.CaughtUpUntil(job_time.regular_looks()));
}

// Polls it; what is to be stepped over is left out.
absl::StatusOr<PollResult> Worker::PollSource(OpenPartition& source,
                                              std::unique_ptr<AnyBatch>& batch) {
  const size_t max = source.Allowed(now_, source.skip.empty() ? setup_.batch_items_max : size_t{1});
  TM_CHECK(max > 0, "a partition is polled when its rate allows an item");
  const std::optional<int64_t> number =
      source.skip.empty() ? std::nullopt : ItemNumber(source.reader->position());
  auto polled = source.reader->Poll(max, now_.wall, batch);
  const StepPlan& plan = setup_.plan->steps[static_cast<size_t>(source.step)];
  if (number && (batch != nullptr || !polled.ok()) && StepsOver(source, *number)) {
    batch = nullptr;
    if (!polled.ok()) polled = PollResult::Again();
  }
  if (absl::IsInvalidArgument(polled.status())) {
    const std::string way_out = WayOut(plan, *source.reader, source.name, skipped_);
    if (!way_out.empty()) {
      polled = absl::InvalidArgumentError(Cat(polled.status().message(), "; ", way_out));
    }
  }
  if (!polled.ok()) return Annotate(polled.status(), StepWord(plan));
  return polled;
}

absl::Status Worker::EmitRead(OpenPartition& source, std::unique_ptr<AnyBatch> batch) {
  const StepPlan& plan = setup_.plan->steps[static_cast<size_t>(source.step)];
  const size_t items = batch->size();
  SetChanged();
  stats_.items_in.fetch_add(items, std::memory_order_relaxed);
  if (!plan.outputs_meet_again || items == 1) return Emit(source.step, 0, std::move(batch));
  for (size_t i = 0; i < items; ++i) {
    TM_RETURN_IF_ERROR(Emit(source.step, 0, batch->TakeOne(i)));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Worker::ReadSource(OpenPartition& source) {
  if (source.Allowed(now_, 1) == 0) return false;
  std::unique_ptr<AnyBatch> batch;
  TM_ASSIGN_OR_RETURN(const PollResult polled, PollSource(source, batch));
  const size_t items = batch == nullptr ? 0 : batch->size();
  source.PollAgain(polled.ask_again, now_);
  source.ready_fd = polled.ready_fd;
  source.readable = false;
  source.CountItems(items);
  // Items that came at once suggest more; a source knows better.
  const bool at_once = polled.ready_fd < 0 && polled.ask_again == Timestamp::Min();
  const bool more = polled.more_at_hand.value_or(items > 0 && at_once);
  source.had_nothing = items == 0 && !more;
  // What a rate holds back is at hand, unless the source makes its items when they are due.
  const bool makes_items =
      setup_.plan->steps[static_cast<size_t>(source.step)].source->makes_items();
  NotePoll(source, more && !(makes_items && source.UntilPaceDue(now_) > Span()));
  reading_ = &source;
  if (items > 0) TM_RETURN_IF_ERROR(EmitRead(source, std::move(batch)));
  if (polled.at_end) {
    source.at_end = true;
    // Fixed partitions stay, whatever becomes of their origin.
    source.gone = polled.gone && steps_[static_cast<size_t>(source.step)].board != nullptr;
    NotePulses();
    TM_RETURN_IF_ERROR(Announce(source, StreamState::kEnded));
    TM_RETURN_IF_ERROR(EndSourceIfOver(source.step));
  }
  return items > 0 || polled.at_end;
}

}  // namespace tidemark
