// Exchange: the channels behind one edge that crosses workers.
//
// With one worker there is none: the edge is a plain call. Exchanges are numbered in topological
// order; barriers and ends of input pass them in that order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/channel.h"

namespace tidemark {

class Exchange {
 public:
  Exchange(int edge, int workers, size_t batches_max) : edge_(edge), workers_(workers) {
    channels_.resize(static_cast<size_t>(workers * workers));
    for (auto& channel : channels_) channel = std::make_unique<Channel>(batches_max);
  }

  int edge() const { return edge_; }
  Channel& channel(int from, int to) {
    return *channels_[static_cast<size_t>(from * workers_ + to)];
  }
  // True when worker `from` may start work that sends through this exchange.
  bool HasRoom(int from) {
    for (int to = 0; to < workers_; ++to) {
      if (to != from && !channel(from, to).HasRoom()) return false;
    }
    return true;
  }

  // When the oldest item was read that waits in it; Message::kNone when none does.
  int64_t oldest_read_us() const {
    int64_t oldest = Message::kNone;
    for (const auto& channel : channels_) oldest = std::min(oldest, channel->oldest_read_us());
    return oldest;
  }

 private:
  const int edge_;
  const int workers_;
  std::vector<std::unique_ptr<Channel>> channels_;
};

}  // namespace tidemark
