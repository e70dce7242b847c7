// A stateless step as a function over a batch: the place where user code of such steps is called.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "engine/node.h"
#include "tidemark/internal/flow_graph.h"
#include "tidemark/internal/guard.h"

namespace tidemark::internal {

// Takes a batch's items apart and puts its outputs into ports.
template <class In, class... Out>
using BatchFunction =
    std::function<void(std::vector<In>& items, const Activation& now, std::vector<Out>&... ports)>;

template <class In, class... Out>
class StatelessNode final : public Node {
 public:
  explicit StatelessNode(BatchFunction<In, Out...> function) : function_(std::move(function)) {}

  absl::Status OnBatch(int, std::unique_ptr<AnyBatch> batch, const Activation& now,
                       Output& out) override {
    std::tuple<std::unique_ptr<Batch<Out>>...> ports{std::make_unique<Batch<Out>>()...};
    TM_RETURN_IF_ERROR(Guarded([&] {
      std::apply([&](auto&... port) { function_(BatchOf<In>(*batch), now, port->items...); },
                 ports);
    }));
    absl::Status status;
    int number = 0;
    std::apply(
        [&](auto&... port) {
          ((status.ok() ? void(status = out.Emit(number++, std::move(port))) : void()), ...);
        },
        ports);
    return status;
  }

 private:
  const BatchFunction<In, Out...> function_;
};

// Adds the step behind (step, port); `make` gives each worker a function of its own.
template <class In, class... Out, class Make>
int AddStateless(const Graph& graph, int from, int port, const char* kind, Make make) {
  StepPlan plan;
  plan.role = StepPlan::Role::kStateless;
  plan.kind = kind;
  plan.ports = sizeof...(Out);
  plan.make_node = [make = std::move(make)](const NodeContext&) -> std::unique_ptr<Node> {
    return std::make_unique<StatelessNode<In, Out...>>(make());
  };
  const int step = graph->AddStep(std::move(plan));
  graph->AddEdge(
      {.from = from, .port = port, .to = step, .input = 0, .exchange = {}, .make_partitioner = {}});
  return step;
}

}  // namespace tidemark::internal
