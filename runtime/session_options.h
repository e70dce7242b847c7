// SessionOptions: the parameters of a run besides its flow, and its events. The defaults are those
// of the command. docs/cpp.md has a program that sets some of them.
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

// The session's only access to the machine; all of it outlives the session. NewPosixFiles()
// (base/files.h) and SystemClock (base/clock.h) are the real ones.
struct Machine {
  Files* files = nullptr;
  const Clock* clock = nullptr;
};

// Callbacks. Called from any thread of the session, unless noted, and possibly at the same time.
struct SessionEvents {
  // A note for an onlooker: one line.
  std::function<void(const std::string& line)> note = [](const std::string&) {};
  // A line that should be read: damage, a restored output, the rest of an earlier start.
  std::function<void(const std::string& line)> warning = [](const std::string&) {};
  // An epoch with changes is committed; on the committer's thread.
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

// For simulations and test kits: replaces parts of a real process. Other callers leave it alone.
struct SessionHooks {
  // Changes how the store is opened; receives the options of a normal run.
  std::function<void(RocksStoreOptions& store)> adjust_store = [](RocksStoreOptions&) {};
  // Makes lineage ids.
  std::function<std::string()> new_line = NewRunLine;
  // Called when the state directory is open, before anything else is.
  std::function<absl::Status(StateDirectory& directory)> check = [](StateDirectory&) {
    return absl::OkStatus();
  };
  // Wraps the store that the job commits to and resumes from.
  std::function<StateStore*(StateStore& store)> wrap_store = [](StateStore& store) {
    return &store;
  };
  std::function<void(JobOptions& job)> adjust = [](JobOptions&) {};
};

struct SessionOptions {
  // The state directory, created if it is missing; empty: nothing is kept.
  std::string state_directory;
  // The permissions of a new state directory, see recovery/state_files.h.
  unsigned state_mode = 0700;
  // Start from this snapshot, as a fork: `state_directory` must be new or `fresh`.
  std::string from_snapshot;
  // Discard what `state_directory` holds.
  bool fresh = false;
  // Maximum size of the state directory, snapshots included; 0: unlimited. A run that exceeds it
  // stops after that epoch.
  uint64_t disk_bytes_max = 0;
  // Remove the state of this step, which is no longer in the flow; empty: none.
  std::string drop_state;
  // Take outputs that belong to another job: that of the original of a fork is truncated and
  // continued, any other is moved aside.
  bool take_over = false;
  // Names of sinks that begin a new output, while the state is kept.
  std::vector<std::string> new_outputs;
  // Items that fail each time and are skipped; recorded with the state.
  std::vector<SkippedItem> skip_items;
  // If the store is damaged, go back to the newest whole snapshot and warn; false: refuse.
  bool fall_back = true;
  // How long after its first change an epoch is committed.
  Span epoch_interval = Span::Seconds(1);
  // How often a snapshot is made. Infinite: only on request, and at the end of a run.
  Span snapshot_interval = Span::Seconds(60);
  // Which snapshots are kept.
  RetentionRule retention;
  // Threads that process items; results do not depend on their number, which may change from run to
  // run.
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
