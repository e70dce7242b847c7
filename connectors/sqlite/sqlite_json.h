// JsonTable: JSON rows as rows of a SQLite table, a column for each field.
//
//   days.To("days", JsonTable({.path = "out/quakes.db", .table = "daily", .key = {"net", "day"}}));
//
//   {"net": "ci", "quakes": 37, "top": 2.30, "felt": true, "place": {"km": 5}, "note": null}
//   'ci' | 37 | 2.3 | 1 | '{"km": 5}' | NULL
//
// A whole number that fits 64 bits with a sign is an INTEGER, a number with a fraction or an
// exponent a REAL; true and false are 1 and 0; objects and lists are their JSON text, as it was in
// the row. A field that a row does not have is NULL in a new row. A whole number that does not fit
// is refused: as a REAL it would be another one.
#pragma once

#include "absl/status/statusor.h"
#include "connectors/rows/json_row.h"
#include "connectors/sqlite/sqlite_rows.h"
#include "connectors/sqlite/sqlite_sink.h"
#include "tidemark/sink.h"

namespace tidemark {

// Used by one thread.
class JsonToSqlite {
 public:
  absl::StatusOr<SqliteRow> operator()(const JsonRow& row);

 private:
  JsonFieldReader reader_;
};

Sink<JsonRow> JsonTable(SqliteTableOptions options, ItemWayOut<JsonRow> way_out = {});

}  // namespace tidemark
