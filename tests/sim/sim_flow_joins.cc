#include "tests/sim/sim_flow_parts.h"
#include "tidemark/join.h"

namespace tidemark::sim {
namespace {

bool IsOdd(const Item& item) { return item.number % 2 != 0; }

}  // namespace

void BuildJoinWindows(const FlowSpec& spec, const FlowEnds& ends, Flow& flow) {
  const auto [odd, even] = Items(ends, flow).Branch(IsOdd);
  const EventTimeOptions time{.max_out_of_orderness = absl::Seconds(spec.bound_s),
                              .max_ahead_of_system_time = absl::InfiniteDuration()};
  const auto [rows, late] = JoinWindow("pairs", Tumbling{.length = absl::Seconds(spec.length_s)},
                                       {.insert = JoinInsert::kProduct}, {},
                                       odd.KeyBy(&Item::key).EventTime(&Item::at, time),
                                       even.KeyBy(&Item::key).EventTime(&Item::at, time));
  Write(rows, ends, "out");
  WriteWith(late, ends, "late",
            [](const auto& side) { return Cat("#", side.window_id, " side ", side.value.side); });
}

void BuildJoinBatches(const FlowSpec& spec, const FlowEnds& ends, Flow& flow) {
  const auto [odd, even] = Items(ends, flow).Branch(IsOdd);
  const auto rows = Join("pairs", {}, odd.KeyBy(&Item::key), even.KeyBy(&Item::key));
  const auto texts = rows.MapValue([](const auto& row) { return Text(row); });
  WriteWith(texts.Batch("lists", {.max_items = spec.max_items}), ends, "out",
            [](const std::vector<std::string>& list) {
              std::string text;
              for (const std::string& row : list) text += row + " ";
              return text;
            });
}

}  // namespace tidemark::sim
