// A program for failing_calls_test: makes calls of which the test knows the number, inside and
// outside of the directory that counts, and says which of them failed.
//
//   failing_calls_probe INSIDE OUTSIDE     prints a line for each failure: "fsync INSIDE EIO"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace {

void Say(const char* call, const std::string& directory, bool failed) {
  if (failed) std::printf("%s %s %s\n", call, directory.c_str(), strerrorname_np(errno));
}

void Stream(const std::string& directory, const std::string& path) {
  std::FILE* const stream = std::fopen(path.c_str(), "r");
  Say("fopen", directory, stream == nullptr);
  if (stream == nullptr) return;
  char byte = 0;
  const size_t got = std::fread(&byte, 1, 1, stream);
  Say("fread", directory, got == 0 && std::ferror(stream) != 0);
  std::fclose(stream);
}

void List(const std::string& directory) {
  DIR* const list = opendir(directory.c_str());
  Say("opendir", directory, list == nullptr);
  if (list == nullptr) return;
  errno = 0;
  Say("readdir", directory, readdir(list) == nullptr && errno != 0);
  closedir(list);
}

// Every family once by a plain function, and the ways that are easily forgotten.
void Calls(const std::string& directory) {
  const std::string path = directory + "/file";
  const std::string other = directory + "/other";
  Say("mkdir", directory, mkdir((directory + "/made").c_str(), 0700) != 0);
  const int fd = open(path.c_str(), O_RDWR | O_CREAT, 0600);
  Say("open", directory, fd < 0);
  if (fd >= 0) {
    char bytes[4096] = "bytes";
    Say("ftruncate", directory, ftruncate(fd, sizeof bytes) != 0);
    Say("write", directory, write(fd, bytes, sizeof bytes) < 0);
    Say("pwrite", directory, pwrite(fd, bytes, 1, 0) < 0);
    Say("read", directory, read(fd, bytes, 1) < 0);
    Say("pread", directory, pread(fd, bytes, 1, 0) < 0);
    Say("fsync", directory, fsync(fd) != 0);
    Say("fdatasync", directory, fdatasync(fd) != 0);
    void* const at = mmap(nullptr, sizeof bytes, PROT_READ, MAP_SHARED, fd, 0);
    Say("mmap", directory, at == MAP_FAILED);
    if (at != MAP_FAILED) munmap(at, sizeof bytes);
    close(fd);
  }
  Stream(directory, path);
  List(directory);
  Say("link", directory, link(path.c_str(), other.c_str()) != 0);
  Say("rename", directory, rename(other.c_str(), (other + "-2").c_str()) != 0);
  Say("unlink", directory, unlink(path.c_str()) != 0);
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) Calls(argv[i]);
  return 0;
}
