// KafkaNote: the last epoch of a job that is in a topic, recorded in Kafka itself.
//
// A topic cannot be truncated. A sink is exactly-once because the messages of an epoch and the
// epoch's number are written in one transaction. The number is a committed offset, which a
// transaction may contain besides messages: the offset of partition 0 of the topic, in a consumer
// group of the sink's own that has no consumers. Its metadata says whose epoch it is:
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
  std::string line;     // the lineage id; empty for runs without a state
  std::string session;  // differs with each start, to tell two runs of a lineage apart
  int64_t epoch = 0;    // the last one whose messages are in the topic
  // For people.
  std::string job = {};
  std::string state_directory = {};

  bool operator==(const KafkaNote&) const = default;
};

// One line. A very long name of a job or directory is shortened: brokers take 4 KiB.
std::string NoteText(const KafkaNote& note);
// FailedPrecondition if the text was not written by a sink of Tidemark.
absl::StatusOr<KafkaNote> ParseNote(std::string_view text);

// The name of one sink's consumer group, and its transactional id: the same at each start, so that
// a start ends a transaction that an earlier one left open. Different for each job, sink and topic.
std::string KafkaSinkId(std::string_view job, std::string_view sink, std::string_view topic);

}  // namespace tidemark
