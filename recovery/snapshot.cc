#include "recovery/snapshot.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "base/stable_hash.h"
#include "base/status.h"
#include "recovery/state_directory.h"
#include "state/rocksdb_store.h"

namespace tidemark {
namespace {

constexpr char kManifest[] = "manifest";
constexpr char kPartial[] = ".partial";
constexpr char kStorePrefix[] = "store/";
constexpr std::string_view kMagic = "TIDEMARK";
// Files up to this size are read for their checksum; table files carry their own in every block.
constexpr uint64_t kChecksumBytesMax = 1 << 20;

// ---- the envelope of a manifest: magic, version, length, checksum, payload ---------------------

void AppendLittleEndian(uint64_t value, std::string& out) {
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

uint64_t LittleEndianAt(std::string_view bytes, size_t at) {
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) {
    value |= uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return value;
}

constexpr size_t kEnvelopeBytes = 8 + 8 + 8 + 8;

std::string WrapManifest(const Manifest& manifest) {
  const std::string payload = EncodeManifest(manifest);
  std::string bytes(kMagic);
  AppendLittleEndian(kFormatVersion, bytes);
  AppendLittleEndian(payload.size(), bytes);
  AppendLittleEndian(StableHash(payload), bytes);
  return bytes + payload;
}

absl::StatusOr<Manifest> UnwrapManifest(const std::string& path, std::string_view bytes) {
  if (bytes.size() < kEnvelopeBytes || bytes.substr(0, kMagic.size()) != kMagic) {
    return absl::DataLossError(Cat(path, ": is not a Tidemark manifest"));
  }
  const uint64_t version = LittleEndianAt(bytes, 8);
  if (version > kFormatVersion) {
    return absl::UnimplementedError(Cat(path, ": is of format ", version,
                                        ", and this build knows formats up to ", kFormatVersion,
                                        "; use the newer tidemark that wrote it"));
  }
  const std::string_view payload = bytes.substr(kEnvelopeBytes);
  if (payload.size() != LittleEndianAt(bytes, 16) ||
      StableHash(payload) != LittleEndianAt(bytes, 24)) {
    return absl::DataLossError(
        Cat(path, ": is damaged (its checksum does not match); use another snapshot"));
  }
  auto manifest = DecodeManifest(payload);
  if (!manifest.ok()) return Annotate(manifest.status(), path);
  for (const ManifestFile& file : manifest->files) {
    // Names become paths: none may lead out of the snapshot.
    if (!absl::StartsWith(file.name, kStorePrefix) ||
        file.name.find('/', std::strlen(kStorePrefix)) != std::string::npos) {
      return absl::DataLossError(Cat(path, ": names a file outside the snapshot: ", file.name));
    }
  }
  return manifest;
}

absl::StatusOr<std::vector<ManifestFile>> DescribeStore(Files& files, const std::string& store) {
  std::vector<ManifestFile> described;
  TM_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(store));
  for (const std::string& name : names) {
    const std::string path = JoinPath(store, name);
    TM_ASSIGN_OR_RETURN(const FileInfo info, files.Stat(path));
    ManifestFile file{.name = JoinPath("store", name), .bytes = info.size_bytes, .checksum = 0};
    if (info.size_bytes <= kChecksumBytesMax) {
      TM_ASSIGN_OR_RETURN(const std::string content, ReadSmallFile(files, path));
      file.checksum = StableHash(content);
    }
    described.push_back(std::move(file));
  }
  return described;
}

absl::Status RemoveLeftovers(Files& files, const std::string& snapshots) {
  TM_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(snapshots));
  for (const std::string& name : names) {
    if (absl::EndsWith(name, kPartial)) {
      TM_RETURN_IF_ERROR(RemoveTree(files, JoinPath(snapshots, name)));
    }
  }
  return absl::OkStatus();
}

}  // namespace

uint64_t Snapshot::bytes() const {
  uint64_t sum = 0;
  for (const ManifestFile& file : manifest.files) sum += file.bytes;
  return sum;
}

std::string SnapshotName(Epoch epoch) { return absl::StrFormat("%010d", epoch.value); }

absl::StatusOr<Snapshot> MakeSnapshot(Files& files, StateStore& store,
                                      const std::string& state_directory,
                                      const EpochRecord& record) {
  const std::string snapshots = SnapshotsPath(state_directory);
  TM_RETURN_IF_ERROR(files.CreateDirectories(snapshots));
  TM_RETURN_IF_ERROR(RemoveLeftovers(files, snapshots));
  Snapshot snapshot{.path = JoinPath(snapshots, SnapshotName(record.epoch)), .manifest = {}};
  if (files.Stat(snapshot.path).ok()) return ReadSnapshot(files, snapshot.path);

  const std::string partial = Cat(snapshot.path, kPartial);
  TM_RETURN_IF_ERROR(files.CreateDirectories(partial));
  TM_RETURN_IF_ERROR(store.Checkpoint(JoinPath(partial, "store")));
  snapshot.manifest.record = record;
  TM_ASSIGN_OR_RETURN(const auto earlier, ListSnapshots(files, state_directory));
  if (!earlier.empty()) snapshot.manifest.parent = earlier.back().manifest.record.epoch;
  TM_ASSIGN_OR_RETURN(snapshot.manifest.files, DescribeStore(files, JoinPath(partial, "store")));
  TM_RETURN_IF_ERROR(
      WriteFileAtomically(files, JoinPath(partial, kManifest), WrapManifest(snapshot.manifest)));
  TM_RETURN_IF_ERROR(files.SyncDirectory(partial));
  TM_RETURN_IF_ERROR(files.Rename(partial, snapshot.path));
  TM_RETURN_IF_ERROR(files.SyncDirectory(snapshots));
  return snapshot;
}

