// SimEnv: a SimDisk as one process's file system for RocksDB.
//
//   const std::unique_ptr<rocksdb::Env> env = NewSimEnv(disk, process);
//   options.env = env.get();
//
// Threads and time are the machine's; with background_compaction off RocksDB uses its threads for
// flushes only. Errors are those that RocksDB's own file system makes of the same errno; links that
// are refused go the way of the real store, through state/rocksdb_links.h.
// Behind the end of its process every call fails. The disk outlives the Env, the Env the store.
#pragma once

#include <memory>

#include "rocksdb/env.h"
#include "tests/sim/sim_disk.h"

namespace tidemark::sim {

std::unique_ptr<rocksdb::Env> NewSimEnv(SimDisk& disk, uint64_t process);

}  // namespace tidemark::sim
