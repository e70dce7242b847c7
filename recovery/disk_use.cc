#include "recovery/disk_use.h"

#include <set>
#include <utility>
#include <vector>

#include "base/quantity.h"
#include "base/status.h"
#include "recovery/state_directory.h"

namespace tidemark {
namespace {

class Walk {
 public:
  explicit Walk(Files& files) : files_(files) {}

  // Of what no earlier call has counted. A file that goes while it is looked for counts nothing.
  absl::StatusOr<uint64_t> Take(const std::string& path) {
    const auto info = files_.Stat(path);
    if (absl::IsNotFound(info.status())) return 0;
    TM_RETURN_IF_ERROR(info.status());
    uint64_t sum = seen_.insert({info->device, info->inode}).second ? info->disk_bytes : 0;
    if (!info->is_directory) return sum;
    const auto names = files_.List(path);
    if (absl::IsNotFound(names.status())) return 0;
    TM_RETURN_IF_ERROR(names.status());
    for (const std::string& name : *names) {
      TM_ASSIGN_OR_RETURN(const uint64_t bytes, Take(JoinPath(path, name)));
      sum += bytes;
    }
    return sum;
  }

 private:
  Files& files_;
  std::set<std::pair<uint64_t, uint64_t>> seen_;
};

}  // namespace

absl::StatusOr<DiskUse> MeasureDisk(Files& files, const std::string& state_directory) {
  Walk walk(files);
  DiskUse use;
  TM_ASSIGN_OR_RETURN(use.store_bytes, walk.Take(StorePath(state_directory)));
  TM_ASSIGN_OR_RETURN(use.snapshot_bytes, walk.Take(SnapshotsPath(state_directory)));
  TM_ASSIGN_OR_RETURN(use.other_bytes, walk.Take(state_directory));
  return use;
}

absl::Status CheckDiskUse(Files& files, const std::string& state_directory, uint64_t bytes_max) {
  TM_ASSIGN_OR_RETURN(const DiskUse use, MeasureDisk(files, state_directory));
  if (use.total() <= bytes_max) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      Cat(state_directory, ": takes ", FormatBytes(use.total()), ", more than --max-disk ",
          FormatBytes(bytes_max), " (state ", FormatBytes(use.store_bytes), ", snapshots besides ",
          FormatBytes(use.snapshot_bytes), ", other ", FormatBytes(use.other_bytes),
          "); remove snapshots or damaged stores, or raise it"));
}

}  // namespace tidemark
