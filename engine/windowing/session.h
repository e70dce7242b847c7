// SessionWindower: windows that last as long as items keep coming, and end after a gap without one.
//
// A session is [open, last], both times of items. An item within `gap` of a session (inclusive)
// joins and extends it; sessions within gap of one another merge into the one with the earliest
// open, which keeps its id. The sessions of a key are therefore more than a gap apart, and the
// order of their opens is also the order of their lasts: a neighbour is found in O(log n).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/timestamp.h"
#include "engine/windowing/windows.h"
#include "state/map_state.h"

namespace tidemark {

// One session of a key; its open is its key in the table.
struct OpenSession {
  int64_t id = 0;
  Timestamp last;
  std::vector<int64_t> merged_ids;  // ascending
  bool operator==(const OpenSession&) const = default;
};

// The sessions of one key.
struct SessionTable {
  MapState<Timestamp, OpenSession> sessions;  // by open
  MapState<int64_t, Timestamp> open_of;       // by id
  int64_t next_id = 0;
  bool operator==(const SessionTable&) const = default;
};

struct SessionWindower {
  Span gap;

  using Session = OpenSession;
  using State = SessionTable;
  // Ids increase as long as the key's state lives, so it outlives the sessions.
  static constexpr bool kCountsIds = true;
  // Sessions do not overlap and close in order of time: when one closes, its values are all those
  // with a time up to its last.
  static constexpr bool kApartInTime = true;

  absl::Status Check() const;
  std::string Describe() const;

  // {kLateSessionId} if the item, with the sessions that it would join or bridge, ends more than a
  // gap before the watermark.
  void LateFor(const State& state, Timestamp item, Timestamp watermark,
               std::vector<int64_t>& ids) const;
  // How far `watermark` is past the latest value at which the item would be on time.
  Span LateBy(const State& state, Timestamp item, Timestamp watermark) const;
  // The one session that the item joins or opens (the lowest id of several); `merges` then follow
  // at once, in order of open.
  void OpenFor(State& state, Timestamp item, Timestamp watermark, std::vector<int64_t>& ids,
               std::vector<WindowMerge>& merges) const;
  void CloseFor(State& state, Timestamp watermark, std::vector<ClosedWindow>& closed) const;
  // Never() if no watermark closes one.
  Timestamp NextClose(const State& state) const;
  Timestamp LastClose(const State& state) const;
  bool IsEmpty(const State& state) const { return state.sessions.empty(); }
  ClosedWindow Look(const State& state, int64_t id) const;
  void AllOf(Timestamp, std::vector<int64_t>& ids) const { ids.push_back(kLateSessionId); }
  int64_t CountOf(Timestamp) const { return 1; }

  // Merges all sessions within gap of one another, whatever the table holds.
  void MergeAll(State& state, std::vector<WindowMerge>& merges) const;

 private:
  // last < watermark - gap. A session that could still be joined at the maximum is closed by no
  // watermark, only by Never(), the end of input.
  bool ClosesAt(Timestamp last, Timestamp watermark) const {
    return watermark.is_never() || (watermark > last && (watermark - last).us > gap.us);
  }
  // The smallest watermark that closes it; the maximum if none does.
  Timestamp CloseOf(const Session& session) const { return session.last + gap + Span::Micros(1); }
  bool Reaches(Timestamp earlier_last, Timestamp later_open) const {
    return later_open <= earlier_last + gap;
  }
  Timestamp LastWith(const State& state, Timestamp item) const;
  // An open and its session; null where there is none.
  using Place = const std::pair<const Timestamp, Session>*;
  static Place UpTo(const State& state, Timestamp at);
  static Place Before(const State& state, Timestamp at);
  static Place Behind(const State& state, Timestamp at);
  // Sessions are named by their opens.
  bool MergeWithNext(State& state, Timestamp earlier, std::vector<WindowMerge>& merges) const;
  static void StretchToOpenAt(State& state, Timestamp open, Timestamp new_open);
};

}  // namespace tidemark
