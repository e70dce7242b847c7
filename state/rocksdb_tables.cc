#include "state/rocksdb_tables.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include "base/status.h"
#include "rocksdb/db.h"
#include "rocksdb/file_checksum.h"
#include "rocksdb/metadata.h"
#include "rocksdb/options.h"
#include "rocksdb/sst_file_reader.h"
#include "state/rocksdb_store.h"
#include "state/rocksdb_store_setup.h"

namespace tidemark {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 20;

// RocksDB keeps the sum as four bytes, the highest first.
std::optional<uint32_t> ToNumber(std::string_view sum) {
  if (sum.size() != 4) return {};
  uint32_t number = 0;
  for (const char c : sum) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

std::unique_ptr<rocksdb::FileChecksumGenerator> NewCrc32c() {
  return rocksdb::GetFileChecksumGenCrc32cFactory()->CreateFileChecksumGenerator({});
}

RocksStoreOptions ForReading(const std::string& directory, const RocksStoreOptions& opening = {}) {
  RocksStoreOptions options = opening;
  options.directory = directory;
  options.read_only = true;
  options.create_if_missing = false;
  return options;
}

}  // namespace

absl::StatusOr<StoreListing> ListStore(const std::string& directory, std::string_view row_key,
                                       const RocksStoreOptions& opening) {
  const RocksStoreOptions options = ForReading(directory, opening);
  rocksdb::Options rocks = RocksOptionsFor(options);
  rocks.max_open_files = 16;
  TM_ASSIGN_OR_RETURN(const std::unique_ptr<rocksdb::DB> db, OpenRocksDirectory(options, rocks));
  StoreListing listing;
  std::string row;
  const rocksdb::Status got = db->Get({}, rocksdb::Slice(row_key.data(), row_key.size()), &row);
  if (got.ok()) {
    listing.row = std::move(row);
  } else if (!got.IsNotFound()) {
    return RocksError(got, directory, "read a row");
  }
  std::vector<rocksdb::LiveFileMetaData> live;
  db->GetLiveFilesMetaData(&live);
  const std::string crc32c = NewCrc32c()->Name();
  for (const rocksdb::LiveFileMetaData& file : live) {
    TableFile table{.name = file.relative_filename, .bytes = file.size, .crc32c = {}};
    if (file.file_checksum_func_name == crc32c) table.crc32c = ToNumber(file.file_checksum);
    listing.tables.push_back(std::move(table));
  }
  std::sort(listing.tables.begin(), listing.tables.end(),
            [](const TableFile& a, const TableFile& b) { return a.name < b.name; });
  return listing;
}

absl::StatusOr<std::vector<TableRange>> ListTableRanges(const std::string& directory) {
  const RocksStoreOptions options = ForReading(directory);
  rocksdb::Options rocks = RocksOptionsFor(options);
  rocks.max_open_files = 16;
  rocks.paranoid_checks = false;  // whether the tables are there, and as large as they should be
  TM_ASSIGN_OR_RETURN(const std::unique_ptr<rocksdb::DB> db, OpenRocksDirectory(options, rocks));
  std::vector<rocksdb::LiveFileMetaData> live;
  db->GetLiveFilesMetaData(&live);
  std::vector<TableRange> ranges;
  for (const rocksdb::LiveFileMetaData& file : live) {
    ranges.push_back({file.relative_filename, file.smallestkey, file.largestkey});
  }
  return ranges;
}

std::optional<TableRange> UnreadableRows(const std::string& directory, TableRange table) {
  rocksdb::SstFileReader reader(RocksOptionsFor(ForReading(directory)));
  if (!reader.Open(JoinPath(directory, table.name)).ok()) return table;
  const std::unique_ptr<rocksdb::Iterator> rows(reader.NewIterator({}));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) table.first = rows->key().ToString();
  if (rows->status().ok()) return {};
  for (rows->SeekToLast(); rows->Valid(); rows->Prev()) table.last = rows->key().ToString();
  return table;
}

absl::StatusOr<uint32_t> FileCrc32c(Files& files, const std::string& path) {
  TM_ASSIGN_OR_RETURN(const auto file, files.OpenRead(path));
  const auto sum = NewCrc32c();
  std::string chunk;
  for (uint64_t offset = 0;; offset += chunk.size()) {
    TM_RETURN_IF_ERROR(file->Read(offset, kChunkBytes, chunk));
    if (chunk.empty()) break;
    sum->Update(chunk.data(), chunk.size());
  }
  sum->Finalize();
  return ToNumber(sum->GetChecksum()).value_or(0);
}

absl::Status CheckTableBlocks(const std::string& path) {
  const std::string directory = ParentDirectory(path);
  rocksdb::SstFileReader reader(RocksOptionsFor(ForReading(directory)));
  rocksdb::Status status = reader.Open(path);
  if (status.ok()) status = reader.VerifyChecksum();
  if (status.ok()) return absl::OkStatus();
  const absl::Status described = RocksError(status, path, "read every block of the table");
  return status.IsIOError() ? described
                            : absl::DataLossError(Cat(path, ": is damaged: ", status.ToString()));
}

}  // namespace tidemark
