// SqliteDatabase: one connection to a SQLite file, with errors as statuses.
//
// Only this file and its .cc know sqlite3.h. Every error is one line that begins with the path and
// says what to do. The file is in WAL mode, so that others can read while a job writes, and every
// commit is synced.
//
// Thread rule: used by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "connectors/sqlite/sqlite_rows.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tidemark {

class SqliteDatabase;

// A prepared statement; the database outlives it.
class SqliteStatement {
 public:
  // Places are counted from 1. `value` outlives the next Step().
  void Bind(int place, const SqliteValue& value);
  void BindText(int place, std::string_view text);
  void BindNumber(int place, int64_t number);
  // True: there is a row to look at. After false or an error it can be bound and stepped again.
  absl::StatusOr<bool> Step();
  // Ends the walk over the rows early.
  void Reset();

  int64_t Number(int column) const;
  std::string Text(int column) const;

 private:
  friend class SqliteDatabase;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  SqliteStatement(const SqliteDatabase* database, sqlite3_stmt* statement)
      : database_(database), statement_(statement) {}

  const SqliteDatabase* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class SqliteDatabase {
 public:
  // Creates the file, whose directory must be there, and leaves one that is there as it is. A lock
  // of another program is waited for up to `busy_timeout`, here and later.
  static absl::StatusOr<std::unique_ptr<SqliteDatabase>> Open(const std::string& path,
                                                              absl::Duration busy_timeout);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  absl::Status Execute(const std::string& sql);
  absl::StatusOr<SqliteStatement> Prepare(const std::string& sql);
  // Rows that the last statement changed.
  int64_t changes() const;
  // False also after an error that rolled back by itself.
  bool in_transaction() const;
  // What the last call that failed has to say. DataLoss only where the file was read and is
  // malformed: a disk that fails is Internal, and the same command may be tried again.
  absl::Status LastError() const;
  // Internal when the system could not read the database or its log, whatever SQLite made of it.
  absl::Status ReadError() const;

 private:
  absl::Status IoError() const;
  absl::Status DiskFailed(std::string_view why) const;

  SqliteDatabase(std::string path, absl::Duration busy_timeout)
      : path_(std::move(path)), busy_timeout_(busy_timeout) {}

  const std::string path_;
  const absl::Duration busy_timeout_;
  sqlite3* handle_ = nullptr;
};

// A transaction that can write; ends without a trace unless Commit() returned OK.
class SqliteTransaction {
 public:
  static absl::StatusOr<SqliteTransaction> Begin(SqliteDatabase& database);
  SqliteTransaction(SqliteTransaction&& other) noexcept
      : database_(std::exchange(other.database_, nullptr)) {}
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  ~SqliteTransaction();
  absl::Status Commit();

 private:
  explicit SqliteTransaction(SqliteDatabase& database) : database_(&database) {}
  SqliteDatabase* database_;
};

// "a\"b" -> "\"a\"\"b\"": a name as SQL has it.
std::string SqlName(std::string_view name);

}  // namespace tidemark
