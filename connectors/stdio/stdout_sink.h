// StdoutLines: standard output as a sink, one item per line, at least once.
//
//   stream.To("show", StdoutLines<std::string>({}, TextEncoder()));
//
// Written output cannot be taken back: after a crash the items of the epoch that had not committed
// are written again, and the run says so at start. Items appear when the step that wrote them
// returns.
//
// A reader that closes its end (`job | head`) is not a fault: Write() then returns Cancelled,
// "standard output was closed", which main treats as a quiet stop. main ignores SIGPIPE, which
// would end the process before the write could return.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status.h"
#include "connectors/rows/lines.h"
#include "tidemark/sink.h"

namespace tidemark {

// Writes all bytes, or returns the error. No bytes: checks whether it could write any.
using ByteWriter = std::function<absl::Status(std::string_view bytes)>;

// Writes to a descriptor, which it does not close; Cancelled if the reader has closed it. A slow
// reader makes it wait: that is the backpressure of a pipe.
ByteWriter WriteToDescriptor(int fd);

struct StdoutOptions {
  ByteWriter write = WriteToDescriptor(1);
};

template <class T>
class StdoutWriter final : public SinkWriter<T> {
 public:
  static constexpr size_t kBufferBytes = 64 << 10;

  StdoutWriter(ByteWriter write, LineEncoder<T> encode)
      : write_(std::move(write)), encode_(std::move(encode)) {}

  absl::Status Write(const std::vector<T>& items) override {
    for (const T& item : items) {
      encode_(item, buffer_);
      buffer_ += '\n';
      if (buffer_.size() >= kBufferBytes) TM_RETURN_IF_ERROR(Flush());
    }
    return Flush();
  }
  // For people: the amount written in this run.
  absl::StatusOr<EpochOutput> EndEpoch(Epoch) override {
    EpochOutput output;
    output.position.Set("bytes", bytes_);
    return output;
  }

 private:
  absl::Status Flush() {
    if (buffer_.empty()) return absl::OkStatus();
    TM_RETURN_IF_ERROR(write_(buffer_));
    bytes_ += static_cast<int64_t>(buffer_.size());
    buffer_.clear();
    return absl::OkStatus();
  }

  const ByteWriter write_;
  const LineEncoder<T> encode_;
  std::string buffer_;
  int64_t bytes_ = 0;
};

template <class T>
class StdoutSink final : public SinkFactory<T> {
 public:
  StdoutSink(StdoutOptions options, LineEncoder<T> encode)
      : options_(std::move(options)), encode_(std::move(encode)) {}

  // A sink that was another one has output that only that one can continue.
  absl::Status Check(const std::optional<Position>& resume, const SinkContext&) override {
    if (!resume.has_value() || !resume->Text("run_line").has_value()) return absl::OkStatus();
    return absl::FailedPreconditionError(
        "the stored position is not that of standard output; if this sink was another one before, "
        "make it that one again and give the new one a name of its own, or start over with "
        "--fresh");
  }
  absl::StatusOr<std::unique_ptr<SinkWriter<T>>> Open(const std::optional<Position>& resume,
                                                      const SinkContext& context) override {
    TM_RETURN_IF_ERROR(Check(resume, context));
    TM_RETURN_IF_ERROR(options_.write(""));
    return std::make_unique<StdoutWriter<T>>(options_.write, encode_);
  }
  SinkGuarantee guarantee() const override { return SinkGuarantee::kAtLeastOnce; }
  std::string Describe() const override { return "standard output"; }

 private:
  const StdoutOptions options_;
  const LineEncoder<T> encode_;
};

template <class T>
Sink<T> StdoutLines(StdoutOptions options, LineEncoder<T> encode) {
  return Sink<T>(std::make_shared<StdoutSink<T>>(std::move(options), std::move(encode)));
}

}  // namespace tidemark
