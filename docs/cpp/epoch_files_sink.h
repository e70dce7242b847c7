#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/status.h"
#include "tidemark/sink.h"

// Transactional: the lines of an epoch are part of its commit, and are written after it, as the
// file DIRECTORY/EPOCH.
class EpochFilesWriter final : public tidemark::SinkWriter<std::string> {
 public:
  EpochFilesWriter(std::string directory, tidemark::Files* files)
      : directory_(std::move(directory)), files_(files) {}

  absl::Status Write(const std::vector<std::string>& lines) override {
    for (const std::string& line : lines) text_ += line + "\n";
    return absl::OkStatus();
  }
  absl::StatusOr<tidemark::EpochOutput> EndEpoch(tidemark::Epoch) override {
    tidemark::EpochOutput output;
    if (!text_.empty()) output.rows.push_back(std::exchange(text_, {}));
    return output;
  }
  // On the committer's thread. A second call for an epoch replaces the file by the same bytes.
  absl::Status Publish(tidemark::Epoch epoch, tidemark::OutboxReader& rows) override {
    std::string text;
    while (true) {
      TM_ASSIGN_OR_RETURN(const auto piece, rows.Next());
      if (!piece) break;
      text += *piece;
    }
    if (text.empty()) return absl::OkStatus();
    const std::string name = std::to_string(epoch.value);
    return tidemark::WriteFileAtomically(*files_, tidemark::JoinPath(directory_, name), text);
  }

 private:
  const std::string directory_;
  tidemark::Files* const files_;
  std::string text_;
};

class EpochFiles final : public tidemark::SinkFactory<std::string> {
 public:
  explicit EpochFiles(std::string directory) : directory_(std::move(directory)) {}

  absl::Status Check(const std::optional<tidemark::Position>&,
                     const tidemark::SinkContext& context) override {
    return context.claim({.name = directory_, .file = directory_});
  }
  absl::StatusOr<std::unique_ptr<tidemark::SinkWriter<std::string>>> Open(
      const std::optional<tidemark::Position>&, const tidemark::SinkContext& context) override {
    TM_RETURN_IF_ERROR(tidemark::CreateDirectoriesDurably(*context.files, directory_));
    return std::make_unique<EpochFilesWriter>(directory_, context.files);
  }
  tidemark::SinkGuarantee guarantee() const override { return tidemark::SinkGuarantee::kPublish; }
  std::string Describe() const override { return "a file for each epoch in " + directory_; }

 private:
  const std::string directory_;
};
