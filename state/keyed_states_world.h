// KeyedStates against a model: a map from key to value that is copied at each boundary.
//
// A world is some workers with a KeyedStates each, over one store. A random operation at a time
// touches keys, fires timers, closes epochs, encodes slices of them, commits late, lets the workers
// notice the commit at different times, evicts, walks the keys at the end of input, and crashes
// (with another number of workers). After each the model says what must be true:
//   - a touched key holds what the model holds, as of the last committed epoch after a crash;
//   - PopDue gives exactly the due keys in the order of (due time, key), NextWake is never late;
//   - the store holds the rows of the model as of the committed epoch and nothing else, and every
//     key that wants to be woken one row in the timer index, not behind its time and not before
//     the point up to which the record says that the index is swept;
//   - the record's counts of keys and bytes equal those of a scan.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/status.h"
#include "state/keyed_states.h"
#include "state/keyed_states_model.h"
#include "state/keyed_states_pass.h"
#include "state/keyed_states_test_type.h"
#include "state/memory_store.h"

namespace tidemark {

inline constexpr StepId kStep{7};

class World {
 public:
  World(uint64_t seed, const Setting& setting)
      : random_(seed), setting_(setting), type_(setting.cheap_size) {
    for (int i = 0; i < setting.keys; ++i) {
      std::string key;
      AppendKeyString("k" + std::to_string(random_.Below(1'000'000)), key);
      if (random_.OneIn(4)) AppendKeyInt(random_.Between(-3, 3), key);
      keys_.push_back(key);
    }
    Start();
  }

  void Run(int operations) {
    for (int i = 0; i < operations && !testing::Test::HasFatalFailure(); ++i) {
      Operation();
      CheckNextWake();
    }
  }

  // Everything is emptied and committed: no trace is left anywhere.
  void Drain() {
    FinishEpoch();
    for (const std::string& key : keys_) {
      ASSERT_NO_FATAL_FAILURE(TouchKey(key, [](NoteState& state) { state.Clear(); }));
    }
    FinishEpoch();
    EXPECT_EQ(record_.keys, 0u);
    EXPECT_EQ(record_.bytes, 0u);
    EXPECT_FALSE(store_.Scan("", "")->Valid()) << "a row is left";
    for (const auto& worker : workers_) {
      worker->states->Evict();
      if (setting_.budget_bytes > 1) continue;
      EXPECT_EQ(worker->states->hot_keys(), 0u);
      EXPECT_EQ(worker->budget.used_bytes(), 0u);
    }
  }

  const std::map<std::string, int>& counts() const { return counts_; }

 private:
  struct WorkerState {
    explicit WorkerState(size_t budget_bytes) : budget(budget_bytes) {}
    MemoryBudget budget;
    RunBuilder run;
    std::unique_ptr<KeyedStates> states;
    KeyGroupRange groups;
    bool encoded = false;   // of the closing epoch
    bool noticed = false;   // its commit
    bool walking = false;   // the walk at the end of input is under way
    std::string walked_to;  // the last key of the walk
    ModelPass pass;
  };
  // As the epoch record keeps it.
  struct Record {
    uint64_t keys = 0;
    uint64_t bytes = 0;
    Timestamp swept_to = Timestamp::Min();
    uint64_t epoch = 0;
  };
  enum class Phase { kOpen, kClosing, kDelivered, kCommitted };

  void Operation() {
    const uint64_t dice = random_.Below(100);
    if (dice < 40) return TouchSome();
    if (dice < 52) return LetTimePass();
    if (dice < 66) return FireSome(AnyWorker());
    if (dice < 92) return GetOnWithEpoch();
    if (dice < 95) return AnyWorker().states->Evict();
    if (dice < 98) return WalkSome();
    if (random_.OneIn(3)) Crash();
  }

  // ---- starting and crashing ----

