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
std::string WayOut(const StepPlan& plan, const SourceReader& reader, const std::string& partition) {
  const Position position = reader.position();
  const std::optional<int64_t> next = ItemNumber(position);
  const bool has_lines = position.Number("line").has_value();  // and so an option on_error
  const bool can_skip = next.has_value() && *next > 0 && plan.source->can_seek();
  const std::string flag =
      can_skip ? Cat("--skip-item ", plan.name, "/", partition, "@", *next - 1, " steps over it")
               : "";
  if (!has_lines) return flag;
  return Cat(flag, flag.empty() ? "" : ", ", "on_error: skip leaves out all such rows");
}

}  // namespace

// What stands behind the place that the partition resumes at cannot be stepped over any more.
absl::Status Worker::TakeSkips(const std::string& step, SourceState& source) const {
  for (const SkippedItem& item : *setup_.skip_items) {
    if (item.source != step || item.partition != source.partition) continue;
    const std::optional<int64_t> next = ItemNumber(source.reader->position());
    if (!next) {
      return absl::InvalidArgumentError(
          Cat("--skip-item: the items of step '", step, "' have no numbers"));
    }
    if (item.number < *next) {
      return absl::InvalidArgumentError(Cat("--skip-item: item ", item.number, " of ", step, "/",
                                            source.partition, " has been read and committed; ",
                                            "the run continues at ", *next));
    }
    source.skip.insert(item.number);
  }
  return absl::OkStatus();
}

