// What a start takes of a table can be given back until its first commit (recovery/start_note.h).
//
// The line of the table in tidemark_sinks then names in `undo` where it is kept: a line, and mostly
// a table, of another name. All of it is within the caller's transaction.
//
// Thread rule: as for SqliteDatabase.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "connectors/sqlite/sqlite_database.h"
#include "engine/sink_step.h"

namespace tidemark {

// The first of `<table><suffix>1`, … that is free.
absl::StatusOr<std::string> FreeTableName(SqliteDatabase& database, const std::string& table,
                                          const std::string& suffix);
// Renames the table, if it is there, and its line.
absl::Status RenameTable(SqliteDatabase& database, const std::string& from, const std::string& to);

// Before a line of runs takes the table: keeps who had it, and its rows where they are to go. Of a
// table that the sink made the table itself; one that was there before keeps its types and indexes,
// and its rows are copied. Returns what the new line's `undo` says.
enum class TableContent { kStays, kGoesAsTable, kGoesAsRows };
absl::StatusOr<std::string> KeepForUndo(SqliteDatabase& database, const std::string& table,
                                        TableContent content);

// What the table's line says; empty without one.
absl::StatusOr<std::string> UndoOf(SqliteDatabase& database, const std::string& table);

// Where a start took the table and came to nothing, the table is as it was, and true is returned.
absl::StatusOr<bool> UndoAbandoned(SqliteDatabase& database, const std::string& table,
                                   const SinkContext& context);

// The line of runs has committed: what was kept goes, but for a table that was moved aside for
// good.
absl::Status EndUndo(SqliteDatabase& database, const std::string& table);

}  // namespace tidemark
