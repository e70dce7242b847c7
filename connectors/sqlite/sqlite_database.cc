#include "connectors/sqlite/sqlite_database.h"

#include <sqlite3.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <variant>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/check.h"
#include "base/status.h"

namespace tidemark {
namespace {

struct Binder {
  sqlite3_stmt* statement;
  int place;

  int operator()(std::monostate) const { return sqlite3_bind_null(statement, place); }
  int operator()(int64_t number) const { return sqlite3_bind_int64(statement, place, number); }
  int operator()(double number) const { return sqlite3_bind_double(statement, place, number); }
  int operator()(const std::string& text) const {
    return sqlite3_bind_text64(statement, place, text.data(), text.size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  int operator()(const SqliteBlob& blob) const {
    return sqlite3_bind_blob64(statement, place, blob.bytes.data(), blob.bytes.size(),
                               SQLITE_STATIC);
  }
};

// Everything but a name of ours is a path: ":memory:" too, whose rows no restart would find.
std::string AsPath(const std::string& path) {
  return path.starts_with('/') ? path : Cat("./", path);
}

}  // namespace

// ---- statements ----------------------------------------

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);  // repeats the last error, which was reported
}

void SqliteStatement::Bind(int place, const SqliteValue& value) {
  const int code = std::visit(Binder{statement_.get(), place}, value);
  TM_CHECK(code == SQLITE_OK || code == SQLITE_NOMEM, "a statement has the places that are bound");
}

void SqliteStatement::BindText(int place, std::string_view text) {
  const int code = sqlite3_bind_text64(statement_.get(), place, text.data(), text.size(),
                                       SQLITE_TRANSIENT, SQLITE_UTF8);
  TM_CHECK(code == SQLITE_OK || code == SQLITE_NOMEM, "a statement has the places that are bound");
}

void SqliteStatement::BindNumber(int place, int64_t number) {
  const int code = sqlite3_bind_int64(statement_.get(), place, number);
  TM_CHECK(code == SQLITE_OK || code == SQLITE_NOMEM, "a statement has the places that are bound");
}

absl::StatusOr<bool> SqliteStatement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  const absl::Status status = code == SQLITE_DONE ? absl::OkStatus() : database_->LastError();
  Reset();
  TM_RETURN_IF_ERROR(status);
  return false;
}

void SqliteStatement::Reset() { sqlite3_reset(statement_.get()); }

int64_t SqliteStatement::Number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string SqliteStatement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (text == nullptr) return "";
  return std::string(text, static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column)));
}

// ---- the connection ------------------------------------

absl::StatusOr<std::unique_ptr<SqliteDatabase>> SqliteDatabase::Open(const std::string& path,
                                                                     absl::Duration busy_timeout) {
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(path, busy_timeout));
  const int opened = sqlite3_open_v2(AsPath(path).c_str(), &database->handle_,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  if (opened != SQLITE_OK) return database->LastError();
  sqlite3_extended_result_codes(database->handle_, 1);
  sqlite3_busy_timeout(database->handle_,
                       static_cast<int>(absl::ToInt64Milliseconds(busy_timeout)));
  TM_RETURN_IF_ERROR(database->Execute("PRAGMA synchronous = FULL"));
  return database;
}

SqliteDatabase::~SqliteDatabase() {
  // Statements are gone; what is left of a transaction is rolled back at the next open.
  sqlite3_close_v2(handle_);
}

absl::Status SqliteDatabase::Execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : LastError();
}

absl::StatusOr<SqliteStatement> SqliteDatabase::Prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return LastError();
  return SqliteStatement(this, statement);
}

int64_t SqliteDatabase::changes() const { return sqlite3_changes64(handle_); }

bool SqliteDatabase::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

