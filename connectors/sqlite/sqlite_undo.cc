#include "connectors/sqlite/sqlite_undo.h"

#include <optional>
#include <string_view>

#include "base/status.h"
#include "connectors/claim/output_owner.h"

namespace tidemark {
namespace {

constexpr std::string_view kReplaced = "replaced ";  // and the name of the kept table or line
constexpr std::string_view kRows = "rows ";          // and the name of the table with copied rows

absl::StatusOr<bool> TableExists(SqliteDatabase& database, const std::string& table) {
  TM_ASSIGN_OR_RETURN(
      auto found, database.Prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1 "
                                   "COLLATE NOCASE"));
  found.BindText(1, table);
  return found.Step();
}

absl::Status ExecuteWith(SqliteDatabase& database, const std::string& sql, const std::string& one,
                         const std::string& two = "") {
  TM_ASSIGN_OR_RETURN(auto statement, database.Prepare(sql));
  statement.BindText(1, one);
  if (!two.empty()) statement.BindText(2, two);
  return statement.Step().status();
}

struct Line {
  std::string run_line, state_directory, undo;
};
absl::StatusOr<std::optional<Line>> LineOf(SqliteDatabase& database, const std::string& table) {
  TM_ASSIGN_OR_RETURN(
      auto line,
      database.Prepare("SELECT run_line, state, undo FROM tidemark_sinks WHERE sink = ?1"));
  line.BindText(1, table);
  TM_ASSIGN_OR_RETURN(const bool there, line.Step());
  if (!there) return std::nullopt;
  return Line{.run_line = line.Text(0), .state_directory = line.Text(1), .undo = line.Text(2)};
}

// "replaced NAME", "rows NAME", or the name of a table that stays aside.
std::string KeptName(std::string_view undo) {
  for (const std::string_view kind : {kReplaced, kRows}) {
    if (undo.starts_with(kind)) undo.remove_prefix(kind.size());
  }
  return std::string(undo);
}

}  // namespace

absl::StatusOr<std::string> FreeTableName(SqliteDatabase& database, const std::string& table,
                                          const std::string& suffix) {
  TM_ASSIGN_OR_RETURN(auto taken, database.Prepare("SELECT 1 FROM sqlite_schema WHERE name = ?1 "
                                                   "COLLATE NOCASE UNION ALL "
                                                   "SELECT 1 FROM tidemark_sinks WHERE sink = ?1"));
  for (int n = 1;; ++n) {
    std::string name = Cat(table, suffix, n);
    taken.BindText(1, name);
    TM_ASSIGN_OR_RETURN(const bool is_taken, taken.Step());
    taken.Reset();
    if (!is_taken) return name;
  }
}

absl::Status RenameTable(SqliteDatabase& database, const std::string& from, const std::string& to) {
  TM_ASSIGN_OR_RETURN(const bool there, TableExists(database, from));
  if (there) {
    TM_RETURN_IF_ERROR(
        database.Execute(Cat("ALTER TABLE ", SqlName(from), " RENAME TO ", SqlName(to))));
  }
  return ExecuteWith(database, "UPDATE tidemark_sinks SET sink = ?2 WHERE sink = ?1", from, to);
}

absl::StatusOr<std::string> KeepForUndo(SqliteDatabase& database, const std::string& table,
                                        TableContent content) {
  TM_ASSIGN_OR_RETURN(const std::string kept, FreeTableName(database, table, "_replaced_"));
  TM_ASSIGN_OR_RETURN(const bool there, TableExists(database, table));
  if (content == TableContent::kGoesAsTable) {
    TM_RETURN_IF_ERROR(RenameTable(database, table, kept));
    return Cat(kReplaced, kept);
  }
  TM_RETURN_IF_ERROR(ExecuteWith(
      database,
      "INSERT INTO tidemark_sinks (sink, run_line, epoch, opened, made_table, job, state, begun) "
      "SELECT ?2, run_line, epoch, opened, made_table, job, state, begun FROM tidemark_sinks "
      "WHERE sink = ?1",
      table, kept));
  if (content == TableContent::kStays || !there) return Cat(kReplaced, kept);
  TM_RETURN_IF_ERROR(
      database.Execute(Cat("CREATE TABLE ", SqlName(kept), " AS SELECT * FROM ", SqlName(table))));
  TM_RETURN_IF_ERROR(database.Execute(Cat("DELETE FROM ", SqlName(table))));
  return Cat(kRows, kept);
}

absl::StatusOr<std::string> UndoOf(SqliteDatabase& database, const std::string& table) {
  TM_ASSIGN_OR_RETURN(const auto line, LineOf(database, table));
  return line.has_value() ? line->undo : "";
}

absl::StatusOr<bool> UndoAbandoned(SqliteDatabase& database, const std::string& table,
                                   const SinkContext& context) {
  TM_ASSIGN_OR_RETURN(const auto line, LineOf(database, table));
  if (!line.has_value() || line->undo.empty()) return false;
  const std::string kept = KeptName(line->undo);
  TM_ASSIGN_OR_RETURN(const auto before, LineOf(database, kept));
  const OwnerName taken_by{.run_line = line->run_line, .state_directory = line->state_directory};
  if (!CameToNothing(taken_by, before.has_value() ? before->run_line : "", context)) return false;
  TM_RETURN_IF_ERROR(ExecuteWith(database, "DELETE FROM tidemark_sinks WHERE sink = ?1", table));
  TM_ASSIGN_OR_RETURN(const bool has_kept, TableExists(database, kept));
  if (has_kept && line->undo.starts_with(kRows)) {
    TM_RETURN_IF_ERROR(database.Execute(Cat("DELETE FROM ", SqlName(table))));
    TM_RETURN_IF_ERROR(
        database.Execute(Cat("INSERT INTO ", SqlName(table), " SELECT * FROM ", SqlName(kept))));
    TM_RETURN_IF_ERROR(database.Execute(Cat("DROP TABLE ", SqlName(kept))));
  } else if (has_kept) {
    TM_RETURN_IF_ERROR(database.Execute(Cat("DROP TABLE IF EXISTS ", SqlName(table))));
  }
  TM_RETURN_IF_ERROR(RenameTable(database, kept, table));
  return true;
}

absl::Status EndUndo(SqliteDatabase& database, const std::string& table) {
  TM_ASSIGN_OR_RETURN(const auto line, LineOf(database, table));
  if (!line.has_value() || line->undo.empty()) return absl::OkStatus();
  TM_RETURN_IF_ERROR(
      ExecuteWith(database, "UPDATE tidemark_sinks SET undo = NULL WHERE sink = ?1", table));
  const std::string kept = KeptName(line->undo);
  if (kept == line->undo) return absl::OkStatus();  // stays aside
  TM_RETURN_IF_ERROR(database.Execute(Cat("DROP TABLE IF EXISTS ", SqlName(kept))));
  return ExecuteWith(database, "DELETE FROM tidemark_sinks WHERE sink = ?1", kept);
}

}  // namespace tidemark
