#include "engine/source_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What readers were told, which outlives them.
struct Told {
  std::vector<std::string> lines;
  absl::Status answer = absl::OkStatus();
};

class FakeReader final : public SourceReader {
 public:
  FakeReader(std::string name, Told& told) : name_(std::move(name)), told_(told) {}
  absl::StatusOr<PollResult> Poll(size_t, Timestamp, std::unique_ptr<AnyBatch>&) override {
    return PollResult::Again();
  }
  Position position() const override { return Position().Set("next", next); }
  absl::Status Committed(Epoch epoch, const Position& position) override {
    told_.lines.push_back(name_ + "@" + std::to_string(*position.Number("next")) + " in " +
                          std::to_string(epoch.value));
    return told_.answer;
  }
  int64_t next = 0;

 private:
  const std::string name_;
  Told& told_;
};

class SourceSetTest : public ::testing::Test {
 protected:
  OpenPartition& Add(const std::string& name, int step = 0) {
    auto partition = std::make_unique<OpenPartition>();
    auto reader = std::make_unique<FakeReader>(name, told_);
    readers_[name] = reader.get();
    partition->step = step;
    partition->step_word = "step 'in'";
    partition->name = name;
    partition->reader = std::move(reader);
    return set_.Add(std::move(partition));
  }
  static Activation At(int64_t us) { return At(us, us); }
  static Activation At(int64_t wall_us, int64_t monotonic_us) {
    Activation now;
    now.wall = Timestamp{wall_us};
    now.monotonic_us = monotonic_us;
    return now;
  }
  absl::Status Commit(uint64_t epoch) {
    set_.CloseEpoch();
    return set_.Committed({epoch});
  }

  Told told_;
  std::map<std::string, FakeReader*> readers_;
  SourceSet set_;
};

TEST_F(SourceSetTest, PartitionsTakeTurnsAndEndedOnesAreLeftOut) {
  EXPECT_EQ(set_.NextInTurn(), nullptr);
  OpenPartition& a = Add("a");
  OpenPartition& b = Add("b");
  b.at_end = true;
  OpenPartition& c = Add("c", 1);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(set_.NextInTurn(), &a);
    EXPECT_EQ(set_.NextInTurn(), nullptr);
    EXPECT_EQ(set_.NextInTurn(), &c);
  }
  EXPECT_EQ(set_.OpenOf(0), 1);
  EXPECT_EQ(set_.OpenOf(1), 1);
}

