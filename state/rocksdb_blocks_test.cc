#include "state/rocksdb_blocks.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <set>
#include <string>

#include "rocksdb/options.h"
#include "rocksdb/sst_file_reader.h"
#include "rocksdb/sst_file_writer.h"
#include "rocksdb/table.h"
#include "rocksdb/table_properties.h"
#include "tests/support/temp_directory.h"

namespace tidemark {
namespace {

using Keys = std::set<std::string>;

std::string Digits(int n) {
  char text[16];
  std::snprintf(text, sizeof text, "%06d", n);
  return text;
}

// A table of these keys, written with or without the policy and read back.
rocksdb::TableProperties Table(const Keys& keys, bool long_key_blocks) {
  const TempDirectory directory;
  rocksdb::Options options;
  rocksdb::BlockBasedTableOptions table;
  if (long_key_blocks) table.flush_block_policy_factory = std::make_shared<LongKeyBlocks>();
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compression = rocksdb::kLZ4Compression;
  const std::string path = directory.Path("t.sst");
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options);
  EXPECT_TRUE(writer.Open(path).ok());
  for (const std::string& key : keys) EXPECT_TRUE(writer.Put(key, "a value of some bytes").ok());
  EXPECT_TRUE(writer.Finish().ok());
  rocksdb::SstFileReader reader(options);
  EXPECT_TRUE(reader.Open(path).ok());
  const std::unique_ptr<rocksdb::Iterator> rows(reader.NewIterator({}));
  rows->SeekToFirst();
  for (const std::string& key : keys) {
    EXPECT_TRUE(rows->Valid() && rows->key() == rocksdb::Slice(key));
    rows->Next();
  }
  for (const std::string& key : keys) {
    rows->Seek(key);
    EXPECT_TRUE(rows->Valid() && rows->key() == rocksdb::Slice(key));
  }
  return *reader.GetTableProperties();
}

constexpr size_t kLong = 65'000;
constexpr uint64_t kMiB = uint64_t{1} << 20;

// A key's main row and what belongs to it differ in their last bytes only.
TEST(LongKeyBlocks, RowsOfOneLongKeyPutNoWholeKeyIntoTheIndex) {
  Keys keys;
  for (int i = 0; i < 500; ++i) {
    const std::string key = Digits(i) + std::string(kLong, 'x');
    keys.insert(key + '\1');
    keys.insert(key + '\2' + "epoch");
  }
  EXPECT_GT(Table(keys, false).index_size, 20 * kMiB) << "what this is about";
  EXPECT_LT(Table(keys, true).index_size, kMiB);
}

TEST(LongKeyBlocks, LongKeysThatBeginAlikePutFewWholeKeysIntoTheIndex) {
  Keys keys;
  for (int i = 0; i < 1000; ++i) keys.insert(std::string(kLong, 'x') + Digits(i));
  EXPECT_GT(Table(keys, false).index_size, 50 * kMiB);
  EXPECT_LT(Table(keys, true).index_size, 3 * kMiB);
}

TEST(LongKeyBlocks, BlocksOfShortKeysAreAsRocksDBMakesThem) {
  Keys keys;
  for (int i = 0; i < 20'000; ++i) keys.insert("user-" + Digits(i));
  const auto before = Table(keys, false).num_data_blocks;
  const auto now = Table(keys, true).num_data_blocks;
  EXPECT_GT(now * 10, before * 9);
  EXPECT_LT(now * 9, before * 10);
}

}  // namespace
}  // namespace tidemark
