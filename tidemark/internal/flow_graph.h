// FlowGraph: the steps and edges that the typed streams collect, before they are checked.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/plan.h"

namespace tidemark::internal {

class FlowGraph {
 public:
  explicit FlowGraph(std::string name) { plan_.flow_name = std::move(name); }

  // Returns the step's index.
  int AddStep(StepPlan step) {
    plan_.steps.push_back(std::move(step));
    return static_cast<int>(plan_.steps.size()) - 1;
  }
  // Facts that the step's maker knows.
  StepPlan& step(int step) { return plan_.steps[static_cast<size_t>(step)]; }
  void Define(std::string_view step, StepDefinition definition);
  void AddEdge(EdgePlan edge) { plan_.edges.push_back(std::move(edge)); }
  // Reported by Compile(), the first one wins: building a flow never fails halfway.
  void AddError(absl::Status error) {
    if (error_.ok()) error_ = std::move(error);
  }

  // Whether `step` is a window or gets results of one.
  bool IsAfterWindow(int step) const;

  // Checks names and shape; the flow can be built further afterwards.
  absl::StatusOr<Plan> Compile() const;

 private:
  absl::Status CheckNames() const;

  Plan plan_;
  absl::Status error_;
};

using Graph = std::shared_ptr<FlowGraph>;

}  // namespace tidemark::internal
