#include "runtime/snapshot_keeper.h"

#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/quantity.h"
#include "base/status.h"
#include "recovery/disk_use.h"
#include "recovery/manifest.h"
#include "recovery/state_directory.h"

namespace tidemark {
namespace {

constexpr int64_t kDiskIntervalUs = 1'000'000;

}  // namespace

SnapshotKeeper::SnapshotKeeper(Options options)
    : options_(std::move(options)),
      inbox_({.files = options_.files, .state_directory = options_.directory, .say = options_.say}),
      last_us_(MonotonicMicros()),
      none_yet_(options_.is_restored) {}

bool SnapshotKeeper::wanted() const { return asked_.load() || inbox_.HasAny(); }

absl::Status SnapshotKeeper::AfterCommit(StateStore& store, const EpochRecord& record, bool last,
                                         bool nothing_new) {
  // Taken before the snapshot, so that who asks while it is made gets one of its own.
  const bool asked = asked_.exchange(false);
  const bool due = none_yet_ || MonotonicMicros() - last_us_ >= options_.interval.us;
  if (asked || (!nothing_new && (last || due))) {
    TM_RETURN_IF_ERROR(MakeDue(store, record));
  }
  AnswerRequests(store, record);
  const int64_t now = MonotonicMicros();
  if (now - disk_looked_us_ < kDiskIntervalUs) return absl::OkStatus();
  disk_looked_us_ = now;
  return CheckDisk();
}

absl::Status SnapshotKeeper::CheckDisk() const {
  if (options_.disk_bytes_max == 0) return absl::OkStatus();
  return CheckDiskUse(*options_.files, options_.directory, options_.disk_bytes_max);
}

absl::Status SnapshotKeeper::MakeDue(StateStore& store, const EpochRecord& record) {
  const int64_t begin_us = MonotonicMicros();
  TM_ASSIGN_OR_RETURN(const Snapshot snapshot,
                      MakeSnapshot(*options_.files, store, options_.directory, record,
                                   {.name = "", .copy = false, .store = options_.store}));
  options_.made(snapshot);
  Say(snapshot, /*copy=*/false, begin_us);
  TM_ASSIGN_OR_RETURN(const std::vector<std::string> removed,
                      ApplyRetention(*options_.files, options_.directory, options_.retention,
                                     options_.clock->Now()));
  for (const std::string& line : removed) options_.say(line);
  last_us_ = MonotonicMicros();
  none_yet_ = false;
  return absl::OkStatus();
}

void SnapshotKeeper::AnswerRequests(StateStore& store, const EpochRecord& record) {
  for (const SnapshotRequest& request : inbox_.List()) {
    inbox_.Answer(request.id, MakeFor(request, store, record));
  }
}

SnapshotAnswer SnapshotKeeper::MakeFor(const SnapshotRequest& request, StateStore& store,
                                       const EpochRecord& record) {
  const int64_t begin_us = MonotonicMicros();
  SnapshotAnswer answer;
  if (!request.name.empty()) answer.status = CheckSnapshotName(request.name);
  if (!answer.status.ok()) return answer;
  const auto snapshot =
      MakeSnapshot(*options_.files, store, options_.directory, record,
                   {.name = request.name, .copy = request.copy, .store = options_.store});
  answer.status = snapshot.status();
  if (!snapshot.ok()) return answer;
  options_.made(*snapshot);
  Say(*snapshot, request.copy, begin_us);
  answer.path = snapshot->path;
  answer.epoch = record.epoch.value;
  answer.bytes = snapshot->bytes();
  return answer;
}

void SnapshotKeeper::Say(const Snapshot& snapshot, bool copy, int64_t begin_us) {
  uint64_t keys = 0;
  for (const StepRecord& step : snapshot.manifest.record.steps) keys += step.keys;
  const double ms = static_cast<double>(MonotonicMicros() - begin_us) / 1e3;
  options_.say(Cat("snapshot ", snapshot.path, ": epoch ", snapshot.manifest.record.epoch.value,
                   ", ", FormatCount(keys), keys == 1 ? " key, " : " keys, ",
                   FormatBytes(snapshot.bytes()), ", in ", absl::StrFormat("%.0f ms", ms)));
  if (copy || said_unshared_ ||
      !IsCopyForLackOfLinks(*options_.files, snapshot, StorePath(options_.directory))) {
    return;
  }
  said_unshared_ = true;
  options_.say(
      Cat(options_.directory, ": no hard links can be made here, so each snapshot is a full copy"));
}

}  // namespace tidemark
