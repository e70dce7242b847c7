// PlanTopic: whose messages a topic has, and whether a run may continue in it.
//
// A topic keeps what was written: it cannot be truncated like a file, and a message does not
// replace another one as a row of a table can. So a run continues only if the note of its sink
// (kafka_note.h) is at the epoch of the state. A start that would repeat messages or omit some is
// refused, unless --take-over is given; the operator is then told its effect.
//
// A pure function over facts; KafkaOutput (kafka_output.h) gathers them and carries it out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "connectors/claim/output_owner.h"
#include "connectors/kafka/kafka_note.h"

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
  // The sink's part of the last committed epoch; absent on a fresh start.
  struct Committed {
    std::string run_line;
    int64_t epoch = 0;    // the last one with messages; 0 if there was none
    int64_t earlier = 0;  // known to be published: `epoch`, or the one with messages before it
    std::string topic;
  };
  std::optional<Committed> resume = {};
};

struct TopicPlan {
  // Not OK: the sink cannot be opened, and nothing was touched.
  absl::Status refusal;
  // Messages of epochs up to this one are there, and are not written again.
  int64_t published = 0;
  // The effect of --take-over here, for the operator; usually empty.
  std::string say = {};
};

TopicPlan PlanTopic(const TopicFacts& facts);

}  // namespace tidemark
