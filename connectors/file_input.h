// FileInput: a file as a ByteInput, with a position that survives a restart.
//
// Position: offset and line of the next unread byte, device, inode, size and hash
// (file_identity.h). On resume a file that was replaced, rotated, cut or edited before the offset
// is refused with one line that names the file, what differs, and --accept-changed-input, which
// reads on at the offset all the same (from the beginning where the file is shorter). A file that
// has grown is fine. Copying a file gives it another inode, so a copied input folder is accepted by
// that flag only.
//
// The last line may lack its newline and is then read as it is. Should the file grow afterwards, a
// resumed run takes the missing newline for granted if it comes first, and refuses a line that was
// continued, because its first half has already been an item.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "connectors/byte_input.h"
#include "connectors/file_identity.h"
#include "connectors/lines.h"
#include "engine/position.h"

namespace tidemark {

struct FileSourceOptions {
  std::string path;
  OnError on_error = OnError::kStop;
  // --accept-changed-input: go on in a file that is not the one that was read.
  bool accept_changed = false;
  // What is read at once; affects speed and memory, never results.
  size_t chunk_bytes = 256 << 10;
  // A longer line is a bad line; affects memory.
  size_t line_bytes_max = 64 << 20;
};

class FileInput final : public ByteInput {
 public:
  // `files` outlives the input.
  static absl::StatusOr<std::unique_ptr<FileInput>> Open(const FileSourceOptions& options,
                                                         const std::optional<Position>& resume,
                                                         Files& files);

  // What a start would find there ("10,284 bytes to read"), or why it would refuse.
  static absl::StatusOr<std::string> Preview(const FileSourceOptions& options,
                                             const std::optional<Position>& resume, Files& files);

  std::string_view window() const override { return std::string_view(buffer_).substr(begin_); }
  absl::StatusOr<More> Grow() override;
  void Consume(size_t bytes, uint64_t lines) override;
  const LineOrigin& origin() const override { return next_; }
  Position position() const override;

 private:
  FileInput(const FileSourceOptions& options, std::unique_ptr<ReadableFile> file,
            const FileInfo& info);

  absl::Status Resume(const FileIdentity& then, bool accept_changed);
  absl::Status FinishOpenLine(const FileIdentity& then, bool accept_changed);
  // The hashed bytes that end at the window.
  std::string_view history() const;
  FileIdentity identity() const;

  const size_t chunk_bytes_;
  const std::unique_ptr<ReadableFile> file_;
  FileInfo info_;       // its size is the largest seen
  LineOrigin next_;     // of buffer_[begin_]
  std::string buffer_;  // a piece of the file, with the hashed bytes before the window
  size_t begin_ = 0;
};

}  // namespace tidemark
