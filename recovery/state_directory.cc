#include "recovery/state_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "base/random.h"
#include "base/status.h"
#include "state/rocksdb_store.h"
#include "state/rocksdb_tables.h"
#include "state/state_key.h"

namespace tidemark {
namespace {

std::string StagingPath(const std::string& directory) { return JoinPath(directory, "staging"); }

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown host";
}

// What a state directory may hold. Anything else and it is somebody's folder, not ours.
bool IsOurs(const std::string& name) {
  return name == "LOCK" || name == "store" || name == "staging" || name == "snapshots" ||
         name == "requests" || name == "store.partial" || name == "store.old" ||
         name == "COMMITTED" || absl::StartsWith(name, "COMMITTED.") || name == "START" ||
         absl::StartsWith(name, "START.") || absl::StartsWith(name, kDamagedMark) ||
         absl::StartsWith(name, "store.damaged-");
}

// A file where a directory has to be made: the path itself, or a part of it.
absl::Status CheckNoFileInPlace(Files& files, const std::string& directory) {
  for (std::string path = directory; path != "." && path != "/"; path = ParentDirectory(path)) {
    const auto info = files.Stat(path);
    if (!info.ok() || info->is_directory) continue;
    if (path == directory) {
      return absl::InvalidArgumentError(
          Cat(directory, ": is a file, and a state needs a directory; give --state another path"));
    }
    return absl::InvalidArgumentError(Cat(directory, ": cannot be made, because ", path,
                                          " is a file; give --state another path"));
  }
  return absl::OkStatus();
}

absl::Status CheckIsStateDirectory(Files& files, const std::string& directory) {
  TM_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(directory));
  for (const std::string& name : names) {
    if (IsOurs(name)) continue;
    return absl::FailedPreconditionError(Cat(directory, ": is not a state directory (it contains '",
                                             name, "'); give --state an empty or a new directory"));
  }
  return absl::OkStatus();
}

std::string AsidePath(const std::string& directory) { return Cat(StorePath(directory), ".old"); }

// The path of the snapshot with the highest epoch, or else of any; empty when there is none.
absl::StatusOr<std::string> NewestName(Files& files, const std::string& directory) {
  const std::string snapshots = SnapshotsPath(directory);
  std::string newest;
  const auto names = files.List(snapshots);
  if (absl::IsNotFound(names.status())) return newest;
  TM_RETURN_IF_ERROR(names.status());
  for (const std::string& name : *names) {
    if (absl::EndsWith(name, ".partial")) continue;
    if (newest.empty() || IsEpochName(name) || !IsEpochName(newest)) newest = name;
  }
  return newest.empty() ? newest : JoinPath(snapshots, newest);
}

absl::Status Lost(const std::string& directory, std::string_view how, std::string_view from) {
  return absl::FailedPreconditionError(
      Cat(StorePath(directory), ": ", how, ", but ", SnapshotsPath(directory),
          " is not empty; go on from a snapshot with ", from,
          ", or discard what is left and start over with --fresh"));
}

}  // namespace

std::string StorePath(const std::string& directory) { return JoinPath(directory, "store"); }
std::string SnapshotsPath(const std::string& directory) { return JoinPath(directory, "snapshots"); }
bool HoldsState(Files& files, const std::string& directory) {
  const absl::StatusOr<FileInfo> info = files.Stat(directory);
  if (absl::IsNotFound(info.status()) || (info.ok() && !info->is_directory)) return false;
  const std::string paths[] = {StorePath(directory), AsidePath(directory),
                               SnapshotsPath(directory)};
  return std::any_of(std::begin(paths), std::end(paths),
                     [&](const std::string& path) { return Exists(files, path).value_or(true); });
}

absl::Status CheckHoldsState(Files& files, const std::string& directory) {
  const absl::StatusOr<FileInfo> info = files.Stat(directory);
  if (absl::IsNotFound(info.status())) {
    return absl::NotFoundError(Cat(directory, ": no such directory"));
  }
  TM_RETURN_IF_ERROR(info.status());
  if (!info->is_directory) {
    return absl::InvalidArgumentError(
        Cat(directory, ": is a file, and not a state directory or a snapshot"));
  }
  if (HoldsState(files, directory)) return absl::OkStatus();
  return absl::NotFoundError(
      Cat(directory, ": is neither a state directory nor a snapshot (it has no store/)"));
}

bool IsEpochName(std::string_view name) {
  return name.size() >= 10 &&
         std::all_of(name.begin(), name.end(), [](char c) { return absl::ascii_isdigit(c); });
}

