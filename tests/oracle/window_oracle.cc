#include "tests/oracle/window_oracle.h"

#include <algorithm>

#include "tests/oracle/oracle_values.h"

namespace tidemark::oracle {
namespace {

int64_t Clamp(Wide t) { return static_cast<int64_t>(std::clamp<Wide>(t, kMin, kMax)); }

Wide FloorDivide(Wide a, Wide b) {
  Wide quotient = a / b;
  if (a % b != 0 && a < 0) --quotient;
  return quotient;
}

}  // namespace

// --- Clock (§3.1, §3.2)

Wide WindowModel::Watermark(Instant now) const {
  if (spec_.clock == ClockKind::kSystem) return now.reading;
  if (spec_.clock == ClockKind::kStream) return now.stream;
  return std::min<Wide>(kMax, base_ + std::max<Wide>(0, Wide{now.job} - at_));
}

void WindowModel::TakeTime(int64_t at, Instant now) {
  if (!clock_made_) {
    clock_made_ = true;
    base_ = kMin;
    at_ = now.job;
  }
  if (spec_.clock != ClockKind::kEvent || spec_.bound == kForever) return;
  const Wide candidate = Wide{at} - spec_.bound;
  if (candidate < kMin) return;
  if (candidate > Watermark(now) || spec_.mutant == Mutant::kWatermarkFollowsNewest) {
    base_ = candidate;
    at_ = now.job;
  }
}

void WindowModel::OnResume(Instant, int64_t down_time) {
  if (spec_.mutant == Mutant::kDownTimeMovesWatermark) at_ -= down_time;
}

// --- Which windows (§4.1)

std::vector<int64_t> WindowModel::IdsOf(int64_t at) const {
  const Wide offset = spec_.windows == WindowKind::kTumbling ? spec_.length : spec_.offset;
  Wide first = FloorDivide(Wide{at} - spec_.align_to - spec_.length, offset) + 1;
  Wide last = FloorDivide(Wide{at} - spec_.align_to, offset);
  if (spec_.mutant == Mutant::kDivisionTruncates) {
    first = (Wide{at} - spec_.align_to - spec_.length) / offset + 1;
    last = (Wide{at} - spec_.align_to) / offset;
  }
  std::vector<int64_t> ids;
  for (Wide id = first; id <= last; ++id) ids.push_back(static_cast<int64_t>(id));
  return ids;
}

Wide WindowModel::CloseOf(int64_t id) const {
  const Wide offset = spec_.windows == WindowKind::kTumbling ? spec_.length : spec_.offset;
  return spec_.align_to + id * offset + spec_.length;
}

bool WindowModel::Within(const Open& session, int64_t at) const {
  return at >= session.open - spec_.gap && at <= session.close + spec_.gap;
}

// --- Closing and lateness (§4.2, §4.3)

bool WindowModel::Closed(Wide close, Wide watermark) const {
  if (spec_.windows == WindowKind::kSession) {
    if (spec_.gap == kForever) return false;
    if (spec_.mutant == Mutant::kSessionClosesAtGap) return close <= watermark - spec_.gap;
    return close < watermark - spec_.gap;
  }
  return spec_.mutant == Mutant::kCloseExclusive ? close < watermark : close <= watermark;
}

bool WindowModel::SessionIsLate(int64_t at, Wide watermark) const {
  Wide last = at;
  for (const Open& session : open_) {
    if (Within(session, at)) last = std::max(last, session.close);
  }
  return Closed(last, watermark);
}

void WindowModel::Late(const Item& item, int64_t id, Rows& rows) const {
  rows.late.push_back({key_, std::to_string(id) + " " + item.value});
}

// --- Item by item (§4.5)

void WindowModel::OnItem(const Item& item, Instant now, Rows& rows) {
  key_ = item.key;
  RunTo(now, rows);  // What time alone has brought about came first.
  const int64_t at = spec_.clock == ClockKind::kSystem ? now.reading : item.at;
  TakeTime(at, now);
  const Wide watermark = Watermark(now);
  const Held held{item, at, next_arrival_++};
  const bool session = spec_.windows == WindowKind::kSession;
  bool late = false;
  if (spec_.late_when == LateWhen::kBehindWatermark) {
    late = spec_.mutant == Mutant::kLateAtWatermark ? at <= watermark : at < watermark;
    if (late && session) Late(item, -1, rows);
    if (late && !session) {
      for (const int64_t id : IdsOf(at)) Late(item, id, rows);
    }
    if (!late && spec_.order == ValueOrder::kTimestamp) {
      queue_.push_back(held);
    } else if (!late) {
      Enter(held, rows);
    }
  } else if (session) {
    late = SessionIsLate(at, watermark);
    if (late) Late(item, -1, rows);
    if (!late) Enter(held, rows);
  } else {
    const std::vector<int64_t> ids = IdsOf(at);
    for (const int64_t id : ids) {
      if (Closed(CloseOf(id), watermark)) {
        late = true;
        Late(item, id, rows);
      }
    }
    if (!late || spec_.mutant != Mutant::kLateForAllWindows) Enter(held, rows, watermark);
  }
  if (late && kept_since_ && spec_.mutant == Mutant::kLateItemProlongs) kept_since_ = TimeIn(now);
  Settle(now, rows);
}

void WindowModel::SortByTime(std::vector<Held>& items) const {
  const bool reversed = spec_.mutant == Mutant::kEqualTimestampsReversed;
  std::sort(items.begin(), items.end(), [&](const Held& a, const Held& b) {
    if (a.at != b.at) return a.at < b.at;
    return reversed ? a.arrival > b.arrival : a.arrival < b.arrival;
  });
}

int64_t WindowModel::TimeIn(Instant now) const {
  if (spec_.clock == ClockKind::kSystem) return now.reading;
  if (spec_.clock == ClockKind::kStream) return now.stream;
  return now.job;
}

void WindowModel::OnTime(Instant now, Rows& rows) {
  const int64_t at = std::min(due(), TimeIn(now));
  if (spec_.clock == ClockKind::kSystem) now.reading = at;
  if (spec_.clock == ClockKind::kStream) now.stream = at;
  if (spec_.clock == ClockKind::kEvent) now.job = at;
  Settle(now, rows);
}

void WindowModel::RunTo(Instant now, Rows& rows) {
  while (clock_made_ && due() <= TimeIn(now)) {
    const int64_t before = due();
    OnTime(now, rows);
    if (due() == before) return;  // a wrong model does not get on
  }
}

void WindowModel::Settle(Instant now, Rows& rows) {
  if (!clock_made_) return;
  const Wide watermark = Watermark(now);
  SortByTime(queue_);
  while (!queue_.empty() && queue_.front().at <= watermark) {
    const Held held = queue_.front();
    queue_.erase(queue_.begin());
    Enter(held, rows);
  }
  std::vector<Open> closed, still_open;
  for (const Open& window : open_) {
    (Closed(window.close, watermark) ? closed : still_open).push_back(window);
  }
  open_ = still_open;
  EmitClosed(closed, rows);

  if (!open_.empty() || !queue_.empty()) {
    kept_since_.reset();
    return;
  }
  if (!kept_since_) kept_since_ = TimeIn(now);
  // A clock that all keys share is not the key's: nothing is kept for it, but for what the sessions
  // of a key are counted by under the system's clock.
  const bool keeps = spec_.clock == ClockKind::kEvent || KeepsCount();
  const int64_t keep = keeps ? spec_.keep_watermark_for : 0;
  if ((keep != kForever && Wide{TimeIn(now)} - *kept_since_ >= keep) ||
      spec_.mutant == Mutant::kKeepWatermarkIgnored) {
    const std::string key = key_;
    *this = WindowModel(spec_);
    key_ = key;
  }
}

int64_t WindowModel::due() const {
  Wide t = Wide{kForever} * 4;
  if (kept_since_) {
    const Wide end = Wide{*kept_since_} + spec_.keep_watermark_for;
    return spec_.keep_watermark_for == kForever || end > kMax ? kForever
                                                              : static_cast<int64_t>(end);
  }
  const bool session = spec_.windows == WindowKind::kSession;
  for (const Open& window : open_) {
    t = std::min(t, session ? window.close + spec_.gap + 1 : window.close);
  }
  for (const Held& held : queue_) t = std::min<Wide>(t, held.at);
  if (t > kMax) return kForever;
  if (spec_.clock != ClockKind::kEvent) return static_cast<int64_t>(t);
  const Wide when = at_ + std::max<Wide>(0, t - base_);
  return when > kMax ? kForever : static_cast<int64_t>(when);
}

int64_t WindowModel::OnEnd(Instant now, Rows& rows) {
  RunTo(now, rows);
  if (spec_.at_eof == AtEof::kKeep || open_.size() + queue_.size() == 0) return kMin;
  while (!queue_.empty()) {
    const Held held = queue_.front();
    queue_.erase(queue_.begin());
    Enter(held, rows);
  }
  Wide rise = kMin;
  for (const Open& window : open_) {
    const bool session = spec_.windows == WindowKind::kSession;
    rise = std::max(rise, session ? window.close + spec_.gap + 1 : window.close);
  }
  EmitClosed(open_, rows);
  open_.clear();
  if (spec_.clock == ClockKind::kEvent && Clamp(rise) > Watermark(now) &&
      spec_.mutant != Mutant::kEndForgetsWatermark) {
    base_ = Clamp(rise);
    at_ = now.job;
  }
  // The clock of the step is where the last of them closes.
  if (spec_.clock == ClockKind::kSystem && Clamp(rise) < kMax) {
    now.reading = static_cast<int64_t>(rise);
  }
  Settle(now, rows);
  // What no watermark closes raises the clock of one key to the end of time, but not that of all.
  return Clamp(rise) == kMax ? kMin : Clamp(rise);
}

// --- Into the windows (§4.1, §4.4)

void WindowModel::Enter(const Held& held, Rows& rows, Wide closed_up_to) {
  if (spec_.windows == WindowKind::kSession) return EnterSession(held, rows);
  for (const int64_t id : IdsOf(held.at)) {
    if (Closed(CloseOf(id), closed_up_to)) continue;
    auto window = std::find_if(open_.begin(), open_.end(), [&](auto& w) { return w.id == id; });
    if (window == open_.end()) {
      Open fresh;
      fresh.id = id;
      fresh.open = CloseOf(id) - spec_.length;
      fresh.close = CloseOf(id);
      window = open_.insert(open_.end(), fresh);
    }
    AddTo(*window, held, rows);
  }
}

void WindowModel::EnterSession(const Held& held, Rows& rows) {
  std::vector<Open> touched, others;
  for (const Open& session : open_) {
    (Within(session, held.at) ? touched : others).push_back(session);
  }
  if (touched.empty()) {
    Open fresh;
    fresh.id = next_session_++;
    fresh.open = fresh.close = held.at;
    touched.push_back(fresh);
  }
  std::sort(touched.begin(), touched.end(), [](auto& a, auto& b) { return a.id < b.id; });
  Open& joined = touched.front();
  joined.open = std::min<Wide>(joined.open, held.at);
  joined.close = std::max<Wide>(joined.close, held.at);
  AddTo(joined, held, rows);

  std::stable_sort(touched.begin(), touched.end(),
                   [](auto& a, auto& b) { return a.open < b.open; });
  if (spec_.mutant == Mutant::kMergeKeepsLater) std::reverse(touched.begin(), touched.end());
  Open survivor = touched.front();
  for (size_t i = 1; i < touched.size(); ++i) {
    const Open& absorbed = touched[i];
    survivor.open = std::min(survivor.open, absorbed.open);
    survivor.close = std::max(survivor.close, absorbed.close);
    survivor.merged_ids.push_back(absorbed.id);
    for (const int64_t id : absorbed.merged_ids) {
      if (spec_.mutant != Mutant::kMergedIdsDirectOnly) survivor.merged_ids.push_back(id);
    }
    std::sort(survivor.merged_ids.begin(), survivor.merged_ids.end());
    survivor.held.insert(survivor.held.end(), absorbed.held.begin(), absorbed.held.end());
    // Held values are joined without calling merge.
    if (absorbed.folded.any) MergeInto(survivor.folded, absorbed.folded, survivor, rows);
  }
  others.push_back(survivor);
  open_ = others;
}

void WindowModel::AddTo(Open& window, const Held& held, Rows& rows) {
  const bool hold =
      spec_.order == ValueOrder::kTimestamp && spec_.late_when == LateWhen::kWindowClosed;
  if (hold) {
    window.held.push_back(held);
  } else {
    FoldInto(window.folded, held.item, window, rows);
  }
}

void WindowModel::EmitClosed(std::vector<Open> closed, Rows& rows) {
  std::sort(closed.begin(), closed.end(), [](const Open& a, const Open& b) {
    return a.close != b.close ? a.close < b.close : a.id < b.id;
  });
  for (Open& window : closed) {
    SortByTime(window.held);
    for (const Held& one : window.held) FoldInto(window.folded, one.item, window, rows);
    switch (spec_.fold) {
      case FoldKind::kCollect:
        Result(window, "[" + window.folded.text + "]", rows);
        break;
      case FoldKind::kCount:
        Result(window, std::to_string(window.folded.count), rows);
        break;
      case FoldKind::kReduce:
      case FoldKind::kFold:
      case FoldKind::kReduceAnyOrder:
      case FoldKind::kFoldAnyOrder:
      case FoldKind::kMax:
      case FoldKind::kMin:
        Result(window, window.folded.text, rows);
        break;
      case FoldKind::kJoin:
        if (spec_.join.emit == JoinEmit::kFinal) JoinRows(window.folded, window, rows);
        break;
    }
    std::string text = std::to_string(window.id) + " " + Extent(window);
    for (const int64_t id : window.merged_ids) text += " " + std::to_string(id);
    rows.metadata.push_back({key_, text});
  }
}

std::string WindowModel::Extent(const Open& window) const {
  return std::to_string(Clamp(window.open)) + ".." + std::to_string(Clamp(window.close));
}

void WindowModel::Result(const Open& window, const std::string& value, Rows& rows) {
  rows.results.push_back({key_, std::to_string(window.id) + " " + Extent(window) + " " + value});
}

// --- Folds and joins (§5, §6)

void WindowModel::FoldInto(Folded& folded, const Item& item, const Open& window, Rows& rows) {
  if (!folded.any) folded.sides.resize(spec_.join.sides);
  ++folded.count;
  switch (spec_.fold) {
    case FoldKind::kCount:
      break;
    case FoldKind::kCollect:
      folded.text += (folded.any ? " " : "") + item.value;
      break;
    case FoldKind::kReduce:
      folded.text = folded.any ? ReducedText(folded.text, item.value) : item.value;
      break;
    case FoldKind::kFold:
      folded.text = (folded.any ? folded.text : "/") + item.value;
      break;
    case FoldKind::kReduceAnyOrder:
      folded.text = folded.any ? AnyOrderText(folded.text, item.value) : item.value;
      break;
    case FoldKind::kFoldAnyOrder:
      folded.text = AnyOrderText(folded.text, item.value);
      break;
    case FoldKind::kMax:
      if (!folded.any || RankOf(item.value) > RankOf(folded.text)) folded.text = item.value;
      break;
    case FoldKind::kMin:
      if (!folded.any || RankOf(item.value) < RankOf(folded.text)) folded.text = item.value;
      break;
    case FoldKind::kJoin:
      Insert(spec_.join.insert, item.value, folded.sides[item.side]);
      break;
  }
  folded.any = true;
  if (spec_.fold == FoldKind::kJoin) AfterJoinChange(folded, window, rows);
}

void WindowModel::MergeInto(Folded& into, const Folded& from, const Open& window, Rows& rows) {
  into.count += from.count;
  switch (spec_.fold) {
    case FoldKind::kCount:
      break;
    case FoldKind::kCollect:
      into.text += " " + from.text;
      break;
    case FoldKind::kReduce:
      into.text = ReducedText(into.text, from.text);
      break;
    case FoldKind::kFold:
      into.text = "{" + into.text + "+" + from.text + "}";
      break;
    case FoldKind::kReduceAnyOrder:
    case FoldKind::kFoldAnyOrder:
      into.text = AnyOrderText(into.text, from.text);
      break;
    case FoldKind::kMax:
      if (RankOf(from.text) > RankOf(into.text)) into.text = from.text;
      break;
    case FoldKind::kMin:
      if (RankOf(from.text) < RankOf(into.text)) into.text = from.text;
      break;
    case FoldKind::kJoin:
      for (uint32_t side = 0; side < spec_.join.sides; ++side) {
        std::vector<std::string> values = into.sides[side];
        std::vector<std::string> later = from.sides[side];
        if (spec_.mutant == Mutant::kJoinMergeReversed) std::swap(values, later);
        values.insert(values.end(), later.begin(), later.end());
        into.sides[side].clear();
        for (const std::string& value : values) {
          Insert(spec_.join.insert, value, into.sides[side]);
        }
      }
      AfterJoinChange(into, window, rows);
      break;
  }
}

void WindowModel::AfterJoinChange(Folded& folded, const Open& window, Rows& rows) {
  if (spec_.join.emit == JoinEmit::kRunning) JoinRows(folded, window, rows);
  if (spec_.join.emit == JoinEmit::kComplete && AllSides(folded.sides)) {
    JoinRows(folded, window, rows);
    for (auto& side : folded.sides) side.clear();
  }
}

void WindowModel::JoinRows(const Folded& folded, const Open& window, Rows& rows) {
  for (const auto& row : Product(folded.sides)) Result(window, RowText(row), rows);
}

}  // namespace tidemark::oracle
