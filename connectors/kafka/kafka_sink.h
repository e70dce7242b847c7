// KafkaTopicSink: a Kafka topic as an exactly-once sink, one message per item.
//
//   peaks.To("peaks", ToKafka<JsonRow>({.topic = {.brokers = "127.0.0.1:9092", .topic = "peaks"}},
//                                      JsonLineEncoder()));
//
// Messages become visible epoch by epoch, each epoch in one transaction: a consumer with
// isolation.level=read_committed sees each message exactly once, whatever happens to the job and to
// the brokers. One that reads uncommitted messages also sees those of aborted transactions.
// Messages have no key, so they are spread over the partitions of the topic, and at most the order
// of epochs is kept between them.
//
// The topic must exist. Its messages stay: other writers may use it as well, and a topic cannot be
// truncated. So a start that would repeat messages, because it is a fresh one or its state is a
// fork or older than the topic, is refused unless --take-over is given (kafka_owner.h). The
// decision rests on a note that is a committed offset, which brokers forget when the sink has
// written nothing for longer than offsets.retention.minutes (by default a week); a start after that
// is refused as well.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status.h"
#include "connectors/kafka/kafka_output.h"
#include "connectors/rows/lines.h"
#include "tidemark/sink.h"

namespace tidemark {

template <class T>
struct KafkaItems {
  LineEncoder<T> encode;
  // Returns the place where an item was read, for messages: "in.jsonl:17"; empty if not known.
  std::function<std::string(const T&)> place = {};
};

template <class T>
class KafkaTopicSinkWriter final : public SinkWriter<T> {
 public:
  KafkaTopicSinkWriter(std::unique_ptr<KafkaOutput> output, KafkaItems<T> items)
      : output_(std::move(output)), items_(std::move(items)) {}

  absl::Status Write(const std::vector<T>& items) override {
    for (const T& item : items) {
      value_.clear();
      items_.encode(item, value_);
      TM_RETURN_IF_ERROR(output_->Add(value_, items_.place ? items_.place(item) : ""));
    }
    return absl::OkStatus();
  }
  absl::StatusOr<EpochOutput> EndEpoch(Epoch epoch) override { return output_->EndEpoch(epoch); }
  absl::Status Publish(Epoch epoch, OutboxReader& rows) override {
    return output_->Publish(epoch, rows);
  }

 private:
  const std::unique_ptr<KafkaOutput> output_;
  const KafkaItems<T> items_;
  std::string value_;
};

template <class T>
class KafkaTopicSink final : public SinkFactory<T> {
 public:
  KafkaTopicSink(KafkaSinkOptions options, KafkaItems<T> items)
      : options_(std::move(options)), items_(std::move(items)) {}

  absl::Status Check(const std::optional<Position>& resume, const SinkContext& context) override {
    return KafkaOutput::Check(options_, resume, context);
  }
  absl::StatusOr<std::unique_ptr<SinkWriter<T>>> Open(const std::optional<Position>& resume,
                                                      const SinkContext& context) override {
    TM_ASSIGN_OR_RETURN(auto output, KafkaOutput::Open(options_, resume, context));
    return std::make_unique<KafkaTopicSinkWriter<T>>(std::move(output), items_);
  }
  SinkGuarantee guarantee() const override { return SinkGuarantee::kPublish; }
  std::string Describe() const override { return WhereIs(options_.topic); }

 private:
  const KafkaSinkOptions options_;
  const KafkaItems<T> items_;
};

template <class T>
Sink<T> ToKafka(KafkaSinkOptions options, KafkaItems<T> items) {
  return Sink<T>(std::make_shared<KafkaTopicSink<T>>(std::move(options), std::move(items)));
}
template <class T>
Sink<T> ToKafka(KafkaSinkOptions options, LineEncoder<T> encode) {
  return ToKafka<T>(std::move(options), KafkaItems<T>{.encode = std::move(encode)});
}

}  // namespace tidemark
