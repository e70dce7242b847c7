// A shared object to be loaded in front of a program (LD_PRELOAD): somebody sets the wall clock
// while it runs. Monotonic time is what it is.
//
//   SET_CLOCK="700 -3600"   700 ms after the start it is set back by an hour

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace {

timespec Read(clockid_t id) {
  timespec time{};
  syscall(SYS_clock_gettime, id, &time);
  return time;
}

struct Plan {
  bool set = false;
  long after_ms = 0;
  long by_s = 0;
  const timespec start = Read(CLOCK_MONOTONIC);

  Plan() {
    const char* words = std::getenv("SET_CLOCK");
    set = words != nullptr && std::sscanf(words, "%ld %ld", &after_ms, &by_s) == 2;
  }
  bool IsDue() const {
    const timespec now = Read(CLOCK_MONOTONIC);
    const long passed_ms =
        (now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1'000'000;
    return set && passed_ms >= after_ms;
  }
};

}  // namespace

extern "C" int clock_gettime(clockid_t id, timespec* time) {
  static const Plan plan;
  const long failed = syscall(SYS_clock_gettime, id, time);
  if (failed == 0 && id == CLOCK_REALTIME && plan.IsDue()) time->tv_sec += plan.by_s;
  return static_cast<int>(failed);
}
