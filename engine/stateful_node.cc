#include "engine/stateful_node.h"

#include "base/status.h"

namespace tidemark {
namespace {

// Between two flushes while what a watermark has made due fires.
constexpr size_t kTimersPerFlush = 1024;

}  // namespace

// A timer fires as of its due time, however late it is noticed. Where users set timers, they may
// set one in the past, and time does not go back for them. No other clock than a stream's is ever
// before the step's floor.
Timestamp StatefulNode::AsOf(Timestamp due) const {
  if (domain_ == TimeDomain::kWatermark) return due;
  if (domain_ == TimeDomain::kWall) due = std::max(due, item_time_);
  return std::max(due, floor_);
}

absl::Status StatefulNode::Hear(const PartitionMark& mark, const Activation& now, Output& out) {
  if (!stream_->Hear(mark)) return absl::OkStatus();
  return Raise(stream_->watermark(), now, out);
}

absl::Status StatefulNode::Raise(Timestamp watermark, const Activation& now, Output& out) {
  // What this move closes is judged further down by the watermark before it.
  bool done = states_.NextWake() > watermark;
  if (!done) {
    TM_RETURN_IF_ERROR(Flush(now, out));
    TM_RETURN_IF_ERROR(HandOn(out));
  }
  RaiseFloor(watermark);
  while (!done) {
    TM_ASSIGN_OR_RETURN(done, RunTimers(now, kTimersPerFlush, out));
  }
  return absl::OkStatus();
}

absl::Status StatefulNode::HandOn(Output& out) {
  if (!hands_on_less_) return absl::OkStatus();
  // An end is handed on by the worker, when the walk is through.
  const bool idle = stream_->state() == StreamState::kIdle;
  const StreamMark mark{.watermark = floor_ - *hands_on_less_,
                        .state = idle ? StreamState::kIdle : StreamState::kActive};
  if (handed_on_ == mark) return absl::OkStatus();
  handed_on_ = mark;
  return out.HandOn(mark);
}

absl::Status StatefulNode::HandOnResumed(const Activation& now, Output& out) {
  if (!hands_on_less_ || floor_ == Timestamp::Min()) return absl::OkStatus();
  bool done = states_.NextWake() > floor_;
  while (!done) {
    TM_ASSIGN_OR_RETURN(done, RunTimers(now, kTimersPerFlush, out));
  }
  return HandOn(out);
}

absl::StatusOr<bool> StatefulNode::RunTimers(const Activation& now, size_t max, Output& out) {
  const Timestamp at = TimeOf(now);
  if (!timers_under_way_) {
    if (states_.NextWake() > at) return true;
    states_.BeginPass();
    timers_under_way_ = true;
  }
  Activation then = now;
  for (; max > 0; --max) {
    TM_ASSIGN_OR_RETURN(KeyedStates::Entry * entry, states_.PopDue(at));
    if (entry == nullptr) {
      timers_under_way_ = false;
      break;
    }
    const Timestamp due = std::min(AsOf(states_.due()), at);
    const Activation as_of_due = now.AsOf(domain_, due);
    if (as_of_due != then) {
      TM_RETURN_IF_ERROR(Flush(then, out));
      then = as_of_due;
    }
    TM_RETURN_IF_ERROR(FireTimer(*entry, due));
    states_.Changed(*entry);
    if (emit_each_key_) TM_RETURN_IF_ERROR(Flush(then, out));
    if (states_.over_budget()) break;  // the worker makes room first
  }
  TM_RETURN_IF_ERROR(Flush(then, out));
  return !timers_under_way_;
}

// As if the watermark rose to the end of time: what it closes fires in order of (closing watermark,
// key), and each close is handed on by itself. The floor is left at the last one, and the index of
// timers is swept no further than that: an epoch may close in the middle.
absl::StatusOr<bool> StatefulNode::RaiseAtEnd(size_t& max, const Activation& now, Output& out) {
  if (!timers_under_way_) {
    states_.BeginPass();
    timers_under_way_ = true;
  }
  for (; max > 0; --max) {
    const Timestamp next = std::max(states_.NextWake(), floor_);
    if (next > Timestamp::Max()) {
      timers_under_way_ = false;
      break;
    }
    TM_ASSIGN_OR_RETURN(KeyedStates::Entry * entry, states_.PopDue(next));
    if (entry == nullptr) {
      states_.BeginPass();
      continue;
    }
    if (states_.due() > floor_) {
      TM_RETURN_IF_ERROR(Flush(now, out));
      TM_RETURN_IF_ERROR(HandOn(out));
      RaiseFloor(states_.due());
    }
    TM_RETURN_IF_ERROR(FireTimer(*entry, states_.due()));
    states_.Changed(*entry);
    if (emit_each_key_) TM_RETURN_IF_ERROR(Flush(now, out));
    if (states_.over_budget()) max = 1;  // this was the last one
  }
  TM_RETURN_IF_ERROR(Flush(now, out));
  // Not in the middle of what closes at one watermark: the rest of it would come behind that.
  if (!timers_under_way_) TM_RETURN_IF_ERROR(HandOn(out));
  return !timers_under_way_;
}

absl::StatusOr<bool> StatefulNode::RunEnd(uint32_t generation, const Activation& now, size_t max,
                                          Output& out) {
  TakeClosed();
  if (stream_ && ClosesAtEnd() && !raised_at_end_) {
    TM_ASSIGN_OR_RETURN(raised_at_end_, RaiseAtEnd(max, now, out));
  }
  bool done = false;
  for (; max > 0 && !done; --max) {
    TM_ASSIGN_OR_RETURN(KeyedStates::Entry * entry, states_.NextAtEnd(generation));
    if (entry == nullptr) {
      done = true;
      break;
    }
    // What the end is nothing to is not written again: a job that is run once more without anything
    // new leaves its state as it is.
    if (WantsEnd(*entry)) {
      states_.SeeEnd(*entry, generation);
      TM_RETURN_IF_ERROR(FireEnd(*entry, TimeOf(now)));
      states_.Changed(*entry);
      if (emit_each_key_) TM_RETURN_IF_ERROR(Flush(now, out));
    }
    if (states_.over_budget()) break;
  }
  TM_RETURN_IF_ERROR(Flush(now, out));
  counts_.closed_at_end += TakeClosed();
  return done;
}

}  // namespace tidemark
