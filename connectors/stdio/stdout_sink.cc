#include "connectors/stdio/stdout_sink.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "connectors/stdio/standard_stream.h"

namespace tidemark {

ByteWriter WriteToDescriptor(int fd) {
  return [fd](std::string_view bytes) -> absl::Status {
    if (bytes.empty()) return CheckStandardStream(fd, StreamUse::kWrite);
    while (!bytes.empty()) {
      const ssize_t put = write(fd, bytes.data(), bytes.size());
      if (put >= 0) {
        bytes.remove_prefix(static_cast<size_t>(put));
        continue;
      }
      if (errno == EINTR) continue;
      if (errno == EAGAIN) {  // somebody who shares the terminal made it non-blocking
        pollfd ask{.fd = fd, .events = POLLOUT, .revents = 0};
        poll(&ask, 1, -1);
        continue;
      }
      if (errno == EPIPE) return absl::CancelledError("standard output was closed");
      return absl::InternalError(Cat("standard output: cannot write: ", strerror(errno)));
    }
    return absl::OkStatus();
  };
}

}  // namespace tidemark
