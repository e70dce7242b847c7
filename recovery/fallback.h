// FallBack: the store is damaged, a snapshot takes its place.
//
//   options.on_damaged = [&](const absl::Status& damage) {
//     return FallBack(files, "state", damage, {.say = say});
//   };
//
// What is promised: the newest snapshot of which every byte is what it was, so none that shares a
// damaged file; the damaged store stays, as store.damaged-<epoch of the snapshot>; what will be
// done again is said; a crash in the middle begins again at the next start. What a later store had
// committed is done again from the snapshot's positions, so outputs must be such that can be cut
// back: the caller knows its sinks, and gives an obstacle where they are not.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "base/files.h"
#include "proto/epoch_record.h"
#include "state/rocksdb_store.h"

namespace tidemark {

struct FallbackOptions {
  // False: --no-fallback. The damage is returned with what could have been done.
  bool allowed = true;
  // Why the job cannot go back, for people; empty: it can.
  std::string obstacle = {};
  // Whether the job could go on from a record at all: the state of another job is not exchanged
  // for an older one by a start that is refused behind that.
  std::function<absl::Status(const EpochRecord&)> check = [](const EpochRecord&) {
    return absl::OkStatus();
  };
  std::function<void(const std::string&)> say = [](const std::string&) {};
  // For simulations, see StateDirectory::Options.
  RocksStoreOptions store = {};
};

// Puts the store of the newest whole snapshot in place. The caller holds the directory's lock.
// DataLoss when none is whole, FailedPrecondition for an obstacle or what `check` says: then
// nothing was changed.
absl::Status FallBack(Files& files, const std::string& state_directory, const absl::Status& damage,
                      const FallbackOptions& options);

// The damage without the advice to resume from a snapshot, where that is being done.
std::string WithoutAdvice(const absl::Status& damage);

// "epochs 41 to 57 are done again: in/file from line 120 (it stood at line 300)". `lost` is the
// last that is known of what was committed; nothing when that cannot be read.
std::string DescribeReplay(const EpochRecord& from, const std::optional<EpochRecord>& lost);

}  // namespace tidemark
