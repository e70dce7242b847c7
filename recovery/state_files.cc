#include "recovery/state_files.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/status.h"

namespace tidemark {
namespace {

constexpr mode_t kRights = 0777;

bool IsThere(const std::string& path) {
  struct stat status;
  return lstat(path.c_str(), &status) == 0;
}

}  // namespace

bool StateFiles::IsBelow(const std::string& path) const {
  const std::string inside = JoinPath(options_.directory, "");
  return path.size() > inside.size() && path.starts_with(inside);
}

absl::Status StateFiles::SetMode(const std::string& path) const {
  struct stat made, around;
  // What only a simulated file system has, has no mode.
  if (lstat(path.c_str(), &made) != 0 || S_ISLNK(made.st_mode)) return absl::OkStatus();
  mode_t mode = options_.mode;
  if (path != options_.directory) {
    if (stat(options_.directory.c_str(), &around) != 0) return absl::OkStatus();
    mode = around.st_mode & kRights;
  }
  if (!S_ISDIR(made.st_mode)) mode &= 0666;
  // The bits above, such as that of a group that is handed down, stay.
  const mode_t wanted = (made.st_mode & 07000) | mode;
  if ((made.st_mode & 07777) == wanted || chmod(path.c_str(), wanted) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(Cat(path, ": cannot change its mode: ", strerror(errno)));
}

absl::StatusOr<std::unique_ptr<WritableFile>> StateFiles::OpenAppend(const std::string& path) {
  const bool is_new = IsBelow(path) && !IsThere(path);
  auto file = real().OpenAppend(path);
  if (is_new && file.ok()) TM_RETURN_IF_ERROR(SetMode(path));
  return file;
}

absl::Status StateFiles::CreateDirectories(const std::string& directory) {
  const bool is_new =
      (directory == options_.directory || IsBelow(directory)) && !IsThere(directory);
  TM_RETURN_IF_ERROR(real().CreateDirectories(directory));
  return is_new ? SetMode(directory) : absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<FileLock>> StateFiles::Lock(const std::string& path,
                                                           std::string_view holder) {
  const bool is_new = IsBelow(path) && !IsThere(path);
  auto lock = real().Lock(path, holder);
  if (is_new && lock.ok()) TM_RETURN_IF_ERROR(SetMode(path));
  return lock;
}

}  // namespace tidemark
