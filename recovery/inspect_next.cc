// What the next start resumes from, found without starting: the facts that StateDirectory::Open()
// gathers under its lock, and the same decisions (recovery/open_plan.h).

#include <optional>
#include <string>

#include "base/status.h"
#include "recovery/inspect.h"
#include "recovery/open_plan.h"
#include "recovery/start_note.h"
#include "recovery/state_directory.h"

namespace tidemark {
namespace {

// As StateDirectory::Open() decides about `store` and what is beside it. OK: it opens that store.
absl::Status CheckNextStart(Files& files, const std::string& directory, const std::string& store,
                            const std::optional<StartNote>& note) {
  OpenFacts facts{.directory = directory, .note = note};
  TM_ASSIGN_OR_RETURN(facts.store, LookAtStore(files, store));
  TM_ASSIGN_OR_RETURN(facts.newest_snapshot, NewestSnapshotPath(files, directory));
  const auto mark = ReadSmallFile(files, JoinPath(directory, kDamagedMark));
  if (!mark.ok() && !absl::IsNotFound(mark.status())) return mark.status();
  if (mark.ok()) facts.mark = mark->substr(0, mark->find('\n'));
  const OpenPlan plan = PlanOpen(facts);
  if (plan.kind != OpenPlan::Kind::kReadAll) return plan.why;
  return absl::DataLossError(Cat(directory, ": the last run found the store damaged (", *facts.mark,
                                 "); the next start reads all of it"));
}

}  // namespace

absl::StatusOr<EpochRecord> ReadNextRecord(Files& files, const std::string& directory) {
  TM_RETURN_IF_ERROR(CheckHoldsState(files, directory));
  std::string store = StorePath(directory);
  TM_ASSIGN_OR_RETURN(const bool is_snapshot, Exists(files, JoinPath(directory, "manifest")));
  // What a run that is under way has replaced is none of the next start's business yet.
  TM_ASSIGN_OR_RETURN(const auto holder, HolderOf(files, directory));
  if (is_snapshot || holder) {
    TM_ASSIGN_OR_RETURN(const auto opened, StateInspector::OpenStore(files, directory, store));
    return opened->record_;
  }
  UnfinishedFacts facts;
  TM_ASSIGN_OR_RETURN(facts.has_store, Exists(files, store));
  TM_ASSIGN_OR_RETURN(facts.has_aside, Exists(files, ReplacedStorePath(directory)));
  TM_ASSIGN_OR_RETURN(facts.note, ReadStartNote(files, directory));
  if (facts.has_aside) {
    const auto begun = StateInspector::OpenStore(files, directory, store);
    if (begun.ok()) facts.store_line = (*begun)->record_.run_line;
    if (begun.ok()) facts.store_epoch = (*begun)->record_.epoch.value;
    if (PlanUnfinished(facts) == Unfinished::kTakeBack) store = ReplacedStorePath(directory);
  }
  TM_RETURN_IF_ERROR(CheckNextStart(files, directory, store, facts.note));
  TM_ASSIGN_OR_RETURN(const auto opened, StateInspector::OpenStore(files, directory, store));
  const EpochRecord& record = opened->record_;
  TM_ASSIGN_OR_RETURN(const std::string snapshot, NewestSnapshotPath(files, directory));
  TM_RETURN_IF_ERROR(PlanOpened({.directory = directory,
                                 .run_line = record.run_line,
                                 .epoch = record.epoch.value,
                                 .newest_snapshot = snapshot})
                         .why);
  return record;
}

}  // namespace tidemark
