// What tests of this folder share: a state directory with a few rows and an epoch, and the rows of
// whatever store came out of it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "recovery/snapshot.h"
#include "recovery/state_directory.h"
#include "state/rocksdb_store.h"
#include "state/run.h"
#include "tests/support/temp_directory.h"

namespace tidemark {

using StoredRows = std::map<std::string, std::string>;

// All rows of a store but the record's, or why they cannot be read.
inline absl::StatusOr<StoredRows> RowsOf(const StateReader& store) {
  StoredRows rows;
  const auto cursor = store.Scan("", "");
  for (; cursor->Valid(); cursor->Next()) {
    rows.emplace(std::string(cursor->key()), std::string(cursor->value()));
  }
  TM_RETURN_IF_ERROR(cursor->status());
  rows.erase(EpochRowKey());
  return rows;
}

class RecoveryTest : public ::testing::Test {
 protected:
  static EpochRecord RecordOf(uint64_t epoch) {
    EpochRecord record;
    record.flow_name = "tides";
    record.run_line = "0123456789abcdef";
    record.epoch = {epoch};
    record.sources.push_back({.step = "in", .partition = "file", .position = {}, .at_end = false});
    record.sources[0].position["line"] = static_cast<int64_t>(epoch * 10);
    return record;
  }
  static StoredRows RowsAt(uint64_t epoch, size_t value_bytes = 20) {
    StoredRows rows;
    for (uint64_t n = 1; n <= epoch; ++n) {
      // Not compressible, so that a table is as large as its rows.
      std::string value;
      for (uint64_t x = n; value.size() < value_bytes; x = x * 6364136223846793005u + n) {
        value.push_back(static_cast<char>(x >> 40));
      }
      rows[Cat("z", 1000 + n)] = value;
    }
    return rows;
  }

  void Open() {
    directory_.reset();
    auto opened = StateDirectory::Open(files(), Options());
    ASSERT_TRUE(opened.ok()) << opened.status();
    directory_ = *std::move(opened);
  }
  StateDirectory::Options Options() { return {.directory = state()}; }
  absl::Status OpenError() {
    directory_.reset();
    return StateDirectory::Open(files(), Options()).status();
  }
  void Commit(uint64_t epoch, size_t value_bytes = 20) {
    RunBuilder rows;
    const StoredRows all = RowsAt(epoch, value_bytes);
    rows.Put(all.rbegin()->first, all.rbegin()->second);
    std::vector<RunBuilder> builders;
    builders.push_back(std::move(rows));
    const absl::Status done =
        CommitEpoch(directory_->store(), RecordOf(epoch), std::move(builders));
    ASSERT_TRUE(done.ok()) << done;
  }
  absl::StatusOr<Snapshot> Make(uint64_t epoch, const SnapshotOptions& options = {}) {
    return MakeSnapshot(files(), directory_->store(), state(), RecordOf(epoch), options);
  }
  // Opens a store beside the library's own checks, as a reader would.
  static absl::StatusOr<StoredRows> RowsIn(const std::string& store_path) {
    RocksStoreOptions options;
    options.directory = store_path;
    options.read_only = true;
    options.create_if_missing = false;
    TM_ASSIGN_OR_RETURN(const auto store, OpenRocksStore(options));
    return RowsOf(*store);
  }

  // ---- files ----
  Files& files() { return dir_.files(); }
  std::string state() const { return dir_.Path("state"); }
  std::string Path(const std::string& name) const { return dir_.Path(name); }
  bool Exists(const std::string& path) { return files().Stat(path).ok(); }
  std::vector<std::string> Names(const std::string& path) {
    return files().List(path).value_or(std::vector<std::string>{});
  }
  std::string Read(const std::string& path) {
    auto bytes = ReadSmallFile(files(), path);
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    return bytes.value_or("");
  }
  // As another file under the same name: what shared the old one keeps it.
  void Replace(const std::string& path, const std::string& bytes) {
    ASSERT_TRUE(files().Remove(path).ok()) << path;
    Append(path, bytes);
  }
  void Append(const std::string& path, const std::string& bytes) {
    auto file = files().OpenAppend(path);
    ASSERT_TRUE(file.ok() && (*file)->Append(bytes).ok()) << path;
  }
  // The same file: damages all that share it.
  void Flip(const std::string& path, size_t at) {
    std::string bytes = Read(path);
    ASSERT_LT(at, bytes.size());
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    auto file = files().OpenAppend(path);
    ASSERT_TRUE(file.ok() && (*file)->Truncate(0).ok() && (*file)->Append(bytes).ok());
  }
  // As `cp -r` makes it.
  void CopyTree(const std::string& from, const std::string& to) {
    ASSERT_TRUE(files().CreateDirectories(to).ok());
    for (const std::string& name : Names(from)) {
      const auto info = files().Stat(JoinPath(from, name));
      ASSERT_TRUE(info.ok());
      if (info->is_directory) {
        CopyTree(JoinPath(from, name), JoinPath(to, name));
      } else {
        ASSERT_TRUE(CopyFile(files(), JoinPath(from, name), JoinPath(to, name)).ok());
      }
    }
  }
  std::string FirstTable(const std::string& store_path) {
    for (const std::string& name : Names(store_path)) {
      if (name.size() > 4 && name.substr(name.size() - 4) == ".sst") {
        return JoinPath(store_path, name);
      }
    }
    ADD_FAILURE() << store_path << " has no table";
    return "";
  }

  TempDirectory dir_;
  std::unique_ptr<StateDirectory> directory_;
};

}  // namespace tidemark
