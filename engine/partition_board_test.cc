#include "engine/partition_board.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Names = std::vector<std::string>;

constexpr int64_t kSecond = 1'000'000;

PartitionBoard OneWorker(const Names& open, Names listed) {
  return PartitionBoard(open, std::move(listed), {.workers = 1}, 0);
}

TEST(PartitionBoard, AListIsDueAnIntervalAfterTheOneBefore) {
  PartitionBoard board({}, {}, {.workers = 1, .interval = Span::Seconds(3)}, kSecond);
  EXPECT_EQ(board.UntilDue(kSecond), Span::Seconds(3));
  EXPECT_EQ(board.UntilDue(9 * kSecond), Span());
  board.Put({.names = {}, .is_final = false}, 9 * kSecond);
  EXPECT_EQ(board.UntilDue(10 * kSecond), Span::Seconds(2));
  board.Put({.names = {}, .is_final = true}, 12 * kSecond);
  EXPECT_TRUE(board.UntilDue(100 * kSecond).is_infinite()) << "none follows a final list";
}

TEST(PartitionBoard, ANewNameIsTakenOnceByItsWorkerAlone) {
  PartitionBoard board({"a"}, {"a"}, {.workers = 3}, 0);
  Names names = {"a"};
  for (char c = 'b'; c <= 'z'; ++c) names.emplace_back(1, c);
  EXPECT_TRUE(board.Put({.names = names, .is_final = false}, 0));
  EXPECT_FALSE(board.Put({.names = names, .is_final = false}, 0)) << "nothing is new";
  Names taken = {"a"};
  for (int worker = 0; worker < 3; ++worker) {
    const Names mine = board.TakeNew(worker);
    EXPECT_THAT(mine, ::testing::Not(IsEmpty()));
    for (const std::string& name : mine) EXPECT_EQ(board.WorkerOf(name), worker);
    taken.insert(taken.end(), mine.begin(), mine.end());
    EXPECT_THAT(board.TakeNew(worker), IsEmpty());
  }
  EXPECT_THAT(taken, ::testing::UnorderedElementsAreArray(names));
  EXPECT_EQ(board.size(), names.size());
}

TEST(PartitionBoard, AnOpenPartitionThatIsNotListedIsNotNewWhenItIsListedAgain) {
  PartitionBoard board = OneWorker({"a", "recorded"}, {"a"});
  EXPECT_FALSE(board.IsListed("recorded"));
  EXPECT_FALSE(board.Put({.names = {"a", "recorded"}, .is_final = false}, 0));
  EXPECT_TRUE(board.IsListed("recorded"));
  EXPECT_FALSE(board.Put({.names = {"recorded"}, .is_final = false}, 0));
  EXPECT_FALSE(board.IsListed("a"));
  EXPECT_THAT(board.TakeNew(0), IsEmpty());
}

TEST(PartitionBoard, AForgottenNameIsNewWhenItIsListedAfterwards) {
  PartitionBoard board = OneWorker({"a"}, {"a"});
  board.Put({.names = {}, .is_final = false}, 0);
  board.Forget("a");
  EXPECT_EQ(board.size(), 0u);
  EXPECT_TRUE(board.Put({.names = {"a"}, .is_final = false}, 0));
  EXPECT_THAT(board.TakeNew(0), ElementsAre("a"));
}

TEST(PartitionBoard, ItIsOverForAWorkerWhenTheListIsFinalAndItHasTakenAll) {
  PartitionBoard board = OneWorker({}, {});
  EXPECT_FALSE(board.IsOver(0));
  EXPECT_TRUE(board.Put({.names = {"last"}, .is_final = true}, 0));
  EXPECT_FALSE(board.IsOver(0)) << "one is still to be opened";
  EXPECT_THAT(board.TakeNew(0), ElementsAre("last"));
  EXPECT_TRUE(board.IsOver(0));
}

}  // namespace
}  // namespace tidemark
