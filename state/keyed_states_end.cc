// The walk over all keys of a step at the end of input, in byte order of the keys.
//
// Rows lie by key group first, so the walk merges the groups of this worker with the keys that are
// hot. Each group is read ahead by a few keys, fewer where they are long, and asked again when they
// are used up: memory stays bounded, no cursor stays open, and an epoch may close in the middle.

#include <algorithm>
#include <deque>

#include "base/status.h"
#include "state/keyed_states.h"

namespace tidemark {
namespace {

constexpr size_t kKeysAheadPerGroup = 64;
constexpr size_t kBytesAheadPerGroup = size_t{16} << 10;
// Of one key, before a new cursor is cheaper.
constexpr size_t kRowsSteppedOver = 16;

}  // namespace

class KeyedStates::EndWalk {
 public:
  explicit EndWalk(KeyedStates& states) : states_(states) {
    for (const auto& entry : states.entries_) {
      if (entry->state != nullptr && !states.options_.type->IsEmpty(*entry->state)) {
        hot_.push_back(entry->key);
      }
    }
    std::sort(hot_.begin(), hot_.end());
    if (!states.MayBeCold()) return;
    for (int g = states.options_.groups.first; g < states.options_.groups.last; ++g) {
      groups_.push_back({.group = g, .ahead = {}, .last = {}, .exhausted = false});
    }
  }

  // The next key behind all earlier ones; nothing at the end.
  absl::StatusOr<std::optional<std::string>> Next() {
    for (Group& group : groups_) TM_RETURN_IF_ERROR(FillUp(group));
    const std::string* least = hot_next_ < hot_.size() ? &hot_[hot_next_] : nullptr;
    for (const Group& group : groups_) {
      if (group.ahead.empty()) continue;
      if (least == nullptr || group.ahead.front() < *least) least = &group.ahead.front();
    }
    if (least == nullptr) return std::optional<std::string>();
    std::string key = *least;
    // A hot key that is also stored comes from two sides; take it off both.
    if (hot_next_ < hot_.size() && hot_[hot_next_] == key) ++hot_next_;
    for (Group& group : groups_) {
      if (!group.ahead.empty() && group.ahead.front() == key) group.ahead.pop_front();
    }
    return std::optional<std::string>(std::move(key));
  }

 private:
  struct Group {
    int group;
    std::deque<std::string> ahead;
    std::optional<std::string> last;
    bool exhausted;
  };

  absl::Status FillUp(Group& group) {
    if (!group.ahead.empty() || group.exhausted) return absl::OkStatus();
    size_t bytes = 0;
    for (bool more = true; more && !IsFull(group, bytes);) {
      TM_ASSIGN_OR_RETURN(more, ReadAhead(group, bytes));
    }
    group.exhausted = group.ahead.empty();
    return absl::OkStatus();
  }

  static bool IsFull(const Group& group, size_t bytes) {
    return group.ahead.size() >= kKeysAheadPerGroup || bytes >= kBytesAheadPerGroup;
  }

  // The keys behind the last one; true where it left off at a key with many rows, which are stepped
  // over by looking for the next key.
  absl::StatusOr<bool> ReadAhead(Group& group, size_t& bytes) {
    const RowRange range = StepGroupRange(group.group, states_.options_.step, group.last);
    const auto cursor = states_.options_.store->Scan(range.from, range.to);
    size_t stepped_over = 0;
    for (; cursor->Valid(); cursor->Next()) {
      if (IsFull(group, bytes) || stepped_over == kRowsSteppedOver) return true;
      TM_ASSIGN_OR_RETURN(const StateRowKey row, ParseStateRowKey(cursor->key()));
      if (row.kind != RowKind::kMain) {
        // Also where its main row is missing, so that the next cursor gets on.
        if (++stepped_over == kRowsSteppedOver) group.last = std::string(row.user_key);
        continue;
      }
      stepped_over = 0;
      group.ahead.emplace_back(row.user_key);
      group.last = group.ahead.back();
      bytes += row.user_key.size();
    }
    TM_RETURN_IF_ERROR(cursor->status());
    return false;
  }

  KeyedStates& states_;
  std::vector<std::string> hot_;  // sorted
  size_t hot_next_ = 0;
  std::vector<Group> groups_;
};

// Here, because only this file knows how to dispose of a walk.
KeyedStates::KeyedStates(Options options)
    : options_(std::move(options)),
      swept_to_(options_.swept_to),
      next_index_at_(options_.store_has_rows ? Timestamp::Min() : Timestamp::Never()) {}

KeyedStates::~KeyedStates() = default;

absl::StatusOr<KeyedStates::Entry*> KeyedStates::NextAtEnd(uint32_t generation) {
  if (end_walk_ == nullptr) end_walk_ = std::make_unique<EndWalk>(*this);
  while (true) {
    TM_ASSIGN_OR_RETURN(const auto key, end_walk_->Next());
    if (!key) {
      end_walk_.reset();
      return nullptr;
    }
    Entry* entry = Find(*key);
    if (entry == nullptr) {
      if (!MayBeCold()) continue;  // emptied since it was listed
      TM_ASSIGN_OR_RETURN(entry, FindOrLoad(*key));
    }
    // Emptied since it was listed, or seen before a crash in the middle of this very walk.
    if (entry->state == nullptr || options_.type->IsEmpty(*entry->state)) continue;
    if (entry->end_generation >= generation) continue;
    return entry;
  }
}

void KeyedStates::SeeEnd(Entry& entry, uint32_t generation) {
  MarkChanged(entry);
  entry.end_generation = generation;
}

}  // namespace tidemark
