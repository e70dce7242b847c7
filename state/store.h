// StateStore: an ordered map of bytes to bytes that changes in whole epochs only.
//
// What it protects: after a crash at any instant the store holds exactly the rows of the last
// Commit() that returned OK, or of the one under way (then with all of its rows). State rows, the
// timer index and the epoch record live in one key space (state/state_key.h), so a commit can never
// be half there. Two implementations pass the same contract tests (state/store_contract_test.cc):
// RocksStore (state/rocksdb_store.h) and MemoryStore (state/memory_store.h).
//
// Requires: one committer at a time; rows of a run sorted and unique (SortedRun guarantees it).
// Guarantees: reads are safe from any thread, also during a commit; they see whole commits only.
//
//   TM_ASSIGN_OR_RETURN(auto value, store.Get(key));
//   if (!value) ...                                     // no such row
//   auto cursor = store.Scan(from, to);
//   for (; cursor->Valid(); cursor->Next()) use(cursor->key(), cursor->value());
//   TM_RETURN_IF_ERROR(cursor->status());
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "state/run.h"

namespace tidemark {

// Walks rows in key order. Holds back the disposal of old data: keep it short-lived.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual bool Valid() const = 0;  // false at the end and after an error
  virtual void Next() = 0;
  virtual std::string_view key() const = 0;    // valid until Next()
  virtual std::string_view value() const = 0;  // valid until Next()
  virtual absl::Status status() const = 0;     // look at it after the loop
};

class StateReader {
 public:
  virtual ~StateReader() = default;
  virtual absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const = 0;
  // As Get for each key; `keys` ascending. Cheaper than single Gets.
  virtual absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      const std::vector<std::string>& keys) const = 0;
  // Rows with from <= key < to; an empty `to` means "to the end".
  virtual std::unique_ptr<Cursor> Scan(std::string_view from, std::string_view to) const = 0;
};

struct StoreStats {
  uint64_t bytes_on_disk = 0;  // of live table files and the log; 0 for the memory store
  uint64_t small_commits = 0;  // written through the log
  uint64_t large_commits = 0;  // written as a table file and ingested
  uint64_t gets = 0;           // rows asked for by Get and MultiGet
};

class StateStore : public StateReader {
 public:
  // Atomic and durable: when it returns OK the run survives a power cut. After an error the store
  // is unusable until it is opened again, and then holds the run wholly or not at all.
  virtual absl::Status Commit(const SortedRun& run) = 0;
  // Makes `directory` (which must not exist; its parent must) a copy of the store as of the last
  // commit, at the cost of hard links where the file system has them.
  virtual absl::Status Checkpoint(const std::string& directory) = 0;
  virtual StoreStats Stats() const = 0;
};

}  // namespace tidemark
