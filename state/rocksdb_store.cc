#include "state/rocksdb_store.h"

#include <algorithm>
#include <atomic>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/numbers.h"
#include "absl/synchronization/mutex.h"
#include "base/check.h"
#include "base/files.h"
#include "base/random.h"
#include "base/status.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/sst_file_writer.h"
#include "rocksdb/utilities/checkpoint.h"
#include "rocksdb/write_batch.h"
#include "state/rocksdb_store_setup.h"

namespace tidemark {
namespace {

rocksdb::Slice ToSlice(std::string_view s) { return {s.data(), s.size()}; }
std::string_view ToView(const rocksdb::Slice& s) { return {s.data(), s.size()}; }

// A point between two commits. RocksDB's reads alone take a set of files first and a position in
// the history second: when an ingested and a small commit fall in between, they would see the
// second of them without the first.
class ReadPoint {
 public:
  explicit ReadPoint(rocksdb::DB* db) : db_(db), snapshot_(db->GetSnapshot()) {}
  ~ReadPoint() { db_->ReleaseSnapshot(snapshot_); }
  ReadPoint(const ReadPoint&) = delete;
  ReadPoint& operator=(const ReadPoint&) = delete;

  rocksdb::ReadOptions Options() const {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    return options;
  }

 private:
  rocksdb::DB* const db_;
  const rocksdb::Snapshot* const snapshot_;
};

class RocksCursor final : public Cursor {
 public:
  RocksCursor(rocksdb::DB* db, std::string directory, std::string_view from, std::string_view to)
      : directory_(std::move(directory)), to_(to), to_slice_(to_), point_(db) {
    rocksdb::ReadOptions options = point_.Options();
    if (!to_.empty()) options.iterate_upper_bound = &to_slice_;
    iterator_.reset(db->NewIterator(options));
    if (to_.empty() || from < to) iterator_->Seek(ToSlice(from));  // else it stands nowhere
  }

  bool Valid() const override { return iterator_->Valid(); }
  void Next() override {
    TM_CHECK(Valid(), "a cursor moves on from a row");
    iterator_->Next();
  }
  std::string_view key() const override {
    TM_CHECK(Valid(), "a cursor that is not on a row has no key");
    return ToView(iterator_->key());
  }
  std::string_view value() const override {
    TM_CHECK(Valid(), "a cursor that is not on a row has no value");
    return ToView(iterator_->value());
  }
  absl::Status status() const override {
    return RocksError(iterator_->status(), directory_, "read on");
  }

 private:
  const std::string directory_;
  const std::string to_;
  const rocksdb::Slice to_slice_;  // of to_; the iterator keeps a pointer to it
  const ReadPoint point_;
  std::unique_ptr<rocksdb::Iterator> iterator_;  // goes before the point it reads at
};

class RocksStore final : public StateStore {
 public:
  RocksStore(RocksStoreOptions options, rocksdb::Options rocks, std::unique_ptr<rocksdb::DB> db)
      : options_(std::move(options)), rocks_(std::move(rocks)), db_(std::move(db)) {}
  ~RocksStore() override {
    // On purpose: every commit is durable already, closing adds nothing that could be lost.
    db_->Close().PermitUncheckedError();
  }

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override;
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      const std::vector<std::string>& keys) const override;
  std::unique_ptr<Cursor> Scan(std::string_view from, std::string_view to) const override {
    return std::make_unique<RocksCursor>(db_.get(), options_.directory, from, to);
  }
  absl::Status Commit(const SortedRun& run) override;
  absl::Status Checkpoint(const std::string& directory) override;
  StoreStats Stats() const override;

 private:
  absl::Status CommitSmall(const SortedRun& run);
  absl::Status CommitLarge(const SortedRun& run) ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mutex_);
  rocksdb::Status WriteTable(const SortedRun& run, const std::string& path,
                             rocksdb::ExternalSstFileInfo& info) const;
  absl::Status ToStatus(const rocksdb::Status& status, std::string_view action) const {
    return RocksError(status, options_.directory, action);
  }

  const RocksStoreOptions options_;  // staging_directory and staging_salt are filled in
  const rocksdb::Options rocks_;

  // Safe from any thread by itself.
  const std::unique_ptr<rocksdb::DB> db_;
  mutable std::atomic<uint64_t> gets_{0};
  std::atomic<uint64_t> small_commits_{0};
  std::atomic<uint64_t> large_commits_{0};

  // Held through a commit or a checkpoint; readers never take it.
  absl::Mutex commit_mutex_;
  uint64_t staged_files_ ABSL_GUARDED_BY(commit_mutex_) = 0;
  // Why no commit is taken any more. After a failed one nobody knows whether its rows are durable,
  // and one behind it could become durable without it.
  absl::Status broken_ ABSL_GUARDED_BY(commit_mutex_);
};

