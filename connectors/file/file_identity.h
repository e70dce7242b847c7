// FileIdentity: whether a file is still the one whose first bytes were read.
//
// A position in a file is meaningful only as long as the bytes before it are the ones that were
// read. In a file that was replaced, rotated, truncated or edited, reading would otherwise continue
// in the middle of other data, and silently skip or repeat lines. A position therefore carries
// hashes of the file's first bytes and of the bytes before it, and a resumed run compares them.
// Only content counts: a different device or inode alone (a reboot, a restored backup, a container)
// is not a change.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/position.h"

namespace tidemark {

struct FileIdentity {
  // The number of bytes hashed at the beginning, and before the offset; all if there are fewer.
  static constexpr uint64_t kHashedBytesMax = 4096;

  uint64_t offset = 0;  // of the next unread byte
  uint64_t line = 1;    // of the next unread byte
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size_bytes = 0;  // as far as it was seen; never shrinks in a file that only grows
  uint64_t hash = 0;        // StableHash of the bytes before `offset`
  // Of the file's first bytes, as far as `offset`; nothing in positions of older versions.
  std::optional<uint64_t> head_hash = {};
  // The beginning of the record before `offset`, if it was read without its line end.
  std::optional<uint64_t> unended_from = {};

  Position ToPosition() const;
  // Fails for positions that were not written by FileIdentity.
  static absl::StatusOr<FileIdentity> FromPosition(const Position& position);
};

// The differences between `now` and `then`, for people ("its length is 12 and was 40; …"); empty if
// the reader may continue. `now` may have grown, and its hashes cover the bytes before then.offset;
// if it is shorter than that, they are ignored.
std::string DescribeChange(const FileIdentity& then, const FileIdentity& now);

// True if the bytes that were read are still in the file, as far as hashes tell.
bool HasSameBytes(const FileIdentity& then, const FileIdentity& now);

// "its inode is 12 and was 11"; empty when it is the same file to the system.
std::string DescribeOtherFile(const FileIdentity& then, const FileIdentity& now);

}  // namespace tidemark
