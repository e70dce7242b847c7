// What lies in the directory of a RocksStore, file by file: which tables it lists, what they must
// add up to, and whether every block of one can be read. For snapshots and for `tidemark verify`;
// opens for reading only, and never changes anything.
//
//   TM_ASSIGN_OR_RETURN(const StoreListing store, ListStore(directory, row_key));
//   for (const TableFile& table : store.tables) … CheckTableBlocks(JoinPath(directory,
//   table.name));
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "state/rocksdb_store.h"

namespace tidemark {

struct TableFile {
  std::string name;  // "000012.sst"
  uint64_t bytes = 0;
  // Of the whole file, as it was written. Nothing where the store has none.
  std::optional<uint32_t> crc32c;
};

struct StoreListing {
  std::vector<TableFile> tables;   // all that the store consists of, by name
  std::optional<std::string> row;  // the row under the key that was asked for
};

// `opening` is for simulations, whose file system is their own. Opens no more tables than the row
// needs, so it costs little also where there are thousands. Errors are those of opening the store.
absl::StatusOr<StoreListing> ListStore(const std::string& directory, std::string_view row_key,
                                       const RocksStoreOptions& opening = {});

// The keys of the first and the last row of a table.
struct TableRange {
  std::string name;  // "000012.sst"
  std::string first, last;
};

// Those of every table of the store, by what its manifest says: a table may be damaged or gone.
absl::StatusOr<std::vector<TableRange>> ListTableRanges(const std::string& directory);

// Between which rows a table of `directory` cannot be read: the last one that can be read in front
// of the damage and the first behind it, or `table` as it is when it cannot be opened. Nothing when
// every row can be read. Reads all of it.
std::optional<TableRange> UnreadableRows(const std::string& directory, TableRange table);

// The crc32c of a whole file, to be compared with TableFile::crc32c. Reads it in pieces of 1 MiB.
absl::StatusOr<uint32_t> FileCrc32c(Files& files, const std::string& path);

// Reads every block of a table and compares it with the block's checksum. DataLoss names the file.
absl::Status CheckTableBlocks(const std::string& path);

}  // namespace tidemark
