// Where items get their time, and where the watermark of a stream is measured.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "engine/watermark_node.h"
#include "engine/windowing/clocks.h"
#include "tidemark/internal/add_steps.h"
#include "tidemark/internal/window_logic.h"

namespace tidemark {

template <class T>
class Stream;
template <class K, class V>
class KeyedStream;

namespace internal {

// A time as users have it, in whole microseconds; what is out of range stops the run (it is thrown
// inside the step, where the exception becomes a status).
inline Timestamp EventTimeOf(absl::Time time) {
  const auto at = Timestamp::FromAbsl(time);
  if (!at.ok()) throw std::out_of_range(std::string(ToStd(at.status().message())));
  return *at;
}
inline Timestamp EventTimeOf(Timestamp time) {
  if (!time.in_range()) throw std::out_of_range("an event time outside the years 1 to 9999");
  return time;
}

inline void CheckNotAhead(Timestamp item, Timestamp now, Span max_ahead) {
  if (max_ahead.is_infinite() || item <= now + max_ahead) return;
  throw std::out_of_range(Cat("the event time ", FormatTimestamp(item), " is ",
                              FormatSpan(item - now), " ahead of system time; ",
                              "max_ahead_of_system_time is ", FormatSpan(max_ahead)));
}

inline absl::Status CheckSpans(absl::Duration max_out_of_orderness, absl::Duration max_ahead) {
  if (max_out_of_orderness < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(Cat("max_out_of_orderness must not be negative, not ",
                                          absl::FormatDuration(max_out_of_orderness)));
  }
  if (max_ahead < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(Cat("max_ahead_of_system_time must not be negative, not ",
                                          absl::FormatDuration(max_ahead)));
  }
  return absl::OkStatus();
}

// Adds the step that gives each value its time. Only times that were read are judged by
// `max_ahead`: a window that contains now closes ahead of it.
template <class K, class V, class F>
KeyedStream<K, Timed<V>> AddEventTime(const Stream<KeyValue<K, V>>& pairs, F time_of,
                                      Span max_ahead) {
  using In = KeyValue<K, V>;
  using Out = KeyValue<K, Timed<V>>;
  if (pairs.graph()->IsAfterWindow(pairs.step())) max_ahead = Span::Infinite();
  const int step =
      AddStateless<In, Out>(pairs.graph(), pairs.step(), pairs.port(), "event_time", [=] {
        return BatchFunction<In, Out>([time_of, max_ahead](std::vector<In>& items,
                                                           const Activation& now,
                                                           std::vector<Out>& out) mutable {
          out.reserve(items.size());
          for (In& item : items) {
            const Timestamp at = EventTimeOf(std::invoke(time_of, std::as_const(item.value)));
            CheckNotAhead(at, now.wall, max_ahead);
            out.push_back({std::move(item.key), {.at = at, .value = std::move(item.value)}});
          }
        });
      });
  pairs.graph()->step(step).keeps_key = true;
  return KeyedStream<K, Timed<V>>(Stream<Out>(pairs.graph(), step, 0));
}

// Puts the watermark of its partition into each item.
template <class K, class V>
class StampNode final : public WatermarkNode {
 public:
  using Item = KeyValue<K, Timed<V>>;
  using WatermarkNode::WatermarkNode;

  absl::Status OnBatch(int, std::unique_ptr<AnyBatch> batch, const Activation&,
                       Output& out) override {
    for (Item& item : BatchOf<Item>(*batch)) {
      item.value.stream_watermark = AsOf(item.value.at);
    }
    batch->mark = MarkOfBatch();
    return out.Emit(0, std::move(batch));
  }

 protected:
  std::unique_ptr<AnyBatch> Empty() const override { return std::make_unique<Batch<Item>>(); }
};

// Adds the step that measures the stream's watermark for the windowed step `name`.
template <class K, class V>
KeyedStream<K, Timed<V>> AddStamp(const KeyedStream<K, Timed<V>>& timed, const StreamClock& clock,
                                  const std::string& name) {
  const Graph& graph = timed.Pairs().graph();
  const StreamClockOptions options{.max_out_of_orderness = clock.max_out_of_orderness,
                                   .idle_after = clock.idle_after};
  StepPlan plan;
  plan.role = StepPlan::Role::kStateless;
  plan.name = name;
  plan.kind = "watermark";
  plan.keeps_key = true;
  plan.make_watermark = [options](const NodeContext&) -> std::unique_ptr<WatermarkNode> {
    return std::make_unique<StampNode<K, V>>(options);
  };
  const int step = graph->AddStep(std::move(plan));
  graph->AddEdge({.from = timed.Pairs().step(),
                  .port = timed.Pairs().port(),
                  .to = step,
                  .input = 0,
                  .exchange = {},
                  .make_partitioner = {}});
  return KeyedStream<K, Timed<V>>(Stream<KeyValue<K, Timed<V>>>(graph, step, 0));
}

}  // namespace internal
}  // namespace tidemark
