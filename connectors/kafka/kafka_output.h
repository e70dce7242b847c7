// KafkaOutput: writes messages to the topic of a Kafka sink of any item type (kafka_sink.h).
//
// The messages of an epoch are collected, go into the commit as bytes, and are written after it in
// one transaction with the epoch's number (kafka_note.h). So a crash at any moment leaves either
// both or neither, and the commit's rows are published again at the next start, which changes
// nothing if the note has their epoch.
//
// A transient error is reported once, and waited out without a limit. A transaction that is in
// doubt is resolved by acquiring the transactions again and reading the note. If the note is
// neither the one that this run wrote last nor the one that it was about to write, another run
// writes to the topic, and this one ends.
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
#include "connectors/rows/lines.h"
#include "engine/position.h"
#include "engine/sink_step.h"
#include "engine/skip_log.h"

namespace tidemark {

// Creates the writer for a topic; `id` is from KafkaSinkId().
using KafkaWriterMaker = std::function<std::unique_ptr<KafkaWriter>(
    const KafkaTopic& topic, const std::string& id, KafkaWaiting waiting)>;
KafkaWriterMaker RealKafka();

struct KafkaSinkOptions {
  // It must exist: it is not created.
  KafkaTopic topic;
  // For a message that is too large: the run ends, or the message is skipped and counted.
  OnError on_error = OnError::kStop;
  KafkaWriterMaker make_writer = RealKafka();
};

// Thread rule: as for SinkWriter.
class KafkaOutput {
 public:
  // The limit for one message: librdkafka's default, which is a little less than the brokers'.
  static constexpr size_t kMessageBytesMax = 1'000'000;

  // Returns the error with which Open() would refuse; writes nothing. OK if no broker answers.
  static absl::Status Check(const KafkaSinkOptions& options, const std::optional<Position>& resume,
                            const SinkContext& context);
  // Waits for brokers without a limit; Cancelled if a stop is requested meanwhile.
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
  std::optional<KafkaNote> found_;  // the topic's note when it was last read
  bool is_waiting_ = false;         // and has reported it
};

}  // namespace tidemark
