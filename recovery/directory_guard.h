// DirectoryGuard: whose a state directory is, beyond what its LOCK can tell.
//
// A LOCK is a file, and somebody may remove it: a cleaner of old files, a script, another user. The
// next process would make one of its own, lock that, and both would write into one store. So the
// directory itself is locked as well, and the run that holds it looks at each commit whether path,
// LOCK and store still are what it holds.
//
// What lies in the directory is believed: tables are linked into the store, files are written to
// and removed. In a directory into which others may write, they could have put links there. So
// everything in it belongs to the user who runs or to the owner of the directory, or is refused.
//
//   if (const auto trusted = TrustedIn("state")) {
//     TM_RETURN_IF_ERROR(CheckTrusted(files, "state", *trusted));
//   }
//   TM_ASSIGN_OR_RETURN(auto guard, DirectoryGuard::Take("state"));
//   … take LOCK …
//   guard->NoteLock("state/LOCK");
//   … open the store …
//   guard->NoteStore("state/store");
//   … at each commit: TM_RETURN_IF_ERROR(guard->Check());
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"

namespace tidemark {

// Whose things in a state directory are believed.
struct TrustedUsers {
  uid_t user = 0;   // who runs
  uid_t owner = 0;  // of the directory
};
// Of this process. Nothing for a directory that only a simulated file system has.
std::optional<TrustedUsers> TrustedIn(const std::string& directory);

// FailedPrecondition, with the path, for the first thing below `directory` (or behind a link there)
// that belongs to neither of the trusted. What is in requests/ may be
// anybody's (recovery/request_inbox.h).
absl::Status CheckTrusted(Files& files, const std::string& directory, const TrustedUsers& trusted);

class DirectoryGuard {
 public:
  // Unavailable when another process holds the directory. A directory that only a simulated file
  // system has, or whose file system has no such locks, is nobody's: then LOCK alone decides.
  static absl::StatusOr<std::unique_ptr<DirectoryGuard>> Take(const std::string& directory);
  ~DirectoryGuard();
  DirectoryGuard(const DirectoryGuard&) = delete;
  DirectoryGuard& operator=(const DirectoryGuard&) = delete;

  // The lock file, which this process has just locked.
  void NoteLock(const std::string& path);
  // The directory of the open store: its files can be removed while they are open, and then a run
  // would commit to files that no later start can find.
  void NoteStore(const std::string& path);
  // FailedPrecondition when another directory, or none, is at the path or at the store's;
  // Unavailable when the lock file was removed or replaced.
  absl::Status Check() const;
  // The store's directory is another one or missing, or no longer says which of its files count.
  bool StoreIsGone() const;

 private:
  // What makes a file or directory this one.
  struct Identity {
    uint64_t device = 0;
    uint64_t inode = 0;
    bool operator==(const Identity&) const = default;
  };
  DirectoryGuard(std::string directory, int fd) : directory_(std::move(directory)), fd_(fd) {}
  static std::optional<Identity> IdentityOf(const std::string& path);

  const std::string directory_;
  const int fd_;  // -1: there is none
  std::string lock_path_;
  std::string store_path_;
  std::optional<Identity> held_;
  std::optional<Identity> lock_;
  std::optional<Identity> store_;
};

}  // namespace tidemark
