// Hard links for RocksDB, where there may be none. Included by state/rocksdb_* and by the
// simulator only.
//
// RocksDB links table files into the database and into checkpoints, and copies them where it is
// told that links are not supported. It is told so between two file systems, but a file system
// without links (FAT, some network mounts) says that the operation is not permitted, and everything
// fails.
#pragma once

#include <memory>

#include "rocksdb/file_system.h"

namespace tidemark {

// `target`, but a link that cannot be made for what the file system is reads as NotSupported.
std::shared_ptr<rocksdb::FileSystem> CopyWhereNoLinks(std::shared_ptr<rocksdb::FileSystem> target);

}  // namespace tidemark
