// Wakeup: one thread sleeps, any other (or a signal handler) wakes it.
//
// An eventfd, so that a sleeper can wait for descriptors of sources at the same time, exactly until
// the next timer, and use no CPU until then.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/timestamp.h"

namespace tidemark {

class Wakeup {
 public:
  // Asks for a descriptor; see ok().
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  // False where no descriptor was to be had: then nothing sleeps or wakes, and Wait() returns at
  // once.
  bool ok() const { return fd_ >= 0; }

  // Safe from any thread and from a signal handler. A wake-up before the sleep is not lost.
  void Notify();
  enum class Cause { kNotified, kReadable, kTimeout };
  // Sleeps until Notify(), until one of `descriptors` is readable, or for `at_most`.
  Cause Wait(Span at_most, const std::vector<int>& descriptors = {});

  // How often Wait() returned: what an idle process must not increase.
  uint64_t wakeups() const { return wakeups_.load(std::memory_order_relaxed); }

 private:
  const int fd_;
  std::atomic<uint64_t> wakeups_{0};
};

}  // namespace tidemark
