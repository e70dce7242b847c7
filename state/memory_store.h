// MemoryStore: the StateStore contract without a disk.
//
// For tests, simulations and runs that need no recovery. What it keeps of the contract is the
// atomicity and the isolation; what it cannot keep is durability. A test that restarts a job gives
// the same store, or a Clone() of it, to the next run.
//
//   MemoryStore store;
//   TM_RETURN_IF_ERROR(store.Commit(run));
//   std::unique_ptr<MemoryStore> before_the_crash = store.Clone();
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_map.h"
#include "absl/synchronization/mutex.h"
#include "state/store.h"

namespace tidemark {

class MemoryStore final : public StateStore {
 public:
  MemoryStore();
  ~MemoryStore() override;
  MemoryStore(const MemoryStore&) = delete;
  MemoryStore& operator=(const MemoryStore&) = delete;

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override;
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      const std::vector<std::string>& keys) const override;
  std::unique_ptr<Cursor> Scan(std::string_view from, std::string_view to) const override;

  // Costs what the run holds; a copy of all rows besides when a cursor is open.
  absl::Status Commit(const SortedRun& run) override;
  // Unimplemented, always: there are no files to link. Clone() is the way to keep a state.
  absl::Status Checkpoint(const std::string& directory) override;
  StoreStats Stats() const override;

  // A store of its own with the rows of the last commit.
  std::unique_ptr<MemoryStore> Clone() const;

 private:
  using Rows = absl::btree_map<std::string, std::string, std::less<>>;
  // The rows as of one commit, which are changed in place only while no cursor walks them. The
  // count goes down without the lock: its release and Commit()'s acquire order a cursor's last read
  // before the change.
  struct Version {
    Rows rows;
    std::atomic<int> cursors{0};
  };
  class VersionCursor;

  mutable std::atomic<uint64_t> gets_{0};

  mutable absl::Mutex mutex_;
  std::shared_ptr<Version> version_ ABSL_GUARDED_BY(mutex_);
  uint64_t commits_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace tidemark
