#include "state/piece_rows.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/status.h"

namespace tidemark {
namespace {

// No field has this number (kMaxFields).
constexpr char kBehindPath = '\xff';

// What an entry of a table's map costs besides its name.
constexpr size_t kRowOverheadBytes = sizeof(PieceTable::Row) + sizeof(std::string) + 48;

absl::Status Missing(const std::string& what, uint64_t found, uint64_t wanted) {
  return absl::DataLossError(Cat(what, ": a part of the state is missing in the store, or is too ",
                                 "much (", found, " rows or entries of ", wanted, ")"));
}

}  // namespace

// ---- the table ----------------------------------------

PieceTable::Piece* PieceTable::Find(std::string_view path) {
  const auto found = std::find_if(pieces_.begin(), pieces_.end(),
                                  [&](const Piece& piece) { return piece.path == path; });
  return found == pieces_.end() ? nullptr : &*found;
}

PieceTable::Piece& PieceTable::FindOrAdd(std::string_view path) {
  if (Piece* piece = Find(path)) return *piece;
  pieces_.emplace_back().path = std::string(path);
  return pieces_.back();
}

void PieceTable::Remove(std::string_view path) {
  std::erase_if(pieces_, [&](const Piece& piece) { return piece.path == path; });
  if (pieces_.empty()) pieces_.shrink_to_fit();
}

void PieceTable::DropAll(RowOutput& out) {
  for (const Piece& piece : pieces_) {
    for (const auto& [name, row] : piece.rows) {
      out.DeleteSub(PieceSuffix(piece.path, name), row.bytes);
    }
  }
  pieces_.clear();
}

size_t PieceTable::MemoryBytes() const {
  size_t bytes = pieces_.capacity() * sizeof(Piece);
  for (const Piece& piece : pieces_) {
    // Names of one container are much alike; to ask each would cost what is stored.
    const size_t name = piece.rows.empty() ? 0 : piece.rows.rbegin()->first.capacity();
    bytes += piece.rows.size() * (kRowOverheadBytes + name);
  }
  return bytes;
}

// ---- writing ----------------------------------------

PieceTable::Token PieceWriter::token() const {
  const PieceTable::Piece* piece = table_.Find(stored_.path);
  return piece == nullptr ? nullptr : piece->token;
}

uint64_t PieceWriter::row_bytes() const {
  const PieceTable::Piece* piece = table_.Find(stored_.path);
  return piece == nullptr ? 0 : piece->bytes;
}

void PieceWriter::Put(std::string_view name, const PieceEntries& entries) {
  PieceTable::Piece& piece = table_.FindOrAdd(stored_.path);
  Change(piece, name, nullptr);
  std::string value;
  internal::ValueWriter writer(value);
  writer.Varint(entries.count());
  writer.Raw(entries.bytes().data(), entries.bytes().size());
  writer.Flush();
  const PieceTable::Row row{.bytes = out_.Sub(PieceSuffix(stored_.path, name), value),
                            .entries = entries.count()};
  Change(piece, name, &row);
}

void PieceWriter::Delete(std::string_view name) {
  PieceTable::Piece* piece = table_.Find(stored_.path);
  if (piece == nullptr || !piece->rows.contains(name)) return;
  Change(*piece, name, nullptr);
  if (piece->rows.empty()) table_.Remove(stored_.path);
}

void PieceWriter::DropRows() {
  PieceTable::Piece* piece = table_.Find(stored_.path);
  if (piece == nullptr) return;
  for (const auto& [name, row] : piece->rows) {
    out_.DeleteSub(PieceSuffix(stored_.path, name), row.bytes);
  }
  table_.Remove(stored_.path);
}

// Takes the row of that name off the books (null) or puts it there. Where it stood it is deleted
// first, which a Put that follows in the same run overrides.
void PieceWriter::Change(PieceTable::Piece& piece, std::string_view name,
                         const PieceTable::Row* row) {
  const auto found = piece.rows.find(name);
  if (found != piece.rows.end()) {
    out_.DeleteSub(PieceSuffix(stored_.path, name), found->second.bytes);
    piece.entries -= found->second.entries;
    piece.bytes -= found->second.bytes;
    piece.rows.erase(found);
  }
  if (row == nullptr) return;
  piece.entries += row->entries;
  piece.bytes += row->bytes;
  piece.rows.emplace(name, *row);
}

void PieceWriter::SetEntries(const PieceEntries& entries) {
  stored_.count = entries.count();
  stored_.entries = entries.bytes();
}

bool PieceWriter::has_any() const {
  return stored_.count > 0 || table_.Find(stored_.path) != nullptr;
}

StoredPiece PieceWriter::TakeStored() {
  if (const PieceTable::Piece* piece = table_.Find(stored_.path)) {
    TM_CHECK(!piece->rows.empty(), "a container without rows is not in the table");
    stored_.rows = piece->rows.size();
    stored_.row_entries = piece->entries;
  }
  return std::move(stored_);
}

// ---- reading ----------------------------------------

std::string PieceSuffix(std::string_view path, std::string_view name) {
  std::string suffix(path);
  suffix += kBehindPath;
  suffix += name;
  return suffix;
}

bool ParsePieceSuffix(std::string_view suffix, std::string_view& path, std::string_view& name) {
  const size_t end = suffix.find(kBehindPath);
  if (end == suffix.npos) return false;
  path = suffix.substr(0, end);
  name = suffix.substr(end + 1);
  return true;
}

absl::StatusOr<uint64_t> TakeEntryCount(std::string_view& value) {
  internal::ValueReader reader(value);
  size_t count = 0;
  if (!reader.Count(count)) return reader.status();
  value = reader.rest();
  return count;
}

absl::StatusOr<std::vector<StoredPiece>> DecodeStoredPieces(std::string_view bytes,
                                                            std::string_view what) {
  std::vector<StoredPiece> stored;
  TM_RETURN_IF_ERROR(Annotate(DecodeAll(bytes, stored), what));
  return stored;
}

absl::StatusOr<std::vector<LoadedPiece>> LoadPieceRows(std::string_view pieces,
                                                       const SubRows& sub_rows,
                                                       const std::string& what, PieceTable& table) {
  TM_ASSIGN_OR_RETURN(auto stored, DecodeStoredPieces(pieces, what));
  std::map<std::string, LoadedPiece, std::less<>> by_path;
  uint64_t rows_wanted = 0;
  for (StoredPiece& piece : stored) {
    rows_wanted += piece.rows;
    std::string path = piece.path;
    by_path[std::move(path)].stored = std::move(piece);
  }
  std::vector<SubRow> rows;
  if (rows_wanted > 0) {
    TM_ASSIGN_OR_RETURN(rows, sub_rows.All());
  }
  if (rows.size() != rows_wanted) return Missing(what, rows.size(), rows_wanted);
  for (SubRow& row : rows) {
    std::string_view path, name;
    const bool known = ParsePieceSuffix(row.suffix, path, name);
    const auto piece = known ? by_path.find(path) : by_path.end();
    if (piece == by_path.end()) {
      return absl::DataLossError(Cat(what, ": a row of the state belongs to no part of it"));
    }
    std::string_view entries = row.value;
    TM_ASSIGN_OR_RETURN(const uint64_t count, TakeEntryCount(entries));
    piece->second.rows.push_back(
        {.name = std::string(name), .entries = count, .bytes = std::string(entries)});
    PieceTable::Piece& in_table = table.FindOrAdd(path);
    in_table.rows.emplace(name, PieceTable::Row{.bytes = row.bytes, .entries = count});
    in_table.entries += count;
    in_table.bytes += row.bytes;
    piece->second.token = in_table.token;
  }
  std::vector<LoadedPiece> loaded;
  for (auto& [path, piece] : by_path) {
    uint64_t entries = 0;
    for (const LoadedPiece::Row& row : piece.rows) entries += row.entries;
    if (piece.rows.size() != piece.stored.rows || entries != piece.stored.row_entries) {
      return Missing(what, entries, piece.stored.row_entries);
    }
    loaded.push_back(std::move(piece));
  }
  return loaded;
}

}  // namespace tidemark
