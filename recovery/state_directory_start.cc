// StateDirectory's part in a start that replaces something: what an earlier one has left, what is
// set aside, and what goes with the first commit (recovery/start_note.h).

#include "base/status.h"
#include "recovery/commit_note.h"
#include "recovery/start_note.h"
#include "recovery/state_directory.h"
#include "state/rocksdb_store.h"

namespace tidemark {

std::optional<uint64_t> StateDirectory::CommittedEpoch() const {
  if (store_ == nullptr) return 0;
  const auto record = ReadEpochRecord(*store_);
  if (!record.ok()) return std::nullopt;
  const uint64_t epoch = record->has_value() ? (*record)->epoch.value : 0;
  return begins_ && epoch <= note_->from_epoch ? 0 : epoch;
}

// A start of that kind discards last, see Committed(). Until then what it replaces waits as
// store.old, and the snapshots where they are, since one of them may be what it begins from.
absl::Status StateDirectory::ReplaceStore() {
  const std::string store = StorePath(options_.directory);
  TM_ASSIGN_OR_RETURN(const bool there, Exists(files_, store));
  TM_ASSIGN_OR_RETURN(const std::string snapshot, NewestSnapshotPath(files_, options_.directory));
  StartNote start;
  if (options_.fresh && there) {
    TM_RETURN_IF_ERROR(SettleStaged());
    TM_ASSIGN_OR_RETURN(const UnfinishedFacts old, LookForUnfinished(std::nullopt));
    // The old line's name tells the sinks that their output may be replaced.
    start.replaces = replaced_line_ = old.store_line;
  }
  if (options_.from) {
    start.from_line = options_.from->run_line;
    start.from_epoch = options_.from->epoch;
  }
  const bool again = note_.has_value() && note_->IsSameCommand(start);
  // One that has committed, and is replaced now, has abandoned nothing.
  if (note_.has_value() && !again && note_->run_line != replaced_line_) {
    abandoned_line_ = note_->run_line;
  }
  start.discards = options_.fresh;
  start.run_line = again ? note_->run_line : options_.new_line();
  if (there || !snapshot.empty() || options_.from || note_.has_value()) {
    TM_RETURN_IF_ERROR(WriteStartNote(files_, options_.directory, start));
    note_ = start;
    begins_ = true;
    if (options_.fresh && there) {
      TM_RETURN_IF_ERROR(files_.Rename(store, ReplacedStorePath(options_.directory)));
    }
    replaces_ = true;  // only now: whatever is the store from here on is this start's
  }
  return options_.from ? options_.from->restore(start.run_line) : absl::OkStatus();
}

// A table that waits in staging/ may be one that the store cannot be opened without: opening it
// puts that in its place, before another store is opened, which empties the directory.
absl::Status StateDirectory::SettleStaged() {
  const auto staged = files_.List(StagingPath(options_.directory));
  if (absl::IsNotFound(staged.status())) return absl::OkStatus();
  TM_RETURN_IF_ERROR(staged.status());
  if (staged->empty()) return absl::OkStatus();
  RocksStoreOptions rocks = OptionsOfStore();
  rocks.create_if_missing = false;
  const absl::Status opened = OpenRocksStore(rocks).status();
  // One that is damaged or was never begun has no use for it.
  return absl::IsDataLoss(opened) || absl::IsNotFound(opened) ? absl::OkStatus() : opened;
}

// The store keeps its line until the first commit, so a start that is refused has changed nothing.
absl::Status StateDirectory::LeaveOriginal() {
  if (begins_ || !holds_epoch()) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(auto fork, LookForOriginal(files_, options_.directory, record_, note_));
  if (!fork.has_value()) return absl::OkStatus();
  original_ = fork->original;
  StartNote& start = fork->start;
  if (start.run_line.empty()) {
    start.run_line = options_.new_line();
  } else {
    abandoned_line_.clear();  // it is carried on
  }
  TM_RETURN_IF_ERROR(WriteStartNote(files_, options_.directory, start));
  note_ = start;
  begins_ = true;
  run_line_ = start.run_line;
  return absl::OkStatus();
}

absl::StatusOr<UnfinishedFacts> StateDirectory::LookForUnfinished(
    const std::optional<StartNote>& note) {
  UnfinishedFacts facts{.fresh = options_.fresh, .from = options_.from.has_value(), .note = note};
  RocksStoreOptions rocks = OptionsOfStore();
  rocks.read_only = true;
  TM_ASSIGN_OR_RETURN(facts.has_store, Exists(files_, rocks.directory));
  TM_ASSIGN_OR_RETURN(facts.has_aside, Exists(files_, ReplacedStorePath(options_.directory)));
  if (!facts.has_store) return facts;
  const auto store = OpenRocksStore(rocks);
  if (store.ok()) {
    const auto record = ReadEpochRecord(**store);
    if (!record.ok() || !record->has_value()) return facts;
    facts.store_line = (*record)->run_line;
    facts.store_epoch = (*record)->epoch.value;
    return facts;
  }
  // An error that passes tells nothing, and a store that has committed must not be taken for one
  // that has not.
  const bool is_bad = absl::IsDataLoss(store.status()) || absl::IsNotFound(store.status());
  if (!is_bad) return store.status();
  TM_ASSIGN_OR_RETURN(const CommitNote committed, ReadCommitNote(files_, options_.directory));
  facts.store_line = committed.run_line;
  facts.store_epoch = committed.epoch;
  return facts;
}

absl::Status StateDirectory::SettleUnfinished() {
  TM_ASSIGN_OR_RETURN(note_, ReadStartNote(files_, options_.directory));
  TM_ASSIGN_OR_RETURN(const bool waits, Exists(files_, ReplacedStorePath(options_.directory)));
  if (!waits && !note_.has_value()) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(const UnfinishedFacts facts, LookForUnfinished(note_));
  switch (PlanUnfinished(facts)) {
    case Unfinished::kNone:
      break;
    case Unfinished::kCarryOn:
      begins_ = true;
      return absl::OkStatus();
    case Unfinished::kFinish:
      // Its word stays, so that the same command goes on from there.
      if (note_.has_value() && !note_->discards) {
        has_begun_from_ = options_.from && note_->from_line == options_.from->run_line &&
                          note_->from_epoch == options_.from->epoch;
        return absl::OkStatus();
      }
      return Discard();
    case Unfinished::kTakeBack:
      TM_RETURN_IF_ERROR(PutBack(ReplacedStorePath(options_.directory)));
      break;
  }
  if (!options_.fresh && !options_.from && note_.has_value()) abandoned_line_ = note_->run_line;
  return absl::OkStatus();
}

// store.old goes last: as long as it is there, the snapshots are those of its time.
absl::Status StateDirectory::Discard() {
  TM_ASSIGN_OR_RETURN(const bool waits, Exists(files_, ReplacedStorePath(options_.directory)));
  if (waits || (note_.has_value() && note_->discards)) {
    TM_RETURN_IF_ERROR(RemoveTree(files_, SnapshotsPath(options_.directory)));
    TM_RETURN_IF_ERROR(UnmarkDamaged(files_, options_.directory));
    TM_RETURN_IF_ERROR(RemoveTree(files_, ReplacedStorePath(options_.directory)));
    // A store.old that came back when the power went would be taken for what the next --fresh
    // replaces, and the store for what it has begun.
    TM_RETURN_IF_ERROR(files_.SyncDirectory(options_.directory));
  }
  begins_ = false;
  if (note_.has_value() && !note_->discards && original_.empty()) return absl::OkStatus();
  note_.reset();
  return RemoveStartNote(files_, options_.directory);
}

absl::Status StateDirectory::Committed(Epoch epoch) {
  went_back_from_ = 0;
  TM_RETURN_IF_ERROR(
      NoteCommitted(files_, options_.directory,
                    {.run_line = run_line_, .epoch = epoch.value, .directory = real_path_}));
  if (!begins_) return absl::OkStatus();
  replaces_ = false;
  return Discard();
}

absl::Status StateDirectory::OutputsAreOpen() {
  way_back_.reset();
  if (abandoned_line_.empty() || begins_) return absl::OkStatus();
  note_.reset();
  return RemoveStartNote(files_, options_.directory);
}

// START stays: outputs may have been changed, and whoever opens them next is to know by whom.
absl::Status StateDirectory::PutBack(const std::string& aside) {
  const std::string store = StorePath(options_.directory);
  const std::string partial = Cat(store, ".partial");
  TM_RETURN_IF_ERROR(RemoveTree(files_, partial));
  // Both by a rename: at no point do store.old and a store with a hole stand side by side.
  TM_ASSIGN_OR_RETURN(const bool there, Exists(files_, store));
  TM_ASSIGN_OR_RETURN(const bool waits, Exists(files_, aside));
  if (there) TM_RETURN_IF_ERROR(files_.Rename(store, partial));
  if (waits) TM_RETURN_IF_ERROR(files_.Rename(aside, store));
  TM_RETURN_IF_ERROR(files_.SyncDirectory(options_.directory));
  return RemoveTree(files_, partial);
}

std::vector<std::string> StateDirectory::DamagedStores() const {
  const std::string store = StorePath(options_.directory);
  std::vector<std::string> paths;
  for (const std::string& name :
       files_.List(options_.directory).value_or(std::vector<std::string>{})) {
    const std::string path = JoinPath(options_.directory, name);
    if (path.starts_with(Cat(store, ".damaged-"))) paths.push_back(path);
  }
  return paths;
}

// A crash in the middle leaves the mark, so the next start looks at all that stands there.
absl::Status StateDirectory::UndoGoBack() {
  TM_RETURN_IF_ERROR(MarkDamaged(files_, options_.directory, way_back_->damage));
  TM_RETURN_IF_ERROR(PutBack(way_back_->aside));
  TM_RETURN_IF_ERROR(PutBackCommitNote(files_, options_.directory, way_back_->note));
  if (!way_back_->was_marked) TM_RETURN_IF_ERROR(UnmarkDamaged(files_, options_.directory));
  options_.say(Cat(options_.directory,
                   ": the start is refused, so the damaged store is where it was again"));
  return absl::OkStatus();
}

}  // namespace tidemark
