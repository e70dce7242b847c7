#include "connectors/kafka/kafka_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "connectors/kafka/kafka_json.h"
#include "connectors/kafka/kafka_test_support.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class KafkaSourceTest : public ConnectorTest {
 protected:
  KafkaSourceTest() { kafka_.MakeTopic("events", 2); }

  Source<JsonRow> Events(KafkaSourceOptions options = {}) {
    options.topic = kafka_.Topic("events");
    return KafkaJsonSource(std::move(options));
  }
  void Send(int partition, const std::string& value) {
    kafka_.Send("events", partition, value.c_str());
  }
  // What comes until there are `count` rows, one partition.
  std::vector<std::string> Read(Session<JsonRow>& session, size_t count) {
    std::vector<std::string> rows;
    const auto read = [&] {
      const auto items = session.Next();
      EXPECT_TRUE(items.ok()) << items.status();
      if (!items.ok()) return true;
      for (const JsonRow& row : items->value_or(std::vector<JsonRow>())) rows.push_back(row.raw);
      return rows.size() >= count;
    };
    EXPECT_TRUE(Eventually(read, session.last().ready_fd));
    return rows;
  }
  // The first error.
  absl::Status ReadError(Session<JsonRow>& session) {
    absl::Status status;
    EXPECT_TRUE(Eventually([&] {
      status = session.Next().status();
      return !status.ok();
    }));
    return status;
  }

  MockKafka kafka_;
};

TEST_F(KafkaSourceTest, PartitionsOfTheTopicAreThoseOfTheSource) {
  const auto names = Events().factory()->Partitions(context());
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_THAT(*names, ElementsAre("events/0", "events/1"));
}

TEST_F(KafkaSourceTest, BeginsAtTheEarliestAndGoesOnAtItsPosition) {
  Send(0, R"({"n": 1})");
  Send(0, R"({"n": 2})");
  {
    auto session = Session<JsonRow>::Open(Events(), context());
    ASSERT_TRUE(session.ok()) << session.status();
    EXPECT_THAT(Read(*session, 2), ElementsAre(R"({"n": 1})", R"({"n": 2})"));
    EXPECT_EQ(session->position(), Position().Set("next", 2));
  }
  auto again = Session<JsonRow>::Open(Events(), context(), Position().Set("next", 1));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(Read(*again, 1), ElementsAre(R"({"n": 2})"));
}

