// The sinks of one worker: asked first, opened when nothing else can fail any more, and given what
// is committed and may not have reached them.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/worker.h"
#include "engine/worker_parts.h"
#include "recovery/outbox.h"

namespace tidemark {
namespace {

SinkContext ContextOf(const StepPlan& sink, const WorkerSetup& setup) {
  SinkContext context = setup.sink_context;
  context.sink = sink.name;
  context.new_output =
      setup.new_outputs != nullptr &&
      std::count(setup.new_outputs->begin(), setup.new_outputs->end(), sink.name) > 0;
  return context;
}

}  // namespace

absl::Status Worker::CheckSinks() {
  for (size_t i = 0; i < steps_.size(); ++i) {
    const StepPlan& plan = setup_.plan->steps[i];
    if (!HasSink(static_cast<int>(i))) continue;
    const SinkRecord* record = RecordOfSink(plan.name);
    std::optional<Position> position;
    if (record != nullptr) position = Position(record->position);
    SinkContext context = ContextOf(plan, setup_);
    context.say = [](const std::string&) {};  // Open() says it, and finds it again
    TM_RETURN_IF_ERROR(Annotate(plan.sink->Check(position, context), StepWord(plan)));
  }
  return absl::OkStatus();
}

absl::Status Worker::OpenSinks() {
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (!HasSink(static_cast<int>(i))) continue;
    TM_RETURN_IF_ERROR(Annotate(OpenSink(static_cast<int>(i)), StepWord(setup_.plan->steps[i])));
  }
  return absl::OkStatus();
}

bool Worker::HasSink(int step) const {
  return setup_.plan->steps[static_cast<size_t>(step)].role == StepPlan::Role::kSink &&
         SinkWorker(step) == setup_.index;
}

const SinkRecord* Worker::RecordOfSink(const std::string& name) const {
  if (setup_.resume == nullptr) return nullptr;
  for (const SinkRecord& sink : setup_.resume->sinks) {
    if (sink.step == name) return &sink;
  }
  return nullptr;
}

absl::Status Worker::OpenSink(int step) {
  const StepPlan& plan = setup_.plan->steps[static_cast<size_t>(step)];
  StepState& state = steps_[static_cast<size_t>(step)];
  const SinkRecord* record = RecordOfSink(plan.name);
  std::optional<Position> position;
  if (record != nullptr) position = Position(record->position);
  TM_ASSIGN_OR_RETURN(state.sink, plan.sink->Open(position, ContextOf(plan, setup_)));
  if (record == nullptr) return absl::OkStatus();
  // A crash may have come between the commit and the publishing of its rows; a second time changes
  // nothing.
  if (!record->rows.empty()) {
    const std::vector<std::string> pieces = {record->rows};  // of format 1
    OutboxInMemory rows(pieces);
    TM_RETURN_IF_ERROR(state.sink->Publish(setup_.resume->epoch, rows));
  }
  if (setup_.store == nullptr) return absl::OkStatus();
  return ForEachInOutbox(*setup_.store, plan.name, [&](Epoch epoch, OutboxReader& rows) {
    return state.sink->Publish(epoch, rows);
  });
}

}  // namespace tidemark
