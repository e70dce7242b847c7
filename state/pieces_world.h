// States in pieces against a model: for each key the same state in plain containers.
//
// One worker's KeyedStates over a store. A random operation at a time changes keys, closes epochs,
// encodes slices of them, commits late, evicts, and crashes. After each the model says what must
// be true:
//   - a touched key holds what the model holds, as of the last committed epoch after a crash;
//   - the rows of each key, joined by the schema alone, are the bytes of the model's value as of
//     the committed epoch, and the store holds no row that belongs to no key;
//   - the count of bytes equals that of a scan.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/status.h"
#include "state/keyed_states.h"
#include "state/list_state.h"
#include "state/map_state.h"
#include "state/memory_store.h"
#include "state/piece_values.h"
#include "state/pieces.h"
#include "state/time_queue.h"
#include "state/type_schema.h"

namespace tidemark {

struct PlainInner {
  std::set<int64_t> set;
  int64_t number = 0;
};
struct Plain {
  int64_t number = 0;
  PlainInner inner;
  std::map<std::string, std::string> map;
  std::vector<std::string> list;
  std::map<QueueKey, std::string> queue;

  bool empty() const {
    return number == 0 && inner.number == 0 && inner.set.empty() && map.empty() && list.empty() &&
           queue.empty();
  }
};

// The same fields, in pieces.
struct PiecedInner {
  SetState<int64_t> set;
  int64_t number = 0;
};
struct Pieced {
  int64_t number = 0;
  PiecedInner inner;
  MapState<std::string, std::string> map;
  ListState<std::string> list;
  TimeQueue<std::string> queue;
};

struct PiecedObject final : StateObject {
  Pieced state;
  PieceTable table;
};
inline PiecedObject& PiecedIn(StateObject& object) { return static_cast<PiecedObject&>(object); }
inline const Pieced& PiecedIn(const StateObject& object) {
  return static_cast<const PiecedObject&>(object).state;
}

class PiecedType final : public StateType {
 public:
  std::unique_ptr<StateObject> New() const override { return std::make_unique<PiecedObject>(); }
  bool IsEmpty(const StateObject& object) const override {
    const Pieced& state = PiecedIn(object);
    return state.number == 0 && state.inner.number == 0 && state.inner.set.empty() &&
           state.map.empty() && state.list.empty() && state.queue.empty();
  }
  Timestamp WakeAt(const StateObject&) const override { return Timestamp::Never(); }
  size_t MemoryBytes(const StateObject& object) const override {
    return tidemark::MemoryBytes(PiecedIn(object));
  }
  bool cheap_size() const override { return false; }
  void Encode(StateObject& object, Epoch epoch, const RowHeader& header,
              RowOutput& out) const override {
    EncodeInPieces(PiecedIn(object).state, PiecedIn(object).table, epoch, header, out);
  }
  void EncodeGone(StateObject& object, RowOutput& out) const override {
    PiecedIn(object).table.DropAll(out);
  }
  absl::StatusOr<std::unique_ptr<StateObject>> Load(const StateRowData& row,
                                                    const SubRows& sub_rows,
                                                    const std::string& what) const override {
    auto object = std::make_unique<PiecedObject>();
    TM_RETURN_IF_ERROR(LoadFromPieces(std::get<PiecesRow>(row.state), sub_rows, what, object->state,
                                      object->table));
    return object;
  }
};

class PiecesWorld {
 public:
  PiecesWorld(uint64_t seed, size_t budget_bytes)
      : random_(seed), budget_bytes_(budget_bytes), schema_(SchemaOf<Pieced>()) {
    for (int i = 0; i < 4; ++i) AppendKeyInt(i, keys_.emplace_back());
    Start();
  }

  void Run(int operations) {
    for (int i = 0; i < operations && !testing::Test::HasFatalFailure(); ++i) Operation();
  }

  // Everything is emptied and committed: no trace is left.
  void Drain() {
    FinishEpoch();
    for (const std::string& key : keys_) {
      ASSERT_NO_FATAL_FAILURE(
          TouchKey(key, [](Pieced& state, Plain& plain) { Discard(state, plain); }));
    }
    FinishEpoch();
    EXPECT_EQ(bytes_, 0u);
    EXPECT_FALSE(store_.Scan("", "")->Valid()) << "a row is left";
  }

  const std::map<std::string, uint64_t>& counts() const { return counts_; }

 private:
  using Model = std::map<std::string, Plain>;
  enum class Phase { kOpen, kClosing, kDelivered, kCommitted };

  void Operation() {
    const uint64_t dice = random_.Below(100);
    if (dice < 50) return TouchOne();
    if (dice < 94) return GetOnWithEpoch();
    if (dice < 97) return states_->Evict();
    if (random_.OneIn(3)) Crash();
  }

