#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/status.h"
#include "tidemark/source.h"

// A file of 8-byte integers, as the machine stores them.
class RecordPartition final : public tidemark::SourcePartition<int64_t> {
 public:
  static constexpr size_t kBytes = sizeof(int64_t);

  RecordPartition(std::unique_ptr<tidemark::ReadableFile> file, int64_t next)
      : file_(std::move(file)), next_(next) {}

  absl::StatusOr<tidemark::PollResult> Poll(size_t max, tidemark::Timestamp,
                                            std::vector<int64_t>& out) override {
    std::string bytes;
    TM_RETURN_IF_ERROR(file_->Read(static_cast<uint64_t>(next_) * kBytes, max * kBytes, bytes));
    const size_t records = bytes.size() / kBytes;  // an unfinished record waits for a later run
    for (size_t i = 0; i < records; ++i) {
      out.emplace_back();
      std::memcpy(&out.back(), bytes.data() + i * kBytes, kBytes);
    }
    next_ += static_cast<int64_t>(records);
    return records < max ? tidemark::PollResult::AtEnd() : tidemark::PollResult::Again();
  }
  tidemark::Position position() const override { return tidemark::Position().Set("next", next_); }

 private:
  const std::unique_ptr<tidemark::ReadableFile> file_;
  int64_t next_;  // number of the next record
};

class RecordFile final : public tidemark::SourceFactory<int64_t> {
 public:
  explicit RecordFile(std::string path) : path_(std::move(path)) {}

  absl::StatusOr<std::vector<std::string>> Partitions(const tidemark::SourceContext&) override {
    return std::vector<std::string>{"file"};
  }
  absl::StatusOr<std::unique_ptr<tidemark::SourcePartition<int64_t>>> Open(
      const std::string&, const std::optional<tidemark::Position>& resume,
      const tidemark::SourceContext& context) override {
    TM_ASSIGN_OR_RETURN(auto file, context.files->OpenRead(path_));
    TM_ASSIGN_OR_RETURN(const auto info, file->Info());
    const int64_t next = resume ? resume->Number("next").value_or(0) : 0;
    if (info.size_bytes / RecordPartition::kBytes < static_cast<uint64_t>(next)) {
      return absl::FailedPreconditionError(
          path_ + ": is shorter than what was read of it; restore it, or start over with --fresh");
    }
    return std::make_unique<RecordPartition>(std::move(file), next);
  }
  absl::StatusOr<std::vector<std::string>> FilesRead(const tidemark::SourceContext&) override {
    return std::vector<std::string>{path_};  // no sink of the job may write to it
  }
  std::string Describe() const override { return "records " + path_; }

 private:
  const std::string path_;
};

inline tidemark::Source<int64_t> Records(std::string path) {
  return tidemark::Source<int64_t>(std::make_shared<RecordFile>(std::move(path)));
}
