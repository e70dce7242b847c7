// OpenPlan: what a start does with the state directory that it finds.
//
// Decisions over facts alone, so that each combination is a line of a table in a test. A start
// makes three of them, since what it learns by the hands of one is a fact of the next:
//
//   PlanUnfinished   what becomes of an earlier start that died (recovery/start_note.h)
//   PlanOpen         what is done with the store that stands there, before it is opened
//   PlanOpened       whether what was opened is what was committed
//
// StateDirectory gathers the facts and carries out what was decided (state_directory_start.cc).
// Whether a flow may go on from the record is recovery/resume_plan.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "recovery/commit_note.h"
#include "recovery/start_note.h"

namespace tidemark {

// ---- an earlier start ----

// What stands in a state directory when a start begins.
struct UnfinishedFacts {
  bool fresh = false;  // this start replaces what is there
  bool from = false;   // it begins from a snapshot
  bool has_store = false;
  bool has_aside = false;  // store.old
  std::optional<StartNote> note = {};
  // Of the record in store/; empty and 0 where there is none that can be read.
  std::string store_line = {};
  uint64_t store_epoch = 0;
};

enum class Unfinished {
  kNone,      // there is none, or it had not come to change the state
  kCarryOn,   // what it put there is the state: nothing stands aside
  kFinish,    // it has committed: what stands aside goes
  kTakeBack,  // what stands aside is the state again, and what it put there goes
};

Unfinished PlanUnfinished(const UnfinishedFacts& facts);

// ---- the store ----

// How the directory store/ looks from outside.
enum class StoreFiles {
  kMissing,
  kEmpty,
  kWithoutCurrent,  // files, and none that says which of them are the store
  kWithoutLog,      // RocksDB would open it, and what was in the log would be gone
  kThere,
};

// OK, or why no start trusts a store that looks so from outside: DataLoss. For those who only read
// it, and would see what RocksDB makes of the files that are left.
absl::Status CheckStoreFiles(const std::string& directory, StoreFiles files);

struct OpenFacts {
  std::string directory = {};  // for messages, like the paths below
  bool fresh = false;          // replace what is there
  bool from = false;           // begin from a snapshot, which has not been done yet
  StoreFiles store = StoreFiles::kMissing;
  std::string newest_snapshot = {};      // its path
  std::optional<std::string> mark = {};  // why an earlier run found the store damaged
  // Of a start that died, and is not this one.
  std::optional<StartNote> note = {};
};

struct OpenPlan {
  enum class Kind {
    kRefuse,    // `why`; nothing has been changed
    kReplace,   // what is there waits aside until the first commit
    kCreate,    // a new store
    kOpen,      // the one that is there
    kReadAll,   // all of it, before it is believed: then the plan is made again, or it is damaged
    kFallBack,  // `why` it is damaged
  };
  Kind kind = Kind::kRefuse;
  absl::Status why = absl::OkStatus();
};

OpenPlan PlanOpen(const OpenFacts& facts);

// ---- what was opened ----

struct OpenedFacts {
  std::string directory = {};
  // Of opening the store: OK, or why it cannot be.
  absl::Status opened = absl::OkStatus();
  bool had_current = false;  // it was there when it was opened
  // Of its record; empty and 0 in a new one.
  std::string run_line = {};
  uint64_t epoch = 0;
  std::string newest_snapshot = {};
  CommitNote committed = {};
};

// kOpen: it is what was committed. kFallBack and kRefuse as above.
OpenPlan PlanOpened(const OpenedFacts& facts);

}  // namespace tidemark
