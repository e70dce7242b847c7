// PlanTable: whose rows a table has, and what may therefore be done to it.
//
// A table cannot be cut back like a file. What makes it exactly-once is that its rows and the
// number of their epoch are written in one transaction, the number into a table beside it:
//
//   tidemark_sinks   sink    run_line   epoch …
//                    daily   2f6c1d     17        all rows up to epoch 17 are in `daily`
//
// So whether an epoch's rows are there is known, and a second time changes nothing. PlanTable()
// decides over these facts alone; SqliteOutput (sqlite_output.h) carries the decision out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"

namespace tidemark {

// The line of a table in tidemark_sinks.
struct TableOwner {
  std::string run_line;     // empty: a run without state
  int64_t epoch = 0;        // whose rows are the last ones in the table
  bool made_table = false;  // by this sink, so that it may be made anew
};

struct TableFacts {
  std::string where;  // "out/quakes.db, table 'daily'"
  bool exists = false;
  bool has_rows = false;
  bool has_key = false;  // rows of the same key are replaced
  std::optional<TableOwner> owner = {};
  // As in SinkContext.
  std::string run_line = {};
  std::string replaced_line = {};
  // The sink's part of the last committed epoch; nothing on a fresh start.
  struct Committed {
    std::string run_line;
    int64_t epoch = 0;    // the last one with rows; 0 when there was none
    int64_t earlier = 0;  // what is surely published: `epoch`, or the one with rows before it
  };
  std::optional<Committed> resume = {};
};

struct TablePlan {
  // Not OK: the sink cannot be opened, and nothing was touched.
  absl::Status refusal;
  // Rename the table to `<table>_old_N` first; then there is none.
  bool move_aside = false;
  // Remove its rows.
  bool clear = false;
  // What tidemark_sinks then says.
  int64_t epoch = 0;
};

TablePlan PlanTable(const TableFacts& facts);

}  // namespace tidemark