  void Start() {
    const int count = static_cast<int>(random_.Between(1, setting_.workers_max));
    workers_.clear();
    for (int i = 0; i < count; ++i) {
      auto worker = std::make_unique<WorkerState>(setting_.budget_bytes);
      worker->groups = KeyGroupRange::OfWorker(i, count);
      worker->states = std::make_unique<KeyedStates>(
          KeyedStates::Options{.step = kStep,
                               .step_name = "notes",
                               .type = &type_,
                               .store = &store_,
                               .budget = &worker->budget,
                               .groups = worker->groups,
                               .store_has_rows = record_.keys > 0,
                               .swept_to = std::min(record_.swept_to, now_),
                               .sweep_rows_max = setting_.sweep_rows_max});
      workers_.push_back(std::move(worker));
    }
    phase_ = Phase::kOpen;
    ended_ = false;
  }

  void Crash() {
    ++counts_["crash"];
    model_ = committed_;
    next_record_ = record_;
    if (setting_.time_steps_back && random_.OneIn(2)) {
      now_ = now_ - Span::Micros(random_.Between(0, 500));
    } else if (random_.OneIn(2)) {
      now_ = now_ + Span::Micros(random_.Between(0, 500));
    }
    now_before_ = now_;
    Start();
  }

  WorkerState& AnyWorker() { return *workers_[random_.Below(workers_.size())]; }
  WorkerState& WorkerOf(const std::string& key) {
    return *workers_[static_cast<size_t>(
        WorkerOfGroup(KeyGroupOf(key), static_cast<int>(workers_.size())))];
  }

  // ---- items and timers ----

  Timestamp AnyTime() {
    if (random_.OneIn(5)) return Timestamp::Never();
    const int64_t us = now_.us + random_.Between(-30, random_.OneIn(4) ? 3000 : 200);
    return {us - us % setting_.time_grain};
  }

  // Changes state and model alike.
  void ChangeAtRandom(NoteState& state) {
    switch (random_.Below(6)) {
      case 0:
        return state.Clear();
      case 1:
        return state.DropItems();
      case 2:
        state.note.wake = AnyTime();
        [[fallthrough]];
      default:
        for (uint64_t i = random_.Below(4); i > 0; --i) {
          state.note.items.push_back(static_cast<int64_t>(random_.Below(1000)));
        }
        if (random_.OneIn(2)) state.note.number = random_.Between(-2, 2);
        if (random_.OneIn(2)) state.note.wake = AnyTime();
        if (state.note.empty()) state.Clear();
    }
  }

  void CheckAgainstModel(const KeyedStates::Entry& entry) {
    const auto expected = model_.find(entry.key);
    const Note& note = NoteIn(*entry.state).note;
    ASSERT_EQ(note.empty(), expected == model_.end()) << FormatUserKey(entry.key);
    if (expected != model_.end()) {
      ASSERT_EQ(note, expected->second.note) << FormatUserKey(entry.key);
      ASSERT_EQ(entry.end_generation, expected->second.end_seen) << FormatUserKey(entry.key);
    }
  }

  void Settle(WorkerState& worker, KeyedStates::Entry& entry) {
    worker.states->Changed(entry);
    const Note& note = NoteIn(*entry.state).note;
    if (note.empty()) {
      model_.erase(entry.key);
    } else {
      model_[entry.key] = {note, entry.end_generation};
    }
  }

  template <class Change>
  void TouchKey(const std::string& key, const Change& change) {
    WorkerState& worker = WorkerOf(key);
    auto entry = worker.states->Touch(key);
    ASSERT_TRUE(entry.ok()) << entry.status();
    // An item that comes behind an end of input takes the key back from it.
    if (const auto known = model_.find(key); known != model_.end()) known->second.end_seen = 0;
    ASSERT_NO_FATAL_FAILURE(CheckAgainstModel(**entry));
    change(NoteIn(*(*entry)->state));
    Settle(worker, **entry);
  }

