#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/files.h"
#include "base/status.h"

namespace tidemark {
namespace {

absl::Status PosixError(const std::string& path, std::string_view operation, int error) {
  const std::string message = Cat(path, ": cannot ", operation, ": ", strerror(error));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(message);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(
          Cat(message, "; free some space and start again, nothing committed is lost"));
    case EEXIST:
      return absl::AlreadyExistsError(message);
    case EMFILE:
    case ENFILE:
      return absl::ResourceExhaustedError(
          Cat(message, "; allow more of them (ulimit -n) and start again"));
    case EFBIG:
      return absl::ResourceExhaustedError(Cat(
          message, "; allow larger files (ulimit -f) and start again, nothing committed is lost"));
    default:
      return absl::InternalError(message);
  }
}

absl::StatusOr<FileInfo> InfoOf(const std::string& path, int result, const struct stat& status) {
  if (result != 0) return PosixError(path, "look at", errno);
  return FileInfo{.size_bytes = static_cast<uint64_t>(status.st_size),
                  .device = static_cast<uint64_t>(status.st_dev),
                  .inode = static_cast<uint64_t>(status.st_ino),
                  .is_directory = S_ISDIR(status.st_mode),
                  .disk_bytes = static_cast<uint64_t>(status.st_blocks) * 512};
}

// Owns a descriptor; both file classes hold one.
class Descriptor {
 public:
  Descriptor(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  ~Descriptor() { close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int fd() const { return fd_; }
  const std::string& path() const { return path_; }
  absl::Status Error(std::string_view operation) const {
    return PosixError(path_, operation, errno);
  }
  absl::StatusOr<FileInfo> Info() const {
    struct stat status;
    const int result = fstat(fd_, &status);
    return InfoOf(path_, result, status);
  }

 private:
  const std::string path_;
  const int fd_;
};

class PosixReadableFile final : public ReadableFile {
 public:
  PosixReadableFile(std::string path, int fd) : file_(std::move(path), fd) {}

  absl::Status Read(uint64_t offset, size_t n, std::string& out) override {
    // A reader may ask for far more than a small file holds; memory follows the file.
    TM_ASSIGN_OR_RETURN(const FileInfo info, Info());
    const uint64_t left = info.size_bytes > offset ? info.size_bytes - offset : 0;
    out.resize(std::min<uint64_t>(n, left));
    size_t done = 0;
    while (done < out.size()) {
      const ssize_t got = pread(file_.fd(), out.data() + done, out.size() - done,
                                static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return file_.Error("read");
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    out.resize(done);
    return absl::OkStatus();
  }
  absl::StatusOr<FileInfo> Info() override { return file_.Info(); }

 private:
  Descriptor file_;
};

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(std::string path, int fd) : file_(std::move(path), fd) {}

  absl::Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t put = write(file_.fd(), bytes.data(), bytes.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return file_.Error("write");
      bytes.remove_prefix(static_cast<size_t>(put));
    }
    return absl::OkStatus();
  }
  absl::Status Sync() override {
    return fdatasync(file_.fd()) == 0 ? absl::OkStatus() : file_.Error("sync");
  }
  absl::Status Truncate(uint64_t size_bytes) override {
    return ftruncate(file_.fd(), static_cast<off_t>(size_bytes)) == 0 ? absl::OkStatus()
                                                                      : file_.Error("cut");
  }
  absl::StatusOr<FileInfo> Info() override { return file_.Info(); }

 private:
  Descriptor file_;
};

class PosixFileLock final : public FileLock {
 public:
  PosixFileLock(std::string path, int fd) : file_(std::move(path), fd) {}

  absl::Status Take(std::string_view holder) {
    struct stat ours;
    if (fstat(file_.fd(), &ours) != 0) return file_.Error("look at");
    if (!S_ISREG(ours.st_mode)) {
      return absl::FailedPreconditionError(
          Cat(file_.path(), ": is not a file, so it cannot be a lock; remove it"));
    }
    if (flock(file_.fd(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return file_.Error("lock");
      return absl::UnavailableError(Cat(file_.path(), ": is locked by another process"));
    }
    // Whoever removed the file in between has, or will have, a lock on another one of that name.
    struct stat there;
    if (lstat(file_.path().c_str(), &there) != 0 || there.st_ino != ours.st_ino ||
        there.st_dev != ours.st_dev) {
      return absl::UnavailableError(Cat(file_.path(), ": was replaced while it was being locked"));
    }
    if (ftruncate(file_.fd(), 0) != 0) return file_.Error("write");
    const ssize_t put = write(file_.fd(), holder.data(), holder.size());
    if (put < 0) return file_.Error("write");
    // On purpose: what is missing of a word to people is not worth an error.
    return absl::OkStatus();
  }

 private:
  Descriptor file_;
};

class PosixFiles final : public Files {
 public:
  absl::StatusOr<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) override {
    // O_NONBLOCK changes nothing for files; a pipe without a writer must not stop us here.
    const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return PosixError(path, "open", errno);
    return std::make_unique<PosixReadableFile>(path, fd);
  }

  absl::StatusOr<std::unique_ptr<WritableFile>> OpenAppend(const std::string& path) override {
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) return PosixError(path, "open for writing", errno);
    return std::make_unique<PosixWritableFile>(path, fd);
  }

  absl::StatusOr<FileInfo> Stat(const std::string& path) override {
    struct stat status;
    const int result = stat(path.c_str(), &status);
    return InfoOf(path, result, status);
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    DIR* dir = opendir(directory.c_str());
    if (dir == nullptr) return PosixError(directory, "list", errno);
    std::vector<std::string> names;
    errno = 0;  // which alone tells an error from the end
    while (const dirent* entry = readdir(dir)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    const int error = errno;
    closedir(dir);
    if (error != 0) return PosixError(directory, "list", error);
    std::sort(names.begin(), names.end());
    return names;
  }

  absl::Status CreateDirectories(const std::string& directory) override {
    if (mkdir(directory.c_str(), 0755) == 0) return absl::OkStatus();
    if (errno == EEXIST) {
      TM_ASSIGN_OR_RETURN(const FileInfo info, Stat(directory));
      return info.is_directory ? absl::OkStatus()
                               : PosixError(directory, "create the directory", EEXIST);
    }
    const int error = errno;
    const std::string parent = ParentDirectory(directory);
    if (error != ENOENT || parent == directory || parent == ".") {
      return PosixError(directory, "create the directory", error);
    }
    TM_RETURN_IF_ERROR(CreateDirectories(parent));
    if (mkdir(directory.c_str(), 0755) == 0 || errno == EEXIST) return absl::OkStatus();
    return PosixError(directory, "create the directory", errno);
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    return rename(from.c_str(), to.c_str()) == 0 ? absl::OkStatus()
                                                 : PosixError(from, Cat("rename to ", to), errno);
  }

  absl::Status Link(const std::string& from, const std::string& to) override {
    if (link(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
    if (errno == EXDEV || errno == EPERM || errno == EMLINK || errno == EOPNOTSUPP) {
      return absl::UnimplementedError(Cat(to, ": no hard link to ", from, ": ", strerror(errno)));
    }
    return PosixError(to, Cat("link to ", from), errno);
  }

  absl::Status Remove(const std::string& path) override {
    return remove(path.c_str()) == 0 ? absl::OkStatus() : PosixError(path, "remove", errno);
  }

  absl::Status SyncDirectory(const std::string& directory) override {
    const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return PosixError(directory, "open", errno);
    const Descriptor dir(directory, fd);
    return fsync(fd) == 0 ? absl::OkStatus() : dir.Error("sync");
  }

  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path,
                                                 std::string_view holder) override {
    // Never through a link: what it leads to would be emptied.
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0 && errno == ELOOP) {
      return absl::FailedPreconditionError(
          Cat(path, ": is a link, and a lock is a file of its own; remove it"));
    }
    if (fd < 0) return PosixError(path, "open", errno);
    auto lock = std::make_unique<PosixFileLock>(path, fd);
    TM_RETURN_IF_ERROR(lock->Take(holder));
    return lock;
  }
};

}  // namespace

std::unique_ptr<Files> NewPosixFiles() { return std::make_unique<PosixFiles>(); }

}  // namespace tidemark
