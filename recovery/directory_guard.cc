#include "recovery/directory_guard.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/real_path.h"
#include "base/status.h"

namespace tidemark {
namespace {

// snapshots/0000000042/store/000007.sst
constexpr int kDepthMax = 4;

// Removing a file of a store destroys the store, so that is the last thing to advise: mostly a run
// by another user, such as root, wrote it.
struct Owners {
  const std::string& directory;
  const TrustedUsers& trusted;

  absl::Status Check(const std::string& path, const struct stat& status) const {
    if (status.st_uid == trusted.user || status.st_uid == trusted.owner) return absl::OkStatus();
    return absl::FailedPreconditionError(
        Cat(path, ": ", S_ISLNK(status.st_mode) ? "is a link that belongs" : "belongs", " to user ",
            status.st_uid, ", and neither to this user nor to the owner of ", directory,
            "; if a run as that user wrote it, give everything back with: chown -R ", trusted.owner,
            " ", ShellWord(directory), "; if not, find out who put it there"));
  }
};

absl::Status CheckBelow(Files& files, const std::string& directory, const Owners& owners,
                        int depth) {
  const auto names = files.List(directory);
  // On purpose: what cannot be listed is found by whoever needs it.
  if (!names.ok()) return absl::OkStatus();
  for (const std::string& name : *names) {
    const std::string path = JoinPath(directory, name);
    struct stat status;
    if (lstat(path.c_str(), &status) != 0) continue;  // it went in between
    TM_RETURN_IF_ERROR(owners.Check(path, status));
    if (S_ISLNK(status.st_mode)) {
      if (stat(path.c_str(), &status) != 0) continue;
      TM_RETURN_IF_ERROR(owners.Check(path, status));
    }
    const bool is_requests = depth == 1 && name == "requests";
    if (!S_ISDIR(status.st_mode) || is_requests || depth == kDepthMax) continue;
    TM_RETURN_IF_ERROR(CheckBelow(files, path, owners, depth + 1));
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<TrustedUsers> TrustedIn(const std::string& directory) {
  struct stat status;
  if (stat(directory.c_str(), &status) != 0) return std::nullopt;
  return TrustedUsers{.user = geteuid(), .owner = status.st_uid};
}

absl::Status CheckTrusted(Files& files, const std::string& directory, const TrustedUsers& trusted) {
  return CheckBelow(files, directory, {.directory = directory, .trusted = trusted}, 1);
}

absl::StatusOr<std::unique_ptr<DirectoryGuard>> DirectoryGuard::Take(const std::string& directory) {
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::unique_ptr<DirectoryGuard> guard(new DirectoryGuard(directory, fd));
  if (fd < 0) return guard;
  if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return absl::UnavailableError(Cat(directory, ": is locked by another process"));
  }
  guard->held_ = IdentityOf(directory);
  return guard;
}

DirectoryGuard::~DirectoryGuard() {
  if (fd_ >= 0) close(fd_);
}

std::optional<DirectoryGuard::Identity> DirectoryGuard::IdentityOf(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  return Identity{.device = status.st_dev, .inode = status.st_ino};
}

void DirectoryGuard::NoteLock(const std::string& path) {
  lock_path_ = path;
  lock_ = IdentityOf(path);
}

void DirectoryGuard::NoteStore(const std::string& path) {
  store_path_ = path;
  store_ = IdentityOf(path);
}

bool DirectoryGuard::StoreIsGone() const {
  if (!held_ || !store_ || IdentityOf(directory_) != held_) return false;
  // RocksDB replaces CURRENT by a rename, so it is always there.
  return IdentityOf(store_path_) != store_ || !IdentityOf(JoinPath(store_path_, "CURRENT"));
}

absl::Status DirectoryGuard::Check() const {
  if (!held_ || !lock_) return absl::OkStatus();
  if (IdentityOf(directory_) != held_) {
    return absl::FailedPreconditionError(
        Cat(directory_,
            ": is not the directory any more that this run has opened; put it back, or "
            "name its new place with --state"));
  }
  if (StoreIsGone()) {
    return absl::FailedPreconditionError(
        Cat(store_path_,
            ": was removed or replaced while this run was using it, so what was committed after "
            "the newest snapshot is lost; start the job again to be told how to continue"));
  }
  if (IdentityOf(lock_path_) == lock_) return absl::OkStatus();
  return absl::UnavailableError(
      Cat(lock_path_,
          ": was removed or replaced while this run holds it, so the run ends before "
          "another one can begin beside it"));
}

}  // namespace tidemark
