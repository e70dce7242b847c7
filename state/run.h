// A Run: what one epoch changed, sorted by key, each key at most once.
//
// Workers encode changed state into RunBuilders (unsorted, append only, in chunks that stay where
// they are: one piece that doubles would be there twice while it grows). The committer
// merges the builders of all workers into one SortedRun, and the store makes that run durable in
// one atomic step. Sorting happens once, here, because everything behind it (a table file, a
// memtable insert) is several times faster when it is fed in order.
//
//   RunBuilder a;                        // worker 0
//   a.Put(row_key, row_bytes);
//   a.Delete(old_row_key);
//   SortedRun run = SortedRun::Merge({std::move(a), std::move(b)});
//   TM_RETURN_IF_ERROR(store.Commit(run));
//
// Thread rule: a builder belongs to one worker; a SortedRun is immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tidemark {

class RunBuilder {
 public:
  RunBuilder() = default;
  RunBuilder(RunBuilder&&) = default;
  RunBuilder& operator=(RunBuilder&&) = default;

  // Both copy their bytes. When the same key is given twice, the later call wins.
  void Put(std::string_view key, std::string_view value);
  void Delete(std::string_view key);
  // Deletes [from, to). Puts of the same run inside the range survive. Costs every later read of
  // the neighbourhood, so it is for large ranges (a dropped step), not for lists.
  void DeleteRange(std::string_view from, std::string_view to);

  size_t rows() const { return ops_.size(); }
  size_t bytes() const { return bytes_; }
  bool empty() const { return ops_.empty() && ranges_.empty(); }

 private:
  friend class SortedRun;
  struct Op {
    const char* key;  // in a chunk; the value follows it
    uint32_t key_bytes;
    uint32_t value_bytes;
    bool is_delete;
  };
  struct Range {
    std::string from, to;
  };
  char* Room(size_t bytes);

  std::vector<std::unique_ptr<char[]>> chunks_;
  size_t chunk_bytes_ = 0;  // of the last one
  size_t chunk_used_ = 0;
  size_t bytes_ = 0;
  std::vector<Op> ops_;
  std::vector<Range> ranges_;
};

class SortedRun {
 public:
  struct Row {
    std::string_view key;
    std::string_view value;  // empty for a delete
    bool is_delete = false;
  };
  struct Range {
    std::string from, to;
  };

  SortedRun() = default;
  SortedRun(SortedRun&&) = default;
  SortedRun& operator=(SortedRun&&) = default;

  // Within one builder the later of two operations on a key wins; between builders the later
  // builder wins (a key belongs to one worker, so that is only a rule, not a race).
  static SortedRun Merge(std::vector<RunBuilder> builders);

  const std::vector<Row>& rows() const { return rows_; }
  const std::vector<Range>& ranges() const { return ranges_; }
  // Keys and values together.
  size_t bytes() const { return bytes_; }
  bool empty() const { return rows_.empty() && ranges_.empty(); }

 private:
  std::vector<RunBuilder> builders_;  // own the bytes that rows_ point into
  std::vector<Row> rows_;
  std::vector<Range> ranges_;
  size_t bytes_ = 0;
};

}  // namespace tidemark
