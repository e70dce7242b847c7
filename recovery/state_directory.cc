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

constexpr char kMark[] = "DAMAGED";

std::string StagingPath(const std::string& directory) { return JoinPath(directory, "staging"); }

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown host";
}

// What a state directory may hold. Anything else and it is somebody's folder, not ours.
bool IsOurs(const std::string& name) {
  return name == "LOCK" || name == "store" || name == "staging" || name == "snapshots" ||
         name == "requests" || name == "store.partial" || name == "store.old" ||
         absl::StartsWith(name, kMark) || absl::StartsWith(name, "store.damaged-");
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
  store_.reset();  // before the lock goes
  // On purpose: nobody is left to hear of it, and the next start finds one of the two whole.
  if (replaces_) PutBack().IgnoreError();
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
  TM_RETURN_IF_ERROR(FinishFresh());
  if (options_.fresh) {
    // The old line's name tells the sinks that their output may be replaced.
    RocksStoreOptions old = options_.store;
    old.directory = StorePath(options_.directory);
    old.read_only = true;
    if (files_.Stat(old.directory).ok()) {
      if (auto store = OpenRocksStore(old); store.ok()) {
        if (auto record = ReadEpochRecord(**store); record.ok() && *record) {
          replaced_line_ = (*record)->run_line;
        }
      }
    }
  }
  TM_RETURN_IF_ERROR(PutStoreInPlace());
  if (options_.fresh) return TryOpen();  // what lies beside it tells nothing about this one
  absl::Status opened = CheckMarked();
  if (opened.ok()) opened = CheckNotLost();
  if (opened.ok()) opened = TryOpen();
  if (opened.ok()) opened = CheckHoldsEpoch();
  if (!absl::IsDataLoss(opened)) return opened;
  TM_RETURN_IF_ERROR(options_.on_damaged(opened));
  return TryOpen();
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
  record_ = *std::move(record);
  return absl::OkStatus();
}

// A block that could not be read stopped an earlier run. Opening the store would not show it, so
// all of it is read once; what was repaired, or was no fault of the disk, is in use again.
absl::Status StateDirectory::CheckMarked() {
  const std::string mark = JoinPath(options_.directory, kMark);
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
  if (record_ && record_->epoch.value > 0) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(const std::string snapshot, NewestName(files_, options_.directory));
  if (snapshot.empty()) return absl::OkStatus();
  return Lost(options_.directory, "holds no epoch",
              Cat("--fresh --from ", snapshot, " --take-over"));
}

// ---- --fresh -----------------------------------------------------------------------------------

// --fresh discards last, see DiscardReplaced(). Until then what it replaces waits as store.old, and
// the snapshots where they are, since one of them may be what the run starts from.
absl::Status StateDirectory::PutStoreInPlace() {
  const std::string store = StorePath(options_.directory);
  if (options_.fresh) {
    TM_ASSIGN_OR_RETURN(const bool there, Exists(files_, store));
    if (there) TM_RETURN_IF_ERROR(files_.Rename(store, AsidePath(options_.directory)));
    replaces_ = true;
  }
  return options_.before_open();
}

// What a start that died with --fresh left: store.old alone, which comes back, or beside what
// replaces it. Then discarding goes on, and the same command finds all as it did the first time.
absl::Status StateDirectory::FinishFresh() {
  const std::string aside = AsidePath(options_.directory);
  TM_ASSIGN_OR_RETURN(const bool waits, Exists(files_, aside));
  if (!waits) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(const bool replaced, Exists(files_, StorePath(options_.directory)));
  return replaced && !options_.fresh ? Discard() : PutBack();
}

