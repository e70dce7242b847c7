// StatefulNode: a step with state per key, on one worker.
//
// The base keeps the states, fires timers and walks the keys at the end of input; the derived class
// (a template at the edge, tidemark/keyed_node.h) knows the user's types and what a timer means.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/timestamp.h"
#include "engine/node.h"
#include "engine/stream_watermark.h"
#include "engine/windowing/lateness.h"
#include "state/keyed_states.h"

namespace tidemark {

class StatefulNode : public Node {
 public:
  StatefulNode(std::unique_ptr<StateType> type, TimeDomain domain, KeyedStates::Options options)
      : type_(std::move(type)), domain_(domain), states_(WithType(std::move(options), *type_)) {}

  // Fires up to `max` due timers; true when none is left that is due now.
  virtual absl::StatusOr<bool> RunTimers(const Activation& now, size_t max, Output& out);
  // Calls up to `max` keys back at the end of input `generation`; true when all have been called.
  virtual absl::StatusOr<bool> RunEnd(uint32_t generation, const Activation& now, size_t max,
                                      Output& out);

  TimeDomain domain() const { return domain_; }
  // The step's own clock never stands before the floor. An end of input that closes windows of a
  // system clock raises it, so that a continuation does not fill them again. Where a step follows
  // the watermark of a stream (TimeDomain::kWatermark), the floor is that watermark.
  Timestamp floor() const { return floor_; }
  void RaiseFloor(Timestamp at) { floor_ = std::max(floor_, at); }
  Timestamp TimeOf(const Activation& now) const { return std::max(now.In(domain_), floor_); }
  // For a step that follows the watermark of a stream: where its partitions stood.
  void FollowStream(const std::vector<Timestamp>& saved) { stream_.emplace(saved, floor_); }

  // What came too late since the last call.
  LatenessRecord TakeLateness() { return std::exchange(lateness_, {}); }

  KeyedStates& states() { return states_; }
  const KeyedStates& states() const { return states_; }

  // Emit after each key instead of after each activation: for a step whose outputs meet again
  // downstream, where the order between its ports can be seen.
  void set_emit_each_key(bool on) { emit_each_key_ = on; }
  bool emit_each_key() const { return emit_each_key_; }

 protected:
  virtual absl::Status FireTimer(KeyedStates::Entry& entry, const Activation& now) = 0;
  virtual absl::Status FireEnd(KeyedStates::Entry& entry, const Activation& now) = 0;
  // Emits what has been collected.
  virtual absl::Status Flush(Output& out) = 0;

  // A partition's watermark as of this place in the stream. What becomes due by it fires here, at
  // once: that is its place in the output.
  absl::Status Hear(const PartitionMark& mark, const Activation& now, Output& out);
  LatenessRecord& lateness() { return lateness_; }

 private:
  static KeyedStates::Options WithType(KeyedStates::Options options, const StateType& type) {
    options.type = &type;
    return options;
  }

  const std::unique_ptr<StateType> type_;
  const TimeDomain domain_;
  Timestamp floor_ = Timestamp::Min();
  std::optional<StreamWatermark> stream_;
  LatenessRecord lateness_;
  KeyedStates states_;
  bool timers_under_way_ = false;
  bool emit_each_key_ = false;
};

}  // namespace tidemark
