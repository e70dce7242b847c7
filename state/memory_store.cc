#include "state/memory_store.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/status.h"

namespace tidemark {

// Holds its version, so it outlives even the store.
class MemoryStore::VersionCursor final : public Cursor {
 public:
  VersionCursor(std::shared_ptr<Version> version, std::string_view from, std::string_view to)
      : version_(std::move(version)) {
    at_ = version_->rows.lower_bound(from);
    if (to.empty()) {
      end_ = version_->rows.end();
    } else {
      end_ = from < to ? version_->rows.lower_bound(to) : at_;
    }
  }
  ~VersionCursor() override { version_->cursors.fetch_sub(1, std::memory_order_release); }

  bool Valid() const override { return at_ != end_; }
  void Next() override {
    TM_CHECK(Valid(), "a cursor moves on from a row");
    ++at_;
  }
  std::string_view key() const override {
    TM_CHECK(Valid(), "a cursor that is not on a row has no key");
    return at_->first;
  }
  std::string_view value() const override {
    TM_CHECK(Valid(), "a cursor that is not on a row has no value");
    return at_->second;
  }
  absl::Status status() const override { return absl::OkStatus(); }

 private:
  const std::shared_ptr<Version> version_;
  Rows::const_iterator at_;
  Rows::const_iterator end_;
};

MemoryStore::MemoryStore() : version_(std::make_shared<Version>()) {}

MemoryStore::~MemoryStore() = default;

absl::StatusOr<std::optional<std::string>> MemoryStore::Get(std::string_view key) const {
  gets_.fetch_add(1, std::memory_order_relaxed);
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = version_->rows.find(key);
  if (found == version_->rows.end()) return std::optional<std::string>();
  return std::optional<std::string>(found->second);
}

absl::StatusOr<std::vector<std::optional<std::string>>> MemoryStore::MultiGet(
    const std::vector<std::string>& keys) const {
  TM_CHECK(std::is_sorted(keys.begin(), keys.end()), "MultiGet takes its keys in order");
  gets_.fetch_add(keys.size(), std::memory_order_relaxed);
  std::vector<std::optional<std::string>> values(keys.size());
  absl::ReaderMutexLock lock(&mutex_);
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto found = version_->rows.find(keys[i]);
    if (found != version_->rows.end()) values[i] = found->second;
  }
  return values;
}

std::unique_ptr<Cursor> MemoryStore::Scan(std::string_view from, std::string_view to) const {
  std::shared_ptr<Version> version;
  {
    absl::ReaderMutexLock lock(&mutex_);
    version = version_;
    version->cursors.fetch_add(1, std::memory_order_relaxed);
  }
  return std::make_unique<VersionCursor>(std::move(version), from, to);
}

absl::Status MemoryStore::Commit(const SortedRun& run) {
  absl::MutexLock lock(&mutex_);
  // Cursors are added under the lock only, so nobody begins to walk the rows from here on.
  if (version_->cursors.load(std::memory_order_acquire) != 0) {
    auto copy = std::make_shared<Version>();
    copy->rows = version_->rows;
    version_ = std::move(copy);
  }
  Rows& rows = version_->rows;
  for (const SortedRun::Range& range : run.ranges()) {
    rows.erase(rows.lower_bound(range.from), rows.lower_bound(range.to));
  }
  for (const SortedRun::Row& row : run.rows()) {
    if (row.is_delete) {
      if (const auto found = rows.find(row.key); found != rows.end()) rows.erase(found);
    } else {
      rows.insert_or_assign(std::string(row.key), std::string(row.value));
    }
  }
  ++commits_;
  return absl::OkStatus();
}

absl::Status MemoryStore::Checkpoint(const std::string& directory) {
  return absl::UnimplementedError(
      Cat(directory,
          ": cannot write a checkpoint of a state that is kept in memory only; run with "
          "a state directory"));
}

StoreStats MemoryStore::Stats() const {
  absl::ReaderMutexLock lock(&mutex_);
  return {.bytes_on_disk = 0,
          .small_commits = commits_,
          .large_commits = 0,
          .gets = gets_.load(std::memory_order_relaxed)};
}

std::unique_ptr<MemoryStore> MemoryStore::Clone() const {
  auto clone = std::make_unique<MemoryStore>();
  auto rows = std::make_shared<Version>();
  {
    absl::ReaderMutexLock lock(&mutex_);
    rows->rows = version_->rows;
  }
  absl::MutexLock lock(&clone->mutex_);
  clone->version_ = std::move(rows);
  return clone;
}

}  // namespace tidemark
