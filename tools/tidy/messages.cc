#include "tools/tidy/messages.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace tidemark::tidy {
namespace {

// Reads code character by character; strings may continue on the next line.
class Messages final {
 public:
  explicit Messages(std::string_view code) : code_(code) {}

  std::string Run() {
    while (at_ < code_.size()) {
      const char c = code_[at_];
      if (c == '\n') {
        EndLine();
      } else if (c == '/' && Next() == '/') {
        SkipTo('\n');
      } else if (c == '#' && IsLineStart()) {
        SkipTo('\n');
      } else if (c == 'R' && Next() == '"') {
        Separate();
        SkipRaw();
      } else if (c == '"') {
        Literal();
      } else if (c == '\'' && !IsDigitSeparator()) {
        Separate();
        Character();
      } else {
        if (c != ' ' && c != '\t') Separate();
        ++at_;
      }
    }
    return std::move(page_);
  }

 private:
  char Next() const { return at_ + 1 < code_.size() ? code_[at_ + 1] : '\0'; }
  bool IsLineStart() const {
    const std::size_t begin = at_ == 0 ? code_.npos : code_.rfind('\n', at_ - 1);
    const std::string_view before = code_.substr(begin == code_.npos ? 0 : begin + 1,
                                                 at_ - (begin == code_.npos ? 0 : begin + 1));
    return before.find_first_not_of(' ') == before.npos;
  }
  // 10'000
  bool IsDigitSeparator() const {
    return at_ > 0 && code_[at_ - 1] >= '0' && code_[at_ - 1] <= '9' && Next() >= '0' &&
           Next() <= '9';
  }

  void EndLine() {
    // A line without a text must not be an empty one: a text would open a sentence after it.
    if (line_is_empty_) page_ += '|';
    page_ += '\n';
    line_is_empty_ = true;
    ++at_;
  }
  void SkipTo(char end) { at_ = std::min(code_.find(end, at_), code_.size()); }

  void SkipRaw() {
    const std::size_t open = code_.find('(', at_);
    if (open == code_.npos) {
      at_ = code_.size();
      return;
    }
    const std::string close = ")" + std::string(code_.substr(at_ + 2, open - at_ - 2)) + "\"";
    const std::size_t end = std::min(code_.find(close, open), code_.size());
    for (; at_ < end; ++at_) {
      if (code_[at_] == '\n') page_ += "|\n";
    }
    at_ = std::min(end + close.size(), code_.size());
  }

  void Character() {
    ++at_;
    while (at_ < code_.size() && code_[at_] != '\'' && code_[at_] != '\n') {
      at_ += code_[at_] == '\\' ? 2 : 1;
    }
    if (at_ < code_.size() && code_[at_] == '\'') ++at_;
  }

  void Literal() {
    std::string text;
    for (++at_; at_ < code_.size() && code_[at_] != '"' && code_[at_] != '\n'; ++at_) {
      if (code_[at_] != '\\') {
        text += code_[at_];
        continue;
      }
      text += Next() == 'n' ? " | " : Next() == '"' ? "\"" : " ";
      ++at_;
    }
    if (at_ < code_.size() && code_[at_] == '"') ++at_;
    if (text.find(' ') == text.npos) return;
    std::replace(text.begin(), text.end(), '#', ' ');
    page_ += text;
    line_is_empty_ = false;
    is_separated_ = false;
  }

  void Separate() {
    if (is_separated_) return;
    page_ += " | ";
    is_separated_ = true;
    line_is_empty_ = false;
  }

  const std::string_view code_;
  std::size_t at_ = 0;
  std::string page_;
  bool line_is_empty_ = true;
  bool is_separated_ = false;
};

}  // namespace

bool HasMessages(std::string_view path) {
  constexpr std::array<std::string_view, 3> kNotOfUsers = {"tests/", "bench/", "tools/tidy/"};
  constexpr std::array<std::string_view, 5> kOfTests = {"_test.", "test_support", "_world.",
                                                        "_fake.", "test_flows"};
  if (!path.ends_with(".cc") && !path.ends_with(".h")) return false;
  return std::none_of(kNotOfUsers.begin(), kNotOfUsers.end(),
                      [&](std::string_view place) { return path.starts_with(place); }) &&
         std::none_of(kOfTests.begin(), kOfTests.end(),
                      [&](std::string_view part) { return path.find(part) != path.npos; });
}

std::string MessagesAsMarkdown(std::string_view code) { return Messages(code).Run(); }

}  // namespace tidemark::tidy
