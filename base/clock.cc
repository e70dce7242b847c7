#include "base/clock.h"

#include <chrono>

namespace tidemark {

Timestamp SystemClock::Now() const {
  return {std::chrono::duration_cast<std::chrono::microseconds>(
              std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

int64_t SystemClock::Monotonic() const { return MonotonicMicros(); }

int64_t MonotonicMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace tidemark
