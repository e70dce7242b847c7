#include "connectors/kafka/kafka_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "connectors/kafka/kafka_fake.h"
#include "engine/skip_log.h"
#include "recovery/outbox_reader.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Fate = FakeTopic::Fate;

std::string TextOf(const absl::Status& status) { return std::string(ToStd(status.message())); }

class KafkaOutputTest : public ::testing::Test {
 protected:
  KafkaOutputTest() {
    context_.run_line = "line";
    context_.job = "job";
    context_.sink = "sink";
    context_.state_directory = "/state";
    context_.skips = &skips_;
    context_.say = [this](const std::string& line) { said_.push_back(line); };
  }

  KafkaSinkOptions Options(OnError on_error = OnError::kStop) {
    return {.topic = {.brokers = "b:1", .topic = "out"},
            .on_error = on_error,
            .make_writer = topic_.Maker()};
  }
  void Open(std::optional<Position> resume = std::nullopt) {
    auto output = KafkaOutput::Open(Options(), resume, context_);
    ASSERT_TRUE(output.ok()) << output.status();
    output_ = *std::move(output);
  }
  // An epoch with these messages, up to its commit.
  EpochOutput End(uint64_t epoch, const std::vector<std::string>& values) {
    for (const std::string& value : values) EXPECT_TRUE(output_->Add(value).ok());
    return output_->EndEpoch(Epoch{epoch});
  }
  absl::Status Publish(uint64_t epoch, const EpochOutput& output) {
    OutboxInMemory rows(output.rows);
    return output_->Publish(Epoch{epoch}, rows);
  }

  FakeTopic topic_;
  SkipLog skips_;
  SinkContext context_;
  std::vector<std::string> said_;
  std::unique_ptr<KafkaOutput> output_;
};

TEST_F(KafkaOutputTest, AnEpochIsOneTransactionWithItsNumber) {
  Open();
  const EpochOutput first = End(3, {"a", "b"});
  EXPECT_EQ(
      first.position,
      Position().Set("epoch", 3).Set("earlier", 0).Set("run_line", "line").Set("topic", "out"));
  EXPECT_THAT(topic_.messages, IsEmpty());  // not before the commit
  ASSERT_EQ(Publish(3, first), absl::OkStatus());
  EXPECT_THAT(topic_.messages, ElementsAre("a", "b"));
  ASSERT_TRUE(topic_.note.has_value());
  EXPECT_EQ(topic_.note->epoch, 3);
  EXPECT_EQ(topic_.note->line, "line");
  EXPECT_EQ(topic_.last_id, "tidemark/job/sink/out");
}

TEST_F(KafkaOutputTest, ASecondTimeChangesNothing) {
  Open();
  const EpochOutput output = End(1, {"a"});
  ASSERT_EQ(Publish(1, output), absl::OkStatus());
  ASSERT_EQ(Publish(1, output), absl::OkStatus());
  Open(output.position);
  ASSERT_EQ(Publish(1, output), absl::OkStatus());
  EXPECT_THAT(topic_.messages, ElementsAre("a"));
}

TEST_F(KafkaOutputTest, AStartPublishesWhatACrashKeptBack) {
  Open();
  const EpochOutput first = End(1, {"a"});
  ASSERT_EQ(Publish(1, first), absl::OkStatus());
  const EpochOutput second = End(2, {"b"});  // committed, and then a crash
  Open(second.position);
  ASSERT_EQ(Publish(2, second), absl::OkStatus());
  EXPECT_THAT(topic_.messages, ElementsAre("a", "b"));
}

TEST_F(KafkaOutputTest, WhatWasUndoneIsWrittenAgain) {
  Open();
  const EpochOutput output = End(1, {"a", "b"});
  topic_.fates = {Fate::kIsUndone, Fate::kIsUndone};
  topic_.acquires_that_fail = 2;
  ASSERT_EQ(Publish(1, output), absl::OkStatus());
  EXPECT_THAT(topic_.messages, ElementsAre("a", "b"));
  // Once per outage, and that it is over.
  EXPECT_THAT(said_, ElementsAre("timed out; waiting", "topic 'out' at b:1: continues",
                                 "timed out; waiting", "topic 'out' at b:1: continues"));
}

TEST_F(KafkaOutputTest, WhatWasInDoubtAndHappenedIsNotWrittenAgain) {
  Open();
  const EpochOutput output = End(1, {"a", "b"});
  topic_.fates = {Fate::kIsInDoubt};
  ASSERT_EQ(Publish(1, output), absl::OkStatus());
  EXPECT_THAT(topic_.messages, ElementsAre("a", "b"));
}

