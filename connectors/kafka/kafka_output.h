// KafkaOutput: the topic under a Kafka sink, whatever its items are (kafka_sink.h).
//
// The messages of an epoch are collected, go into the commit as bytes, and are written after it in
// one transaction with the epoch's number (kafka_note.h). So a crash at any moment leaves either
// both or neither, and the commit's rows are published again at the next start, which changes
// nothing where the note has their epoch.
//
// Errors on the way: what passes is waited for, without an end, and said once. A transaction that
// is in doubt is resolved by getting the transactions again and reading the note. If the note is
// neither what this run wrote last nor what it was about to write, another run writes to the topic,
// and this one ends.
//
// Position: {epoch, earlier, run_line, topic}, see TopicFacts::Committed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ids.h"
#include "connectors/kafka/kafka_note.h"
#include "connectors/kafka/kafka_rows.h"
#include "connectors/kafka/kafka_topic.h"
#include "connectors/kafka/kafka_writer.h"
#include "connectors/lines.h"
#include "engine/position.h"
#include "engine/sink_step.h"
#include "engine/skip_log.h"

namespace tidemark {

// Makes the way to a topic; `id` as KafkaSinkId() has it.
using KafkaWriterMaker = std::function<std::unique_ptr<KafkaWriter>(
    const KafkaTopic& topic, const std::string& id, std::function<void(const std::string&)> say)>;
KafkaWriterMaker RealKafka();

struct KafkaSinkOptions {
  // It must be there: none is made.
  KafkaTopic topic;
  // What becomes of a message that is too large: the run ends, or it is left out and counted.
  OnError on_error = OnError::kStop;
  KafkaWriterMaker make_writer = RealKafka();
};

// Thread rule: as for SinkWriter.
class KafkaOutput {
 public:
  // Of one message; what librdkafka takes by default, and a little less than brokers do.
  static constexpr size_t kMessageBytesMax = 1'000'000;

  // Why Open() would refuse; writes nothing. Where no broker answers, nothing is known against it.
  static absl::Status Check(const KafkaSinkOptions& options, const std::optional<Position>& resume,
                            const SinkContext& context);
  // Waits for brokers without an end.
  static absl::StatusOr<std::unique_ptr<KafkaOutput>> Open(const KafkaSinkOptions& options,
                                                           const std::optional<Position>& resume,
                                                           const SinkContext& context);

  // On the worker. `place`: where the item was read, or empty.
  absl::Status Add(std::string_view value, const std::string& place = "");
  EpochOutput EndEpoch(Epoch epoch);
  // On the committer.
  absl::Status Publish(Epoch epoch, OutboxReader& rows);

 private:
  KafkaOutput(const KafkaSinkOptions& options, const SinkContext& context);

  absl::StatusOr<std::optional<KafkaNote>> Acquire();
  absl::Status Write(const std::vector<std::string>& pieces, const KafkaNote& note);
  void SayWaiting(const absl::Status& why);

  const KafkaSinkOptions options_;
  const std::string where_;
  const std::function<void(const std::string&)> say_;
  SkipLog* const skips_;
  const std::string run_line_;

  // Of the worker.
  KafkaRowsWriter rows_;
  int64_t last_epoch_ = 0;  // with messages

  // Of the committer; used by Open() before there is one.
  std::unique_ptr<KafkaWriter> writer_;
  KafkaNote note_;                  // this run's, with the epoch that was published last
  std::optional<KafkaNote> found_;  // what the topic's note was when it was last looked at
  bool is_waiting_ = false;         // that was said
};

}  // namespace tidemark
