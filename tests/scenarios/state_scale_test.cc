// Goal: what is stored does not decide what a resume or an epoch costs, and no size of state,
// commit or memory budget changes the results. Method: counters, not times, on a real store on
// disk.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/status.h"
#include "tests/support/temp_directory.h"
#include "tidemark/testing.h"

namespace tidemark {
namespace {

struct Event {
  int64_t user = 0;
  int64_t number = 0;
};
using List = KeyValue<int64_t, std::vector<int64_t>>;

class StateScale : public ::testing::Test {
 protected:
  void Start(const BatchOptions& batch, FlowTester::Options options) {
    options.state_directory = dir_.Path("state");
    tester_ = std::make_unique<FlowTester>(options);
    in_ = tester_->Input<Event>();
    tester_->Build([this, batch](Flow& flow) {
      flow.From("in", in_.source())
          .KeyBy(&Event::user)
          .MapValue([](Event event) { return event.number; })
          .Batch("lists", batch)
          .To("out", out_.sink());
    });
  }
  void PushOneOfEach(int64_t users, int64_t number, int64_t first = 0) {
    for (int64_t user = first; user < first + users; ++user) in_.Push({user, number});
  }
  uint64_t StoredKeys() { return tester_->job().record().steps.at(0).keys; }

  TempDirectory dir_;
  std::unique_ptr<FlowTester> tester_;
  TestInput<Event> in_;
  TestOutput<List> out_;
};

constexpr int64_t kMillion = 1'000'000;

TEST_F(StateScale, ResumingAMillionKeysWithTenItemsLoadsTenKeys) {
  Start({.max_items = 2}, {});
  PushOneOfEach(kMillion, 1);
  tester_->Run();
  tester_->Commit();
  ASSERT_EQ(StoredKeys(), static_cast<uint64_t>(kMillion));

  tester_->CrashAndResume();
  tester_->Run();
  EXPECT_EQ(tester_->loaded_keys(), 0u) << "opening loads nothing";
  for (int64_t user = 0; user < 10; ++user) in_.Push({user * 99'991, 2});
  tester_->Run();
  EXPECT_LE(tester_->loaded_keys(), 10u);
  ASSERT_EQ(out_.rows().size(), 10u);
  for (const List& list : out_.rows()) EXPECT_EQ(list.value, (std::vector<int64_t>{1, 2}));
}

TEST_F(StateScale, ResumingLoadsWhatIsDueAndNoMore) {
  Start({.max_wait = absl::Minutes(10)}, {});
  PushOneOfEach(5, 1);
  tester_->Run();
  tester_->Advance(absl::Minutes(5));
  PushOneOfEach(20'000, 1, 100);
  tester_->Run();
  tester_->Commit();

  tester_->clock().Advance(Span::Seconds(6 * 60));  // the five are due, the others are not
  tester_->CrashAndResume();
  for (int64_t user = 0; user < 10; ++user) in_.Push({1000 + user, 2});
  tester_->Run();
  EXPECT_LE(tester_->loaded_keys(), 10u + 5u);
  EXPECT_EQ(out_.rows().size(), 5u);
}

TEST_F(StateScale, SmallAndLargeCommitsInTurnsGiveTheSameLists) {
  Start({.max_items = 5}, {});
  std::map<int64_t, std::vector<int64_t>> open;
  std::map<int64_t, std::vector<std::vector<int64_t>>> expected;
  const auto push = [&](int64_t user, int64_t number) {
    in_.Push({user, number});
    open[user].push_back(number);
    if (open[user].size() == 5) expected[user].push_back(std::exchange(open[user], {}));
  };
  // 60,000 new keys are a table file, three keys are a write to the log.
  for (int64_t round = 0; round < 8; ++round) {
    const int64_t users = round % 2 == 0 ? 60'000 : 3;
    for (int64_t user = 0; user < users; ++user) push(user, round);
    tester_->Run();
    tester_->Commit();
    if (round == 2 || round == 5) tester_->CrashAndResume();
  }
  tester_->CrashAndResume();
  tester_->End();
  for (auto& [user, list] : open) {
    if (!list.empty()) expected[user].push_back(list);
  }
  std::map<int64_t, std::vector<std::vector<int64_t>>> actual;
  for (const List& list : out_.rows()) actual[list.key].push_back(list.value);
  EXPECT_EQ(actual, expected);
}

TEST_F(StateScale, EvictedKeysFireTheirTimersInOrder) {
  FlowTester::Options options;
  options.memory_bytes = size_t{1} << 20;
  Start({.max_wait = absl::Seconds(100)}, options);
  constexpr int64_t kUsers = 30'000;
  // Descending, so that the order of due times is not that of the keys.
  for (int64_t second = 0; second < 3; ++second) {
    for (int64_t user = kUsers - 1; user >= 0; --user) {
      if (user % 3 == second) in_.Push({user, user});
    }
    tester_->Run();
    tester_->Commit();
    tester_->Advance(absl::Seconds(1));
  }
  EXPECT_GT(tester_->evicted_keys(), 10'000u);
  EXPECT_TRUE(out_.rows().empty());
  tester_->Advance(absl::Seconds(1000));
  std::vector<int64_t> expected;
  for (int64_t second = 0; second < 3; ++second) {
    for (int64_t user = second; user < kUsers; user += 3) expected.push_back(user);
  }
  std::vector<int64_t> actual;
  for (const List& list : out_.rows()) actual.push_back(list.key);
  EXPECT_EQ(actual, expected);
}

TEST_F(StateScale, AnEpochThatDirtiesMoreThanTheBudgetClosesEarly) {
  FlowTester::Options options;
  options.memory_bytes = size_t{1} << 20;
  Start({.max_items = 2}, options);
  constexpr int64_t kUsers = 50'000;
  PushOneOfEach(kUsers, 1);
  PushOneOfEach(kUsers, 2);
  tester_->Run();
  EXPECT_GT(tester_->early_epochs(), 5u);
  EXPECT_EQ(out_.rows().size(), static_cast<size_t>(kUsers));
  // Half-way through nothing was lost by closing early: a crash now goes on from the last of them.
  tester_->CrashAndResume();
  tester_->Run();
  EXPECT_EQ(out_.rows().size(), static_cast<size_t>(kUsers));
  for (const List& list : out_.rows()) EXPECT_EQ(list.value, (std::vector<int64_t>{1, 2}));
}

TEST_F(StateScale, TheEndOfInputWalksColdKeysInByteOrder) {
  FlowTester::Options options;
  options.memory_bytes = size_t{1} << 20;
  Start({.max_items = 100}, options);
  constexpr int64_t kUsers = 20'000;
  for (int64_t user = kUsers; user-- > 0;) in_.Push({user, user});
  tester_->Run();
  tester_->Commit();
  tester_->CrashAndResume();
  tester_->End();
  ASSERT_EQ(out_.rows().size(), static_cast<size_t>(kUsers));
  for (int64_t user = 0; user < kUsers; ++user) {
    ASSERT_EQ(out_.rows()[static_cast<size_t>(user)].key, user);
  }
  EXPECT_EQ(StoredKeys(), 0u);
}

}  // namespace
}  // namespace tidemark
