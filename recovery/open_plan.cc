#include "recovery/open_plan.h"

#include <string_view>
#include <utility>

#include "base/files.h"
#include "base/status.h"
#include "state/rocksdb_store.h"

namespace tidemark {
namespace {

using Kind = OpenPlan::Kind;

constexpr std::string_view kNoCurrent = "its file CURRENT is missing";
constexpr std::string_view kNoLog = "its log (a file NNNNNN.log) is missing";

std::string StoreIn(const std::string& directory) { return JoinPath(directory, "store"); }

OpenPlan Refuse(std::string why) {
  return {.kind = Kind::kRefuse, .why = absl::FailedPreconditionError(std::move(why))};
}

OpenPlan FallBackFrom(std::string damage) {
  return {.kind = Kind::kFallBack, .why = absl::DataLossError(std::move(damage))};
}

OpenPlan Lost(const std::string& directory, std::string_view how, std::string_view from) {
  return Refuse(Cat(StoreIn(directory), ": ", how, ", but ", JoinPath(directory, "snapshots"),
                    " is not empty; continue from a snapshot with ", from,
                    ", or discard what is left and start over with --fresh"));
}

OpenPlan CannotOpen(const std::string& directory, std::string_view what) {
  return FallBackFrom(
      Cat(StoreIn(directory), ": cannot open the store: ", what, "; ", kDamagedStoreAdvice));
}

}  // namespace

Unfinished PlanUnfinished(const UnfinishedFacts& facts) {
  if (!facts.note.has_value()) {
    // A version that left no word discarded at the end of its start.
    if (!facts.has_aside) return Unfinished::kNone;
    return facts.has_store && !facts.fresh ? Unfinished::kFinish : Unfinished::kTakeBack;
  }
  const bool began = facts.has_store && facts.store_line == facts.note->run_line;
  if (began && facts.store_epoch > facts.note->from_epoch) return Unfinished::kFinish;
  if (facts.has_aside) return Unfinished::kTakeBack;
  if (!began) return Unfinished::kNone;
  // A fork in a new directory is a state like any other to a start that replaces it. Where it is
  // asked for again it is made again, on the same line.
  if (facts.fresh && !facts.note->discards) return Unfinished::kNone;
  return facts.fresh || facts.from ? Unfinished::kTakeBack : Unfinished::kCarryOn;
}

absl::Status CheckStoreFiles(const std::string& directory, StoreFiles files) {
  if (files == StoreFiles::kWithoutCurrent) return CannotOpen(directory, kNoCurrent).why;
  if (files == StoreFiles::kWithoutLog) return CannotOpen(directory, kNoLog).why;
  return absl::OkStatus();
}

OpenPlan PlanOpen(const OpenFacts& facts) {
  const bool there = facts.store != StoreFiles::kMissing && facts.store != StoreFiles::kEmpty;
  if (facts.fresh) return {.kind = Kind::kReplace};
  if (facts.from && there) {
    return Refuse(Cat(facts.directory,
                      ": holds a state already; give --state a new directory, or discard what is ",
                      "there with --fresh"));
  }
  if (facts.from) return {.kind = Kind::kReplace};
  if (facts.mark.has_value()) {
    // Without a store: a way back that died between its two renames.
    if (facts.store == StoreFiles::kMissing) return FallBackFrom(*facts.mark);
    return {.kind = Kind::kReadAll};
  }
  // A store that is gone must not turn into an empty one while its snapshots say that there was
  // state. Without CURRENT RocksDB would begin one over the files that are left.
  if (!facts.newest_snapshot.empty()) {
    if (facts.store == StoreFiles::kWithoutCurrent) {
      return CannotOpen(facts.directory, kNoCurrent);
    }
    if (!there) {
      return Lost(facts.directory, facts.store == StoreFiles::kEmpty ? "is empty" : "is missing",
                  Cat("--from ", facts.newest_snapshot, " --take-over"));
    }
  }
  // A start from a snapshot that was refused has left no store, and without the snapshot the job
  // would begin at nothing.
  const bool is_fork =
      facts.note.has_value() && !facts.note->from_line.empty() && !facts.note->discards;
  if (is_fork && facts.store == StoreFiles::kMissing) {
    return Refuse(Cat(facts.directory, ": a start from a snapshot of epoch ",
                      facts.note->from_epoch,
                      " was not finished here; give the same command again, with --from, or start "
                      "over with --fresh"));
  }
  if (facts.store == StoreFiles::kWithoutLog) {
    return CannotOpen(facts.directory, kNoLog);
  }
  return {.kind = facts.store == StoreFiles::kThere ? Kind::kOpen : Kind::kCreate};
}

OpenPlan PlanOpened(const OpenedFacts& facts) {
  if (!facts.opened.ok()) {
    // A file that the store names and that is not there is damage, too.
    const bool lacks_file = facts.had_current && absl::IsNotFound(facts.opened);
    if (lacks_file) return FallBackFrom(std::string(facts.opened.message()));
    const Kind kind = absl::IsDataLoss(facts.opened) ? Kind::kFallBack : Kind::kRefuse;
    return {.kind = kind, .why = facts.opened};
  }
  // A snapshot is of a committed epoch, so a store beside it has one, too.
  if (facts.epoch == 0 && !facts.newest_snapshot.empty()) {
    return Lost(facts.directory, "holds no epoch",
                Cat("--fresh --from ", facts.newest_snapshot, " --take-over"));
  }
  absl::Status newest =
      CheckCommitNote(facts.committed, StoreIn(facts.directory), facts.run_line, facts.epoch);
  if (!newest.ok()) return {.kind = Kind::kFallBack, .why = std::move(newest)};
  return {.kind = Kind::kOpen};
}

}  // namespace tidemark
