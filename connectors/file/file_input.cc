#include "connectors/file/file_input.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/quantity.h"
#include "base/stable_hash.h"
#include "base/status.h"
#include "connectors/file/special_file.h"

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
    if (path.find_first_of("*?[") != std::string::npos) {
      return absl::NotFoundError(
          Cat(path, ": no such file; patterns are not read yet, name each file as a source"));
    }
    return absl::NotFoundError(Cat(path, ": no such file; ",
                                   path.empty() || path[0] != '/'
                                       ? "the path counts from the directory the job was started in"
                                       : "check the path"));
  }
  return file;
}

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// What is read of a file while the beginning of a line is looked for.
constexpr uint64_t kLookedThroughBytes = 64 << 10;

}  // namespace

absl::StatusOr<std::unique_ptr<FileInput>> FileInput::Open(const FileSourceOptions& options,
                                                           const std::optional<Position>& resume,
                                                           Files& files, SkipLog* skips) {
  TM_ASSIGN_OR_RETURN(auto file, OpenInput(options.path, files));
  TM_ASSIGN_OR_RETURN(const FileInfo info, file->Info());
  if (info.is_directory) {
    return absl::InvalidArgumentError(
        Cat(options.path,
            ": is a directory; name each file in it as a source, folders and patterns are not read "
            "yet"));
  }
  std::unique_ptr<FileInput> input(new FileInput(options, std::move(file), info));
  if (resume.has_value()) {
    const auto then = FileIdentity::FromPosition(*resume);
    if (!then.ok()) return Annotate(then.status(), options.path);
    TM_RETURN_IF_ERROR(input->Resume(*then, options, skips));
  }
  return input;
}

absl::StatusOr<std::string> FileInput::Preview(const FileSourceOptions& options,
                                               const std::optional<Position>& resume,
                                               Files& files) {
  SkipLog notes;
  TM_ASSIGN_OR_RETURN(const auto input, Open(options, resume, files, &notes));
  const uint64_t ahead = input->info_.size_bytes - input->next_.offset;
  std::string found = "nothing new in it";
  if (ahead > 0) {
    found = Cat(FormatCount(ahead), ahead == 1 ? " byte to read" : " bytes to read");
    TM_RETURN_IF_ERROR(input->Grow().status());
    const std::string_view seen = input->window();
    if (seen.size() >= ahead && seen.find('\n') == std::string_view::npos) {
      found += " without a line end yet";
    }
  }
  for (const std::string& note : notes.TakeNotes()) found += Cat("; ", note);
  return found;
}

FileInput::FileInput(const FileSourceOptions& options, std::unique_ptr<ReadableFile> file,
                     const FileInfo& info)
    : chunk_bytes_(std::max<size_t>(options.chunk_bytes, 1)),
      file_(std::move(file)),
      info_(info),
      next_{.path = std::make_shared<const std::string>(options.path)} {}

absl::Status FileInput::Resume(const FileIdentity& then, const FileSourceOptions& options,
                               SkipLog* skips) {
  const FileInfo found = info_;
  if (found.size_bytes >= then.offset) {
    TM_RETURN_IF_ERROR(ReturnTo({.path = {}, .line = then.line, .offset = then.offset}));
  }
  FileIdentity now = identity();
  now.size_bytes = found.size_bytes;
  const std::string other = DescribeOtherFile(then, now);
  const std::string changes = DescribeChange(then, now);
  const bool same_bytes = HasSameBytes(then, now);
  const std::string way_on =
      same_bytes ? Cat("reads on at line ", then.line) : std::string("reads it from the beginning");
  if (!changes.empty() && !options.accept_changed) {
    return absl::FailedPreconditionError(
        Cat(*next_.path, ": is not the file that was read before: ", changes,
            "; --accept-changed-input ", way_on, ", --fresh starts over"));
  }
  if (skips != nullptr && !changes.empty()) {
    skips->Note(Cat(*next_.path, ": is not the file that was read before: ", changes,
                    "; --accept-changed-input ", way_on));
  } else if (skips != nullptr && !other.empty()) {
    skips->Note(Cat(*next_.path, ": is another file with the same content (", other,
                    "); reading continues at line ", then.line));
  }
  return same_bytes ? FinishOpenLine(then, options) : ReturnTo({.path = {}});
}

