// WindowKeeper: what the open windows of a key hold, and what becomes of it when they close.
//
// Three ways to hold a window's values; which one is decided when the step is built:
//
//   per window   each window has an accumulator, and an item is folded into all of its windows
//   in panes     each pane of sliding windows (engine/windowing/sliding.h) has an accumulator, and
//   an
//                item is folded into one; a window combines its panes when it closes. For folds
//                that can be combined in any order (kCombines)
//   held         values are kept as they are, in order of time, then arrival, and folded at the
//   close;
//                sliding windows keep them in panes, so each is kept once
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "engine/windowing/windows.h"
#include "tidemark/windowed.h"

namespace tidemark::internal {

// What one window or pane holds.
template <class V, class Acc>
struct OpenWindow {
  // For people who look into the state; where a window may still grow, its windower knows.
  std::optional<Timestamp> open, close;
  Acc acc{};
  std::map<std::pair<Timestamp, int64_t>, V> held;
};

template <class Windower>
concept HasPanes = requires(const Windower& windower, Timestamp at) {
  windower.FirstWindowOfPane(windower.PaneOf(at));
};

// Accumulators of any panes can be combined: static void Fold::Combine(Acc& into, const Acc& from).
template <class Fold>
constexpr bool CombinesByType() {
  if constexpr (requires { Fold::kCombines; }) {
    return Fold::kCombines;
  } else {
    return false;
  }
}
// The fold wants to know which value came first: OnValue(acc, value, arrival, emit).
template <class Fold>
concept TakesArrival = requires {
  requires Fold::kTakesArrival;
};

template <class V, class Windower, class Fold>
class WindowKeeper {
 public:
  using Acc = typename Fold::Acc;
  using Windows = std::map<int64_t, OpenWindow<V, Acc>>;
  static constexpr bool kNumbersItems = TakesArrival<Fold>;

  WindowKeeper(Windower windower, Fold fold, bool holds)
      : windower_(std::move(windower)), fold_(std::move(fold)), holds_(holds) {}

  const Windower& windower() const { return windower_; }
  const Fold& fold() const { return fold_; }
  bool in_panes() const { return HasPanes<Windower> && (holds_ || CombinesByType<Fold>()); }

  // Into the windows of `at` that have not closed at `watermark`. Those that have are read by then.
  // emit(const ClosedWindow&, Out)
  template <class State, class Emit>
  void Enter(State& state, Timestamp at, V&& value, Timestamp watermark, int64_t arrival,
             Emit&& emit) const {
    if constexpr (HasPanes<Windower>) {
      if (in_panes()) {
        state.windower.closed_through =
            std::max(state.windower.closed_through, windower_.LastClosed(watermark));
        return Add(state.windows, windower_.PaneOf(at), at, std::move(value), arrival,
                   [](Out) {});  // what combines says nothing before the close
      }
    }
    EnterEach(state, at, std::move(value), watermark, arrival, emit);
  }

  // Emits and drops what closes at `watermark` (everything at Never()), by closing time, then id;
  // closed(const ClosedWindow&) stands behind the results of each.
  template <class State, class Emit, class Closed>
  void Close(State& state, Timestamp watermark, Emit&& emit, Closed&& closed) const {
    if constexpr (HasPanes<Windower>) {
      if (in_panes()) return ClosePanes(state, watermark, emit, closed);
    }
    std::vector<ClosedWindow> windows;
    windower_.CloseFor(state.windower, watermark, windows);
    for (const ClosedWindow& window : windows) {
      auto node = state.windows.extract(window.id);
      Acc acc = std::move(node.mapped().acc);
      if (holds_) {
        acc = fold_.Init();
        int64_t place = 0;
        for (auto& [at, value] : node.mapped().held) {
          OnValue(acc, std::move(value), place++, [&](Out out) { emit(window, std::move(out)); });
        }
      }
      fold_.OnClose(std::move(acc), [&](Out out) { emit(window, std::move(out)); });
      closed(window);
    }
  }

  // The watermark that closes the next window; Never() when none does.
  template <class State>
  Timestamp NextClose(const State& state) const {
    if constexpr (HasPanes<Windower>) {
      if (in_panes()) {
        if (state.windows.empty()) return Timestamp::Never();
        const int64_t id = NextWindow(state);
        return windower_.ClosedAt(id, Timestamp::Max()) ? windower_.CloseOf(id)
                                                        : Timestamp::Never();
      }
    }
    return windower_.NextClose(state.windower);
  }
  // The smallest watermark that closes all of them; Min() when none is open.
  template <class State>
  Timestamp LastClose(const State& state) const {
    if constexpr (HasPanes<Windower>) {
      if (in_panes()) {
        if (state.windows.empty()) return Timestamp::Min();
        return windower_.CloseOf(windower_.LastWindowOfPane(state.windows.rbegin()->first));
      }
    }
    return windower_.LastClose(state.windower);
  }

 private:
  using Out = typename Fold::Out;

