// Goal: whatever a job between two topics lives through, each message is taken once and written
// once. Method: random stories under the virtual clock, with crashes between any two steps of the
// protocol, over a topic in memory whose transactions fail; and a real reader over brokers in
// memory.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/random.h"
#include "base/status.h"
#include "connectors/kafka/kafka_fake.h"
#include "connectors/kafka/kafka_json.h"
#include "connectors/kafka/kafka_sink.h"
#include "connectors/kafka/kafka_test_support.h"
#include "tidemark/flow.h"
#include "tidemark/testing.h"

namespace tidemark {
namespace {

using Fate = FakeTopic::Fate;

// Ends an epoch, up to its commit.
absl::Status EndEpoch(FlowTester& tester) {
  tester.job().RequestEpoch();
  while (!tester.job().EpochReady()) {
    for (int w = 0; w < tester.job().workers(); ++w) {
      TM_RETURN_IF_ERROR(tester.job().worker(w).Step().status());
    }
  }
  return absl::OkStatus();
}

absl::Status TryCommit(FlowTester& tester) {
  TM_RETURN_IF_ERROR(EndEpoch(tester));
  return tester.job().CommitEpoch();
}

void Play(int workers, Random& random) {
  FakeTopic topic;
  FlowTester tester({.workers = workers});
  auto in = tester.Input<int64_t>();
  tester.Build([&](Flow& flow) {
    flow.From("in", in.source())
        .To("out", ToKafka<int64_t>({.topic = {.brokers = "b", .topic = "t"},
                                     .on_error = OnError::kStop,
                                     .make_writer = topic.Maker()},
                                    [](const int64_t& n, std::string& out) { out += Cat(n); }));
  });
  int64_t items = 0;
  int crashes = 0;
  for (int step = 0; step < 60; ++step) {
    switch (random.Below(5)) {
      case 0:
        for (uint64_t i = random.Below(5); i > 0; --i) in.Push(++items);
        break;
      case 1:
        tester.Run();
        break;
      case 2: {
        topic.fates.clear();
        topic.acquires_that_fail = static_cast<int>(random.Below(2));
        while (random.OneIn(2)) {
          topic.fates.push_back(random.OneIn(2) ? Fate::kIsUndone : Fate::kIsInDoubt);
        }
        if (random.OneIn(4)) topic.fates.push_back(Fate::kIsRefused);
        const absl::Status committed = TryCommit(tester);
        topic.fates.clear();
        if (committed.ok()) break;
        ASSERT_TRUE(absl::IsFailedPrecondition(committed)) << committed;
        tester.CrashAndResume();
        ++crashes;
        break;
      }
      case 3:
        tester.CrashAndResume();
        ++crashes;
        break;
      case 4:  // right before a commit: the topic must know nothing of the epoch
        ASSERT_EQ(EndEpoch(tester), absl::OkStatus());
        ASSERT_EQ(tester.TryCrashAndResume(), absl::OkStatus());
        ++crashes;
        break;
    }
  }
  tester.End();
  std::vector<std::string> expected;
  for (int64_t n = 1; n <= items; ++n) expected.push_back(Cat(n));
  EXPECT_EQ(topic.messages, expected);
  EXPECT_GT(crashes, 0);
}

TEST(KafkaFlow, AFlowThatCrashesAnywherePublishesEachRowOnce) {
  const uint64_t seed = FreshSeed();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  for (int story = 0; story < 40; ++story) {
    SCOPED_TRACE(::testing::Message() << "story " << story);
    Play(1 + story % 3, random);
  }
}

TEST(KafkaFlow, AFlowThatCrashesAnywhereTakesEachMessageOnce) {
  constexpr int kMessages = 60;
  MockKafka kafka;
  kafka.MakeTopic("events", 2);
  std::vector<std::string> expected;
  for (int n = 0; n < kMessages; ++n) {
    expected.push_back(Cat("{\"n\": ", n, "}"));
    kafka.Send("events", n % 2, expected.back().c_str());
  }
  FlowTester tester({.workers = 2, .batch_items_max = 4});
  auto out = tester.Output<std::string>();
  tester.Build([&](Flow& flow) {
    flow.From("events", KafkaJsonSource({.topic = kafka.Topic("events")}))
        .Map([](const JsonRow& row) { return row.raw; })
        .To("out", out.sink());
  });
  // What the brokers' threads have handed over by then is up to them.
  const auto read = [&](size_t rows) {
    return Eventually([&] {
      for (int w = 0; w < 2; ++w) tester.job().worker(w).SetReadable();  // as the runner does
      tester.Run();
      return out.rows().size() >= rows;
    });
  };
  for (size_t crash = 0; crash < 6; ++crash) {
    ASSERT_TRUE(read(8 * crash));
    if (crash % 2 == 1) tester.Commit();
    tester.CrashAndResume();
  }
  ASSERT_TRUE(read(kMessages));
  tester.Commit();
  std::vector<std::string> rows = out.committed();
  std::sort(rows.begin(), rows.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(rows, expected);
}

}  // namespace
}  // namespace tidemark