absl::StatusOr<std::unique_ptr<StateDirectory>> StateDirectory::Open(Files& files,
                                                                     const Options& options) {
  TM_RETURN_IF_ERROR(CheckNoFileInPlace(files, options.directory));
  TM_RETURN_IF_ERROR(CreateDirectoriesDurably(files, options.directory));
  TM_RETURN_IF_ERROR(CheckIsStateDirectory(files, options.directory));
  if (const auto trusted = TrustedIn(options.directory)) {
    TM_RETURN_IF_ERROR(CheckTrusted(files, options.directory, *trusted));
  }
  std::unique_ptr<StateDirectory> directory(new StateDirectory(files, options));
  TM_RETURN_IF_ERROR(directory->TakeLock());
  TM_RETURN_IF_ERROR(directory->OpenStore());
  return directory;
}

StateDirectory::~StateDirectory() {
  // Where that cannot be told the next start looks at what is durable.
  const bool takes_back = replaces_ && HasNotCommitted();
  store_.reset();  // before the lock goes
  // On purpose: nobody is left to hear of it, and the next start finds all that it needs.
  if (takes_back) PutBack().IgnoreError();
}

bool StateDirectory::HasNotCommitted() const {
  if (store_ == nullptr) return true;
  const auto record = ReadEpochRecord(*store_);
  if (!record.ok()) return false;
  return !record->has_value() || (*record)->epoch.value <= note_->from_epoch;
}

absl::Status StateDirectory::TakeLock() {
  const std::string path = JoinPath(options_.directory, "LOCK");
  // The directory first: a start that it refuses makes no LOCK where one was removed.
  auto guard = DirectoryGuard::Take(options_.directory);
  auto lock = guard.ok() ? files_.Lock(path, Cat("process ", getpid(), " on ", HostName()))
                         : absl::StatusOr<std::unique_ptr<FileLock>>(guard.status());
  if (absl::IsUnavailable(lock.status())) {
    const auto holder = ReadSmallFile(files_, path);
    return absl::UnavailableError(Cat(options_.directory, ": is in use by ",
                                      holder.ok() && !holder->empty() ? *holder : "another process",
                                      "; stop that run first, or give this one another --state"));
  }
  TM_RETURN_IF_ERROR(lock.status());
  guard_ = *std::move(guard);
  lock_ = *std::move(lock);
  guard_->NoteLock(path);
  return absl::OkStatus();
}

absl::Status StateDirectory::OpenStore() {
  TM_RETURN_IF_ERROR(SettleUnfinished());
  if (options_.fresh || (options_.from && !has_begun_from_)) {
    TM_RETURN_IF_ERROR(ReplaceStore());
    TM_RETURN_IF_ERROR(TryOpen());  // what lies beside it tells nothing about this one
    return NameLine();
  }
  absl::Status opened = CheckMarked();
  if (opened.ok()) opened = CheckNotLost();
  if (opened.ok()) opened = CheckIsNoHalfFork();
  if (opened.ok()) opened = TryOpen();
  if (opened.ok()) opened = CheckHoldsEpoch();
  if (opened.ok()) opened = CheckIsNewest();
  if (absl::IsDataLoss(opened)) opened = GoBack(opened);
  TM_RETURN_IF_ERROR(opened);
  return NameLine();
}

// A start from a snapshot that was refused has left no store, and without the snapshot the job
// would begin at nothing.
absl::Status StateDirectory::CheckIsNoHalfFork() const {
  if (!note_.has_value() || note_->from_line.empty() || note_->discards) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(const bool there, Exists(files_, StorePath(options_.directory)));
  if (there) return absl::OkStatus();
  return absl::FailedPreconditionError(
      Cat(options_.directory, ": a start from a snapshot of epoch ", note_->from_epoch,
          " was not finished here; give the same command again, with --from, or start over with "
          "--fresh"));
}

absl::Status StateDirectory::CheckIsNewest() {
  TM_ASSIGN_OR_RETURN(const CommitNote note, ReadCommitNote(files_, options_.directory));
  if (note.run_line == record_.run_line) went_back_from_ = note.went_back_from;
  return CheckCommitNote(note, StorePath(options_.directory), record_.run_line,
                         record_.epoch.value);
}

// From where is noted until the next commit, so that outputs which stand behind that epoch are
// known to be this state's own, also to a start that comes after a crash of this one.
absl::Status StateDirectory::GoBack(const absl::Status& damage) {
  TM_ASSIGN_OR_RETURN(CommitNote note, ReadCommitNote(files_, options_.directory));
  store_.reset();  // another one takes its place
  TM_RETURN_IF_ERROR(options_.on_damaged(damage));
  TM_RETURN_IF_ERROR(TryOpen());
  went_back_from_ = std::max(note.epoch, note.went_back_from);
  return WriteCommitNote(
      files_, options_.directory,
      {.run_line = record_.run_line, .epoch = 0, .went_back_from = went_back_from_});
}

