// WatermarkNode: the place where the watermark of a stream is measured, behind the declaration of
// the event time and before any exchange.
//
// It puts into each item what the watermark of its partition was as of the item, and a mark behind
// each batch. The worker says which partition the batches come from, asks when a silent one is to
// be left out, and says when one has ended.
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
  void Open(const std::vector<Timestamp>& saved, Timestamp now) {
    meter_.emplace(options_, saved, now);
  }
  // The batches that follow come from this partition.
  void set_partition(int partition) { partition_ = partition; }
  Timestamp IdleDue(int partition) const { return meter_->IdleDue(partition); }
  PartitionMark Mark(int partition) const { return meter_->Mark(partition); }
  // Tells those behind that the partition is silent, or at its end.
  absl::Status Announce(int partition, PartitionMark::State state, Output& out) {
    meter_->Set(partition, state);
    auto batch = Empty();
    batch->mark = meter_->Mark(partition);
    return out.Emit(0, std::move(batch));
  }

 protected:
  virtual std::unique_ptr<AnyBatch> Empty() const = 0;
  PartitionMeter& meter() { return *meter_; }
  int partition() const { return partition_; }

 private:
  const StreamClockOptions options_;
  std::optional<PartitionMeter> meter_;
  int partition_ = 0;
};

}  // namespace tidemark
