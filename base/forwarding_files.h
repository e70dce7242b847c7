// ForwardingFiles: a Files that hands everything on to another one; derive and override what is to
// be different.
//
//   class WatchedFiles final : public ForwardingFiles {
//    public:
//     using ForwardingFiles::ForwardingFiles;
//     absl::Status Remove(const std::string& path) override {
//       removed.push_back(path);
//       return real().Remove(path);
//     }
//     std::vector<std::string> removed;
//   };
//
// Thread rule: as Files.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"

namespace tidemark {

class ForwardingFiles : public Files {
 public:
  // `real` outlives it.
  explicit ForwardingFiles(Files& real) : real_(real) {}

  absl::StatusOr<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) override {
    return real_.OpenRead(path);
  }
  absl::StatusOr<std::unique_ptr<WritableFile>> OpenAppend(const std::string& path) override {
    return real_.OpenAppend(path);
  }
  absl::StatusOr<FileInfo> Stat(const std::string& path) override { return real_.Stat(path); }
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    return real_.List(directory);
  }
  absl::Status CreateDirectories(const std::string& directory) override {
    return real_.CreateDirectories(directory);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    return real_.Rename(from, to);
  }
  absl::Status Link(const std::string& from, const std::string& to) override {
    return real_.Link(from, to);
  }
  absl::Status Remove(const std::string& path) override { return real_.Remove(path); }
  absl::Status SyncDirectory(const std::string& directory) override {
    return real_.SyncDirectory(directory);
  }
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path,
                                                 std::string_view holder) override {
    return real_.Lock(path, holder);
  }

 protected:
  Files& real() const { return real_; }

 private:
  Files& real_;
};

}  // namespace tidemark
