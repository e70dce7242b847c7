#pragma once

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "base/status.h"
#include "tidemark/sink.h"

// At least once: lines after the last commit are written again. The run says so at start.
class StreamWriter final : public tidemark::SinkWriter<std::string> {
 public:
  explicit StreamWriter(std::ostream& out) : out_(out) {}

  absl::Status Write(const std::vector<std::string>& lines) override {
    for (const std::string& line : lines) out_ << line << '\n';
    return out_ ? absl::OkStatus() : absl::UnavailableError("the stream cannot be written to");
  }
  absl::StatusOr<tidemark::EpochOutput> EndEpoch(tidemark::Epoch) override {
    out_.flush();
    return tidemark::EpochOutput();
  }

 private:
  std::ostream& out_;
};

class ToStream final : public tidemark::SinkFactory<std::string> {
 public:
  explicit ToStream(std::ostream& out) : out_(out) {}

  absl::StatusOr<std::unique_ptr<tidemark::SinkWriter<std::string>>> Open(
      const std::optional<tidemark::Position>&, const tidemark::SinkContext&) override {
    return std::make_unique<StreamWriter>(out_);
  }
  tidemark::SinkGuarantee guarantee() const override {
    return tidemark::SinkGuarantee::kAtLeastOnce;
  }
  std::string Describe() const override { return "a stream"; }

 private:
  std::ostream& out_;
};
