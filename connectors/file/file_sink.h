// LineFile: a file as an exactly-once sink, one item per line.
//
//   lines.To("lines", LineFile("out/lines.txt"));
//   peaks.To("peaks", LineFile<Peak>("out/peaks.txt", [](const Peak& peak, std::string& out) {
//     out += peak.sensor;
//   }));
//
// Items are appended as they arrive. At the end of an epoch everything is in the file, its length
// is part of the commit, and a resumed run truncates the file to the committed length, so that
// bytes left by a crash are gone. sink_owner.h decides who owns the file, and what is moved aside
// or refused. /dev/null is accepted and keeps nothing; other paths that are not regular files
// cannot be truncated and are refused. A link represents its target.
//
// The sink must be the file's only writer. It compares length and identity at the end of each
// epoch, before the commit, so a second sink on the same path, another program's output or a
// removed file stop the run before they can corrupt what was committed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "base/status.h"
#include "connectors/claim/sink_owner.h"
#include "connectors/rows/lines.h"
#include "tidemark/sink.h"

namespace tidemark {

// The file of every truncating sink. Position: {bytes, run_line}; `generation` once --new-output
// has begun another file; `path` if it is known.
//
// Thread rule: as for SinkWriter; make_durable uses a file object of its own.
class CutBackFile {
 public:
  static constexpr size_t kBufferBytes = 64 << 10;

  // Creates missing parent directories. `context.files` outlives the file and its EpochOutputs.
  static absl::StatusOr<std::unique_ptr<CutBackFile>> Open(const std::string& path,
                                                           const std::optional<Position>& resume,
                                                           const SinkContext& context);

  // Returns the error with which Open() would refuse; changes nothing.
  static absl::Status Check(const std::string& path, const std::optional<Position>& resume,
                            const SinkContext& context);

  // Append a line's bytes to line(), then end it; do nothing else to it.
  std::string& line() { return buffer_; }
  absl::Status EndLine() {
    buffer_ += '\n';
    return buffer_.size() < kBufferBytes ? absl::OkStatus() : Flush();
  }

  // Writes all buffered bytes to the file. make_durable is empty if nothing was written since the
  // last epoch.
  absl::StatusOr<EpochOutput> EndEpoch(Epoch epoch);

 private:
  CutBackFile(std::string path, const SinkContext& context, const SinkPlan& plan);

  absl::Status Flush();
  absl::Status CheckOnlyWriter() const;
  absl::Status LostFile() const;

  const std::string path_;
  Files* const files_;
  const std::string run_line_;
  const std::string sink_;
  const uint64_t generation_;
  std::string real_path_;  // for messages of later starts; empty if it is not known
  // Both null for /dev/null.
  std::unique_ptr<WritableFile> file_;
  std::shared_ptr<WritableFile> synced_file_;  // the same file for make_durable, on its own thread
  uint64_t inode_ = 0;
  uint64_t bytes_;              // in the file
  uint64_t epoch_bytes_;        // at the end of the last epoch
  uint64_t durable_bytes_ = 0;  // requested to be made durable
  bool directory_durable_ = false;
  std::shared_ptr<OwnerNote> note_;  // null if the file has no owner
  bool has_undo_ = false;            // ended by the first commit, even of an epoch without rows
  std::string buffer_;               // after them
};

template <class T>
class LineFileWriter final : public SinkWriter<T> {
 public:
  LineFileWriter(std::unique_ptr<CutBackFile> file, LineEncoder<T> encode)
      : file_(std::move(file)), encode_(std::move(encode)) {}

  absl::Status Write(const std::vector<T>& items) override {
    for (const T& item : items) {
      encode_(item, file_->line());
      TM_RETURN_IF_ERROR(file_->EndLine());
    }
    return absl::OkStatus();
  }
  absl::StatusOr<EpochOutput> EndEpoch(Epoch epoch) override { return file_->EndEpoch(epoch); }

 private:
  const std::unique_ptr<CutBackFile> file_;
  const LineEncoder<T> encode_;
};

template <class T>
class LineFileSink final : public SinkFactory<T> {
 public:
  LineFileSink(std::string path, LineEncoder<T> encode)
      : path_(std::move(path)), encode_(std::move(encode)) {}

  absl::StatusOr<std::unique_ptr<SinkWriter<T>>> Open(const std::optional<Position>& resume,
                                                      const SinkContext& context) override {
    TM_ASSIGN_OR_RETURN(auto file, CutBackFile::Open(path_, resume, context));
    return std::make_unique<LineFileWriter<T>>(std::move(file), encode_);
  }
  absl::Status Check(const std::optional<Position>& resume, const SinkContext& context) override {
    return CutBackFile::Check(path_, resume, context);
  }
  SinkGuarantee guarantee() const override { return SinkGuarantee::kCutBack; }
  bool can_begin_anew() const override { return true; }
  std::string Describe() const override { return Cat("file ", path_); }

 private:
  const std::string path_;
  const LineEncoder<T> encode_;
};

template <class T>
Sink<T> LineFile(std::string path, LineEncoder<T> encode) {
  return Sink<T>(std::make_shared<LineFileSink<T>>(std::move(path), std::move(encode)));
}

// The item itself as the line.
LineEncoder<std::string> TextEncoder();
Sink<std::string> LineFile(std::string path);

}  // namespace tidemark
