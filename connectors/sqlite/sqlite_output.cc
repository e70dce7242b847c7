#include "connectors/sqlite/sqlite_output.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/files.h"
#include "base/real_path.h"
#include "base/status.h"
#include "connectors/file/special_file.h"
#include "connectors/sqlite/sqlite_facts.h"
#include "connectors/sqlite/sqlite_undo.h"

namespace tidemark {
namespace {

absl::Status CheckPath(Files& files, const std::string& path) {
  const std::string directory = ParentDirectory(path);
  const absl::StatusOr<FileInfo> there = files.Stat(directory);
  if (there.ok() && !there->is_directory) {
    return absl::FailedPreconditionError(
        Cat(path, ": cannot be made, since ", directory, " is a file and not a directory"));
  }
  const absl::StatusOr<FileInfo> info = files.Stat(path);
  if (path.empty() || (info.ok() && info->is_directory)) {
    return absl::InvalidArgumentError(Cat(path, ": is a directory; name a file in it"));
  }
  if (const auto kind = SpecialFile(path)) {
    return absl::InvalidArgumentError(Cat(path, ": is ", *kind, ", which can hold no database"));
  }
  return absl::OkStatus();
}

TablePlace PlaceOf(const SqliteTableOptions& options) {
  return {.path = options.path, .table = options.table, .has_key = !options.key.empty()};
}

absl::Status CheckOptions(const SqliteTableOptions& options, const std::optional<Position>& resume,
                          const SinkContext& context) {
  TM_RETURN_IF_ERROR(CheckTableName(options.table));
  TM_RETURN_IF_ERROR(CheckTableKey(options.key));
  TM_RETURN_IF_ERROR(CheckPath(*context.files, options.path));
  return CheckDatabaseIsThere(PlaceOf(options), resume, context);
}

}  // namespace

absl::Status CheckTableName(std::string_view table) {
  if (table.empty() || table.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("a table needs a name");
  }
  const std::string lower = SqlLower(table);
  for (const std::string_view taken : {"sqlite_", "tidemark_"}) {
    if (!lower.starts_with(taken)) continue;
    return absl::InvalidArgumentError(Cat("the table '", table,
                                          "' cannot be written: names that begin with '", taken,
                                          "' have a meaning of their own"));
  }
  return absl::OkStatus();
}

absl::Status CheckTableKey(const std::vector<std::string>& key) {
  std::set<std::string> seen;
  for (const std::string& column : key) {
    if (column.empty()) return absl::InvalidArgumentError("a column of the key needs a name");
    if (seen.insert(SqlLower(column)).second) continue;
    return absl::InvalidArgumentError(
        Cat("the column '", column, "' is part of the table's key twice"));
  }
  return absl::OkStatus();
}

SqliteOutput::SqliteOutput(const SqliteTableOptions& options, const SinkContext& context)
    : options_(options),
      where_(WhereIs(PlaceOf(options))),
      run_line_(context.run_line),
      sink_(context.sink),
      files_(context.files),
      skips_(context.skips) {}

// ---- opening -------------------------------------------

absl::Status SqliteOutput::Check(const SqliteTableOptions& options,
                                 const std::optional<Position>& resume,
                                 const SinkContext& context) {
  TM_RETURN_IF_ERROR(CheckOptions(options, resume, context));
  TM_RETURN_IF_ERROR(
      context.claim({.name = Cat(RealPath(options.path), ", table '", SqlLower(options.table), "'"),
                     .file = options.path,
                     .beside = {Cat(options.path, "-wal"), Cat(options.path, "-shm"),
                                Cat(options.path, "-journal")}}));
  TM_ASSIGN_OR_RETURN(const bool there, Exists(*context.files, options.path));
  if (!there) return absl::OkStatus();
  SqliteOutput output(options, context);
  TM_ASSIGN_OR_RETURN(output.database_, SqliteDatabase::Open(options.path, options.busy_timeout));
  output.table_ =
      std::make_unique<SqliteTableWriter>(*output.database_, options.table, options.key);
  SinkContext quiet = context;
  quiet.say = [](const std::string&) {};
  return output.Prepare(resume, quiet, Outcome::kRolledBack);
}

absl::StatusOr<std::unique_ptr<SqliteOutput>> SqliteOutput::Open(
    const SqliteTableOptions& options, const std::optional<Position>& resume,
    const SinkContext& context) {
  TM_RETURN_IF_ERROR(CheckOptions(options, resume, context));
  TM_RETURN_IF_ERROR(CreateDirectoriesDurably(*context.files, ParentDirectory(options.path)));
  std::unique_ptr<SqliteOutput> output(new SqliteOutput(options, context));
  TM_ASSIGN_OR_RETURN(output->database_, SqliteDatabase::Open(options.path, options.busy_timeout));
  TM_RETURN_IF_ERROR(output->database_->Execute("PRAGMA journal_mode = WAL"));
  TM_RETURN_IF_ERROR(context.files->SyncDirectory(ParentDirectory(options.path)));
  if (!context.state_directory.empty()) output->real_path_ = RealPath(options.path);
  output->table_ =
      std::make_unique<SqliteTableWriter>(*output->database_, options.table, options.key);
  TM_RETURN_IF_ERROR(output->Prepare(resume, context, Outcome::kKept));
  TM_ASSIGN_OR_RETURN(output->file_, context.files->Stat(options.path));
  return output;
}

absl::Status SqliteOutput::Prepare(const std::optional<Position>& resume,
                                   const SinkContext& context, Outcome outcome) {
  TM_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(*database_));
  TM_RETURN_IF_ERROR(MakeOwners(*database_));
  TM_ASSIGN_OR_RETURN(const bool undone, UndoAbandoned(*database_, options_.table, context));
  if (undone) context.say(Cat(where_, ": is as it was before a start that came to nothing"));
  TM_ASSIGN_OR_RETURN(const FoundTable found,
                      FindTable(*database_, PlaceOf(options_), resume, context));
  const TableFacts& facts = found.facts;
  opened_ = found.opened;
  const TablePlan plan = PlanTable(facts);
  TM_RETURN_IF_ERROR(plan.refusal);
  TM_RETURN_IF_ERROR(CarryOut(facts, plan, context));
  TM_RETURN_IF_ERROR(table_->Look());
  TM_RETURN_IF_ERROR(Annotate(table_->CheckKey(), where_));
  known_columns_ = table_->columns();
  last_epoch_ = facts.resume.has_value() ? facts.resume->epoch : 0;
  return outcome == Outcome::kKept ? transaction.Commit() : absl::OkStatus();
}

