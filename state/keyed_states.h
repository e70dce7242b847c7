// KeyedStates: the states of one step on one worker. Hot ones live in memory as native objects; all
// others are rows in the store and are loaded when an item or a timer needs them.
//
// What it protects:
//   - A state is read from the store at most once while it is hot, and never while a change to it
//     is still on its way to the store: what is changed or in flight cannot be evicted.
//   - At an epoch boundary SwapChanged() only swaps a list. The states are encoded afterwards, in
//     slices between batches; one that is touched before its turn is encoded first (copy on write),
//     so an epoch holds exactly what was true at its boundary.
//   - The timer index is derived: a row is a lower bound of a key's WakeAt(), written only when
//     there is none or the true time is earlier. PopDue() checks the truth, so no timer fires
//     early.
//   - Due keys come in order of (due time, key), also when most of them are on disk: the index is
//     swept in bounded chunks, and nothing fires before the sweep has passed it.
//
//   TM_ASSIGN_OR_RETURN(auto* entry, states.Touch(user_key));
//   ... change *entry->state ...
//   states.Changed(*entry);
//
// Without a store (a run that keeps nothing) everything stays hot, and epochs only drop empty
// states.
//
// Thread rule: used by one worker.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ids.h"
#include "base/timestamp.h"
#include "proto/rows.h"
#include "state/memory_budget.h"
#include "state/run.h"
#include "state/state_key.h"
#include "state/state_type.h"
#include "state/store.h"

namespace tidemark {

// The key groups that a worker owns: [first, last).
struct KeyGroupRange {
  int first = 0;
  int last = kKeyGroups;
  bool Contains(int group) const { return group >= first && group < last; }
  // Of worker `index` among `count`; every group belongs to exactly one worker.
  static KeyGroupRange OfWorker(int index, int count) {
    return {index * kKeyGroups / count, (index + 1) * kKeyGroups / count};
  }
};

// The worker that owns a key group: the inverse of OfWorker.
inline int WorkerOfGroup(int group, int workers) {
  return ((group + 1) * workers + kKeyGroups - 1) / kKeyGroups - 1;
}

class KeyedStates {
 public:
  struct Entry {
    std::string key;                     // encoded user key
    std::unique_ptr<StateObject> state;  // null: known not to exist
    uint64_t changed_in = 0;             // epoch in which it is on the changed list; 0: on none
    uint64_t fired_in = 0;               // activation in which its timer last fired
    Timestamp index_at = Timestamp::Never();  // of its row in the timer index, stored or in flight
    Timestamp heap_at = Timestamp::Never();   // lower bound in the heap, Never when not in it
    size_t heap_slot = 0;
    size_t memory_bytes = 0;
    uint64_t stored_bytes = 0;    // of its rows, stored or in flight
    uint64_t main_bytes = 0;      // of its main row alone
    uint32_t end_generation = 0;  // last end of input seen
    uint32_t touches = 0;
    bool stored = false;       // has a main row, stored or in flight
    bool index_spent = false;  // its index row was swept and is to be deleted
    Entry* newer = nullptr;    // list of evictable entries
    Entry* older = nullptr;
    bool evictable = false;
    bool waits = false;  // on fired_again_
  };

  struct Options {
    StepId step;
    std::string step_name;               // for errors
    const StateType* type = nullptr;     // outlives this object
    const StateReader* store = nullptr;  // null: nothing is kept; outlives this object
    MemoryBudget* budget = nullptr;      // of the worker; outlives this object
    KeyGroupRange groups;
    bool store_has_rows = false;  // resumed with state of this step
    Timestamp swept_to = Timestamp::Min();
    size_t sweep_rows_max = 512;  // taken from the timer index in one go
  };

  explicit KeyedStates(Options options);
  ~KeyedStates();
  KeyedStates(const KeyedStates&) = delete;
  KeyedStates& operator=(const KeyedStates&) = delete;

  // The entry of a key, loaded if it has rows, with a new state if it has none, and marked changed.
  // Valid until the next Evict() or FinishCommit().
  absl::StatusOr<Entry*> Touch(std::string_view user_key);
  // Loads those of `user_keys` that are cold, in one sorted MultiGet. An optimisation only.
  absl::Status Prefetch(const std::vector<std::string_view>& user_keys);
  // To be called after a touched state was changed: follows its timer and its size.
  void Changed(Entry& entry);

  // ---- timers ----
  // Lower bound of the next time at which PopDue() could return something.
  Timestamp NextWake() const;
  // Starts a pass over what is due. Within a pass a key fires again only for a later due time: what
  // is due again at once waits for the next pass, so that it does not hold up the others.
  void BeginPass();
  // The next due key (WakeAt <= now) in order of (due time, key), touched; null when there is none.
  // The caller fires it as of due() and calls Changed().
  absl::StatusOr<Entry*> PopDue(Timestamp now);
  // The due time of what PopDue() returned last in this pass; it only rises.
  Timestamp due() const { return due_; }

  // ---- end of input ----
  // Walks all keys with state in byte order that have not seen end `generation`. Null at the end.
  // May be spread over many calls and epochs. A key that the end changes is to be given to SeeEnd()
  // first; one that is left alone costs no row, and is walked again after a crash.
  absl::StatusOr<Entry*> NextAtEnd(uint32_t generation);
  // Touches it, and marks it as having seen that end.
  void SeeEnd(Entry& entry, uint32_t generation);

