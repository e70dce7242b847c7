// StdinLines: standard input as a source, one item per line.
//
//   flow.From("events", StdinLines<JsonRow>({}, JsonLineDecoder()));     // … | job
//
// Works for pipes, files and terminals, and never waits: it checks the descriptor with poll(2)
// before each read. (O_NONBLOCK would be simpler, but belongs to the open file description, which
// the user's shell shares.) Data read from a pipe is gone, so the source is at-most-once: a resumed
// run begins with whatever comes next. A last line without newline is an item.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/status.h"
#include "connectors/file/line_file_source.h"
#include "connectors/rows/byte_input.h"
#include "connectors/rows/lines.h"
#include "connectors/rows/record_partition.h"
#include "connectors/stdio/standard_stream.h"
#include "tidemark/source.h"

namespace tidemark {

struct StdinOptions {
  int fd = 0;
  OnError on_error = OnError::kStop;
  size_t line_bytes_max = 64 << 20;  // a longer line is a bad line
  bool keeps_cr = false;             // as for files
};

// A descriptor as a ByteInput; does not close it. Its position shows people its progress.
class StdinInput final : public ByteInput {
 public:
  static constexpr size_t kReadBytes = 64 << 10;

  explicit StdinInput(int fd);

  std::string_view window() const override { return std::string_view(buffer_).substr(begin_); }
  absl::StatusOr<More> Grow() override;
  void Consume(size_t bytes, uint64_t lines) override;
  const LineOrigin& origin() const override { return next_; }
  Position position() const override;
  int ready_fd() const override { return fd_; }

 private:
  const int fd_;
  LineOrigin next_;
  std::string buffer_;
  size_t begin_ = 0;
  bool ended_ = false;  // a terminal could continue after its end; an input ends once
};

template <class T>
class StdinSource final : public SourceFactory<T> {
 public:
  StdinSource(const StdinOptions& options, LineDecoder<T> decode)
      : options_(options), decode_(std::move(decode)) {}

  absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext&) override {
    return std::vector<std::string>{"stdin"};
  }
  // It may be a file (`< rows.jsonl`).
  absl::StatusOr<std::vector<std::string>> FilesRead(const SourceContext&) override {
    return std::vector<std::string>{Cat("/dev/fd/", options_.fd)};
  }
  absl::StatusOr<std::unique_ptr<SourcePartition<T>>> Open(const std::string&,
                                                           const std::optional<Position>&,
                                                           const SourceContext& context) override {
    TM_RETURN_IF_ERROR(CheckStandardStream(options_.fd, StreamUse::kRead));
    LineReader lines(std::make_unique<StdinInput>(options_.fd),
                     BadLines(options_.on_error, Describe(), context.skips),
                     {.line_bytes_max = options_.line_bytes_max,
                      .keeps_cr = options_.keeps_cr,
                      .passes_over_blanks = !LineTraits<T>::kBlankIsItem});
    return std::make_unique<RecordPartition<T, DecodedLines<T>>>(
        DecodedLines<T>(std::move(lines), decode_));
  }
  bool can_seek() const override { return false; }
  std::string Describe() const override { return "standard input"; }

 private:
  const StdinOptions options_;
  const LineDecoder<T> decode_;
};

template <class T>
Source<T> StdinLines(const StdinOptions& options, LineDecoder<T> decode) {
  return Source<T>(std::make_shared<StdinSource<T>>(options, std::move(decode)));
}

}  // namespace tidemark
