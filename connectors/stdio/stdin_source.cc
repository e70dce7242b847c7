#include "connectors/stdio/stdin_source.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/status.h"

namespace tidemark {
namespace {

// Ready to be read without waiting; an end or an error is ready too, and read() will tell.
bool IsReadable(int fd) {
  pollfd ask{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&ask, 1, 0) > 0;
}

}  // namespace

StdinInput::StdinInput(int fd)
    : fd_(fd), next_{.path = std::make_shared<const std::string>("standard input")} {}

absl::StatusOr<ByteInput::More> StdinInput::Grow() {
  if (ended_) return More::kEnd;
  if (!IsReadable(fd_)) return More::kLater;
  buffer_.erase(0, begin_);
  begin_ = 0;
  const size_t had = buffer_.size();
  buffer_.resize(had + kReadBytes);
  const ssize_t got = read(fd_, buffer_.data() + had, kReadBytes);
  const int error = errno;
  buffer_.resize(had + (got > 0 ? static_cast<size_t>(got) : 0));
  if (got > 0) return More::kGrew;
  if (got == 0) {
    ended_ = true;
    return More::kEnd;
  }
  // A shared terminal may be non-blocking through no fault of ours, and another reader may be
  // faster.
  if (error == EAGAIN || error == EINTR) return More::kLater;
  return absl::InternalError(Cat(*next_.path, ": cannot read: ", strerror(error)));
}

void StdinInput::Consume(size_t bytes, uint64_t lines) {
  TM_CHECK(bytes <= buffer_.size() - begin_, "only what is in the window can be consumed");
  begin_ += bytes;
  next_.offset += bytes;
  next_.line += lines;
}

Position StdinInput::position() const {
  return Position()
      .Set("bytes", static_cast<int64_t>(next_.offset))
      .Set("line", static_cast<int64_t>(next_.line));
}

}  // namespace tidemark
