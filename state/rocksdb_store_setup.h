// What RocksStore asks of RocksDB and how RocksDB's errors read in our words. Included by
// state/rocksdb_store*.cc only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/status.h"
#include "state/rocksdb_store.h"

namespace tidemark {

// Every setting with its reason.
rocksdb::Options RocksOptionsFor(const RocksStoreOptions& options);

// One line: "<directory>: cannot <action>: <RocksDB's words>; <what to do>".
absl::Status RocksError(const rocksdb::Status& status, const std::string& directory,
                        std::string_view action);

// Opens (and creates, if that is wanted) what `options` name, which has its staging_directory.
absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenRocksDirectory(const RocksStoreOptions& options,
                                                                const rocksdb::Options& rocks);

}  // namespace tidemark