// The line before the offset had no newline when it was read, because the file ended there.
absl::Status FileInput::FinishOpenLine(const FileIdentity& then, const FileSourceOptions& options) {
  const std::string_view read = history();
  if (read.empty() || read.back() == '\n') return absl::OkStatus();
  if (read == kByteOrderMark && !then.unended_from) return absl::OkStatus();  // no line yet
  TM_ASSIGN_OR_RETURN(const LineOrigin start, StartOfRecord(then));
  // Blanks behind a whole JSON text are none of it.
  const bool whole = options.final_line == FinalLine::kIfWhole;
  TM_ASSIGN_OR_RETURN(const bool is_finished,
                      PassOverLineEnd(start.offset, whole ? " \t\r" : "\r"));
  if (is_finished) return absl::OkStatus();
  if (options.accept_changed) return ReturnTo(start);
  return absl::FailedPreconditionError(
      Cat(*next_.path, ":", start.line,
          ": this last line had no newline when it was read up to byte ", then.offset,
          " and has been continued since; --accept-changed-input reads the line again, "
          "whole, --fresh starts over"));
}

absl::StatusOr<bool> FileInput::PassOverLineEnd(uint64_t start, std::string_view blanks) {
  while (true) {
    const std::string_view rest = window();
    const size_t end = std::min(rest.find_first_not_of(blanks), rest.size());
    if (end < rest.size()) {
      if (rest[end] != '\n') return false;
      Consume(end + 1, 0);  // the line was counted when it was read
      return true;
    }
    TM_ASSIGN_OR_RETURN(const More more, Grow());
    if (more == More::kGrew) continue;
    ConsumeUnended(start, end, 0);
    return true;
  }
}

absl::StatusOr<LineOrigin> FileInput::StartOfRecord(const FileIdentity& then) {
  LineOrigin start{.path = next_.path, .line = then.line - 1, .offset = then.offset};
  const uint64_t first = then.unended_from.value_or(0);
  std::string piece;
  while (start.offset > first) {
    const uint64_t size = std::min(start.offset - first, kLookedThroughBytes);
    TM_RETURN_IF_ERROR(file_->Read(start.offset - size, size, piece));
    if (!then.unended_from) {
      if (const size_t end = piece.rfind('\n'); end != std::string::npos) {
        start.offset = start.offset - size + end + 1;
        break;
      }
    }
    start.line -= static_cast<uint64_t>(std::count(piece.begin(), piece.end(), '\n'));
    start.offset -= size;
  }
  return start;
}

absl::Status FileInput::ReturnTo(const LineOrigin& place) {
  next_.line = place.line;
  next_.offset = place.offset;
  buffer_.clear();
  begin_ = 0;
  unended_from_.reset();
  if (!head_hash_ && place.offset > FileIdentity::kHashedBytesMax) {
    TM_RETURN_IF_ERROR(file_->Read(0, FileIdentity::kHashedBytesMax, buffer_));
    head_hash_ = StableHash(buffer_);
    buffer_.clear();
  }
  return Grow().status();  // brings the history along
}

// Reads again from the hashed bytes before the window: a little is read twice, but nothing is moved
// in memory, and a record longer than a chunk doubles what is read until it fits.
absl::StatusOr<ByteInput::More> FileInput::Grow() {
  if (ended_) return More::kEnd;
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
  constexpr uint64_t kHead = FileIdentity::kHashedBytesMax;
  if (!head_hash_ && next_.offset + bytes > kHead) {
    TM_CHECK(begin_ >= next_.offset, "up to here the history is all that was read");
    head_hash_ = StableHash(std::string_view(buffer_).substr(begin_ - next_.offset, kHead));
  }
  begin_ += bytes;
  next_.offset += bytes;
  next_.line += lines;
  if (bytes > 0) unended_from_.reset();
}

void FileInput::ConsumeUnended(uint64_t start, size_t bytes, uint64_t lines) {
  Consume(bytes, lines);
  unended_from_ = start;
  ended_ = true;
}

// A writer that takes an unfinished line back has not cut what was there.
void FileInput::LeaveRest() {
  info_.size_bytes = next_.offset;
  ended_ = true;
}

std::string_view FileInput::history() const {
  const size_t n = std::min<uint64_t>(next_.offset, FileIdentity::kHashedBytesMax);
  TM_CHECK(begin_ >= n, "the hashed bytes stay in front of the window");
  return std::string_view(buffer_).substr(begin_ - n, n);
}

FileIdentity FileInput::identity() const {
  FileIdentity identity{.offset = next_.offset,
                        .line = next_.line,
                        .device = info_.device,
                        .inode = info_.inode,
                        .size_bytes = info_.size_bytes,
                        .hash = StableHash(history())};
  // Up to here the bytes before the offset are the first ones.
  const bool is_head = next_.offset <= FileIdentity::kHashedBytesMax;
  identity.head_hash = is_head ? identity.hash : head_hash_;
  identity.unended_from = unended_from_;
  return identity;
}

}  // namespace tidemark