  template <class Emit>
  void OnValue(Acc& acc, V&& value, int64_t arrival, Emit&& emit) const {
    if constexpr (TakesArrival<Fold>) {
      fold_.OnValue(acc, std::move(value), arrival, emit);
    } else {
      fold_.OnValue(acc, std::move(value), emit);
    }
  }

  template <class Emit>
  void Add(Windows& windows, int64_t id, Timestamp at, V&& value, int64_t arrival,
           Emit&& emit) const {
    auto [place, is_new] = windows.try_emplace(id);
    if constexpr (HasPanes<Windower>) {
      if (is_new) {
        place->second.open = in_panes() ? windower_.PaneOpen(id) : windower_.OpenOf(id);
        place->second.close = in_panes() ? windower_.PaneOpen(id + 1) : windower_.CloseOf(id);
      }
    }
    if (holds_) {
      place->second.held.emplace(std::pair(at, arrival), std::move(value));
      return;
    }
    if (is_new) place->second.acc = fold_.Init();
    OnValue(place->second.acc, std::move(value), arrival, emit);
  }

  // ---- per window ----

  template <class State, class Emit>
  void EnterEach(State& state, Timestamp at, V&& value, Timestamp watermark, int64_t arrival,
                 Emit&& emit) const {
    std::vector<int64_t> ids;
    std::vector<WindowMerge> merges;
    windower_.OpenFor(state.windower, at, watermark, ids, merges);
    for (size_t i = 0; i < ids.size(); ++i) {
      V copy = i + 1 < ids.size() ? V(value) : std::move(value);
      Add(state.windows, ids[i], at, std::move(copy), arrival,
          [&](Out out) { emit(As(state, ids[i], merges), std::move(out)); });
    }
    for (const WindowMerge& merge : merges) Merge(state, merge, emit);
  }

  // Rows that a fold emits before the close carry the window as it is then. A value is folded
  // before the merges that it causes, which the windower's table shows already.
  template <class State>
  ClosedWindow As(const State& state, int64_t id, const std::vector<WindowMerge>& merges) const {
    if (merges.empty()) return windower_.Look(state.windower, id);
    return {.id = id,
            .open = merges.front().joined_open,
            .close = merges.front().joined_close,
            .merged_ids = {}};
  }

  template <class State, class Emit>
  void Merge(State& state, const WindowMerge& merge, Emit&& emit) const {
    auto absorbed = state.windows.extract(merge.absorbed);
    OpenWindow<V, Acc>& survivor = state.windows[merge.survivor];
    if (holds_) {
      survivor.held.merge(absorbed.mapped().held);
      return;
    }
    fold_.OnMerge(survivor.acc, std::move(absorbed.mapped().acc), [&](Out out) {
      emit(windower_.Look(state.windower, merge.survivor), std::move(out));
    });
  }

  // ---- in panes ----

  // The first window of the first pane that has not closed. Panes all of whose windows have closed
  // are gone, so there is one.
  template <class State>
  int64_t NextWindow(const State& state) const {
    return std::max(windower_.FirstWindowOfPane(state.windows.begin()->first),
                    state.windower.closed_through + 1);
  }

  template <class State, class Emit, class Closed>
  void ClosePanes(State& state, Timestamp watermark, Emit&& emit, Closed&& closed) const {
    const int64_t through = windower_.LastClosed(watermark);
    while (!state.windows.empty()) {
      const auto first = state.windows.begin();
      const int64_t id = NextWindow(state);
      if (id > windower_.LastWindowOfPane(first->first)) {
        state.windows.erase(first);
        continue;
      }
      if (id > through) break;
      const ClosedWindow window{
          .id = id, .open = windower_.OpenOf(id), .close = windower_.CloseOf(id), .merged_ids = {}};
      state.windower.closed_through = id;
      fold_.OnClose(Gather(state.windows, id, [&](Out out) { emit(window, std::move(out)); }),
                    [&](Out out) { emit(window, std::move(out)); });
      closed(window);
    }
    // What only the end of input closes can be opened again behind it.
    state.windower.closed_through =
        std::min(state.windower.closed_through, windower_.LastClosed(Timestamp::Max()));
  }

  // What the panes of a window hold together. The windows behind it read them again.
  template <class Emit>
  Acc Gather(const Windows& windows, int64_t id, Emit&& emit) const {
    Acc acc = fold_.Init();
    int64_t place = 0;
    const auto end = windows.upper_bound(windower_.LastPaneOf(id));
    for (auto pane = windows.lower_bound(windower_.FirstPaneOf(id)); pane != end; ++pane) {
      if constexpr (CombinesByType<Fold>()) {
        if (!holds_) fold_.Combine(acc, pane->second.acc);
      }
      for (const auto& [at, value] : pane->second.held) OnValue(acc, V(value), place++, emit);
    }
    return acc;
  }

  const Windower windower_;
  const Fold fold_;
  const bool holds_;
};

}  // namespace tidemark::internal