absl::Status SqliteOutput::CarryOut(const TableFacts& facts, const TablePlan& plan,
                                    const SinkContext& context) {
  const bool is_ours = facts.owner.has_value() && facts.owner->run_line == run_line_;
  made_table_ = facts.owner.has_value() && facts.owner->made_table && !plan.move_aside;
  // A line of runs that has committed needs no more what it took; one that has not keeps it.
  const bool has_committed = facts.resume.has_value() && facts.resume->run_line == run_line_;
  if (is_ours && has_committed) TM_RETURN_IF_ERROR(EndUndo(*database_, options_.table));
  TM_ASSIGN_OR_RETURN(std::string undo, UndoOf(*database_, is_ours ? options_.table : ""));
  if (plan.move_aside) {
    TM_ASSIGN_OR_RETURN(const std::string aside,
                        FreeTableName(*database_, options_.table, "_old_"));
    TM_RETURN_IF_ERROR(RenameTable(*database_, options_.table, aside));
    if (!is_ours && !run_line_.empty()) undo = aside;
    context.say(
        Cat(where_, ": moved to table '", aside,
            is_ours ? std::string("'; starts over") : Cat("', because it ", DescribeOwner(facts))));
  } else if (facts.new_output && facts.resume.has_value() && plan.begun > 0 &&
             !facts.owner.has_value()) {
    context.say(Cat(where_, ": starts over after epoch ", plan.begun,
                    "; earlier rows are wherever that table is now, and may include those of ",
                    "epoch ", facts.resume->epoch, ", which come again here"));
  } else if (facts.owner.has_value() && !is_ours && !run_line_.empty()) {
    // What the sink made it makes anew, since the job's columns may be others now.
    const TableContent content = !plan.clear   ? TableContent::kStays
                                 : made_table_ ? TableContent::kGoesAsTable
                                               : TableContent::kGoesAsRows;
    TM_ASSIGN_OR_RETURN(undo, KeepForUndo(*database_, options_.table, content));
  } else if (plan.clear && facts.exists) {
    // Nothing in it was committed, or no state is kept.
    TM_RETURN_IF_ERROR(database_->Execute(
        Cat(made_table_ ? "DROP TABLE " : "DELETE FROM ", SqlName(options_.table))));
  }
  has_undo_ = !undo.empty();
  ++opened_;
  TM_ASSIGN_OR_RETURN(
      auto own,
      database_->Prepare(
          "INSERT OR REPLACE INTO tidemark_sinks (sink, run_line, epoch, opened, made_table, job, "
          "state, begun, undo) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
  own.BindText(1, options_.table);
  own.BindText(2, run_line_);
  own.BindNumber(3, plan.epoch);
  own.BindNumber(4, opened_);
  own.BindNumber(5, made_table_ ? 1 : 0);
  own.BindText(6, context.job);
  own.BindText(7, context.state_directory);
  own.BindNumber(8, plan.begun);
  own.BindText(9, undo);
  return own.Step().status();
}

// ---- rows, on the worker -------------------------------

// What no table could take is refused here, before the row is part of a commit.
absl::Status SqliteOutput::CheckRow(const SqliteRow& row) {
  const bool as_before =
      row.size() == checked_columns_.size() &&
      std::equal(row.begin(), row.end(), checked_columns_.begin(),
                 [](const SqliteColumn& a, const std::string& b) { return a.name == b; });
  if (as_before && !row.empty()) return absl::OkStatus();
  if (row.empty()) return absl::InvalidArgumentError("it has no columns");
  std::map<std::string, std::string> seen;  // as it is written
  std::set<std::string> known = known_columns_;
  for (const SqliteColumn& column : row) {
    if (column.name.find('\0') != std::string::npos) {
      return absl::InvalidArgumentError("a column cannot have a zero byte in its name");
    }
    const auto [other, is_new] = seen.emplace(SqlLower(column.name), column.name);
    if (!is_new) {
      return absl::InvalidArgumentError(Cat("the columns '", other->second, "' and '", column.name,
                                            "' are one to SQLite, which does not tell the case of "
                                            "letters in names"));
    }
    known.insert(SqlLower(column.name));
  }
  if (known.size() > kColumnsMax) {
    return absl::InvalidArgumentError(
        Cat("the table would have more than ", kColumnsMax, " columns"));
  }
  known_columns_ = std::move(known);
  checked_columns_.clear();
  for (const SqliteColumn& column : row) checked_columns_.push_back(column.name);
  return absl::OkStatus();
}

// Gives the row the columns of the key that it lacks, as nulls. One that lacks all of them is more
// likely not meant for this table, and all such rows would be one.
absl::Status SqliteOutput::CompleteKey(SqliteRow& row) const {
  std::vector<const std::string*> missing;
  for (const std::string& column : options_.key) {
    const std::string lower = SqlLower(column);
    const bool is_there = std::any_of(row.begin(), row.end(), [&](const SqliteColumn& other) {
      return other.name.size() == lower.size() && SqlLower(other.name) == lower;
    });
    if (!is_there) missing.push_back(&column);
  }
  if (missing.empty() || row.empty()) return absl::OkStatus();  // an empty one is refused as such
  if (missing.size() == options_.key.size()) {
    std::string names;
    for (const std::string* column : missing)
      names += Cat(names.empty() ? "'" : ", '", *column, "'");
    return absl::InvalidArgumentError(
        missing.size() == 1 ? Cat("the column ", names, " is missing, and is part of the key")
                            : Cat("the columns of the key are all missing: ", names));
  }
  for (const std::string* column : missing) row.push_back({.name = *column, .value = {}});
  return absl::OkStatus();
}

absl::Status SqliteOutput::Add(SqliteRow row, const std::string& place) {
  absl::Status checked = CompleteKey(row);
  if (checked.ok()) checked = CheckRow(row);
  if (!checked.ok()) {
    return Refuse(Annotate(checked, Cat("the row ", DescribeRow(row), " cannot be written")),
                  place);
  }
  rows_.Add(row, place);
  return absl::OkStatus();
}

absl::Status SqliteOutput::Refuse(const absl::Status& why, const std::string& place) {
  const absl::Status here = Annotate(why, where_);
  const absl::Status refused = place.empty() ? here : Annotate(here, place);
  if (options_.on_error == OnError::kStop || skips_ == nullptr) return refused;
  skips_->Skip(where_, ToStd(refused.message()));
  return absl::OkStatus();
}

EpochOutput SqliteOutput::EndEpoch(Epoch epoch) {
  EpochOutput output;
  output.rows = rows_.Take();
  // The epochs before are published when this one is committed.
  const int64_t earlier = last_epoch_;
  if (!output.rows.empty()) last_epoch_ = static_cast<int64_t>(epoch.value);
  output.position.Set("epoch", last_epoch_).Set("earlier", earlier).Set("run_line", run_line_);
  if (!real_path_.empty()) output.position.Set("path", real_path_).Set("table", options_.table);
  if (has_undo_) output.committed = [this] { return Committed(); };
  return output;
}

// ---- publishing, on the committer ----------------------

absl::StatusOr<std::optional<int64_t>> SqliteOutput::PublishedEpoch() {
  TM_ASSIGN_OR_RETURN(
      SqliteStatement * owner,
      table_->StatementFor("SELECT run_line, epoch, opened FROM tidemark_sinks WHERE "
                           "sink = ?1"));
  owner->BindText(1, options_.table);
  TM_ASSIGN_OR_RETURN(const bool there, owner->Step());
  std::optional<int64_t> epoch;
  if (there && owner->Text(0) == run_line_ && owner->Number(2) == opened_) epoch = owner->Number(1);
  owner->Reset();
  return epoch;
}

absl::Status SqliteOutput::RefuseCommitted(const SqliteRowsReader& row, const absl::Status& why) {
  const std::string place = row.place().empty() ? "" : Cat(row.place(), ": ");
  const std::string refused = Cat(place, why.message(), "; this refuses the row ",
                                  DescribeRow(row.row()), " in table '", options_.table, "'");
  if (options_.on_error == OnError::kSkip && skips_ != nullptr) {
    skips_->Skip(where_, refused);
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(Cat(
      refused,
      "; the row is kept: change the table, or let on_error be skip, then start this job again"));
}

absl::Status SqliteOutput::Committed() {
  if (!has_undo_) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(*database_));
  TM_RETURN_IF_ERROR(EndUndo(*database_, options_.table));
  TM_RETURN_IF_ERROR(transaction.Commit());
  has_undo_ = false;
  return absl::OkStatus();
}

// The database is open, whatever has become of its path: rows would be written to a file that
// nobody finds. Of one that became shorter SQLite itself says whether it is whole.
absl::Status SqliteOutput::CheckIsInPlace() {
  const absl::StatusOr<FileInfo> info = files_->Stat(options_.path);
  if (absl::IsNotFound(info.status()) ||
      (info.ok() && (info->inode != file_.inode || info->device != file_.device))) {
    return absl::FailedPreconditionError(
        Cat(options_.path, ": was removed or replaced while this job writes to it; what was not ",
            "taken is kept: put it back, or start over with --new-output ", ShellWord(sink_)));
  }
  TM_RETURN_IF_ERROR(info.status());
  const bool was_cut = info->size_bytes < file_.size_bytes;
  file_.size_bytes = info->size_bytes;
  if (!was_cut) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(const auto other, SqliteDatabase::Open(options_.path, options_.busy_timeout));
  TM_ASSIGN_OR_RETURN(auto check, other->Prepare("PRAGMA quick_check(1)"));
  const auto checked = check.Step();
  if (checked.ok() && *checked && check.Text(0) == "ok") return absl::OkStatus();
  // A disk that fails, or a lock, tells nothing about the file.
  if (!checked.ok() && !absl::IsDataLoss(checked.status())) return checked.status();
  TM_RETURN_IF_ERROR(other->ReadError());
  return absl::DataLossError(
      Cat(options_.path, ": was cut while this job writes to it, and is damaged; put a good copy ",
          "back; what was not taken is kept"));
}

absl::Status SqliteOutput::Publish(Epoch epoch, OutboxReader& rows) {
  TM_RETURN_IF_ERROR(CheckIsInPlace());
  TM_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(*database_));
  TM_ASSIGN_OR_RETURN(const std::optional<int64_t> published, PublishedEpoch());
  if (!published.has_value()) {
    return absl::FailedPreconditionError(
        Cat(where_,
            ": another sink of this job or another program has begun to write to it; give each a "
            "table of its own"));
  }
  if (static_cast<int64_t>(epoch.value) <= *published) return absl::OkStatus();
  TM_RETURN_IF_ERROR(table_->Look());
  const auto on_refusal = [this](const SqliteRowsReader& row, const absl::Status& why) {
    return RefuseCommitted(row, why);
  };
  while (true) {
    TM_ASSIGN_OR_RETURN(const auto piece, rows.Next());
    if (!piece.has_value()) break;
    TM_ASSIGN_OR_RETURN(const bool made, table_->Write(*piece, on_refusal));
    made_table_ |= made;
  }
  TM_ASSIGN_OR_RETURN(
      SqliteStatement * note,
      table_->StatementFor("UPDATE tidemark_sinks SET epoch = ?2, made_table = ?3 WHERE "
                           "sink = ?1"));
  note->BindText(1, options_.table);
  note->BindNumber(2, static_cast<int64_t>(epoch.value));
  note->BindNumber(3, made_table_ ? 1 : 0);
  TM_RETURN_IF_ERROR(note->Step().status());
  TM_RETURN_IF_ERROR(transaction.Commit());
  return CheckIsInPlace();  // now they would be nowhere
}

}  // namespace tidemark
