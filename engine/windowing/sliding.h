// SlidingWindower: windows of equal length at equal distances; tumbling when the two are the same.
//
// Window n is [align_to + n * offset, + length): open inclusive, close exclusive; n may be
// negative. Exact integers throughout, also centuries before align_to. Ids ascend with their
// closes.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/timestamp.h"
#include "engine/windowing/windows.h"

namespace tidemark {

struct SlidingWindower {
  Span length;
  Span offset;
  Timestamp align_to;

  // The windows of one key that have been opened and not yet closed.
  struct State {
    std::set<int64_t> open;
    bool operator==(const State&) const = default;
  };

  // InvalidArgument names the parameter.
  absl::Status Check() const;
  std::string Describe() const;

  // Every window that `item` falls into, ascending.
  void WindowsOf(Timestamp item, std::vector<int64_t>& ids) const;
  Timestamp OpenOf(int64_t id) const;
  Timestamp CloseOf(int64_t id) const;
  // A window that reaches beyond the maximum is closed by no watermark, only by Never(), the end of
  // input: an item at the maximum is on time.
  bool ClosedAt(int64_t id, Timestamp watermark) const;

  // Windows of `item` for which it comes too late at `watermark`.
  void LateFor(const State& state, Timestamp item, Timestamp watermark,
               std::vector<int64_t>& ids) const;
  // Opens the windows of `item` that have not closed at `watermark`. No merges here.
  void OpenFor(State& state, Timestamp item, Timestamp watermark, std::vector<int64_t>& ids,
               std::vector<WindowMerge>& merges) const;
  // Takes out what closes at `watermark` (everything at Never()), by closing time, then id.
  void CloseFor(State& state, Timestamp watermark, std::vector<ClosedWindow>& closed) const;
  // The watermark that closes the next window; Never() when none does.
  Timestamp NextClose(const State& state) const;
  // The smallest watermark that closes all of them; Min() when none is open.
  Timestamp LastClose(const State& state) const;
  bool IsEmpty(const State& state) const { return state.open.empty(); }
  ClosedWindow Look(const State& state, int64_t id) const;
  // What a late item is reported under when it is late as a whole.
  void AllOf(Timestamp item, std::vector<int64_t>& ids) const { WindowsOf(item, ids); }
};

}  // namespace tidemark
