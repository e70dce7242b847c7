// What a worker keeps for each step. Private to engine/worker*.cc.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "engine/partition_board.h"
#include "engine/source_set.h"
#include "engine/stream_watermark.h"
#include "engine/worker.h"

namespace tidemark {

class Worker::StepOutput final : public Output {
 public:
  StepOutput(Worker& worker, int step) : worker_(worker), step_(step) {}
  absl::Status Emit(int port, std::unique_ptr<AnyBatch> batch) override {
    return worker_.Emit(step_, port, std::move(batch));
  }
  absl::Status EmitAsOf(const Activation& then, int port,
                        std::unique_ptr<AnyBatch> batch) override {
    return worker_.EmitAsOf(then, step_, port, std::move(batch));
  }
  absl::Status HandOn(const StreamMark& mark) override { return worker_.HandOn(step_, mark); }

 private:
  Worker& worker_;
  const int step_;
};

// The watermark that comes by one edge, from one worker or from all.
struct HandedOn {
  int edge = 0;
  StreamWatermark watermark;
};

struct Worker::StepState {
  std::unique_ptr<Node> node;
  StatefulNode* stateful = nullptr;    // `node`, when it has state
  WatermarkNode* watermark = nullptr;  // `node`, when it measures the watermark of a stream
  std::unique_ptr<SinkTarget> sink;    // on the sink's worker only
  std::unique_ptr<StepOutput> output;
  std::map<int, std::unique_ptr<Partitioner>> partitioners;  // by edge
  // Of `stateful`, as they were at the last barrier.
  Timestamp floor_at_barrier = Timestamp::Min();
  LatenessRecord lateness_at_barrier;
  // What the steps in front hand on, by edge; and what that makes together.
  std::vector<HandedOn> handed_on_by;
  std::optional<StreamWatermark> handed_on;
  int open_inputs = 0;
  // Of a source.
  PartitionBoard* board = nullptr;  // if its partitions come and go
  std::vector<int> measured_at;     // the steps at which its watermarks are measured
  // Of a step that measures watermarks: numbers of partitions of this worker.
  int next_partition = 0;                 // not used so far
  std::vector<int> free_partitions;       // of partitions that are forgotten
  std::vector<MeterPlace> those_to_come;  // of a source: its places for partitions yet to come
  bool walking = false;                   // calling its keys at the end of input
  bool ended = false;
};

}  // namespace tidemark