absl::StatusOr<std::optional<std::string>> RocksStore::Get(std::string_view key) const {
  gets_.fetch_add(1, std::memory_order_relaxed);
  std::string value;
  const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), ToSlice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  TM_RETURN_IF_ERROR(ToStatus(status, "read a row"));
  return std::optional<std::string>(std::move(value));
}

absl::StatusOr<std::vector<std::optional<std::string>>> RocksStore::MultiGet(
    const std::vector<std::string>& keys) const {
  TM_CHECK(std::is_sorted(keys.begin(), keys.end()), "MultiGet takes its keys in order");
  gets_.fetch_add(keys.size(), std::memory_order_relaxed);
  const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> found(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  const ReadPoint point(db_.get());
  db_->MultiGet(point.Options(), db_->DefaultColumnFamily(), slices.size(), slices.data(),
                found.data(), statuses.data(), /*sorted_input=*/true);
  std::vector<std::optional<std::string>> values(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    TM_RETURN_IF_ERROR(ToStatus(statuses[i], "read a row"));
    values[i].emplace(found[i].data(), found[i].size());
  }
  return values;
}

absl::Status RocksStore::Commit(const SortedRun& run) {
  if (options_.read_only) {
    return absl::FailedPreconditionError(
        Cat(options_.directory, ": cannot commit: the store is open for reading only"));
  }
  absl::MutexLock lock(&commit_mutex_);
  TM_RETURN_IF_ERROR(broken_);
  if (run.empty()) return absl::OkStatus();
  absl::Status done =
      run.bytes() < options_.large_commit_bytes ? CommitSmall(run) : CommitLarge(run);
  if (!done.ok()) {
    broken_ = absl::FailedPreconditionError(
        Cat(options_.directory,
            ": takes no commits until it is opened again, because one failed: ", done.message()));
  }
  return done;
}

absl::Status RocksStore::CommitSmall(const SortedRun& run) {
  rocksdb::WriteBatch batch(/*reserved_bytes=*/run.bytes() + 16 * run.rows().size() + 64);
  // Ranges first: what comes later in a batch is newer, and rows of the run survive its ranges.
  for (const SortedRun::Range& range : run.ranges()) {
    TM_RETURN_IF_ERROR(ToStatus(batch.DeleteRange(range.from, range.to), "collect a commit"));
  }
  for (const SortedRun::Row& row : run.rows()) {
    const rocksdb::Status added = row.is_delete ? batch.Delete(ToSlice(row.key))
                                                : batch.Put(ToSlice(row.key), ToSlice(row.value));
    TM_RETURN_IF_ERROR(ToStatus(added, "collect a commit"));
  }
  rocksdb::WriteOptions durable;
  durable.sync = true;
  TM_RETURN_IF_ERROR(ToStatus(db_->Write(durable, &batch), "commit"));
  small_commits_.fetch_add(1, std::memory_order_relaxed);
  return absl::OkStatus();
}

absl::Status RocksStore::CommitLarge(const SortedRun& run) {
  const std::string path = JoinPath(
      options_.staging_directory,
      Cat(absl::Hex(options_.staging_salt, absl::kZeroPad16), "-", staged_files_++, ".sst"));
  // The name should be new; if it is not, its content may be a part of the database.
  if (const rocksdb::Status removed = rocks_.env->DeleteFile(path);
      !removed.ok() && !removed.IsPathNotFound() && !removed.IsNotFound()) {
    return ToStatus(removed, Cat("remove ", path));
  }
  rocksdb::ExternalSstFileInfo info;
  absl::Status done = ToStatus(WriteTable(run, path, info), "write the rows of a commit");
  if (done.ok()) {
    rocksdb::IngestExternalFileArg file;
    file.column_family = db_->DefaultColumnFamily();
    file.external_files = {path};
    // The sum of the bytes as they were written. Without it RocksDB would read the file again.
    file.files_checksums = {info.file_checksum};
    file.files_checksum_func_names = {info.file_checksum_func_name};
    file.options.verify_file_checksum = false;
    file.options.move_files = true;
    // Written into the file it would change what a snapshot shares, and the sum.
    file.options.write_global_seqno = false;
    // When this fails the staged file stays: the next open may need it (PutBackStaged) or removes
    // it.
    TM_RETURN_IF_ERROR(ToStatus(db_->IngestExternalFiles({file}), "commit"));
  }
  if (!done.ok()) {
    // On purpose: there may be no such file, and the next open empties the directory in any case.
    rocks_.env->DeleteFile(path).PermitUncheckedError();
    return done;
  }
  large_commits_.fetch_add(1, std::memory_order_relaxed);
  return absl::OkStatus();
}

rocksdb::Status RocksStore::WriteTable(const SortedRun& run, const std::string& path,
                                       rocksdb::ExternalSstFileInfo& info) const {
  // Page cache kept: the rows just written are those most likely to be read next.
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(rocks_), rocks_, /*column_family=*/nullptr,
                                /*invalidate_page_cache=*/false);
  if (rocksdb::Status s = writer.Open(path); !s.ok()) return s;
  // All of a file gets one place in the history, and a range covers only what is older, so the rows
  // of the run survive its ranges here, too.
  for (const SortedRun::Range& range : run.ranges()) {
    if (rocksdb::Status s = writer.DeleteRange(range.from, range.to); !s.ok()) return s;
  }
  for (const SortedRun::Row& row : run.rows()) {
    rocksdb::Status s = row.is_delete ? writer.Delete(ToSlice(row.key))
                                      : writer.Put(ToSlice(row.key), ToSlice(row.value));
    if (!s.ok()) return s;
  }
  return writer.Finish(&info);
}

