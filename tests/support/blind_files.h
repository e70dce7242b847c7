// BlindFiles: a real file system with an error where it is asked about one path; it remembers what
// was removed and synced.
//
//   BlindFiles blind(*files, "state/store");
//   EXPECT_FALSE(StateDirectory::Open(blind, options).ok());
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/status.h"

namespace tidemark {

class BlindFiles final : public Files {
 public:
  BlindFiles(Files& real, std::string path) : real_(real), path_(std::move(path)) {}
  absl::StatusOr<FileInfo> Stat(const std::string& path) override {
    if (path == path_) return absl::InternalError(Cat(path, ": Input/output error"));
    return real_.Stat(path);
  }
  absl::StatusOr<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) override {
    return real_.OpenRead(path);
  }
  absl::StatusOr<std::unique_ptr<WritableFile>> OpenAppend(const std::string& path) override {
    return real_.OpenAppend(path);
  }
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    if (directory == path_) return absl::InternalError(Cat(directory, ": Input/output error"));
    return real_.List(directory);
  }
  absl::Status CreateDirectories(const std::string& path) override {
    return real_.CreateDirectories(path);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    return real_.Rename(from, to);
  }
  absl::Status Link(const std::string& from, const std::string& to) override {
    return real_.Link(from, to);
  }
  absl::Status Remove(const std::string& path) override {
    done.push_back("remove " + path);
    return real_.Remove(path);
  }
  absl::Status SyncDirectory(const std::string& path) override {
    done.push_back("sync " + path);
    return real_.SyncDirectory(path);
  }
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path,
                                                 std::string_view holder) override {
    return real_.Lock(path, holder);
  }

  std::vector<std::string> done;

 private:
  Files& real_;
  const std::string path_;
};

}  // namespace tidemark
