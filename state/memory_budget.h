// MemoryBudget: how much hot state one worker may hold, and how much it holds.
//
// A soft bound: one activation may overshoot. Above it, clean states are evicted; when none is
// left, the epoch closes early, and no source is read until its commit has made states clean.
//
// Thread rule: charged by one worker; used_bytes() may be read by any thread.
#pragma once

#include <atomic>
#include <cstddef>

namespace tidemark {

class MemoryBudget {
 public:
  explicit MemoryBudget(size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  void Charge(size_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void Release(size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  size_t used_bytes() const { return used_.load(std::memory_order_relaxed); }
  size_t limit_bytes() const { return limit_bytes_; }
  bool exceeded() const { return used_bytes() > limit_bytes_; }

 private:
  const size_t limit_bytes_;
  std::atomic<size_t> used_{0};
};

}  // namespace tidemark
