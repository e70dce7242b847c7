#include "recovery/verify.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/status.h"
#include "recovery/commit_note.h"
#include "recovery/manifest.h"
#include "recovery/open_plan.h"
#include "recovery/snapshot.h"
#include "recovery/state_directory.h"
#include "state/rocksdb_store.h"
#include "state/rocksdb_tables.h"

namespace tidemark {
namespace {

// What a file is, under whatever name.
using FileId = std::pair<uint64_t, uint64_t>;

class Verifier {
 public:
  Verifier(Files& files, const VerifyOptions& options) : files_(files), options_(options) {}

  // OK, or the first thing that this user may not read: that is not damage.
  const absl::Status& denied() const { return denied_; }

  void LiveStore(const std::string& directory) {
    VerifiedPart part;
    part.path = StorePath(directory);
    if (files_.Stat(JoinPath(directory, "DAMAGED")).ok()) {
      const auto why = ReadSmallFile(files_, JoinPath(directory, "DAMAGED"));
      part.Add(absl::DataLossError(Cat(directory, ": a run has found the store damaged: ",
                                       why.ok() ? why->substr(0, why->find('\n')) : "")));
    }
    // What stops a start before it opens the store.
    const auto found = LookAtStore(files_, part.path);
    absl::Status whole = found.ok() ? CheckStoreFiles(directory, *found) : found.status();
    const auto listing = ListStore(part.path, EpochRowKey());
    if (whole.ok()) whole = listing.status();
    if (!whole.ok()) Add(whole, part);
    if (listing.ok()) {
      for (const TableFile& table : listing->tables) LiveTable(table, part);
      Rows(part, /*expected=*/nullptr);
    }
    parts_.push_back(std::move(part));
  }

  void OneSnapshot(const std::string& path) {
    VerifiedPart part;
    part.path = path;
    auto snapshot = ReadSnapshot(files_, path);
    if (!snapshot.ok()) {
      Add(snapshot.status(), part);
      return Keep(std::move(part));
    }
    for (const ManifestFile& file : snapshot->manifest.files) {
      if (!IsTableFile(file)) continue;  // read already
      const std::string table = JoinPath(path, file.name);
      if (absl::Status status = Blocks(table); !status.ok()) Add(status, part);
      const auto sum = Sum(table);
      if (!sum.ok()) Add(sum.status(), part);
      if (sum.ok() && file.kind == FileChecksum::kCrc32c && *sum != file.checksum) {
        part.Add(absl::DataLossError(Cat(table, ": its checksum does not match the manifest's")));
      }
      part.bytes += file.bytes;
    }
    if (part.fine()) Rows(part, &snapshot->manifest.record);
    part.epoch = snapshot->manifest.record.epoch.value;
    Keep(std::move(part));
  }

  std::vector<VerifiedPart> Finish() {
    for (const auto& [file, holders] : holders_) {
      for (const size_t a : holders) {
        for (const size_t b : holders) {
          if (a != b) sharing_[a].insert(b);
        }
      }
    }
    for (const auto& [part, others] : sharing_) {
      for (const size_t other : others) {
        parts_[part].shares_with.push_back(parts_[other].path);
      }
    }
    return std::move(parts_);
  }

 private:
  struct TableState {
    absl::Status blocks;
    absl::StatusOr<uint32_t> sum = absl::UnknownError("not read yet");
    bool summed = false;
  };

  void Add(const absl::Status& fault, VerifiedPart& part) {
    if (denied_.ok() && absl::IsPermissionDenied(fault)) denied_ = fault;
    part.Add(fault);
  }

  // A running job may have removed a snapshot while it was read.
  void Keep(VerifiedPart part) {
    if (part.fine() || files_.Stat(part.path).ok()) {
      parts_.push_back(std::move(part));
      return;
    }
    for (auto& [file, holders] : holders_) holders.erase(parts_.size());
  }

  std::optional<FileId> IdOf(const std::string& path) {
    const auto info = files_.Stat(path);
    if (!info.ok()) return {};
    return FileId{info->device, info->inode};
  }

