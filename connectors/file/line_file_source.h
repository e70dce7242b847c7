// FileLines: a file as a source, one item per line.
//
//   flow.From("log", Lines("app.log"));
//   flow.From("readings", FileLines<Reading>({.path = "readings.txt", .on_error = OnError::kSkip},
//       [](std::string_view line, const LineOrigin&, Reading& out) { return Parse(line, out); }));
//
// Lines end with \n or \r\n; blank lines are items; any byte may occur in a line. The end of the
// file at the moment it is reached is the end of the input. A last line without its end may be
// incomplete: with a state it is left unread, and a later run reads it once it is finished; without
// a state it is an item (FinalLine in lines.h). The contents of a position, and the files refused
// on resume: file_input.h.
#pragma once

#include <cstdint>
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
#include "connectors/file/file_input.h"
#include "connectors/file/follow_partition.h"
#include "connectors/file/followed_log.h"
#include "connectors/rows/byte_input.h"
#include "connectors/rows/lines.h"
#include "connectors/rows/record_partition.h"
#include "tidemark/source.h"

namespace tidemark {

// Consumes the rest of an unwanted line without keeping it. kSkipped if the line's end was passed,
// kEnd if the input ended first; after kLater it must be called again.
absl::StatusOr<Took> PassOverLine(ByteInput& input);

struct LineRules {
  size_t line_bytes_max = 64 << 20;
  FinalLine final_line = FinalLine::kTake;
  bool keeps_cr = false;
  bool passes_over_blanks = false;
};

template <class T>
LineRules LineRulesOf(const FileSourceOptions& options, const SkipLog* skips) {
  return {.line_bytes_max = options.line_bytes_max,
          .final_line = FinalLineOf<T>(options.final_line, skips),
          .keeps_cr = options.keeps_cr,
          .passes_over_blanks = !LineTraits<T>::kBlankIsItem};
}

// Takes lines from any ByteInput. A line longer than the bound is reported as a bad line, and the
// rest of it is skipped without keeping it.
class LineReader {
 public:
  LineReader(std::unique_ptr<ByteInput> input, BadLines bad_lines, const LineRules& rules);

  // kItem: `line` is the next line without its end, valid until the next call. If it is unended(),
  // TakeUnended() or LeaveUnended() must be called before that.
  absl::StatusOr<Took> Next(std::string_view& line);
  // True if the line returned by Next() is the last one and lacks its end.
  bool unended() const { return unended_bytes_ > 0; }
  bool leaves_what_is_not_whole() const { return rules_.final_line == FinalLine::kIfWhole; }
  void TakeUnended();
  // Leaves it unread; `why` it is not a complete line.
  void LeaveUnended(std::string_view why);

  // The beginning of the line returned by Next().
  const LineOrigin& origin() const { return origin_; }
  // Reports the decoder's error for that line.
  absl::Status Report(std::string_view reason) const { return bad_lines_.Report(origin_, reason); }
  ByteInput& input() const { return *input_; }

 private:
  // The length of the next line, without its newline; `ended` is false if the end of the input ends
  // it. A line that is too long is not scanned to its end.
  absl::StatusOr<Took> FindLine(size_t& length, bool& ended);
  // Skips the line that is too long.
  absl::StatusOr<Took> PassOver();
  absl::StatusOr<Took> EndUnended(size_t length, std::string_view& line);

  std::unique_ptr<ByteInput> input_;
  BadLines bad_lines_;
  LineRules rules_;
  LineOrigin origin_;
  size_t searched_ = 0;        // this much of the window holds no newline
  size_t unended_bytes_ = 0;   // of the last line, which Next() returned and did not consume
  bool left_ = false;          // that line stays unread
  bool passing_over_ = false;  // inside a line that is too long
};

// A LineReader whose lines become items: the reader of a RecordPartition.
template <class T>
class DecodedLines {
 public:
  DecodedLines(LineReader lines, LineDecoder<T> decode)
      : lines_(std::move(lines)), decode_(std::move(decode)) {}

  absl::StatusOr<Took> Next(T& item) {
    std::string_view line;
    absl::StatusOr<Took> took = lines_.Next(line);
    if (!took.ok() || *took != Took::kItem) return took;
    const absl::Status decoded = decode_(line, lines_.origin(), item);
    if (lines_.unended()) {
      if (!decoded.ok() && lines_.leaves_what_is_not_whole()) {
        lines_.LeaveUnended(ToStd(decoded.message()));
        return Took::kEnd;
      }
      lines_.TakeUnended();
    }
    if (decoded.ok()) return Took::kItem;
    TM_RETURN_IF_ERROR(lines_.Report(ToStd(decoded.message())));
    return Took::kSkipped;
  }
  ByteInput& input() const { return lines_.input(); }

