// SimFiles: a SimDisk as one process's tidemark::Files.
//
//   SimFiles files(disk, disk.Boot());
//
// Behind the end of its process every call fails. The disk outlives it. Paths are absolute.
#pragma once

#include "base/files.h"
#include "tests/sim/sim_disk.h"

namespace tidemark::sim {

class SimFiles final : public Files {
 public:
  SimFiles(SimDisk& disk, uint64_t process) : disk_(disk), process_(process) {}

  absl::StatusOr<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<WritableFile>> OpenAppend(const std::string& path) override;
  absl::StatusOr<FileInfo> Stat(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override;
  absl::Status CreateDirectories(const std::string& directory) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Link(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status SyncDirectory(const std::string& directory) override;
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path,
                                                 std::string_view holder) override;

 private:
  SimDisk& disk_;
  const uint64_t process_;
};

}  // namespace tidemark::sim
