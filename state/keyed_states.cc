#include "state/keyed_states.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/stable_hash.h"
#include "base/status.h"

namespace tidemark {
namespace {

// What a table entry costs besides its key and its state: the entry, its slot, the heap.
constexpr size_t kEntryOverheadBytes = sizeof(KeyedStates::Entry) + 48;

// Reads the sub-rows of one key.
class StoreSubRows final : public SubRows {
 public:
  StoreSubRows(const StateReader& store, StepId step, std::string_view user_key,
               const std::string& what, uint64_t& bytes)
      : store_(store), step_(step), user_key_(user_key), what_(what), bytes_(bytes) {}

  absl::StatusOr<std::vector<std::string>> Get(
      const std::vector<std::string>& suffixes) const override {
    std::vector<std::string> keys(suffixes.size());
    for (size_t i = 0; i < suffixes.size(); ++i) SubRowKey(step_, user_key_, suffixes[i], keys[i]);
    std::vector<size_t> order(keys.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return keys[a] < keys[b]; });
    std::vector<std::string> sorted;
    sorted.reserve(keys.size());
    for (const size_t i : order) sorted.push_back(keys[i]);
    TM_ASSIGN_OR_RETURN(auto found, store_.MultiGet(sorted));
    std::vector<std::string> values(keys.size());
    for (size_t i = 0; i < order.size(); ++i) {
      if (!found[i]) {
        return absl::DataLossError(Cat(what_, ": a part of the state is missing in the store (row ",
                                       order[i] + 1, " of ", order.size(), ")"));
      }
      bytes_ += sorted[i].size() + found[i]->size();
      values[order[i]] = *std::move(found[i]);
    }
    return values;
  }

  absl::StatusOr<std::vector<SubRow>> All() const override {
    const RowRange range = SubRowRange(step_, user_key_);
    const auto cursor = store_.Scan(range.from, range.to);
    std::vector<SubRow> rows;
    for (; cursor->Valid(); cursor->Next()) {
      TM_ASSIGN_OR_RETURN(const StateRowKey key, ParseStateRowKey(cursor->key()));
      const size_t bytes = cursor->key().size() + cursor->value().size();
      rows.push_back({.suffix = std::string(key.suffix),
                      .value = std::string(cursor->value()),
                      .bytes = static_cast<uint32_t>(bytes)});
      bytes_ += bytes;
    }
    TM_RETURN_IF_ERROR(cursor->status());
    return rows;
  }

 private:
  const StateReader& store_;
  const StepId step_;
  const std::string_view user_key_;
  const std::string& what_;
  uint64_t& bytes_;
};

}  // namespace

size_t KeyedStates::EntryHash::operator()(std::string_view key) const { return StableHash(key); }
size_t KeyedStates::EntryHash::operator()(const std::unique_ptr<Entry>& entry) const {
  return StableHash(entry->key);
}

std::string KeyedStates::What(std::string_view user_key) const {
  return Cat("step '", options_.step_name, "', key ", FormatUserKey(user_key));
}

// ---- look-up and loading ----------------------------------------

KeyedStates::Entry* KeyedStates::Find(std::string_view user_key) {
  const auto it = entries_.find(user_key);
  return it == entries_.end() ? nullptr : it->get();
}

KeyedStates::Entry* KeyedStates::Insert(std::string_view user_key) {
  auto owned = std::make_unique<Entry>();
  owned->key = std::string(user_key);
  Entry* entry = owned.get();
  entries_.insert(std::move(owned));
  AccountMemory(*entry, kEntryOverheadBytes + user_key.size());
  return entry;
}

absl::Status KeyedStates::LoadInto(Entry& entry, std::string_view main_row) {
  const std::string what = What(entry.key);
  StateRowData row;
  TM_RETURN_IF_ERROR(DecodeStateRow(main_row, what, row));
  entry.main_bytes = scratch_key_.size() + main_row.size();
  uint64_t bytes = entry.main_bytes;
  const StoreSubRows sub_rows(*options_.store, options_.step, entry.key, what, bytes);
  TM_ASSIGN_OR_RETURN(entry.state, options_.type->Load(row, sub_rows, what));
  entry.stored = true;
  entry.stored_bytes = bytes;
  entry.index_at = row.header.timer_at;
  entry.end_generation = row.header.end_generation;
  ++loaded_keys_;
  AccountMemory(entry,
                kEntryOverheadBytes + entry.key.size() + options_.type->MemoryBytes(*entry.state));
  FollowTimer(entry);
  return absl::OkStatus();
}

