// The watermark of a stream, one for all keys (SEMANTICS §3.1, "per stream").
//
// Each source partition has a watermark: the largest event time seen in it, minus the bound. It is
// measured where the event time is declared, before any exchange (PartitionMeter, on the worker
// that reads the partition), and travels with the items as marks. Whoever hears the marks takes the
// minimum over the partitions as the step's own (StreamWatermark). A partition that has been silent
// for a while, and one at its end, is left out of the minimum; when all are left out it holds. The
// step's watermark never goes back: a partition that returns is judged by it.
//
// A step hands its watermark on when everything that it closes has fired. Behind a window the
// watermark is not measured again: there each worker's share of each step in front is a partition.
//
//   PartitionMeter meter({.max_out_of_orderness = Span::Seconds(5)}, {saved});
//   Timestamp as_of_item = meter.OnItem(partition, item.at, caught_up_for);
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

// Whether a partition, or a step as a whole, counts for the minimum further down.
enum class StreamState : uint8_t { kActive, kIdle, kEnded };

// How far a stream is, on its way from step to step.
struct StreamMark {
  Timestamp watermark = Timestamp::Min();
  StreamState state = StreamState::kActive;
  bool operator==(const StreamMark&) const = default;
};

// The same of one of several partitions.
struct PartitionMark {
  using State = StreamState;
  int partition = 0;  // its place among the partitions that feed the step
  Timestamp watermark = Timestamp::Min();
  State state = State::kActive;
};

struct StreamClockOptions {
  // How far an item may lie behind the newest of its partition and still be on time.
  Span max_out_of_orderness = {};
  // A partition without an item for so long is left out until its next item; counted while the
  // partition has caught up, so neither a pause nor its own backlog idles it.
  Span idle_after = Span::Infinite();
};

class PartitionMeter {
 public:
  // `saved`: the watermarks of the partitions that feed the step. `now` is a partition's own clock:
  // how long it has been caught up; idle times begin at zero.
  PartitionMeter(StreamClockOptions options, const std::vector<Timestamp>& saved);

  // The partition's watermark as of the item: the item moves it for those behind it.
  Timestamp OnItem(int partition, Timestamp item, Span now);
  PartitionMark Mark(int partition) const;
  // When the partition is to be left out if nothing comes; infinite when it is, or never will be.
  Span IdleDue(int partition) const;
  void Set(int partition, PartitionMark::State state);
  // A partition that comes while the job runs: it has had no item yet. Its number is new, or that
  // of one that has ended and is forgotten.
  void Add(int partition);

 private:
  struct Partition {
    Timestamp watermark;
    Span last_item;  // on the partition's clock
    PartitionMark::State state = PartitionMark::State::kActive;
  };
  const StreamClockOptions options_;
  std::vector<Partition> partitions_;
};

class StreamWatermark {
 public:
  enum class Of {
    kPartitions,  // each is left out by itself when it is idle or has ended
    // The workers' shares of one stream: they fall silent and end together, each as it hears of it,
    // so all of them count, with the last that was heard, until the last one has.
    kShares,
  };
  // `floor`: where the step's watermark is already.
  StreamWatermark(const std::vector<Timestamp>& saved, Timestamp floor, Of of = Of::kPartitions);

  // True when the step's watermark moved. A mark of a new number adds a partition; an active one
  // after the end of its partition comes from another partition that has the number now.
  bool Hear(const PartitionMark& mark);
  Timestamp watermark() const { return watermark_; }
  // Active while any partition is; else idle while any may still return.
  StreamState state() const;

 private:
  struct Partition {
    Timestamp watermark;
    PartitionMark::State state = PartitionMark::State::kActive;
  };
  bool Counts(const Partition& partition) const;
  bool Moved();

  const Of of_;
  std::vector<Partition> partitions_;
  int lowest_ = -1;  // the partition that holds the watermark back; -1: to be found
  Timestamp watermark_;
};

}  // namespace tidemark
