// SqliteRow: a row for a table, and the bytes in which the rows of an epoch lie in its commit.
//
//   SqliteRowsWriter writer;
//   writer.Add({{"net", "ci"}, {"quakes", 37}});
//   const std::vector<std::string> pieces = writer.Take();  // go into the commit
//
//   SqliteRowsReader reader(pieces[0]);             // after it, or at a resume
//   while (true) {
//     TM_ASSIGN_OR_RETURN(const bool there, reader.Next());
//     if (!there) break;
//     Insert(reader.columns(), reader.values());
//   }
//
// The format is in docs/formats/published-rows.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tidemark {

struct SqliteBlob {
  std::string bytes;
  bool operator==(const SqliteBlob&) const = default;
};
// std::monostate is NULL. A text is UTF-8; SQLite stores a NaN as NULL.
using SqliteValue = std::variant<std::monostate, int64_t, double, std::string, SqliteBlob>;

struct SqliteColumn {
  std::string name;
  SqliteValue value = {};
  bool operator==(const SqliteColumn&) const = default;
};
// In the order in which a new table gets its columns.
using SqliteRow = std::vector<SqliteColumn>;

// For messages, cut where it is long: (net: 'ci', quakes: 37).
std::string DescribeRow(const SqliteRow& row);

// Used by one thread.
class SqliteRowsWriter {
 public:
  // `place`: where the row was read, for messages; may be empty.
  void Add(const SqliteRow& row, std::string_view place = {});
  // Each can be read by itself; none when no row was added. Begins anew.
  std::vector<std::string> Take();

 private:
  void EndPiece();

  std::vector<std::string> pieces_;
  std::map<std::vector<std::string>, uint32_t> shapes_;
  std::string bytes_;
};

// Reads what a writer made; `bytes` outlives it. Used by one thread.
class SqliteRowsReader {
 public:
  explicit SqliteRowsReader(std::string_view bytes) : rest_(bytes) {}

  // False at the end; DataLoss where the bytes are not those of a writer.
  absl::StatusOr<bool> Next();
  // Of the row that Next() came to. Rows with the same columns have the same shape; shapes count
  // from 0 in the order in which they come.
  size_t shape() const { return shape_; }
  const std::vector<std::string>& columns() const { return shapes_[shape_]; }
  const std::vector<SqliteValue>& values() const { return values_; }
  const std::string& place() const { return place_; }
  SqliteRow row() const;

 private:
  absl::Status ReadShape();
  absl::Status ReadRow();

  std::string_view rest_;
  bool began_ = false;
  std::vector<std::vector<std::string>> shapes_;
  size_t shape_ = 0;
  std::string place_;
  std::vector<SqliteValue> values_;
};

}  // namespace tidemark
