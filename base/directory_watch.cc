#include "base/directory_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/status.h"

namespace tidemark {

absl::StatusOr<std::unique_ptr<DirectoryWatch>> DirectoryWatch::Open(const std::string& directory) {
  const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) {
    return absl::UnavailableError(Cat(directory, ": cannot be watched: ", strerror(errno)));
  }
  std::unique_ptr<DirectoryWatch> watch(new DirectoryWatch(fd));
  // A file is written whole under another name and then moved here.
  if (inotify_add_watch(fd, directory.c_str(), IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR) < 0) {
    return absl::UnavailableError(Cat(directory, ": cannot be watched: ", strerror(errno)));
  }
  return watch;
}

DirectoryWatch::~DirectoryWatch() { close(fd_); }

void DirectoryWatch::Drain() {
  alignas(inotify_event) std::array<char, 4096> events;
  while (read(fd_, events.data(), events.size()) > 0) {
  }
}

}  // namespace tidemark