absl::Status StateDirectory::NameLine() {
  if (!record_.run_line.empty()) return absl::OkStatus();
  record_.run_line = begins_ ? note_->run_line : options_.new_line();
  return CommitEpoch(*store_, record_, {});
}

// RocksDB opens a store without its log, and then whatever was in it is gone. A store that has been
// opened once always has one; only while it is created its first manifest comes earlier.
absl::Status StateDirectory::CheckHasLog() const {
  const std::string store = StorePath(options_.directory);
  const auto current = ReadSmallFile(files_, JoinPath(store, "CURRENT"));
  if (!current.ok() || *current == "MANIFEST-000001\n") return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.List(store));
  const bool has_log = std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return absl::EndsWith(name, ".log");
  });
  if (has_log) return absl::OkStatus();
  return absl::DataLossError(
      Cat(store, ": cannot open the store: its log (a file NNNNNN.log) is missing; ",
          kDamagedStoreAdvice));
}

absl::Status StateDirectory::TryOpen() {
  TM_RETURN_IF_ERROR(CheckHasLog());
  RocksStoreOptions rocks = options_.store;
  rocks.directory = StorePath(options_.directory);
  rocks.staging_directory = StagingPath(options_.directory);
  const bool there = files_.Stat(JoinPath(rocks.directory, "CURRENT")).ok();
  auto store = OpenRocksStore(rocks);
  if (!store.ok()) {
    // A file that the store names and that is not there is damage, too.
    return there && absl::IsNotFound(store.status()) ? absl::DataLossError(store.status().message())
                                                     : store.status();
  }
  auto record = ReadEpochRecord(**store);
  if (!record.ok()) return Annotate(record.status(), options_.directory);
  store_ = *std::move(store);
  record_ = record->value_or(EpochRecord());
  return absl::OkStatus();
}

// A block that could not be read stopped an earlier run. Opening the store would not show it, so
// all of it is read once; what was repaired, or was no fault of the disk, is in use again.
absl::Status StateDirectory::CheckMarked() {
  const std::string mark = JoinPath(options_.directory, kDamagedMark);
  TM_ASSIGN_OR_RETURN(const bool marked, Exists(files_, mark));
  if (!marked) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(const bool there, Exists(files_, StorePath(options_.directory)));
  if (!there) {
    // A way back that died between its two renames.
    TM_ASSIGN_OR_RETURN(const std::string why, ReadSmallFile(files_, mark));
    return absl::DataLossError(why.substr(0, why.find('\n')));
  }
  options_.say(
      Cat(options_.directory, ": the last run found the store damaged; reading all of it"));
  const std::vector<absl::Status> faults = CheckStore(files_, StorePath(options_.directory));
  if (!faults.empty()) return absl::DataLossError(faults[0].message());
  options_.say(Cat(options_.directory, ": the store reads whole again, the run goes on with it"));
  return UnmarkDamaged(files_, options_.directory);
}

// A store that is gone must not turn into an empty one while its snapshots say that there was
// state. Without CURRENT RocksDB would begin one over the files that are left.
absl::Status StateDirectory::CheckNotLost() const {
  const std::string store = StorePath(options_.directory);
  TM_ASSIGN_OR_RETURN(const bool current, Exists(files_, JoinPath(store, "CURRENT")));
  if (current) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(const std::string snapshot, NewestName(files_, options_.directory));
  if (snapshot.empty()) return absl::OkStatus();
  const auto names = files_.List(store);
  if (names.ok() && !names->empty()) {
    return absl::DataLossError(
        Cat(store, ": cannot open the store: its file CURRENT is missing; ", kDamagedStoreAdvice));
  }
  return Lost(options_.directory, names.ok() ? "is empty" : "is missing",
              Cat("--from ", snapshot, " --take-over"));
}

// A snapshot is of a committed epoch, so a store beside it has one, too.
absl::Status StateDirectory::CheckHoldsEpoch() const {
  if (holds_epoch()) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(const std::string snapshot, NewestName(files_, options_.directory));
  if (snapshot.empty()) return absl::OkStatus();
  return Lost(options_.directory, "holds no epoch",
              Cat("--fresh --from ", snapshot, " --take-over"));
}

// ---- starts that replace something -------------------------------------------------------------

