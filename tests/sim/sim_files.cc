#include "tests/sim/sim_files.h"

#include "base/status.h"

namespace tidemark::sim {
namespace {

// In the words of the machine's own files.
absl::Status ToStatus(DiskError error, const std::string& path, std::string_view operation) {
  const std::string message = Cat(path, ": cannot ", operation, ": ");
  switch (error) {
    case DiskError::kOk:
      return absl::OkStatus();
    case DiskError::kNotFound:
      return absl::NotFoundError(Cat(message, "No such file or directory"));
    case DiskError::kExists:
      return absl::AlreadyExistsError(Cat(message, "File exists"));
    case DiskError::kNotEmpty:
      return absl::InternalError(Cat(message, "Directory not empty"));
    case DiskError::kWrongKind:
      return absl::InternalError(Cat(message, "Not a directory, or is one"));
    case DiskError::kIo:
      return absl::InternalError(Cat(message, "Input/output error"));
    case DiskError::kNoSpace:
      return absl::ResourceExhaustedError(
          Cat(message,
              "No space left on device; free some space and start again, nothing committed is "
              "lost"));
    case DiskError::kGone:
      return absl::InternalError(Cat(message, "the process has ended"));
    case DiskError::kOtherDisk:
      return absl::UnimplementedError(Cat(message, "Invalid cross-device link"));
    case DiskError::kNotPermitted:
      return absl::UnimplementedError(Cat(message, "Operation not permitted"));
    case DiskError::kTooManyLinks:
      return absl::UnimplementedError(Cat(message, "Too many links"));
  }
  return absl::InternalError(message);
}

FileInfo ToInfo(const SimDisk::Look& look) {
  return {.size_bytes = look.size,
          .device = 1,
          .inode = look.inode,
          .is_directory = look.is_directory,
          .disk_bytes = look.size};
}

absl::StatusOr<FileInfo> InfoOf(SimDisk& disk, uint64_t process, const SimDisk::NodePtr& node,
                                const std::string& path) {
  SimDisk::Look look;
  TM_RETURN_IF_ERROR(ToStatus(disk.LookAt(process, node, look), path, "look at"));
  return ToInfo(look);
}

class SimReadable final : public ReadableFile {
 public:
  SimReadable(SimDisk& disk, uint64_t process, std::string path, SimDisk::NodePtr node)
      : disk_(disk), process_(process), path_(std::move(path)), node_(std::move(node)) {}
  absl::Status Read(uint64_t offset, size_t n, std::string& out) override {
    return ToStatus(disk_.Read(process_, node_, offset, n, out), path_, "read");
  }
  absl::StatusOr<FileInfo> Info() override { return InfoOf(disk_, process_, node_, path_); }

 private:
  SimDisk& disk_;
  const uint64_t process_;
  const std::string path_;
  const SimDisk::NodePtr node_;
};

class SimWritable final : public WritableFile {
 public:
  SimWritable(SimDisk& disk, uint64_t process, std::string path, SimDisk::NodePtr node)
      : disk_(disk), process_(process), path_(std::move(path)), node_(std::move(node)) {}
  absl::Status Append(std::string_view bytes) override {
    return ToStatus(disk_.Append(process_, node_, bytes), path_, "write");
  }
  absl::Status Sync() override { return ToStatus(disk_.Sync(process_, node_), path_, "sync"); }
  absl::Status Truncate(uint64_t size_bytes) override {
    return ToStatus(disk_.Truncate(process_, node_, size_bytes), path_, "cut");
  }
  absl::StatusOr<FileInfo> Info() override { return InfoOf(disk_, process_, node_, path_); }

 private:
  SimDisk& disk_;
  const uint64_t process_;
  const std::string path_;
  const SimDisk::NodePtr node_;
};

class SimLock final : public FileLock {
 public:
  SimLock(SimDisk& disk, uint64_t process, std::string path)
      : disk_(disk), process_(process), path_(std::move(path)) {}
  // A process that has ended has given its locks back already.
  ~SimLock() override { disk_.Unlock(process_, path_); }

 private:
  SimDisk& disk_;
  const uint64_t process_;
  const std::string path_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ReadableFile>> SimFiles::OpenRead(const std::string& path) {
  SimDisk::NodePtr node;
  TM_RETURN_IF_ERROR(
      ToStatus(disk_.Open(process_, path, SimDisk::Mode::kRead, node), path, "open"));
  return std::make_unique<SimReadable>(disk_, process_, path, std::move(node));
}

absl::StatusOr<std::unique_ptr<WritableFile>> SimFiles::OpenAppend(const std::string& path) {
  SimDisk::NodePtr node;
  TM_RETURN_IF_ERROR(
      ToStatus(disk_.Open(process_, path, SimDisk::Mode::kAppend, node), path, "open for writing"));
  return std::make_unique<SimWritable>(disk_, process_, path, std::move(node));
}

absl::StatusOr<FileInfo> SimFiles::Stat(const std::string& path) {
  SimDisk::Look look;
  TM_RETURN_IF_ERROR(ToStatus(disk_.Stat(process_, path, look), path, "look at"));
  return ToInfo(look);
}

absl::StatusOr<std::vector<std::string>> SimFiles::List(const std::string& directory) {
  std::vector<std::string> names;
  TM_RETURN_IF_ERROR(ToStatus(disk_.List(process_, directory, names), directory, "list"));
  return names;
}

absl::Status SimFiles::CreateDirectories(const std::string& directory) {
  DiskError error = disk_.MakeDirectory(process_, directory);
  if (error == DiskError::kNotFound && ParentDirectory(directory) != directory) {
    TM_RETURN_IF_ERROR(CreateDirectories(ParentDirectory(directory)));
    error = disk_.MakeDirectory(process_, directory);
  }
  if (error == DiskError::kExists) {
    TM_ASSIGN_OR_RETURN(const FileInfo info, Stat(directory));
    if (info.is_directory) return absl::OkStatus();
  }
  return ToStatus(error, directory, "create the directory");
}

absl::Status SimFiles::Rename(const std::string& from, const std::string& to) {
  return ToStatus(disk_.Rename(process_, from, to), from, Cat("rename to ", to));
}

absl::Status SimFiles::Link(const std::string& from, const std::string& to) {
  return ToStatus(disk_.Link(process_, from, to), to, Cat("link to ", from));
}

absl::Status SimFiles::Remove(const std::string& path) {
  return ToStatus(disk_.Remove(process_, path), path, "remove");
}

absl::Status SimFiles::SyncDirectory(const std::string& directory) {
  return ToStatus(disk_.SyncDirectory(process_, directory), directory, "sync");
}

absl::StatusOr<std::unique_ptr<FileLock>> SimFiles::Lock(const std::string& path,
                                                         std::string_view holder) {
  SimDisk::NodePtr node;
  TM_RETURN_IF_ERROR(
      ToStatus(disk_.Open(process_, path, SimDisk::Mode::kAppend, node), path, "open"));
  const DiskError error = disk_.Lock(process_, path);
  if (error == DiskError::kExists) {
    return absl::UnavailableError(Cat(path, ": is locked by another process"));
  }
  TM_RETURN_IF_ERROR(ToStatus(error, path, "lock"));
  auto lock = std::make_unique<SimLock>(disk_, process_, path);
  TM_RETURN_IF_ERROR(ToStatus(disk_.Truncate(process_, node, 0), path, "write"));
  TM_RETURN_IF_ERROR(ToStatus(disk_.Append(process_, node, holder), path, "write"));
  return lock;
}

}  // namespace tidemark::sim
