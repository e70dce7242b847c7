#include "recovery/state_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_format.h"
#include "base/random.h"
#include "base/status.h"
#include "state/rocksdb_store.h"
#include "state/state_key.h"

namespace tidemark {
namespace {

constexpr char kEpochRow[] = "epoch";

std::string StagingPath(const std::string& directory) { return JoinPath(directory, "staging"); }

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown host";
}

// What a state directory may hold. Anything else and it is somebody's folder, not ours.
bool IsOurs(const std::string& name) {
  return name == "LOCK" || name == "store" || name == "staging" || name == "snapshots" ||
         name == "requests" || name == "store.partial" || name == "store.old";
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

}  // namespace

std::string StorePath(const std::string& directory) { return JoinPath(directory, "store"); }
std::string SnapshotsPath(const std::string& directory) { return JoinPath(directory, "snapshots"); }

absl::StatusOr<std::unique_ptr<StateDirectory>> StateDirectory::Open(Files& files,
                                                                     const Options& options) {
  TM_RETURN_IF_ERROR(files.CreateDirectories(options.directory));
  TM_RETURN_IF_ERROR(CheckIsStateDirectory(files, options.directory));
  std::unique_ptr<StateDirectory> directory(new StateDirectory(files, options));
  TM_RETURN_IF_ERROR(directory->TakeLock());
  TM_RETURN_IF_ERROR(directory->OpenStore());
  return directory;
}

StateDirectory::~StateDirectory() {
  store_.reset();  // before the lock goes
  if (lock_fd_ >= 0) close(lock_fd_);
}

absl::Status StateDirectory::TakeLock() {
  const std::string path = JoinPath(options_.directory, "LOCK");
  lock_fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_fd_ < 0) {
    const std::string message = Cat(path, ": cannot open: ", strerror(errno));
    return errno == EACCES || errno == EROFS ? absl::PermissionDeniedError(message)
                                             : absl::InternalError(message);
  }
  if (flock(lock_fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return absl::InternalError(Cat(path, ": cannot lock: ", strerror(errno)));
    }
    const auto holder = ReadSmallFile(files_, path);
    return absl::FailedPreconditionError(
        Cat(options_.directory, ": is in use by ",
            holder.ok() && !holder->empty() ? *holder : "another process",
            "; stop that run first, or give this one another --state"));
  }
  const std::string text = Cat("process ", getpid(), " on ", HostName());
  if (ftruncate(lock_fd_, 0) != 0 ||
      write(lock_fd_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    const std::string message = Cat(path, ": cannot write: ", strerror(errno));
    return errno == ENOSPC ? absl::ResourceExhaustedError(Cat(message, "; free some space"))
                           : absl::InternalError(message);
  }
  return absl::OkStatus();
}

absl::Status StateDirectory::OpenStore() {
  RocksStoreOptions rocks;
  rocks.directory = StorePath(options_.directory);
  rocks.staging_directory = StagingPath(options_.directory);
  if (options_.fresh) {
    // The old line's name tells the sinks that their output may be replaced.
    if (files_.Stat(rocks.directory).ok()) {
      RocksStoreOptions old = rocks;
      old.read_only = true;
      if (auto store = OpenRocksStore(old); store.ok()) {
        if (auto record = ReadEpochRecord(**store); record.ok() && *record) {
          replaced_line_ = (*record)->run_line;
        }
      }
    }
  }
  TM_RETURN_IF_ERROR(PutStoreInPlace());
  TM_ASSIGN_OR_RETURN(store_, OpenRocksStore(rocks));
  auto record = ReadEpochRecord(*store_);
  if (!record.ok()) return Annotate(record.status(), options_.directory);
  record_ = *std::move(record);
  return absl::OkStatus();
}

// --fresh discards last: until what replaces the store is there, the old one waits beside it, also
// across a crash, and comes back where nothing replaces it. The snapshots go behind it, since one
// of them may be what the run starts from.
absl::Status StateDirectory::PutStoreInPlace() {
  const std::string store = StorePath(options_.directory);
  const std::string aside = Cat(store, ".old");
  if (files_.Stat(aside).ok() && !files_.Stat(store).ok()) {
    TM_RETURN_IF_ERROR(files_.Rename(aside, store));
  }
  TM_RETURN_IF_ERROR(RemoveTree(files_, aside));
  if (!options_.fresh) return options_.before_open();
  if (files_.Stat(store).ok()) TM_RETURN_IF_ERROR(files_.Rename(store, aside));
  if (absl::Status status = options_.before_open(); !status.ok()) {
    if (files_.Stat(aside).ok()) {
      TM_RETURN_IF_ERROR(RemoveTree(files_, store));
      TM_RETURN_IF_ERROR(files_.Rename(aside, store));
    }
    return status;
  }
  TM_RETURN_IF_ERROR(RemoveTree(files_, aside));
  return RemoveTree(files_, SnapshotsPath(options_.directory));
}

absl::StatusOr<std::optional<EpochRecord>> ReadEpochRecord(const StateReader& store) {
  TM_ASSIGN_OR_RETURN(const auto bytes, store.Get(MetaRowKey(kEpochRow)));
  if (!bytes) return std::optional<EpochRecord>();
  TM_ASSIGN_OR_RETURN(EpochRecord record, DecodeEpochRecord(*bytes));
  return std::optional<EpochRecord>(std::move(record));
}

absl::Status CommitEpoch(StateStore& store, const EpochRecord& record,
                         std::vector<RunBuilder> builders) {
  RunBuilder meta;
  meta.Put(MetaRowKey(kEpochRow), EncodeEpochRecord(record));
  builders.push_back(std::move(meta));
  return store.Commit(SortedRun::Merge(std::move(builders)));
}

std::string NewRunLine() {
  Random random(FreshSeed());
  return absl::StrFormat("%016x", random.Next());
}

}  // namespace tidemark
