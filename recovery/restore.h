// Restore: a store out of a snapshot, for a fork (`--from`) and for going back after damage.
//
//   TM_ASSIGN_OR_RETURN(const Snapshot snapshot, ReadSnapshot(files, "backup/0000000042"));
//   TM_RETURN_IF_ERROR(RestoreSnapshot(files, snapshot, "state", NewRunLine()));
//
// The snapshot is left as it is, and may lie anywhere, also where nothing can be written. Table
// files never change once written, so they are linked where that is possible. Nothing of a snapshot
// is believed: sizes of all files, checksums of all that are small or copied, and the record in the
// store are compared with the manifest before the store gets its name.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "base/files.h"
#include "recovery/snapshot.h"
#include "state/rocksdb_store.h"

namespace tidemark {

// Makes the store of `state_directory` a copy of the snapshot's, as the line of runs `run_line`.
// The target must hold no store. A crash in between leaves none. `opening` is for simulations, see
// StateDirectory::Options.
absl::Status RestoreSnapshot(Files& files, const Snapshot& snapshot,
                             const std::string& state_directory, const std::string& run_line,
                             const RocksStoreOptions& opening = {});

// The first half: the copy stands in PartialStorePath(), whole and synced, and has yet to get its
// name. The caller holds the directory's lock.
absl::Status PrepareRestore(Files& files, const Snapshot& snapshot,
                            const std::string& state_directory, const std::string& run_line,
                            const RocksStoreOptions& opening = {});
std::string PartialStorePath(const std::string& state_directory);

}  // namespace tidemark
