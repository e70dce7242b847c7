#include "tests/sim/sim_flow_parts.h"

namespace tidemark::sim {
namespace {

auto Timed(const FlowSpec& spec, const FlowEnds& ends, Flow& flow) {
  return Items(ends, flow)
      .KeyBy(&Item::key)
      .EventTime(&Item::at, {.max_out_of_orderness = absl::Seconds(spec.bound_s),
                             .max_ahead_of_system_time = absl::InfiniteDuration()});
}

}  // namespace

void BuildTumbling(const FlowSpec& spec, const FlowEnds& ends, Flow& flow) {
  const auto [sums, late] = Timed(spec, ends, flow)
                                .Window(Tumbling{.length = absl::Seconds(spec.length_s)})
                                .Reduce("sums", [](Item sum, const Item& next) {
                                  // Wraps around; depends on the order of the items.
                                  const auto before = static_cast<uint64_t>(sum.number);
                                  const auto added = static_cast<uint64_t>(next.number);
                                  sum.number = static_cast<int64_t>(before * 3 + added);
                                  return sum;
                                });
  Write(sums, ends, "out");
  Write(late, ends, "late");
}

void BuildSliding(const FlowSpec& spec, const FlowEnds& ends, Flow& flow) {
  const auto [lists, late] = Timed(spec, ends, flow)
                                 .Window(Sliding{.length = absl::Seconds(spec.length_s),
                                                 .offset = absl::Seconds(1 + spec.length_s / 3)})
                                 .Collect("lists");
  Write(lists, ends, "out");
  Write(late, ends, "late");
}

void BuildSessions(const FlowSpec& spec, const FlowEnds& ends, Flow& flow) {
  const auto [lists, late, meta] = Timed(spec, ends, flow)
                                       .Window(Session{.gap = absl::Seconds(spec.length_s)})
                                       .WithMetadata()
                                       .Collect("sessions");
  Write(lists, ends, "out");
  Write(late, ends, "late");
  Write(meta, ends, "meta");
}

void BuildSessionLists(const FlowSpec& spec, const FlowEnds& ends, Flow& flow) {
  const auto [counts, late] = Timed(spec, ends, flow)
                                  .Window(Session{.gap = absl::Seconds(spec.length_s)})
                                  .Count("sessions");
  const auto numbers = counts.MapValue([](const Windowed<int64_t>& count) { return count.value; });
  Write(numbers.Batch("lists", {.max_items = spec.max_items}), ends, "out");
  Write(late, ends, "late");
}

}  // namespace tidemark::sim
