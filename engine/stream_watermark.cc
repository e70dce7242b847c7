#include "engine/stream_watermark.h"

#include <algorithm>

namespace tidemark {

PartitionMeter::PartitionMeter(StreamClockOptions options, const std::vector<Timestamp>& saved)
    : options_(options) {
  for (const Timestamp watermark : saved) {
    partitions_.push_back({.watermark = watermark, .last_item = {}});
  }
}

Timestamp PartitionMeter::OnItem(int partition, Timestamp item, Span now) {
  Partition& p = partitions_[static_cast<size_t>(partition)];
  p.last_item = now;
  p.state = PartitionMark::State::kActive;
  const Timestamp as_of_item = p.watermark;
  // A candidate that cannot be represented leaves the watermark alone.
  if (item.us - Timestamp::kMinMicros >= options_.max_out_of_orderness.us) {
    p.watermark = std::max(p.watermark, Timestamp{item.us - options_.max_out_of_orderness.us});
  }
  return as_of_item;
}

PartitionMark PartitionMeter::Mark(int partition) const {
  const Partition& p = partitions_[static_cast<size_t>(partition)];
  return {.partition = partition, .watermark = p.watermark, .state = p.state};
}

Span PartitionMeter::IdleDue(int partition) const {
  const Partition& p = partitions_[static_cast<size_t>(partition)];
  if (p.state != PartitionMark::State::kActive || options_.idle_after.is_infinite()) {
    return Span::Infinite();
  }
  return Span::Micros(p.last_item.us + options_.idle_after.us);
}

void PartitionMeter::Set(int partition, PartitionMark::State state) {
  partitions_[static_cast<size_t>(partition)].state = state;
}

void PartitionMeter::Add(int partition) {
  // A gap is a number of another worker.
  const auto number = static_cast<size_t>(partition);
  const Partition of_another{.watermark = Timestamp::Min(),
                             .last_item = {},
                             .state = PartitionMark::State::kEnded};
  if (number >= partitions_.size()) partitions_.resize(number + 1, of_another);
  partitions_[number] = {.watermark = Timestamp::Min(), .last_item = {}};
}

StreamWatermark::StreamWatermark(const std::vector<Timestamp>& saved, Timestamp floor, Of of)
    : of_(of), watermark_(floor) {
  for (const Timestamp watermark : saved) partitions_.push_back({.watermark = watermark});
}

bool StreamWatermark::Hear(const PartitionMark& mark) {
  const auto number = static_cast<size_t>(mark.partition);
  if (number >= partitions_.size()) {
    partitions_.resize(number + 1, {.watermark = Timestamp::Min(), .state = StreamState::kEnded});
  }
  Partition& p = partitions_[number];
  if (p.state == StreamState::kEnded && mark.state == StreamState::kActive) {
    p.watermark = Timestamp::Min();
  }
  if (p.state == mark.state && p.watermark >= mark.watermark) return false;
  p.watermark = std::max(p.watermark, mark.watermark);
  const bool returned =
      p.state != PartitionMark::State::kActive && mark.state == PartitionMark::State::kActive;
  p.state = mark.state;
  // Only the lowest one can let the minimum rise, and only a new one can lower it.
  if (of_ == Of::kPartitions && !returned && lowest_ >= 0 && lowest_ != mark.partition)
    return false;
  return Moved();
}

StreamState StreamWatermark::state() const {
  StreamState state = StreamState::kEnded;
  for (const Partition& p : partitions_) {
    if (p.state == StreamState::kActive) return StreamState::kActive;
    if (p.state == StreamState::kIdle) state = StreamState::kIdle;
  }
  return state;
}

bool StreamWatermark::Counts(const Partition& partition) const {
  if (of_ == Of::kShares) return state() == StreamState::kActive;
  return partition.state == StreamState::kActive;
}

bool StreamWatermark::Moved() {
  lowest_ = -1;
  for (size_t i = 0; i < partitions_.size(); ++i) {
    if (!Counts(partitions_[i])) continue;
    if (lowest_ < 0 ||
        partitions_[i].watermark < partitions_[static_cast<size_t>(lowest_)].watermark) {
      lowest_ = static_cast<int>(i);
    }
  }
  if (lowest_ < 0) return false;  // none is active: it holds
  const Timestamp lowest = partitions_[static_cast<size_t>(lowest_)].watermark;
  if (lowest <= watermark_) return false;
  watermark_ = lowest;
  return true;
}

}  // namespace tidemark
