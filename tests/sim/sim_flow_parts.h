// What the flows of a simulation are built from. Only for sim_flow*.cc.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "tests/sim/sim_flow.h"
#include "tidemark/windowed.h"

namespace tidemark::sim {

struct Item {
  std::string key;
  int64_t number = 0;
  absl::Time at;
};

inline Item ParseItem(const std::string& line) {
  const std::vector<std::string> parts = absl::StrSplit(line, ',');
  Item item;
  int64_t us = 0;
  const bool good = parts.size() >= 3 && absl::SimpleAtoi(parts[1], &item.number) &&
                    absl::SimpleAtoi(parts[2], &us);
  if (!good) throw std::runtime_error("not an item: " + line);
  item.key = parts[0];
  item.at = absl::FromUnixMicros(us);
  return item;
}

inline Stream<Item> Items(const FlowEnds& ends, Flow& flow) {
  return flow.From("in", ends.source()).Map(ParseItem);
}

// ---- results as text ----

inline std::string Text(int64_t number) { return std::to_string(number); }
inline std::string Text(const Item& item) {
  return Cat(item.number, "@", absl::ToUnixMicros(item.at));
}
template <class T>
std::string Text(const std::optional<T>& value) {
  return value ? Text(*value) : "-";
}
template <class... T>
std::string Text(const std::tuple<T...>& row) {
  std::string text;
  std::apply([&](const auto&... side) { ((text += Text(side) + "+"), ...); }, row);
  return text;
}
template <class T>
std::string Text(const std::vector<T>& list) {
  std::string text = "[";
  for (const T& element : list) text += Text(element) + " ";
  return text + "]";
}
template <class T>
std::string Text(const Windowed<T>& window) {
  return Cat("#", window.window_id, " ", absl::ToUnixMicros(window.open), "..",
             absl::ToUnixMicros(window.close), " ", Text(window.value));
}
inline std::string Text(const WindowMetadata& window) {
  return Cat("#", window.window_id, " ", absl::ToUnixMicros(window.open), "..",
             absl::ToUnixMicros(window.close), " merged ", Text(window.merged_ids));
}

template <class K, class V, class F>
void WriteWith(const KeyedStream<K, V>& stream, const FlowEnds& ends, const std::string& name,
               F text) {
  stream.Pairs()
      .Map([text](const KeyValue<K, V>& pair) { return pair.key + "|" + text(pair.value); })
      .To(name, ends.sink(name));
}
template <class K, class V>
void Write(const KeyedStream<K, V>& stream, const FlowEnds& ends, const std::string& name) {
  WriteWith(stream, ends, name, [](const V& value) { return Text(value); });
}

// ---- the flows, by file ----

void BuildBatches(const FlowSpec& spec, const FlowEnds& ends, Flow& flow);
void BuildFinals(const FlowSpec& spec, const FlowEnds& ends, Flow& flow);
void BuildSystemTime(const FlowSpec& spec, const FlowEnds& ends, Flow& flow);
void BuildTumbling(const FlowSpec& spec, const FlowEnds& ends, Flow& flow);
void BuildSliding(const FlowSpec& spec, const FlowEnds& ends, Flow& flow);
void BuildSessions(const FlowSpec& spec, const FlowEnds& ends, Flow& flow);
void BuildSessionLists(const FlowSpec& spec, const FlowEnds& ends, Flow& flow);
void BuildWindowChain(const FlowSpec& spec, const FlowEnds& ends, Flow& flow);
void BuildJoinWindows(const FlowSpec& spec, const FlowEnds& ends, Flow& flow);
void BuildJoinBatches(const FlowSpec& spec, const FlowEnds& ends, Flow& flow);

}  // namespace tidemark::sim
