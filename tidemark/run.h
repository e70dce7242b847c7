// RunFlow: runs a flow the way the command does: opens the state directory, resumes, shows what
// happens, takes snapshots, stops on a signal.
//
// Status goes to standard error, results never do. Returns the process's exit code, see
// tidemark/exit_code.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/timestamp.h"
#include "proto/epoch_record.h"
#include "recovery/retention.h"
#include "tidemark/flow.h"

namespace tidemark {

struct RunOptions {
  // Where state lives; empty: nothing is kept.
  std::string state_directory;
  // The permissions of a state directory that is made, see recovery/state_files.h.
  unsigned state_mode = 0700;
  // Start from this snapshot, as a fork: `state_directory` must be new or `fresh`.
  std::string from_snapshot;
  // Discard what `state_directory` holds.
  bool fresh = false;
  // What the state directory may take on its disk, snapshots and all; 0: as much as there is. A run
  // that would take more stops behind the epoch with which it does.
  uint64_t disk_bytes_max = 0;
  // Remove the state of this step, which the flow no longer has; empty: none.
  std::string drop_state;
  // Take outputs that belong to another job: one that this run was forked from is cut back and
  // continued, another one's is moved aside.
  bool take_over = false;
  // Sinks that begin a new output, while the state is kept.
  std::vector<std::string> new_outputs;
  // Items that stop every run and are to be stepped over; recorded with the state.
  std::vector<SkippedItem> skip_items;
  // Where the store is damaged, go back to the newest whole snapshot and say so; else refuse.
  bool fall_back = true;
  // No status line, no notes.
  bool quiet = false;
  Span epoch_interval = Span::Seconds(1);
  Span snapshot_interval = Span::Seconds(60);
  // Which snapshots are kept.
  RetentionRule retention;
  int workers = 1;
  // Of hot state, of what an epoch writes, and of the store's caches; at least 1 MiB. The process
  // takes up to 100 MiB more.
  size_t memory_bytes = size_t{1} << 30;
};

// What a run uses of the machine; everything outlives the call.
struct RunContext {
  Files* files = nullptr;
  const Clock* clock = nullptr;
};

int RunFlow(const Flow& flow, const RunOptions& options, const RunContext& context);

}  // namespace tidemark
