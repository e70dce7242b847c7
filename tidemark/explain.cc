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
#include "engine/resume_check.h"
#include "recovery/inspect.h"
#include "recovery/resume_plan.h"
#include "tidemark/verbs.h"

namespace tidemark {
namespace {

void Print(const std::string& line) { std::printf("%s\n", line.c_str()); }

// ---- what becomes of each part ----

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
  const auto inspector = StateInspector::Open(files, directory);
  if (!inspector.ok()) return Complain(inspector.status(), 1);
  const EpochRecord& record = (*inspector)->record();
  Print(Cat(directory, ": epoch ", record.epoch.value, " of flow '", record.flow_name,
            "', committed ", FormatTimestamp(record.wall_time)));
  const ResumePlan resume = PlanResume(record, DeclaredSteps(*plan),
                                       {.flow_name = plan->flow_name, .directory = directory});
  for (const StepFate& fate : resume.fates) {
    std::string line = Cat("step '", fate.name, "': ", fate.detail);
    if (fate.kind == StepFate::Kind::kKept) {
      line += Cat(", ", FormatCount(KeysOf(record, fate.name)), " keys");
    }
    Print(line);
  }
  for (const StepPlan& step : plan->steps) {
    if (step.source != nullptr) PrintSource(step, record);
    if (step.sink != nullptr) PrintSink(step, record);
  }
  absl::Status verdict = resume.verdict;
  if (verdict.ok()) verdict = CheckSourcesAndSinks(*plan, record, directory);
  if (verdict.ok()) {
    Print(Cat("the run resumes behind epoch ", record.epoch.value));
    return std::fflush(stdout) == 0 ? 0 : 1;
  }
  std::fflush(stdout);
  return Complain(verdict, 1);
}

}  // namespace tidemark
