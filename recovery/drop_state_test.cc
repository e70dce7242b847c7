#include "recovery/drop_state.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "base/status.h"
#include "recovery/state_directory.h"
#include "state/memory_store.h"
#include "state/run.h"
#include "state/state_key.h"

namespace tidemark {
namespace {

std::string UserKey(int n) {
  std::string key;
  AppendKeyInt(n, key);
  return key;
}

// `keys` keys of each of two steps, with a timer each.
void Fill(StateStore& store, EpochRecord& record, int keys) {
  RunBuilder run;
  std::string row;
  for (const uint32_t id : {1u, 2u}) {
    StepRecord step;
    step.id = {id};
    step.name = Cat("step", id);
    step.keys = static_cast<uint64_t>(keys);
    record.steps.push_back(step);
    for (int n = 0; n < keys; ++n) {
      MainRowKey({id}, UserKey(n), row);
      run.Put(row, "state");
      SubRowKey({id}, UserKey(n), EpochSuffix({1}), row);
      run.Put(row, "segment");
      TimerRowKey({id}, {n}, UserKey(n), row);
      run.Put(row, "");
    }
  }
  std::vector<RunBuilder> builders;
  builders.push_back(std::move(run));
  ASSERT_TRUE(CommitEpoch(store, record, std::move(builders)).ok());
}

int RowsIn(const StateStore& store) {
  int rows = 0;
  for (auto cursor = store.Scan("", ""); cursor->Valid(); cursor->Next()) ++rows;
  return rows;
}

TEST(DropState, RemovesOneStepAndNothingElse) {
  for (const int keys : {0, 3, 20'000}) {
    MemoryStore store;
    EpochRecord record;
    record.epoch = {7};
    Fill(store, record, keys);
    const auto left = DropState(store, record, "step1");
    ASSERT_TRUE(left.ok()) << left.status();
    EXPECT_EQ(left->epoch, record.epoch);
    ASSERT_EQ(left->steps.size(), 1u);
    EXPECT_EQ(left->steps[0].name, "step2");
    EXPECT_EQ(*ReadEpochRecord(store), *left) << "in the same commit";
    EXPECT_EQ(RowsIn(store), 1 + 3 * keys);
    std::string row;
    for (int n = 0; n < keys; n += 97) {
      MainRowKey({2}, UserKey(n), row);
      EXPECT_TRUE(store.Get(row)->has_value()) << n;
    }
  }
}

TEST(DropState, AStepThatIsNotThereIsNamed) {
  MemoryStore store;
  EpochRecord record;
  Fill(store, record, 1);
  const absl::Status refused = DropState(store, record, "step3").status();
  EXPECT_TRUE(absl::IsInvalidArgument(refused));
  EXPECT_NE(refused.message().find("there are: step1, step2"), absl::string_view::npos) << refused;
}

}  // namespace
}  // namespace tidemark
