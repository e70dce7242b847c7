// WindowKeeper: what the open windows of a key hold, and what becomes of it when they close.
//
// Three ways to hold a window's values; which one is decided when the step is built:
//
//   per window   each window has an accumulator, and an item is folded into all of its windows
//   in panes     each pane of sliding windows (engine/windowing/sliding.h) has an accumulator, and
//                an item is folded into one; a window combines its panes when it closes. For folds
//                that can be combined in any order (kCombines)
//   held         values are kept as they are, in order of time, then arrival, and folded at the
//                close. Where the time of a value tells its windows (panes, sessions) all of them
//                are in one queue of the key, each once; a windower of the user's keeps them by
//                window
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "engine/windowing/windows.h"
#include "state/map_state.h"
#include "state/time_queue.h"
#include "tidemark/windowed.h"

namespace tidemark::internal {

// What one window or pane holds.
template <class V, class Acc>
struct OpenWindow {
  // For people who look into the state; where a window may still grow, its windower knows.
  std::optional<Timestamp> open, close;
  Acc acc{};
  std::map<std::pair<Timestamp, int64_t>, V> held;  // where they are kept by window
};

template <class Windower>
concept HasPanes = requires(const Windower& windower, Timestamp at) {
  windower.FirstWindowOfPane(windower.PaneOf(at));
};

// Windows lie apart in time and close in that order, so all values up to the last of one that
// closes are its own.
template <class Windower>
concept ApartInTime = requires {
  requires Windower::kApartInTime;
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
  using Windows = MapState<int64_t, OpenWindow<V, Acc>>;
  // Values that are held are in `values` of the state, and not in its windows.
  static constexpr bool kHoldsByTime = HasPanes<Windower> || ApartInTime<Windower>;
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
        return Add(state, windower_.PaneOf(at), at, std::move(value), arrival,
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
      OpenWindow<V, Acc> kept = TakeWindow(state, window.id);
      Acc acc = std::move(kept.acc);
      if (holds_) {
        acc = fold_.Init();
        int64_t place = 0;
        const auto fold = [&](V value) {
          OnValue(acc, std::move(value), place++, [&](Out out) { emit(window, std::move(out)); });
        };
        for (auto& [at, value] : kept.held) fold(std::move(value));
        if constexpr (kHoldsByTime) state.values.TakeThrough(window.close, fold);
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
        return windower_.CloseOf(
            windower_.LastWindowOfPane(state.windows.entries().rbegin()->first));
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

  template <class State, class Emit>
  void Add(State& state, int64_t id, Timestamp at, V&& value, int64_t arrival, Emit&& emit) const {
    if constexpr (kHoldsByTime) {
      if (holds_) {
        // A window that is there does not change, so nothing of it is written.
        if (!state.windows.contains(id)) Open(state.windows[id], id);
        return state.values.Insert({at, arrival}, std::move(value));
      }
    }
    const auto [window, is_new] = state.windows.FindOrAdd(id);
    if (is_new) Open(*window, id);
    if (holds_) {
      window->held.emplace(std::pair(at, arrival), std::move(value));
      return;
    }
    if (is_new) window->acc = fold_.Init();
    OnValue(window->acc, std::move(value), arrival, emit);
  }

  void Open(OpenWindow<V, Acc>& window, int64_t id) const {
    if constexpr (HasPanes<Windower>) {
      window.open = in_panes() ? windower_.PaneOpen(id) : windower_.OpenOf(id);
      window.close = in_panes() ? windower_.PaneOpen(id + 1) : windower_.CloseOf(id);
    }
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
      Add(state, ids[i], at, std::move(copy), arrival,
          [&](Out out) { emit(As(state, ids[i], merges), std::move(out)); });
    }
    for (const WindowMerge& merge : merges) Merge(state, merge, emit);
  }

  // Rows that a fold emits before the close carry the window as it is then. A value is folded
  // before the merges that it causes, which the windower's table shows already.
  template <class State>
  static OpenWindow<V, Acc> TakeWindow(State& state, int64_t id) {
    // Only where stored rows contradict each other; the exception becomes the step's error.
    if (!state.windows.contains(id))
      throw std::out_of_range(Cat("the stored window ", id, " is missing"));
    return state.windows.Take(id);
  }

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
    OpenWindow<V, Acc> absorbed = TakeWindow(state, merge.absorbed);
    if (holds_ && kHoldsByTime) return;
    OpenWindow<V, Acc>& survivor = state.windows[merge.survivor];
    if (holds_) {
      survivor.held.merge(absorbed.held);
      return;
    }
    fold_.OnMerge(survivor.acc, std::move(absorbed.acc), [&](Out out) {
      emit(windower_.Look(state.windower, merge.survivor), std::move(out));
    });
  }

  // ---- in panes ----

  // The first window of the first pane that has not closed. Panes all of whose windows have closed
  // are gone, so there is one.
  template <class State>
  int64_t NextWindow(const State& state) const {
    return std::max(windower_.FirstWindowOfPane(state.windows.entries().begin()->first),
                    state.windower.closed_through + 1);
  }

  template <class State, class Emit, class Closed>
  void ClosePanes(State& state, Timestamp watermark, Emit&& emit, Closed&& closed) const {
    const int64_t through = windower_.LastClosed(watermark);
    while (!state.windows.empty()) {
      const int64_t first = state.windows.entries().begin()->first;
      const int64_t id = NextWindow(state);
      if (id > windower_.LastWindowOfPane(first)) {
        state.windows.Erase(first);
        state.values.DropWhile([&](Timestamp at) { return windower_.PaneOf(at) <= first; });
        continue;
      }
      if (id > through) break;
      const ClosedWindow window{
          .id = id, .open = windower_.OpenOf(id), .close = windower_.CloseOf(id), .merged_ids = {}};
      state.windower.closed_through = id;
      fold_.OnClose(Gather(state, id, [&](Out out) { emit(window, std::move(out)); }),
                    [&](Out out) { emit(window, std::move(out)); });
      closed(window);
    }
    // What only the end of input closes can be opened again behind it.
    state.windower.closed_through =
        std::min(state.windower.closed_through, windower_.LastClosed(Timestamp::Max()));
  }

  // What the panes of a window hold together. The windows behind it read them again.
  template <class State, class Emit>
  Acc Gather(const State& state, int64_t id, Emit&& emit) const {
    Acc acc = fold_.Init();
    const int64_t first = windower_.FirstPaneOf(id), last = windower_.LastPaneOf(id);
    if (holds_) {
      int64_t place = 0;
      state.values.ForEachFrom(windower_.PaneOpen(first), [&](Timestamp at, const V& value) {
        const int64_t pane = windower_.PaneOf(at);
        if (pane > last) return false;
        // Edges beyond the end of time are shown at it.
        if (pane >= first) OnValue(acc, V(value), place++, emit);
        return true;
      });
      return acc;
    }
    if constexpr (CombinesByType<Fold>()) {
      const auto& panes = state.windows.entries();
      const auto end = panes.upper_bound(last);
      for (auto pane = panes.lower_bound(first); pane != end; ++pane) {
        fold_.Combine(acc, pane->second.acc);
      }
    }
    return acc;
  }

  const Windower windower_;
  const Fold fold_;
  const bool holds_;
};

}  // namespace tidemark::internal
