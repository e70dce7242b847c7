#include "connectors/line_file_source.h"

#include <cstring>

namespace tidemark {

// A file never says kLater, so no position of a file ever lies inside a line.
absl::StatusOr<Took> PassOverLine(ByteInput& input) {
  while (true) {
    const std::string_view window = input.window();
    if (const size_t end = window.find('\n'); end != std::string_view::npos) {
      input.Consume(end + 1, 1);
      return Took::kSkipped;
    }
    input.Consume(window.size(), 0);
    TM_ASSIGN_OR_RETURN(const ByteInput::More more, input.Grow());
    if (more == ByteInput::More::kLater) return Took::kLater;
    if (more == ByteInput::More::kEnd) {
      input.Consume(0, 1);
      return Took::kSkipped;
    }
  }
}

LineReader::LineReader(std::unique_ptr<ByteInput> input, BadLines bad_lines, size_t line_bytes_max)
    : input_(std::move(input)),
      bad_lines_(std::move(bad_lines)),
      line_bytes_max_(line_bytes_max),
      origin_(input_->origin()) {}

absl::StatusOr<Took> LineReader::Next(std::string_view& line) {
  if (passing_over_) return PassOver();
  origin_.offset = input_->origin().offset;
  origin_.line = input_->origin().line;
  size_t length = 0;
  bool ended = true;  // by a newline, not by the end of the input
  while (true) {
    const std::string_view window = input_->window();
    length = window.size();
    if (searched_ < window.size()) {
      const void* end = std::memchr(window.data() + searched_, '\n', window.size() - searched_);
      if (end != nullptr) {
        length = static_cast<size_t>(static_cast<const char*>(end) - window.data());
        break;
      }
    }
    searched_ = window.size();
    if (length > line_bytes_max_) break;
    TM_ASSIGN_OR_RETURN(const ByteInput::More more, input_->Grow());
    if (more == ByteInput::More::kLater) return Took::kLater;
    if (more == ByteInput::More::kEnd) {
      if (length == 0) return Took::kEnd;
      ended = false;
      break;
    }
  }
  searched_ = 0;
  if (length > line_bytes_max_) {
    TM_RETURN_IF_ERROR(Report(Cat("the line is longer than ", line_bytes_max_, " bytes")));
    passing_over_ = true;
    return PassOver();
  }
  line = input_->window().substr(0, length);
  input_->Consume(ended ? length + 1 : length, 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return Took::kItem;
}

absl::StatusOr<Took> LineReader::PassOver() {
  absl::StatusOr<Took> took = PassOverLine(*input_);
  passing_over_ = took.ok() && *took == Took::kLater;
  return took;
}

LineDecoder<std::string> TextDecoder() {
  return [](std::string_view line, const LineOrigin&, std::string& out) {
    out.assign(line);
    return absl::OkStatus();
  };
}

Source<std::string> Lines(std::string path) {
  return FileLines<std::string>({.path = std::move(path)}, TextDecoder());
}

}  // namespace tidemark
