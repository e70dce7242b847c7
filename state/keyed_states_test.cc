// KeyedStates step by step; keyed_states_property_test.cc has the random histories.

#include "state/keyed_states.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "state/keyed_states_test_type.h"
#include "state/memory_store.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr StepId kStep{7};

std::string KeyOf(std::string_view name) {
  std::string key;
  AppendKeyString(name, key);
  return key;
}
// "0007": sorts like the number.
std::string Numbered(int n) { return std::to_string(10'000 + n).substr(1); }
Timestamp At(int64_t us) { return {us}; }

// One worker's states over a store that outlives crashes, with verbs for tests.
class KeyedStatesTest : public testing::Test {
 protected:
  void SetUp() override { Start(); }

  void Start(Timestamp swept_to = Timestamp::Min()) {
    states_.reset();
    budget_ = std::make_unique<MemoryBudget>(budget_bytes_);
    states_ =
        std::make_unique<KeyedStates>(KeyedStates::Options{.step = kStep,
                                                           .step_name = "notes",
                                                           .type = &type_,
                                                           .store = keeps_ ? &store_ : nullptr,
                                                           .budget = budget_.get(),
                                                           .groups = {},
                                                           .store_has_rows = stored_keys_ > 0,
                                                           .swept_to = swept_to,
                                                           .sweep_rows_max = sweep_rows_max_});
  }
  // Everything since the last commit is lost.
  void CrashAndResume() { Start(swept_to_); }

  void Restart(size_t budget_bytes) {
    budget_bytes_ = budget_bytes;
    Start();
  }

  NoteState& Touch(std::string_view name) {
    auto entry = states_->Touch(KeyOf(name));
    EXPECT_TRUE(entry.ok()) << entry.status();
    touched_ = *entry;
    return NoteIn(*touched_->state);
  }
  void Put(std::string_view name, int64_t number, Timestamp wake = Timestamp::Never()) {
    NoteState& state = Touch(name);
    state.note.number = number;
    state.note.wake = wake;
    states_->Changed(*touched_);
  }
  void Clear(std::string_view name) {
    Touch(name).Clear();
    states_->Changed(*touched_);
  }
  int64_t NumberOf(std::string_view name) { return Touch(name).note.number; }

  // ---- the parts of an epoch ----
  void Swap() {
    run_ = RunBuilder();
    ++epoch_;
    states_->SwapChanged({epoch_}, &run_);
  }
  void Encode() {
    while (!states_->EncodeSome(3)) {
    }
    const KeyedStates::Delta delta = states_->TakeDelta();
    stored_keys_ += delta.keys;
    stored_bytes_ += delta.bytes;
    swept_to_ = delta.swept_to;
  }
  void Commit() {
    std::vector<RunBuilder> builders;
    builders.push_back(std::move(run_));
    ASSERT_TRUE(store_.Commit(SortedRun::Merge(std::move(builders))).ok());
  }
  void Notice() {
    ASSERT_TRUE(states_->FinishCommit(SIZE_MAX));
    states_->Evict();
  }
  void Epoch() {
    Swap();
    Encode();
    Commit();
    Notice();
  }

  // Fires all that is due by clearing it; the names in order.
  std::vector<std::string> FireAll(Timestamp now) {
    std::vector<std::string> fired;
    states_->BeginPass();
    while (true) {
      auto entry = states_->PopDue(now);
      EXPECT_TRUE(entry.ok()) << entry.status();
      if (!entry.ok() || *entry == nullptr) return fired;
      fired.push_back(std::get<std::string>(ParseUserKey((*entry)->key)->front()));
      NoteIn(*(*entry)->state).Clear();
      states_->Changed(**entry);
    }
  }
  // Walks all keys at the end of input and keeps them; the names in order.
  std::vector<std::string> Walk(uint32_t generation, size_t max = SIZE_MAX) {
    std::vector<std::string> seen;
    while (seen.size() < max) {
      auto entry = states_->NextAtEnd(generation);
      EXPECT_TRUE(entry.ok()) << entry.status();
      if (!entry.ok() || *entry == nullptr) return seen;
      seen.push_back(std::get<std::string>(ParseUserKey((*entry)->key)->front()));
      states_->SeeEnd(**entry, generation);
      states_->Changed(**entry);
    }
    return seen;
  }
  size_t Rows() {
    size_t rows = 0;
    for (auto cursor = store_.Scan("", ""); cursor->Valid(); cursor->Next()) ++rows;
    return rows;
  }
  void CommitRow(const std::string& key, std::optional<std::string> value) {
    std::vector<RunBuilder> builders(1);
    value ? builders[0].Put(key, *value) : builders[0].Delete(key);
    ASSERT_TRUE(store_.Commit(SortedRun::Merge(std::move(builders))).ok());
  }

  size_t budget_bytes_ = 1;  // so whatever is clean is evicted
  size_t sweep_rows_max_ = 512;
  bool keeps_ = true;
  const NoteType type_;
  MemoryStore store_;
  std::unique_ptr<MemoryBudget> budget_;
  std::unique_ptr<KeyedStates> states_;
  KeyedStates::Entry* touched_ = nullptr;
  RunBuilder run_;
  uint64_t epoch_ = 0;
  int64_t stored_keys_ = 0;
  int64_t stored_bytes_ = 0;
  Timestamp swept_to_ = Timestamp::Min();
};

TEST_F(KeyedStatesTest, AnEpochHoldsWhatWasTrueAtItsBoundary) {
  Put("a", 1);
  Put("b", 1);
  Swap();
  Put("a", 2);
  Clear("b");
  Encode();
  Commit();
  CrashAndResume();
  EXPECT_EQ(NumberOf("a"), 1);
  EXPECT_EQ(NumberOf("b"), 1);
}

TEST_F(KeyedStatesTest, OnlyKeysThatAreTouchedOrDueAreLoaded) {
  for (int i = 0; i < 1000; ++i) Put(Numbered(i), 1, At(i < 10 ? 50 : 1'000'000));
  Epoch();
  Restart(1 << 30);
  CrashAndResume();
  EXPECT_EQ(FireAll(At(100)).size(), 10u);
  for (int i = 500; i < 510; ++i) NumberOf(Numbered(i));
  for (int i = 500; i < 510; ++i) NumberOf(Numbered(i));
  NumberOf("new");
  EXPECT_EQ(states_->loaded_keys(), 20u);
}

TEST_F(KeyedStatesTest, PrefetchReadsEachColdKeyOnce) {
  for (int i = 0; i < 20; ++i) Put(Numbered(i), i);
  Epoch();
  ASSERT_EQ(states_->hot_keys(), 0u);
  std::vector<std::string> keys;
  for (const int i : {7, 3, 7, 11}) keys.push_back(KeyOf(Numbered(i)));
  keys.push_back(KeyOf("new"));
  ASSERT_TRUE(states_->Prefetch({keys.begin(), keys.end()}).ok());
  const uint64_t gets = store_.Stats().gets;
  EXPECT_EQ(NumberOf(Numbered(7)), 7);
  EXPECT_EQ(NumberOf(Numbered(11)), 11);
  EXPECT_EQ(NumberOf("new"), 0);
  EXPECT_EQ(store_.Stats().gets, gets) << "what was fetched is not asked for again";
  EXPECT_EQ(states_->loaded_keys(), 3u);
}

TEST_F(KeyedStatesTest, WhatIsChangedOrInFlightIsNotEvicted) {
  Put("a", 1);
  states_->Evict();
  EXPECT_EQ(states_->hot_keys(), 1u);
  Swap();
  Encode();
  states_->Evict();
  EXPECT_EQ(states_->hot_keys(), 1u);
  Commit();
  Put("a", 2);
  Notice();
  EXPECT_EQ(states_->hot_keys(), 1u);
  Epoch();
  EXPECT_EQ(states_->hot_keys(), 0u);
  EXPECT_EQ(NumberOf("a"), 2);
}

TEST_F(KeyedStatesTest, AnEmptiedKeyLeavesNothingBehind) {
  for (int round = 0; round < 3; ++round) {
    NoteState& state = Touch("a");
    for (int i = 0; i < 10; ++i) state.note.items.push_back(i);
    state.note.wake = At(1000);
    states_->Changed(*touched_);
    Epoch();
  }
  EXPECT_EQ(Rows(), 5u);  // main, a list row for each epoch, timer
  Clear("a");
  Epoch();
  EXPECT_EQ(Rows(), 0u);
  EXPECT_EQ(stored_keys_, 0);
  EXPECT_EQ(stored_bytes_, 0);
  EXPECT_EQ(states_->hot_keys(), 0u);
  EXPECT_EQ(budget_->used_bytes(), 0u);
}

TEST_F(KeyedStatesTest, WithoutAStoreAnEmptyKeyGoesAtTheCommitAndAllElseStays) {
  keeps_ = false;
  Start();
  Put("a", 1);
  Put("b", 1, At(50));
  Epoch();
  EXPECT_EQ(states_->hot_keys(), 2u);
  EXPECT_THAT(FireAll(At(50)), ElementsAre("b"));
  Epoch();
  EXPECT_EQ(states_->hot_keys(), 1u);
  Clear("a");
  Epoch();
  EXPECT_EQ(states_->hot_keys(), 0u);
  EXPECT_EQ(budget_->used_bytes(), 0u);
}

// ---- timers
// --------------------------------------------------------------------------------------

TEST_F(KeyedStatesTest, ColdAndHotKeysFireTogetherInOrderOfTimeAndKey) {
  std::vector<std::string> expected;
  for (int i = 0; i < 2000; ++i) {
    Put(Numbered((i * 7) % 2000), 1, At(100));
    expected.push_back(Numbered(i));
  }
  Epoch();
  ASSERT_EQ(states_->hot_keys(), 0u);
  Put("z", 1, At(99));
  Put("0000x", 1, At(100));
  expected.insert(expected.begin() + 1, "0000x");
  expected.insert(expected.begin(), "z");
  EXPECT_EQ(FireAll(At(100)), expected);
  EXPECT_THAT(FireAll(At(1000)), IsEmpty());
}

TEST_F(KeyedStatesTest, ATimerFiresAtItsTimeAndNoEarlier) {
  Put("a", 1, At(100));
  Epoch();
  CrashAndResume();
  EXPECT_EQ(states_->NextWake(), Timestamp::Min()) << "nobody has looked into the index yet";
  EXPECT_THAT(FireAll(At(99)), IsEmpty());
  EXPECT_EQ(states_->NextWake(), At(100));
  EXPECT_THAT(FireAll(At(100)), ElementsAre("a"));
  EXPECT_TRUE(states_->NextWake().is_never());
}

TEST_F(KeyedStatesTest, ABusyKeyCostsNoIndexWrites) {
  Put("a", 1, At(100));
  Epoch();
  const size_t rows = Rows();
  for (int i = 1; i <= 5; ++i) {
    Put("a", 1, At(100 + i * 10));  // moves away with each item
    Swap();
    Encode();
    EXPECT_EQ(run_.rows(), 1u) << "the main row alone";
    Commit();
    Notice();
  }
  EXPECT_EQ(Rows(), rows);
  EXPECT_THAT(FireAll(At(149)), IsEmpty());
  EXPECT_THAT(FireAll(At(150)), ElementsAre("a"));
}

// Pops what is due at 200 and sets the key's timer to `wake`.
#define POP_AND_SET(wake_at)                        \
  do {                                              \
    const auto popped = states_->PopDue(At(200));   \
    ASSERT_TRUE(popped.ok() && *popped != nullptr); \
    NoteIn(*(*popped)->state).note.wake = wake_at;  \
    states_->Changed(**popped);                     \
  } while (false)

TEST_F(KeyedStatesTest, AKeyThatIsDueAgainAtOnceWaitsForTheNextPass) {
  Put("a", 1, At(100));
  states_->BeginPass();
  POP_AND_SET(At(100));
  EXPECT_EQ(states_->due(), At(100));
  auto entry = states_->PopDue(At(200));
  ASSERT_TRUE(entry.ok());
  EXPECT_EQ(*entry, nullptr);
  EXPECT_LE(states_->NextWake(), At(200));
  EXPECT_THAT(FireAll(At(200)), ElementsAre("a"));
}

TEST_F(KeyedStatesTest, AKeyWithSeveralDueTimesTakesEachInTurn) {
  Put("a", 1, At(100));
  Put("b", 1, At(120));
  states_->BeginPass();
  POP_AND_SET(At(150));
  EXPECT_EQ(states_->due(), At(100));
  POP_AND_SET(Timestamp::Never());
  EXPECT_EQ(states_->due(), At(120)) << "the other key comes between";
  POP_AND_SET(At(110));
  EXPECT_EQ(states_->due(), At(150));
  const auto entry = states_->PopDue(At(200));
  ASSERT_TRUE(entry.ok());
  EXPECT_EQ(*entry, nullptr) << "time does not go back for it";
  EXPECT_THAT(FireAll(At(200)), ElementsAre("a"));
}
#undef POP_AND_SET

TEST_F(KeyedStatesTest, AnEmptyStateHasNoTimer) {
  Put("a", 0, At(100));
  EXPECT_TRUE(states_->NextWake().is_never());
  EXPECT_THAT(FireAll(At(200)), IsEmpty());
  Put("b", 1, At(100));
  Put("b", 0, At(100));
  EXPECT_THAT(FireAll(At(200)), IsEmpty());
}

// The row of "a" is on its way to the store while a sweep for another key passes its place.
TEST_F(KeyedStatesTest, ARowThatASweepPassedWhileItWasInFlightIsFoundLater) {
  for (const bool crash : {false, true}) {
    SCOPED_TRACE(crash);
    Put("cold", 1, At(110));
    Epoch();
    EXPECT_THAT(FireAll(At(1)), IsEmpty());
    Put("a", 1, At(100));
    Swap();
    Encode();
    Put("a", 1, At(500));  // the row at 100 stays as a lower bound
    EXPECT_THAT(FireAll(At(120)), ElementsAre("cold"));
    Commit();
    Notice();
    Put("other", 1);
    Epoch();
    Epoch();
    ASSERT_EQ(states_->hot_keys(), 0u);
    if (crash) CrashAndResume();
    EXPECT_THAT(FireAll(At(499)), IsEmpty());
    EXPECT_THAT(FireAll(At(500)), ElementsAre("a"));
    Clear("other");
    Epoch();
  }
}

// A sweep behind the boundary is no part of the closing epoch: what it takes is spent in the next.
TEST_F(KeyedStatesTest, ASweepBehindTheBoundaryIsNotInTheEpoch) {
  Put("a", 1, At(100));
  Epoch();
  Put("b", 1);
  Swap();
  EXPECT_THAT(FireAll(At(120)), ElementsAre("a"));
  Encode();
  Commit();
  CrashAndResume();
  EXPECT_THAT(FireAll(At(120)), ElementsAre("a"));
}

// What was due at the boundary but had not fired keeps its place among other timers.
TEST_F(KeyedStatesTest, OverdueKeysKeepTheirOrderThroughTheStore) {
  sweep_rows_max_ = 2;
  Start();
  Put("0", 1, At(1));
  Epoch();
  EXPECT_THAT(FireAll(At(1000)), ElementsAre("0"));
  Put("a", 1, At(600));
  Put("b", 1, At(500));
  Put("c", 1, At(400));
  Put("d", 1, At(300));
  Epoch();
  ASSERT_EQ(states_->hot_keys(), 0u);
  Put("hot", 1, At(450));
  EXPECT_THAT(FireAll(At(1000)), ElementsAre("d", "c", "hot", "b", "a"));
}

// ---- the end of input
// ----------------------------------------------------------------------------

TEST_F(KeyedStatesTest, TheWalkGoesThroughHotAndColdKeysInOrder) {
  std::vector<std::string> expected;
  for (int i = 0; i < 300; ++i) {
    Put(Numbered(i), 1);
    expected.push_back(Numbered(i));
    if (i == 150) Epoch();
  }
  EXPECT_EQ(Walk(1), expected);
  EXPECT_THAT(Walk(1), IsEmpty());
  EXPECT_EQ(Walk(2), expected);
}

TEST_F(KeyedStatesTest, AWalkThatACrashCutsShortGoesOnWhereItsLastEpochEnded) {
  for (int i = 0; i < 10; ++i) Put(Numbered(i), 1);
  Epoch();
  EXPECT_EQ(Walk(1, 4).back(), Numbered(3));
  Epoch();
  EXPECT_EQ(Walk(1, 3).back(), Numbered(6));
  CrashAndResume();
  EXPECT_THAT(Walk(1), ElementsAre("0004", "0005", "0006", "0007", "0008", "0009"));
}

// The input has grown between the crash and the resume: it was not the end after all.
TEST_F(KeyedStatesTest, AnItemBehindTheWalkIsFollowedByAnEndOfItsOwn) {
  Put("a", 1);
  Put("b", 1);
  EXPECT_THAT(Walk(1, 2), ElementsAre("a", "b"));
  Epoch();
  CrashAndResume();
  Put("a", 2);
  EXPECT_THAT(Walk(1), ElementsAre("a"));
}

TEST_F(KeyedStatesTest, AKeyThatVanishesDuringTheWalkIsPassedOver) {
  for (const bool keeps : {true, false}) {
    keeps_ = keeps;
    Start();
    Put("a", 1);
    Put("b", 1);
    Put("c", 1);
    EXPECT_THAT(Walk(1, 1), ElementsAre("a"));
    Clear("b");
    Epoch();
    EXPECT_THAT(Walk(1), ElementsAre("c"));
    Clear("a");
    Clear("c");
    Epoch();
    EXPECT_EQ(states_->hot_keys(), 0u) << "the walk leaves no entry behind";
    EXPECT_EQ(budget_->used_bytes(), 0u);
  }
}

// ---- damage
// --------------------------------------------------------------------------------------

TEST_F(KeyedStatesTest, AMissingPartOfAStateIsDataLossThatNamesStepAndKey) {
  Touch("a").note.items = {1, 2, 3};
  states_->Changed(*touched_);
  Epoch();
  std::string row;
  SubRowKey(kStep, KeyOf("a"), EpochSuffix({1}), row);
  CommitRow(row, std::nullopt);
  const auto entry = states_->Touch(KeyOf("a"));
  EXPECT_TRUE(absl::IsDataLoss(entry.status())) << entry.status();
  EXPECT_THAT(std::string(entry.status().message()), HasSubstr("step 'notes', key a"));
}

TEST_F(KeyedStatesTest, ADamagedRowIsDataLossThatNamesStepAndKey) {
  Put("a", 1);
  Epoch();
  std::string row;
  MainRowKey(kStep, KeyOf("a"), row);
  CommitRow(row, "rubbish");
  const auto entry = states_->Touch(KeyOf("a"));
  EXPECT_TRUE(absl::IsDataLoss(entry.status())) << entry.status();
  EXPECT_THAT(std::string(entry.status().message()), HasSubstr("step 'notes', key a"));
}

TEST_F(KeyedStatesTest, AnIndexThatDisagreesWithTheStatesIsDataLoss) {
  Put("a", 1, At(100));
  Epoch();
  std::string row;
  TimerRowKey(kStep, At(50), KeyOf("a"), row);
  CommitRow(row, "");
  states_->BeginPass();
  const auto entry = states_->PopDue(At(200));
  EXPECT_TRUE(absl::IsDataLoss(entry.status())) << entry.status();
  EXPECT_THAT(std::string(entry.status().message()), HasSubstr("step 'notes', key a"));
}

}  // namespace
}  // namespace tidemark
