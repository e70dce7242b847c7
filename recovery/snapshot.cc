#include "recovery/snapshot.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "base/stable_hash.h"
#include "base/status.h"
#include "recovery/manifest.h"
#include "recovery/state_directory.h"
#include "state/rocksdb_tables.h"

namespace tidemark {
namespace {

constexpr char kManifest[] = "manifest";
constexpr char kPartial[] = ".partial";
constexpr size_t kNameBytesMax = 100;

absl::Status RemoveLeftovers(Files& files, const std::string& snapshots) {
  TM_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(snapshots));
  for (const std::string& name : names) {
    if (absl::EndsWith(name, kPartial)) {
      TM_RETURN_IF_ERROR(RemoveTree(files, JoinPath(snapshots, name)));
    }
  }
  return absl::OkStatus();
}

// ---- making one --------------------------------------------------------------------------------

// The record of the store in `directory`, and its tables.
absl::StatusOr<StoreListing> ListStoreAt(const std::string& directory, const EpochRecord& record,
                                         const RocksStoreOptions& opening = {}) {
  TM_ASSIGN_OR_RETURN(StoreListing store, ListStore(directory, EpochRowKey(), opening));
  if (!store.row) return absl::DataLossError(Cat(directory, ": holds no epoch record"));
  auto held = DecodeEpochRecord(*store.row);
  if (!held.ok()) return Annotate(held.status(), directory);
  if (*held == record) return store;
  return absl::DataLossError(Cat(directory, ": is at epoch ", held->epoch.value, " of line ",
                                 held->run_line, ", which is not epoch ", record.epoch.value,
                                 " of line ", record.run_line, " as it should be"));
}

// A sum for a table that the store has none for: the parent's, since tables never change, or one
// that is computed now.
absl::StatusOr<uint64_t> TableChecksum(Files& files, const std::string& path,
                                       const ManifestFile& file, const Manifest* parent) {
  if (parent != nullptr) {
    for (const ManifestFile& before : parent->files) {
      if (before.name == file.name && before.bytes == file.bytes &&
          before.kind == FileChecksum::kCrc32c) {
        return before.checksum;
      }
    }
  }
  return FileCrc32c(files, path);
}

absl::StatusOr<std::vector<ManifestFile>> DescribeStore(Files& files, const std::string& directory,
                                                        const StoreListing& store,
                                                        const Manifest* parent) {
  std::vector<ManifestFile> described;
  TM_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(directory));
  size_t tables = 0;
  for (const std::string& name : names) {
    const std::string path = JoinPath(directory, name);
    TM_ASSIGN_OR_RETURN(const FileInfo info, files.Stat(path));
    ManifestFile file{.name = JoinPath("store", name), .bytes = info.size_bytes};
    if (IsTableFile(file)) {
      const auto listed = std::find_if(store.tables.begin(), store.tables.end(),
                                       [&](const TableFile& table) { return table.name == name; });
      if (listed == store.tables.end()) continue;  // RocksDB has given it up
      if (listed->bytes != file.bytes) {
        return absl::DataLossError(
            Cat(path, ": has ", file.bytes, " bytes instead of ", listed->bytes));
      }
      ++tables;
      file.kind = FileChecksum::kCrc32c;
      if (listed->crc32c) {
        file.checksum = *listed->crc32c;
      } else {
        TM_ASSIGN_OR_RETURN(file.checksum, TableChecksum(files, path, file, parent));
      }
    } else {
      TM_ASSIGN_OR_RETURN(const std::string content, ReadSmallFile(files, path));
      file.kind = FileChecksum::kXxh3;
      file.checksum = StableHash(content);
    }
    described.push_back(std::move(file));
  }
  if (tables == store.tables.size()) return described;
  return absl::DataLossError(Cat(directory, ": a table of the store is missing"));
}

// What RocksDB writes down about its settings and never needs again. It would be one more file that
// all snapshots share, and that makes them useless when a bit of it flips.
absl::Status RemoveSettings(Files& files, const std::string& directory) {
  TM_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(directory));
  for (const std::string& name : names) {
    if (!absl::StartsWith(name, "OPTIONS-")) continue;
    TM_RETURN_IF_ERROR(files.Remove(JoinPath(directory, name)));
  }
  return files.SyncDirectory(directory);
}

// Gives each file a content of its own. The link goes, what it was linked to stays.
absl::Status Unshare(Files& files, const std::string& directory) {
  TM_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(directory));
  for (const std::string& name : names) {
    const std::string path = JoinPath(directory, name);
    const std::string copy = Cat(path, ".copy");
    TM_RETURN_IF_ERROR(CopyFile(files, path, copy));
    TM_RETURN_IF_ERROR(files.Rename(copy, path));
  }
  return files.SyncDirectory(directory);
}

