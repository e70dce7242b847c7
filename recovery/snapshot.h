// Snapshots: directories that explain themselves and resume anywhere.
//
//   STATE_DIR/snapshots/0000000042/
//     manifest        what it is: the epoch record, and every file with its size
//     (docs/formats/snapshot.md) store/          a RocksDB checkpoint; table files are hard links
//     into the live store
//
// A snapshot is written as 0000000042.partial, synced, then renamed: what has the final name is
// whole. A .partial left by a crash is removed by the next snapshot.
//
//   TM_ASSIGN_OR_RETURN(Snapshot made, MakeSnapshot(files, store, "state", record));
//   for (const Snapshot& s : *ListSnapshots(files, "state")) …      // oldest first
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "proto/epoch_record.h"
#include "state/store.h"

namespace tidemark {

struct Snapshot {
  std::string path;
  Manifest manifest;
  // Of all its files; shared ones are counted in each snapshot that holds them.
  uint64_t bytes() const;
};

// The store must stand at `record`. Making the snapshot of an epoch again is fine.
absl::StatusOr<Snapshot> MakeSnapshot(Files& files, StateStore& store,
                                      const std::string& state_directory,
                                      const EpochRecord& record);

// Whole snapshots, oldest first. One that cannot be read is reported in its place: `on_damaged`.
absl::StatusOr<std::vector<Snapshot>> ListSnapshots(
    Files& files, const std::string& state_directory,
    std::vector<absl::Status>* on_damaged = nullptr);

// DataLoss names the file when the manifest is damaged or a file has another size than it says.
absl::StatusOr<Snapshot> ReadSnapshot(Files& files, const std::string& snapshot_directory);

// Removes the oldest until `keep` are left.
absl::Status KeepNewestSnapshots(Files& files, const std::string& state_directory, size_t keep);

// Makes the store of `state_directory` a copy of the snapshot's, as a new line of runs: a fork.
// Table files never change once written, so they are linked where that is possible; the snapshot is
// left as it is. The target must hold no store. A crash in between leaves none.
absl::Status RestoreSnapshot(Files& files, const Snapshot& snapshot,
                             const std::string& state_directory, const std::string& run_line);

// "0000000042"
std::string SnapshotName(Epoch epoch);

}  // namespace tidemark
