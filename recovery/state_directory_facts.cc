// What StateDirectory and those who only look at a state share: who holds it, whether it is a copy,
// marks of damage, the epoch record.

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "base/random.h"
#include "base/real_path.h"
#include "base/status.h"
#include "recovery/state_directory.h"
#include "state/rocksdb_tables.h"
#include "state/state_key.h"

namespace tidemark {

// ---- what is in a directory ---------------------------------------------------------------------

bool IsPartOfState(std::string_view name) {
  return name == "LOCK" || name == "store" || name == "staging" || name == "snapshots" ||
         name == "requests" || name == "store.partial" || name == "store.old" ||
         name == "COMMITTED" || name.starts_with("COMMITTED.") || name == "START" ||
         name.starts_with("START.") || name.starts_with(kDamagedMark) ||
         name.starts_with("store.damaged-");
}

namespace {

// A snapshot as well: its manifest is beside its store. A folder of somebody that happens to have a
// store/ or snapshots/ is not meant, nor is one that cannot be looked at.
bool IsStateOrSnapshot(Files& files, const std::string& directory) {
  const auto has = [&](const char* name) { return files.Stat(JoinPath(directory, name)).ok(); };
  if (!has("store") && !has("snapshots") && !has("store.old")) return false;
  return has("LOCK") || has("COMMITTED") || has("manifest");
}

}  // namespace

absl::Status CheckHoldsOnlyState(Files& files, const std::string& directory) {
  TM_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(directory));
  for (const std::string& name : names) {
    if (IsPartOfState(name)) continue;
    if (name != "manifest" && IsStateOrSnapshot(files, directory)) {
      return absl::FailedPreconditionError(Cat(JoinPath(directory, name),
                                               ": is not part of the state in ", directory,
                                               "; remove it, or move it out of that directory"));
    }
    return absl::FailedPreconditionError(Cat(directory, ": is not a state directory (it contains '",
                                             name, "'); give --state an empty or a new directory"));
  }
  return absl::OkStatus();
}

absl::Status CheckOutsideOtherStates(Files& files, const std::string& directory) {
  const std::string real = RealPath(directory);
  for (std::string path = ParentDirectory(real); path != "/" && path != ".";
       path = ParentDirectory(path)) {
    if (!IsStateOrSnapshot(files, path)) continue;
    return absl::FailedPreconditionError(Cat(
        directory, ": is inside ", path, ", which holds the state of a job or a snapshot; give ",
        "--state a directory outside of it"));
  }
  return absl::OkStatus();
}

// RocksDB opens a store without its log, and then whatever was in it is gone. A store that has been
// opened once always has one; only while it is created its first manifest comes earlier.
absl::StatusOr<StoreFiles> LookAtStore(Files& files, const std::string& store) {
  const auto names = files.List(store);
  if (absl::IsNotFound(names.status())) return StoreFiles::kMissing;
  TM_RETURN_IF_ERROR(names.status());
  if (names->empty()) return StoreFiles::kEmpty;
  TM_ASSIGN_OR_RETURN(const bool has_current, Exists(files, JoinPath(store, "CURRENT")));
  if (!has_current) return StoreFiles::kWithoutCurrent;
  const auto current = ReadSmallFile(files, JoinPath(store, "CURRENT"));
  if (!current.ok() || *current == "MANIFEST-000001\n") return StoreFiles::kThere;
  const bool has_log = std::any_of(names->begin(), names->end(), [](const std::string& name) {
    return absl::EndsWith(name, ".log");
  });
  return has_log ? StoreFiles::kThere : StoreFiles::kWithoutLog;
}

// ---- who has it ---------------------------------------------------------------------------------

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

absl::StatusOr<std::optional<ForkOfCopy>> LookForOriginal(Files& files,
                                                          const std::string& directory,
                                                          const EpochRecord& record,
                                                          const std::optional<StartNote>& begun) {
  TM_ASSIGN_OR_RETURN(std::string original, OriginalOf(files, directory, record.run_line));
  if (original.empty()) return std::nullopt;
  ForkOfCopy fork{
      .original = std::move(original),
      .start = {.run_line = {}, .from_line = record.run_line, .from_epoch = record.epoch.value}};
  if (begun.has_value() && begun->IsSameCommand(fork.start)) fork.start.run_line = begun->run_line;
  return fork;
}

// ---- damage ------------------------------------------------------------------------------------

absl::Status MarkDamaged(Files& files, const std::string& directory, const absl::Status& damage) {
  const std::string mark = JoinPath(directory, kDamagedMark);
  if (files.Stat(mark).ok()) return absl::OkStatus();
  return WriteFileAtomically(files, mark, Cat(damage.message(), "\n"));
}

absl::Status UnmarkDamaged(Files& files, const std::string& directory) {
  absl::Status removed = files.Remove(JoinPath(directory, kDamagedMark));
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
