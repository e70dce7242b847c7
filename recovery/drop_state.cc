#include "recovery/drop_state.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/status.h"
#include "recovery/state_directory.h"
#include "state/run.h"
#include "state/state_key.h"

namespace tidemark {
namespace {

// A deleted range costs every later read near it, so few rows go one by one.
constexpr size_t kSingleRowsMax = 64;

absl::Status DropRange(const StateStore& store, const RowRange& range, RunBuilder& run) {
  std::vector<std::string> keys;
  const auto cursor = store.Scan(range.from, range.to);
  for (; cursor->Valid() && keys.size() <= kSingleRowsMax; cursor->Next()) {
    keys.emplace_back(cursor->key());
  }
  TM_RETURN_IF_ERROR(cursor->status());
  if (keys.size() > kSingleRowsMax) {
    run.DeleteRange(range.from, range.to);
  } else {
    for (const std::string& key : keys) run.Delete(key);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<EpochRecord> RecordWithout(const EpochRecord& record, const std::string& step) {
  EpochRecord next = record;
  std::string names;
  for (const StepRecord& known : record.steps) names += Cat(names.empty() ? "" : ", ", known.name);
  const auto dropped = std::find_if(next.steps.begin(), next.steps.end(),
                                    [&](const StepRecord& known) { return known.name == step; });
  if (dropped == next.steps.end()) {
    return absl::InvalidArgumentError(
        Cat("--drop-state: there is no state of a step '", step,
            names.empty() ? "'; no step has any" : Cat("'; there are: ", names)));
  }
  next.steps.erase(dropped);
  return next;
}

absl::StatusOr<EpochRecord> DropState(StateStore& store, const EpochRecord& record,
                                      const std::string& step) {
  TM_ASSIGN_OR_RETURN(EpochRecord next, RecordWithout(record, step));
  RunBuilder run;
  for (const StepRecord& known : record.steps) {
    if (known.name != step) continue;
    for (int group = 0; group < kKeyGroups; ++group) {
      TM_RETURN_IF_ERROR(DropRange(store, StepGroupRange(group, known.id), run));
    }
    TM_RETURN_IF_ERROR(
        DropRange(store, TimerRange(known.id, Timestamp::Min(), Timestamp::Max()), run));
  }
  std::vector<RunBuilder> builders;
  builders.push_back(std::move(run));
  TM_RETURN_IF_ERROR(CommitEpoch(store, next, std::move(builders)));
  return next;
}

}  // namespace tidemark
