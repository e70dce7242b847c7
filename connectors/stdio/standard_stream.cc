#include "connectors/stdio/standard_stream.h"

#include <fcntl.h>

namespace tidemark {

absl::Status CheckStandardStream(int fd, StreamUse use) {
  const int flags = fcntl(fd, F_GETFL);
  const int other = use == StreamUse::kRead ? O_WRONLY : O_RDONLY;
  if (flags >= 0 && (flags & O_ACCMODE) != other) return absl::OkStatus();
  return absl::NotFoundError(
      use == StreamUse::kRead
          ? "standard input: cannot be read, it was closed when the job was started; give it a "
            "pipe, a file or </dev/null"
          : "standard output: cannot be written, it was closed when the job was started; give it a "
            "pipe, a file or >/dev/null");
}

}  // namespace tidemark
