// Files: the only way to the file system, outside RocksDB.
//
// One door makes it possible to look at every file operation, to count them, and to run everything
// against a file system that loses power, fills up or fails (tests/support). Every error names the
// path first and says what the operating system said.
//
// Thread rule: a Files is safe from any thread; a file object is used by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tidemark {

struct FileInfo {
  uint64_t size_bytes = 0;
  // What makes a file this file: a replaced or rotated one has another inode.
  uint64_t device = 0;
  uint64_t inode = 0;
  bool is_directory = false;
  // What it takes on its disk: whole blocks, and those that are set aside for it; no holes.
  uint64_t disk_bytes = 0;
};

class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  // Reads up to `n` bytes at `offset` into `out` (replacing it); fewer only at the end of the file.
  virtual absl::Status Read(uint64_t offset, size_t n, std::string& out) = 0;
  // Of the open file, even when its path now names another one.
  virtual absl::StatusOr<FileInfo> Info() = 0;
};

class WritableFile {
 public:
  virtual ~WritableFile() = default;
  // All of `bytes` or an error; after an error an unknown part may have been written.
  virtual absl::Status Append(std::string_view bytes) = 0;
  // Until Sync() returns OK, a power cut may take away what was appended.
  virtual absl::Status Sync() = 0;
  // Cuts the file to `size_bytes`; later appends go behind it.
  virtual absl::Status Truncate(uint64_t size_bytes) = 0;
  virtual absl::StatusOr<FileInfo> Info() = 0;
};

// A file that one process has for itself, until this object goes or the process ends in any way.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class Files {
 public:
  virtual ~Files() = default;

  virtual absl::StatusOr<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) = 0;
  // Creates the file if it is missing; appends behind what is there.
  virtual absl::StatusOr<std::unique_ptr<WritableFile>> OpenAppend(const std::string& path) = 0;
  // NotFound when nothing is at `path`.
  virtual absl::StatusOr<FileInfo> Stat(const std::string& path) = 0;
  // Names in the directory, sorted, without "." and "..".
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& directory) = 0;
  // With all missing parents; fine when it exists.
  virtual absl::Status CreateDirectories(const std::string& directory) = 0;
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  // A second name for the same content. Unimplemented where the file system has none, or where the
  // two names lie on different ones: the caller copies.
  virtual absl::Status Link(const std::string& from, const std::string& to) = 0;
  // A file or an empty directory; NotFound when it is not there.
  virtual absl::Status Remove(const std::string& path) = 0;
  // Makes renames, creations and removals in `directory` durable.
  virtual absl::Status SyncDirectory(const std::string& directory) = 0;
  // Takes `path` for this process alone, without waiting, and replaces its content by `holder`, a
  // word to people. Creates the file if it is missing. Unavailable when it is taken, also by
  // another lock of this process.
  virtual absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path,
                                                         std::string_view holder) = 0;
};

// The machine's file system. Owned by main(), handed down.
std::unique_ptr<Files> NewPosixFiles();

// Reads a whole file that is expected to be small (bounded by `limit_bytes`).
absl::StatusOr<std::string> ReadSmallFile(Files& files, const std::string& path,
                                          size_t limit_bytes = 64 << 20);
// Replaces `path` by `bytes` so that a crash leaves the old or the new content, never a mixture:
// a temporary beside it, synced, renamed, directory synced.
absl::Status WriteFileAtomically(Files& files, const std::string& path, std::string_view bytes);
// As CreateDirectories(), and what was created survives a power cut. So does `directory` when it
// was there already: whoever created it may have been killed before it was durable.
absl::Status CreateDirectoriesDurably(Files& files, const std::string& directory);
// Copies a file, synced. `to` must not exist.
absl::Status CopyFile(Files& files, const std::string& from, const std::string& to);
// Whether there is something of that name; an error where that cannot be told.
absl::StatusOr<bool> Exists(Files& files, const std::string& path);
// Removes a directory and everything in it; fine when it is not there. Of a symbolic link, the
// link.
absl::Status RemoveTree(Files& files, const std::string& path);

// "a/b/c" -> "a/b"; "c" -> ".".
std::string ParentDirectory(std::string_view path);
std::string JoinPath(std::string_view directory, std::string_view name);

}  // namespace tidemark
