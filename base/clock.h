// Clock: the only way to learn what time it is.
//
// Whoever needs time gets a Clock through its constructor; nothing else in the tree calls the
// system's clock. SimClock stands still until a test moves it, which makes every test of a timer
// exact and free of sleeps.
#pragma once

#include <atomic>

#include "base/timestamp.h"

namespace tidemark {

class Clock {
 public:
  virtual ~Clock() = default;
  // Wall time in UTC. May step back: callers that must not see that keep the largest reading.
  // Safe from any thread.
  virtual Timestamp Now() const = 0;
  // Microseconds that only go forward, whatever happens to the wall clock; never stored.
  // Safe from any thread.
  virtual int64_t Monotonic() const = 0;
};

// The machine's clock.
class SystemClock final : public Clock {
 public:
  Timestamp Now() const override;
  int64_t Monotonic() const override;
};

// Microseconds that only go forward, for measuring how long something took; never stored.
int64_t MonotonicMicros();

// Stands still until told otherwise. Starts at 2030-01-01T00:00:00Z unless told otherwise. Time
// that passes (Advance) moves both readings, setting the wall clock only that.
class SimClock final : public Clock {
 public:
  static constexpr Timestamp kDefaultStart{1'893'456'000'000'000};

  explicit SimClock(Timestamp start = kDefaultStart) : now_us_(start.us) {}

  Timestamp Now() const override { return {now_us_.load(std::memory_order_relaxed)}; }
  int64_t Monotonic() const override { return monotonic_us_.load(std::memory_order_relaxed); }
  void Set(Timestamp t) { now_us_.store(t.us, std::memory_order_relaxed); }
  void Advance(Span d) {
    Set(Now() + d);
    monotonic_us_.fetch_add(d.us, std::memory_order_relaxed);
  }

 private:
  std::atomic<int64_t> now_us_;
  std::atomic<int64_t> monotonic_us_{0};
};

}  // namespace tidemark
