#include "connectors/file/line_file_source.h"

#include <algorithm>
#include <cstring>

namespace tidemark {

namespace {

// NUL bytes in front of a row can be more than memory holds: a log that was cut while its writer
// went on at the old place. kItem at their end.
absl::StatusOr<Took> PassOverPadding(ByteInput& input) {
  while (true) {
    const std::string_view window = input.window();
    const size_t end = std::min(window.find_first_not_of('\0'), window.size());
    const bool goes_on = end == window.size();
    input.Consume(end, 0);
    if (!goes_on) return Took::kItem;
    TM_ASSIGN_OR_RETURN(const ByteInput::More more, input.Grow());
    if (more == ByteInput::More::kLater) return Took::kLater;
    if (more == ByteInput::More::kEnd) return Took::kEnd;
  }
}

}  // namespace

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
    if (more == ByteInput::More::kEnd) return Took::kEnd;
  }
}

LineReader::LineReader(std::unique_ptr<ByteInput> input, BadLines bad_lines, const LineRules& rules)
    : input_(std::move(input)),
      bad_lines_(std::move(bad_lines)),
      rules_(rules),
      origin_(input_->origin()) {}

absl::StatusOr<Took> LineReader::FindLine(size_t& length, bool& ended) {
  ended = true;
  while (true) {
    const std::string_view window = input_->window();
    length = window.size();
    if (searched_ < window.size()) {
      const void* end = std::memchr(window.data() + searched_, '\n', window.size() - searched_);
      if (end != nullptr) {
        length = static_cast<size_t>(static_cast<const char*>(end) - window.data());
        return Took::kItem;
      }
    }
    searched_ = window.size();
    if (length > rules_.line_bytes_max) return Took::kItem;
    TM_ASSIGN_OR_RETURN(const ByteInput::More more, input_->Grow());
    if (more == ByteInput::More::kLater) {
      if (input_->ready_fd() < 0) searched_ = 0;
      return Took::kLater;
    }
    if (more == ByteInput::More::kEnd) {
      ended = false;
      return length == 0 ? Took::kEnd : Took::kItem;
    }
  }
}

absl::StatusOr<Took> LineReader::Next(std::string_view& line) {
  if (left_) return Took::kEnd;
  if (passing_over_) return PassOver();
  origin_.offset = input_->origin().offset;
  origin_.line = input_->origin().line;
  size_t length = 0;
  bool ended = true;
  TM_ASSIGN_OR_RETURN(Took found, FindLine(length, ended));
  if (found == Took::kItem && length > rules_.line_bytes_max && rules_.passes_over_blanks) {
    searched_ = 0;
    TM_ASSIGN_OR_RETURN(found, PassOverPadding(*input_));
    if (found == Took::kItem) {
      TM_ASSIGN_OR_RETURN(found, FindLine(length, ended));
    }
    if (found == Took::kEnd) return PassOver();
  }
  if (found != Took::kItem) return found;
  searched_ = 0;
  if (length > rules_.line_bytes_max) return PassOver();
  if (!ended && input_->origin().offset != origin_.offset &&
      rules_.final_line != FinalLine::kTake) {
    return PassOver();  // its beginning is padding, which has to be read again with it
  }
  if (!ended) return EndUnended(length, line);
  line = input_->window().substr(0, length);
  input_->Consume(length + 1, 1);
  if (rules_.passes_over_blanks && IsBlankLine(line)) return Took::kSkipped;
  if (!rules_.keeps_cr && !line.empty() && line.back() == '\r') line.remove_suffix(1);
  return Took::kItem;
}

// The last line, which its writer may be in the middle of.
absl::StatusOr<Took> LineReader::EndUnended(size_t length, std::string_view& line) {
  line = input_->window().substr(0, length);
  unended_bytes_ = length;
  if (rules_.passes_over_blanks && IsBlankLine(line)) {
    left_ = true;  // nothing is lost, so nothing is said
    input_->LeaveRest();
    return Took::kEnd;
  }
  if (rules_.final_line == FinalLine::kLeave) {
    LeaveUnended("");
    return Took::kEnd;
  }
  if (!rules_.keeps_cr && line.back() == '\r') line.remove_suffix(1);
  return Took::kItem;
}

void LineReader::TakeUnended() {
  input_->ConsumeUnended(origin_.offset, unended_bytes_, 1);
  unended_bytes_ = 0;
}

void LineReader::LeaveUnended(std::string_view why) {
  std::string what =
      Cat("the last line has no line end", why.empty() ? "" : " and is not a whole row: ", why);
  bad_lines_.Leave(origin_, unended_bytes_, what);
  left_ = true;
  input_->LeaveRest();
}

// With a last line that may stay unread it has to be known whether the line ends before it is
// called bad. Such an input can go back.
absl::StatusOr<Took> LineReader::PassOver() {
  const std::string too_long = Cat("the line is longer than ", rules_.line_bytes_max, " bytes");
  const bool takes = rules_.final_line == FinalLine::kTake;
  if (takes && !passing_over_) TM_RETURN_IF_ERROR(Report(too_long));
  TM_ASSIGN_OR_RETURN(const Took took, PassOverLine(*input_));
  if (took == Took::kLater && !takes) {
    // The position of a file is never inside a line: the line is scanned again when it is longer.
    TM_RETURN_IF_ERROR(input_->ReturnTo(origin_));
    return took;
  }
  passing_over_ = took == Took::kLater;
  if (passing_over_) return took;
  if (!takes && took == Took::kEnd) {
    const uint64_t bytes = input_->origin().offset - origin_.offset;
    TM_RETURN_IF_ERROR(input_->ReturnTo(origin_));
    unended_bytes_ = bytes;
    LeaveUnended(too_long);
    return Took::kEnd;
  }
  if (!takes) TM_RETURN_IF_ERROR(Report(too_long));
  if (took == Took::kEnd) input_->ConsumeUnended(origin_.offset, 0, 1);
  return Took::kSkipped;
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
