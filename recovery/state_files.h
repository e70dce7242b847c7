// StateFiles: a Files that gives what is made in a state directory the permissions of a state.
//
// A state holds what the input held, so by default only its owner may enter it (0700); with
// --state-mode 0750 a group may look, too. A new directory gets that mode, whatever the umask says.
// What is made below follows the directory as it is: directories get its mode, files the same
// without the right to execute. So an older, open directory stays open until somebody changes it,
// and a snapshot of a closed one is closed wherever it is copied to. RocksDB's own files:
// state/rocksdb_machine.h.
//
//   StateFiles files(machine_files, {.directory = "out/job.state"});
//
// Paths outside of the directory go through as they are. Thread rule: as Files.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "base/forwarding_files.h"

namespace tidemark {

class StateFiles final : public ForwardingFiles {
 public:
  static constexpr unsigned kDefaultMode = 0700;

  struct Options {
    std::string directory;
    // Of the directory itself, when it is made.
    unsigned mode = kDefaultMode;
  };
  // `files` outlives it.
  StateFiles(Files& files, Options options)
      : ForwardingFiles(files), options_(std::move(options)) {}

  absl::StatusOr<std::unique_ptr<WritableFile>> OpenAppend(const std::string& path) override;
  absl::Status CreateDirectories(const std::string& directory) override;
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path,
                                                 std::string_view holder) override;

 private:
  bool IsBelow(const std::string& path) const;
  // Of a file or a directory that was just made.
  absl::Status SetMode(const std::string& path) const;

  const Options options_;
};

}  // namespace tidemark
