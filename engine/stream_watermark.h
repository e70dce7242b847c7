// The watermark of a stream, one for all keys (SEMANTICS §3.1, "per stream").
//
// Each source partition has a watermark: the largest event time seen in it, minus the bound. It is
// measured where the event time is declared, before any exchange (PartitionMeter, on the worker
// that reads the partition), and travels with the items as marks. Whoever hears the marks takes the
// minimum over the partitions as the step's own (StreamWatermark). A partition that has been silent
// for a while, and one at its end, is left out of the minimum; when all are left out it holds. The
// step's watermark never goes back: a partition that returns is judged by it.
//
//   PartitionMeter meter({.max_out_of_orderness = Span::Seconds(5)}, {saved}, now.wall);
//   Timestamp as_of_item = meter.OnItem(partition, item.at, now.wall);
//
//   StreamWatermark step({saved}, floor);
//   if (step.Hear({.partition = 0, .watermark = as_of_item})) …   // it moved: timers may be due
//
// Thread rule: each belongs to one worker.
#pragma once

#include <cstdint>
#include <vector>

#include "base/timestamp.h"

namespace tidemark {

// What a step hears of one partition.
struct PartitionMark {
  enum class State : uint8_t { kActive, kIdle, kEnded };
  int partition = 0;  // its place among the partitions that feed the step
  Timestamp watermark = Timestamp::Min();
  State state = State::kActive;
};

struct StreamClockOptions {
  // How far an item may lie behind the newest of its partition and still be on time.
  Span max_out_of_orderness = {};
  // A partition without an item for so long (clock time, while the process runs) is left out until
  // its next item.
  Span idle_after = Span::Infinite();
};

class PartitionMeter {
 public:
  // `saved`: the watermarks of the partitions that feed the step; idle times begin at `now`.
  PartitionMeter(StreamClockOptions options, const std::vector<Timestamp>& saved, Timestamp now);

  // The partition's watermark as of the item: the item moves it for those behind it.
  Timestamp OnItem(int partition, Timestamp item, Timestamp now);
  PartitionMark Mark(int partition) const;
  // When the partition is to be left out if nothing comes; Never() when it is, or never will be.
  Timestamp IdleDue(int partition) const;
  void Set(int partition, PartitionMark::State state);

 private:
  struct Partition {
    Timestamp watermark;
    Timestamp spoke;  // clock time of the last item
    PartitionMark::State state = PartitionMark::State::kActive;
  };
  const StreamClockOptions options_;
  std::vector<Partition> partitions_;
};

class StreamWatermark {
 public:
  // `floor`: where the step's watermark stands already.
  StreamWatermark(const std::vector<Timestamp>& saved, Timestamp floor);

  // True when the step's watermark moved.
  bool Hear(const PartitionMark& mark);
  Timestamp watermark() const { return watermark_; }

 private:
  struct Partition {
    Timestamp watermark;
    PartitionMark::State state = PartitionMark::State::kActive;
  };
  bool Moved();

  std::vector<Partition> partitions_;
  int lowest_ = -1;  // the partition that holds the watermark back; -1: to be found
  Timestamp watermark_;
};

}  // namespace tidemark
