// RocksStore: the StateStore contract on a RocksDB directory.
//
// A commit is one of two things. A small run is one synced write to RocksDB's log. A large run
// skips log and memtable: it becomes one table file in the staging directory, which RocksDB then
// links into the database in one step of its manifest. Both are atomic, and both follow one another
// in any order; where the border lies decides about speed only.
//
// What would go wrong without the care taken here: a staging file that is linked in shares its
// content with the database for ever, so writing to a staging name a second time destroys rows that
// were committed. Every commit therefore has a name of its own, the name is unlinked before it is
// opened, and what a crash left in the staging directory is unlinked at the next open.
//
//   TM_ASSIGN_OR_RETURN(auto store, OpenRocksStore({.directory = JoinPath(state_dir, "store")}));
//
// Requires: `directory` and the staging directory lie on one file system (else files are copied).
// Cursors end before their store.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "state/store.h"

namespace rocksdb {
class Env;
}

namespace tidemark {

// Every error about a damaged store ends with it; who follows it takes it off
// (recovery/fallback.h).
inline constexpr char kDamagedStoreAdvice[] = "the store is damaged, resume from a snapshot";

struct RocksStoreOptions {
  std::string directory{};
  // Where table files are built. Its name is for this store alone: files "*.sst" in it are removed
  // at open. Empty means "staging" beside `directory`.
  std::string staging_directory{};

  // Reads the store as of one commit, the last when it was opened, while another process may have
  // it open and write; never writes anything itself, Commit and Checkpoint are refused. Beside a
  // writer that ingests tables faster than the store can be opened, opening is Unavailable.
  bool read_only = false;
  // Else a directory without a store is NotFound.
  bool create_if_missing = true;

  // A run of at least this many bytes is written as a table file. Affects speed only. By
  // state/rocksdb_store_benchmark.cc the log is faster below 32 KiB where a sync costs 0.2 ms, and
  // below 256 KiB where it costs 6 ms (one sync against six); from here on a table file also costs
  // half the processor time or less, with what compaction does later.
  size_t large_commit_bytes = size_t{256} << 10;
  // Affects the speed of reads. Index and filter of table files are in it, and what waits in
  // memory for a table file counts against it.
  size_t block_cache_bytes = size_t{64} << 20;
  // How much of small commits waits in the log for its table file, and is read again by a start
  // after a crash (some 30 ms per MiB). A smaller one costs more compaction.
  size_t write_buffer_bytes = size_t{4} << 20;

  // For simulations. False: no compaction in the background, so that the file operations of a run
  // are the same each time.
  bool background_compaction = true;
  // Part of the staging names; 0 takes a random one.
  uint64_t staging_salt = 0;
  // The file system; null is the machine's. Outlives the store.
  rocksdb::Env* env = nullptr;
};

// The store's share of the memory that a run may use, an eighth up to 128 MiB: its cache, in which
// there are also index and filter of every table and the write buffers.
struct StoreMemory {
  explicit StoreMemory(size_t run_bytes)
      : cache_bytes(std::clamp(run_bytes / 8, size_t{512} << 10, size_t{128} << 20)),
        write_buffer_bytes(std::clamp(cache_bytes / 4, size_t{128} << 10, size_t{4} << 20)) {}
  size_t cache_bytes;
  size_t write_buffer_bytes;
};

// Errors name the directory, the damaged file where RocksDB names one, and what to do:
// FailedPrecondition when the store is open already, DataLoss when it is damaged, NotFound when
// there is none, ResourceExhausted when the disk is full.
absl::StatusOr<std::unique_ptr<StateStore>> OpenRocksStore(const RocksStoreOptions& options);

}  // namespace tidemark
