#include "recovery/retention.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/status.h"
#include "recovery/snapshot.h"
#include "recovery/state_directory.h"

namespace tidemark {
namespace {

std::string BaseName(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

}  // namespace

RetentionPlan PlanRetention(std::vector<SnapshotFacts> facts, const RetentionRule& rule,
                            Timestamp now) {
  // Newest first.
  std::sort(facts.begin(), facts.end(), [](const SnapshotFacts& a, const SnapshotFacts& b) {
    return std::tie(b.order, b.epoch, b.path) < std::tie(a.order, a.epoch, a.path);
  });
  RetentionPlan plan;
  Epoch whole{};       // the highest so far, of any name
  size_t counted = 0;  // those that the rule is about
  for (const SnapshotFacts& snapshot : facts) {
    if (snapshot.damaged) continue;
    whole = std::max(whole, snapshot.epoch);
    if (snapshot.named) continue;
    const bool among_newest = counted++ < std::max<size_t>(rule.keep, 1);
    const bool young = rule.keep_for.is_infinite() || now - snapshot.closed < rule.keep_for;
    if (!among_newest && !young) plan.outlived.push_back(snapshot.path);
  }
  for (const SnapshotFacts& snapshot : facts) {
    if (!snapshot.damaged || snapshot.named) continue;
    if (snapshot.epoch < whole) plan.damaged.push_back(snapshot.path);
  }
  return plan;
}

absl::StatusOr<std::vector<std::string>> ApplyRetention(Files& files,
                                                        const std::string& state_directory,
                                                        const RetentionRule& rule, Timestamp now) {
  std::vector<DamagedSnapshot> damaged;
  TM_ASSIGN_OR_RETURN(const auto snapshots, ListSnapshots(files, state_directory, &damaged));
  std::vector<SnapshotFacts> facts;
  for (const Snapshot& snapshot : snapshots) {
    facts.push_back({.path = snapshot.path,
                     .damaged = false,
                     .named = !IsEpochName(BaseName(snapshot.path)),
                     .epoch = snapshot.manifest.record.epoch,
                     .closed = snapshot.manifest.record.wall_time,
                     .order = snapshot.manifest.record.deadline_time});
  }
  for (const DamagedSnapshot& snapshot : damaged) {
    // One that a newer build wrote, or that cannot be read just now, is not damaged.
    if (!absl::IsDataLoss(snapshot.why)) continue;
    SnapshotFacts fact{.path = snapshot.path,
                       .damaged = true,
                       .named = true,
                       .epoch = {},
                       .closed = {},
                       .order = {}};
    const std::string name = BaseName(snapshot.path);
    fact.named = !IsEpochName(name) || !absl::SimpleAtoi(name, &fact.epoch.value);
    facts.push_back(std::move(fact));
  }
  const RetentionPlan plan = PlanRetention(std::move(facts), rule, now);
  const auto remove = [&](const std::string& path) -> absl::Status {
    // Renamed first: a crash in the middle leaves a .partial, not a snapshot with a hole.
    const std::string doomed = Cat(path, ".partial");
    TM_RETURN_IF_ERROR(files.Rename(path, doomed));
    return RemoveTree(files, doomed);
  };
  std::vector<std::string> said;
  for (const std::string& path : plan.outlived) TM_RETURN_IF_ERROR(remove(path));
  for (const std::string& path : plan.damaged) {
    const auto why = std::find_if(damaged.begin(), damaged.end(),
                                  [&](const DamagedSnapshot& d) { return d.path == path; });
    TM_RETURN_IF_ERROR(remove(path));
    said.push_back(Cat("removed the damaged snapshot ", path, ", newer ones are whole (",
                       why->why.message(), ")"));
  }
  return said;
}

}  // namespace tidemark