 private:
  LineReader lines_;
  LineDecoder<T> decode_;
};

// One file as one partition. `context` outlives the partition.
template <class T>
absl::StatusOr<std::unique_ptr<SourcePartition<T>>> OpenLines(const FileSourceOptions& options,
                                                              const LineDecoder<T>& decode,
                                                              const std::optional<Position>& resume,
                                                              const SourceContext& context) {
  const LineRules rules = LineRulesOf<T>(options, context.skips);
  FileSourceOptions file = options;
  file.final_line = rules.final_line;
  TM_ASSIGN_OR_RETURN(auto input, FileInput::Open(file, resume, *context.files, context.skips));
  TM_RETURN_IF_ERROR(LineTraits<T>::CheckBeginning(*input));
  LineReader lines(std::move(input),
                   BadLines(options.on_error, Cat("file ", options.path), context.skips), rules);
  return std::make_unique<RecordPartition<T, DecodedLines<T>>>(
      DecodedLines<T>(std::move(lines), decode));
}

// Describes what opening a file would find there, or returns the error of a refusal.
template <class T, class Opener>
absl::StatusOr<std::string> PreviewFile(const FileSourceOptions& options, const Opener& open,
                                        const std::optional<Position>& resume,
                                        const SourceContext& context) {
  SkipLog unheard(context.skips != nullptr && context.skips->keeps_state());
  SourceContext quiet = context;
  quiet.skips = &unheard;
  TM_RETURN_IF_ERROR(open(options, resume, quiet).status());
  FileSourceOptions file = options;
  file.final_line = FinalLineOf<T>(options.final_line, &unheard);
  return FileInput::Preview(file, resume, *context.files);
}

// The same for a log that is followed.
template <class T, class Opener>
absl::StatusOr<std::string> PreviewLog(FileSourceOptions options, const Opener& open,
                                       const FollowRules& rules,
                                       const std::optional<Position>& resume,
                                       const SourceContext& context) {
  SkipLog unheard;
  SourceContext quiet = context;
  quiet.skips = &unheard;
  const FollowedLog log(options.path, *context.files);
  TM_ASSIGN_OR_RETURN(const FollowStart start, FindFollowStart(log, options, rules, resume, quiet));
  if (start.is_gone) return std::string("was removed");
  options.path = start.place.path;
  TM_ASSIGN_OR_RETURN(const std::string found,
                      PreviewFile<T>(options, open, start.resume, context));
  return options.path == log.path() ? found : Cat(found, " in ", options.path);
}

// A source with one partition, called "file" whatever the path: a file at another path is
// recognised by its identity.
template <class T>
class FileSource final : public SourceFactory<T> {
 public:
  using Opener = std::function<absl::StatusOr<std::unique_ptr<SourcePartition<T>>>(
      const FileSourceOptions&, const std::optional<Position>&, const SourceContext&)>;

  FileSource(FileSourceOptions options, Opener open)
      : options_(std::move(options)), open_(std::move(open)) {}

  absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext&) override {
    return std::vector<std::string>{"file"};
  }
  absl::StatusOr<std::unique_ptr<SourcePartition<T>>> Open(const std::string&,
                                                           const std::optional<Position>& resume,
                                                           const SourceContext& context) override {
    if (options_.follow) return FollowPartition<T>::Open(options_, open_, {}, resume, context);
    return open_(options_, resume, context);
  }
  absl::StatusOr<std::string> Preview(const std::string&, const std::optional<Position>& resume,
                                      const SourceContext& context) override {
    if (options_.follow) return PreviewLog<T>(options_, open_, {}, resume, context);
    return PreviewFile<T>(options_, open_, resume, context);
  }
  absl::StatusOr<std::vector<std::string>> FilesRead(const SourceContext&) override {
    return std::vector<std::string>{options_.path};
  }
  std::string Describe() const override {
    return Cat("file ", options_.path, options_.follow ? ", followed" : "");
  }

 private:
  const FileSourceOptions options_;
  const Opener open_;
};

template <class T>
typename FileSource<T>::Opener LinesOpener(LineDecoder<T> decode) {
  return [decode = std::move(decode)](
             const FileSourceOptions& file, const std::optional<Position>& resume,
             const SourceContext& context) { return OpenLines<T>(file, decode, resume, context); };
}

template <class T>
Source<T> FileLines(FileSourceOptions options, LineDecoder<T> decode) {
  return Source<T>(
      std::make_shared<FileSource<T>>(std::move(options), LinesOpener<T>(std::move(decode))));
}

// The line itself as the item.
LineDecoder<std::string> TextDecoder();
Source<std::string> Lines(std::string path);

}  // namespace tidemark