absl::StatusOr<Snapshot> ReadSnapshot(Files& files, const std::string& snapshot_directory) {
  const std::string path = JoinPath(snapshot_directory, kManifest);
  auto bytes = ReadSmallFile(files, path);
  if (absl::IsNotFound(bytes.status())) {
    return absl::NotFoundError(
        Cat(snapshot_directory, ": is not a snapshot directory (it has no manifest)"));
  }
  TM_RETURN_IF_ERROR(bytes.status());
  Snapshot snapshot{.path = snapshot_directory, .manifest = {}};
  TM_ASSIGN_OR_RETURN(snapshot.manifest, UnwrapManifest(path, *bytes));
  for (const ManifestFile& file : snapshot.manifest.files) {
    const std::string file_path = JoinPath(snapshot_directory, file.name);
    const auto info = files.Stat(file_path);
    if (!info.ok() || info->size_bytes != file.bytes) {
      return absl::DataLossError(
          Cat(file_path,
              info.ok() ? Cat(": has ", info->size_bytes, " bytes instead of ", file.bytes)
                        : std::string(": is missing"),
              "; the snapshot is damaged, use another one"));
    }
  }
  return snapshot;
}

absl::StatusOr<std::vector<Snapshot>> ListSnapshots(Files& files,
                                                    const std::string& state_directory,
                                                    std::vector<absl::Status>* on_damaged) {
  std::vector<Snapshot> snapshots;
  auto names = files.List(SnapshotsPath(state_directory));
  if (absl::IsNotFound(names.status())) return snapshots;
  TM_RETURN_IF_ERROR(names.status());
  for (const std::string& name : *names) {
    if (absl::EndsWith(name, kPartial)) continue;
    auto snapshot = ReadSnapshot(files, JoinPath(SnapshotsPath(state_directory), name));
    if (snapshot.ok()) {
      snapshots.push_back(*std::move(snapshot));
    } else if (on_damaged != nullptr) {
      on_damaged->push_back(snapshot.status());
    }
  }
  std::sort(snapshots.begin(), snapshots.end(), [](const Snapshot& a, const Snapshot& b) {
    return a.manifest.record.epoch < b.manifest.record.epoch;
  });
  return snapshots;
}

absl::Status KeepNewestSnapshots(Files& files, const std::string& state_directory, size_t keep) {
  TM_ASSIGN_OR_RETURN(const std::vector<Snapshot> snapshots, ListSnapshots(files, state_directory));
  for (size_t i = 0; i + keep < snapshots.size(); ++i) {
    // Renamed first: a crash in the middle leaves a .partial, not a snapshot with a hole.
    const std::string doomed = Cat(snapshots[i].path, kPartial);
    TM_RETURN_IF_ERROR(files.Rename(snapshots[i].path, doomed));
    TM_RETURN_IF_ERROR(RemoveTree(files, doomed));
  }
  return absl::OkStatus();
}

absl::Status RestoreSnapshot(Files& files, const Snapshot& snapshot,
                             const std::string& state_directory, const std::string& run_line) {
  const std::string target = StorePath(state_directory);
  if (files.Stat(target).ok()) {
    return absl::FailedPreconditionError(
        Cat(state_directory,
            ": holds a state already; give --state a new directory, or discard "
            "what is there with --fresh"));
  }
  const std::string partial = Cat(target, kPartial);
  TM_RETURN_IF_ERROR(RemoveTree(files, partial));
  TM_RETURN_IF_ERROR(files.CreateDirectories(partial));
  for (const ManifestFile& file : snapshot.manifest.files) {
    const std::string from = JoinPath(snapshot.path, file.name);
    const std::string to = JoinPath(partial, file.name.substr(std::strlen(kStorePrefix)));
    if (absl::EndsWith(file.name, ".sst")) {
      const absl::Status linked = files.Link(from, to);
      if (linked.ok()) continue;
      if (!absl::IsUnimplemented(linked)) return linked;
    }
    TM_RETURN_IF_ERROR(CopyFile(files, from, to));
  }
  {
    // Before it gets its name, so that no store ever looks like the original's.
    RocksStoreOptions rocks;
    rocks.directory = partial;
    rocks.staging_directory = JoinPath(state_directory, "staging");
    rocks.create_if_missing = false;
    TM_ASSIGN_OR_RETURN(const auto store, OpenRocksStore(rocks));
    EpochRecord record = snapshot.manifest.record;
    record.run_line = run_line;
    TM_RETURN_IF_ERROR(CommitEpoch(*store, record, {}));
  }
  TM_RETURN_IF_ERROR(files.SyncDirectory(partial));
  TM_RETURN_IF_ERROR(files.Rename(partial, target));
  return files.SyncDirectory(state_directory);
}

}  // namespace tidemark
