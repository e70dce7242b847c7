// Batch and join, said a second time.

#include <algorithm>

#include "tests/oracle/oracle_values.h"
#include "tests/oracle/window_oracle.h"

namespace tidemark::oracle {

// --- Batch (§2)

void BatchModel::OnItem(const Item& item, Instant now, Rows& rows) {
  key_ = item.key;
  OnTime(now, rows);
  if (values_.empty()) first_ = now.wall;
  newest_ = now.wall;
  values_.push_back(item.value);
  if (spec_.max_items > 0 && static_cast<int64_t>(values_.size()) >= spec_.max_items) {
    EmitList(rows);
  }
}

void BatchModel::OnTime(Instant now, Rows& rows) {
  if (due() <= now.wall) EmitList(rows);
}

int64_t BatchModel::OnEnd(Instant now, Rows& rows) {
  OnTime(now, rows);
  if (!values_.empty()) EmitList(rows);
  return kMin;
}

// A deadline is at most its limit ahead of the resumed now.
void BatchModel::OnResume(Instant now, int64_t) {
  first_ = std::min(first_, now.wall);
  newest_ = std::min(newest_, now.wall);
}

int64_t BatchModel::due() const {
  if (values_.empty()) return kForever;
  const int64_t first = spec_.mutant == Mutant::kMaxWaitFromNewest ? newest_ : first_;
  const Wide by_wait = Wide{first} + spec_.max_wait;
  const Wide by_idle = Wide{newest_} + spec_.idle_timeout;
  const Wide due = std::min(by_wait, by_idle);
  return due > kMax ? kForever : static_cast<int64_t>(due);
}

void BatchModel::EmitList(Rows& rows) {
  rows.results.push_back({key_, ListText(values_)});
  values_.clear();
}

// --- Join (§6)

void JoinModel::OnItem(const Item& item, Instant, Rows& rows) {
  key_ = item.key;
  Insert(spec_.insert, item.value, sides_[item.side]);
  if (spec_.emit == JoinEmit::kFinal) return;
  if (spec_.emit == JoinEmit::kComplete && !AllSides(sides_)) return;
  for (const auto& row : Product(sides_)) rows.results.push_back({key_, RowText(row)});
  if (spec_.emit == JoinEmit::kComplete) sides_.assign(spec_.sides, {});
}

int64_t JoinModel::OnEnd(Instant, Rows& rows) {
  if (spec_.emit != JoinEmit::kFinal || empty()) return kMin;
  for (const auto& row : Product(sides_)) rows.results.push_back({key_, RowText(row)});
  sides_.assign(spec_.sides, {});
  return kMin;
}

bool JoinModel::empty() const {
  return std::all_of(sides_.begin(), sides_.end(), [](const auto& side) { return side.empty(); });
}

}  // namespace tidemark::oracle
