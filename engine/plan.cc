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

// led[s]: the step can be reached from step s.
std::vector<bool> InFrontOf(const Plan& plan, int step) {
  std::vector<bool> led(plan.steps.size(), false);
  led[static_cast<size_t>(step)] = true;
  for (int s = step; s >= 0; --s) {
    if (!led[static_cast<size_t>(s)]) continue;
    for (const EdgePlan& edge : plan.edges) {
      if (edge.to == s) led[static_cast<size_t>(edge.from)] = true;
    }
  }
  led[static_cast<size_t>(step)] = false;
  return led;
}

// Its input crosses workers.
bool DealsOut(const Plan& plan, int step) {
  for (const EdgePlan& edge : plan.edges) {
    if (edge.to == step && edge.exchange != EdgePlan::Exchange::kNone) return true;
  }
  return false;
}

}  // namespace

std::string StepWord(const StepPlan& step) {
  return step.name.empty() ? Cat("a ", step.kind, " step") : Cat("step '", step.name, "'");
}

std::vector<int> SourcesInFrontOf(const Plan& plan, int step) {
  const std::vector<bool> led = InFrontOf(plan, step);
  std::vector<int> sources;
  for (size_t s = 0; s < plan.steps.size(); ++s) {
    if (led[s] && plan.steps[s].role == StepPlan::Role::kSource) {
      sources.push_back(static_cast<int>(s));
    }
  }
  return sources;
}

absl::Status CheckStreamTime(const Plan& plan) {
  for (size_t step = 0; step < plan.steps.size(); ++step) {
    if (!plan.steps[step].make_watermark) continue;
    const std::vector<bool> led = InFrontOf(plan, static_cast<int>(step));
    for (size_t s = 0; s < step; ++s) {
      if (!led[s] || !DealsOut(plan, static_cast<int>(s))) continue;
      return absl::InvalidArgumentError(
          Cat("step '", plan.steps[step].name, "': the watermark of a stream is measured in the ",
              "partitions of its source, and ", StepWord(plan.steps[s]),
              " in front of it deals items out to workers; declare the event time before it, ",
              "or use a watermark per key"));
    }
  }
  return absl::OkStatus();
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
