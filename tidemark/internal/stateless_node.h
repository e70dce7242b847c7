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

// Adds the step behind (step, port); `make(context)` gives each worker a function of its own.
template <class In, class... Out, class Make>
int AddStatelessOn(const Graph& graph, int from, int port, const char* kind, Make make,
                   EdgePlan::Exchange exchange = EdgePlan::Exchange::kNone,
                   std::function<std::unique_ptr<Partitioner>(int)> make_partitioner = {}) {
  StepPlan plan;
  plan.role = StepPlan::Role::kStateless;
  plan.kind = kind;
  plan.ports = sizeof...(Out);
  plan.make_node = [make = std::move(make)](const NodeContext& context) -> std::unique_ptr<Node> {
    return std::make_unique<StatelessNode<In, Out...>>(make(context));
  };
  const int step = graph->AddStep(std::move(plan));
  graph->AddEdge({.from = from,
                  .port = port,
                  .to = step,
                  .input = 0,
                  .exchange = exchange,
                  .make_partitioner = std::move(make_partitioner)});
  return step;
}

// The same with a function that need not know where it runs.
template <class In, class... Out, class Make>
int AddStateless(const Graph& graph, int from, int port, const char* kind, Make make) {
  return AddStatelessOn<In, Out...>(
      graph, from, port, kind, [make = std::move(make)](const NodeContext&) { return make(); });
}

// Deals items out in turn.
template <class T>
class DealingPartitioner final : public Partitioner {
 public:
  void Split(std::unique_ptr<AnyBatch> batch,
             std::vector<std::unique_ptr<AnyBatch>>& parts) override {
    auto& items = BatchOf<T>(*batch);
    for (size_t i = 0; i < items.size(); ++i) {
      auto& part = parts[next_++ % parts.size()];
      if (part == nullptr) part = std::make_unique<Batch<T>>();
      BatchOf<T>(*part).push_back(std::move(items[i]));
    }
  }

 private:
  size_t next_ = 0;
};

template <class T>
int AddRedistribute(const Graph& graph, int from, int port) {
  return AddStatelessOn<T, T>(
      graph, from, port, "redistribute",
      [](const NodeContext&) {
        return BatchFunction<T, T>([](std::vector<T>& items, const Activation&,
                                      std::vector<T>& out) { out = std::move(items); });
      },
      EdgePlan::Exchange::kByKey, [](int) { return std::make_unique<DealingPartitioner<T>>(); });
}

}  // namespace tidemark::internal
