// SessionOptions: what a run is given besides its flow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/timestamp.h"
#include "engine/channel.h"
#include "engine/job.h"
#include "proto/epoch_record.h"
#include "recovery/retention.h"
#include "recovery/snapshot.h"
#include "recovery/state_directory.h"
#include "state/rocksdb_store.h"
#include "state/store.h"

namespace tidemark {

// The only way to the world; all of it outlives the session.
struct Machine {
  Files* files = nullptr;
  const Clock* clock = nullptr;
};

// Where a session has something to say. Called from any of its threads, one call at a time is not
// promised.
struct SessionEvents {
  // A note for whoever looks on: one line.
  std::function<void(const std::string& line)> note = [](const std::string&) {};
  // What has to be read: damage, what was put back, what an earlier start has left.
  std::function<void(const std::string& line)> warning = [](const std::string&) {};
  // An epoch with changes is committed, and what its run has replaced is gone; on the committer's
  // thread.
  std::function<void()> committed = [] {};
  // A snapshot was made; on the committer's thread.
  std::function<void(const Snapshot& snapshot)> snapshot = [](const Snapshot&) {};
  // Asked while a start waits for something outside, such as a broker, and by any of its threads:
  // true ends the wait, and the start, with Cancelled. Default: it waits.
  std::function<bool()> stop_wanted = [] { return false; };
  // Every `tick_interval` while Run() runs, on its thread.
  std::function<void()> tick = [] {};
  Span tick_interval = Span::Infinite();
};

// For simulations and test kits: what stands between a session and what it would find in a real
// process. A run of the command leaves all of it alone.
struct SessionHooks {
  // How the store is opened; what stands there is what a run would have.
  std::function<void(RocksStoreOptions& store)> adjust_store = [](RocksStoreOptions&) {};
  // Names lines of runs.
  std::function<std::string()> new_line = NewRunLine;
  // The state directory is open, and nothing else.
  std::function<absl::Status(StateDirectory& directory)> check = [](StateDirectory&) {
    return absl::OkStatus();
  };
  // What the job sees as the store, and as what it resumes from.
  std::function<StateStore*(StateStore& store)> wrap_store = [](StateStore& store) {
    return &store;
  };
  std::function<void(JobOptions& job)> adjust = [](JobOptions&) {};
};

struct SessionOptions {
  // Where state lives; empty: nothing is kept.
  std::string state_directory;
  // The permissions of a state directory that is made, see recovery/state_files.h.
  unsigned state_mode = 0700;
  // Start from this snapshot, as a fork: `state_directory` must be new or `fresh`.
  std::string from_snapshot;
  // Discard what `state_directory` holds.
  bool fresh = false;
  // What the state directory may take on its disk, snapshots and all; 0: as much as there is. A run
  // that would take more stops after the epoch with which it does.
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
  Span epoch_interval = Span::Seconds(1);
  // Infinite: only on request, and at the end of a run.
  Span snapshot_interval = Span::Seconds(60);
  // Which snapshots are kept.
  RetentionRule retention;
  int workers = 1;
  // Of hot state, of what an epoch writes, and of the store's caches; at least 1 MiB. The process
  // takes up to 100 MiB more.
  size_t memory_bytes = size_t{1} << 30;

  // ---- for tests ----
  // Items read from a source in one go, and the bound of the channels between workers: neither
  // affects results.
  size_t batch_items_max = 1024;
  size_t channel_batches_max = Channel::kBatchesMax;
  // See JobTime::Options.
  bool regular_looks = false;
  SessionHooks hooks = {};
};

}  // namespace tidemark
