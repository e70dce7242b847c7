// The timers of KeyedStates: a heap of lower bounds over hot entries, the index in the store for
// cold ones, and the sweep that brings what is due from the second into the first.

#include <algorithm>

#include "base/check.h"
#include "base/status.h"
#include "state/keyed_states.h"

namespace tidemark {
namespace {

// Of keys taken from the timer index in one go: where they are long, these come before the rows.
constexpr size_t kSweepBytesMax = size_t{1} << 20;

}  // namespace

Timestamp KeyedStates::WakeOf(const Entry& entry) const {
  if (entry.state == nullptr || options_.type->IsEmpty(*entry.state)) return Timestamp::Never();
  return options_.type->WakeAt(*entry.state);
}

void KeyedStates::FollowTimer(Entry& entry) {
  const Timestamp wake = WakeOf(entry);
  // A heap time that is too early is put right when it comes up, so a busy key whose deadline moves
  // away with each item costs nothing here.
  if (wake < entry.heap_at) HeapSet(entry, wake);
}

void KeyedStates::BeginPass() {
  ++activation_;
  due_ = Timestamp::Min();
  for (Entry* entry : fired_again_) {
    entry->waits = false;
    if (entry->heap_at.is_never()) FollowTimer(*entry);
  }
  fired_again_.clear();
}

Timestamp KeyedStates::NextWake() const {
  Timestamp next = heap_.empty() ? Timestamp::Never() : heap_[0]->heap_at;
  if (MayBeCold()) next = std::min(next, next_index_at_);
  // Due again when it had just fired: the next pass is due at once.
  if (!fired_again_.empty()) next = Timestamp::Min();
  return next;
}

absl::StatusOr<KeyedStates::Entry*> KeyedStates::PopDue(Timestamp now) {
  while (true) {
    const bool hot_due = !heap_.empty() && heap_[0]->heap_at <= now;
    const bool index_due = MayBeCold() && next_index_at_ <= now;
    if (index_due && (!hot_due || !SweptPast(heap_[0]->heap_at, heap_[0]->key, now))) {
      TM_RETURN_IF_ERROR(SweepSome(now));
      continue;
    }
    if (!hot_due) return nullptr;
    Entry& entry = *heap_[0];
    const Timestamp wake = WakeOf(entry);
    if (wake > entry.heap_at) {
      if (wake.is_never()) {
        HeapRemove(entry);
      } else {
        HeapSet(entry, wake);
      }
      continue;
    }
    HeapRemove(entry);
    if (entry.waits) continue;
    // Each due time is an activation, in which a key fires at most once.
    if (wake > due_) {
      due_ = wake;
      ++activation_;
    }
    if (entry.fired_in == activation_) {
      entry.waits = true;
      fired_again_.push_back(&entry);
      continue;
    }
    entry.fired_in = activation_;
    MarkChanged(entry);
    return &entry;
  }
}

// True when every index row up to (due, key) has been taken.
bool KeyedStates::SweptPast(Timestamp due, std::string_view key, Timestamp now) const {
  if (next_index_at_ > now || due < next_index_at_) return true;
  if (!frontier_) return false;
  return due < frontier_->at || (due == frontier_->at && key <= frontier_->key);
}

// The row of a clean entry stands in the store from now on. Where the sweep has been there while
// the row was in flight, it goes back: the entry may be evicted, and then only the row knows its
// timer.
void KeyedStates::RowArrived(const Entry& entry) {
  if (entry.index_at.is_never()) return;
  if (frontier_ && entry.index_at <= frontier_->at) frontier_.reset();
  swept_to_ = std::min(swept_to_, entry.index_at);
}

// Takes the next rows of the index: their keys become hot, the rows are spent.
absl::Status KeyedStates::SweepSome(Timestamp now) {
  if (!frontier_) {
    frontier_ = Frontier{.at = swept_to_, .key = "", .until = now};
  }
  RowRange range = TimerRange(options_.step, frontier_->at, frontier_->until);
  if (!frontier_->key.empty()) {
    TimerRowKey(options_.step, frontier_->at, frontier_->key, range.from);
    range.from.push_back('\0');  // strictly behind the last row taken
  }
  std::vector<std::pair<Timestamp, std::string>> rows;
  bool more = false;
  {
    const auto cursor = options_.store->Scan(range.from, range.to);
    size_t bytes = 0;
    for (; cursor->Valid(); cursor->Next()) {
      more = rows.size() >= options_.sweep_rows_max || bytes >= kSweepBytesMax;
      if (more) break;
      TM_ASSIGN_OR_RETURN(const TimerRow row, ParseTimerRowKey(cursor->key()));
      rows.emplace_back(row.at, row.user_key);
      bytes += row.user_key.size();
    }
    TM_RETURN_IF_ERROR(cursor->status());
  }
  std::vector<std::string_view> mine;
  for (const auto& [at, key] : rows) {
    if (options_.groups.Contains(KeyGroupOf(key))) mine.push_back(key);
  }
  TM_RETURN_IF_ERROR(Prefetch(mine));
  for (const auto& [at, key] : rows) {
    if (!options_.groups.Contains(KeyGroupOf(key))) continue;
    TM_ASSIGN_OR_RETURN(Entry * entry, FindOrLoad(key));
    if (entry->index_at != at || entry->index_spent) {
      // The row of a changed entry may be replaced or deleted by a commit that is under way. The
      // rows of a clean one agree, or the store is damaged.
      if (!entry->evictable) continue;
      return absl::DataLossError(
          Cat(What(key), ": the timer index disagrees with the state; the store is damaged"));
    }
    MarkChanged(*entry);
    entry->index_spent = true;
    if (entry->heap_at.is_never()) FollowTimer(*entry);
  }
  if (more) {
    frontier_->at = rows.back().first;
    frontier_->key = rows.back().second;
    return absl::OkStatus();
  }
  // Everything up to `until` is taken. When does the next cold key's row come?
  const Timestamp until = frontier_->until;
  frontier_.reset();
  swept_to_ = std::max(swept_to_, until);
  next_index_at_ = Timestamp::Never();
  // Nothing lies behind the end of time, where the watermark of a stream can stand.
  if (until == Timestamp::Max()) return absl::OkStatus();
  const RowRange rest = TimerRange(options_.step, until + Span::Micros(1), Timestamp::Max());
  const auto cursor = options_.store->Scan(rest.from, rest.to);
  for (; cursor->Valid(); cursor->Next()) {
    TM_ASSIGN_OR_RETURN(const TimerRow row, ParseTimerRowKey(cursor->key()));
    if (!options_.groups.Contains(KeyGroupOf(row.user_key))) continue;
    next_index_at_ = row.at;
    break;
  }
  return cursor->status();
}

// ---- the heap ----------------------------------------

bool KeyedStates::HeapLess(const Entry* a, const Entry* b) const {
  return a->heap_at != b->heap_at ? a->heap_at < b->heap_at : a->key < b->key;
}

void KeyedStates::HeapSet(Entry& entry, Timestamp at) {
  if (entry.heap_at.is_never()) {
    entry.heap_slot = heap_.size();
    heap_.push_back(&entry);
  }
  entry.heap_at = at;
  HeapUp(entry.heap_slot);
  HeapDown(entry.heap_slot);
}

void KeyedStates::HeapRemove(Entry& entry) {
  if (entry.heap_at.is_never()) return;
  const size_t slot = entry.heap_slot;
  entry.heap_at = Timestamp::Never();
  Entry* last = heap_.back();
  heap_.pop_back();
  if (last == &entry) return;
  heap_[slot] = last;
  last->heap_slot = slot;
  HeapUp(slot);
  HeapDown(last->heap_slot);
}

void KeyedStates::HeapUp(size_t slot) {
  while (slot > 0) {
    const size_t parent = (slot - 1) / 2;
    if (!HeapLess(heap_[slot], heap_[parent])) return;
    std::swap(heap_[slot], heap_[parent]);
    std::swap(heap_[slot]->heap_slot, heap_[parent]->heap_slot);
    slot = parent;
  }
}

void KeyedStates::HeapDown(size_t slot) {
  while (true) {
    size_t least = slot;
    for (size_t child = 2 * slot + 1; child <= 2 * slot + 2 && child < heap_.size(); ++child) {
      if (HeapLess(heap_[child], heap_[least])) least = child;
    }
    if (least == slot) return;
    std::swap(heap_[slot], heap_[least]);
    std::swap(heap_[slot]->heap_slot, heap_[least]->heap_slot);
    slot = least;
  }
}

}  // namespace tidemark
