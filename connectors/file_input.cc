#include "connectors/file_input.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/quantity.h"
#include "base/stable_hash.h"
#include "base/status.h"
#include "connectors/special_file.h"

namespace tidemark {
namespace {

absl::StatusOr<std::unique_ptr<ReadableFile>> OpenInput(const std::string& path, Files& files) {
  if (const auto kind = SpecialFile(path)) {
    return absl::InvalidArgumentError(Cat(path, ": is ", *kind,
                                          ", which cannot be read again after a crash; feed it to "
                                          "standard input instead"));
  }
  auto file = files.OpenRead(path);
  if (absl::IsNotFound(file.status())) {
    return absl::NotFoundError(Cat(path, ": no such file; ",
                                   path.empty() || path[0] != '/'
                                       ? "the path counts from the directory the job was started in"
                                       : "check the path"));
  }
  return file;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileInput>> FileInput::Open(const FileSourceOptions& options,
                                                           const std::optional<Position>& resume,
                                                           Files& files) {
  TM_ASSIGN_OR_RETURN(auto file, OpenInput(options.path, files));
  TM_ASSIGN_OR_RETURN(const FileInfo info, file->Info());
  if (info.is_directory) {
    return absl::InvalidArgumentError(
        Cat(options.path, ": is a directory; name a file in it, or use a directory source"));
  }
  std::unique_ptr<FileInput> input(new FileInput(options, std::move(file), info));
  if (resume.has_value()) {
    const auto then = FileIdentity::FromPosition(*resume);
    if (!then.ok()) return Annotate(then.status(), options.path);
    TM_RETURN_IF_ERROR(input->Resume(*then, options.accept_changed));
  }
  return input;
}

absl::StatusOr<std::string> FileInput::Preview(const FileSourceOptions& options,
                                               const std::optional<Position>& resume,
                                               Files& files) {
  TM_ASSIGN_OR_RETURN(const auto input, Open(options, resume, files));
  const uint64_t ahead = input->info_.size_bytes - input->next_.offset;
  if (ahead == 0) return std::string("nothing new in it");
  return Cat(FormatCount(ahead), ahead == 1 ? " byte to read" : " bytes to read");
}

FileInput::FileInput(const FileSourceOptions& options, std::unique_ptr<ReadableFile> file,
                     const FileInfo& info)
    : chunk_bytes_(std::max<size_t>(options.chunk_bytes, 1)),
      file_(std::move(file)),
      info_(info),
      next_{.path = std::make_shared<const std::string>(options.path)} {}

absl::Status FileInput::Resume(const FileIdentity& then, bool accept_changed) {
  const bool reaches = info_.size_bytes >= then.offset;
  FileIdentity now{.device = info_.device, .inode = info_.inode, .size_bytes = info_.size_bytes};
  if (reaches) {
    next_.offset = then.offset;
    next_.line = then.line;
    TM_RETURN_IF_ERROR(Grow().status());  // brings the history along
    now.hash = StableHash(history());
  }
  const std::string changes = DescribeChange(then, now);
  if (!changes.empty() && !accept_changed) {
    return absl::FailedPreconditionError(
        Cat(*next_.path, ": is not the file that was read before: ", changes,
            "; --accept-changed-input reads it ",
            reaches ? Cat("on from byte ", then.offset) : "from the beginning",
            " all the same, --fresh starts over"));
  }
  return reaches ? FinishOpenLine(then, accept_changed) : absl::OkStatus();
}

// The line before the offset had no newline when it was read, because the file ended there.
absl::Status FileInput::FinishOpenLine(const FileIdentity& then, bool accept_changed) {
  const std::string_view read = history();
  const std::string_view rest = window();
  if (read.empty() || read.back() == '\n' || rest.empty()) return absl::OkStatus();
  if (rest[0] == '\n') {
    Consume(1, 0);  // the line was counted when it was read
  } else if (rest.substr(0, 2) == "\r\n") {
    Consume(2, 0);
  } else if (!accept_changed) {
    return absl::FailedPreconditionError(
        Cat(*next_.path, ":", then.line - 1,
            ": this last line had no newline when it was read up to byte ", then.offset,
            " and has been continued since; --accept-changed-input reads the rest as a "
            "line of its own, --fresh starts over"));
  }
  return absl::OkStatus();
}

// Reads again from the hashed bytes before the window: a little is read twice, but nothing is moved
// in memory, and a record longer than a chunk doubles what is read until it fits.
absl::StatusOr<ByteInput::More> FileInput::Grow() {
  const size_t had = buffer_.size() - begin_;
  const size_t kept = std::min<uint64_t>(next_.offset, FileIdentity::kHashedBytesMax);
  if (buffer_.capacity() / 4 > chunk_bytes_ + kept + 2 * had) buffer_ = std::string();
  TM_RETURN_IF_ERROR(
      file_->Read(next_.offset - kept, kept + std::max(chunk_bytes_, 2 * had), buffer_));
  begin_ = kept;
  if (buffer_.size() < kept + had) {
    return absl::DataLossError(Cat(*next_.path, ": was cut to ",
                                   next_.offset - kept + buffer_.size(),
                                   " bytes while it was read at byte ", next_.offset));
  }
  info_.size_bytes = std::max<uint64_t>(info_.size_bytes, next_.offset - kept + buffer_.size());
  return buffer_.size() > kept + had ? More::kGrew : More::kEnd;
}

void FileInput::Consume(size_t bytes, uint64_t lines) {
  TM_CHECK(bytes <= buffer_.size() - begin_, "only what is in the window can be consumed");
  begin_ += bytes;
  next_.offset += bytes;
  next_.line += lines;
}

std::string_view FileInput::history() const {
  const size_t n = std::min<uint64_t>(next_.offset, FileIdentity::kHashedBytesMax);
  TM_CHECK(begin_ >= n, "the hashed bytes stay in front of the window");
  return std::string_view(buffer_).substr(begin_ - n, n);
}

FileIdentity FileInput::identity() const {
  return {.offset = next_.offset,
          .line = next_.line,
          .device = info_.device,
          .inode = info_.inode,
          .size_bytes = info_.size_bytes,
          .hash = StableHash(history())};
}

Position FileInput::position() const { return identity().ToPosition(); }

}  // namespace tidemark
