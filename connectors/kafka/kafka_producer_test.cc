// Goal: what the brokers answer to a transaction becomes the right kind of status. The mock knows
// no transactions that hide or keep anything, so what they guarantee is for `./dev kafka` to show.

#include "connectors/kafka/kafka_producer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/kafka/kafka_test_support.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;

// Numbers of requests in Kafka's protocol.
constexpr int16_t kProduce = 0, kInitProducerId = 22, kEndTxn = 26, kTxnOffsetCommit = 28;

class KafkaProducerTest : public ::testing::Test {
 protected:
  KafkaProducerTest()
      : producer_(kafka_.Topic("out"), "tidemark/job/sink/out",
                  {.say = [this](const std::string& line) { said_.push_back(line); }}, 5'000) {
    kafka_.MakeTopic("out", 2);
  }
  void Fail(int16_t request, rd_kafka_resp_err_t error) {
    rd_kafka_mock_push_request_errors(kafka_.cluster(), request, 1, error);
  }
  absl::Status Write(int64_t epoch) {
    return producer_.Write(
        [](const std::function<absl::Status(std::string_view)>& write) {
          TM_RETURN_IF_ERROR(write("{\"n\": 1}"));
          return write("{\"n\": 2}");
        },
        {.line = "line", .session = "s", .epoch = epoch});
  }

  MockKafka kafka_;
  std::vector<std::string> said_;
  KafkaProducer producer_;
};

TEST_F(KafkaProducerTest, WritesOneTransactionAfterTheOther) {
  ASSERT_EQ(producer_.Acquire(), absl::OkStatus());
  EXPECT_EQ(Write(1), absl::OkStatus());
  EXPECT_EQ(Write(2), absl::OkStatus());
}

TEST_F(KafkaProducerTest, ATopicWithoutATransactionHasNoNote) {
  const auto note = producer_.ReadNote();
  ASSERT_TRUE(note.ok()) << note.status();
  EXPECT_FALSE(note->has_value());
}

TEST_F(KafkaProducerTest, WhatPassesByItselfIsNotAnError) {
  Fail(kInitProducerId, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
  ASSERT_EQ(producer_.Acquire(), absl::OkStatus());
  Fail(kTxnOffsetCommit, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
  Fail(kEndTxn, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE);
  EXPECT_EQ(Write(1), absl::OkStatus());
}

TEST_F(KafkaProducerTest, AFencedTransactionIsInDoubtUntilItIsAcquiredAgain) {
  ASSERT_EQ(producer_.Acquire(), absl::OkStatus());
  Fail(kEndTxn, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
  const absl::Status fenced = Write(1);
  EXPECT_TRUE(absl::IsUnavailable(fenced)) << fenced;
  EXPECT_FALSE(Write(1).ok());
  ASSERT_EQ(producer_.Acquire(), absl::OkStatus());
  EXPECT_EQ(Write(1), absl::OkStatus());
}

TEST_F(KafkaProducerTest, WhatNoWaitingMendsIsAnErrorThatStays) {
  ASSERT_EQ(producer_.Acquire(), absl::OkStatus());
  Fail(kProduce, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  const absl::Status refused = Write(1);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(std::string(ToStd(refused.message())), HasSubstr("topic 'out' at "));
}

TEST_F(KafkaProducerTest, ABrokerThatIsAwayIsSaidAndPasses) {
  KafkaProducer hasty(kafka_.Topic("out"), "tidemark/job/sink/out", {}, 300);
  kafka_.SetBroker(false);
  const absl::Status away = hasty.Acquire();
  EXPECT_TRUE(absl::IsUnavailable(away)) << away;
  EXPECT_TRUE(absl::IsUnavailable(hasty.ReadNote().status()));
  kafka_.SetBroker(true);
  EXPECT_TRUE(Eventually([&] { return hasty.Acquire().ok(); }));
}

}  // namespace
}  // namespace tidemark