  // ---- epochs ----
  // The changed list becomes the closing epoch's, whose rows go to `run` (which outlives the
  // encoding); the next epoch starts with an empty list.
  void SwapChanged(Epoch closing, RunBuilder* run);
  // Encodes up to `max` of the closing epoch's states; true when none is left.
  bool EncodeSome(size_t max);
  // What the closing epoch did to the number and bytes of stored keys.
  struct Delta {
    int64_t keys = 0;
    int64_t bytes = 0;
    Timestamp swept_to;
  };
  Delta TakeDelta();
  // The closing epoch is durable: its entries may be evicted, its empty ones are gone. Looks at up
  // to `max` entries; true when none is left, as has to be before the next SwapChanged().
  bool FinishCommit(size_t max);

  // Drops least recently used clean entries until the budget holds or none is left.
  void Evict();

  // Then nothing more is loaded or changed than has to be, until an epoch has made room.
  bool over_budget() const { return options_.store != nullptr && options_.budget->exceeded(); }
  size_t hot_keys() const { return entries_.size(); }
  size_t changed_keys() const { return changed_.size(); }
  size_t waiting_keys() const { return heap_.size(); }   // hot ones with a timer
  uint64_t loaded_keys() const { return loaded_keys_; }  // read from the store since the start
  uint64_t evicted_keys() const { return evicted_keys_; }

 private:
  struct EntryHash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const;
    size_t operator()(const std::unique_ptr<Entry>& entry) const;
  };
  struct EntryEq {
    using is_transparent = void;
    static std::string_view View(std::string_view key) { return key; }
    static std::string_view View(const std::unique_ptr<Entry>& entry) { return entry->key; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return View(a) == View(b);
    }
  };
  class EndWalk;

  Entry* Find(std::string_view user_key);
  Entry* Insert(std::string_view user_key);
  absl::StatusOr<Entry*> FindOrLoad(std::string_view user_key);
  absl::Status LoadInto(Entry& entry, std::string_view main_row);
  // False while every key with state is surely hot, so that no look-up needs the store.
  bool MayBeCold() const {
    return options_.store != nullptr && (options_.store_has_rows || evicted_keys_ > 0);
  }
  void MarkChanged(Entry& entry);
  void EncodeEntry(Entry& entry);
  // The row of an entry that is to be woken at `wake`.
  void EncodeTimerRow(Entry& entry, Timestamp wake);
  // When the key is to be woken; an empty state never is, since it leaves nothing behind.
  Timestamp WakeOf(const Entry& entry) const;
  void FollowTimer(Entry& entry);
  void RowArrived(const Entry& entry);
  void AccountMemory(Entry& entry, size_t bytes);
  // What copies of a changed key take until its epoch is committed. What else is in its rows is not
  // more than what the state itself is charged for.
  size_t RowsBytes(const Entry& entry) const;
  void Erase(Entry& entry);
  absl::Status SweepSome(Timestamp now);
  bool SweptPast(Timestamp due, std::string_view key, Timestamp now) const;
  std::string What(std::string_view user_key) const;

  void HeapSet(Entry& entry, Timestamp at);
  void HeapRemove(Entry& entry);
  void HeapUp(size_t slot);
  void HeapDown(size_t slot);
  bool HeapLess(const Entry* a, const Entry* b) const;

  void LinkEvictable(Entry& entry);
  void UnlinkEvictable(Entry& entry);

  const Options options_;
  absl::flat_hash_set<std::unique_ptr<Entry>, EntryHash, EntryEq> entries_;
  std::vector<Entry*> heap_;
  std::vector<Entry*> fired_again_;  // due again at once, for the next pass
  uint64_t activation_ = 1;          // one for each due time of a pass
  Timestamp due_ = Timestamp::Min();

  uint64_t open_epoch_ = 1;     // marks entries on changed_
  uint64_t closing_epoch_ = 0;  // marks entries on closing_ that are still to be encoded
  Epoch closing_;               // the number written into rows
  std::vector<Entry*> changed_;
  std::vector<Entry*> closing_list_;
  size_t changed_rows_bytes_ = 0;  // of those on changed_, by RowsBytes()
  size_t closing_rows_bytes_ = 0;
  size_t closing_next_ = 0;    // the next one to encode
  size_t committed_next_ = 0;  // the next one that FinishCommit() looks at
  RunBuilder* closing_run_ = nullptr;
  RowCodec codec_;
  Delta delta_;
  std::string scratch_key_;

  // No row of the index that a sweep has to find lies before this time: it was taken, or its entry
  // is changed or in flight.
  Timestamp swept_to_;
  // The same for the store as the closing epoch leaves it; what its record says.
  Timestamp closing_swept_to_;
  Timestamp next_index_at_;  // no index row of a cold key lies before this time
  struct Frontier {          // of a sweep under way: rows up to here have been taken
    Timestamp at;
    std::string key;
    Timestamp until;
  };
  std::optional<Frontier> frontier_;

  std::unique_ptr<EndWalk> end_walk_;

  Entry* newest_ = nullptr;
  Entry* oldest_ = nullptr;
  uint64_t loaded_keys_ = 0;
  uint64_t evicted_keys_ = 0;
};

}  // namespace tidemark
