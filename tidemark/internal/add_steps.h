// How sources, sinks and stateful steps enter a flow's graph: the adapters between the typed
// interfaces and the engine's.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "state/schema_bytes.h"
#include "tidemark/internal/key_partitioner.h"
#include "tidemark/internal/keyed_node.h"
#include "tidemark/internal/stateless_node.h"
#include "tidemark/sink.h"
#include "tidemark/source.h"

namespace tidemark {

template <class T>
class Stream;

namespace internal {

// ---- sources ----------------------------------------

template <class T>
class TypedReader final : public SourceReader {
 public:
  explicit TypedReader(std::unique_ptr<SourcePartition<T>> partition)
      : partition_(std::move(partition)) {}

  absl::StatusOr<PollResult> Poll(size_t max, Timestamp now,
                                  std::unique_ptr<AnyBatch>& out) override {
    auto batch = std::make_unique<Batch<T>>();
    absl::StatusOr<PollResult> result = PollResult::Again();
    TM_RETURN_IF_ERROR(Guarded([&] { result = partition_->Poll(max, now, batch->items); }));
    out = batch->items.empty() ? nullptr : std::move(batch);
    return result;
  }
  Position position() const override { return partition_->position(); }
  absl::Status Committed(Epoch epoch, const Position& position) override {
    absl::Status status;
    TM_RETURN_IF_ERROR(Guarded([&] { status = partition_->Committed(epoch, position); }));
    return status;
  }

 private:
  const std::unique_ptr<SourcePartition<T>> partition_;
};

template <class T>
class TypedSource final : public SourceStep {
 public:
  explicit TypedSource(Source<T> source) : source_(std::move(source)) {}

  absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext& context) override {
    absl::StatusOr<std::vector<std::string>> partitions = std::vector<std::string>();
    TM_RETURN_IF_ERROR(Guarded([&] { partitions = source_.factory()->Partitions(context); }));
    return partitions;
  }
  absl::StatusOr<PartitionList> Discover(const std::vector<std::string>& known,
                                         const SourceContext& context) override {
    absl::StatusOr<PartitionList> list = PartitionList();
    TM_RETURN_IF_ERROR(Guarded([&] { list = source_.factory()->Discover(known, context); }));
    return list;
  }
  Span discovery_interval() const override { return source_.factory()->discovery_interval(); }
  absl::StatusOr<std::vector<std::string>> FilesRead(const SourceContext& context) override {
    absl::StatusOr<std::vector<std::string>> read = std::vector<std::string>();
    TM_RETURN_IF_ERROR(Guarded([&] { read = source_.factory()->FilesRead(context); }));
    return read;
  }
  absl::StatusOr<std::unique_ptr<SourceReader>> Open(const std::string& partition,
                                                     const std::optional<Position>& resume,
                                                     const SourceContext& context) override {
    absl::StatusOr<std::unique_ptr<SourcePartition<T>>> typed = nullptr;
    TM_RETURN_IF_ERROR(
        Guarded([&] { typed = source_.factory()->Open(partition, resume, context); }));
    TM_RETURN_IF_ERROR(typed.status());
    return std::make_unique<TypedReader<T>>(*std::move(typed));
  }
  absl::StatusOr<std::string> Preview(const std::string& partition,
                                      const std::optional<Position>& resume,
                                      const SourceContext& context) override {
    absl::StatusOr<std::string> preview = std::string();
    TM_RETURN_IF_ERROR(
        Guarded([&] { preview = source_.factory()->Preview(partition, resume, context); }));
    return preview;
  }
  bool can_seek() const override { return source_.factory()->can_seek(); }
  double rate() const override { return source_.rate(); }
  bool makes_items() const override { return source_.factory()->makes_items(); }
  std::string Describe() const override { return source_.factory()->Describe(); }

 private:
  const Source<T> source_;
};

template <class T>
int AddSource(const Graph& graph, std::string name, Source<T> source) {
  StepPlan plan;
  plan.role = StepPlan::Role::kSource;
  plan.name = std::move(name);
  plan.kind = "source";
  plan.source = std::make_shared<TypedSource<T>>(std::move(source));
  return graph->AddStep(std::move(plan));
}

// ---- sinks ----------------------------------------

template <class T>
class TypedTarget final : public SinkTarget {
 public:
  explicit TypedTarget(std::unique_ptr<SinkWriter<T>> writer) : writer_(std::move(writer)) {}

  absl::Status Write(AnyBatch& items) override {
    absl::Status status;
    TM_RETURN_IF_ERROR(Guarded([&] { status = writer_->Write(BatchOf<T>(items)); }));
    return status;
  }
  absl::StatusOr<EpochOutput> EndEpoch(Epoch epoch) override {
    absl::StatusOr<EpochOutput> output = EpochOutput();
    TM_RETURN_IF_ERROR(Guarded([&] { output = writer_->EndEpoch(epoch); }));
    return output;
  }
  absl::Status Publish(Epoch epoch, OutboxReader& rows) override {
    absl::Status status;
    TM_RETURN_IF_ERROR(Guarded([&] { status = writer_->Publish(epoch, rows); }));
    return status;
  }

