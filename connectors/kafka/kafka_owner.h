// PlanTopic: whose messages a topic has, and whether a run may go on in it.
//
// A topic keeps what was written: it cannot be cut back like a file, and unlike a row of a table a
// message replaces none. So a run goes on only where the note of its sink (kafka_note.h) is at the
// epoch that the state says. What would repeat messages or leave some out is refused, unless the
// operator says --take-over, which is then said to repeat them.
//
// A pure function over facts; KafkaOutput (kafka_output.h) gathers them and carries it out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "connectors/kafka/kafka_note.h"
#include "connectors/output_owner.h"

namespace tidemark {

struct TopicFacts {
  std::string where;  // "topic 'daily' at 127.0.0.1:9092"
  std::string topic;
  std::optional<KafkaNote> note = {};
  OwnerState owner_state = OwnerState::kUnknown;
  // As in SinkContext.
  std::string run_line = {};
  std::string replaced_line = {};
  bool take_over = false;
  // The sink's part of the last committed epoch; nothing on a fresh start.
  struct Committed {
    std::string run_line;
    int64_t epoch = 0;    // the last one with messages; 0 when there was none
    int64_t earlier = 0;  // what is surely published: `epoch`, or the one with messages before it
    std::string topic;
  };
  std::optional<Committed> resume = {};
};

struct TopicPlan {
  // Not OK: the sink cannot be opened, and nothing was touched.
  absl::Status refusal;
  // Messages of epochs up to this one are there, and are not written again.
  int64_t published = 0;
  // What --take-over does here, for the operator; mostly empty.
  std::string say = {};
};

TopicPlan PlanTopic(const TopicFacts& facts);

}  // namespace tidemark