TEST_F(SourceSetTest, APartitionIsPolledWhenItAskedToBeOrItsDescriptorIsReadable) {
  OpenPartition& a = Add("a");
  EXPECT_EQ(a.UntilPoll(At(100)), Span()) << "first of all at once";
  a.PollAgain(Timestamp{350}, At(100));
  EXPECT_EQ(a.UntilPoll(At(150)), Span::Micros(200));
  // The wall clock was set back: monotonic time has passed all the same.
  EXPECT_EQ(a.UntilPoll(At(50, 350)), Span());
  a.PollAgain(Timestamp::Never(), At(100));
  EXPECT_TRUE(a.UntilPoll(At(5'000)).is_infinite());
  a.ready_fd = 7;
  EXPECT_THAT(set_.ReadyDescriptors(At(5'000)), ElementsAre(7));
  set_.SetReadable();
  EXPECT_EQ(a.UntilPoll(At(5'000)), Span());
}

TEST_F(SourceSetTest, ARateSpreadsItemsAndHoldsADescriptorBack) {
  OpenPartition& a = Add("a");
  a.SetRate(10, At(0));
  EXPECT_EQ(a.Allowed(At(0), 100), 1u);
  a.CountItems(1);
  a.ready_fd = 7;
  EXPECT_EQ(a.Allowed(At(0), 100), 0u);
  EXPECT_EQ(a.UntilPoll(At(0)), Span::Micros(100'000));
  EXPECT_THAT(set_.ReadyDescriptors(At(0)), IsEmpty());
  EXPECT_EQ(a.Allowed(At(1'000'000), 100), 10u);
}

TEST_F(SourceSetTest, ANewRateNeitherForgivesNorRepeatsAWait) {
  OpenPartition& a = Add("a");
  a.SetRate(10, At(0));
  a.CountItems(5);
  EXPECT_EQ(a.UntilPaceDue(At(100'000)), Span::Micros(400'000));
  a.SetRate(5, At(100'000));
  EXPECT_EQ(a.UntilPaceDue(At(100'000)), Span::Micros(400'000));
  EXPECT_EQ(a.Allowed(At(100'000), 100), 0u);
  a.SetRate(5, At(200'000));
  EXPECT_EQ(a.Allowed(At(500'000), 100), 1u);
  a.CountItems(1);
  EXPECT_EQ(a.UntilPaceDue(At(500'000)), Span::Micros(200'000)) << "at the new pace";
  a.SetRate(0, At(500'000));
  EXPECT_EQ(a.UntilPaceDue(At(500'000)), Span());
}

TEST_F(SourceSetTest, AllHaveCaughtUpWhenTheLastOneHas) {
  OpenPartition& a = Add("a");
  OpenPartition& b = Add("b");
  a.pulse.OnPoll(0, false, PartitionPulse::kAlways);
  EXPECT_EQ(set_.CaughtUpUntil(false), PartitionPulse::kNot) << "b was not polled yet";
  b.pulse.OnPoll(0, false, 100);
  EXPECT_EQ(set_.CaughtUpUntil(false), 100 + PartitionPulse::kSecond);
  b.at_end = true;
  EXPECT_EQ(set_.CaughtUpUntil(false), PartitionPulse::kAlways);
}

TEST_F(SourceSetTest, OnlyMeasuredPartitionsCountHowLongTheyHaveBeenCaughtUp) {
  OpenPartition& a = Add("a");
  OpenPartition& b = Add("b");
  a.meters = {{.step = 1, .partition = 0}};
  Activation now = At(0);
  a.pulse.OnPoll(0, false, PartitionPulse::kAlways);
  now.running_us = 70;
  set_.CountCaughtUp(now, false);
  EXPECT_EQ(a.caught_up_for, Span::Micros(70));
  EXPECT_EQ(b.caught_up_for, Span());
}

TEST_F(SourceSetTest, ACommitIsReportedInOrderAndOncePerPosition) {
  Add("a");
  Add("b");
  readers_["a"]->next = 3;
  ASSERT_TRUE(Commit(1).ok());
  readers_["b"]->next = 5;
  ASSERT_TRUE(Commit(2).ok());
  ASSERT_TRUE(Commit(3).ok());
  EXPECT_THAT(told_.lines, ElementsAre("a@3 in 1", "b@0 in 1", "b@5 in 2"));
}

TEST_F(SourceSetTest, TheReportedPositionIsThatOfTheBarrier) {
  Add("a");
  readers_["a"]->next = 3;
  set_.CloseEpoch();
  readers_["a"]->next = 4;  // read while the epoch is being committed
  Add("late");              // opened after the barrier
  ASSERT_TRUE(set_.Committed({1}).ok());
  EXPECT_THAT(told_.lines, ElementsAre("a@3 in 1"));
}

TEST_F(SourceSetTest, ARemovedPartitionReceivesItsLastCommitAndIsClosed) {
  Add("a");
  Add("b").at_end = true;
  set_.CloseEpoch();
  set_.Remove([](const OpenPartition& partition) { return partition.at_end; });
  EXPECT_EQ(set_.size(), 1u);
  EXPECT_EQ(set_.NextInTurn()->name, "a");
  ASSERT_TRUE(set_.Committed({1}).ok());
  EXPECT_THAT(told_.lines, ElementsAre("a@0 in 1", "b@0 in 1"));
  readers_["a"]->next = 1;
  ASSERT_TRUE(Commit(2).ok());
  EXPECT_EQ(told_.lines.size(), 3u);
}

TEST_F(SourceSetTest, AnErrorOfAReportNamesTheStep) {
  Add("a");
  told_.answer = absl::UnavailableError("the broker is away");
  EXPECT_EQ(Commit(1), absl::UnavailableError("step 'in': the broker is away"));
}

}  // namespace
}  // namespace tidemark
