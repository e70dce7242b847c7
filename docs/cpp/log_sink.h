#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/status.h"
#include "tidemark/sink.h"

// Truncating: lines are appended as they arrive; a resumed run truncates the file to its committed
// length.
class LogWriter final : public tidemark::SinkWriter<std::string> {
 public:
  // Two file objects, since each is used by one thread: the worker's, and the committer's.
  LogWriter(std::unique_ptr<tidemark::WritableFile> file,
            std::shared_ptr<tidemark::WritableFile> synced, int64_t bytes)
      : file_(std::move(file)), synced_(std::move(synced)), bytes_(bytes) {}

  absl::Status Write(const std::vector<std::string>& lines) override {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    bytes_ += static_cast<int64_t>(text.size());
    return file_->Append(text);
  }
  absl::StatusOr<tidemark::EpochOutput> EndEpoch(tidemark::Epoch) override {
    tidemark::EpochOutput output;
    output.position.Set("bytes", bytes_);
    output.make_durable = [file = synced_] { return file->Sync(); };
    return output;
  }

 private:
  const std::unique_ptr<tidemark::WritableFile> file_;
  const std::shared_ptr<tidemark::WritableFile> synced_;
  int64_t bytes_;
};

class Log final : public tidemark::SinkFactory<std::string> {
 public:
  explicit Log(std::string path) : path_(std::move(path)) {}

  // Changes nothing: all sinks of a job are checked before the first is opened. A place is claimed
  // once, so that no other sink or source of the job has it.
  absl::Status Check(const std::optional<tidemark::Position>& resume,
                     const tidemark::SinkContext& context) override {
    TM_RETURN_IF_ERROR(context.claim({.name = path_, .file = path_}));
    const int64_t bytes = CommittedBytes(resume);
    if (bytes == 0) return absl::OkStatus();
    TM_ASSIGN_OR_RETURN(const auto info, context.files->Stat(path_));
    if (info.size_bytes >= static_cast<uint64_t>(bytes)) return absl::OkStatus();
    return absl::FailedPreconditionError(path_ + ": committed lines are missing; restore it");
  }
  absl::StatusOr<std::unique_ptr<tidemark::SinkWriter<std::string>>> Open(
      const std::optional<tidemark::Position>& resume,
      const tidemark::SinkContext& context) override {
    TM_ASSIGN_OR_RETURN(auto file, context.files->OpenAppend(path_));
    TM_ASSIGN_OR_RETURN(auto synced, context.files->OpenAppend(path_));
    const int64_t bytes = CommittedBytes(resume);
    TM_RETURN_IF_ERROR(file->Truncate(static_cast<uint64_t>(bytes)));
    TM_RETURN_IF_ERROR(context.files->SyncDirectory(tidemark::ParentDirectory(path_)));
    return std::make_unique<LogWriter>(std::move(file), std::move(synced), bytes);
  }
  tidemark::SinkGuarantee guarantee() const override { return tidemark::SinkGuarantee::kCutBack; }
  std::string Describe() const override { return "log " + path_; }

 private:
  static int64_t CommittedBytes(const std::optional<tidemark::Position>& resume) {
    return resume ? resume->Number("bytes").value_or(0) : 0;
  }

  const std::string path_;
};