absl::StatusOr<KeyedStates::Entry*> KeyedStates::FindOrLoad(std::string_view user_key) {
  if (Entry* entry = Find(user_key)) return entry;
  if (!MayBeCold()) return Insert(user_key);
  MainRowKey(options_.step, user_key, scratch_key_);
  TM_ASSIGN_OR_RETURN(const auto main_row, options_.store->Get(scratch_key_));
  Entry* entry = Insert(user_key);
  if (main_row) TM_RETURN_IF_ERROR(LoadInto(*entry, *main_row));
  LinkEvictable(*entry);
  return entry;
}

absl::Status KeyedStates::Prefetch(const std::vector<std::string_view>& user_keys) {
  if (!MayBeCold()) return absl::OkStatus();
  std::vector<std::pair<std::string, std::string_view>> missing;  // row key, user key
  for (const std::string_view user_key : user_keys) {
    if (Find(user_key) != nullptr) continue;
    MainRowKey(options_.step, user_key, scratch_key_);
    missing.emplace_back(scratch_key_, user_key);
  }
  if (missing.size() < 2) return absl::OkStatus();  // Touch() does as well
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  std::vector<std::string> row_keys;
  row_keys.reserve(missing.size());
  for (const auto& [row_key, user_key] : missing) row_keys.push_back(row_key);
  TM_ASSIGN_OR_RETURN(const auto rows, options_.store->MultiGet(row_keys));
  for (size_t i = 0; i < rows.size(); ++i) {
    Entry* entry = Insert(missing[i].second);
    scratch_key_ = row_keys[i];
    if (rows[i]) TM_RETURN_IF_ERROR(LoadInto(*entry, *rows[i]));
    LinkEvictable(*entry);
  }
  return absl::OkStatus();
}

absl::StatusOr<KeyedStates::Entry*> KeyedStates::Touch(std::string_view user_key) {
  TM_ASSIGN_OR_RETURN(Entry * entry, FindOrLoad(user_key));
  MarkChanged(*entry);
  if (entry->state == nullptr) entry->state = options_.type->New();
  // An item behind an end of input: that was not the last one. It happens where a crash in the
  // middle of the walk is followed by more input.
  entry->end_generation = 0;
  return entry;
}

void KeyedStates::MarkChanged(Entry& entry) {
  if (entry.changed_in == open_epoch_) return;
  // Copy on write: the closing epoch gets the state as it was at its boundary.
  if (entry.changed_in == closing_epoch_ && closing_epoch_ != 0) EncodeEntry(entry);
  UnlinkEvictable(entry);
  entry.changed_in = open_epoch_;
  changed_.push_back(&entry);
  changed_rows_bytes_ += RowsBytes(entry);
  options_.budget->Charge(RowsBytes(entry));
}

size_t KeyedStates::RowsBytes(const Entry& entry) const {
  // In its main row, the timer's and the former timer's; and twice in what it emits.
  constexpr size_t kCopies = 5;
  return options_.store == nullptr ? 0 : kCopies * entry.key.size();
}

void KeyedStates::Changed(Entry& entry) {
  TM_CHECK(entry.changed_in == open_epoch_, "a state is touched before it is changed");
  // Sizes that need a walk are taken at touches 1, 2, 4, 8, …: the cost stays constant per item.
  ++entry.touches;
  if (options_.type->cheap_size() || (entry.touches & (entry.touches - 1)) == 0) {
    AccountMemory(
        entry, kEntryOverheadBytes + entry.key.size() + options_.type->MemoryBytes(*entry.state));
  }
  FollowTimer(entry);
}

void KeyedStates::AccountMemory(Entry& entry, size_t bytes) {
  if (bytes > entry.memory_bytes) {
    options_.budget->Charge(bytes - entry.memory_bytes);
  } else {
    options_.budget->Release(entry.memory_bytes - bytes);
  }
  entry.memory_bytes = bytes;
}

// ---- epochs ----------------------------------------

void KeyedStates::SwapChanged(Epoch closing, RunBuilder* run) {
  TM_CHECK(closing_list_.empty(), "one epoch is closed at a time");
  closing_list_.swap(changed_);
  closing_rows_bytes_ = std::exchange(changed_rows_bytes_, 0);
  closing_next_ = 0;
  closing_ = closing;
  closing_run_ = run;
  closing_swept_to_ = swept_to_;
  closing_epoch_ = open_epoch_;
  ++open_epoch_;
}

bool KeyedStates::EncodeSome(size_t max) {
  for (; closing_next_ < closing_list_.size() && max > 0; ++closing_next_) {
    Entry& entry = *closing_list_[closing_next_];
    if (entry.changed_in != closing_epoch_) continue;  // encoded by copy on write
    EncodeEntry(entry);
    --max;
  }
  if (closing_next_ < closing_list_.size()) return false;
  closing_epoch_ = 0;
  return true;
}