// store.old goes last: as long as it is there, the snapshots are those of its time.
absl::Status StateDirectory::Discard() {
  TM_RETURN_IF_ERROR(RemoveTree(files_, SnapshotsPath(options_.directory)));
  TM_RETURN_IF_ERROR(UnmarkDamaged(files_, options_.directory));
  TM_RETURN_IF_ERROR(RemoveTree(files_, AsidePath(options_.directory)));
  // Before anything is committed: a store.old that came back when the power went would be taken for
  // what the next --fresh replaces, and the store for what it has begun.
  return files_.SyncDirectory(options_.directory);
}

absl::Status StateDirectory::DiscardReplaced() {
  if (!replaces_) return absl::OkStatus();
  replaces_ = false;
  return Discard();
}

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

absl::StatusOr<std::optional<std::string>> HolderOf(Files& files, const std::string& directory) {
  const std::string path = JoinPath(directory, "LOCK");
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return std::optional<std::string>();
  if (fd < 0) return absl::InternalError(Cat(path, ": cannot open: ", strerror(errno)));
  const bool free = flock(fd, LOCK_SH | LOCK_NB) == 0;
  const int error = errno;
  close(fd);  // which lets it go again
  if (free) return std::optional<std::string>();
  if (error != EWOULDBLOCK) {
    return absl::InternalError(Cat(path, ": cannot look at the lock: ", strerror(error)));
  }
  const auto text = ReadSmallFile(files, path);
  return std::optional<std::string>(text.ok() && !text->empty() ? *text : "another process");
}

// ---- damage ------------------------------------------------------------------------------------

absl::Status MarkDamaged(Files& files, const std::string& directory, const absl::Status& damage) {
  const std::string mark = JoinPath(directory, kMark);
  if (files.Stat(mark).ok()) return absl::OkStatus();
  return WriteFileAtomically(files, mark, Cat(damage.message(), "\n"));
}

absl::Status UnmarkDamaged(Files& files, const std::string& directory) {
  absl::Status removed = files.Remove(JoinPath(directory, kMark));
  if (absl::IsNotFound(removed)) return absl::OkStatus();
  TM_RETURN_IF_ERROR(removed);
  return files.SyncDirectory(directory);
}

std::vector<absl::Status> CheckStore(Files& files, const std::string& store_directory,
                                     const std::function<void(uint64_t)>& on_table) {
  const auto store = ListStore(store_directory, EpochRowKey());
  if (!store.ok()) return {store.status()};
  std::vector<absl::Status> faults;
  uint64_t bytes_read = 0;
  for (const TableFile& table : store->tables) {
    const std::string path = JoinPath(store_directory, table.name);
    absl::Status status = CheckTableBlocks(path);
    if (status.ok() && table.crc32c) {
      const auto sum = FileCrc32c(files, path);
      status = sum.status();
      if (sum.ok() && *sum != *table.crc32c) {
        status = absl::DataLossError(Cat(path, ": is damaged: its checksum does not match"));
      }
    }
    if (!status.ok()) faults.push_back(std::move(status));
    on_table(bytes_read += table.bytes);
  }
  return faults;
}

// ---- the record --------------------------------------------------------------------------------

std::string EpochRowKey() { return MetaRowKey("epoch"); }

absl::StatusOr<std::optional<EpochRecord>> ReadEpochRecord(const StateReader& store) {
  TM_ASSIGN_OR_RETURN(const auto bytes, store.Get(EpochRowKey()));
  if (!bytes) return std::optional<EpochRecord>();
  TM_ASSIGN_OR_RETURN(EpochRecord record, DecodeEpochRecord(*bytes));
  return std::optional<EpochRecord>(std::move(record));
}

absl::Status CommitEpoch(StateStore& store, const EpochRecord& record,
                         std::vector<RunBuilder> builders) {
  RunBuilder meta;
  meta.Put(EpochRowKey(), EncodeEpochRecord(record));
  builders.push_back(std::move(meta));
  return store.Commit(SortedRun::Merge(std::move(builders)));
}

std::string NewRunLine() {
  Random random(FreshSeed());
  return absl::StrFormat("%016x", random.Next());
}

}  // namespace tidemark
