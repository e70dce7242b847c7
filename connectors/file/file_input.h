// FileInput: a file as a ByteInput, with a position that survives a restart.
//
// Position: offset and line of the next unread byte, device, inode, size and two hashes
// (file_identity.h). On resume a file that was replaced, rotated, truncated or edited before the
// offset is refused with one line that names the file, the differences, and --accept-changed-input,
// which reads it from its beginning; if the hashed bytes are unchanged and the file is only shorter
// than before, reading continues at the offset. A file that has grown is accepted, and so is
// another file with the same bytes, which is reported.
//
// The last line may lack its newline. If it was left unread, the next run reads it once it is
// finished, and until then it does not count as part of the file. If it was taken as it was, a
// resumed run skips the missing newline if that comes first, and refuses a line that was continued,
// because its first half has already been an item; --accept-changed-input reads that line again,
// whole.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "connectors/file/file_identity.h"
#include "connectors/rows/byte_input.h"
#include "connectors/rows/lines.h"
#include "engine/position.h"
#include "engine/skip_log.h"

namespace tidemark {

// Notes between the reader of a followed file and its FollowPartition. Used by one worker.
struct FileTail {
  // By the partition: the file is complete, so its end is the end of the input.
  bool is_complete = false;
  // By the reader: the bytes before the position have changed or are missing. Nothing more is read.
  bool was_cut = false;
};

struct FileSourceOptions {
  std::string path = {};
  OnError on_error = OnError::kStop;
  // --accept-changed-input: accept a file that is not the one that was read.
  bool accept_changed = false;
  // The file grows and is rotated: its end is not the end of the input (follow_partition.h).
  bool follow = false;
  FinalLine final_line = FinalLine::kDefault;
  // A \r before the newline is part of the line, so that a copy has the bytes of its source.
  bool keeps_cr = false;
  // The number of bytes per read; affects speed and memory, never results.
  size_t chunk_bytes = 256 << 10;
  // A longer line is a bad line; affects memory.
  size_t line_bytes_max = 64 << 20;
  // Set by FollowPartition, for one file of a log.
  std::shared_ptr<FileTail> tail = {};
};

class FileInput final : public ByteInput {
 public:
  // `files` outlives the input. `skips` receives notices for the user about the file; may be null.
  static absl::StatusOr<std::unique_ptr<FileInput>> Open(const FileSourceOptions& options,
                                                         const std::optional<Position>& resume,
                                                         Files& files, SkipLog* skips = nullptr);

  // Describes what a start would find there ("10,284 bytes to read"), or returns the error with
  // which it would refuse.
  static absl::StatusOr<std::string> Preview(const FileSourceOptions& options,
                                             const std::optional<Position>& resume, Files& files);

  std::string_view window() const override { return std::string_view(buffer_).substr(begin_); }
  absl::StatusOr<More> Grow() override;
  void Consume(size_t bytes, uint64_t lines) override;
  void ConsumeUnended(uint64_t start, size_t bytes, uint64_t lines) override;
  void LeaveRest() override;
  absl::Status ReturnTo(const LineOrigin& place) override;
  const LineOrigin& origin() const override { return next_; }
  Position position() const override { return identity().ToPosition(); }

 private:
  FileInput(const FileSourceOptions& options, std::unique_ptr<ReadableFile> file,
            const FileInfo& info);

  absl::Status Resume(const FileIdentity& then, const FileSourceOptions& options, SkipLog* skips);
  absl::Status FinishOpenLine(const FileIdentity& then, const FileSourceOptions& options);
  absl::StatusOr<More> GrowTail(size_t kept, size_t bytes);
  // True if the bytes after an open line are only its line end, which is consumed.
  absl::StatusOr<bool> PassOverLineEnd(uint64_t start, std::string_view blanks);
  // The beginning of the record that ends at `then`.
  absl::StatusOr<LineOrigin> StartOfRecord(const FileIdentity& then);
  // The hashed bytes that end at the window.
  std::string_view history() const;
  FileIdentity identity() const;

  const size_t chunk_bytes_;
  const std::unique_ptr<ReadableFile> file_;
  const std::shared_ptr<FileTail> tail_;  // null: the file is not followed
  FileInfo info_;       // its size is the largest seen, except for a last line that is left unread
  LineOrigin next_;     // of buffer_[begin_]
  std::string buffer_;  // a piece of the file, with the hashed bytes before the window
  size_t begin_ = 0;
  // Of the first hashed bytes, once the offset is past them; until then they are the history.
  std::optional<uint64_t> head_hash_;
  std::optional<uint64_t> unended_from_;  // as in FileIdentity
  bool ended_ = false;                    // nothing more is read, even if the file grows
};

}  // namespace tidemark
