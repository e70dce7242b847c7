// LyingStore: a store as it is, or one that commits the epoch record before the rows that it speaks
// of: a planted bug that a crash between the two must bring to light.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "state/run.h"
#include "state/state_key.h"
#include "state/store.h"

namespace tidemark::sim {

class LyingStore final : public StateStore {
 public:
  LyingStore(StateStore& store, bool record_first) : store_(store), record_first_(record_first) {}

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    return store_.Get(key);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      const std::vector<std::string>& keys) const override {
    return store_.MultiGet(keys);
  }
  std::unique_ptr<Cursor> Scan(std::string_view from, std::string_view to) const override {
    return store_.Scan(from, to);
  }
  absl::Status Commit(const SortedRun& run) override {
    if (!record_first_) return store_.Commit(run);
    const std::string record_key = MetaRowKey("epoch");
    RunBuilder record, rest;
    for (const SortedRun::Row& row : run.rows()) {
      RunBuilder& part = row.key == record_key ? record : rest;
      row.is_delete ? part.Delete(row.key) : part.Put(row.key, row.value);
    }
    for (const SortedRun::Range& range : run.ranges()) rest.DeleteRange(range.from, range.to);
    TM_RETURN_IF_ERROR(CommitPart(std::move(record)));
    return CommitPart(std::move(rest));
  }
  absl::Status Checkpoint(const std::string& directory) override {
    return store_.Checkpoint(directory);
  }
  StoreStats Stats() const override { return store_.Stats(); }

 private:
  absl::Status CommitPart(RunBuilder part) {
    std::vector<RunBuilder> parts;
    parts.push_back(std::move(part));
    return store_.Commit(SortedRun::Merge(std::move(parts)));
  }

  StateStore& store_;
  const bool record_first_;
};

}  // namespace tidemark::sim
