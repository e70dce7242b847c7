// What a worker keeps for each step and each source partition. Private to engine/worker*.cc.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/job_time.h"
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
  int open_partitions = 0;
  int open_inputs = 0;
  bool walking = false;  // calling its keys at the end of input
  bool ended = false;
};

// A place where the watermark of a partition is measured.
struct MeterPlace {
  int step = 0;
  int partition = 0;  // its number there
};

struct Worker::SourceState {
  int step = 0;
  std::vector<MeterPlace> meters;  // behind this partition
  std::set<int64_t> skip;  // numbers of items to be stepped over; then items are read singly
  std::string partition;
  std::unique_ptr<SourceReader> reader;
  Timestamp ask_again = Timestamp::Min();
  int ready_fd = -1;
  bool readable = false;
  bool at_end = false;
  PartitionPulse pulse;
  Span caught_up_for;            // the clock by which idle_after is counted
  int64_t counted_until_us = 0;  // running time
  uint64_t items = 0;            // in this run
  double rate = 0;               // items per second; 0 = unlimited
  Timestamp paced_from;

  // The pace is an average since the start of the run: item n is due n / rate after it.
  Timestamp PaceDue() const {
    if (rate <= 0) return Timestamp::Min();
    return paced_from + Span::Micros(static_cast<int64_t>(static_cast<double>(items) / rate * 1e6));
  }
  Timestamp NextAsk() const { return std::max(readable ? Timestamp::Min() : ask_again, PaceDue()); }
  bool WantsToBeAsked(Timestamp now) const { return NextAsk() <= now; }
  size_t Allowed(Timestamp now, size_t max) const {
    if (rate <= 0) return max;
    const double due = static_cast<double>((now - paced_from).us) * rate / 1e6 + 1;
    const double left = due - static_cast<double>(items);
    return left <= 0 ? 0 : std::min(max, static_cast<size_t>(left));
  }
};

}  // namespace tidemark
