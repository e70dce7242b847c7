// BlindFiles: a real file system with an error where it is asked about one path; it remembers what
// was removed and synced.
//
//   BlindFiles blind(*files, "state/store");
//   EXPECT_FALSE(StateDirectory::Open(blind, options).ok());
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/forwarding_files.h"
#include "base/status.h"

namespace tidemark {

class BlindFiles final : public ForwardingFiles {
 public:
  BlindFiles(Files& real, std::string path) : ForwardingFiles(real), path_(std::move(path)) {}
  absl::StatusOr<FileInfo> Stat(const std::string& path) override {
    if (path == path_) return absl::InternalError(Cat(path, ": Input/output error"));
    return real().Stat(path);
  }
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    if (directory == path_) return absl::InternalError(Cat(directory, ": Input/output error"));
    return real().List(directory);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (from == cannot_rename) return absl::InternalError(Cat(from, ": Input/output error"));
    return real().Rename(from, to);
  }
  absl::Status Remove(const std::string& path) override {
    done.push_back("remove " + path);
    return real().Remove(path);
  }
  absl::Status SyncDirectory(const std::string& path) override {
    done.push_back("sync " + path);
    return real().SyncDirectory(path);
  }

  std::vector<std::string> done;
  std::string cannot_rename = {};  // this path

 private:
  const std::string path_;
};

}  // namespace tidemark
