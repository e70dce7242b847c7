#include "base/read_to_end.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/quantity.h"
#include "base/status.h"

namespace tidemark {
namespace {

absl::Status ErrorOf(const std::string& name, const char* what, int error) {
  if (error == EISDIR) return absl::InvalidArgumentError(Cat(name, ": is a directory, not a file"));
  const absl::StatusCode code = error == ENOENT   ? absl::StatusCode::kNotFound
                                : error == EACCES ? absl::StatusCode::kPermissionDenied
                                                  : absl::StatusCode::kInternal;
  return Error(code, Cat(name, ": ", what, ": ", strerror(error)));
}

absl::StatusOr<std::string> ReadFrom(int fd, const std::string& name, size_t bytes_max) {
  std::string text;
  std::array<char, 64 << 10> chunk;
  while (true) {
    const ssize_t count = ::read(fd, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrorOf(name, "cannot read", errno);
    if (count == 0) return text;
    text.append(chunk.data(), static_cast<size_t>(count));
    if (text.size() <= bytes_max) continue;
    return absl::InvalidArgumentError(
        Cat(name, ": is longer than the ", FormatBytes(bytes_max), " expected here"));
  }
}

}  // namespace

absl::StatusOr<std::string> ReadToEnd(const std::string& path, size_t bytes_max) {
  if (path == kStandardInput) return ReadFrom(STDIN_FILENO, "standard input", bytes_max);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrorOf(path, "cannot open", errno);
  auto text = ReadFrom(fd, path, bytes_max);
  ::close(fd);
  return text;
}

}  // namespace tidemark
