// SlidingWindower: windows of equal length at equal distances; tumbling when the two are the same.
//
// Window n is [align_to + n * offset, + length): open inclusive, close exclusive; n may be
// negative. Exact integers throughout, even centuries before align_to. Ids ascend with their
// closes.
//
// Panes: between two edges of windows, all items fall into the same windows. An item is therefore
// kept once, in its pane, however many windows overlap there, and a window is the union of its
// panes:
//
//   pane:      | 6 | 7 | 8 |        length 3, offset 1: window 6 is panes 6, 7 and 8
//
// If the length is not a multiple of the offset, there are two panes for each offset, numbered
// consecutively.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/timestamp.h"
#include "engine/windowing/windows.h"
#include "state/map_state.h"

namespace tidemark {

struct SlidingWindower {
  Span length;
  Span offset;
  Timestamp align_to;

  struct State {
    // The windows of one key that have been opened and not yet closed; not used with panes.
    SetState<int64_t> open;
    // With panes: windows up to this one are closed.
    int64_t closed_through = std::numeric_limits<int64_t>::min();
    bool operator==(const State&) const = default;
  };

  // InvalidArgument names the parameter.
  absl::Status Check() const;
  std::string Describe() const;

  // Windows that have closed at `watermark` are those up to this one.
  int64_t LastClosed(Timestamp watermark) const;
  int64_t FirstWindowOf(Timestamp item) const;
  int64_t LastWindowOf(Timestamp item) const;
  // Every window that `item` falls into, ascending.
  void WindowsOf(Timestamp item, std::vector<int64_t>& ids) const;
  Timestamp OpenOf(int64_t id) const;
  Timestamp CloseOf(int64_t id) const;
  // A window that extends beyond the maximum is closed by no watermark, only by Never(), the end of
  // input: an item at the maximum is on time.
  bool ClosedAt(int64_t id, Timestamp watermark) const;

  // Windows of `item` for which it is late at `watermark`.
  void LateFor(const State& state, Timestamp item, Timestamp watermark,
               std::vector<int64_t>& ids) const;
  // How far `watermark` is past the latest value at which all windows of `item` are open.
  Span LateBy(const State&, Timestamp item, Timestamp watermark) const {
    return watermark - (CloseOf(FirstWindowOf(item)) - Span::Micros(1));
  }
  // Opens the windows of `item` that have not closed at `watermark`. No merges here.
  void OpenFor(State& state, Timestamp item, Timestamp watermark, std::vector<int64_t>& ids,
               std::vector<WindowMerge>& merges) const;
  // Removes the windows that close at `watermark` (all at Never()), by closing time, then id.
  void CloseFor(State& state, Timestamp watermark, std::vector<ClosedWindow>& closed) const;
  // The watermark that closes the next window; Never() if none does.
  Timestamp NextClose(const State& state) const;
  // The smallest watermark that closes all of them; Min() if none is open.
  Timestamp LastClose(const State& state) const;
  bool IsEmpty(const State& state) const { return state.open.empty(); }
  ClosedWindow Look(const State& state, int64_t id) const;
  // The ids under which an item is reported that is late as a whole, and its lateness.
  void AllOf(Timestamp item, std::vector<int64_t>& ids) const { WindowsOf(item, ids); }
  int64_t CountOf(Timestamp item) const { return LastWindowOf(item) - FirstWindowOf(item) + 1; }

  // ---- panes ----
  int64_t PaneOf(Timestamp item) const;
  Timestamp PaneOpen(int64_t pane) const;
  int64_t FirstPaneOf(int64_t window) const;
  int64_t LastPaneOf(int64_t window) const;
  int64_t FirstWindowOfPane(int64_t pane) const;
  int64_t LastWindowOfPane(int64_t pane) const;

 private:
  int64_t PanesPerOffset() const { return length.us % offset.us == 0 ? 1 : 2; }
};

}  // namespace tidemark
