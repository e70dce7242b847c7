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
#include "base/real_path.h"
#include "base/status.h"
#include "state/rocksdb_store.h"
#include "state/rocksdb_tables.h"
#include "state/state_key.h"

namespace tidemark {
namespace {

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

absl::Status Lost(const std::string& directory, std::string_view how, std::string_view from) {
  return absl::FailedPreconditionError(
      Cat(StorePath(directory), ": ", how, ", but ", SnapshotsPath(directory),
          " is not empty; go on from a snapshot with ", from,
          ", or discard what is left and start over with --fresh"));
}

}  // namespace

std::string StorePath(const std::string& directory) { return JoinPath(directory, "store"); }
std::string StagingPath(const std::string& directory) { return JoinPath(directory, "staging"); }
std::string SnapshotsPath(const std::string& directory) { return JoinPath(directory, "snapshots"); }
std::string ReplacedStorePath(const std::string& directory) {
  return Cat(StorePath(directory), ".old");
}

absl::StatusOr<std::string> NewestSnapshotPath(Files& files, const std::string& directory) {
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

bool HoldsState(Files& files, const std::string& directory) {
  const absl::StatusOr<FileInfo> info = files.Stat(directory);
  if (absl::IsNotFound(info.status()) || (info.ok() && !info->is_directory)) return false;
  const std::string paths[] = {StorePath(directory), ReplacedStorePath(directory),
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

absl::Status CheckHoldsNoStore(Files& files, const std::string& directory) {
  TM_ASSIGN_OR_RETURN(const bool there, Exists(files, StorePath(directory)));
  if (!there) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(StorePath(directory)));
  if (names.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      Cat(directory, ": holds a state already; give --state a new directory, or discard what is ",
          "there with --fresh"));
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
  directory->real_path_ = RealPath(options.directory);
  TM_RETURN_IF_ERROR(directory->TakeLock());
  TM_RETURN_IF_ERROR(directory->OpenStore());
  return directory;
}

StateDirectory::~StateDirectory() {
  // Where that cannot be told the next start looks at what is durable.
  const bool takes_back = replaces_ && CommittedEpoch() == 0;
  store_.reset();  // before the lock goes
  // On purpose: nobody is left to hear of it, and the next start finds all that it needs.
  if (takes_back) PutBack(ReplacedStorePath(options_.directory)).IgnoreError();
  if (way_back_) UndoGoBack().IgnoreError();
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
  TM_RETURN_IF_ERROR(NameLine());
  return LeaveOriginal();
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
  TM_ASSIGN_OR_RETURN(const CommitNote note, ReadCommitNote(files_, options_.directory));
  WayBack way_back{.aside = {}, .damage = damage, .note = note};
  TM_ASSIGN_OR_RETURN(way_back.was_marked,
                      Exists(files_, JoinPath(options_.directory, kDamagedMark)));
  const std::vector<std::string> others = DamagedStores();
  store_.reset();  // another one takes its place
  TM_RETURN_IF_ERROR(options_.on_damaged(damage));
  for (const std::string& path : DamagedStores()) {
    if (std::find(others.begin(), others.end(), path) == others.end()) way_back.aside = path;
  }
  if (!way_back.aside.empty()) way_back_ = std::move(way_back);
  TM_RETURN_IF_ERROR(TryOpen());
  went_back_from_ = std::max(note.epoch, note.went_back_from);
  // The directory stays: a copy that is damaged is a copy all the same.
  return WriteCommitNote(files_, options_.directory,
                         {.run_line = record_.run_line,
                          .went_back_from = went_back_from_,
                          .directory = note.directory});
}

absl::Status StateDirectory::NameLine() {
  const bool has_line = !record_.run_line.empty();
  if (!has_line) record_.run_line = begins_ ? note_->run_line : options_.new_line();
  run_line_ = record_.run_line;
  return has_line ? absl::OkStatus() : CommitEpoch(*store_, record_, {});
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

RocksStoreOptions StateDirectory::OptionsOfStore() const {
  RocksStoreOptions rocks = options_.store;
  rocks.directory = StorePath(options_.directory);
  rocks.staging_directory = StagingPath(options_.directory);
  return rocks;
}

absl::Status StateDirectory::TryOpen() {
  TM_RETURN_IF_ERROR(CheckHasLog());
  const RocksStoreOptions rocks = OptionsOfStore();
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
  TM_ASSIGN_OR_RETURN(const std::string snapshot, NewestSnapshotPath(files_, options_.directory));
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
  TM_ASSIGN_OR_RETURN(const std::string snapshot, NewestSnapshotPath(files_, options_.directory));
  if (snapshot.empty()) return absl::OkStatus();
  return Lost(options_.directory, "holds no epoch",
              Cat("--fresh --from ", snapshot, " --take-over"));
}

}  // namespace tidemark
