#include "tidemark/internal/flow_graph.h"

#include <algorithm>
#include <set>

#include "base/status.h"
#include "engine/watermark_plan.h"

namespace tidemark::internal {

absl::StatusOr<Plan> FlowGraph::Compile() const {
  TM_RETURN_IF_ERROR(error_);
  TM_RETURN_IF_ERROR(CheckNames());
  const bool has_source = std::any_of(plan_.steps.begin(), plan_.steps.end(), [](const auto& s) {
    return s.role == StepPlan::Role::kSource;
  });
  if (!has_source) {
    return absl::InvalidArgumentError(
        Cat("flow '", plan_.flow_name, "' has no source; begin with flow.From(name, source)"));
  }
  Plan plan = plan_;  // steps can only follow what exists, so they are in topological order
  TM_RETURN_IF_ERROR(PlanWatermarks(plan));
  MarkMeetingOutputs(plan);
  return plan;
}

void FlowGraph::Define(std::string_view step, StepDefinition definition) {
  for (StepPlan& each : plan_.steps) {
    if (each.role != StepPlan::Role::kStateful || each.name != step) continue;
    for (auto& [name, text] : definition) each.definition.insert_or_assign(name, std::move(text));
    return;
  }
  AddError(absl::InvalidArgumentError(
      Cat("flow '", plan_.flow_name, "': no step with state is named '", step, "'")));
}

bool FlowGraph::IsAfterWindow(int step) const {
  std::vector<bool> after;
  for (const StepPlan& each : plan_.steps) after.push_back(each.kind.ends_with("window"));
  // A step is added with its edges, so those that lead to it come after all that lead to its
  // inputs.
  for (const EdgePlan& edge : plan_.edges) {
    if (after[static_cast<size_t>(edge.from)]) after[static_cast<size_t>(edge.to)] = true;
  }
  return after[static_cast<size_t>(step)];
}

absl::Status FlowGraph::CheckNames() const {
  if (plan_.flow_name.empty()) return absl::InvalidArgumentError("a flow needs a name");
  std::set<std::string> names;
  for (const StepPlan& step : plan_.steps) {
    if (step.role == StepPlan::Role::kStateless) continue;
    if (step.name.empty()) {
      return absl::InvalidArgumentError(
          Cat("flow '", plan_.flow_name, "': a ", step.kind,
              " step has an empty name; its state is found by its name after a restart"));
    }
    if (!names.insert(step.name).second) {
      return absl::InvalidArgumentError(Cat("flow '", plan_.flow_name, "': two steps are named '",
                                            step.name, "'; each name stands for one state"));
    }
  }
  return absl::OkStatus();
}

}  // namespace tidemark::internal