void KeyedStates::EncodeEntry(Entry& entry) {
  entry.changed_in = 0;
  if (options_.store == nullptr) return;
  const bool empty = entry.state == nullptr || options_.type->IsEmpty(*entry.state);
  RowOutput out(*closing_run_, codec_, options_.step, entry.key);
  const Timestamp wake = WakeOf(entry);
  EncodeTimerRow(entry, wake);
  if (empty) {
    if (entry.stored) {
      out.DeleteMain();
      if (entry.state != nullptr) options_.type->EncodeGone(*entry.state, out);
      --delta_.keys;
    }
    delta_.bytes -= static_cast<int64_t>(entry.stored_bytes);
    entry.stored_bytes = entry.main_bytes = 0;
    entry.stored = false;
    entry.end_generation = 0;
    return;
  }
  if (!entry.stored) ++delta_.keys;
  entry.stored = true;
  const RowHeader header{
      .timer_at = entry.index_at, .end_generation = entry.end_generation, .wake_at = wake};
  options_.type->Encode(*entry.state, closing_, header, out);
  const int64_t change = out.sub_bytes_change() + static_cast<int64_t>(out.main_bytes()) -
                         static_cast<int64_t>(entry.main_bytes);
  entry.main_bytes = out.main_bytes();
  entry.stored_bytes = static_cast<uint64_t>(static_cast<int64_t>(entry.stored_bytes) + change);
  delta_.bytes += change;
  AccountMemory(entry,
                kEntryOverheadBytes + entry.key.size() + options_.type->MemoryBytes(*entry.state));
}

void KeyedStates::EncodeTimerRow(Entry& entry, Timestamp wake) {
  // A row that the sweep has passed while it was in flight is put forward like a spent one.
  const bool keep = !entry.index_at.is_never() && !entry.index_spent && !wake.is_never() &&
                    entry.index_at <= wake && entry.index_at >= swept_to_;
  if (keep) {
    closing_swept_to_ = std::min(closing_swept_to_, entry.index_at);
    return;
  }
  if (!entry.index_at.is_never()) {
    TimerRowKey(options_.step, entry.index_at, entry.key, scratch_key_);
    closing_run_->Delete(scratch_key_);
  }
  entry.index_spent = false;
  entry.index_at = Timestamp::Never();
  if (wake.is_never()) return;
  entry.index_at = wake;
  closing_swept_to_ = std::min(closing_swept_to_, wake);
  TimerRowKey(options_.step, entry.index_at, entry.key, scratch_key_);
  closing_run_->Put(scratch_key_, {});
}

KeyedStates::Delta KeyedStates::TakeDelta() {
  Delta delta = delta_;
  delta.swept_to = closing_swept_to_;
  delta_ = {};
  return delta;
}

bool KeyedStates::FinishCommit(size_t max) {
  TM_CHECK(closing_epoch_ == 0, "an epoch is encoded before it is committed");
  for (; committed_next_ < closing_list_.size() && max > 0; ++committed_next_, --max) {
    Entry& entry = *closing_list_[committed_next_];
    if (entry.changed_in != 0) continue;  // changed again since; its next epoch will see to it
    if (entry.state == nullptr || options_.type->IsEmpty(*entry.state)) {
      Erase(entry);
    } else {
      RowArrived(entry);
      LinkEvictable(entry);
    }
  }
  if (committed_next_ < closing_list_.size()) return false;
  closing_list_.clear();
  committed_next_ = 0;
  options_.budget->Release(std::exchange(closing_rows_bytes_, 0));
  return true;
}

// ---- eviction ----------------------------------------

void KeyedStates::Evict() {
  if (options_.store == nullptr) return;
  while (options_.budget->exceeded() && oldest_ != nullptr) {
    Entry& entry = *oldest_;
    if (!entry.index_at.is_never()) next_index_at_ = std::min(next_index_at_, entry.index_at);
    ++evicted_keys_;
    Erase(entry);
  }
}

void KeyedStates::Erase(Entry& entry) {
  UnlinkEvictable(entry);
  HeapRemove(entry);
  std::erase(fired_again_, &entry);  // nearly always empty
  options_.budget->Release(entry.memory_bytes);
  entries_.erase(entries_.find(std::string_view(entry.key)));
}

void KeyedStates::LinkEvictable(Entry& entry) {
  if (options_.store == nullptr || entry.evictable) return;
  entry.evictable = true;
  entry.older = newest_;
  entry.newer = nullptr;
  if (newest_ != nullptr) newest_->newer = &entry;
  newest_ = &entry;
  if (oldest_ == nullptr) oldest_ = &entry;
}

void KeyedStates::UnlinkEvictable(Entry& entry) {
  if (!entry.evictable) return;
  entry.evictable = false;
  (entry.newer != nullptr ? entry.newer->older : newest_) = entry.older;
  (entry.older != nullptr ? entry.older->newer : oldest_) = entry.newer;
  entry.newer = entry.older = nullptr;
}

}  // namespace tidemark
