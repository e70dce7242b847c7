// EpochPart: what one worker hands to the commit of an epoch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "engine/position.h"
#include "engine/sink_step.h"
#include "engine/time_keeper.h"
#include "proto/epoch_record.h"
#include "state/keyed_states.h"
#include "state/run.h"

namespace tidemark {

struct SinkOutput {
  std::string step;
  EpochOutput output;
  SinkTarget* target = nullptr;  // for Publish()
};

struct StepDelta {
  std::string step;
  KeyedStates::Delta delta;
  Timestamp clock_floor = Timestamp::Min();  // StatefulNode::floor()
  LatenessRecord lateness;                   // of this epoch
};

struct StepWatermark {
  std::string step;
  PartitionWatermark partition;
};

// A partition that is over, and what the record has of it goes with this epoch.
struct ForgottenPartition {
  std::string step;
  std::string partition;
};

struct EpochPart {
  Epoch epoch;
  Activation at;  // the worker's time when it reached the barrier
  RunBuilder run;
  std::vector<StepDelta> steps;
  std::vector<SourceRecord> sources;
  std::vector<ForgottenPartition> forgotten;
  std::vector<StepWatermark> watermarks;  // of the partitions that this worker reads
  std::vector<SinkOutput> sinks;
  std::vector<SkippedItem> skipped_items;
  bool changed = false;  // anything happened in this epoch on this worker
  bool ended = false;    // every step on this worker has seen its end of input
};

}  // namespace tidemark
