#include "engine/stateful_node.h"

#include "base/status.h"

namespace tidemark {
namespace {

// Between two flushes while what a watermark has made due fires.
constexpr size_t kTimersPerFlush = 1024;

}  // namespace

absl::Status StatefulNode::Hear(const PartitionMark& mark, const Activation& now, Output& out) {
  if (!stream_->Hear(mark)) return absl::OkStatus();
  RaiseFloor(stream_->watermark());
  bool done = states_.NextWake() > floor_;
  while (!done) {
    TM_ASSIGN_OR_RETURN(done, RunTimers(now, kTimersPerFlush, out));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> StatefulNode::RunTimers(const Activation& now, size_t max, Output& out) {
  const Timestamp at = TimeOf(now);
  if (!timers_under_way_) {
    if (states_.NextWake() > at) return true;
    states_.BeginActivation();
    timers_under_way_ = true;
  }
  for (; max > 0; --max) {
    TM_ASSIGN_OR_RETURN(KeyedStates::Entry * entry, states_.PopDue(at));
    if (entry == nullptr) {
      timers_under_way_ = false;
      break;
    }
    TM_RETURN_IF_ERROR(FireTimer(*entry, now));
    states_.Changed(*entry);
    if (emit_each_key_) TM_RETURN_IF_ERROR(Flush(out));
  }
  TM_RETURN_IF_ERROR(Flush(out));
  return !timers_under_way_;
}

absl::StatusOr<bool> StatefulNode::RunEnd(uint32_t generation, const Activation& now, size_t max,
                                          Output& out) {
  bool done = false;
  for (; max > 0 && !done; --max) {
    TM_ASSIGN_OR_RETURN(KeyedStates::Entry * entry, states_.NextAtEnd(generation));
    if (entry == nullptr) {
      done = true;
      break;
    }
    TM_RETURN_IF_ERROR(FireEnd(*entry, now));
    states_.Changed(*entry);
    if (emit_each_key_) TM_RETURN_IF_ERROR(Flush(out));
  }
  TM_RETURN_IF_ERROR(Flush(out));
  return done;
}

}  // namespace tidemark
