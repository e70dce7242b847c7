// What a state directory takes on its disk, each file counted once however many snapshots share it.
//
//   TM_RETURN_IF_ERROR(CheckDiskUse(files, "state", uint64_t{10} << 30));
//
// As `du` counts it: in blocks, directories and what RocksDB has set aside for its log included.
// A walk over names; the job may be running.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"

namespace tidemark {

struct DiskUse {
  uint64_t store_bytes = 0;     // the live store
  uint64_t snapshot_bytes = 0;  // what snapshots hold besides it
  uint64_t other_bytes = 0;     // damaged stores that are kept, staging
  uint64_t total() const { return store_bytes + snapshot_bytes + other_bytes; }
};

absl::StatusOr<DiskUse> MeasureDisk(Files& files, const std::string& state_directory);

// ResourceExhausted when it takes more than `bytes_max`: says what takes how much, and what helps.
absl::Status CheckDiskUse(Files& files, const std::string& state_directory, uint64_t bytes_max);

}  // namespace tidemark
