#include "tests/sim/sim_flow_parts.h"

namespace tidemark::sim {

void BuildBatches(const FlowSpec& spec, const FlowEnds& ends, Flow& flow) {
  const auto lists = Items(ends, flow)
                         .KeyBy(&Item::key)
                         .Batch("lists", {.max_items = spec.max_items,
                                          .max_wait = absl::Seconds(spec.length_s),
                                          .idle_timeout = absl::Seconds(1 + spec.length_s / 2)});
  const auto sums =
      lists.StatefulMap("sum", [](std::optional<int64_t> sum, std::vector<Item> list) {
        int64_t next = sum.value_or(0);
        for (const Item& item : list) next += item.number;
        return std::pair(std::optional(next), Cat(Text(list), " sum ", next));
      });
  WriteWith(sums, ends, "out", [](const std::string& text) { return text; });
}

void BuildFinals(const FlowSpec& spec, const FlowEnds& ends, Flow& flow) {
  const auto keyed = Items(ends, flow).KeyBy(&Item::key);
  // Forgets its key now and then, so that states come and go.
  const auto seen = keyed.StatefulMap(
      "seen", [n = spec.max_items](std::optional<std::vector<int64_t>> held, const Item& item) {
        std::vector<int64_t> next = held.value_or(std::vector<int64_t>());
        next.push_back(item.number);
        const std::string text = Text(next);
        if (static_cast<int64_t>(next.size()) > n) return std::pair(decltype(held)(), text);
        return std::pair(decltype(held)(next), text);
      });
  WriteWith(seen, ends, "out", [](const std::string& text) { return text; });
  Write(keyed.CountFinal("count"), ends, "counts");
}

void BuildSystemTime(const FlowSpec& spec, const FlowEnds& ends, Flow& flow) {
  const auto [lists, late] = Items(ends, flow)
                                 .KeyBy(&Item::key)
                                 .SystemTime()
                                 .Window(Tumbling{.length = absl::Seconds(spec.length_s)})
                                 .Collect("lists");
  Write(lists, ends, "out");
  Write(late, ends, "late");
}

}  // namespace tidemark::sim
