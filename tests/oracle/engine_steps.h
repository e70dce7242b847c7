// The steps under test as flows whose rows are text, in the form in which the model has them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/oracle/script.h"
#include "tests/oracle/window_oracle.h"
#include "tidemark/flow.h"
#include "tidemark/join.h"

namespace tidemark::oracle {

// An item as the engine has it; part of stored values.
struct EngineItem {
  absl::Time at;
  std::string value;
  // So that what a key holds of a few items outgrows its row, and is stored in pieces.
  std::string padding = std::string(300, '.');
};
struct EngineInput {
  std::string key;
  uint32_t side = 0;
  EngineItem item;
};

struct Sinks {
  Sink<Row> results, late, metadata;
};

using StepAdder = std::function<void(const StepSpec&, const Stream<EngineInput>&, const Sinks&)>;

// The engine with a step that somebody else adds.
std::unique_ptr<EnginePlayer> NewEnginePlayerWith(const Script& script, StepAdder add_step);

// One function for each clock and kind of step: each is a translation unit of its own, for the
// templates take long to compile.
void AddEventTimeFold(const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks);
void AddEventTimeAnyOrderFold(const StepSpec& step, const Stream<EngineInput>& in,
                              const Sinks& sinks);
void AddSystemTimeFold(const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks);
void AddSystemTimeAnyOrderFold(const StepSpec& step, const Stream<EngineInput>& in,
                               const Sinks& sinks);
void AddStreamTimeFold(const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks);
void AddStreamTimeAnyOrderFold(const StepSpec& step, const Stream<EngineInput>& in,
                               const Sinks& sinks);
void AddStreamTimeJoin(const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks);
void AddEventTimeJoin(const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks);
void AddSystemTimeJoin(const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks);
void AddTypedJoinWindow(const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks);
void AddBatch(const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks);
void AddJoin(const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks);

inline absl::Duration ToDuration(int64_t us) {
  return us == kForever ? absl::InfiniteDuration() : absl::Microseconds(us);
}

inline WindowOptions ToOptions(const WindowSpec& spec) {
  return {.late_when = spec.late_when,
          .order = spec.order,
          .keep_watermark_for = ToDuration(spec.keep_watermark_for),
          .at_eof = spec.at_eof};
}

// use(windows), with the windower of the spec.
template <class Use>
void WithWindows(const WindowSpec& spec, Use use) {
  const absl::Time align_to = absl::FromUnixMicros(spec.align_to);
  switch (spec.windows) {
    case WindowKind::kTumbling:
      return use(Tumbling{.length = ToDuration(spec.length), .align_to = align_to});
    case WindowKind::kSliding:
      return use(Sliding{.length = ToDuration(spec.length),
                         .offset = ToDuration(spec.offset),
                         .align_to = align_to});
    case WindowKind::kSession:
      return use(Session{.gap = ToDuration(spec.gap)});
  }
}

// text(value) of each result.
template <class T, class TextOf>
void ResultsTo(const KeyedStream<std::string, Windowed<T>>& results, TextOf text,
               const Sinks& sinks) {
  results.Pairs()
      .Map([text](KeyValue<std::string, Windowed<T>> row) {
        const Windowed<T>& window = row.value;
        return Row{row.key, std::to_string(window.window_id) + " " +
                                std::to_string(absl::ToUnixMicros(window.open)) + ".." +
                                std::to_string(absl::ToUnixMicros(window.close)) + " " +
                                text(window.value)};
      })
      .To("results", sinks.results);
}
template <class T, class TextOf>
void LateTo(const KeyedStream<std::string, Windowed<T>>& late, TextOf text, const Sinks& sinks) {
  late.Pairs()
      .Map([text](KeyValue<std::string, Windowed<T>> row) {
        return Row{row.key, std::to_string(row.value.window_id) + " " + text(row.value.value)};
      })
      .To("late", sinks.late);
}
inline void MetadataTo(const KeyedStream<std::string, WindowMetadata>& metadata,
                       const Sinks& sinks) {
  metadata.Pairs()
      .Map([](KeyValue<std::string, WindowMetadata> row) {
        std::string text = std::to_string(row.value.window_id) + " " +
                           std::to_string(absl::ToUnixMicros(row.value.open)) + ".." +
                           std::to_string(absl::ToUnixMicros(row.value.close));
        for (const int64_t id : row.value.merged_ids) text += " " + std::to_string(id);
        return Row{row.key, text};
      })
      .To("metadata", sinks.metadata);
}

inline KeyedStream<std::string, EngineItem> KeyedItems(const Stream<EngineInput>& in) {
  return in.KeyBy([](const EngineInput& input) { return input.key; })
      .MapValue([](EngineInput input) { return std::move(input.item); });
}
inline KeyedStream<std::string, SideValue<EngineItem>> KeyedSides(const Stream<EngineInput>& in) {
  return in.KeyBy([](const EngineInput& input) { return input.key; })
      .MapValue([](EngineInput input) {
        return SideValue<EngineItem>{input.side, std::move(input.item)};
      });
}

inline std::string ItemText(const EngineItem& item) { return item.value; }
inline int ItemRank(const EngineItem& item) { return RankOf(item.value); }
inline std::string SideText(const SideValue<EngineItem>& value) { return value.value.value; }

inline std::string RowOfItemsText(const std::vector<std::optional<EngineItem>>& row) {
  std::vector<std::optional<std::string>> values;
  for (const auto& item : row) {
    values.push_back(item ? std::optional<std::string>(item->value) : std::nullopt);
  }
  return RowText(values);
}

// Folds whose values may come in any order have units of their own: Add…TimeAnyOrderFold().
inline bool IsAnyOrder(FoldKind fold) {
  return fold == FoldKind::kReduceAnyOrder || fold == FoldKind::kFoldAnyOrder ||
         fold == FoldKind::kMax || fold == FoldKind::kMin;
}

template <class Streams, class TextOf>
void FoldTo(const Streams& streams, TextOf text, const Sinks& sinks) {
  ResultsTo(std::get<0>(streams), text, sinks);
  LateTo(std::get<1>(streams), ItemText, sinks);
  MetadataTo(std::get<2>(streams), sinks);
}

template <class Timed>
void AddFold(const WindowSpec& spec, const Timed& timed, const Sinks& sinks) {
  WithWindows(spec, [&](auto windows) {
    const auto windowed = timed.Window(windows, ToOptions(spec)).WithMetadata();
    const auto finish = [&](const auto& streams, auto text) { FoldTo(streams, text, sinks); };
    switch (spec.fold) {
      case FoldKind::kCollect:
        return finish(windowed.Collect("step"), [](const std::vector<EngineItem>& items) {
          std::vector<std::string> values;
          for (const EngineItem& item : items) values.push_back(item.value);
          return ListText(values);
        });
      case FoldKind::kCount:
        return finish(windowed.Count("step"), [](int64_t count) { return std::to_string(count); });
      case FoldKind::kReduce:
        return finish(windowed.Reduce("step",
                                      [](EngineItem a, EngineItem b) -> EngineItem {
                                        return {a.at, ReducedText(a.value, b.value)};
                                      }),
                      ItemText);
      case FoldKind::kFold:
        return finish(windowed.Fold(
                          "step", [] { return std::string("/"); },
                          [](std::string acc, EngineItem item) { return acc + item.value; },
                          [](std::string a, std::string b) { return "{" + a + "+" + b + "}"; }),
                      [](const std::string& text) { return text; });
      default:
        return;
    }
  });
}

template <class Timed>
void AddAnyOrderFold(const WindowSpec& spec, const Timed& timed, const Sinks& sinks) {
  WithWindows(spec, [&](auto windows) {
    const auto windowed = timed.Window(windows, ToOptions(spec)).WithMetadata();
    const auto finish = [&](const auto& streams, auto text) { FoldTo(streams, text, sinks); };
    switch (spec.fold) {
      case FoldKind::kReduceAnyOrder:
        return finish(windowed.Reduce(
                          "step",
                          [](EngineItem a, EngineItem b) -> EngineItem {
                            return {a.at, AnyOrderText(a.value, b.value)};
                          },
                          kCommutative),
                      ItemText);
      case FoldKind::kFoldAnyOrder:
        return finish(
            windowed.Fold(
                "step", [] { return std::string(); },
                [](std::string acc, EngineItem item) { return AnyOrderText(acc, item.value); },
                [](std::string a, std::string b) { return AnyOrderText(a, b); }, kCommutative),
            [](const std::string& text) { return text; });
      case FoldKind::kMax:
        return finish(windowed.Max("step", ItemRank), ItemText);
      case FoldKind::kMin:
        return finish(windowed.Min("step", ItemRank), ItemText);
      default:
        return;
    }
  });
}

template <class Timed>
void AddJoinFold(const WindowSpec& spec, const Timed& timed, const Sinks& sinks) {
  WithWindows(spec, [&](auto windows) {
    const JoinFold<EngineItem> fold{
        .sides = spec.join.sides, .insert = spec.join.insert, .emit_mode = spec.join.emit};
    const auto streams = timed.Window(windows, ToOptions(spec)).WithMetadata().Apply("step", fold);
    ResultsTo(std::get<0>(streams), RowOfItemsText, sinks);
    LateTo(std::get<1>(streams), SideText, sinks);
    MetadataTo(std::get<2>(streams), sinks);
  });
}

}  // namespace tidemark::oracle
