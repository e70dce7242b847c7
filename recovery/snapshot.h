// Snapshots: directories that explain themselves and resume anywhere.
//
//   STATE_DIR/snapshots/0000000042/
//     manifest        what it is: the epoch record, and every file with its size and checksum
//                     (docs/formats/snapshot.md)
//     store/          a RocksDB checkpoint; table files are hard links into the live store
//
// A snapshot is written as 0000000042.partial, synced, then renamed: what has the final name is
// whole. A .partial left by a crash is removed by the next snapshot. One with a name of its own
// (snapshots/before-upgrade/) stays until somebody removes it.
//
//   TM_ASSIGN_OR_RETURN(Snapshot made, MakeSnapshot(files, store, "state", record));
//   for (const Snapshot& s : *ListSnapshots(files, "state")) …      // oldest first
//
// Thread rule: one thread at a time for each state directory, but for readers, which may come at
// any time.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "proto/epoch_record.h"
#include "state/rocksdb_store.h"
#include "state/store.h"

namespace tidemark {

struct Snapshot {
  std::string path;
  Manifest manifest;
  // Of all its files; shared ones are counted in each snapshot that holds them.
  uint64_t bytes() const;
};

struct SnapshotOptions {
  // Empty: the epoch's number, and retention removes it one day.
  std::string name = {};
  // Shares no file with the store: damage of the one is not damage of the other.
  bool copy = false;
  // For simulations, see StateDirectory::Options.
  RocksStoreOptions store = {};
};

// The store must stand at `record`, which is checked. A snapshot of this epoch that is there
// already is fine if it holds the same record and is whole; else it is made anew. A name that
// another epoch has is FailedPrecondition.
absl::StatusOr<Snapshot> MakeSnapshot(Files& files, StateStore& store,
                                      const std::string& state_directory, const EpochRecord& record,
                                      const SnapshotOptions& options = {});

struct DamagedSnapshot {
  std::string path;
  absl::Status why;
};
// Whole snapshots, oldest first. One that cannot be read is reported in its place: `on_damaged`.
absl::StatusOr<std::vector<Snapshot>> ListSnapshots(
    Files& files, const std::string& state_directory,
    std::vector<DamagedSnapshot>* on_damaged = nullptr);

// Reads the manifest, the sizes of all files, and all of those that are not tables: costs the same
// whatever the state weighs. DataLoss names the file that is not what it was.
absl::StatusOr<Snapshot> ReadSnapshot(Files& files, const std::string& snapshot_directory);

// Reads everything: each file against its checksum, the record in the store against the manifest's.
// Returns every fault. `on_file` is called behind each file with the bytes read so far.
// `opening`: see SnapshotOptions::store.
std::vector<absl::Status> CheckSnapshot(
    Files& files, const Snapshot& snapshot,
    const std::function<void(uint64_t bytes_read)>& on_file = [](uint64_t) {},
    const RocksStoreOptions& opening = {});

// Whether no file of the snapshot is a hard link to one of the store in `store_directory`.
bool SharesNothing(Files& files, const Snapshot& snapshot, const std::string& store_directory);
// Whether it shares nothing because no hard links can be made there, which is tried. That it shares
// nothing says less: the store may have replaced all its tables since.
bool IsCopyForLackOfLinks(Files& files, const Snapshot& snapshot,
                          const std::string& store_directory);

// "0000000042"
std::string SnapshotName(Epoch epoch);
// InvalidArgument unless it is a plain name: letters, digits, '.', '_' and '-', 100 at most, not
// like an epoch's or one that is being made.
absl::Status CheckSnapshotName(const std::string& name);

}  // namespace tidemark