  void Start() {
    budget_ = std::make_unique<MemoryBudget>(budget_bytes_);
    states_ = std::make_unique<KeyedStates>(KeyedStates::Options{.step = StepId{7},
                                                                 .step_name = "pieces",
                                                                 .type = &type_,
                                                                 .store = &store_,
                                                                 .budget = budget_.get(),
                                                                 .groups = {},
                                                                 .store_has_rows = true});
    phase_ = Phase::kOpen;
  }
  void Crash() {
    ++counts_["crash"];
    model_ = committed_;
    next_bytes_ = bytes_;
    epoch_ = committed_epoch_;  // numbers of epochs that were not committed are given again
    Start();
  }

  // ---- changes ----

  std::string AnyText() { return std::string(random_.Below(random_.OneIn(8) ? 400 : 40), 'x'); }

  void TouchOne() {
    TouchKey(keys_[random_.Below(keys_.size())], [this](Pieced& state, Plain& plain) {
      for (uint64_t i = random_.Below(12); i > 0; --i) ChangeAtRandom(state, plain);
    });
  }
  template <class F>
  void TouchKey(const std::string& key, const F& change) {
    auto entry = states_->Touch(key);
    ASSERT_TRUE(entry.ok()) << entry.status();
    Pieced& state = PiecedIn(*(*entry)->state).state;
    Plain& plain = model_[key];
    ASSERT_EQ(EncodeToString(state), EncodeToString(plain));
    change(state, plain);
    ASSERT_EQ(EncodeToString(state), EncodeToString(plain));
    states_->Changed(**entry);
    if (plain.empty()) model_.erase(key);
  }

  void ChangeAtRandom(Pieced& state, Plain& plain) {
    switch (random_.Below(12)) {
      case 0:
      case 1:
      case 2:
        return ChangeMap(state, plain);
      case 3:
      case 4:
        return ChangeList(state, plain);
      case 5:
      case 6:
      case 7:
      case 8:
        return ChangeQueue(state, plain);
      case 9:
        return ChangeSet(state, plain);
      case 10:
        state.number = plain.number = random_.Between(-1, 1);
        return;
      default:
        if (random_.OneIn(4)) Replace(state, plain);
    }
  }
  void ChangeMap(Pieced& state, Plain& plain) {
    const std::string key = Cat("k", random_.Below(60));
    if (random_.OneIn(3)) {
      EXPECT_EQ(state.map.Erase(key), plain.map.erase(key) > 0);
    } else if (random_.OneIn(3)) {
      const auto found = plain.map.find(key);
      std::string* value = state.map.Change(key);
      ASSERT_EQ(value != nullptr, found != plain.map.end());
      if (value != nullptr) *value = found->second = AnyText();
    } else if (random_.OneIn(12)) {
      state.map.clear();
      plain.map.clear();
    } else {
      state.map[key] = plain.map[key] = AnyText();
    }
  }
  void ChangeSet(Pieced& state, Plain& plain) {
    for (uint64_t i = random_.Below(60); i > 0; --i) {
      const int64_t key = random_.Between(-300, 300);
      if (random_.OneIn(3)) {
        EXPECT_EQ(state.inner.set.Erase(key), plain.inner.set.erase(key) > 0);
      } else {
        EXPECT_EQ(state.inner.set.Insert(key), plain.inner.set.insert(key).second);
      }
    }
  }
  void ChangeList(Pieced& state, Plain& plain) {
    if (random_.OneIn(12)) {
      EXPECT_EQ(state.list.Take(), std::exchange(plain.list, {}));
      return;
    }
    state.list.push_back(plain.list.emplace_back(AnyText()));
  }
  void ChangeQueue(Pieced& state, Plain& plain) {
    if (random_.OneIn(3)) return TakeFromQueue(state, plain);
    // Far ahead now and then, and rarely behind what is gone.
    const int64_t ahead = random_.OneIn(10) ? 5000 : 100;
    const int64_t behind = random_.OneIn(50) ? 200 : 0;
    const QueueKey key(Timestamp{now_ + random_.Between(-behind, ahead)}, next_number_++);
    const std::string text = AnyText();
    state.queue.Insert(key, text);
    plain.queue[key] = text;
    ++now_;
  }
  void TakeFromQueue(Pieced& state, Plain& plain) {
    const Timestamp until{now_ + random_.Between(-100, random_.OneIn(20) ? 6000 : 50)};
    if (random_.OneIn(2)) {
      state.queue.DropWhile([&](Timestamp at) { return at < until; });
      while (!plain.queue.empty() && plain.queue.begin()->first.first < until) {
        plain.queue.erase(plain.queue.begin());
      }
      return;
    }
    state.queue.TakeThrough(until, [&](const std::string& text) {
      EXPECT_EQ(text, plain.queue.begin()->second);
      plain.queue.erase(plain.queue.begin());
    });
  }
  static void Discard(Pieced& state, Plain& plain) {
    state = Pieced();
    plain = Plain();
  }
  // What a user's code may do to a state.
  void Replace(Pieced& state, Plain& plain) {
    ++counts_["replaced"];
    switch (random_.Below(6)) {
      case 0:
        return Discard(state, plain);
      case 1: {
        const Pieced copy = state;
        state = copy;
        return;
      }
      case 2: {
        Pieced moved = std::move(state);
        state = std::move(moved);
        return;
      }
      case 3: {
        MapState<std::string, std::string> copy = state.map;
        copy["copied"] = plain.map["copied"] = AnyText();
        state.map = std::move(copy);
        return;
      }
      case 4:
        state.list = {};
        plain.list.clear();
        return;
      default:
        state.queue = {};
        plain.queue.clear();
    }
  }

