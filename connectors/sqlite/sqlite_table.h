// SqliteTableWriter: rows into a table that grows with them.
//
// The table is made with the columns of its first rows, and gets a column more when a row has one.
// Columns have no declared type (in a STRICT table ANY), so each value stays what it is. What the
// table's own rules refuse (it may have been made by hand) is the caller's to judge, row by row.
//
// Thread rule: as the database. All of it happens in the caller's transaction.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "connectors/sqlite/sqlite_database.h"
#include "connectors/sqlite/sqlite_rows.h"

namespace tidemark {

// What SQLite compares names by.
std::string SqlLower(std::string_view name);

class SqliteTableWriter {
 public:
  // The database outlives it. `key`: a row replaces the one with the same values in these columns,
  // in the columns that it has; none: rows are added.
  SqliteTableWriter(SqliteDatabase& database, std::string table, std::vector<std::string> key);

  // Looks at the table as it is now. Comes before all others, and again in each transaction.
  absl::Status Look();
  bool exists() const { return !columns_.empty(); }
  // In lower case.
  const std::set<std::string>& columns() const { return columns_; }
  // FailedPrecondition when the table is there and cannot tell rows by the key.
  absl::Status CheckKey();

  // Asked about a row that the table refuses, with the reason: OK leaves it out, an error ends it.
  using OnRefusal =
      std::function<absl::Status(const SqliteRowsReader& row, const absl::Status& why)>;
  // `rows` as a SqliteRowsWriter made them. True when the table was made for them.
  absl::StatusOr<bool> Write(std::string_view rows, const OnRefusal& on_refusal);

  // A statement that is kept ready; good until the next call.
  absl::StatusOr<SqliteStatement*> StatementFor(const std::string& sql);

 private:
  // The statements for rows of one shape.
  struct Shape {
    std::string insert;
    std::string upsert;               // where there is a key
    std::string update;               // the same where a value of the key is null
    std::vector<size_t> key_columns;  // places in the row
  };
  Shape MakeShape(const std::vector<std::string>& columns) const;
  absl::StatusOr<bool> MakeColumns(std::string_view rows);
  absl::Status AddColumn(const std::string& column);
  absl::Status WriteRow(const Shape& shape, const std::vector<SqliteValue>& values);
  absl::Status Run(const std::string& sql, const std::vector<SqliteValue>& values);

  SqliteDatabase& database_;
  const std::string table_;
  const std::vector<std::string> key_;
  std::set<std::string> columns_;
  bool is_strict_ = false;
  std::map<std::string, SqliteStatement> statements_;  // by their SQL
};

}  // namespace tidemark
