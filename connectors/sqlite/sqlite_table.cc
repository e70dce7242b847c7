#include "connectors/sqlite/sqlite_table.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/status.h"

namespace tidemark {
namespace {

// Different statements that are kept ready; rows with ever new sets of fields need ever new ones.
constexpr size_t kStatementsMax = 64;

// `format(name, place)` of each, places counted from 1.
template <class Format>
std::string SqlList(const std::vector<std::string>& names, Format&& format) {
  std::string list;
  for (size_t i = 0; i < names.size(); ++i) {
    list += Cat(i > 0 ? ", " : "", format(names[i], i + 1));
  }
  return list;
}
std::string SqlNames(const std::vector<std::string>& names) {
  return SqlList(names, [](const std::string& name, size_t) { return SqlName(name); });
}
std::string SqlPlaces(const std::vector<std::string>& names) {
  return SqlList(names, [](const std::string&, size_t place) { return Cat("?", place); });
}

}  // namespace

std::string SqlLower(std::string_view name) { return absl::AsciiStrToLower(ToAbsl(name)); }

SqliteTableWriter::SqliteTableWriter(SqliteDatabase& database, std::string table,
                                     std::vector<std::string> key)
    : database_(database), table_(std::move(table)), key_(std::move(key)) {}

absl::Status SqliteTableWriter::Look() {
  // With those that the table computes, which pragma_table_info leaves out: they are there.
  TM_ASSIGN_OR_RETURN(SqliteStatement * names,
                      StatementFor("SELECT name FROM pragma_table_xinfo(?1)"));
  names->BindText(1, table_);
  columns_.clear();
  while (true) {
    TM_ASSIGN_OR_RETURN(const bool there, names->Step());
    if (!there) break;
    columns_.insert(SqlLower(names->Text(0)));
  }
  TM_ASSIGN_OR_RETURN(SqliteStatement * strict,
                      StatementFor("SELECT strict FROM pragma_table_list(?1) "
                                   "WHERE schema = 'main'"));
  strict->BindText(1, table_);
  TM_ASSIGN_OR_RETURN(const bool there, strict->Step());
  is_strict_ = there && strict->Number(0) != 0;
  strict->Reset();
  return absl::OkStatus();
}

absl::Status SqliteTableWriter::CheckKey() {
  if (!exists() || key_.empty()) return absl::OkStatus();
  for (const std::string& column : key_) {
    if (columns_.count(SqlLower(column)) > 0) continue;
    return absl::FailedPreconditionError(
        Cat("has no column '", column,
            "', which is part of the key; drop the table, or start over with --fresh"));
  }
  const std::string insert = MakeShape(key_).insert;
  const std::string names = SqlNames(key_);
  const auto can_tell = database_.Prepare(Cat(insert, " ON CONFLICT (", names, ") DO NOTHING"));
  if (can_tell.ok()) return absl::OkStatus();
  // Such as a column that the table computes by itself.
  if (const auto can_insert = database_.Prepare(insert); !can_insert.ok()) {
    return absl::FailedPreconditionError(Cat("cannot take rows by the key (", names,
                                             "): ", can_insert.status().message(),
                                             "; drop the table, or give the sink another key"));
  }
  return absl::FailedPreconditionError(
      Cat("cannot tell rows by the key (", names,
          "), since no PRIMARY KEY and no UNIQUE constraint is over just these columns; drop the "
          "table, or make a unique index over them"));
}

absl::StatusOr<bool> SqliteTableWriter::Write(std::string_view rows, const OnRefusal& on_refusal) {
  TM_ASSIGN_OR_RETURN(const bool made, MakeColumns(rows));
  std::vector<Shape> shapes;
  SqliteRowsReader reader(rows);
  while (true) {
    TM_ASSIGN_OR_RETURN(const bool there, reader.Next());
    if (!there) return made;
    if (reader.shape() == shapes.size()) shapes.push_back(MakeShape(reader.columns()));
    const absl::Status written = WriteRow(shapes[reader.shape()], reader.values());
    if (!absl::IsFailedPrecondition(written)) {
      TM_RETURN_IF_ERROR(written);
      continue;
    }
    // The table is the user's to change, and has a rule against the row.
    TM_RETURN_IF_ERROR(on_refusal(reader, written));
    if (database_.in_transaction()) continue;
    // RAISE(ROLLBACK) in a trigger, or ON CONFLICT ROLLBACK: the rows before are gone with this
    // one.
    return Annotate(written,
                    "a rule of the table rolls back all rows of the epoch with the one that it "
                    "refuses; let it ABORT, then start this job again");
  }
}

// The table, and those columns of the rows that it lacks, in the order in which they come.
absl::StatusOr<bool> SqliteTableWriter::MakeColumns(std::string_view rows) {
  const bool existed = exists();
  std::vector<std::string> missing;
  size_t shapes = 0;
  SqliteRowsReader reader(rows);
  while (true) {
    TM_ASSIGN_OR_RETURN(const bool there, reader.Next());
    if (!there) break;
    if (reader.shape() < shapes) continue;
    ++shapes;
    for (const std::string& column : reader.columns()) {
      if (columns_.insert(SqlLower(column)).second) missing.push_back(column);
    }
  }
  const std::string table = SqlName(table_);
  if (!existed && !missing.empty()) {
    const std::string key = key_.empty() ? "" : Cat(", PRIMARY KEY (", SqlNames(key_), ")");
    TM_RETURN_IF_ERROR(
        database_.Execute(Cat("CREATE TABLE ", table, " (", SqlNames(missing), key, ")")));
    return true;
  }
  for (const std::string& column : missing) {
    const absl::Status added = AddColumn(column);
    // A table that takes no more columns refuses the rows that have them, one by one.
    if (!absl::IsFailedPrecondition(added)) TM_RETURN_IF_ERROR(added);
  }
  return false;
}

absl::Status SqliteTableWriter::AddColumn(const std::string& column) {
  return database_.Execute(Cat("ALTER TABLE ", SqlName(table_), " ADD COLUMN ", SqlName(column),
                               is_strict_ ? " ANY" : ""));
}

SqliteTableWriter::Shape SqliteTableWriter::MakeShape(
    const std::vector<std::string>& columns) const {
  const std::string table = SqlName(table_);
  Shape shape;
  shape.insert =
      Cat("INSERT INTO ", table, " (", SqlNames(columns), ") VALUES (", SqlPlaces(columns), ")");
  if (key_.empty()) return shape;
  const std::string set = SqlList(columns, [](const std::string& name, size_t place) {
    return Cat(SqlName(name), " = ?", place);
  });
  std::string same_key;
  for (size_t i = 0; i < columns.size(); ++i) {
    const bool is_key = std::any_of(key_.begin(), key_.end(), [&](const std::string& key) {
      return SqlLower(key) == SqlLower(columns[i]);
    });
    if (!is_key) continue;
    shape.key_columns.push_back(i);
    same_key += Cat(same_key.empty() ? "" : " AND ", SqlName(columns[i]), " IS ?", i + 1);
  }
  shape.upsert = Cat(shape.insert, " ON CONFLICT (", SqlNames(key_), ") DO UPDATE SET ", set);
  shape.update = Cat("UPDATE ", table, " SET ", set, " WHERE ", same_key);
  return shape;
}

absl::Status SqliteTableWriter::WriteRow(const Shape& shape,
                                         const std::vector<SqliteValue>& values) {
  if (key_.empty()) return Run(shape.insert, values);
  const bool has_null = std::any_of(
      shape.key_columns.begin(), shape.key_columns.end(),
      [&](size_t column) { return std::holds_alternative<std::monostate>(values[column]); });
  if (!has_null) return Run(shape.upsert, values);
  // To a constraint of SQL no null is like another one, to a key of ours they are the same.
  TM_RETURN_IF_ERROR(Run(shape.update, values));
  return database_.changes() > 0 ? absl::OkStatus() : Run(shape.insert, values);
}

absl::Status SqliteTableWriter::Run(const std::string& sql,
                                    const std::vector<SqliteValue>& values) {
  TM_ASSIGN_OR_RETURN(SqliteStatement * statement, StatementFor(sql));
  for (size_t i = 0; i < values.size(); ++i) statement->Bind(static_cast<int>(i + 1), values[i]);
  return statement->Step().status();
}

absl::StatusOr<SqliteStatement*> SqliteTableWriter::StatementFor(const std::string& sql) {
  const auto ready = statements_.find(sql);
  if (ready != statements_.end()) return &ready->second;
  if (statements_.size() >= kStatementsMax) statements_.clear();
  TM_ASSIGN_OR_RETURN(SqliteStatement statement, database_.Prepare(sql));
  return &statements_.emplace(sql, std::move(statement)).first->second;
}

}  // namespace tidemark