TEST_F(KafkaOutputTest, AnErrorThatStaysEndsTheRunAndKeepsTheRows) {
  Open();
  const EpochOutput output = End(1, {"a"});
  topic_.fates = {Fate::kIsRefused};
  const absl::Status status = Publish(1, output);
  EXPECT_EQ(TextOf(status),
            "no right to write; the rows of epoch 1 are kept, and written by the next start that "
            "can");
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  Open(output.position);
  ASSERT_EQ(Publish(1, output), absl::OkStatus());
  EXPECT_THAT(topic_.messages, ElementsAre("a"));
}

TEST_F(KafkaOutputTest, OneThatAnotherRunShutOutEndsWhereThatOneWrites) {
  Open();
  const EpochOutput output = End(1, {"a"});
  topic_.fates = {Fate::kIsFenced};
  topic_.other = [this] {  // a copy of the same state, which has published the same epoch
    ++topic_.acquired;
    topic_.messages.push_back("a");
    topic_.note = KafkaNote{
        .line = "line", .session = "other", .epoch = 1, .job = "job", .state_directory = "/copy"};
  };
  const absl::Status status = Publish(1, output);
  EXPECT_THAT(TextOf(status), HasSubstr("topic 'out' at b:1: another run of this job has begun to "
                                        "write to it, from /copy"));
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(topic_.messages, ElementsAre("a"));
}

TEST_F(KafkaOutputTest, OneThatIsShutOutByAStartThatWroteNothingGoesOn) {
  Open();
  const EpochOutput output = End(1, {"a"});
  topic_.fates = {Fate::kIsFenced};
  topic_.other = [this] { ++topic_.acquired; };
  ASSERT_EQ(Publish(1, output), absl::OkStatus());
  EXPECT_THAT(topic_.messages, ElementsAre("a"));
}

TEST_F(KafkaOutputTest, AnOlderStateIsRefusedUnlessItTakesOver) {
  Open();
  const EpochOutput first = End(1, {"a"}), second = End(2, {"b"});
  ASSERT_EQ(Publish(1, first), absl::OkStatus());
  ASSERT_EQ(Publish(2, second), absl::OkStatus());
  const auto refused = KafkaOutput::Open(Options(), first.position, context_);
  EXPECT_EQ(TextOf(refused.status()),
            "topic 'out' at b:1: has messages up to epoch 2, but this job continues after epoch 1, "
            "and a topic cannot be truncated; put the newer state back, or name another topic; or "
            "--take-over: continues in it, and messages of those epochs come again");
  EXPECT_EQ(KafkaOutput::Check(Options(), first.position, context_), refused.status());
  context_.take_over = true;
  Open(first.position);
  ASSERT_EQ(Publish(2, End(2, {"B"})), absl::OkStatus());
  EXPECT_THAT(topic_.messages, ElementsAre("a", "b", "B"));
  EXPECT_THAT(said_, SizeIs(1));
}

TEST_F(KafkaOutputTest, ACheckWritesNothingAndShutsNobodyOut) {
  ASSERT_EQ(KafkaOutput::Check(Options(), std::nullopt, context_), absl::OkStatus());
  EXPECT_EQ(topic_.acquired, 0);
  EXPECT_FALSE(topic_.note.has_value());
}

// A job can be checked where its broker cannot be reached, but not without a word.
TEST_F(KafkaOutputTest, ACheckWithoutABrokerSaysWhatItDidNotCheck) {
  topic_.is_away = true;
  ASSERT_EQ(KafkaOutput::Check(Options(), std::nullopt, context_), absl::OkStatus());
  EXPECT_THAT(said_, ElementsAre("kafka at nowhere: no broker answers; whether the topic exists "
                                 "was not checked"));
}

TEST_F(KafkaOutputTest, AMessageThatIsTooLargeIsRefusedBeforeItIsCommitted) {
  Open();
  const std::string large(KafkaOutput::kMessageBytesMax + 1, 'x');
  const absl::Status status = output_->Add(large, "in.jsonl:7");
  EXPECT_EQ(TextOf(status),
            "in.jsonl:7: topic 'out' at b:1: a message of 1000001 bytes is larger than Kafka takes "
            "(1000000)");
  auto skipping = KafkaOutput::Open(Options(OnError::kSkip), std::nullopt, context_);
  ASSERT_TRUE(skipping.ok());
  EXPECT_TRUE((*skipping)->Add(large, "in.jsonl:7").ok());
  EXPECT_EQ(skips_.total(), 1u);
  EXPECT_THAT((*skipping)->EndEpoch(Epoch{1}).rows, IsEmpty());
}

TEST_F(KafkaOutputTest, AnEpochComesInPiecesThatCanBeReadAlone) {
  Open();
  std::vector<std::string> values;
  for (int i = 0; i < 400; ++i) values.push_back(Cat(i, std::string(1000, 'x')));
  const EpochOutput output = End(1, values);
  EXPECT_THAT(output.rows, SizeIs(4));
  ASSERT_EQ(Publish(1, output), absl::OkStatus());
  EXPECT_EQ(topic_.messages, values);
}

}  // namespace
}  // namespace tidemark
