// Flow: a program for streams, built from sources, steps and sinks.
//
//   void Build(tidemark::Flow& flow) {
//     flow.From("in", tidemark::Lines("words.txt"))
//         .KeyBy([](const std::string& line) { return line.substr(0, 1); })
//         .Batch("by_letter", {.max_items = 3})
//         .To("out", …);
//   }
//
// Building never fails halfway; Compile() reports the first mistake and names the step. A flow is a
// description: it can be compiled and run any number of times.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "engine/plan.h"
#include "tidemark/internal/add_steps.h"
#include "tidemark/source.h"
#include "tidemark/stream.h"

namespace tidemark {

class Flow {
 public:
  // The name identifies the state directory: another flow's state is refused.
  explicit Flow(std::string name)
      : graph_(std::make_shared<internal::FlowGraph>(std::move(name))) {}

  template <class T>
  Stream<T> From(std::string name, Source<T> source) {
    return Stream<T>(graph_, internal::AddSource<T>(graph_, std::move(name), std::move(source)), 0);
  }

  // Declares what else the state of the step `name` depends on, besides its types and parameters,
  // by names of its own: {"key", "net, type"}. A resume with another text under one of the names is
  // refused. Requires: the step has been added.
  void Define(std::string_view name, StepDefinition definition) {
    graph_->Define(name, std::move(definition));
  }

  // InvalidArgument names the step and the parameter.
  absl::StatusOr<Plan> Compile() const { return graph_->Compile(); }

 private:
  internal::Graph graph_;
};

}  // namespace tidemark
