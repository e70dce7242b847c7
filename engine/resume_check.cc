#include "engine/resume_check.h"

#include <algorithm>

#include "base/status.h"

namespace tidemark {

std::vector<DeclaredStep> DeclaredSteps(const Plan& plan) {
  std::vector<DeclaredStep> steps;
  for (const StepPlan& step : plan.steps) {
    if (step.role != StepPlan::Role::kStateful) continue;
    steps.push_back({.name = step.name,
                     .kind = step.kind,
                     .parameters = step.parameters,
                     .schema = step.schema,
                     .value_schema = step.value_schema,
                     .key_schema = step.key_schema,
                     .results = step.results,
                     .time_domain = static_cast<uint8_t>(step.domain),
                     .definition = step.definition});
  }
  return steps;
}

// A source that is in the record but not in the flow (or the other way round) would lose or repeat
// input without a word.
absl::Status CheckSourcesAndSinks(const Plan& plan, const EpochRecord& record,
                                  const std::string& directory) {
  const auto declared = [&](StepPlan::Role role, const std::string& name) {
    return std::any_of(plan.steps.begin(), plan.steps.end(),
                       [&](const StepPlan& s) { return s.role == role && s.name == name; });
  };
  for (const SourceRecord& source : record.sources) {
    if (declared(StepPlan::Role::kSource, source.step)) continue;
    return absl::FailedPreconditionError(Cat(
        directory, ": the flow has no source '", source.step,
        "' any more, so its position would be lost; keep its name, or start over with --fresh"));
  }
  for (const SinkRecord& sink : record.sinks) {
    if (declared(StepPlan::Role::kSink, sink.step)) continue;
    return absl::FailedPreconditionError(
        Cat(directory, ": the flow has no sink '", sink.step,
            "' any more, so its output could not be truncated; keep its name, or start over with "
            "--fresh"));
  }
  return absl::OkStatus();
}

}  // namespace tidemark
