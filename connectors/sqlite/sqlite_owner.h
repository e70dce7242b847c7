// PlanTable: whose rows a table has, and what may therefore be done to it.
//
// A table cannot be cut back like a file. What makes it exactly-once is that its rows and the
// number of their epoch are written in one transaction, the number into a table beside it
// (docs/formats/output-owner.md):
//
//   tidemark_sinks   sink    run_line   epoch …
//                    daily   2f6c1d     17        all rows up to epoch 17 are in `daily`
//
// So whether an epoch's rows are there is known, and a second time changes nothing. PlanTable()
// decides over these facts alone; SqliteOutput (sqlite_output.h) carries the decision out. A
// refusal advises only what PlanTable() would then accept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "connectors/claim/output_owner.h"

namespace tidemark {

// The line of a table in tidemark_sinks.
struct TableOwner {
  std::string run_line;     // empty: a run without state
  int64_t epoch = 0;        // whose rows are the last ones in the table
  bool made_table = false;  // by this sink, so that it may be made anew
  // Empty in lines of older versions.
  std::string job = {};
  std::string state_directory = {};
  // The table was begun anew behind this epoch: earlier rows are in another one. 0: never.
  int64_t begun = 0;
};

struct TableFacts {
  std::string where;  // "out/quakes.db, table 'daily'"
  bool exists = false;
  bool has_rows = false;
  bool has_key = false;  // rows of the same key are replaced
  std::optional<TableOwner> owner = {};
  OwnerState owner_state = OwnerState::kUnknown;
  // As in SinkContext.
  std::string run_line = {};
  std::string replaced_line = {};
  std::string state_directory = {};
  std::string sink = {};
  uint64_t resume_epoch = 0;
  uint64_t went_back_from = 0;
  bool take_over = false;
  bool new_output = false;
  // The sink's part of the last committed epoch; nothing on a fresh start.
  struct Committed {
    std::string run_line;
    int64_t epoch = 0;    // the last one with rows; 0 when there was none
    int64_t earlier = 0;  // what is surely published: `epoch`, or the one with rows before it
  };
  std::optional<Committed> resume = {};
  // Of the table that the sink wrote before, when it is in this database under another name: the
  // epoch of its last rows.
  std::optional<int64_t> elsewhere_epoch = {};
  // Where the rows of that epoch are, if elsewhere, and the commands that bring them here; no
  // commands when they are not there any more.
  std::string was_at = {};
  std::string bring_here = {};
};

struct TablePlan {
  // Not OK: the sink cannot be opened, and nothing was touched.
  absl::Status refusal;
  // Rename the table to `<table>_old_N` first; then there is none.
  bool move_aside = false;
  // The table that is moved aside has rows of epochs after the one at which the run resumes, and
  // they are written again.
  bool repeats = false;
  // Remove its rows.
  bool clear = false;
  // What tidemark_sinks then says.
  int64_t epoch = 0;
  int64_t begun = 0;
};

TablePlan PlanTable(const TableFacts& facts);

// What a person can do when rows up to `resume->epoch` are missing: "put the database back, …".
absl::Status RowsAreMissing(const TableFacts& facts, const std::string& what);

// Whose it is, in words: "is written by job 'a', whose state is /srv/a.state".
std::string DescribeOwner(const TableFacts& facts);

}  // namespace tidemark
