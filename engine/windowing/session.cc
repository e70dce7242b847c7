#include "engine/windowing/session.h"

#include <algorithm>
#include <iterator>

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

// The last time of the session that `item` would be in.
Timestamp SessionWindower::LastWith(const State& state, Timestamp item) const {
  Timestamp last = item;
  auto next = state.sessions.upper_bound(item);
  if (next != state.sessions.begin()) {
    const Session& before = std::prev(next)->second;
    if (Reaches(before.last, item)) last = std::max(last, before.last);
  }
  if (next != state.sessions.end() && Reaches(item, next->first)) {
    last = std::max(last, next->second.last);
  }
  return last;
}

SessionWindower::Place SessionWindower::StretchToOpenAt(State& state, Place place,
                                                        Timestamp open) const {
  auto node = state.sessions.extract(place);
  node.key() = open;
  state.open_of[node.mapped().id] = open;
  return state.sessions.insert(std::move(node)).position;
}

// Merges `earlier` with the session behind it if it reaches it; the earlier open survives.
SessionWindower::Place SessionWindower::MergeWithNext(State& state, Place earlier,
                                                      std::vector<WindowMerge>& merges) const {
  const auto later = std::next(earlier);
  if (later == state.sessions.end() || !Reaches(earlier->second.last, later->first)) return earlier;
  Session& survivor = earlier->second;
  Session& absorbed = later->second;
  merges.push_back(
      {.absorbed = absorbed.id, .survivor = survivor.id, .joined_open = {}, .joined_close = {}});
  survivor.last = std::max(survivor.last, absorbed.last);
  std::vector<int64_t> ids = std::move(absorbed.merged_ids);
  ids.push_back(absorbed.id);
  ids.insert(ids.end(), survivor.merged_ids.begin(), survivor.merged_ids.end());
  std::sort(ids.begin(), ids.end());
  survivor.merged_ids = std::move(ids);
  state.open_of.erase(absorbed.id);
  state.sessions.erase(later);
  return earlier;
}

void SessionWindower::OpenFor(State& state, Timestamp item, Timestamp, std::vector<int64_t>& ids,
                              std::vector<WindowMerge>& merges) const {
  const auto next = state.sessions.upper_bound(item);
  const auto before = next == state.sessions.begin() ? state.sessions.end() : std::prev(next);
  const bool joins_before = before != state.sessions.end() && Reaches(before->second.last, item);
  const bool joins_next = next != state.sessions.end() && Reaches(item, next->first);
  if (!joins_before && !joins_next) {
    const int64_t id = state.next_id++;
    state.sessions[item] = Session{.id = id, .last = item, .merged_ids = {}};
    state.open_of[id] = item;
    ids.push_back(id);
    return;
  }
  const bool take_before = joins_before && (!joins_next || before->second.id < next->second.id);
  Place joined = take_before ? before : StretchToOpenAt(state, next, std::min(next->first, item));
  joined->second.last = std::max(joined->second.last, item);
  ids.push_back(joined->second.id);
  const Timestamp open = joined->first;
  const Timestamp last = joined->second.last;
  // Both neighbours are in reach only now; sessions lay more than a gap apart before.
  if (joined != state.sessions.begin()) {
    const auto previous = std::prev(joined);
    if (Reaches(previous->second.last, joined->first)) joined = previous;
  }
  const size_t merged = merges.size();
  joined = MergeWithNext(state, joined, merges);
  if (merges.size() > merged) MergeWithNext(state, joined, merges);
  for (size_t i = merged; i < merges.size(); ++i) {
    merges[i].joined_open = open;
    merges[i].joined_close = last;
  }
}

void SessionWindower::MergeAll(State& state, std::vector<WindowMerge>& merges) const {
  for (auto place = state.sessions.begin(); place != state.sessions.end();) {
    const size_t merged = merges.size();
    place = MergeWithNext(state, place, merges);
    if (merges.size() == merged) ++place;
  }
}

void SessionWindower::CloseFor(State& state, Timestamp watermark,
                               std::vector<ClosedWindow>& closed) const {
  while (!state.sessions.empty()) {
    const auto first = state.sessions.begin();
    if (!ClosesAt(first->second.last, watermark)) return;
    closed.push_back(Look(state, first->second.id));
    state.open_of.erase(first->second.id);
    state.sessions.erase(first);
  }
}

Timestamp SessionWindower::NextClose(const State& state) const {
  if (state.sessions.empty()) return Timestamp::Never();
  const Session& next = state.sessions.begin()->second;
  return ClosesAt(next.last, Timestamp::Max()) ? CloseOf(next) : Timestamp::Never();
}

Timestamp SessionWindower::LastClose(const State& state) const {
  return state.sessions.empty() ? Timestamp::Min() : CloseOf(state.sessions.rbegin()->second);
}

ClosedWindow SessionWindower::Look(const State& state, int64_t id) const {
  const Timestamp open = state.open_of.at(id);
  const Session& session = state.sessions.at(open);
  return {.id = id, .open = open, .close = session.last, .merged_ids = session.merged_ids};
}

}  // namespace tidemark
