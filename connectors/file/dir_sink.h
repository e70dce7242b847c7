// DirFiles: a directory as an exactly-once sink, with a function that chooses the file of an item.
//
//   stream.To("parts", DirFiles<Sale>({.path = "out", .file_count = 8},
//       [](const Sale& sale) { return StableHash(sale.customer); }, encode));
//
// Writes out/part_0 … out/part_7; an item goes to part_{assign(item) mod file_count}. Each file is
// truncated, owned and moved aside individually, like a single one (file_sink.h). The number of
// files cannot change on resume: items would go to other files than before.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status.h"
#include "connectors/file/file_sink.h"
#include "connectors/rows/lines.h"
#include "tidemark/sink.h"

namespace tidemark {

struct DirSinkOptions {
  std::string path;
  size_t file_count = 1;
};

// Must be the same in every run: it is computed again for items that are written again.
template <class T>
using FileAssigner = std::function<uint64_t(const T& item)>;

// The files of a directory sink. Position: {files, run_line, part_0, part_1, …}, the lengths;
// generation_0, … for each file that --new-output has replaced; `path` if it is known.
class CutBackDir {
 public:
  static absl::StatusOr<std::unique_ptr<CutBackDir>> Open(const DirSinkOptions& options,
                                                          const std::optional<Position>& resume,
                                                          const SinkContext& context);

  // Returns the error with which Open() would refuse; changes nothing.
  static absl::Status Check(const DirSinkOptions& options, const std::optional<Position>& resume,
                            const SinkContext& context);

  CutBackFile& FileFor(uint64_t assigned) { return *files_[assigned % files_.size()]; }
  absl::StatusOr<EpochOutput> EndEpoch(Epoch epoch);

 private:
  CutBackDir() = default;

  std::vector<std::unique_ptr<CutBackFile>> files_;
  std::string run_line_;
  std::string real_path_;  // for messages of later starts; empty if it is not known
};

template <class T>
class DirWriter final : public SinkWriter<T> {
 public:
  DirWriter(std::unique_ptr<CutBackDir> dir, FileAssigner<T> assign, LineEncoder<T> encode)
      : dir_(std::move(dir)), assign_(std::move(assign)), encode_(std::move(encode)) {}

  absl::Status Write(const std::vector<T>& items) override {
    for (const T& item : items) {
      CutBackFile& file = dir_->FileFor(assign_(item));
      encode_(item, file.line());
      TM_RETURN_IF_ERROR(file.EndLine());
    }
    return absl::OkStatus();
  }
  absl::StatusOr<EpochOutput> EndEpoch(Epoch epoch) override { return dir_->EndEpoch(epoch); }

 private:
  const std::unique_ptr<CutBackDir> dir_;
  const FileAssigner<T> assign_;
  const LineEncoder<T> encode_;
};

template <class T>
class DirSink final : public SinkFactory<T> {
 public:
  DirSink(DirSinkOptions options, FileAssigner<T> assign, LineEncoder<T> encode)
      : options_(std::move(options)), assign_(std::move(assign)), encode_(std::move(encode)) {}

  absl::StatusOr<std::unique_ptr<SinkWriter<T>>> Open(const std::optional<Position>& resume,
                                                      const SinkContext& context) override {
    TM_ASSIGN_OR_RETURN(auto dir, CutBackDir::Open(options_, resume, context));
    return std::make_unique<DirWriter<T>>(std::move(dir), assign_, encode_);
  }
  absl::Status Check(const std::optional<Position>& resume, const SinkContext& context) override {
    return CutBackDir::Check(options_, resume, context);
  }
  SinkGuarantee guarantee() const override { return SinkGuarantee::kCutBack; }
  bool can_begin_anew() const override { return true; }
  std::string Describe() const override { return Cat("directory ", options_.path); }

 private:
  const DirSinkOptions options_;
  const FileAssigner<T> assign_;
  const LineEncoder<T> encode_;
};

template <class T>
Sink<T> DirFiles(DirSinkOptions options, FileAssigner<T> assign, LineEncoder<T> encode) {
  return Sink<T>(
      std::make_shared<DirSink<T>>(std::move(options), std::move(assign), std::move(encode)));
}

}  // namespace tidemark
