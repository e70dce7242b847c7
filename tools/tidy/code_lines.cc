#include "tools/tidy/code_lines.h"

#include <cctype>
#include <cstddef>

namespace tidemark::tidy {
namespace {

bool IsWordChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Walks over the text once. Between lines it remembers only whether a block comment or a raw string
// is open.
class Splitter final {
 public:
  CodeLine Next(std::string_view raw) {
    line_ = raw;
    at_ = 0;
    code_.clear();
    const std::size_t start = line_.find_first_not_of(" \t");
    const bool outside = !in_comment_ && raw_end_.empty();
    if (outside && start != line_.npos && line_.substr(start).starts_with("#include")) {
      return {std::string(raw), std::string(line_.substr(0, line_.find("//")))};
    }
    while (at_ < line_.size()) Step();
    return {std::string(raw), code_};
  }

 private:
  void Step() {
    if (in_comment_) {
      in_comment_ = !SkipPast("*/");
    } else if (!raw_end_.empty()) {
      if (SkipPast(raw_end_)) CloseRawString();
    } else if (At("//")) {
      at_ = line_.size();
    } else if (At("/*")) {
      at_ += 2;
      in_comment_ = true;
    } else if (At("R\"") && !AfterWord()) {
      OpenRawString();
    } else if (line_[at_] == '"' || (line_[at_] == '\'' && !AfterWord())) {
      SkipLiteral(line_[at_]);
    } else {
      code_ += line_[at_++];
    }
  }

  bool At(std::string_view what) const { return line_.substr(at_).starts_with(what); }

  // A ' after a digit or a letter separates digits (1'000), and an R there is part of a name.
  bool AfterWord() const { return at_ > 0 && IsWordChar(line_[at_ - 1]); }

  bool SkipPast(std::string_view what) {
    const std::size_t found = line_.find(what, at_);
    at_ = found == line_.npos ? line_.size() : found + what.size();
    return found != line_.npos;
  }

  void SkipLiteral(char quote) {
    code_ += quote;
    ++at_;
    while (at_ < line_.size() && line_[at_] != quote) at_ += line_[at_] == '\\' ? 2 : 1;
    if (at_ < line_.size()) ++at_;
    code_ += quote;
  }

  void OpenRawString() {
    const std::size_t paren = line_.find('(', at_);
    if (paren == line_.npos) {
      code_ += line_[at_++];
      return;
    }
    raw_end_ = ")" + std::string(line_.substr(at_ + 2, paren - at_ - 2)) + "\"";
    code_ += '"';
    at_ = paren + 1;
  }

  void CloseRawString() {
    code_ += '"';
    raw_end_.clear();
  }

  bool in_comment_ = false;
  std::string raw_end_;  // What ends the raw string that is open; empty where none is.

  std::string_view line_;
  std::size_t at_ = 0;
  std::string code_;
};

}  // namespace

std::vector<CodeLine> SplitCode(std::string_view text) {
  std::vector<CodeLine> lines;
  Splitter splitter;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(splitter.Next(text.substr(0, end)));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return lines;
}

}  // namespace tidemark::tidy