  void TouchSome() {
    if (ended_) return;
    const uint64_t count = random_.OneIn(4) ? random_.Below(30) : 1;
    std::vector<std::string> keys;
    for (uint64_t i = 0; i < count; ++i) keys.push_back(keys_[random_.Below(keys_.size())]);
    for (const auto& worker : workers_) {
      std::vector<std::string_view> views;
      for (const std::string& key : keys) {
        if (worker->groups.Contains(KeyGroupOf(key))) views.push_back(key);
      }
      const absl::Status fetched = worker->states->Prefetch(views);
      ASSERT_TRUE(fetched.ok()) << fetched;
    }
    for (const std::string& key : keys) {
      ASSERT_NO_FATAL_FAILURE(TouchKey(key, [this](NoteState& state) { ChangeAtRandom(state); }));
    }
    counts_["touch"] += static_cast<int>(count);
  }

  void LetTimePass() {
    const int64_t us = now_.us + random_.Between(0, 80);
    now_ = {random_.OneIn(2) ? us - us % setting_.time_grain : us};
    now_ = std::max(now_, now_before_);
    now_before_ = now_;
  }

  using Due = std::pair<Timestamp, std::string>;

  // The next key of the worker that is due; one that is due again at once waits for the next pass.
  std::optional<Due> NextDue(WorkerState& worker) const {
    std::optional<Due> next;
    for (const auto& [key, held] : model_) {
      if (held.note.wake > now_) continue;
      if (worker.pass.Waits(key, held.note.wake)) continue;
      if (!worker.groups.Contains(KeyGroupOf(key))) continue;
      if (!next || Due(held.note.wake, key) < *next) next = {held.note.wake, key};
    }
    return next;
  }

  // A key that is due again within a pass that commits and evictions interrupt may be
  // forgotten to have fired. That is all right, as long as it comes in its place.
  bool MayFireAgain(const WorkerState& worker, const std::string& key,
                    const std::optional<Due>& expected) const {
    const auto held = model_.find(key);
    if (!worker.pass.HasFiredBefore(key) || held == model_.end()) return false;
    const Due due(held->second.note.wake, key);
    return due.first <= now_ && (!expected || due < *expected);
  }

  // Fires some or all that is due. A part leaves the pass open, as a worker's step does.
  void FireSome(WorkerState& worker) {
    if (worker.pass.fired.empty()) {
      worker.states->BeginPass();
      worker.pass.Begin();
    }
    uint64_t left = random_.OneIn(3) ? random_.Below(20) : UINT64_MAX;
    for (; left > 0; --left) {
      const std::optional<Due> expected = NextDue(worker);
      auto entry = worker.states->PopDue(now_);
      ASSERT_TRUE(entry.ok()) << entry.status();
      if (*entry == nullptr) {
        ASSERT_FALSE(expected.has_value()) << "missed " << FormatUserKey(expected->second);
        worker.pass.fired.clear();
        return;
      }
      if (!MayFireAgain(worker, (*entry)->key, expected)) {
        ASSERT_TRUE(expected.has_value()) << "early or twice: " << FormatUserKey((*entry)->key);
        ASSERT_EQ(FormatUserKey((*entry)->key), FormatUserKey(expected->second)) << "order";
      }
      ASSERT_NO_FATAL_FAILURE(CheckAgainstModel(**entry));
      worker.pass.Fired((*entry)->key, model_.at((*entry)->key).note.wake);
      ASSERT_EQ(worker.states->due(), worker.pass.due);
      ++counts_["fire"];
      ChangeAtRandom(NoteIn(*(*entry)->state));
      Settle(worker, **entry);
    }
    worker.pass.interrupted = true;
  }

  void CheckNextWake() {
    for (const auto& worker : workers_) {
      Timestamp least = Timestamp::Never();
      for (const auto& [key, held] : model_) {
        if (worker->groups.Contains(KeyGroupOf(key))) least = std::min(least, held.note.wake);
      }
      ASSERT_LE(worker->states->NextWake(), least) << "a worker would sleep through a timer";
    }
  }

