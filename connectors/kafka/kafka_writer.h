// KafkaWriter: writes to a topic, one transaction after another, each with a note (kafka_note.h).
//
// The interface through which KafkaOutput uses Kafka, so that its protocol can be tested against a
// topic in memory that fails at any point. KafkaProducer (kafka_producer.h) is the real one.
//
// A transient error is Unavailable; the transaction is then in doubt: it may have happened.
// Acquire() ends the doubt, since it ends any open transaction, and ReadNote() tells what happened.
// Thread rule: used by one thread at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "connectors/kafka/kafka_note.h"

namespace tidemark {

// Called by a writer that waits for brokers.
struct KafkaWaiting {
  // Receives one line per outage during Write(); may be empty.
  std::function<void(const std::string&)> say = {};
  // True: a stop was requested, so Acquire() and ReadNote() end their wait with Cancelled.
  std::function<bool()> stop_wanted = [] { return false; };
};

class KafkaWriter {
 public:
  virtual ~KafkaWriter() = default;
  // Acquires the sink's transactions: an open one is aborted, or completed if that was already
  // decided, and the next call of any other writer to them fails. Required before any other call
  // except ReadNote(), and again after each error.
  virtual absl::Status Acquire() = 0;
  // The note of the last transaction that happened; nothing if there was none.
  virtual absl::StatusOr<std::optional<KafkaNote>> ReadNote() = 0;
  // One transaction: the messages that `messages` writes, and the note.
  using Messages =
      std::function<absl::Status(const std::function<absl::Status(std::string_view value)>& write)>;
  virtual absl::Status Write(const Messages& messages, const KafkaNote& note) = 0;
};

}  // namespace tidemark
