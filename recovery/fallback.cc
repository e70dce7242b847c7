#include "recovery/fallback.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/strip.h"
#include "base/status.h"
#include "recovery/damaged_rows.h"
#include "recovery/manifest.h"
#include "recovery/restore.h"
#include "recovery/resume_plan.h"
#include "recovery/snapshot.h"
#include "recovery/state_directory.h"
#include "state/rocksdb_store.h"
#include "state/rocksdb_tables.h"

namespace tidemark {
namespace {

// The last record that can still be read: the store's own, or that of any manifest. It decides
// nothing, it only tells people what is done again.
std::optional<EpochRecord> LastKnown(Files& files, const std::string& state_directory) {
  std::optional<EpochRecord> last;
  const auto take = [&](const absl::StatusOr<EpochRecord>& record) {
    if (record.ok() && (!last || last->epoch < record->epoch)) last = *record;
  };
  const auto store = ListStore(StorePath(state_directory), EpochRowKey());
  if (store.ok() && store->row) take(DecodeEpochRecord(*store->row));
  const std::string snapshots = SnapshotsPath(state_directory);
  for (const std::string& name : files.List(snapshots).value_or(std::vector<std::string>{})) {
    const std::string path = Cat(snapshots, "/", name, "/manifest");
    const auto bytes = ReadSmallFile(files, path);
    if (!bytes.ok()) continue;
    const auto manifest = UnwrapManifest(path, *bytes);
    if (manifest.ok()) take(manifest->record);
  }
  return last;
}

// The newest snapshot in which every file is whole. `why_not` gets a reason for each newer one.
absl::StatusOr<std::optional<Snapshot>> NewestWhole(Files& files,
                                                    const std::string& state_directory,
                                                    const std::string& damage,
                                                    const FallbackOptions& options,
                                                    std::vector<std::string>& why_not) {
  std::vector<DamagedSnapshot> damaged;
  TM_ASSIGN_OR_RETURN(auto snapshots, ListSnapshots(files, state_directory, &damaged));
  if (!snapshots.empty()) options.say(damage);  // why it reads so much now
  for (const DamagedSnapshot& snapshot : damaged) {
    why_not.emplace_back(snapshot.why.message());
  }
  for (auto snapshot = snapshots.rbegin(); snapshot != snapshots.rend(); ++snapshot) {
    options.say(Cat("reading all of the snapshot ", snapshot->path));
    const std::vector<absl::Status> faults = CheckSnapshot(
        files, *snapshot, [](uint64_t) {}, options.store);
    if (faults.empty()) return std::optional<Snapshot>(std::move(*snapshot));
    why_not.emplace_back(faults[0].message());
  }
  return std::optional<Snapshot>();
}

// A name beside the store that nobody has.
std::string AsidePath(Files& files, const std::string& state_directory, Epoch epoch) {
  const std::string base = Cat(StorePath(state_directory), ".damaged-", epoch.value);
  std::string path = base;
  for (int n = 2; files.Stat(path).ok(); ++n) path = Cat(base, "-", n);
  return path;
}

}  // namespace

std::string WithoutAdvice(const absl::Status& damage) {
  const std::string words(damage.message());
  return std::string(absl::StripSuffix(words, Cat("; ", kDamagedStoreAdvice)));
}

std::string DescribeReplay(const EpochRecord& from, const std::optional<EpochRecord>& lost) {
  const bool known = lost && from.epoch < lost->epoch;
  std::string text = Cat("what was committed after epoch ", from.epoch.value, " is done again");
  if (known && lost->epoch.value == from.epoch.value + 1) {
    text = Cat("epoch ", lost->epoch.value, " is done again");
  } else if (known) {
    text = Cat("epochs ", from.epoch.value + 1, " to ", lost->epoch.value, " are done again");
  }
  std::string separator = ": ";
  for (const SourceRecord& source : from.sources) {
    std::string stood;
    if (known) {
      const auto then =
          std::find_if(lost->sources.begin(), lost->sources.end(), [&](const SourceRecord& s) {
            return s.step == source.step && s.partition == source.partition;
          });
      if (then == lost->sources.end() || then->position == source.position) continue;
      stood = Cat(" (it was at ", DescribePosition(then->position), ")");
    }
    text += Cat(separator, source.step, "/", source.partition, " from ",
                DescribePosition(source.position), stood);
    separator = ", ";
  }
  return text;
}

absl::Status FallBack(Files& files, const std::string& state_directory, const absl::Status& damage,
                      const FallbackOptions& options) {
  const std::optional<EpochRecord> lost = LastKnown(files, state_directory);
  const std::string rows = DescribeDamagedRows(StorePath(state_directory), damage, lost);
  const std::string what = Cat(WithoutAdvice(damage), rows.empty() ? "" : "; ", rows);
  if (!options.allowed) {
    return absl::DataLossError(
        Cat(what, "; without --no-fallback the run goes back to the newest whole snapshot"));
  }
  std::vector<std::string> why_not;
  TM_ASSIGN_OR_RETURN(const auto snapshot,
                      NewestWhole(files, state_directory, what, options, why_not));
  if (!snapshot) {
    return absl::DataLossError(
        Cat(what,
            why_not.empty() ? "; there is no snapshot to go back to"
                            : Cat("; no snapshot is whole either: ", why_not[0]),
            "; put the file back, start from a copy with --from SNAPSHOT --fresh, or start over "
            "with --fresh"));
  }
  for (const std::string& reason : why_not) options.say(reason);
  const EpochRecord& record = snapshot->manifest.record;
  TM_RETURN_IF_ERROR(options.check(record));
  if (!options.obstacle.empty()) {
    return absl::FailedPreconditionError(
        Cat(what, "; it cannot go back to the snapshot ", snapshot->path, " by itself, because ",
            options.obstacle, "; to do it all the same: --fresh --from ", snapshot->path,
            " --take-over"));
  }
  TM_RETURN_IF_ERROR(
      PrepareRestore(files, *snapshot, state_directory, record.run_line, options.store));
  // From here on a crash leads back to here: the mark says that whatever stands there as the store
  // is to be looked at as a whole.
  TM_RETURN_IF_ERROR(MarkDamaged(files, state_directory, damage));
  const std::string store = StorePath(state_directory);
  const std::string aside = AsidePath(files, state_directory, record.epoch);
  if (files.Stat(store).ok()) {
    TM_RETURN_IF_ERROR(files.Rename(store, aside));
    options.say(Cat("the damaged store is kept as ", aside));
  }
  TM_RETURN_IF_ERROR(files.Rename(PartialStorePath(state_directory), store));
  TM_RETURN_IF_ERROR(files.SyncDirectory(state_directory));
  TM_RETURN_IF_ERROR(UnmarkDamaged(files, state_directory));
  options.say(
      Cat("goes back to the snapshot ", snapshot->path, ": ", DescribeReplay(record, lost)));
  return absl::OkStatus();
}

}  // namespace tidemark