// A start of that kind discards last, see FirstCommitDone(). Until then what it replaces waits as
// store.old, and the snapshots where they are, since one of them may be what it begins from.
absl::Status StateDirectory::ReplaceStore() {
  const std::string store = StorePath(options_.directory);
  TM_ASSIGN_OR_RETURN(const bool there, Exists(files_, store));
  TM_ASSIGN_OR_RETURN(const std::string snapshot, NewestName(files_, options_.directory));
  StartNote start;
  if (options_.fresh && there) {
    TM_ASSIGN_OR_RETURN(const UnfinishedFacts old, LookForUnfinished(std::nullopt));
    // The old line's name tells the sinks that their output may be replaced.
    start.replaces = replaced_line_ = old.store_line;
  }
  if (options_.from) {
    start.from_line = options_.from->run_line;
    start.from_epoch = options_.from->epoch;
  }
  const bool again = note_.has_value() && note_->IsSameCommand(start);
  if (note_.has_value() && !again) abandoned_line_ = note_->run_line;
  start.discards = options_.fresh;
  start.run_line = again ? note_->run_line : options_.new_line();
  if (there || !snapshot.empty() || options_.from || note_.has_value()) {
    TM_RETURN_IF_ERROR(WriteStartNote(files_, options_.directory, start));
    note_ = start;
    begins_ = replaces_ = true;
    if (options_.fresh && there) {
      TM_RETURN_IF_ERROR(files_.Rename(store, AsidePath(options_.directory)));
    }
  }
  return options_.from ? options_.from->restore(start.run_line) : absl::OkStatus();
}

absl::StatusOr<UnfinishedFacts> StateDirectory::LookForUnfinished(
    const std::optional<StartNote>& note) {
  UnfinishedFacts facts{.fresh = options_.fresh, .from = options_.from.has_value(), .note = note};
  RocksStoreOptions rocks = options_.store;
  rocks.directory = StorePath(options_.directory);
  rocks.read_only = true;
  TM_ASSIGN_OR_RETURN(facts.has_store, Exists(files_, rocks.directory));
  TM_ASSIGN_OR_RETURN(facts.has_aside, Exists(files_, AsidePath(options_.directory)));
  if (!facts.has_store) return facts;
  const auto store = OpenRocksStore(rocks);
  if (!store.ok()) return facts;
  const auto record = ReadEpochRecord(**store);
  if (!record.ok() || !record->has_value()) return facts;
  facts.store_line = (*record)->run_line;
  facts.store_epoch = (*record)->epoch.value;
  return facts;
}

absl::Status StateDirectory::SettleUnfinished() {
  TM_ASSIGN_OR_RETURN(note_, ReadStartNote(files_, options_.directory));
  TM_ASSIGN_OR_RETURN(const bool waits, Exists(files_, AsidePath(options_.directory)));
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
      TM_RETURN_IF_ERROR(PutBack());
      break;
  }
  if (!options_.fresh && !options_.from && note_.has_value()) abandoned_line_ = note_->run_line;
  return absl::OkStatus();
}

// store.old goes last: as long as it is there, the snapshots are those of its time.
absl::Status StateDirectory::Discard() {
  TM_ASSIGN_OR_RETURN(const bool waits, Exists(files_, AsidePath(options_.directory)));
  if (waits || (note_.has_value() && note_->discards)) {
    TM_RETURN_IF_ERROR(RemoveTree(files_, SnapshotsPath(options_.directory)));
    TM_RETURN_IF_ERROR(UnmarkDamaged(files_, options_.directory));
    TM_RETURN_IF_ERROR(RemoveTree(files_, AsidePath(options_.directory)));
    // A store.old that came back when the power went would be taken for what the next --fresh
    // replaces, and the store for what it has begun.
    TM_RETURN_IF_ERROR(files_.SyncDirectory(options_.directory));
  }
  begins_ = false;
  if (note_.has_value() && !note_->discards) return absl::OkStatus();
  note_.reset();
  return RemoveStartNote(files_, options_.directory);
}

absl::Status StateDirectory::Committed(Epoch epoch) {
  went_back_from_ = 0;
  TM_RETURN_IF_ERROR(committed_.Committed(record_.run_line, epoch));
  if (!begins_) return absl::OkStatus();
  replaces_ = false;
  return Discard();
}

absl::Status StateDirectory::OutputsAreOpen() {
  if (abandoned_line_.empty() || begins_) return absl::OkStatus();
  note_.reset();
  return RemoveStartNote(files_, options_.directory);
}

// START stays: outputs may have been changed, and whoever opens them next is to know by whom.
absl::Status StateDirectory::PutBack() {
  const std::string store = StorePath(options_.directory);
  const std::string aside = AsidePath(options_.directory);
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

}  // namespace tidemark