  // ---- the end of input ----

  void WalkSome() {
    if (!ended_) {
      if (!random_.OneIn(8)) return;
      ended_ = true;
      for (const auto& worker : workers_) worker->walking = true, worker->walked_to.clear();
      ++counts_["end"];
    }
    for (const auto& worker : workers_) {
      if (!worker->walking) continue;
      ASSERT_NO_FATAL_FAILURE(WalkSome(*worker));
    }
    const auto walks = [](const auto& worker) { return worker->walking; };
    if (std::any_of(workers_.begin(), workers_.end(), walks)) return;
    ended_ = false;  // new items, as after a resume, without one
    ++generation_;
  }

  void WalkSome(WorkerState& worker) {
    for (uint64_t left = random_.Below(30); left > 0; --left) {
      std::optional<std::string> expected;
      for (const auto& [key, held] : model_) {
        if (key <= worker.walked_to || held.end_seen >= generation_) continue;
        if (!worker.groups.Contains(KeyGroupOf(key))) continue;
        expected = key;
        break;
      }
      auto entry = worker.states->NextAtEnd(generation_);
      ASSERT_TRUE(entry.ok()) << entry.status();
      ASSERT_EQ(*entry != nullptr, expected.has_value())
          << (expected ? "passed over " + FormatUserKey(*expected)
                       : "seen before: " + FormatUserKey((*entry)->key));
      if (!expected) {
        worker.walking = false;
        return;
      }
      ASSERT_EQ(FormatUserKey((*entry)->key), FormatUserKey(*expected)) << "order of the walk";
      worker.walked_to = *expected;
      if (random_.OneIn(4)) continue;  // as if the end were nothing to it
      worker.states->SeeEnd(**entry, generation_);
      model_[*expected].end_seen = generation_;
      ASSERT_NO_FATAL_FAILURE(CheckAgainstModel(**entry));
      ChangeAtRandom(NoteIn(*(*entry)->state));
      Settle(worker, **entry);
    }
  }

  // ---- epochs ----

  void GetOnWithEpoch() {
    switch (phase_) {
      case Phase::kOpen:
        if (random_.OneIn(2)) Swap();
        return;
      case Phase::kClosing:
        return EncodeSlices();
      case Phase::kDelivered:
        if (random_.OneIn(2)) Commit();
        return;
      case Phase::kCommitted:
        return NoticeCommit();
    }
  }

  void Swap() {
    ++next_record_.epoch;
    for (const auto& worker : workers_) {
      worker->run = RunBuilder();
      worker->encoded = worker->noticed = false;
      worker->states->SwapChanged({next_record_.epoch}, &worker->run);
    }
    closing_ = model_;
    phase_ = Phase::kClosing;
    swept_to_ = Timestamp::Never();
  }

  void EncodeSlices() {
    bool all = true;
    for (const auto& worker : workers_) {
      if (!worker->encoded && random_.OneIn(2)) {
        worker->encoded = worker->states->EncodeSome(random_.Below(8));
        if (worker->encoded) {
          const KeyedStates::Delta delta = worker->states->TakeDelta();
          next_record_.keys += static_cast<uint64_t>(delta.keys);
          next_record_.bytes += static_cast<uint64_t>(delta.bytes);
          swept_to_ = std::min(swept_to_, delta.swept_to);
        }
      }
      all = all && worker->encoded;
    }
    if (all) phase_ = Phase::kDelivered;
  }

  void Commit() {
    std::vector<RunBuilder> builders;
    for (const auto& worker : workers_) builders.push_back(std::move(worker->run));
    const absl::Status done = store_.Commit(SortedRun::Merge(std::move(builders)));
    ASSERT_TRUE(done.ok()) << done;
    next_record_.swept_to = swept_to_;
    record_ = next_record_;
    committed_ = closing_;
    phase_ = Phase::kCommitted;
    ++counts_["commit"];
    CheckStore();
  }

