// WatermarkNode: the place where a windowed step gets the watermark of its stream, behind the
// declaration of the event time and before any exchange.
//
// Behind sources it measures: it puts into each item what the watermark of its partition was as of
// the item, and a mark behind each batch. The worker says which partition the batches come from,
// asks when a silent one is to be left out, and says when one has ended. Behind windows it measures
// nothing: it passes on what is handed to it, less the bound, and this worker is the partition.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "base/timestamp.h"
#include "engine/node.h"
#include "engine/stream_watermark.h"

namespace tidemark {

class WatermarkNode : public Node {
 public:
  explicit WatermarkNode(StreamClockOptions options) : options_(options) {}

  // Before the first batch. `saved`: the watermarks of all partitions that feed the step; this
  // worker measures those that it reads.
  void Open(const std::vector<Timestamp>& saved) { meter_.emplace(options_, saved); }
  // Instead, behind windows: `partition` is this worker's among all workers.
  void OpenHandedOn(int partition) {
    partition_ = partition;
    handed_on_.emplace();
  }
  // The batches that follow come from this partition, which has been caught up for so long.
  void set_partition(int partition, Span now) {
    partition_ = partition;
    partition_now_ = now;
  }
  // A partition comes while the job runs; PartitionMeter::Add().
  void AddPartition(int partition) { meter_->Add(partition); }
  // On the clock of the partition.
  Span IdleDue(int partition) const { return meter_->IdleDue(partition); }
  PartitionMark Mark(int partition) const { return meter_->Mark(partition); }
  // Tells those behind that the partition is silent, or at its end.
  absl::Status Announce(int partition, PartitionMark::State state, Output& out) {
    meter_->Set(partition, state);
    return EmitMark(meter_->Mark(partition), out);
  }
  // What the steps in front hand on.
  absl::Status TakeHandedOn(const StreamMark& mark, Output& out) {
    *handed_on_ = mark;
    // A bound that reaches beyond the beginning of time leaves the watermark there.
    handed_on_->watermark = mark.watermark - options_.max_out_of_orderness;
    return EmitMark(HandedOn(), out);
  }

 protected:
  virtual std::unique_ptr<AnyBatch> Empty() const = 0;
  // The watermark of the item's partition as of the item.
  Timestamp AsOf(Timestamp item) {
    return handed_on_ ? handed_on_->watermark : meter_->OnItem(partition_, item, partition_now_);
  }
  // Where the partition of the batches is behind the last item.
  PartitionMark MarkOfBatch() const { return handed_on_ ? HandedOn() : meter_->Mark(partition_); }

 private:
  PartitionMark HandedOn() const {
    return {
        .partition = partition_, .watermark = handed_on_->watermark, .state = handed_on_->state};
  }
  absl::Status EmitMark(const PartitionMark& mark, Output& out) {
    auto batch = Empty();
    batch->mark = mark;
    return out.Emit(0, std::move(batch));
  }

  const StreamClockOptions options_;
  std::optional<PartitionMeter> meter_;  // behind sources
  std::optional<StreamMark> handed_on_;  // behind windows, less the bound
  int partition_ = 0;
  Span partition_now_;
};

}  // namespace tidemark
