// LongKeyBlocks: where a table's data blocks end, so that its index stays small.
//
// The index of a table has a separator for each block: the shortest key between the last row of one
// and the first of the next. It is short where those two differ early. But the rows of one key (its
// main row, parts of a list) differ in their last bytes only, and so may keys with a long common
// beginning. A block that ends between two such rows puts a whole key into the index, which is held
// in memory: with keys of 64 KiB, one row to a block, the index was half as large as the rows, and
// 12,000 keys took gigabytes.
//
// A block therefore ends at its usual size only where the two rows differ early, and in any case
// when it has grown to kBytesMax. Blocks of short keys are what they always were.
//
// Rows are found whatever blocks look like: tables that were written without this are read as well.
#pragma once

#include <cstddef>
#include <string>

#include "rocksdb/flush_block_policy.h"
#include "rocksdb/slice.h"

namespace tidemark {

class LongKeyBlocks final : public rocksdb::FlushBlockPolicyFactory {
 public:
  // So many equal bytes at the front of two rows are few enough for a separator.
  static constexpr size_t kSharedBytesMax = 256;
  // Of a block, about, before it is compressed. What a read of one row costs where keys are long
  // and alike.
  static constexpr size_t kBytesMax = size_t{2} << 20;

  const char* Name() const override { return "TidemarkLongKeyBlocks"; }
  rocksdb::FlushBlockPolicy* NewFlushBlockPolicy(const rocksdb::BlockBasedTableOptions& options,
                                                 const rocksdb::BlockBuilder& block) const override;
};

// Decides for the rows of one table in their order.
class LongKeyBlockEnds final : public rocksdb::FlushBlockPolicy {
 public:
  struct Options {
    size_t block_bytes = 4096;
    size_t restart_interval = 16;  // every so many rows a key is stored whole
  };
  explicit LongKeyBlockEnds(const Options& options) : options_(options) {}

  // True: the block ends before this row.
  bool Update(const rocksdb::Slice& key, const rocksdb::Slice& value) override;

 private:
  const Options options_;
  std::string last_key_;
  size_t rows_ = 0;   // of the block
  size_t bytes_ = 0;  // estimated, as stored: what a key shares with the one before it is left out
};

}  // namespace tidemark