  void NoticeCommit() {
    bool all = true;
    for (const auto& worker : workers_) {
      if (!worker->noticed && random_.OneIn(2)) {
        worker->noticed = worker->states->FinishCommit(random_.Below(8));
        worker->states->Evict();
        counts_["evicted"] += static_cast<int>(worker->states->evicted_keys());
      }
      all = all && worker->noticed;
    }
    if (all) phase_ = Phase::kOpen;
  }

  void FinishEpoch() {
    if (phase_ == Phase::kOpen) Swap();
    while (phase_ == Phase::kClosing) EncodeSlices();
    if (phase_ == Phase::kDelivered) Commit();
    while (phase_ == Phase::kCommitted) NoticeCommit();
  }

  // ---- the store ----

  void CheckStore() {
    uint64_t bytes = 0;
    std::map<std::string, RowHeader> headers;
    std::map<std::string, size_t> sub_rows;
    auto cursor = store_.Scan(std::string(1, '\x10'), std::string(1, '\x11'));
    for (; cursor->Valid(); cursor->Next()) {
      bytes += cursor->key().size() + cursor->value().size();
      const auto row = ParseStateRowKey(cursor->key());
      ASSERT_TRUE(row.ok()) << row.status();
      const std::string key(row->user_key);
      ASSERT_TRUE(committed_.contains(key)) << "rows of an empty key: " << FormatUserKey(key);
      if (row->kind == RowKind::kSub) {
        ++sub_rows[key];
        continue;
      }
      StateRowData data;
      ASSERT_TRUE(DecodeStateRow(cursor->value(), "row", data).ok());
      headers[key] = data.header;
      EXPECT_EQ(data.header.end_generation, committed_.at(key).end_seen) << FormatUserKey(key);
    }
    ASSERT_EQ(headers.size(), committed_.size());
    EXPECT_EQ(record_.keys, committed_.size());
    EXPECT_EQ(record_.bytes, bytes);
    CheckIndex(headers);
  }

  void CheckIndex(const std::map<std::string, RowHeader>& headers) {
    std::set<std::string> indexed;
    auto cursor = store_.Scan(std::string(1, '\x20'), "");
    for (; cursor->Valid(); cursor->Next()) {
      const auto row = ParseTimerRowKey(cursor->key());
      ASSERT_TRUE(row.ok()) << row.status();
      const std::string key(row->user_key);
      ASSERT_TRUE(committed_.contains(key)) << "a timer of an empty key: " << FormatUserKey(key);
      ASSERT_TRUE(indexed.insert(key).second) << "two timers of " << FormatUserKey(key);
      EXPECT_EQ(row->at, headers.at(key).timer_at) << FormatUserKey(key);
      EXPECT_LE(row->at, committed_.at(key).note.wake) << "a row behind its timer";
      EXPECT_GE(row->at, record_.swept_to) << "a row where no sweep looks";
    }
    for (const auto& [key, held] : committed_) {
      EXPECT_TRUE(held.note.wake.is_never() || indexed.contains(key))
          << "no row for the timer of " << FormatUserKey(key);
    }
  }

  Random random_;
  const Setting setting_;
  const NoteType type_;
  std::vector<std::string> keys_;
  MemoryStore store_;
  std::vector<std::unique_ptr<WorkerState>> workers_;
  Timestamp now_{1'000'000};
  Timestamp now_before_{1'000'000};
  Phase phase_ = Phase::kOpen;
  bool ended_ = false;
  uint32_t generation_ = 1;

  Model model_;      // what is true now
  Model closing_;    // at the boundary of the closing epoch
  Model committed_;  // at the boundary of the committed one
  Record record_;
  Record next_record_;
  Timestamp swept_to_;  // least of the workers that have delivered
  std::map<std::string, int> counts_;
};

}  // namespace tidemark
