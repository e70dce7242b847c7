#include <tuple>
#include <variant>

#include "tests/oracle/engine_steps.h"

namespace tidemark::oracle {
namespace {

KeyedStream<std::string, EngineItem> Side(const Stream<EngineInput>& in, uint32_t side) {
  return KeyedItems(in.Filter([side](const EngineInput& input) { return input.side == side; }));
}

template <class... V>
std::string TupleText(const std::tuple<std::optional<V>...>& row) {
  std::vector<std::optional<EngineItem>> items;
  std::apply([&](const auto&... value) { (items.push_back(value), ...); }, row);
  return RowOfItemsText(items);
}

template <class... Streams>
void AddTyped(const WindowSpec& spec, const Sinks& sinks, const Streams&... streams) {
  const EventTimeOptions time{.max_out_of_orderness = ToDuration(spec.bound),
                              .max_ahead_of_system_time = absl::InfiniteDuration()};
  const JoinOptions join{.insert = spec.join.insert, .emit = spec.join.emit};
  WithWindows(spec, [&](auto windows) {
    auto [results, late] = JoinWindow("step", windows, join, ToOptions(spec),
                                      streams.EventTime(&EngineItem::at, time)...);
    ResultsTo(
        results, [](const auto& row) { return TupleText(row); }, sinks);
    LateTo(
        late,
        [](const auto& value) {
          return std::visit([](const EngineItem& item) { return item.value; }, value.value);
        },
        sinks);
  });
}

}  // namespace

void AddTypedJoinWindow(const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks) {
  AddTyped(step.window, sinks, Side(in, 0), Side(in, 1));
}

void AddBatch(const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks) {
  BatchOptions options{.max_wait = ToDuration(step.batch.max_wait),
                       .idle_timeout = ToDuration(step.batch.idle_timeout)};
  if (step.batch.max_items > 0) options.max_items = step.batch.max_items;
  KeyedItems(in)
      .Batch("step", options)
      .Pairs()
      .Map([](KeyValue<std::string, std::vector<EngineItem>> list) {
        std::vector<std::string> values;
        for (const EngineItem& item : list.value) values.push_back(item.value);
        return Row{list.key, ListText(values)};
      })
      .To("results", sinks.results);
}

void AddJoin(const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks) {
  const auto finish = [&](const auto& rows) {
    rows.Pairs()
        .Map([](const auto& row) {
          return Row{row.key, TupleText(row.value)};
        })
        .To("results", sinks.results);
  };
  const JoinOptions options{.insert = step.join.insert, .emit = step.join.emit};
  if (step.typed_join && step.join.sides == 1) return finish(Join("step", options, Side(in, 0)));
  if (step.typed_join && step.join.sides == 2) {
    return finish(Join("step", options, Side(in, 0), Side(in, 1)));
  }
  if (step.typed_join) {
    return finish(Join("step", options, Side(in, 0), Side(in, 1), Side(in, 2)));
  }
  const JoinFold<EngineItem> fold{
      .sides = step.join.sides, .insert = step.join.insert, .emit_mode = step.join.emit};
  std::get<0>(KeyedSides(in).Stateful("step", internal::JoinLogic<EngineItem>(fold)))
      .Pairs()
      .Map([](const auto& row) {
        return Row{row.key, RowOfItemsText(row.value)};
      })
      .To("results", sinks.results);
}

}  // namespace tidemark::oracle
