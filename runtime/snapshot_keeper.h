// SnapshotKeeper: the snapshots of a run: when one is due or requested (Ask(), a file in
// DIR/requests/), which old ones to remove, and whether the total exceeds its disk budget.
//
//   SnapshotKeeper keeper({.files = &files, .clock = &clock, .directory = "state", .say = say});
//   runner_options.after_commit = [&] { return keeper.AfterCommit(store, job->record(), last); };
//   runner_options.report = [&] { if (keeper.wanted()) job->RequestEpoch(); };
//
// Thread rule: AfterCommit() on the committer's thread; wanted() and Ask() from any,
// Ask() from signal handlers as well.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/timestamp.h"
#include "proto/epoch_record.h"
#include "recovery/request_inbox.h"
#include "recovery/requests.h"
#include "recovery/retention.h"
#include "recovery/snapshot.h"
#include "state/rocksdb_store.h"
#include "state/store.h"

namespace tidemark {

class SnapshotKeeper {
 public:
  struct Options {
    Files* files = nullptr;
    const Clock* clock = nullptr;
    std::string directory;
    Span interval = Span::Seconds(60);
    RetentionRule retention;
    // Maximum size of the state directory; 0: unlimited.
    uint64_t disk_bytes_max = 0;
    // The state was restored from a snapshot or is a copy: its first commit is followed by a
    // snapshot of its own, so that there is a way back from damage.
    bool is_restored = false;
    // How a copy of the store is looked at, see SnapshotOptions.
    RocksStoreOptions store = {};
    std::function<void(const std::string&)> say;
    std::function<void(const Snapshot&)> made = [](const Snapshot&) {};
  };
  explicit SnapshotKeeper(Options options);

  // ResourceExhausted if the directory exceeds its maximum size.
  absl::Status CheckDisk() const;

  // At start: removes unclaimed answers of earlier runs.
  void RemoveOldAnswers() { inbox_.RemoveOldAnswers(); }

  // Requests one at the next epoch.
  void Ask() { asked_.store(true); }
  // True if a snapshot request is waiting. Checks a directory.
  bool wanted() const;

  // Makes the snapshots that are due at `record`, the epoch of the store. `last`: the last commit
  // of this run, so one is made if anything changed since the start. An error stops the run; an
  // error that concerns only a request goes to the requester.
  absl::Status AfterCommit(StateStore& store, const EpochRecord& record, bool last,
                           bool nothing_new);

 private:
  absl::Status MakeDue(StateStore& store, const EpochRecord& record);
  void AnswerRequests(StateStore& store, const EpochRecord& record);
  SnapshotAnswer MakeFor(const SnapshotRequest& request, StateStore& store,
                         const EpochRecord& record);
  void Say(const Snapshot& snapshot, bool copy, int64_t begin_us);

  const Options options_;
  std::atomic<bool> asked_{false};
  RequestInbox inbox_;
  int64_t disk_looked_us_ = 0;  // monotonic
  int64_t last_us_;             // monotonic
  bool none_yet_;               // true: one is due immediately
  bool said_unshared_ = false;
};

}  // namespace tidemark
