// A shared object to be loaded in front of a program (LD_PRELOAD): the wall clock is so many
// seconds behind, as on a machine whose battery is empty.
//
//   CLOCK_BEHIND=2000000000

#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace {

long Behind() {
  const char* words = std::getenv("CLOCK_BEHIND");
  return words == nullptr ? 0 : std::atol(words);
}

int Read(clockid_t clock, timespec* now) {
  const long result = syscall(SYS_clock_gettime, clock, now);  // tidy: allowed, as below
  if (result == 0 && clock == CLOCK_REALTIME) now->tv_sec -= Behind();
  return static_cast<int>(result);
}

}  // namespace

extern "C" int clock_gettime(  // tidy: allowed, this is the clock that the program gets
    clockid_t clock, timespec* now) noexcept {
  return Read(clock, now);
}

extern "C" time_t time(time_t* seconds) noexcept {
  timespec now{};
  Read(CLOCK_REALTIME, &now);
  if (seconds != nullptr) *seconds = now.tv_sec;
  return now.tv_sec;
}

extern "C" int gettimeofday(  // tidy: allowed, this is the clock that the program gets
    timeval* now, void*) noexcept {
  timespec exact{};
  const int result = Read(CLOCK_REALTIME, &exact);
  *now = {.tv_sec = exact.tv_sec, .tv_usec = exact.tv_nsec / 1000};
  return result;
}
