#include "engine/wakeup.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
namespace tidemark {

Wakeup::Wakeup() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

Wakeup::~Wakeup() {
  if (fd_ >= 0) close(fd_);
}

void Wakeup::Notify() {
  const int saved = errno;  // a signal handler leaves errno as it found it
  const uint64_t one = 1;
  // On purpose unchecked: it fails only when the counter is full, and then the sleeper wakes
  // anyway.
  [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof one);
  errno = saved;
}

Wakeup::Cause Wakeup::Wait(Span at_most, const std::vector<int>& descriptors) {
  if (!ok()) return Cause::kTimeout;
  std::vector<pollfd> fds;
  fds.push_back({.fd = fd_, .events = POLLIN, .revents = 0});
  for (const int fd : descriptors) fds.push_back({.fd = fd, .events = POLLIN, .revents = 0});
  timespec timeout{};
  if (at_most.us > 0) {
    timeout.tv_sec = static_cast<time_t>(at_most.us / 1'000'000);
    timeout.tv_nsec = static_cast<long>(at_most.us % 1'000'000) * 1000;
  }
  const int ready =
      ppoll(fds.data(), fds.size(), at_most.is_infinite() ? nullptr : &timeout, nullptr);
  wakeups_.fetch_add(1, std::memory_order_relaxed);
  if (ready == 0) return Cause::kTimeout;
  if (ready < 0) return Cause::kNotified;  // a signal: the caller looks at everything again
  uint64_t count = 0;
  // On purpose unchecked: nothing to read means that only a descriptor was ready.
  [[maybe_unused]] const ssize_t got = read(fd_, &count, sizeof count);
  for (size_t i = 1; i < fds.size(); ++i) {
    if (fds[i].revents != 0) return Cause::kReadable;
  }
  return Cause::kNotified;
}

}  // namespace tidemark