  // ---- epochs ----

  void GetOnWithEpoch() {
    switch (phase_) {
      case Phase::kOpen:
        if (random_.OneIn(2)) Swap();
        return;
      case Phase::kClosing:
        return Encode();
      case Phase::kDelivered:
        if (random_.OneIn(2)) Commit();
        return;
      case Phase::kCommitted:
        if (states_->FinishCommit(random_.Below(8))) phase_ = Phase::kOpen;
        states_->Evict();
    }
  }
  void Swap() {
    run_ = RunBuilder();
    states_->SwapChanged({++epoch_}, &run_);
    closing_ = model_;
    phase_ = Phase::kClosing;
  }
  void Encode() {
    if (!states_->EncodeSome(random_.Below(3))) return;
    next_bytes_ += static_cast<uint64_t>(states_->TakeDelta().bytes);
    phase_ = Phase::kDelivered;
  }
  void Commit() {
    ++counts_["commit"];
    std::vector<RunBuilder> builders;
    builders.push_back(std::move(run_));
    const absl::Status done = store_.Commit(SortedRun::Merge(std::move(builders)));
    ASSERT_TRUE(done.ok()) << done;
    bytes_ = next_bytes_;
    committed_ = closing_;
    committed_epoch_ = epoch_;
    phase_ = Phase::kCommitted;
    CheckStore();
  }
  void FinishEpoch() {
    if (phase_ == Phase::kOpen) Swap();
    while (phase_ == Phase::kClosing) Encode();
    while (phase_ == Phase::kDelivered) GetOnWithEpoch();
    while (phase_ == Phase::kCommitted) GetOnWithEpoch();
  }

  // ---- the store ----

  class Rows final : public SubRows {
   public:
    absl::StatusOr<std::vector<SubRow>> All() const override { return rows; }
    absl::StatusOr<std::vector<std::string>> Get(const std::vector<std::string>&) const override {
      return absl::InternalError("pieces are not named");
    }
    std::vector<SubRow> rows;
    std::string main;
  };
  void CheckStore() {
    uint64_t bytes = 0;
    std::map<std::string, Rows> keys;
    const auto cursor = store_.Scan("", "");
    for (; cursor->Valid(); cursor->Next()) {
      bytes += cursor->key().size() + cursor->value().size();
      const auto row = ParseStateRowKey(cursor->key());
      ASSERT_TRUE(row.ok()) << row.status();
      Rows& rows = keys[std::string(row->user_key)];
      if (row->kind == RowKind::kMain) {
        rows.main = std::string(cursor->value());
      } else {
        rows.rows.push_back({std::string(row->suffix), std::string(cursor->value())});
      }
    }
    EXPECT_EQ(bytes_, bytes);
    ASSERT_EQ(keys.size(), committed_.size());
    for (const auto& [key, rows] : keys) {
      ASSERT_TRUE(committed_.contains(key)) << "rows of a key that is gone";
      StateRowData data;
      ASSERT_TRUE(DecodeStateRow(rows.main, "row", data).ok());
      const auto value = JoinPieces(schema_, std::get<PiecesRow>(data.state), rows, "key");
      ASSERT_TRUE(value.ok()) << value.status();
      ASSERT_EQ(*value, EncodeToString(committed_.at(key)));
      counts_["rows"] += rows.rows.size();
    }
  }

  Random random_;
  const size_t budget_bytes_;
  const TypeSchema schema_;
  const PiecedType type_;
  std::vector<std::string> keys_;
  MemoryStore store_;
  std::unique_ptr<MemoryBudget> budget_;
  std::unique_ptr<KeyedStates> states_;
  RunBuilder run_;
  Phase phase_ = Phase::kOpen;
  uint64_t epoch_ = 0;
  uint64_t committed_epoch_ = 0;
  int64_t now_ = 1'000'000;
  int64_t next_number_ = 0;

  Model model_;      // what is true now
  Model closing_;    // at the boundary of the closing epoch
  Model committed_;  // at the boundary of the committed one
  uint64_t bytes_ = 0;
  uint64_t next_bytes_ = 0;
  std::map<std::string, uint64_t> counts_;
};

}  // namespace tidemark