// SQLite has one word, "disk I/O error", for a disk without room for its side files, for a limit of
// the process and for a disk that is broken.
absl::Status SqliteDatabase::IoError() const {
  const int error = sqlite3_system_errno(handle_);
  const int what = sqlite3_extended_errcode(handle_);
  const bool no_side_file = what == SQLITE_IOERR_SHMSIZE && error != EIO;
  if (error == ENOSPC || error == EDQUOT || no_side_file) {
    return absl::ResourceExhaustedError(
        Cat(path_, ": cannot write: the disk is full; free some space"));
  }
  // Whose error number SQLite does not always keep.
  rlimit limit{};
  const bool limited = getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  if (error == EFBIG || (limited && what == SQLITE_IOERR_WRITE)) {
    return absl::ResourceExhaustedError(
        Cat(path_, ": cannot write: File too large; allow larger files (ulimit -f)"));
  }
  return DiskFailed(error != 0 ? strerror(error) : sqlite3_errstr(what));
}

absl::Status SqliteDatabase::DiskFailed(std::string_view why) const {
  return absl::InternalError(
      Cat(path_, ": cannot be read or written: ", why, "; look at the disk and the system's log"));
}

// The errors of the system that SQLite takes for a malformed file (SQLITE_IOERR_CORRUPTFS, which
// its statements turn into SQLITE_CORRUPT). The files know better what was said last; where that
// was long ago, a later start calls the damage by its name.
absl::Status SqliteDatabase::ReadError() const {
  for (const int which : {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER}) {
    sqlite3_file* file = nullptr;
    if (sqlite3_file_control(handle_, "main", which, &file) != SQLITE_OK) continue;
    if (file == nullptr || file->pMethods == nullptr) continue;
    int error = 0;
    file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
    if (error == EIO || error == ENXIO || error == ERANGE) return DiskFailed(strerror(error));
  }
  return absl::OkStatus();
}

absl::Status SqliteDatabase::LastError() const {
  const int code = handle_ == nullptr ? SQLITE_NOMEM : sqlite3_errcode(handle_) & 0xff;
  const std::string message = handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_);
  switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(Cat(path_, ": is locked by another program (waited ",
                                        absl::FormatDuration(busy_timeout_),
                                        "); close that one, then start this job again"));
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(
          Cat(path_, ": cannot write: the disk is full; free some space"));
    case SQLITE_IOERR:
      return IoError();
    case SQLITE_NOTADB:
      return absl::FailedPreconditionError(
          Cat(path_, ": is not a SQLite database; move it away, or name another file"));
    case SQLITE_CORRUPT:
      TM_RETURN_IF_ERROR(ReadError());
      return absl::DataLossError(Cat(path_, ": is damaged (", message,
                                     "); put a good copy back, or move it away and begin a new "
                                     "one with --new-output"));
    case SQLITE_CANTOPEN:
      if (const int error = handle_ == nullptr ? 0 : sqlite3_system_errno(handle_);
          error == EMFILE || error == ENFILE) {
        return absl::ResourceExhaustedError(
            Cat(path_, ": cannot open: ", strerror(error), "; allow more of them (ulimit -n)"));
      }
      [[fallthrough]];
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::PermissionDeniedError(
          Cat(path_, ": cannot be written (", message,
              "); the file and its directory must be writable for this user"));
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_ERROR:
      return absl::FailedPreconditionError(Cat(path_, ": ", message));
    default:
      return absl::InternalError(Cat(path_, ": ", message));
  }
}

// ---- transactions --------------------------------------

absl::StatusOr<SqliteTransaction> SqliteTransaction::Begin(SqliteDatabase& database) {
  TM_RETURN_IF_ERROR(database.Execute("BEGIN IMMEDIATE"));
  return SqliteTransaction(database);
}

SqliteTransaction::~SqliteTransaction() {
  if (database_ == nullptr) return;
  // On purpose ignored, because SQLite may have rolled back by itself after the error that led
  // here.
  database_->Execute("ROLLBACK").IgnoreError();
}

absl::Status SqliteTransaction::Commit() {
  TM_RETURN_IF_ERROR(database_->Execute("COMMIT"));
  database_ = nullptr;
  return absl::OkStatus();
}

std::string SqlName(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += c;
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace tidemark
