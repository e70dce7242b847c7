#include "tidemark/explain.h"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "base/quantity.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "engine/plan.h"
#include "engine/position.h"
#include "recovery/resume_plan.h"
#include "recovery/snapshot.h"
#include "recovery/state_directory.h"
#include "state/rocksdb_tables.h"
#include "tidemark/verbs.h"

namespace tidemark {
namespace {

void Print(const std::string& line) { std::printf("%s\n", line.c_str()); }

absl::StatusOr<EpochRecord> RecordIn(Files& files, const std::string& directory) {
  if (files.Stat(JoinPath(directory, "manifest")).ok()) {
    TM_ASSIGN_OR_RETURN(Snapshot snapshot, ReadSnapshot(files, directory));
    return std::move(snapshot.manifest.record);
  }
  if (!files.Stat(StorePath(directory)).ok()) {
    return absl::NotFoundError(
        Cat(directory, ": is neither a state directory nor a snapshot (it has no store/)"));
  }
  TM_ASSIGN_OR_RETURN(const StoreListing store, ListStore(StorePath(directory), EpochRowKey()));
  if (!store.row) return absl::NotFoundError(Cat(directory, ": no epoch has been committed here"));
  auto record = DecodeEpochRecord(*store.row);
  if (!record.ok()) return Annotate(record.status(), directory);
  if (record->epoch.value > 0) return record;
  return absl::NotFoundError(Cat(directory, ": no epoch has been committed here"));
}

std::vector<DeclaredStep> DeclaredSteps(const Plan& plan) {
  std::vector<DeclaredStep> steps;
  for (const StepPlan& step : plan.steps) {
    if (step.role != StepPlan::Role::kStateful) continue;
    steps.push_back({.name = step.name,
                     .kind = step.kind,
                     .parameters = step.parameters,
                     .schema = step.schema,
                     .key_schema = step.key_schema,
                     .time_domain = static_cast<uint8_t>(step.domain)});
  }
  return steps;
}

bool Declares(const Plan& plan, StepPlan::Role role, const std::string& name) {
  return std::any_of(plan.steps.begin(), plan.steps.end(),
                     [&](const StepPlan& step) { return step.role == role && step.name == name; });
}

// ---- what becomes of each part
// -------------------------------------------------------------------

void PrintSource(const StepPlan& step, const EpochRecord& record) {
  std::string line = Cat("source '", step.name, "' (", step.source->Describe(), "):");
  bool known = false;
  for (const SourceRecord& source : record.sources) {
    if (source.step != step.name) continue;
    line += Cat(known ? ", " : " ", source.partition, " goes on from ",
                DescribePosition(source.position), source.at_end ? " (it was at its end)" : "");
    known = true;
  }
  if (!known) line += " new, is read from its beginning";
  if (!step.source->can_seek())
    line += "; it cannot be read again, what a crash interrupted is lost";
  Print(line);
}

void PrintSink(const StepPlan& step, const EpochRecord& record) {
  std::string line = Cat("sink '", step.name, "' (", step.sink->Describe(), "): ");
  const auto known = std::find_if(record.sinks.begin(), record.sinks.end(),
                                  [&](const SinkRecord& sink) { return sink.step == step.name; });
  const auto bytes = known == record.sinks.end() ? std::optional<int64_t>()
                                                 : Position(known->position).Number("bytes");
  if (step.sink->guarantee() == SinkGuarantee::kAtLeastOnce) {
    line += "cannot be cut back, what came behind the epoch comes again";
  } else if (known == record.sinks.end()) {
    line += "new, begins empty";
  } else if (step.sink->guarantee() == SinkGuarantee::kPublish) {
    line += "gets the epoch's rows again if it lacks them";
  } else if (bytes) {
    line += Cat("goes on behind ", FormatCount(static_cast<uint64_t>(*bytes)),
                " bytes; what is behind them is cut off");
  } else {
    line += "goes on where it stood; what is behind that is cut off";
  }
  Print(line);
}

// As Job::Open refuses them.
absl::Status CheckSourcesAndSinks(const Plan& plan, const EpochRecord& record) {
  for (const SourceRecord& source : record.sources) {
    if (!Declares(plan, StepPlan::Role::kSource, source.step)) {
      return absl::FailedPreconditionError(
          Cat("the flow has no source '", source.step, "' any more; keep its name"));
    }
  }
  for (const SinkRecord& sink : record.sinks) {
    if (!Declares(plan, StepPlan::Role::kSink, sink.step)) {
      return absl::FailedPreconditionError(
          Cat("the flow has no sink '", sink.step, "' any more; keep its name"));
    }
  }
  return absl::OkStatus();
}

uint64_t KeysOf(const EpochRecord& record, const std::string& step) {
  for (const StepRecord& known : record.steps) {
    if (known.name == step) return known.keys;
  }
  return 0;
}

}  // namespace

int ExplainFlow(const Flow& flow, const std::string& directory, Files& files) {
  const auto plan = flow.Compile();
  if (!plan.ok()) return Complain(plan.status(), 2);
  const auto record = RecordIn(files, directory);
  if (!record.ok()) return Complain(record.status(), 1);
  Print(Cat(directory, ": epoch ", record->epoch.value, " of flow '", record->flow_name,
            "', committed ", FormatTimestamp(record->wall_time)));
  const ResumePlan resume = PlanResume(*record, DeclaredSteps(*plan),
                                       {.flow_name = plan->flow_name, .directory = directory});
  for (const StepFate& fate : resume.fates) {
    std::string line = Cat("step '", fate.name, "': ", fate.detail);
    if (fate.kind == StepFate::Kind::kKept) {
      line += Cat(", ", FormatCount(KeysOf(*record, fate.name)), " keys");
    }
    Print(line);
  }
  for (const StepPlan& step : plan->steps) {
    if (step.source != nullptr) PrintSource(step, *record);
    if (step.sink != nullptr) PrintSink(step, *record);
  }
  absl::Status verdict = resume.verdict;
  if (verdict.ok()) verdict = Annotate(CheckSourcesAndSinks(*plan, *record), directory);
  if (verdict.ok()) {
    Print(Cat("the run resumes behind epoch ", record->epoch.value));
    return std::fflush(stdout) == 0 ? 0 : 1;
  }
  std::fflush(stdout);
  return Complain(verdict, 1);
}

}  // namespace tidemark
