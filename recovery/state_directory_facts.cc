// What StateDirectory and those who only look at a state share: who holds it, whether it is a copy,
// marks of damage, the epoch record.

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_format.h"
#include "base/random.h"
#include "base/status.h"
#include "recovery/state_directory.h"
#include "state/rocksdb_tables.h"
#include "state/state_key.h"

namespace tidemark {

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
