// How a window of a job folds its rows, for any clock. Only for window_flow_*_time.cc.
#pragma once

#include <algorithm>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "jobs/window_steps.h"
#include "tidemark/window.h"

namespace tidemark {

// The fold where the aggregates are those of all rows in whatever order windows are put together,
// so that windows that overlap can share what was made of the rows they have in common.
struct CombiningWindow : AggregateWindow {
  static constexpr bool kCombines = true;
  void Combine(Acc& into, const Acc& from) const { aggregates->Merge(from, into); }
};

// first, last and collect are in order of time; the others need not wait for it.
inline ValueOrder DefaultOrder(const WindowSpec& window) {
  const bool by_time =
      std::any_of(window.aggregates.begin(), window.aggregates.end(),
                  [](const AggregateSpec& aggregate) { return DependsOnOrder(aggregate.kind); });
  return by_time ? ValueOrder::kTimestamp : ValueOrder::kArrival;
}

template <class Timed>
WindowSteps AddFold(const Timed& rows, const WindowSpec& window, const AggregateWindow& fold) {
  return std::visit(
      [&](const auto& windows) -> WindowSteps {
        const auto windowed = rows.Window(windows, window.options);
        const auto apply = [&](auto how) -> WindowSteps {
          auto [results, late] = windowed.Apply(window.name, std::move(how), DefaultOrder(window));
          return {.results = std::move(results), .late = std::move(late)};
        };
        // Sessions do not overlap.
        constexpr bool kOverlap = !std::is_same_v<std::decay_t<decltype(windows)>, Session>;
        if constexpr (kOverlap) {
          if (fold.aggregates->combines()) return apply(CombiningWindow{fold});
        }
        return apply(fold);
      },
      window.windows);
}

}  // namespace tidemark
