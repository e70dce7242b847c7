// FileIdentity: is this still the file whose first bytes were read?
//
// A position in a file means something only as long as the bytes before it are the ones that were
// read. A file that was replaced, rotated, cut or edited would otherwise go on in the middle of
// other data, and lines would be skipped or repeated without a word. So a position carries device,
// inode, size and a hash of the bytes before it, and a resumed run compares.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/position.h"

namespace tidemark {

struct FileIdentity {
  // So many bytes before the offset are hashed, or all of them when there are fewer.
  static constexpr uint64_t kHashedBytesMax = 4096;

  uint64_t offset = 0;  // of the next unread byte
  uint64_t line = 1;    // of the next unread byte
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size_bytes = 0;  // as far as it was seen; a file that only grows never has fewer
  uint64_t hash = 0;        // StableHash of the bytes before `offset`

  Position ToPosition() const;
  // Fails for positions that no FileIdentity wrote.
  static absl::StatusOr<FileIdentity> FromPosition(const Position& position);
};

// What of `now` contradicts `then`, for people ("its inode is 12 and was 11; …"); empty when the
// reader may go on. `now` may have grown, and its hash is that of the bytes before then.offset;
// where it is shorter than that, the hash is not looked at.
std::string DescribeChange(const FileIdentity& then, const FileIdentity& now);

}  // namespace tidemark
