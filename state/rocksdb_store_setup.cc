#include "state/rocksdb_store_setup.h"

#include <cstdarg>
#include <memory>
#include <utility>

#include "absl/strings/str_replace.h"
#include "base/status.h"
#include "rocksdb/cache.h"
#include "rocksdb/env.h"
#include "rocksdb/file_checksum.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/listener.h"
#include "rocksdb/table.h"
#include "rocksdb/write_buffer_manager.h"
#include "state/rocksdb_blocks.h"
#include "state/rocksdb_machine.h"

namespace tidemark {
namespace {

// RocksDB's own log file would grow beside the store, name the time of day, and be renamed by every
// reader that opens the directory. What matters of it comes back as a Status.
class SilentLog final : public rocksdb::Logger {
 public:
  SilentLog() : rocksdb::Logger(rocksdb::InfoLogLevel::FATAL_LEVEL) {}
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

// Behind a full disk RocksDB tries again on a thread of its own, at no certain time. A simulation
// could not be repeated then; a store whose commit failed is given up in any case.
class NoRecovery final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }
};

// RocksDB's words as one line. For a table that is missing it asks under an ending of old last, and
// then names the file by it.
std::string Words(const rocksdb::Status& status) {
  std::string words = absl::StrReplaceAll(status.ToString(), {{"\n", " "}, {"\r", " "}});
  return absl::StrReplaceAll(words, {{".ldb", ".sst"}});
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

absl::Status Describe(absl::StatusCode code, const std::string& directory, std::string_view action,
                      std::string_view why, std::string_view advice) {
  return Error(code,
               Cat(directory, ": cannot ", action, ": ", why, advice.empty() ? "" : "; ", advice));
}

}  // namespace

rocksdb::Options RocksOptionsFor(const RocksStoreOptions& options) {
  rocksdb::Options rocks;
  rocks.env = options.env != nullptr ? options.env : MachineEnv();
  rocks.create_if_missing = options.create_if_missing && !options.read_only;
  rocks.paranoid_checks = true;
  rocks.info_log = std::make_shared<SilentLog>();
  rocks.stats_dump_period_sec = 0;  // a thread that wakes up to write into that log
  rocks.stats_persist_period_sec = 0;
  rocks.max_background_jobs = 2;
  // Every table file stays open, so a reader keeps the files of its view when a compaction unlinks
  // them, and no Get pays for opening one.
  rocks.max_open_files = -1;

  // A torn record at the end of the log is a commit that never returned: it is dropped. Damage
  // anywhere else is an error; the default would open the store silently at an older epoch.
  rocks.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  rocks.track_and_verify_wals_in_manifest = true;
  // Each ingested file adds to the manifest, which is read at open.
  rocks.max_manifest_file_size = 1 << 20;
  // Stored with each file, so that a snapshot can be verified without reading it through RocksDB.
  rocks.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();

  // Every epoch is a file at level 0 when its run is large: compact late, and slow commits down
  // only when compaction has long fallen behind.
  rocks.level0_file_num_compaction_trigger = 12;
  rocks.level0_slowdown_writes_trigger = 100;
  rocks.level0_stop_writes_trigger = 200;
  rocks.disable_auto_compactions = !options.background_compaction;
  if (!options.background_compaction) {
    rocks.max_file_opening_threads = 1;  // in one order each time
    rocks.max_bgerror_resume_count = 0;
    rocks.listeners.push_back(std::make_shared<NoRecovery>());
  }
  rocks.write_buffer_size = options.write_buffer_bytes;
  rocks.compression = rocksdb::kLZ4Compression;

  rocksdb::BlockBasedTableOptions table;
  // A few large parts, so that an index or a filter fits into one. Not strict: RocksDB fails a read
  // that finds no room, and a job that is over its budget by one block must not end.
  constexpr size_t kManyPartsFrom = size_t{64} << 20;
  const int part_bits = options.block_cache_bytes < kManyPartsFrom ? 1 : -1;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes, part_bits);
  // So that what tables take is bounded by the cache, however many there are.
  table.cache_index_and_filter_blocks = true;
  // An index that is large, because its keys are, is read in parts; any other is one part.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.metadata_block_size = size_t{512} << 10;
  table.flush_block_policy_factory = std::make_shared<LongKeyBlocks>();
  rocks.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(
      2 * options.write_buffer_bytes, table.block_cache);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  rocks.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return rocks;
}

absl::Status RocksError(const rocksdb::Status& status, const std::string& directory,
                        std::string_view action) {
  if (status.ok()) return absl::OkStatus();
  const std::string why = Words(status);
  if (status.IsCorruption()) {
    return Describe(absl::StatusCode::kDataLoss, directory, action, why, kDamagedStoreAdvice);
  }
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kSpaceLimit) {
    return Describe(absl::StatusCode::kResourceExhausted, directory, action, why,
                    "free some space and start again, nothing committed is lost");
  }
  if (status.IsIOError() && (Contains(why, "While lock file") || Contains(why, "lock hold by"))) {
    // RocksDB's words name threads and seconds, and help nobody.
    return Describe(absl::StatusCode::kFailedPrecondition, directory, action,
                    "it is open already, in this process or another", "stop that run first");
  }
  if (status.IsPathNotFound() || (status.IsIOError() && Contains(why, "No such file"))) {
    return Describe(absl::StatusCode::kNotFound, directory, action, why, "");
  }
  if (status.IsIOError() &&
      (Contains(why, "Permission denied") || Contains(why, "Read-only file system"))) {
    // "While open a file for random read", "While opendir", "While stat a file for size"
    const bool is_read = Contains(why, "read") || Contains(why, "opendir") || Contains(why, "stat");
    return Describe(absl::StatusCode::kPermissionDenied, directory, action, why,
                    is_read && !Contains(why, "Read-only") ? "let this user read it"
                                                           : "let this user write there");
  }
  if (status.IsIOError() && Contains(why, "Too many open files")) {
    return Describe(absl::StatusCode::kResourceExhausted, directory, action, why,
                    "allow more of them (ulimit -n) and start again");
  }
  if (status.IsIOError() && Contains(why, "File too large")) {
    return Describe(absl::StatusCode::kResourceExhausted, directory, action, why,
                    "allow larger files (ulimit -f) and start again, nothing committed is lost");
  }
  if (status.IsIOError()) {
    return Describe(absl::StatusCode::kInternal, directory, action, why,
                    "look at the disk and the system's log, then start again");
  }
  return Describe(absl::StatusCode::kInternal, directory, action, why, "");
}

}  // namespace tidemark
