#include "bench/page_cache.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/check.h"
#include "base/files.h"

namespace tidemark::bench {

void DropFromPageCache(const std::string& directory) {
  const auto files = NewPosixFiles();
  const auto names = files->List(directory);
  TM_CHECK(names.ok(), "the directory can be listed");
  for (const std::string& name : *names) {
    const int fd = open(JoinPath(directory, name).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    // Pages that are not written yet would stay.
    fsync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
  }
}

}  // namespace tidemark::bench
