#include "command/explain.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/quantity.h"
#include "base/real_path.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "command/exit_code.h"
#include "command/terminal.h"
#include "command/verbs.h"
#include "engine/output_claims.h"
#include "engine/plan.h"
#include "engine/position.h"
#include "engine/resume_check.h"
#include "engine/sink_step.h"
#include "engine/skip_log.h"
#include "recovery/commit_note.h"
#include "recovery/inspect.h"
#include "recovery/resume_plan.h"
#include "recovery/start_note.h"
#include "recovery/state_directory.h"

namespace tidemark {
namespace {

// A reader that went away is noticed when all has been printed.
void Print(const std::string& line) { PutLine(line).IgnoreError(); }

// ---- what becomes of each part ----

// A partition as it will be read: where it stood, and what the source finds there now.
absl::Status PrintPartition(const StepPlan& step, const std::string& partition,
                            const SourceRecord* known, const SourceContext& context) {
  std::string line = Cat("  ", partition, ": ");
  std::optional<Position> resume;
  if (known != nullptr) {
    resume = Position(known->position);
    line += Cat("continues from ", DescribePosition(known->position),
                known->at_end ? " (it was at its end)" : "");
  } else {
    line += "new, is read from its beginning";
  }
  const auto preview = step.source->Preview(partition, resume, context);
  if (preview.ok() && !preview->empty()) line += Cat(", ", *preview);
  Print(preview.ok() ? line : Cat(line, ", which is refused"));
  return Annotate(preview.status(), StepWord(step));
}

// The first thing that a start would refuse.
absl::Status PrintSource(const StepPlan& step, const EpochRecord& record,
                         const SourceContext& context) {
  Print(Cat(
      "source '", step.name, "' (", step.source->Describe(), "):",
      step.source->can_seek() ? "" : " cannot be read again, what a crash interrupted is lost"));
  std::map<std::string_view, const SourceRecord*> stood;
  for (const SourceRecord& source : record.sources) {
    if (source.step == step.name) stood.emplace(source.partition, &source);
  }
  const auto partitions = step.source->Partitions(context);
  absl::Status verdict = Annotate(partitions.status(), StepWord(step));
  for (const std::string& partition : partitions.value_or(std::vector<std::string>())) {
    const auto known = stood.find(partition);
    const absl::Status found =
        PrintPartition(step, partition, known == stood.end() ? nullptr : known->second, context);
    if (verdict.ok()) verdict = found;
    if (known != stood.end()) stood.erase(known);
  }
  for (const auto& [partition, source] : stood) {
    Print(Cat("  ", partition, ": was at ", DescribePosition(source->position),
              partitions.ok() ? ", is not there now; its place is kept" : ""));
  }
  return verdict;
}

// As a start would have them; see StateDirectory::run_line() and abandoned_line().
struct NextLines {
  std::string run_line = "a new one";
  std::string abandoned_line = {};
};

NextLines LinesOfNextStart(const std::string& state_directory, const EpochRecord& record,
                           Files& files) {
  NextLines lines;
  const auto read = ReadStartNote(files, state_directory);
  const auto note = read.ok() ? *read : std::optional<StartNote>();
  if (!record.run_line.empty()) {
    lines.run_line = record.run_line;
    const auto fork = LookForOriginal(files, state_directory, record, note);
    if (fork.ok() && fork->has_value()) {
      const std::string& begun = (*fork)->start.run_line;
      lines.run_line = begun.empty() ? NextLines().run_line : begun;
    }
  }
  // A start that failed has noted its line, and outputs may have been given to it.
  const bool is_abandoned =
      note.has_value() && note->run_line != record.run_line && note->run_line != lines.run_line;
  if (is_abandoned) lines.abandoned_line = note->run_line;
  return lines;
}

SinkContext ContextOfSinks(const Plan& plan, const std::string& state_directory,
                           const EpochRecord& record, Files& files) {
  const NextLines lines = LinesOfNextStart(state_directory, record, files);
  SinkContext context{.files = &files,
                      .run_line = lines.run_line,
                      .abandoned_line = lines.abandoned_line,
                      .job = plan.flow_name,
                      .resume_epoch = record.epoch.value};
  const auto note = ReadCommitNote(files, state_directory);
  if (note.ok()) context.went_back_from = note->went_back_from;
  // The outputs of a job that runs may have gone further since its state was read.
  const auto holder = HolderOf(files, state_directory);
  if (holder.ok() && holder->has_value()) {
    context.went_back_from = std::numeric_limits<uint64_t>::max();
  }
  if (!state_directory.empty()) context.state_directory = RealPath(state_directory);
  context.holds_state = [&files](const std::string& directory) {
    return HoldsState(files, directory);
  };
  const auto inputs = InputFiles(plan, {.files = &files, .clock = nullptr, .skips = nullptr});
  context.claim = ClaimOutputs(files, {.inputs = inputs.value_or(std::vector<InputFile>()),
                                       .recorded = RecordedOutputs(record),
                                       .state_directory = context.state_directory});
  return context;
}

absl::Status CheckSink(const StepPlan& step, const std::optional<Position>& resume,
                       SinkContext context) {
  context.sink = step.name;
  context.say = [&step](const std::string& line) { PutMessage(Cat(StepWord(step), ": ", line)); };
  return step.sink->Check(resume, context);
}

// Without a context the output is not looked at.
absl::Status PrintSink(const StepPlan& step, const SinkRecord* known, const SinkContext* context) {
  std::string line = Cat("sink '", step.name, "' (", step.sink->Describe(), "): ");
  std::optional<Position> resume;
  if (known != nullptr) resume = Position(known->position);
  const auto bytes = resume ? resume->Number("bytes") : std::nullopt;
  if (step.sink->guarantee() == SinkGuarantee::kAtLeastOnce) {
    line += "cannot be truncated: output after the epoch is repeated";
  } else if (known == nullptr) {
    line += "new, begins empty";
  } else if (step.sink->guarantee() == SinkGuarantee::kPublish) {
    line += "gets the epoch's rows again if it lacks them";
  } else if (bytes) {
    line += Cat("continues after ", FormatCount(static_cast<uint64_t>(*bytes)),
                " bytes; the rest is cut off");
  } else {
    line += "continues where it was; the rest is cut off";
  }
  absl::Status found;
  if (context != nullptr) found = CheckSink(step, resume, *context);
  Print(found.ok() ? line : Cat(line, ", which is refused"));
  return Annotate(found, StepWord(step));
}

const SinkRecord* SinkIn(const EpochRecord& record, const std::string& step) {
  for (const SinkRecord& sink : record.sinks) {
    if (sink.step == step) return &sink;
  }
  return nullptr;
}

uint64_t KeysOf(const EpochRecord& record, const std::string& step) {
  for (const StepRecord& known : record.steps) {
    if (known.name == step) return known.keys;
  }
  return 0;
}

void PrintSteps(const ResumePlan& resume, const EpochRecord& record) {
  for (const StepFate& fate : resume.fates) {
    std::string line = Cat("step '", fate.name, "': ", fate.detail);
    if (fate.kind == StepFate::Kind::kKept || fate.kind == StepFate::Kind::kMigrated) {
      const uint64_t keys = KeysOf(record, fate.name);
      line += Cat(", ", FormatCount(keys), keys == 1 ? " key" : " keys");
    }
    Print(line);
  }
}

// What is in the way of a start, and not only for now.
bool IsRefusal(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsDataLoss(status) ||
         absl::IsInvalidArgument(status);
}

}  // namespace

absl::Status CheckOutputs(const Flow& flow, const std::string& state_directory, Files& files) {
  TM_ASSIGN_OR_RETURN(const Plan plan, flow.Compile());
  EpochRecord record;
  const auto next = ReadNextRecord(files, state_directory);
  // Before the first commit the record has no name.
  if (next.ok() && (next->epoch.value == 0 || next->flow_name == plan.flow_name)) record = *next;
  const SinkContext context = ContextOfSinks(plan, state_directory, record, files);
  for (const StepPlan& step : plan.steps) {
    if (step.sink == nullptr) continue;
    std::optional<Position> resume;
    if (const SinkRecord* known = SinkIn(record, step.name)) resume = Position(known->position);
    const absl::Status found = CheckSink(step, resume, context);
    if (IsRefusal(found)) return Annotate(found, StepWord(step));
  }
  return absl::OkStatus();
}

int ExplainFlow(const Flow& flow, const std::string& directory, Files& files, const Clock& clock) {
  const auto plan = flow.Compile();
  if (!plan.ok()) return Complain(plan.status(), kExitUsage);
  const auto next = ReadNextRecord(files, directory);
  if (!next.ok()) return Complain(next.status());
  const EpochRecord& record = *next;
  const bool holds_epoch = record.epoch.value > 0;
  Print(holds_epoch ? Cat(directory, ": epoch ", record.epoch.value, " of flow '", record.flow_name,
                          "', committed ", FormatTimestamp(record.wall_time))
                    : Cat(directory, ": no epoch has been committed here yet"));
  const ResumePlan resume =
      PlanResume(holds_epoch ? std::optional<EpochRecord>(record) : std::nullopt,
                 DeclaredSteps(*plan), {.flow_name = plan->flow_name, .directory = directory});
  PrintSteps(resume, record);
  SkipLog skips(/*keeps_state=*/true);
  const SourceContext sources{.files = &files, .clock = &clock, .skips = &skips};
  // A fork from a snapshot gives its outputs other places, or takes these over.
  const bool is_snapshot = files.Stat(JoinPath(directory, "manifest")).ok();
  const SinkContext sinks = ContextOfSinks(*plan, directory, record, files);
  absl::Status ends;  // the first source or sink that would refuse
  for (const StepPlan& step : plan->steps) {
    absl::Status end;
    if (step.sink != nullptr)
      end = PrintSink(step, SinkIn(record, step.name), is_snapshot ? nullptr : &sinks);
    if (step.source != nullptr) end = PrintSource(step, record, sources);
    if (ends.ok()) ends = end;
  }
  absl::Status verdict = resume.verdict;
  if (verdict.ok() && holds_epoch) verdict = CheckSourcesAndSinks(*plan, record, directory);
  if (verdict.ok()) verdict = ends;
  if (verdict.ok()) {
    Print(holds_epoch ? Cat("the run would resume after epoch ", record.epoch.value)
                      : "the run begins with an empty state");
  }
  return FinishOutput(verdict);
}

}  // namespace tidemark
