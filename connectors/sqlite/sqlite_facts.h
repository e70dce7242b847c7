// What is known of a table when its sink is opened, for PlanTable() (sqlite_owner.h) to decide
// over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "connectors/sqlite/sqlite_database.h"
#include "connectors/sqlite/sqlite_owner.h"
#include "engine/position.h"
#include "engine/sink_step.h"

namespace tidemark {

struct TablePlace {
  std::string path;
  std::string table;
  bool has_key = false;
};

// "out/quakes.db, table 'daily'"
std::string WhereIs(const TablePlace& place);

// The table tidemark_sinks, with all the columns that this version writes.
absl::Status MakeOwners(SqliteDatabase& database);

struct FoundTable {
  TableFacts facts;
  int64_t opened = 0;  // how often the table has been opened, 0: never
};
// Within a transaction, behind MakeOwners().
absl::StatusOr<FoundTable> FindTable(SqliteDatabase& database, const TablePlace& place,
                                     const std::optional<Position>& resume,
                                     const SinkContext& context);

// Before a database is opened: one that is gone is not made anew, so that a refused start leaves
// nothing behind.
absl::Status CheckDatabaseIsThere(const TablePlace& place, const std::optional<Position>& resume,
                                  const SinkContext& context);

}  // namespace tidemark