// What is there already, if it is this very snapshot; nothing when it is to be made anew.
absl::StatusOr<std::optional<Snapshot>> Existing(Files& files, const std::string& path,
                                                 const std::string& state_directory,
                                                 const EpochRecord& record,
                                                 const SnapshotOptions& options) {
  if (!files.Stat(path).ok()) return std::optional<Snapshot>();
  auto there = ReadSnapshot(files, path);
  const bool same = there.ok() && there->manifest.record == record;
  const bool shares =
      same && options.copy && !SharesNothing(files, *there, StorePath(state_directory));
  if (same && !shares && ListStoreAt(StorePath(path), record, options.store).ok()) {
    return std::optional<Snapshot>(*std::move(there));
  }
  if (!same && !options.name.empty()) {
    return absl::FailedPreconditionError(
        Cat(path, ": a snapshot of that name is there; give another one with --name"));
  }
  return std::optional<Snapshot>();
}

}  // namespace

absl::StatusOr<Snapshot> MakeSnapshot(Files& files, StateStore& store,
                                      const std::string& state_directory, const EpochRecord& record,
                                      const SnapshotOptions& options) {
  const std::string snapshots = SnapshotsPath(state_directory);
  TM_RETURN_IF_ERROR(CreateDirectoriesDurably(files, snapshots));
  TM_RETURN_IF_ERROR(RemoveLeftovers(files, snapshots));
  Snapshot snapshot;
  snapshot.path =
      JoinPath(snapshots, options.name.empty() ? SnapshotName(record.epoch) : options.name);
  TM_ASSIGN_OR_RETURN(auto existing,
                      Existing(files, snapshot.path, state_directory, record, options));
  if (existing) return *std::move(existing);

  const std::string partial = Cat(snapshot.path, kPartial);
  const std::string copy_of_store = StorePath(partial);
  TM_RETURN_IF_ERROR(files.CreateDirectories(partial));
  TM_RETURN_IF_ERROR(store.Checkpoint(copy_of_store));
  TM_RETURN_IF_ERROR(RemoveSettings(files, copy_of_store));
  if (options.copy) TM_RETURN_IF_ERROR(Unshare(files, copy_of_store));
  TM_ASSIGN_OR_RETURN(const StoreListing listing,
                      ListStoreAt(copy_of_store, record, options.store));
  snapshot.manifest.record = record;
  TM_ASSIGN_OR_RETURN(const auto earlier, ListSnapshots(files, state_directory));
  const Manifest* parent = earlier.empty() ? nullptr : &earlier.back().manifest;
  if (parent != nullptr) snapshot.manifest.parent = parent->record.epoch;
  TM_ASSIGN_OR_RETURN(snapshot.manifest.files,
                      DescribeStore(files, copy_of_store, listing, parent));
  TM_RETURN_IF_ERROR(
      WriteFileAtomically(files, JoinPath(partial, kManifest), WrapManifest(snapshot.manifest)));
  TM_RETURN_IF_ERROR(files.SyncDirectory(partial));
  if (files.Stat(snapshot.path).ok()) {
    // Another epoch of this number, or a damaged one: it goes when its successor is whole.
    TM_RETURN_IF_ERROR(files.Rename(snapshot.path, Cat(snapshot.path, ".old", kPartial)));
  }
  TM_RETURN_IF_ERROR(files.Rename(partial, snapshot.path));
  TM_RETURN_IF_ERROR(files.SyncDirectory(snapshots));
  TM_RETURN_IF_ERROR(RemoveTree(files, Cat(snapshot.path, ".old", kPartial)));
  return snapshot;
}

// ---- reading -----------------------------------------------------------------------------------

absl::StatusOr<Snapshot> ReadSnapshot(Files& files, const std::string& snapshot_directory) {
  const std::string path = JoinPath(snapshot_directory, kManifest);
  auto bytes = ReadSmallFile(files, path);
  if (absl::IsNotFound(bytes.status())) {
    TM_ASSIGN_OR_RETURN(const bool there, Exists(files, snapshot_directory));
    if (!there) return absl::NotFoundError(Cat(snapshot_directory, ": no such directory"));
    return absl::NotFoundError(
        Cat(snapshot_directory, ": is not a snapshot directory (it has no manifest)"));
  }
  TM_RETURN_IF_ERROR(bytes.status());
  Snapshot snapshot{.path = snapshot_directory, .manifest = {}};
  TM_ASSIGN_OR_RETURN(snapshot.manifest, UnwrapManifest(path, *bytes));
  for (const ManifestFile& file : snapshot.manifest.files) {
    TM_RETURN_IF_ERROR(IsTableFile(file) ? CheckFileSize(files, snapshot_directory, file)
                                         : CheckFile(files, snapshot_directory, file));
  }
  return snapshot;
}

