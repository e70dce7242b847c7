// StatefulNode: a step with state per key, on one worker.
//
// The base keeps the states, fires timers and walks the keys at the end of input; the derived class
// (a template at the edge, tidemark/keyed_node.h) knows the user's types and what a timer means.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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

  // Fires up to `max` due timers in order of (due time, key), each as of its due time; true when
  // none is left that is due now.
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
  // For a step that follows the watermark of a stream: where its partitions were, or the workers'
  // shares. With `hands_on_less` it hands its watermark on, less so much.
  void FollowStream(const std::vector<Timestamp>& saved, StreamWatermark::Of of,
                    std::optional<Span> hands_on_less) {
    stream_.emplace(saved, floor_, of);
    hands_on_less_ = hands_on_less;
  }
  // A resumed step hands on first where it was, when what that closes has fired.
  absl::Status HandOnResumed(const Activation& now, Output& out);

  // What came too late since the last call.
  LatenessRecord TakeLateness() { return std::exchange(lateness_, {}); }

  // Since the last call: late items, and the windows that an end of input closed.
  struct Counts {
    uint64_t late_items = 0;
    uint64_t late_rows = 0;
    uint64_t closed_at_end = 0;
  };
  Counts TakeCounts() { return std::exchange(counts_, {}); }
  // The first late item, once.
  std::optional<FirstLate> TakeFirstLate() { return std::exchange(first_late_, std::nullopt); }

  KeyedStates& states() { return states_; }
  const KeyedStates& states() const { return states_; }

  // Emit after each key instead of after each activation: for a step whose outputs meet again
  // downstream, where the order between its ports can be seen.
  void set_emit_each_key(bool on) { emit_each_key_ = on; }
  bool emit_each_key() const { return emit_each_key_; }

 protected:
  // `at`: the step's time.
  virtual absl::Status FireTimer(KeyedStates::Entry& entry, Timestamp at) = 0;
  virtual absl::Status FireEnd(KeyedStates::Entry& entry, Timestamp at) = 0;
  // Whether FireEnd() would do anything, to the state or to the output.
  virtual bool WantsEnd(const KeyedStates::Entry& entry) const = 0;
  // Emits what has been collected, as of `then`.
  virtual absl::Status Flush(const Activation& then, Output& out) = 0;
  // The windows closed since the last call.
  virtual uint64_t TakeClosed() = 0;
  // Whether the end of input closes what a watermark would close.
  virtual bool ClosesAtEnd() const = 0;

  // A partition's watermark as of this place in the stream. What becomes due by it fires here, at
  // once: that is its place in the output.
  absl::Status Hear(const PartitionMark& mark, const Activation& now, Output& out);
  // After each batch, once it has been flushed.
  absl::Status HandOn(Output& out);
  // Items are processed at this time: no timer fires as of an earlier one where the user sets it.
  void NoteItemTime(Timestamp at) { item_time_ = at; }
  void NoteLate(std::string_view key, const LateItem& late) {
    CountLate(lateness_, key, late);
    ++counts_.late_items;
    counts_.late_rows += late.rows;
  }
  void NoteFirstLate(FirstLate late) { first_late_ = std::move(late); }
  // The time at which a timer fires that was due at `due`.
  Timestamp AsOf(Timestamp due) const;

 private:
  static KeyedStates::Options WithType(KeyedStates::Options options, const StateType& type) {
    options.type = &type;
    return options;
  }

  absl::Status Raise(Timestamp watermark, const Activation& now, Output& out);
  absl::StatusOr<bool> RaiseAtEnd(size_t& max, const Activation& now, Output& out);

  const std::unique_ptr<StateType> type_;
  const TimeDomain domain_;
  Timestamp floor_ = Timestamp::Min();
  Timestamp item_time_ = Timestamp::Min();
  std::optional<StreamWatermark> stream_;
  std::optional<Span> hands_on_less_;
  std::optional<StreamMark> handed_on_;  // the last one
  bool raised_at_end_ = false;
  LatenessRecord lateness_;
  Counts counts_;
  std::optional<FirstLate> first_late_;
  KeyedStates states_;
  bool timers_under_way_ = false;
  bool emit_each_key_ = false;
};

}  // namespace tidemark
