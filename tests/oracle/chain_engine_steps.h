// Steps of a chain as flows. A unit for each fold: the templates take long to compile.
#pragma once

#include <string>
#include <utility>

#include "absl/time/time.h"
#include "tests/oracle/chain_script.h"
#include "tidemark/flow.h"
#include "tidemark/sink.h"

namespace tidemark::oracle {

struct ChainSinks {
  Sink<Row> results, late;
};

// A window on its way: what the sink gets, and the steps behind.
using ChainResults = KeyedStream<std::string, ChainResult>;
using ChainPairs = Stream<KeyValue<std::string, ChainItem>>;

ChainResults AddChainCount(const ChainStep& step, const std::string& name, const ChainPairs& in,
                           const ChainSinks& sinks);
ChainResults AddChainSum(const ChainStep& step, const std::string& name, const ChainPairs& in,
                         const ChainSinks& sinks);
ChainResults AddChainCollect(const ChainStep& step, const std::string& name, const ChainPairs& in,
                             const ChainSinks& sinks);

inline int64_t NumberOfKey(const std::string& key) { return std::stoll(key.substr(1)); }

// verb(windowed) -> results and late items; value(folded, result&) fills number and text.
template <class Verb, class Value>
ChainResults AddChainWindow(const ChainStep& step, const std::string& name, const ChainPairs& in,
                            const ChainSinks& sinks, Verb verb, Value value) {
  const auto timed = KeyedStream<std::string, ChainItem>(in).EventTime(
      [](const ChainItem& item) { return absl::FromUnixMicros(item.at); },
      PerStream{.max_out_of_orderness = absl::Microseconds(step.bound),
                .idle_after = step.idle_after == kForever ? absl::InfiniteDuration()
                                                          : absl::Microseconds(step.idle_after)});
  const WindowOptions options{
      .late_when = step.late_when, .order = step.order, .at_eof = step.at_eof};
  const auto finish = [&](const auto& streams) {
    const auto results = std::get<0>(streams).Pairs().Map([value](auto pair) {
      ChainResult result{.who = NumberOfKey(pair.key),
                         .open = absl::ToUnixMicros(pair.value.open),
                         .close = absl::ToUnixMicros(pair.value.close),
                         .number = 0,
                         .text = {}};
      value(pair.value.value, result);
      return KeyValue<std::string, ChainResult>{pair.key, result};
    });
    results
        .Map([](const KeyValue<std::string, ChainResult>& pair) {
          const ChainResult& result = pair.value;
          return Row{pair.key, ResultText(result.open, result.close,
                                          std::to_string(result.number) + result.text)};
        })
        .To(name + "_results", sinks.results);
    std::get<1>(streams)
        .Pairs()
        .Map([](auto pair) {
          return Row{pair.key,
                     std::to_string(pair.value.window_id) + " " + ItemText(pair.value.value)};
        })
        .To(name + "_late", sinks.late);
    return ChainResults(results);
  };
  const absl::Time align_to = absl::FromUnixMicros(step.align_to);
  const absl::Duration length = absl::Microseconds(step.length);
  switch (step.windows) {
    case WindowKind::kTumbling:
      return finish(verb(timed.Window(Tumbling{.length = length, .align_to = align_to}, options)));
    case WindowKind::kSliding:
      return finish(verb(timed.Window(
          Sliding{
              .length = length, .offset = absl::Microseconds(step.offset), .align_to = align_to},
          options)));
    case WindowKind::kSession:
      break;
  }
  return finish(verb(timed.Window(Session{.gap = absl::Microseconds(step.gap)}, options)));
}

}  // namespace tidemark::oracle
