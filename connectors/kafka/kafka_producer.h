// KafkaProducer: a KafkaWriter for a real cluster, on librdkafka's transactional producer.
//
// Its transactional id is fixed (KafkaSinkId), so that Acquire() can end a transaction that a
// killed process left open, and fence a process that still believes it is the sink.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "connectors/kafka/kafka_handle.h"
#include "connectors/kafka/kafka_topic.h"
#include "connectors/kafka/kafka_writer.h"

struct rd_kafka_topic_s;

namespace tidemark {

class KafkaProducer final : public KafkaWriter {
 public:
  // How long brokers may take to answer before a call is Unavailable.
  static constexpr int kAnswerMs = 10'000;
  // Brokers abort a transaction that takes longer. One that a killed job left open can hold back
  // readers for as long, if the job is not started again.
  static constexpr int kTransactionMs = 60'000;

  // `id` is from KafkaSinkId().
  KafkaProducer(KafkaTopic topic, std::string id, KafkaWaiting waiting, int answer_ms = kAnswerMs);
  ~KafkaProducer() override;

  absl::Status Acquire() override;
  absl::StatusOr<std::optional<KafkaNote>> ReadNote() override;
  absl::Status Write(const Messages& messages, const KafkaNote& note) override;

 private:
  void SayOutage();
  absl::Status InitTransactions();
  absl::Status Produce(std::string_view value);
  absl::Status SendNote(const KafkaNote& note);
  // Calls `f` again as long as its error says that this may help.
  absl::Status Retry(const std::function<rd_kafka_error_s*()>& f);

  const KafkaTopic topic_;
  const std::string id_;
  const KafkaWaiting waiting_;
  const int answer_ms_;
  bool is_quiet_ = true;  // said, or nothing is waited for
  std::unique_ptr<KafkaHandle> handle_;
  rd_kafka_topic_s* produced_ = nullptr;  // of handle_
};

}  // namespace tidemark
