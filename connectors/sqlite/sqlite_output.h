// SqliteOutput: the table under a SQLite sink, whatever its items are (sqlite_sink.h).
//
// Rows of an epoch are collected, go into the commit as bytes, and are written after it in one
// transaction with the epoch's number (sqlite_owner.h). So a crash at any moment leaves either
// both or neither, and the commit's rows are published again at the next start.
//
// Position: {epoch, earlier, run_line}, see TableFacts::Committed; `path` and `table` where they
// are known.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/files.h"
#include "base/ids.h"
#include "connectors/rows/lines.h"
#include "connectors/sqlite/sqlite_database.h"
#include "connectors/sqlite/sqlite_owner.h"
#include "connectors/sqlite/sqlite_rows.h"
#include "connectors/sqlite/sqlite_table.h"
#include "engine/position.h"
#include "engine/sink_step.h"
#include "engine/skip_log.h"

namespace tidemark {

struct SqliteTableOptions {
  // The database; made if missing, with its directories. Beside it SQLite keeps `<path>-wal` and
  // `<path>-shm`: copy or move the three together.
  std::string path;
  // Made with the columns of its first rows, if missing.
  std::string table;
  // Columns of which no two rows have the same values: a row replaces the one of its key. Nulls are
  // the same value, and so is a column that a row does not have; but it needs one of them. None:
  // rows are only added.
  std::vector<std::string> key = {};
  // What becomes of a row that the table cannot take: the run ends, or it is left out and counted.
  OnError on_error = OnError::kStop;
  // How long a lock of another program is waited for; an error follows, and nothing is lost.
  absl::Duration busy_timeout = absl::Seconds(10);
};

// What is wrong with a table's name or key; OK when nothing is.
absl::Status CheckTableName(std::string_view table);
absl::Status CheckTableKey(const std::vector<std::string>& key);

// Thread rule: as for SinkWriter.
class SqliteOutput {
 public:
  // Of a table; SQLite has no room for more than 2000.
  static constexpr size_t kColumnsMax = 1000;

  // Why Open() would refuse; leaves the database as it is.
  static absl::Status Check(const SqliteTableOptions& options,
                            const std::optional<Position>& resume, const SinkContext& context);
  static absl::StatusOr<std::unique_ptr<SqliteOutput>> Open(const SqliteTableOptions& options,
                                                            const std::optional<Position>& resume,
                                                            const SinkContext& context);

  // On the worker. `place`: where the row was read, or empty. An error names the row.
  absl::Status Add(SqliteRow row, const std::string& place = "");
  // What Add() would do with an item that is not a row; the reason names it.
  absl::Status Refuse(const absl::Status& why, const std::string& place);
  EpochOutput EndEpoch(Epoch epoch);
  // On the committer.
  absl::Status Publish(Epoch epoch, OutboxReader& rows);
  // The first commit of this line of runs: what it replaced is no longer needed.
  absl::Status Committed();

  // "out/quakes.db, table 'daily'"
  const std::string& where() const { return where_; }

 private:
  SqliteOutput(const SqliteTableOptions& options, const SinkContext& context);

  absl::Status CheckRow(const SqliteRow& row);
  absl::Status CompleteKey(SqliteRow& row) const;
  // Of the table's own rules, when the row is in the commit already.
  absl::Status RefuseCommitted(const SqliteRowsReader& row, const absl::Status& why);

  // In a transaction, so that a refusal, or a mere check, leaves nothing behind.
  enum class Outcome { kKept, kRolledBack };
  absl::Status Prepare(const std::optional<Position>& resume, const SinkContext& context,
                       Outcome outcome);
  absl::Status CarryOut(const TableFacts& facts, const TablePlan& plan, const SinkContext& context);
  // What tidemark_sinks says; nothing when another writer has taken the table.
  absl::StatusOr<std::optional<int64_t>> PublishedEpoch();
  absl::Status CheckIsInPlace();

  const SqliteTableOptions options_;
  const std::string where_;
  const std::string run_line_;
  const std::string sink_;
  Files* const files_;
  SkipLog* const skips_;
  std::string real_path_;  // for messages of later starts; empty when that is not known

  // Of the worker.
  SqliteRowsWriter rows_;
  std::set<std::string> known_columns_;       // in lower case, as SQLite compares them
  std::vector<std::string> checked_columns_;  // of the row before
  int64_t last_epoch_ = 0;                    // with rows

  // Of the committer; used by Open() before there is one.
  std::unique_ptr<SqliteDatabase> database_;
  FileInfo file_;  // as it was when it was last looked at
  std::unique_ptr<SqliteTableWriter> table_;
  bool made_table_ = false;
  std::atomic<bool> has_undo_{false};  // read by the worker
  int64_t opened_ = 0;                 // tells this writer from another one of the same line
};

}  // namespace tidemark