TEST_F(KafkaSourceTest, APollThatFindsNothingWaitsForADescriptor) {
  auto session = Session<JsonRow>::Open(Events(), context());
  ASSERT_TRUE(session.ok()) << session.status();
  // Caught up: an empty partition has nothing at hand.
  ASSERT_TRUE(Eventually([&] {
    const auto items = session->Next();
    return items.ok() && session->last().more_at_hand == false;
  }));
  const int fd = session->last().ready_fd;
  ASSERT_GE(fd, 0);
  // Each message wakes a sleeper once more.
  for (int n = 1; n <= 3; ++n) {
    Send(0, Cat("{\"n\": ", n, "}"));
    pollfd ask{.fd = fd, .events = POLLIN, .revents = 0};
    ASSERT_EQ(poll(&ask, 1, 30'000), 1) << n;
    EXPECT_THAT(Read(*session, 1), ElementsAre(Cat("{\"n\": ", n, "}")));
    // The news of the end comes by a wake-up of its own.
    ASSERT_TRUE(Eventually([&] {
      const auto items = session->Next();
      return items.ok() && items->value_or(std::vector<JsonRow>()).empty() &&
             session->last().more_at_hand == false;
    }));
  }
}

TEST_F(KafkaSourceTest, AnIdlePartitionIsQuiet) {
  auto session = Session<JsonRow>::Open(Events(), context());
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_TRUE(Eventually([&] {
    const auto items = session->Next();
    return items.ok() && session->last().more_at_hand == false;
  }));
  int wakes = 0;
  const int64_t until_us = MonotonicMicros() + 1'500'000;
  while (MonotonicMicros() < until_us) {
    pollfd ask{.fd = session->last().ready_fd, .events = POLLIN, .revents = 0};
    if (poll(&ask, 1, 500) == 1) ++wakes;
    ASSERT_TRUE(session->Next().ok());
  }
  EXPECT_LE(wakes, 2);
}

TEST_F(KafkaSourceTest, TheEndEndsTheInputWhereThatIsWanted) {
  Send(1, R"({"n": 1})");
  auto session = Session<JsonRow>::Open(Events({.topic = {}, .stop_at_end = true}), context(),
                                        std::nullopt, 1);
  ASSERT_TRUE(session.ok()) << session.status();
  std::vector<std::string> rows;
  ASSERT_TRUE(Eventually([&] {
    const auto items = session->Next();
    EXPECT_TRUE(items.ok()) << items.status();
    if (!items.ok() || !items->has_value()) return true;
    for (const JsonRow& row : **items) rows.push_back(row.raw);
    return false;
  }));
  EXPECT_THAT(rows, ElementsAre(R"({"n": 1})"));
  EXPECT_TRUE(session->last().at_end);
}

TEST_F(KafkaSourceTest, ABadMessageIsNamedByItsOffset) {
  Send(0, R"({"n": 1})");
  Send(0, "nonsense");
  auto session = Session<JsonRow>::Open(Events(), context());
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_THAT(Message(ReadError(*session)), HasSubstr("events/0:1: not JSON at byte 1"));
  // It was passed, so that the next start can step over it.
  EXPECT_EQ(session->position(), Position().Set("next", 2));
}

TEST_F(KafkaSourceTest, BadMessagesAreLeftOutAndCountedWhereThatIsWanted) {
  Send(0, "nonsense");
  kafka_.Send("events", 0, nullptr);
  Send(0, R"({"n": 1})");
  auto session =
      Session<JsonRow>::Open(Events({.topic = {}, .on_error = OnError::kSkip}), context());
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_THAT(Read(*session, 1), ElementsAre(R"({"n": 1})"));
  const auto entries = skips_.Entries();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries.begin()->first, Events().factory()->Describe());
  EXPECT_EQ(entries.begin()->second.count, 2u);
  EXPECT_THAT(
      entries.begin()->second.examples,
      ElementsAre(HasSubstr("events/0:0: not JSON"), "events/0:1: the message has no value"));
}

TEST_F(KafkaSourceTest, AnUnknownTopicIsRefused) {
  // The mock makes what it is asked for, unless told otherwise.
  rd_kafka_mock_topic_set_error(kafka_.cluster(), "gone", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  const auto gone =
      KafkaJsonSource({.topic = kafka_.Topic("gone")}).factory()->Partitions(context());
  EXPECT_THAT(Message(gone.status()), HasSubstr("topic 'gone' at "));
  EXPECT_THAT(Message(gone.status()), HasSubstr("there is no such topic"));
  EXPECT_TRUE(absl::IsFailedPrecondition(gone.status()));
}

TEST_F(KafkaSourceTest, ALookGivesUpWhereNoBrokerAnswersAndARunWaits) {
  kafka_.SetBroker(false);
  const auto look = Events({.topic = {}, .unheard_ms = 300}).factory()->Partitions(context());
  EXPECT_TRUE(absl::IsUnavailable(look.status())) << look.status();
  EXPECT_THAT(Message(look.status()), HasSubstr("no broker answers"));
  // A run that is told so waits, until one does.
  SourceContext run = context();
  std::vector<std::string> said;
  run.say = [&](const std::string& line) {
    said.push_back(line);
    kafka_.SetBroker(true);
  };
  const auto names = Events().factory()->Partitions(run);
  ASSERT_TRUE(names.ok()) << names.status();
  ASSERT_EQ(said.size(), 2u);
  EXPECT_THAT(said[0], HasSubstr("; waiting"));
  EXPECT_THAT(said[1], HasSubstr("answers again"));
}

TEST_F(KafkaSourceTest, AnOutageIsSaidOnceAndLetsJobTimeStandStill) {
  SourceContext run = context();
  std::vector<std::string> said;
  run.say = [&](const std::string& line) { said.push_back(line); };
  auto session = Session<JsonRow>::Open(Events(), run);
  ASSERT_TRUE(session.ok()) << session.status();
  const auto has_more = [&](bool more) {
    return Eventually([&] {
      EXPECT_TRUE(session->Next().ok());
      return session->last().more_at_hand == more;
    });
  };
  ASSERT_TRUE(has_more(false));
  for (int outage = 1; outage <= 2; ++outage) {
    kafka_.SetBroker(false);
    ASSERT_TRUE(has_more(true));
    EXPECT_THAT(said, ElementsAre(HasSubstr(": no broker answers (")));
    EXPECT_THAT(said, ElementsAre(HasSubstr("; waiting")));
    kafka_.SetBroker(true);
    ASSERT_TRUE(has_more(false));  // also where no message comes
    EXPECT_THAT(said, ElementsAre(_, HasSubstr(": answers again")));
    said.clear();
  }
}

TEST_F(KafkaSourceTest, AMessageThatIsGoneIsNotJumpedOver) {
  Send(0, R"({"n": 1})");
  const auto beyond = Session<JsonRow>::Open(Events(), context(), Position().Set("next", 7));
  EXPECT_THAT(Message(beyond.status()),
              HasSubstr("events/0: continues at offset 7, but ends at 1 now"));
  EXPECT_TRUE(absl::IsFailedPrecondition(beyond.status()));
}

TEST(PlanKafkaStart, IsDecidedByPositionAndRange) {
  const KafkaRange range{.begin = 40, .end = 60};
  const auto plan = [&](std::optional<int64_t> next, bool accept) -> std::string {
    std::optional<Position> resume;
    if (next) resume = Position().Set("next", *next);
    const auto start = PlanKafkaStart("t/0", resume, range, accept);
    if (!start.ok()) return std::string(ToStd(start.status().message()));
    return Cat(start->offset, start->note.empty() ? "" : Cat(", ", start->note));
  };
  EXPECT_EQ(plan({}, false), "40");
  EXPECT_EQ(plan(40, false), "40");
  EXPECT_EQ(plan(60, false), "60");
  EXPECT_EQ(plan(39, false),
            "t/0: continues at offset 39, but begins at 40 now: retention removed what is between "
            "before it was read; --accept-changed-input continues at offset 40");
  EXPECT_EQ(
      plan(61, false),
      "t/0: continues at offset 61, but ends at 60 now: the topic was created again, or is another "
      "one; --accept-changed-input continues at offset 40");
  EXPECT_THAT(plan(39, true), HasSubstr("40, t/0: continues at offset 39"));
  EXPECT_TRUE(
      absl::IsDataLoss(PlanKafkaStart("t/0", Position().Set("line", 3), range, false).status()));
}

}  // namespace
}  // namespace tidemark
