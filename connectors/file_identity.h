// FileIdentity: is this still the file whose first bytes were read?
//
// A position in a file means something only as long as the bytes before it are the ones that were
// read. A file that was replaced, rotated, cut or edited would otherwise go on in the middle of
// other data, and lines would be skipped or repeated without a word. So a position carries hashes
// of the file's first bytes and of the bytes before it, and a resumed run compares. Content is what
// counts: another device or inode alone (a reboot, a restored backup, a container) is no change.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/position.h"

namespace tidemark {

struct FileIdentity {
  // So many bytes are hashed at the beginning, and before the offset, or all when there are fewer.
  static constexpr uint64_t kHashedBytesMax = 4096;

  uint64_t offset = 0;  // of the next unread byte
  uint64_t line = 1;    // of the next unread byte
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size_bytes = 0;  // as far as it was seen; a file that only grows never has fewer
  uint64_t hash = 0;        // StableHash of the bytes before `offset`
  // Of the file's first bytes, as far as `offset`; nothing in positions of older versions.
  std::optional<uint64_t> head_hash = {};
  // Where the record before `offset` begins, if it was read without its line end.
  std::optional<uint64_t> unended_from = {};

  Position ToPosition() const;
  // Fails for positions that no FileIdentity wrote.
  static absl::StatusOr<FileIdentity> FromPosition(const Position& position);
};

// What of `now` contradicts `then`, for people ("its length is 12 and was 40; …"); empty when the
// reader may go on. `now` may have grown, and its hashes are of the bytes before then.offset; where
// it is shorter than that, they are not looked at.
std::string DescribeChange(const FileIdentity& then, const FileIdentity& now);

// Whether what was read of the file is still there, byte for byte, as far as hashes tell.
bool HasSameBytes(const FileIdentity& then, const FileIdentity& now);

// "its inode is 12 and was 11"; empty when it is the same file to the system.
std::string DescribeOtherFile(const FileIdentity& then, const FileIdentity& now);

}  // namespace tidemark
