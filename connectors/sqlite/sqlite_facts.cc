#include "connectors/sqlite/sqlite_facts.h"

#include <utility>

#include "absl/strings/str_replace.h"
#include "base/files.h"
#include "base/real_path.h"
#include "base/status.h"
#include "connectors/sqlite/sqlite_table.h"

namespace tidemark {
namespace {

constexpr char kOwnersTable[] =
    "CREATE TABLE IF NOT EXISTS tidemark_sinks ("
    "sink TEXT PRIMARY KEY COLLATE NOCASE, run_line TEXT NOT NULL, epoch INTEGER NOT NULL, "
    "opened INTEGER NOT NULL, made_table INTEGER NOT NULL, job TEXT, state TEXT, begun INTEGER, "
    "undo TEXT)";
// What tables of older versions lack.
constexpr std::pair<const char*, const char*> kLaterColumns[] = {
    {"job", "TEXT"}, {"state", "TEXT"}, {"begun", "INTEGER"}, {"undo", "TEXT"}};

// "it's" -> "'it''s'": a text as SQL has it.
std::string SqlText(std::string_view text) {
  return Cat("'", absl::StrReplaceAll(ToAbsl(text), {{"'", "''"}}), "'");
}

absl::StatusOr<std::optional<TableFacts::Committed>> CommittedIn(
    const std::optional<Position>& resume) {
  if (!resume.has_value()) return std::nullopt;
  const auto epoch = resume->Number("epoch");
  const auto earlier = resume->Number("earlier");
  const auto run_line = resume->Text("run_line");
  if (!epoch || !earlier || !run_line) {
    return absl::FailedPreconditionError(
        "the stored position is not that of a table; if this sink was another one before, make "
        "it that one again and give the new one a name of its own, or start over with --fresh");
  }
  return TableFacts::Committed{.run_line = *run_line, .epoch = *epoch, .earlier = *earlier};
}

// Of this sink and its last commit; nothing of what is there is looked at.
absl::StatusOr<TableFacts> FactsOf(const TablePlace& place, const std::string& where,
                                   const std::optional<Position>& resume,
                                   const SinkContext& context) {
  TableFacts facts{.where = where,
                   .has_key = place.has_key,
                   .run_line = context.run_line,
                   .replaced_line = context.replaced_line,
                   .state_directory = context.state_directory,
                   .sink = context.sink,
                   .resume_epoch = context.resume_epoch,
                   .went_back_from = context.went_back_from,
                   .take_over = context.take_over,
                   .new_output = context.new_output};
  auto committed = CommittedIn(resume);
  if (!committed.ok()) return Annotate(committed.status(), where);
  facts.resume = *std::move(committed);
  return facts;
}

// A database that was at another path: it, and what a crash may have left beside it.
void AddPath(const std::string& path, const Position& resume, Files& files, TableFacts& facts) {
  const std::string was_at = resume.Text("path").value_or("");
  if (was_at.empty() || was_at == RealPath(path)) return;
  facts.was_at = was_at;
  if (!files.Stat(was_at).ok()) return;
  const std::string parent = ParentDirectory(path);
  if (parent != ".") facts.bring_here = Cat("mkdir -p ", ShellWord(parent));
  for (const char* end : {"", "-wal", "-shm"}) {
    if (!files.Stat(Cat(was_at, end)).ok()) continue;
    facts.bring_here += Cat(facts.bring_here.empty() ? "mv " : " && mv ",
                            ShellWord(Cat(was_at, end)), " ", ShellWord(Cat(path, end)));
  }
}

absl::Status AddTable(SqliteDatabase& database, const TablePlace& place, TableFacts& facts) {
  TM_ASSIGN_OR_RETURN(
      auto table,
      database.Prepare("SELECT type FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE"));
  table.BindText(1, place.table);
  TM_ASSIGN_OR_RETURN(facts.exists, table.Step());
  if (!facts.exists) return absl::OkStatus();
  if (table.Text(0) != "table") {
    return absl::FailedPreconditionError(Cat(facts.where, ": is the name of ",
                                             table.Text(0) == "index" ? "an " : "a ", table.Text(0),
                                             " there; name another table"));
  }
  TM_ASSIGN_OR_RETURN(auto any, database.Prepare(Cat("SELECT 1 FROM ", SqlName(place.table))));
  TM_ASSIGN_OR_RETURN(facts.has_rows, any.Step());
  return absl::OkStatus();
}

absl::Status AddOwner(SqliteDatabase& database, const TablePlace& place, const SinkContext& context,
                      FoundTable& found) {
  TM_ASSIGN_OR_RETURN(auto owner,
                      database.Prepare("SELECT run_line, epoch, opened, made_table, job, state, "
                                       "begun FROM tidemark_sinks WHERE sink = ?1"));
  owner.BindText(1, place.table);
  TM_ASSIGN_OR_RETURN(const bool owned, owner.Step());
  if (!owned) return absl::OkStatus();
  TableFacts& facts = found.facts;
  facts.owner = TableOwner{.run_line = owner.Text(0),
                           .epoch = owner.Number(1),
                           .made_table = owner.Number(3) != 0,
                           .job = owner.Text(4),
                           .state_directory = owner.Text(5),
                           .begun = owner.Number(6)};
  found.opened = owner.Number(2);
  facts.owner_state = StateOfOwner(facts.owner->state_directory, context);
  return absl::OkStatus();
}

// The line of `table`, if it is that of the job's own run line: the epoch of its last rows.
absl::StatusOr<std::optional<int64_t>> EpochOf(SqliteDatabase& database, const std::string& table,
                                               const std::string& run_line) {
  TM_ASSIGN_OR_RETURN(
      auto owner,
      database.Prepare("SELECT epoch FROM tidemark_sinks WHERE sink = ?1 AND run_line = ?2"));
  owner.BindText(1, table);
  owner.BindText(2, run_line);
  TM_ASSIGN_OR_RETURN(const bool is_there, owner.Step());
  if (!is_there) return std::nullopt;
  return owner.Number(0);
}

// Where another job has moved the table aside.
absl::Status AddAside(SqliteDatabase& database, const TablePlace& place, TableFacts& facts) {
  TM_ASSIGN_OR_RETURN(auto owner,
                      database.Prepare("SELECT max(epoch) FROM tidemark_sinks WHERE run_line = ?1 "
                                       "AND substr(sink, 1, length(?2)) = ?2 COLLATE NOCASE"));
  owner.BindText(1, facts.resume->run_line);
  owner.BindText(2, Cat(place.table, "_old_"));
  TM_ASSIGN_OR_RETURN(const bool is_there, owner.Step());
  if (is_there && owner.Number(0) > 0) facts.elsewhere_epoch = owner.Number(0);
  return absl::OkStatus();
}

// Where the sink wrote to another table of this database before.
absl::Status AddRenamed(SqliteDatabase& database, const TablePlace& place, const Position& resume,
                        TableFacts& facts) {
  const std::string table = resume.Text("table").value_or("");
  if (table.empty() || SqlLower(table) == SqlLower(place.table)) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(facts.elsewhere_epoch, EpochOf(database, table, facts.resume->run_line));
  if (!facts.elsewhere_epoch.has_value() && !facts.was_at.empty()) return absl::OkStatus();
  facts.was_at = Cat("table '", table, "'");
  if (!facts.elsewhere_epoch.has_value()) return absl::OkStatus();
  const std::string sql = Cat("ALTER TABLE ", SqlName(table), " RENAME TO ", SqlName(place.table),
                              "; UPDATE tidemark_sinks SET sink = ", SqlText(place.table),
                              " WHERE sink = ", SqlText(table), ";");
  facts.bring_here = Cat("sqlite3 ", ShellWord(place.path), " ", ShellWord(sql));
  return absl::OkStatus();
}

}  // namespace

std::string WhereIs(const TablePlace& place) {
  return Cat(place.path, ", table '", place.table, "'");
}

absl::Status MakeOwners(SqliteDatabase& database) {
  TM_RETURN_IF_ERROR(database.Execute(kOwnersTable));
  for (const auto& [column, type] : kLaterColumns) {
    TM_ASSIGN_OR_RETURN(
        auto known,
        database.Prepare("SELECT 1 FROM pragma_table_info('tidemark_sinks') WHERE name = ?1"));
    known.BindText(1, column);
    TM_ASSIGN_OR_RETURN(const bool is_there, known.Step());
    known.Reset();
    if (is_there) continue;
    TM_RETURN_IF_ERROR(
        database.Execute(Cat("ALTER TABLE tidemark_sinks ADD COLUMN ", column, " ", type)));
  }
  return absl::OkStatus();
}

absl::Status CheckDatabaseIsThere(const TablePlace& place, const std::optional<Position>& resume,
                                  const SinkContext& context) {
  const std::string& path = place.path;
  TM_ASSIGN_OR_RETURN(TableFacts facts, FactsOf(place, path, resume, context));
  if (!facts.resume.has_value() || context.new_output) return absl::OkStatus();
  if (facts.resume->run_line != context.run_line) return absl::OkStatus();
  AddPath(path, *resume, *context.files, facts);
  const int64_t written = facts.was_at.empty() ? facts.resume->earlier : facts.resume->epoch;
  if (written == 0) return absl::OkStatus();
  const absl::Status there = context.files->Stat(path).status();
  if (!absl::IsNotFound(there)) return there;
  return RowsAreMissing(facts, Cat(path, ": is missing"));
}

absl::StatusOr<FoundTable> FindTable(SqliteDatabase& database, const TablePlace& place,
                                     const std::optional<Position>& resume,
                                     const SinkContext& context) {
  FoundTable found;
  TableFacts& facts = found.facts;
  TM_ASSIGN_OR_RETURN(facts, FactsOf(place, WhereIs(place), resume, context));
  TM_RETURN_IF_ERROR(AddTable(database, place, facts));
  TM_RETURN_IF_ERROR(AddOwner(database, place, context, found));
  if (!resume.has_value()) return found;
  AddPath(place.path, *resume, *context.files, facts);
  TM_RETURN_IF_ERROR(AddAside(database, place, facts));
  if (facts.bring_here.empty()) {
    TM_RETURN_IF_ERROR(AddRenamed(database, place, *resume, facts));
  }
  return found;
}

}  // namespace tidemark
