// KafkaWriter: one transaction after the other into a topic, each with a note (kafka_note.h).
//
// What KafkaOutput needs of Kafka, so that its protocol can be tested against a topic in memory
// that fails at any point. KafkaProducer (kafka_producer.h) is the real one.
//
// An error that passes is Unavailable; then the transaction is in doubt: it may have happened.
// Acquire() ends the doubt, since it ends what is open, and ReadNote() tells. Thread rule: used by
// one thread at a time.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "connectors/kafka/kafka_note.h"

namespace tidemark {

class KafkaWriter {
 public:
  virtual ~KafkaWriter() = default;
  // Gets the sink's transactions: an open one is undone, or done where its end was decided, and any
  // other writer of them gets an error with whatever it does next. First of all calls but
  // ReadNote(); again after each error.
  virtual absl::Status Acquire() = 0;
  // What the last transaction that happened has noted; nothing: there was none.
  virtual absl::StatusOr<std::optional<KafkaNote>> ReadNote() = 0;
  // One transaction: whatever `messages` writes, and the note.
  using Messages =
      std::function<absl::Status(const std::function<absl::Status(std::string_view value)>& write)>;
  virtual absl::Status Write(const Messages& messages, const KafkaNote& note) = 0;
};

}  // namespace tidemark
