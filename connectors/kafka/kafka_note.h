// KafkaNote: what a topic has of a job, noted in Kafka itself.
//
// A topic cannot be cut back. What makes a sink exactly-once is that the messages of an epoch and
// the epoch's number are written in one transaction. The number is a committed offset, which a
// transaction may hold besides messages: that of partition 0 of the topic, in a consumer group of
// the sink's own in which nobody consumes. Its metadata says whose epoch it is:
//
//   group   tidemark/quakes/sink/daily
//   offset  daily [0] = 17
//   text    tidemark/1 line=2f6c1d session=91aa03 epoch=17 job=quakes state=/srv/quakes.state
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tidemark {

struct KafkaNote {
  std::string line;     // the line of runs; empty: of runs without a state
  std::string session;  // differs with each start, so that two of one line are told apart
  int64_t epoch = 0;    // whose messages are the last ones
  // For people.
  std::string job = {};
  std::string state_directory = {};

  bool operator==(const KafkaNote&) const = default;
};

// One line. A job or directory whose name is very long is cut: brokers take 4 KiB.
std::string NoteText(const KafkaNote& note);
// FailedPrecondition where somebody else's text is there.
absl::StatusOr<KafkaNote> ParseNote(std::string_view text);

// The name of the consumer group, and of the transactions, of one sink: the same at each start, so
// that a start ends what an earlier one left open. Different for each job, sink and topic.
std::string KafkaSinkId(std::string_view job, std::string_view sink, std::string_view topic);

}  // namespace tidemark