  // Each file is read once, however many share it. Notes who holds it.
  absl::Status Blocks(const std::string& path) {
    const auto id = IdOf(path);
    if (!id) return absl::DataLossError(Cat(path, ": is missing"));
    holders_[*id].insert(parts_.size());
    const auto known = tables_.find(*id);
    if (known != tables_.end()) return Renamed(known->second.blocks, path);
    options_.progress(path, bytes_read_);
    TableState& state = tables_[*id];
    state.blocks = CheckTableBlocks(path);
    if (const auto info = files_.Stat(path); info.ok()) bytes_read_ += info->size_bytes;
    return state.blocks;
  }
  static absl::Status Renamed(const absl::Status& status, const std::string& path) {
    if (status.ok() || status.message().find(path) != absl::string_view::npos) return status;
    return absl::DataLossError(Cat(path, ": is the same file as another: ", status.message()));
  }
  absl::StatusOr<uint32_t> Sum(const std::string& path) {
    const auto id = IdOf(path);
    if (!id) return absl::DataLossError(Cat(path, ": is missing"));
    TableState& state = tables_[*id];
    if (!std::exchange(state.summed, true)) state.sum = FileCrc32c(files_, path);
    return state.sum;
  }

  void LiveTable(const TableFile& table, VerifiedPart& part) {
    const std::string path = JoinPath(part.path, table.name);
    absl::Status status = Blocks(path);
    if (status.ok() && table.crc32c) {
      const auto sum = Sum(path);
      status = sum.status();
      if (sum.ok() && *sum != *table.crc32c) {
        status = absl::DataLossError(Cat(path, ": its checksum does not match the store's"));
      }
    }
    part.bytes += table.bytes;
    if (status.ok()) return;
    // A running job may have given the file up since it was listed.
    const auto now = ListStore(part.path, EpochRowKey());
    const auto is_this = [&](const TableFile& other) { return other.name == table.name; };
    if (now.ok() && std::none_of(now->tables.begin(), now->tables.end(), is_this)) return;
    Add(status, part);
  }

  void Rows(VerifiedPart& part, const EpochRecord* expected) {
    RocksStoreOptions rocks;
    rocks.directory = expected == nullptr ? part.path : StorePath(part.path);
    rocks.read_only = true;
    rocks.create_if_missing = false;
    // Before the store is: a job that runs commits meanwhile.
    const auto note = expected == nullptr ? ReadCommitNote(files_, ParentDirectory(part.path))
                                          : absl::StatusOr<CommitNote>(CommitNote());
    const auto store = OpenRocksStore(rocks);
    if (!store.ok()) return Add(store.status(), part);
    const auto record = ReadEpochRecord(**store);
    if (!record.ok()) return Add(Annotate(record.status(), rocks.directory), part);
    if (expected != nullptr && (!*record || **record != *expected)) {
      part.Add(absl::DataLossError(
          Cat(rocks.directory, ": holds another epoch record than the manifest")));
    }
    const EpochRecord known = record->value_or(EpochRecord());
    part.epoch = known.epoch.value;
    const absl::Status newest =
        note.ok() ? CheckCommitNote(*note, part.path, known.run_line, part.epoch) : note.status();
    if (!newest.ok()) Add(newest, part);
    if (!*record) return;  // a store that was just begun
    VerifyRows(
        **store, **record, [&](uint64_t) { options_.progress(part.path, bytes_read_); }, part);
  }

  Files& files_;
  const VerifyOptions& options_;
  std::vector<VerifiedPart> parts_;
  std::map<FileId, TableState> tables_;
  std::map<FileId, std::set<size_t>> holders_;  // indexes of parts
  std::map<size_t, std::set<size_t>> sharing_;
  uint64_t bytes_read_ = 0;
  absl::Status denied_;
};

}  // namespace

void VerifiedPart::Add(const absl::Status& fault) {
  if (faults.size() == kFaultsMax) {
    ++more_faults;
    return;
  }
  faults.emplace_back(fault.message());
}

absl::StatusOr<std::vector<VerifiedPart>> Verify(Files& files, const std::string& directory,
                                                 const VerifyOptions& options) {
  TM_RETURN_IF_ERROR(CheckHoldsState(files, directory));
  const auto snapshots = files.List(SnapshotsPath(directory));
  if (absl::IsPermissionDenied(snapshots.status())) return snapshots.status();
  Verifier verifier(files, options);
  if (files.Stat(JoinPath(directory, "manifest")).ok() ||
      (!snapshots.ok() && !files.Stat(JoinPath(directory, "LOCK")).ok())) {
    verifier.OneSnapshot(directory);
    TM_RETURN_IF_ERROR(verifier.denied());
    return verifier.Finish();
  }
  verifier.LiveStore(directory);
  for (const std::string& name : snapshots.value_or(std::vector<std::string>{})) {
    const bool partial = name.size() > 8 && name.substr(name.size() - 8) == ".partial";
    if (!partial) verifier.OneSnapshot(JoinPath(SnapshotsPath(directory), name));
  }
  TM_RETURN_IF_ERROR(verifier.denied());
  return verifier.Finish();
}

}  // namespace tidemark