absl::Status RocksStore::Checkpoint(const std::string& directory) {
  if (options_.read_only) {
    return absl::FailedPreconditionError(
        Cat(options_.directory, ": cannot make a checkpoint: the store is open for reading only"));
  }
  const std::string action = Cat("make the checkpoint ", directory);
  absl::MutexLock lock(&commit_mutex_);
  TM_RETURN_IF_ERROR(broken_);
  if (rocks_.env->FileExists(directory).ok()) {
    return absl::AlreadyExistsError(Cat(directory, ": cannot make a checkpoint: it exists"));
  }
  // Small commits become a table file, so that a checkpoint is files with known checksums and opens
  // without reading a log. Does nothing when there are none. Not waiting for level 0 to get shorter
  // is what keeps this at milliseconds.
  rocksdb::FlushOptions flush;
  flush.allow_write_stall = true;
  TM_RETURN_IF_ERROR(ToStatus(db_->Flush(flush), action));
  if (!options_.background_compaction) {
    // The flush's thread still tidies up behind it: a simulation waits until it has, so that files
    // are touched in the same order each time.
    TM_RETURN_IF_ERROR(ToStatus(db_->PauseBackgroundWork(), action));
    TM_RETURN_IF_ERROR(ToStatus(db_->ContinueBackgroundWork(), action));
  }

  rocksdb::Checkpoint* raw = nullptr;
  const rocksdb::Status created = rocksdb::Checkpoint::Create(db_.get(), &raw);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
  TM_RETURN_IF_ERROR(ToStatus(created, action));
  constexpr uint64_t kNeverFlush = UINT64_MAX;  // the default would, and wait for level 0
  TM_RETURN_IF_ERROR(ToStatus(checkpoint->CreateCheckpoint(directory, kNeverFlush), action));
  // RocksDB syncs what is in the directory, and not the name under which it stands.
  std::unique_ptr<rocksdb::Directory> parent;
  TM_RETURN_IF_ERROR(
      ToStatus(rocks_.env->NewDirectory(ParentDirectory(directory), &parent), action));
  return ToStatus(parent->Fsync(), action);
}

StoreStats RocksStore::Stats() const {
  StoreStats stats;
  stats.small_commits = small_commits_.load(std::memory_order_relaxed);
  stats.large_commits = large_commits_.load(std::memory_order_relaxed);
  stats.gets = gets_.load(std::memory_order_relaxed);
  // On purpose: a count for people; what cannot be counted counts as nothing.
  db_->GetIntProperty(rocksdb::DB::Properties::kLiveSstFilesSize, &stats.bytes_on_disk);
  rocksdb::VectorLogPtr logs;
  if (db_->GetSortedWalFiles(logs).ok()) {
    for (const auto& log : logs) stats.bytes_on_disk += log->SizeFileBytes();
  }
  return stats;
}

}  // namespace

absl::StatusOr<std::unique_ptr<StateStore>> OpenRocksStore(const RocksStoreOptions& given) {
  RocksStoreOptions options = given;
  TM_CHECK(!options.directory.empty(), "a store has a directory");
  if (options.staging_directory.empty()) {
    options.staging_directory = JoinPath(ParentDirectory(options.directory), "staging");
  }
  if (options.staging_salt == 0) options.staging_salt = FreshSeed();

  const rocksdb::Options rocks = RocksOptionsFor(options);
  TM_ASSIGN_OR_RETURN(std::unique_ptr<rocksdb::DB> db, OpenRocksDirectory(options, rocks));
  return std::make_unique<RocksStore>(std::move(options), rocks, std::move(db));
}

}  // namespace tidemark
