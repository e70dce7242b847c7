// State rows as plain structs: what engine and tools see of proto/rows.capnp.
//
//   RowCodec codec;                                       // reused; one per worker
//   std::string_view bytes = codec.EncodeBatch({.timer_at = t}, {.first = …, .tail = items});
//   TM_RETURN_IF_ERROR(DecodeStateRow(bytes, "step 'ledger'", row));
//
// Views in a decoded row point into the row's own storage, not into the bytes it came from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "base/ids.h"
#include "base/timestamp.h"

namespace tidemark {

// In front of every main row.
struct RowHeader {
  Timestamp timer_at = Timestamp::Never();
  uint32_t end_generation = 0;
  // For people; the truth is the state.
  Timestamp wake_at = Timestamp::Never();
};

struct ListSegment {
  Epoch epoch;
  uint32_t items = 0;
  uint32_t bytes = 0;  // of the row, key and value
};

struct BatchRow {
  Timestamp first;
  Timestamp newest;
  std::vector<ListSegment> segments;  // of rows of format 1; else empty when read
  std::vector<std::string> tail;
  // Of sub-rows that are not named.
  uint32_t segment_rows = 0;
  uint64_t segment_items = 0;
};

struct ValueRow {
  std::string value;
};

// A state whose containers are in pieces; `pieces` is read by state/piece_rows.h.
struct PiecesRow {
  std::string value;
  std::string pieces;
};

struct StateRowData {
  RowHeader header;
  std::variant<ValueRow, BatchRow, PiecesRow> state;
};

// Items as slices of one buffer: ends[i] is where item i ends.
struct ItemSlices {
  std::string bytes;
  std::vector<size_t> ends;

  void Clear() { bytes.clear(), ends.clear(); }
  void EndItem() { ends.push_back(bytes.size()); }
  size_t count() const { return ends.size(); }
  std::string_view item(size_t i) const {
    const size_t begin = i == 0 ? 0 : ends[i - 1];
    return std::string_view(bytes).substr(begin, ends[i] - begin);
  }
};

// Encodes rows; returned views hold until the next call. Used by one thread at a time.
class RowCodec {
 public:
  RowCodec();
  ~RowCodec();

  std::string_view EncodeValue(const RowHeader& header, std::string_view value);
  std::string_view EncodePieces(const RowHeader& header, std::string_view value,
                                std::string_view pieces);
  // `tail` instead of row.tail, so that nothing is copied on the way.
  std::string_view EncodeBatch(const RowHeader& header, const BatchRow& row,
                               const ItemSlices& tail);
  std::string_view EncodeSegment(const ItemSlices& items);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// `what` names the row in an error, which is DataLoss.
absl::Status DecodeStateRow(std::string_view bytes, std::string_view what, StateRowData& row);
absl::Status DecodeSegmentRow(std::string_view bytes, std::string_view what,
                              std::vector<std::string>& items);

}  // namespace tidemark
