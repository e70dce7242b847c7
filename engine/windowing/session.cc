#include "engine/windowing/session.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "base/status.h"

namespace tidemark {

absl::Status SessionWindower::Check() const {
  if (gap.us < 0) {
    return absl::InvalidArgumentError(Cat("gap must not be negative, not ", FormatSpan(gap)));
  }
  return absl::OkStatus();
}

std::string SessionWindower::Describe() const { return Cat("session: ", FormatSpan(gap)); }

void SessionWindower::LateFor(const State& state, Timestamp item, Timestamp watermark,
                              std::vector<int64_t>& ids) const {
  if (ClosesAt(LastWith(state, item), watermark)) ids.push_back(kLateSessionId);
}

Span SessionWindower::LateBy(const State& state, Timestamp item, Timestamp watermark) const {
  return watermark - (LastWith(state, item) + gap);
}

// The last session that opens at `at` or before.
SessionWindower::Place SessionWindower::UpTo(const State& state, Timestamp at) {
  const auto& sessions = state.sessions.entries();
  const auto next = sessions.upper_bound(at);
  return next == sessions.begin() ? nullptr : &*std::prev(next);
}

// The last that opens before `at`.
SessionWindower::Place SessionWindower::Before(const State& state, Timestamp at) {
  const auto& sessions = state.sessions.entries();
  const auto next = sessions.lower_bound(at);
  return next == sessions.begin() ? nullptr : &*std::prev(next);
}

// The first that opens after `at`.
SessionWindower::Place SessionWindower::Behind(const State& state, Timestamp at) {
  const auto& sessions = state.sessions.entries();
  const auto next = sessions.upper_bound(at);
  return next == sessions.end() ? nullptr : &*next;
}

// The last time of the session that `item` would be in.
Timestamp SessionWindower::LastWith(const State& state, Timestamp item) const {
  Timestamp last = item;
  const Place before = UpTo(state, item);
  if (before != nullptr && Reaches(before->second.last, item)) {
    last = std::max(last, before->second.last);
  }
  const Place next = Behind(state, item);
  if (next != nullptr && Reaches(item, next->first)) last = std::max(last, next->second.last);
  return last;
}

void SessionWindower::StretchToOpenAt(State& state, Timestamp open, Timestamp new_open) {
  if (open == new_open) return;
  Session session = state.sessions.Take(open);
  state.open_of[session.id] = new_open;
  state.sessions[new_open] = std::move(session);
}

// Merges `earlier` with the session after it if it reaches it; the earlier open survives.
bool SessionWindower::MergeWithNext(State& state, Timestamp earlier,
                                    std::vector<WindowMerge>& merges) const {
  const Place later = Behind(state, earlier);
  if (later == nullptr || !Reaches(state.sessions.Find(earlier)->last, later->first)) return false;
  Session absorbed = state.sessions.Take(later->first);
  Session& survivor = state.sessions[earlier];
  merges.push_back(
      {.absorbed = absorbed.id, .survivor = survivor.id, .joined_open = {}, .joined_close = {}});
  survivor.last = std::max(survivor.last, absorbed.last);
  std::vector<int64_t> ids = std::move(absorbed.merged_ids);
  ids.push_back(absorbed.id);
  ids.insert(ids.end(), survivor.merged_ids.begin(), survivor.merged_ids.end());
  std::sort(ids.begin(), ids.end());
  survivor.merged_ids = std::move(ids);
  state.open_of.Erase(absorbed.id);
  return true;
}

void SessionWindower::OpenFor(State& state, Timestamp item, Timestamp, std::vector<int64_t>& ids,
                              std::vector<WindowMerge>& merges) const {
  const Place next = Behind(state, item);
  const Place before = UpTo(state, item);
  const bool joins_before = before != nullptr && Reaches(before->second.last, item);
  const bool joins_next = next != nullptr && Reaches(item, next->first);
  if (!joins_before && !joins_next) {
    const int64_t id = state.next_id++;
    state.sessions[item] = Session{.id = id, .last = item, .merged_ids = {}};
    state.open_of[id] = item;
    ids.push_back(id);
    return;
  }
  const bool take_before = joins_before && (!joins_next || before->second.id < next->second.id);
  Timestamp open = take_before ? before->first : item;
  if (!take_before) StretchToOpenAt(state, next->first, item);
  Session joined = *state.sessions.Find(open);
  if (joined.last < item) joined.last = state.sessions[open].last = item;
  ids.push_back(joined.id);
  const Timestamp joined_open = open;
  // Both neighbours are in reach only now; sessions lay more than a gap apart before.
  const Place previous = Before(state, open);
  if (previous != nullptr && Reaches(previous->second.last, open)) open = previous->first;
  const size_t merged = merges.size();
  if (MergeWithNext(state, open, merges)) MergeWithNext(state, open, merges);
  for (size_t i = merged; i < merges.size(); ++i) {
    merges[i].joined_open = joined_open;
    merges[i].joined_close = joined.last;
  }
}

void SessionWindower::MergeAll(State& state, std::vector<WindowMerge>& merges) const {
  if (state.sessions.empty()) return;
  for (Place place = &*state.sessions.entries().begin(); place != nullptr;) {
    const Timestamp open = place->first;
    while (MergeWithNext(state, open, merges)) {
    }
    place = Behind(state, open);
  }
}

void SessionWindower::CloseFor(State& state, Timestamp watermark,
                               std::vector<ClosedWindow>& closed) const {
  while (!state.sessions.empty()) {
    const auto& [open, session] = *state.sessions.entries().begin();
    if (!ClosesAt(session.last, watermark)) return;
    closed.push_back(Look(state, session.id));
    state.open_of.Erase(session.id);
    state.sessions.Erase(closed.back().open);
  }
}

Timestamp SessionWindower::NextClose(const State& state) const {
  if (state.sessions.empty()) return Timestamp::Never();
  const Session& next = state.sessions.entries().begin()->second;
  return ClosesAt(next.last, Timestamp::Max()) ? CloseOf(next) : Timestamp::Never();
}

Timestamp SessionWindower::LastClose(const State& state) const {
  if (state.sessions.empty()) return Timestamp::Min();
  return CloseOf(state.sessions.entries().rbegin()->second);
}

ClosedWindow SessionWindower::Look(const State& state, int64_t id) const {
  const Timestamp* open_of = state.open_of.Find(id);
  const Session* found = open_of == nullptr ? nullptr : state.sessions.Find(*open_of);
  // The exception becomes the step's error.
  if (found == nullptr) throw std::out_of_range(Cat("the stored session ", id, " is missing"));
  const Timestamp open = *open_of;
  const Session& session = *found;
  return {.id = id, .open = open, .close = session.last, .merged_ids = session.merged_ids};
}

}  // namespace tidemark