 private:
  const std::unique_ptr<SinkWriter<T>> writer_;
};

template <class T>
class TypedSink final : public SinkStep {
 public:
  explicit TypedSink(Sink<T> sink) : sink_(std::move(sink)) {}

  absl::StatusOr<std::unique_ptr<SinkTarget>> Open(const std::optional<Position>& resume,
                                                   const SinkContext& context) override {
    absl::StatusOr<std::unique_ptr<SinkWriter<T>>> writer = nullptr;
    TM_RETURN_IF_ERROR(Guarded([&] { writer = sink_.factory()->Open(resume, context); }));
    TM_RETURN_IF_ERROR(writer.status());
    return std::make_unique<TypedTarget<T>>(*std::move(writer));
  }
  absl::Status Check(const std::optional<Position>& resume, const SinkContext& context) override {
    absl::Status status;
    TM_RETURN_IF_ERROR(Guarded([&] { status = sink_.factory()->Check(resume, context); }));
    return status;
  }
  SinkGuarantee guarantee() const override { return sink_.factory()->guarantee(); }
  bool can_begin_anew() const override { return sink_.factory()->can_begin_anew(); }
  std::string Describe() const override { return sink_.factory()->Describe(); }

 private:
  const Sink<T> sink_;
};

template <class T>
void AddSink(const Graph& graph, int from, int port, std::string name, Sink<T> sink) {
  StepPlan plan;
  plan.role = StepPlan::Role::kSink;
  plan.name = std::move(name);
  plan.kind = "sink";
  plan.sink = std::make_shared<TypedSink<T>>(std::move(sink));
  const int step = graph->AddStep(std::move(plan));
  graph->AddEdge({.from = from,
                  .port = port,
                  .to = step,
                  .input = 0,
                  .exchange = EdgePlan::Exchange::kToOne,
                  .make_partitioner = {}});
}

// ---- stateful steps ----------------------------------------

// What the plan of a step with state says of watermarks; see StepPlan.
struct KeyedStepFacts {
  bool passes_watermark = false;
  ClockScope clock = ClockScope::kNone;
  Span hands_on_less = {};
  bool keeps_at_eof = false;
};

template <class K, class V, class Logic>
int AddKeyedStep(const Graph& graph, int from, int port, std::string name, const char* kind,
                 std::string parameters, Logic logic, const KeyedStepFacts& facts = {}) {
  StepPlan plan;
  plan.role = StepPlan::Role::kStateful;
  plan.name = std::move(name);
  plan.kind = kind;
  plan.parameters = std::move(parameters);
  plan.schema = Logic::Schema();
  if constexpr (requires { Logic::ValueSchema(); }) plan.value_schema = Logic::ValueSchema();
  plan.key_schema = SchemaBytesOf<K>();
  if constexpr (IsInPieces<Logic>()) plan.definition["storage"] = "in pieces";
  if constexpr (requires { logic.Results(); }) plan.results = logic.Results();
  plan.domain = Logic::kDomain;
  plan.ports = static_cast<int>(std::tuple_size_v<typename Logic::Outs>);
  plan.passes_watermark = facts.passes_watermark;
  plan.clock = facts.clock;
  plan.hands_on_less = facts.hands_on_less;
  plan.keeps_at_eof = facts.keeps_at_eof;
  plan.make_stateful = [logic = std::move(logic)](const NodeContext& context) {
    return std::make_unique<KeyedNode<K, Logic>>(logic, context);
  };
  const int step = graph->AddStep(std::move(plan));
  graph->AddEdge({.from = from,
                  .port = port,
                  .to = step,
                  .input = 0,
                  .exchange = EdgePlan::Exchange::kByKey,
                  .make_partitioner = [](int workers) -> std::unique_ptr<Partitioner> {
                    return std::make_unique<KeyPartitioner<K, V>>(workers);
                  }});
  return step;
}

// ---- a cache ----------------------------------------

template <class T, class KeyOf, class Get, class F>
auto AddEnrichCached(const Stream<T>&, const Graph& graph, int from, int port, KeyOf key_of,
                     Get get, F f, absl::Duration ttl) {
  using Key = std::decay_t<std::invoke_result_t<KeyOf&, const T&>>;
  using Value = std::decay_t<std::invoke_result_t<Get&, const Key&>>;
  using Out = std::decay_t<std::invoke_result_t<F&, T, const Value&>>;
  struct Kept {
    Value value;
    Timestamp at;
  };
  const Span keep = Span::FromAbsl(ttl);
  const int step = AddStateless<T, Out>(graph, from, port, "enrich_cached", [=] {
    return BatchFunction<T, Out>([=, cache = std::map<Key, Kept>()](std::vector<T>& items,
                                                                    const Activation& now,
                                                                    std::vector<Out>& out) mutable {
      for (T& item : items) {
        Key key = std::invoke(key_of, std::as_const(item));
        auto kept = cache.find(key);
        if (kept == cache.end() || now.wall - kept->second.at > keep) {
          Value value = std::invoke(get, std::as_const(key));
          kept = cache.insert_or_assign(std::move(key), Kept{std::move(value), now.wall}).first;
        }
        out.push_back(std::invoke(f, std::move(item), std::as_const(kept->second.value)));
      }
    });
  });
  return Stream<Out>(graph, step, 0);
}

}  // namespace internal
}  // namespace tidemark
