#include "state/queue_segments.h"

#include "base/check.h"
#include "state/value_codec.h"

namespace tidemark {

uint32_t QueueSegments::Add(std::string name, uint64_t entries) {
  uint32_t number = static_cast<uint32_t>(segments_.size());
  if (unused_.empty()) {
    segments_.emplace_back();
  } else {
    number = unused_.back();
    unused_.pop_back();
  }
  segments_[number] = {.name = std::move(name), .entries = entries, .live = entries};
  live_ += entries;
  return number;
}

void QueueSegments::Died(uint32_t number) {
  Segment& segment = segments_[number];
  TM_CHECK(segment.live > 0, "a stored value dies once");
  --segment.live;
  --live_;
  ++dead_;
  if (segment.live == 0) emptied_.push_back(number);
}

void QueueSegments::Remove(uint32_t number, PieceWriter& out) {
  Segment& segment = segments_[number];
  out.Delete(segment.name);
  live_ -= segment.live;
  dead_ -= segment.entries - segment.live;
  segment = {};
  unused_.push_back(number);
}

void QueueSegments::DeleteEmptied(PieceWriter& out) {
  for (const uint32_t number : emptied_) Remove(number, out);
  emptied_.clear();
}

std::vector<bool> QueueSegments::TakeSparse(PieceWriter& out) {
  std::vector<bool> taken(segments_.size());
  for (uint32_t number = 0; number < segments_.size(); ++number) {
    const Segment& segment = segments_[number];
    if (segment.name.empty() || 2 * segment.live > segment.entries) continue;
    Remove(number, out);
    taken[number] = true;
  }
  return taken;
}

void QueueSegments::SetFloor(PieceWriter& out) const {
  if (dead_ > 0) out.SetFloor(EncodeToString(floor_));
}

}  // namespace tidemark