absl::Status Worker::OpenSource(int step) {
  const StepPlan& plan = setup_.plan->steps[static_cast<size_t>(step)];
  const std::vector<std::string>& partitions = (*setup_.partitions)[static_cast<size_t>(step)];
  for (size_t i = 0; i < partitions.size(); ++i) {
    if (static_cast<int>(i) % setup_.count != setup_.index) continue;
    const std::string& partition = partitions[i];
    std::optional<Position> position;
    if (setup_.resume != nullptr) {
      for (const SourceRecord& source : setup_.resume->sources) {
        if (source.step == plan.name && source.partition == partition) {
          position = Position(source.position);
        }
      }
    }
    auto reader = plan.source->Open(partition, position, setup_.source_context);
    if (!reader.ok()) return Annotate(reader.status(), StepWord(plan));
    SourceState source;
    source.step = step;
    source.partition = partition;
    source.reader = *std::move(reader);
    source.rate = plan.source->rate() / static_cast<double>(partitions.size());
    source.paced_from_us = now_.monotonic_us;
    source.counted_until_us = now_.running_us;
    if (source.rate > 0 && !plan.source->makes_items()) source.pulse.HoldBack();
    TM_RETURN_IF_ERROR(TakeSkips(plan.name, source));
    sources_.push_back(std::move(source));
    ++steps_[static_cast<size_t>(step)].open_partitions;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Worker::ReadOneSource() {
  if (setup_.signals->stop_reading.load(std::memory_order_relaxed)) return false;
  for (size_t tried = 0; tried < sources_.size(); ++tried) {
    SourceState& source = sources_[next_source_];
    next_source_ = (next_source_ + 1) % sources_.size();
    if (source.at_end) continue;
    if (source.UntilAsk(now_) == Span()) {
      TM_ASSIGN_OR_RETURN(const bool read, ReadSource(source));
      if (read) return true;
    }
    // It had its chance to speak.
    TM_ASSIGN_OR_RETURN(const bool silent, NoticeSilence(source));
    if (silent) return true;
  }
  return false;
}

// Whether what was read, one record from `number` on, is to be left out. One that the source itself
// refuses counts as well, if the source has passed it: the others are errors of reading. Lines that
// `on_error` leaves out may lie in front of it, and then its number is the last one passed.
bool Worker::StepsOver(SourceState& source, int64_t number) {
  const int64_t next = ItemNumber(source.reader->position()).value_or(number);
  if (next <= number) return false;
  for (const int64_t item : {number, next - 1}) {
    if (source.skip.erase(item) == 0) continue;
    skipped_.push_back({.source = setup_.plan->steps[static_cast<size_t>(source.step)].name,
                        .partition = source.partition,
                        .number = item});
    SetChanged();
    return true;
  }
  return false;
}

// When the partition need not be asked before: it has said so, or its descriptor will.
void Worker::NotePoll(SourceState& source, bool more_at_hand) {
  const Span wait = source.UntilAsk(now_);
  const int64_t next_poll =
      wait.is_infinite() ? PartitionPulse::kAlways : now_.monotonic_us + wait.us;
  source.pulse.OnPoll(now_.monotonic_us, more_at_hand, next_poll);
  NotePulses();
}

// Tells job time until when all partitions of this worker count as caught up.
void Worker::NotePulses() {
  int64_t until = PartitionPulse::kAlways;
  for (const SourceState& source : sources_) {
    if (source.at_end) continue;
    until = std::min(until, source.pulse.CaughtUpUntil(setup_.time->job_time().regular_looks()));
  }
  setup_.time->job_time().SetCaughtUpUntil(setup_.index, until);
}

// Moves the clocks by which silent partitions are left out.
void Worker::CountQuiet() {
  const bool regular_looks = setup_.time->job_time().regular_looks();
  for (SourceState& source : sources_) {
    if (source.meters.empty() || source.at_end) continue;
    const int64_t passed = now_.running_us - source.counted_until_us;
    source.counted_until_us = now_.running_us;
    if (source.pulse.CaughtUpUntil(regular_looks) >= now_.monotonic_us) {
      source.caught_up_for.us += passed;
    }
  }
}

absl::StatusOr<bool> Worker::ReadSource(SourceState& source) {
  const size_t max = source.Allowed(now_, source.skip.empty() ? setup_.batch_items_max : size_t{1});
  if (max == 0) return false;
  const std::optional<int64_t> number =
      source.skip.empty() ? std::nullopt : ItemNumber(source.reader->position());
  std::unique_ptr<AnyBatch> batch;
  auto polled = source.reader->Poll(max, now_.wall, batch);
  const StepPlan& plan = setup_.plan->steps[static_cast<size_t>(source.step)];
  if (number && (batch != nullptr || !polled.ok()) && StepsOver(source, *number)) {
    batch = nullptr;
    if (!polled.ok()) polled = PollResult::Again();
  }
  if (absl::IsInvalidArgument(polled.status())) {
    const std::string way_out = WayOut(plan, *source.reader, source.partition);
    if (!way_out.empty()) {
      polled = absl::InvalidArgumentError(Cat(polled.status().message(), "; ", way_out));
    }
  }
  if (!polled.ok()) return Annotate(polled.status(), StepWord(plan));
  const size_t items = batch == nullptr ? 0 : batch->size();
  source.AskAgain(polled->ask_again, now_);
  source.ready_fd = polled->ready_fd;
  source.readable = false;
  source.items += items;
  // Items that came at once suggest more; a source knows better.
  const bool at_once = polled->ready_fd < 0 && polled->ask_again == Timestamp::Min();
  const bool more = polled->more_at_hand.value_or(items > 0 && at_once);
  // What a rate holds back is at hand, but for a source that makes its items when they are due.
  NotePoll(source, more && !(plan.source->makes_items() && source.UntilPaceDue(now_) > Span()));
  reading_ = &source;
  if (items > 0) {
    SetChanged();
    stats_.items_in.fetch_add(items, std::memory_order_relaxed);
    for (size_t i = 0; plan.outputs_meet_again && items > 1 && i < items; ++i) {
      TM_RETURN_IF_ERROR(Emit(source.step, 0, batch->TakeOne(i)));
    }
    if (!plan.outputs_meet_again || items == 1) {
      TM_RETURN_IF_ERROR(Emit(source.step, 0, std::move(batch)));
    }
  }
  if (polled->at_end) {
    source.at_end = true;
    NotePulses();
    TM_RETURN_IF_ERROR(AnnounceEnd(source));
    if (--steps_[static_cast<size_t>(source.step)].open_partitions == 0) {
      TM_RETURN_IF_ERROR(StepEnded(source.step));
    }
  }
  return items > 0 || polled->at_end;
}

}  // namespace tidemark
