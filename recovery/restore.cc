#include "recovery/restore.h"

#include <memory>
#include <optional>

#include "base/status.h"
#include "recovery/manifest.h"
#include "recovery/state_directory.h"
#include "state/rocksdb_store.h"

namespace tidemark {
namespace {

// A linked table is checked as a whole up to this size; in a larger one each block is checked when
// it is read.
constexpr uint64_t kCheckedTableBytesMax = uint64_t{1} << 20;

absl::Status WriteNew(Files& files, const std::string& path, const std::string& content) {
  TM_ASSIGN_OR_RETURN(const auto file, files.OpenAppend(path));
  TM_RETURN_IF_ERROR(file->Append(content));
  return file->Sync();
}

absl::Status BringTable(Files& files, const Snapshot& snapshot, const ManifestFile& file,
                        const std::string& to) {
  const std::string from = JoinPath(snapshot.path, file.name);
  TM_RETURN_IF_ERROR(file.bytes <= kCheckedTableBytesMax
                         ? CheckFile(files, snapshot.path, file)
                         : CheckFileSize(files, snapshot.path, file));
  const absl::Status linked = files.Link(from, to);
  if (!absl::IsUnimplemented(linked)) return linked;
  TM_RETURN_IF_ERROR(CopyFile(files, from, to));
  return CheckFile(files, snapshot.path, file);  // it was read as a whole in any case
}

absl::Status BringFiles(Files& files, const Snapshot& snapshot, const std::string& target) {
  for (const ManifestFile& file : snapshot.manifest.files) {
    const std::string to = JoinPath(target, StoreFileName(file));
    if (IsTableFile(file)) {
      TM_RETURN_IF_ERROR(BringTable(files, snapshot, file, to));
      continue;
    }
    // What is written is what was checked, whatever happens to the original in between.
    TM_ASSIGN_OR_RETURN(const std::string content, ReadChecked(files, snapshot.path, file));
    TM_RETURN_IF_ERROR(WriteNew(files, to, content));
  }
  return absl::OkStatus();
}

// Before it gets its name, so that no store ever looks like the original's.
absl::Status TakeOver(const Snapshot& snapshot, const std::string& store_path,
                      const std::string& state_directory, const std::string& run_line,
                      const RocksStoreOptions& opening) {
  RocksStoreOptions rocks = opening;
  rocks.directory = store_path;
  rocks.staging_directory = StagingPath(state_directory);
  rocks.create_if_missing = false;
  TM_ASSIGN_OR_RETURN(const auto store, OpenRocksStore(rocks));
  TM_ASSIGN_OR_RETURN(const auto held, ReadEpochRecord(*store));
  if (!held || *held != snapshot.manifest.record) {
    return absl::DataLossError("its store holds another epoch record than its manifest");
  }
  if (held->run_line == run_line) return absl::OkStatus();
  EpochRecord record = *held;
  record.run_line = run_line;
  return CommitEpoch(*store, record, {});
}

}  // namespace

std::string PartialStorePath(const std::string& state_directory) {
  return Cat(StorePath(state_directory), ".partial");
}

absl::Status PrepareRestore(Files& files, const Snapshot& snapshot,
                            const std::string& state_directory, const std::string& run_line,
                            const RocksStoreOptions& opening) {
  const std::string partial = PartialStorePath(state_directory);
  TM_RETURN_IF_ERROR(RemoveTree(files, partial));
  TM_RETURN_IF_ERROR(files.CreateDirectories(partial));
  absl::Status done = BringFiles(files, snapshot, partial);
  if (done.ok()) {
    done = TakeOver(snapshot, partial, state_directory, run_line, opening);
    if (absl::IsDataLoss(done) || absl::IsNotFound(done)) {
      done = absl::DataLossError(Cat(snapshot.path, ": does not open: ", done.message()));
    }
  }
  if (done.ok()) return files.SyncDirectory(partial);
  RemoveTree(files, partial).IgnoreError();  // on purpose: the next restore begins with it
  return done;
}

absl::Status RestoreSnapshot(Files& files, const Snapshot& snapshot,
                             const std::string& state_directory, const std::string& run_line,
                             const RocksStoreOptions& opening) {
  TM_RETURN_IF_ERROR(CheckHoldsNoStore(files, state_directory));
  TM_RETURN_IF_ERROR(PrepareRestore(files, snapshot, state_directory, run_line, opening));
  TM_RETURN_IF_ERROR(files.Rename(PartialStorePath(state_directory), StorePath(state_directory)));
  return files.SyncDirectory(state_directory);
}

}  // namespace tidemark
