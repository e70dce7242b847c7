// The rows of a state in pieces, without its types: which sub-rows a container has in the store,
// what the main row says of it, and how both are read back (docs/formats/state-rows.md).
//
// A container (MapState, ListState, TimeQueue) holds its entries and knows which of them changed.
// It may be replaced, moved or thrown away by whoever owns the state, at any time. So the table of
// its rows is kept beside the state, and the two are held together by a token: a container that
// does not have the token of the rows that stand is another one, and they are deleted. Without that
// a discarded list would leave its rows behind.
//
// Thread rule: used by one worker.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ids.h"
#include "state/state_type.h"
#include "state/value_codec.h"

namespace tidemark {

// A container has entries in the main row as long as they take no more than this, and is written
// with it; what outgrows it becomes a sub-row, or one for each entry.
inline constexpr size_t kPieceBytesMax = 1024;

// A container as the main row describes it.
struct StoredPiece {
  std::string path;          // the fields that lead to it from the root: a byte each, from 0
  uint64_t rows = 0;         // its sub-rows
  uint64_t row_entries = 0;  // entries in them, those below the floor included
  std::string floor;         // entries of sub-rows with a smaller key are gone; empty: none is
  uint64_t count = 0;        // entries in the main row
  std::string entries;
};

// Entries on their way into a row.
class PieceEntries {
 public:
  template <class... Part>
  void Add(const Part&... part) {
    internal::ValueWriter writer(bytes_);
    (internal::Write(part, writer), ...);
    writer.Flush();
    ++count_;
  }
  uint64_t count() const { return count_; }
  const std::string& bytes() const { return bytes_; }

 private:
  uint64_t count_ = 0;
  std::string bytes_;
};

// Which sub-rows the containers of one state have, stored or in flight.
class PieceTable {
 public:
  using Token = std::shared_ptr<const char>;
  struct Row {
    uint32_t bytes = 0;  // key and value
    uint64_t entries = 0;
  };
  struct Piece {
    std::string path;
    Token token = std::make_shared<const char>();
    std::map<std::string, Row, std::less<>> rows;  // by name
    uint64_t entries = 0;
    uint64_t bytes = 0;
  };

  Piece* Find(std::string_view path);
  Piece& FindOrAdd(std::string_view path);
  void Remove(std::string_view path);
  // Deletes all rows of all containers, of a state that is gone.
  void DropAll(RowOutput& out);
  size_t MemoryBytes() const;

 private:
  std::vector<Piece> pieces_;  // few, and only those with rows
};

// What one container writes when its epoch is encoded.
class PieceWriter {
 public:
  PieceWriter(PieceTable& table, std::string_view path, Epoch epoch, RowOutput& out)
      : table_(table), epoch_(epoch), out_(out) {
    stored_.path = std::string(path);
  }

  Epoch epoch() const { return epoch_; }
  // Of the rows that stand; null when there are none.
  PieceTable::Token token() const;
  uint64_t row_bytes() const;

  // Writes a row, or writes it again.
  void Put(std::string_view name, const PieceEntries& entries);
  // Nothing happens where no such row stands.
  void Delete(std::string_view name);
  void DropRows();
  // The entries of the main row.
  void SetEntries(const PieceEntries& entries);
  void SetFloor(std::string floor) { stored_.floor = std::move(floor); }

  // False when the container is empty and needs no mention.
  bool has_any() const;
  StoredPiece TakeStored();

 private:
  void Change(PieceTable::Piece& piece, std::string_view name, const PieceTable::Row* row);

  PieceTable& table_;
  const Epoch epoch_;
  RowOutput& out_;
  StoredPiece stored_;
};

// A container as it is read back.
struct LoadedPiece {
  StoredPiece stored;
  struct Row {
    std::string name;
    uint64_t entries = 0;
    std::string bytes;  // of the entries
  };
  std::vector<Row> rows;  // in the order of their names
  PieceTable::Token token;
};

// The key of a sub-row behind the user key: path, ff, name.
std::string PieceSuffix(std::string_view path, std::string_view name);
// Splits it; false when it is none.
bool ParsePieceSuffix(std::string_view suffix, std::string_view& path, std::string_view& name);
// Takes the number of entries off the front of a sub-row's value. DataLoss when it cannot be.
absl::StatusOr<uint64_t> TakeEntryCount(std::string_view& value);
// PiecesRow::pieces, read. `what` names the row in an error.
absl::StatusOr<std::vector<StoredPiece>> DecodeStoredPieces(std::string_view bytes,
                                                            std::string_view what);

// Reads what the main row describes, and its sub-rows if there are any; fills the table. DataLoss
// when a sub-row is missing, or is there and belongs to nothing.
absl::StatusOr<std::vector<LoadedPiece>> LoadPieceRows(std::string_view pieces,
                                                       const SubRows& sub_rows,
                                                       const std::string& what, PieceTable& table);

}  // namespace tidemark
