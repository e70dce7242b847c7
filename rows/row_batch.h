// RowBatch: some rows as columns, with the bytes of their texts and the selection of those that are
// still of interest.
//
//   RowBatch batch;
//   batch.Reset(/*columns=*/2, /*rows=*/1000);   // all null, all selected; keeps its memory
//   batch.column(0).Set(17, Value::Text(batch.arena().Copy("x")));
//   for (uint32_t row : batch.selection()) …
//
// A batch is reused: once it has seen its largest number of rows, filling it allocates nothing.
//
// Thread rule: used by one thread.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

#include "rows/arena.h"
#include "rows/column.h"

namespace tidemark {

// Rows of a batch, ascending.
using Selection = std::vector<uint32_t>;

class RowBatch {
 public:
  void Reset(size_t columns, size_t rows) {
    arena_.Reset();
    columns_.resize(columns);
    for (Column& column : columns_) column.Reset(rows);
    selection_.resize(rows);
    std::iota(selection_.begin(), selection_.end(), 0);
    rows_ = rows;
  }

  size_t rows() const { return rows_; }
  size_t columns() const { return columns_.size(); }
  Column& column(size_t i) { return columns_[i]; }
  const Column& column(size_t i) const { return columns_[i]; }
  Selection& selection() { return selection_; }
  const Selection& selection() const { return selection_; }
  Arena& arena() { return arena_; }

 private:
  Arena arena_;
  std::vector<Column> columns_;
  Selection selection_;
  size_t rows_ = 0;
};

}  // namespace tidemark
