#include "tests/sim/sim_flow_parts.h"

namespace tidemark::sim {
namespace {

// The items of a partition are less than this out of order (RandomItems), so nothing is late.
absl::Duration Bound(const FlowSpec& spec) {
  return absl::Milliseconds(1'200 * spec.bound_s) + absl::Seconds(4);
}

Item Sum(Item sum, const Item& next) {
  sum.number += next.number;
  return sum;
}

std::string SumText(const Windowed<Item>& window) {
  return Text(Windowed<int64_t>{window.window_id, window.open, window.close, window.value.number});
}

// A window as an item of the next ones, under the key that its sum gives.
KeyValue<std::string, Item> Regrouped(const KeyValue<std::string, Windowed<Item>>& pair) {
  const Windowed<Item>& window = pair.value;
  const int64_t sum = window.value.number;
  std::string key = Cat("sum", sum % 3);
  return {key, {.key = key, .number = sum, .at = window.close - absl::Microseconds(1)}};
}

}  // namespace

void BuildWindowChain(const FlowSpec& spec, const FlowEnds& ends, Flow& flow) {
  const absl::Duration length = absl::Seconds(spec.length_s);
  const auto [first, first_late] =
      Items(ends, flow)
          .KeyBy(&Item::key)
          .EventTime(&Item::at, PerStream{.max_out_of_orderness = Bound(spec)})
          .Window(Tumbling{.length = length})
          .Reduce("first_windows", Sum, kCommutative);
  WriteWith(first, ends, "first", SumText);
  const auto [sums, late] = KeyedStream<std::string, Item>(first.Pairs().Map(Regrouped))
                                .EventTime(&Item::at, PerStream{})
                                .Window(Sliding{.length = 3 * length, .offset = length})
                                .Reduce("second_windows", Sum, kCommutative);
  WriteWith(sums, ends, "out", SumText);
  const auto all_late = first_late.Pairs().Merge(late.Pairs());
  WriteWith(KeyedStream<std::string, Windowed<Item>>(all_late), ends, "late", SumText);
}

}  // namespace tidemark::sim