absl::StatusOr<std::vector<Snapshot>> ListSnapshots(Files& files,
                                                    const std::string& state_directory,
                                                    std::vector<DamagedSnapshot>* on_damaged) {
  std::vector<Snapshot> snapshots;
  auto names = files.List(SnapshotsPath(state_directory));
  if (absl::IsNotFound(names.status())) return snapshots;
  TM_RETURN_IF_ERROR(names.status());
  for (const std::string& name : *names) {
    if (absl::EndsWith(name, kPartial)) continue;
    const std::string path = JoinPath(SnapshotsPath(state_directory), name);
    auto snapshot = ReadSnapshot(files, path);
    if (snapshot.ok()) {
      snapshots.push_back(*std::move(snapshot));
    } else if (on_damaged != nullptr) {
      on_damaged->push_back({path, snapshot.status()});
    }
  }
  // Epochs of a state that went back, and what was committed before that, are numbered alike; this
  // time never steps back.
  std::sort(snapshots.begin(), snapshots.end(), [](const Snapshot& a, const Snapshot& b) {
    const EpochRecord& one = a.manifest.record;
    const EpochRecord& other = b.manifest.record;
    return std::tie(one.deadline_time, one.epoch, a.path) <
           std::tie(other.deadline_time, other.epoch, b.path);
  });
  return snapshots;
}

std::vector<absl::Status> CheckSnapshot(Files& files, const Snapshot& snapshot,
                                        const std::function<void(uint64_t)>& on_file,
                                        const RocksStoreOptions& opening) {
  std::vector<absl::Status> faults;
  uint64_t bytes_read = 0;
  for (const ManifestFile& file : snapshot.manifest.files) {
    if (absl::Status status = CheckFile(files, snapshot.path, file); !status.ok()) {
      faults.push_back(std::move(status));
    }
    on_file(bytes_read += file.bytes);
  }
  if (!faults.empty()) return faults;  // which is why the store would not open
  const auto store = ListStoreAt(StorePath(snapshot.path), snapshot.manifest.record, opening);
  if (!store.ok()) faults.push_back(store.status());
  return faults;
}

bool SharesNothing(Files& files, const Snapshot& snapshot, const std::string& store_directory) {
  return std::none_of(
      snapshot.manifest.files.begin(), snapshot.manifest.files.end(), [&](const auto& file) {
        const auto ours = files.Stat(JoinPath(snapshot.path, file.name));
        const auto theirs = files.Stat(Cat(store_directory, "/", StoreFileName(file)));
        return ours.ok() && theirs.ok() && ours->device == theirs->device &&
               ours->inode == theirs->inode;
      });
}

bool IsCopyForLackOfLinks(Files& files, const Snapshot& snapshot,
                          const std::string& store_directory) {
  const auto& described = snapshot.manifest.files;
  const auto table = std::find_if(described.begin(), described.end(), IsTableFile);
  if (table == described.end() || !SharesNothing(files, snapshot, store_directory)) return false;
  const std::string path = JoinPath(snapshot.path, table->name);
  const std::string link = Cat(snapshot.path, ".link", kPartial);
  const absl::Status linked = files.Link(path, link);
  if (linked.ok()) files.Remove(link).IgnoreError();  // on purpose: the next snapshot removes it
  return absl::IsUnimplemented(linked);
}

// ---- names -------------------------------------------------------------------------------------

uint64_t Snapshot::bytes() const {
  uint64_t sum = 0;
  for (const ManifestFile& file : manifest.files) sum += file.bytes;
  return sum;
}

std::string SnapshotName(Epoch epoch) { return absl::StrFormat("%010d", epoch.value); }

absl::Status CheckSnapshotName(const std::string& name) {
  const auto refuse = [&](std::string_view why) {
    return absl::InvalidArgumentError(
        Cat("'", absl::CEscape(name), "' is not a name for a snapshot; ", why));
  };
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
  });
  if (!plain || name.empty() || name[0] == '.' || name[0] == '-') {
    return refuse("use letters, digits, '.', '_' and '-', and begin with a letter, digit or '_'");
  }
  if (name.size() > kNameBytesMax)
    return refuse(Cat("it is longer than ", kNameBytesMax, " bytes"));
  if (IsEpochName(name)) return refuse("ten digits or more are an epoch's, add a letter");
  if (absl::EndsWith(name, kPartial)) return refuse(Cat("what ends so is being made: ", kPartial));
  return absl::OkStatus();
}

}  // namespace tidemark
