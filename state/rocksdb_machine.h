// MachineEnv: the machine's file system and clock as RocksDB gets them.
//
// - Hard links where there are any, else copies (state/rocksdb_links.h).
// - What RocksDB makes never grants more than the directory that it is made in: in a state
//   directory that only its owner may enter, tables are files that only he may read, also when a
//   snapshot is copied elsewhere. RocksDB by itself makes files that everybody may read.
// - Time never reads as before 1970, since RocksDB asserts that; it stamps files with it, and
//   nothing of ours depends on that.
#pragma once

#include "rocksdb/env.h"

namespace tidemark {

// Lives as long as the process.
rocksdb::Env* MachineEnv();

}  // namespace tidemark
