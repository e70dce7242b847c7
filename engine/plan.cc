#include "engine/plan.h"

#include "base/status.h"

namespace tidemark {
namespace {

// reached[s]: step s can be reached by way of the edge.
std::vector<bool> Reached(const Plan& plan, const EdgePlan& edge) {
  std::vector<bool> reached(plan.steps.size(), false);
  reached[static_cast<size_t>(edge.to)] = true;
  // Steps are in topological order, so one pass over edges sorted by `from` sees everything.
  for (size_t step = 0; step < plan.steps.size(); ++step) {
    if (!reached[step]) continue;
    for (const EdgePlan& next : plan.edges) {
      if (next.from == static_cast<int>(step)) reached[static_cast<size_t>(next.to)] = true;
    }
  }
  return reached;
}

}  // namespace

std::string StepWord(const StepPlan& step) {
  return step.name.empty() ? Cat("a ", step.kind, " step") : Cat("step '", step.name, "'");
}

void MarkMeetingOutputs(Plan& plan) {
  for (size_t step = 0; step < plan.steps.size(); ++step) {
    std::vector<bool> seen(plan.steps.size(), false);
    for (const EdgePlan& edge : plan.edges) {
      if (edge.from != static_cast<int>(step)) continue;
      const std::vector<bool> reached = Reached(plan, edge);
      for (size_t i = 0; i < reached.size(); ++i) {
        if (reached[i] && seen[i]) plan.steps[step].outputs_meet_again = true;
        seen[i] = seen[i] || reached[i];
      }
    }
  }
}

}  // namespace tidemark
