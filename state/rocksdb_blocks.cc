#include "state/rocksdb_blocks.h"

#include "rocksdb/table.h"

namespace tidemark {
namespace {

constexpr size_t kRowOverheadBytes = 3;  // three lengths, of a byte each where rows are short

}  // namespace

bool LongKeyBlockEnds::Update(const rocksdb::Slice& key, const rocksdb::Slice& value) {
  const size_t shared = rocksdb::Slice(last_key_).difference_offset(key);
  last_key_.assign(key.data(), key.size());
  const auto stored = [&](bool whole) {
    return key.size() - (whole ? 0 : shared) + value.size() + kRowOverheadBytes;
  };
  const size_t grown = bytes_ + stored(rows_ % options_.restart_interval == 0);
  // As RocksDB's own policy: no block grows beyond the size when it is nine tenths full.
  const bool full = bytes_ >= options_.block_bytes ||
                    (grown > options_.block_bytes && bytes_ * 10 > options_.block_bytes * 9);
  const bool ends = rows_ > 0 && full &&
                    (shared <= LongKeyBlocks::kSharedBytesMax || grown > LongKeyBlocks::kBytesMax);
  rows_ = ends ? 1 : rows_ + 1;
  bytes_ = ends ? stored(true) : grown;
  return ends;
}

rocksdb::FlushBlockPolicy* LongKeyBlocks::NewFlushBlockPolicy(
    const rocksdb::BlockBasedTableOptions& options, const rocksdb::BlockBuilder&) const {
  return new LongKeyBlockEnds(
      {.block_bytes = options.block_size,
       .restart_interval = static_cast<size_t>(options.block_restart_interval)});
}

}  // namespace tidemark
