// What a worker keeps for each step and each source partition. Private to engine/worker*.cc.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
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
  static constexpr int64_t kNeverUs = std::numeric_limits<int64_t>::max() / 4;
  static Span Clamped(Span wait) { return std::max(wait, Span()); }

  int step = 0;
  std::vector<MeterPlace> meters;  // behind this partition
  std::set<int64_t> skip;  // numbers of items to be stepped over; then items are read singly
  std::string partition;
  std::unique_ptr<SourceReader> reader;
  // When it wants to be asked: at this time by the wall clock, or when as much monotonic time has
  // passed as that was away, whichever comes first. So a clock that is set back keeps nobody
  // waiting, and a suspended machine is late by no more than a sleep.
  Timestamp ask_again = Timestamp::Min();
  int64_t ask_again_us = 0;
  int ready_fd = -1;
  bool readable = false;
  bool at_end = false;
  PartitionPulse pulse;
  Span caught_up_for;            // the clock by which idle_after is counted
  int64_t counted_until_us = 0;  // running time
  uint64_t items = 0;            // in this run
  double rate = 0;               // items per second; 0 = unlimited
  int64_t paced_from_us = 0;     // monotonic

  void AskAgain(Timestamp at, const Activation& now) {
    ask_again = at;
    ask_again_us =
        at.is_never() ? kNeverUs : (Timestamp{now.monotonic_us} + Clamped(at - now.wall)).us;
  }
  // The pace is an average since the start of the run: item n is due n / rate after it, by the
  // monotonic clock.
  Span UntilPaceDue(const Activation& now) const {
    if (rate <= 0) return Span();
    const double due_us = static_cast<double>(items) / rate * 1e6;
    if (due_us >= static_cast<double>(kNeverUs)) return Span::Infinite();
    return Clamped(Span{paced_from_us + static_cast<int64_t>(due_us) - now.monotonic_us});
  }
  // How long until it is asked; zero: now.
  Span UntilAsk(const Activation& now) const {
    Span wait;
    if (!readable && ask_again > now.wall) {
      wait = ask_again_us == kNeverUs ? Span::Infinite()
                                      : Clamped(Span{ask_again_us - now.monotonic_us});
    }
    return std::max(wait, UntilPaceDue(now));
  }
  size_t Allowed(const Activation& now, size_t max) const {
    if (rate <= 0) return max;
    const double due = static_cast<double>(now.monotonic_us - paced_from_us) * rate / 1e6 + 1;
    const double left = due - static_cast<double>(items);
    return left <= 0 ? 0 : std::min(max, static_cast<size_t>(left));
  }
};

}  // namespace tidemark
