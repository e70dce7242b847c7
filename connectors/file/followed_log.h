// FollowedLog: a file that grows and is rotated, as the chain of files that hold its lines.
//
// A log is the file at its path and the rotated files beside it: `app.log.2`, `app.log.1`,
// `app.log`, from the oldest to the newest. A reader of the log is in one file of the chain and
// needs three answers: in which file the bytes are that it has read (on resume, and when the file
// at the path was copied and truncated), whether the present file is complete, and which one is
// next.
// A wrong answer loses or repeats lines, so files are recognised by inode and content, not by name.
//
// A rotated file has the log's name, one of the characters . - _ and a suffix that begins with a
// digit and consists of digits and . - _ : T Z. Numbers are in descending order, since the highest
// is the oldest, unless each higher one was written later than the one before it; other suffixes
// (dates) are in ascending order. Compressed files are not read.
//
// Thread rule: used by one worker.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/files.h"
#include "connectors/file/file_identity.h"

namespace tidemark {

// True if `name` is that of a rotated file of the log `base`; of a compressed one as well.
bool IsRotationOf(std::string_view name, std::string_view base);

// When the file of that name was last written, in units of any kind; nothing if it is not known.
using WrittenAt = std::function<std::optional<int64_t>(const std::string& name)>;

// The names among `names` that belong to the log `base` and can be read, from the oldest to the
// newest, which is `base` itself if it is there.
std::vector<std::string> RotationOrder(
    const std::vector<std::string>& names, std::string_view base,
    const WrittenAt& written_at = [](const std::string&) { return std::nullopt; });

class FollowedLog {
 public:
  // `files` outlives the log.
  FollowedLog(std::string path, Files& files) : path_(std::move(path)), files_(files) {}

  const std::string& path() const { return path_; }

  struct Place {
    std::string path;
    FileInfo info;
    // False for a path at which nothing was found.
    bool is_known() const { return info.inode != 0; }
  };
  // The files of the log, from the oldest to the newest.
  absl::StatusOr<std::vector<Place>> Chain() const;
  // The file with the bytes that were read, the same inode first; nothing if there is none.
  absl::StatusOr<std::optional<Place>> Find(const FileIdentity& then) const;

  // Call it when reading of a file begins.
  absl::Status Enter(const FileInfo& file);

  enum class Present {
    kGrows,     // it is the newest, or the newer ones are still empty
    kComplete,  // its writer has begun a newer one; a read that starts now finds all of it
    kGone,      // it was removed, and so was the rest of the log
  };
  absl::StatusOr<Present> Look() const;
  // The file after the present one; nothing if it is the newest.
  absl::StatusOr<std::optional<Place>> Next() const;

 private:
  using FileId = std::pair<uint64_t, uint64_t>;  // device and inode
  static FileId IdOf(const FileInfo& info) { return {info.device, info.inode}; }
  absl::StatusOr<bool> HasBytesOf(const FileIdentity& then, const Place& place) const;
  // The files that are newer than the present one.
  absl::StatusOr<std::vector<Place>> Newer(bool& is_in_chain, bool& is_alone) const;

  const std::string path_;
  Files& files_;
  FileId present_;
  std::set<FileId> older_;  // than the present one, when reading of it began
};

}  // namespace tidemark
