#include "tests/oracle/chain_oracle.h"

#include <algorithm>

namespace tidemark::oracle {
namespace {

int64_t FloorDivide(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  if (a % b != 0 && a < 0) --quotient;
  return quotient;
}

bool IsSession(const ChainStep& step) { return step.windows == WindowKind::kSession; }

int64_t OffsetOf(const ChainStep& step) {
  return step.windows == WindowKind::kTumbling ? step.length : step.offset;
}

}  // namespace

int64_t MinusBound(int64_t time, int64_t bound) {
  return time < kMin + bound ? kMin : time - bound;
}

int64_t HandedOn(const ChainStep& step, int64_t watermark) {
  // A session that is still open may end as early as this.
  return IsSession(step) ? MinusBound(watermark, step.gap) : watermark;
}

ChainItem ToItem(const ChainResult& result, const ChainStep& step) {
  return {.at = TimeFor(step.time, result),
          .who = result.who,
          .number = result.number,
          .text = result.text};
}

Row ResultRow(const ChainResult& result) {
  return {KeyText(result.who),
          ResultText(result.open, result.close, std::to_string(result.number) + result.text)};
}

// --- Which windows (§4.1)

std::vector<int64_t> ChainWindows::IdsOf(int64_t at) const {
  const int64_t offset = OffsetOf(step_);
  std::vector<int64_t> ids;
  for (int64_t id = FloorDivide(at - step_.align_to - step_.length, offset) + 1;
       id <= FloorDivide(at - step_.align_to, offset); ++id) {
    ids.push_back(id);
  }
  return ids;
}

ChainWindows::OfKey::Open ChainWindows::WindowOf(int64_t id) const {
  const int64_t open = step_.align_to + id * OffsetOf(step_);
  return {.id = id, .open = open, .close = open + step_.length, .items = {}};
}

// --- Closing and lateness (§4.2, §4.3)

int64_t ChainWindows::ClosingOf(const OfKey::Open& window) const {
  return IsSession(step_) ? window.close + step_.gap + 1 : window.close;
}

bool ChainWindows::SessionIsLate(int64_t at, int64_t watermark, const OfKey& key) const {
  int64_t last = at;
  for (const auto& session : key.windows) {
    const bool joins = at >= session.open - step_.gap && at <= session.close + step_.gap;
    if (joins) last = std::max(last, session.close);
  }
  return last < watermark - step_.gap;
}

void ChainWindows::OnItem(const ChainItem& item, int64_t watermark, std::vector<Row>& late) {
  const int64_t who = item.who % step_.keys;
  OfKey& key = keys_[who];
  const auto is_late_for = [&](int64_t id) {
    late.push_back({KeyText(who), std::to_string(id) + " " + ItemText(item)});
  };
  const bool behind =
      step_.late_when == LateWhen::kBehindWatermark && watermark > kMin && item.at < watermark;
  if (IsSession(step_)) {
    const bool closed = step_.late_when == LateWhen::kWindowClosed && watermark > kMin &&
                        SessionIsLate(item.at, watermark, key);
    if (behind || closed) return is_late_for(-1);
    return EnterSession(item, key);
  }
  for (const int64_t id : IdsOf(item.at)) {
    if (behind || WindowOf(id).close <= watermark) {
      is_late_for(id);
      continue;
    }
    const auto there = std::find_if(key.windows.begin(), key.windows.end(),
                                    [&](const auto& window) { return window.id == id; });
    if (there != key.windows.end()) {
      there->items.push_back(item);
    } else {
      key.windows.push_back(WindowOf(id));
      key.windows.back().items.push_back(item);
    }
  }
}

void ChainWindows::EnterSession(const ChainItem& item, OfKey& key) {
  OfKey::Open joined{.id = 0, .open = item.at, .close = item.at, .items = {item}};
  std::vector<OfKey::Open> apart;
  for (const auto& session : key.windows) {
    // Sessions never lie within gap of each other, so the item alone decides which ones it joins.
    if (item.at < session.open - step_.gap || item.at > session.close + step_.gap) {
      apart.push_back(session);
      continue;
    }
    joined.open = std::min(joined.open, session.open);
    joined.close = std::max(joined.close, session.close);
    joined.items.insert(joined.items.end(), session.items.begin(), session.items.end());
  }
  apart.push_back(joined);
  key.windows = apart;
}

std::vector<ClosedChainWindow> ChainWindows::Close(int64_t watermark) {
  std::vector<ClosedChainWindow> closed;
  for (auto& [who, key] : keys_) {
    std::vector<OfKey::Open> still_open;
    for (const auto& window : key.windows) {
      if (ClosingOf(window) <= watermark) {
        closed.push_back({ClosingOf(window), ResultOf(who, window)});
      } else {
        still_open.push_back(window);
      }
    }
    key.windows = still_open;
  }
  std::sort(closed.begin(), closed.end(), [](const auto& a, const auto& b) {
    return std::pair(a.closing, a.result.who) < std::pair(b.closing, b.result.who);
  });
  return closed;
}

// --- What a window gives, and what goes on

ChainResult ChainWindows::ResultOf(int64_t key, const OfKey::Open& window) const {
  ChainResult result{
      .who = key, .open = window.open, .close = window.close, .number = 0, .text = {}};
  std::vector<std::string> texts;
  for (const ChainItem& item : window.items) {
    result.number += step_.fold == ChainFold::kSum ? item.number : 1;
    texts.push_back(ItemText(item));
  }
  if (step_.fold == ChainFold::kCollect) result.text = CollectedText(texts);
  return result;
}

std::vector<ChainResult> ChainWindows::Passed(ChainResult result) {
  int64_t& running = keys_[result.who].running;
  switch (step_.between) {
    case Between::kNothing:
    case Between::kRedistribute:
      return {result};
    case Between::kMap:
      result.number = Mapped(result.number);
      return {result};
    case Between::kFilter:
      if (IsDropped(result.number)) return {};
      return {result};
    case Between::kRunning:
      result.number = running += result.number;
      return {result};
    case Between::kTwice:
      if (++running % 2 != 0) return {};
      return {result, result};
  }
  return {};
}

}  // namespace tidemark::oracle
