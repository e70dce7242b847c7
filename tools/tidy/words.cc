#include "tools/tidy/words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>

namespace tidemark::tidy {
namespace {

// One word, one mark of punctuation, or one piece of inline code ("`").
struct Token {
  std::string text;  // Lower case.
  int line = 0;
  bool opens_sentence = false;
};

constexpr std::string_view kBreak = "\n";  // The end of a paragraph, heading, item or table cell.
constexpr std::string_view kCode = "`";

bool IsWordChar(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || c == '\'' || byte >= 0x80;
}

std::string_view WithoutIndent(std::string_view line) {
  const std::size_t start = line.find_first_not_of(' ');
  return start == line.npos ? std::string_view() : line.substr(start);
}

// The length of "- ", "* " or "12. " at the start of the line; 0 if it is not a list item.
std::size_t ItemMarker(std::string_view line) {
  if (line.starts_with("- ") || line.starts_with("* ")) return 2;
  std::size_t digits = 0;
  while (digits < line.size() && std::isdigit(static_cast<unsigned char>(line[digits])) != 0) {
    ++digits;
  }
  return digits > 0 && line.substr(digits).starts_with(". ") ? digits + 2 : 0;
}

// Splits the prose of a Markdown page into tokens, and skips its code.
class Tokenizer final {
 public:
  std::vector<Token> Run(std::string_view page) {
    while (!page.empty()) {
      const std::size_t end = page.find('\n');
      ++line_;
      Line(page.substr(0, end));
      page.remove_prefix(end == page.npos ? page.size() : end + 1);
    }
    Break(false);
    return std::move(tokens_);
  }

 private:
  void Line(std::string_view line) {
    const std::string_view text = WithoutIndent(line);
    if (text.starts_with("```")) {
      in_fence_ = !in_fence_;
      Break(true);
      return;
    }
    if (in_fence_) return;
    if (text.empty()) {
      Break(true);
      after_blank_ = true;
      return;
    }
    const bool indented = line.size() - text.size() >= 4;
    if (indented && after_blank_) return;  // An indented block goes on until a line is not.
    after_blank_ = false;
    if (text.front() == '#') {
      Break(false);
      Text(text);
      Break(true);
      return;
    }
    if (text.front() == '|') Break(false);
    const std::size_t marker = ItemMarker(text);
    if (marker > 0) Break(true);
    Text(text.substr(marker));
  }

  void Text(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) at = Piece(text, at);
  }

  // Consumes one piece of the line and returns where the next one begins.
  std::size_t Piece(std::string_view text, std::size_t at) {
    if (in_code_) return EndCode(text, at);
    const char c = text[at];
    const std::string_view rest = text.substr(at);
    if (c == '`') {
      Add(kCode);
      in_code_ = true;
      return at + 1;
    }
    if (rest.starts_with("](")) return Past(text, at, ")");
    if (rest.starts_with("<!--")) return Past(text, at, "-->");
    if (c == '|') {
      Break(false);
      return at + 1;
    }
    if (IsWordChar(c)) return Word(text, at);
    if (std::string_view(".,:;?!()").find(c) != std::string_view::npos) {
      Add(rest.substr(0, 1));
      if (c == '.' || c == '?' || c == '!') opens_ = true;
    }
    return at + 1;
  }

  std::size_t EndCode(std::string_view text, std::size_t at) {
    const std::size_t end = text.find('`', at);
    in_code_ = end == text.npos;
    return in_code_ ? text.size() : end + 1;
  }

  static std::size_t Past(std::string_view text, std::size_t at, std::string_view what) {
    const std::size_t end = text.find(what, at);
    return end == text.npos ? text.size() : end + what.size();
  }

  std::size_t Word(std::string_view text, std::size_t at) {
    std::size_t end = at;
    while (end < text.size() && IsWordChar(text[end])) ++end;
    Add(text.substr(at, end - at));
    return end;
  }

  void Add(std::string_view text) {
    std::string lower;
    for (const char c : text) {
      lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    tokens_.push_back({.text = lower, .line = line_, .opens_sentence = opens_});
    opens_ = false;
  }

  // Ends what no pattern reaches across. A piece of inline code does not go past it either.
  void Break(bool opens) {
    in_code_ = false;
    tokens_.push_back({.text = std::string(kBreak), .line = line_, .opens_sentence = false});
    opens_ = opens;
  }

  std::vector<Token> tokens_;
  int line_ = 0;
  bool in_fence_ = false;
  bool in_code_ = false;
  bool after_blank_ = true;
  bool opens_ = true;
};

bool WordMatches(std::string_view pattern, std::string_view word) {
  if (pattern.ends_with('*')) return word.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == word;
}

bool IsQuestion(const std::vector<Token>& tokens, std::size_t at) {
  while (at < tokens.size() && tokens[at].text != "." && tokens[at].text != kBreak) {
    if (tokens[at++].text == "?") return true;
  }
  return false;
}

bool RuleMatches(const WordRule& rule, const std::vector<Token>& tokens, std::size_t at) {
  if (at + rule.words.size() > tokens.size()) return false;
  for (std::size_t i = 0; i < rule.words.size(); ++i) {
    if (!WordMatches(rule.words[i], tokens[at + i].text)) return false;
  }
  return !rule.opens_sentence || (tokens[at].opens_sentence && !IsQuestion(tokens, at));
}

// The tokens that an exception accepts.
std::vector<bool> Accepted(const WordList& list, const std::vector<Token>& tokens) {
  std::vector<bool> accepted(tokens.size(), false);
  for (const WordRule& rule : list) {
    if (!rule.instead.empty()) continue;
    for (std::size_t at = 0; at < tokens.size(); ++at) {
      if (!RuleMatches(rule, tokens, at)) continue;
      for (std::size_t i = 0; i < rule.words.size(); ++i) accepted[at + i] = true;
    }
  }
  return accepted;
}

bool IsAccepted(const WordRule& rule, const std::vector<bool>& accepted, std::size_t at) {
  for (std::size_t i = 0; i < rule.words.size(); ++i) {
    if (!accepted[at + i]) return false;
  }
  return true;
}

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// The words of a pattern: as in the text, but that a `*` belongs to its word.
std::vector<std::string> PatternWords(std::string_view pattern) {
  std::vector<std::string> words;
  while (!pattern.empty()) {
    const std::size_t end = pattern.find(' ');
    if (end != 0) words.emplace_back(pattern.substr(0, end));
    pattern.remove_prefix(end == pattern.npos ? pattern.size() : end + 1);
  }
  return words;
}

}  // namespace

ParsedWordList ParseWordList(std::string_view text) {
  constexpr std::string_view kArrow = " -> ";
  ParsedWordList parsed;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = Trimmed(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    const std::size_t arrow = line.find(kArrow);
    std::string_view pattern = Trimmed(line.substr(0, arrow));
    const std::string_view instead =
        arrow == line.npos ? std::string_view() : Trimmed(line.substr(arrow + kArrow.size()));
    WordRule rule;
    rule.pattern = pattern;
    rule.opens_sentence = pattern.starts_with('^');
    if (rule.opens_sentence) pattern.remove_prefix(1);
    rule.words = PatternWords(pattern);
    if (rule.words.empty() || instead.empty()) {
      parsed.errors.push_back({number, "not `pattern -> what to write instead`"});
      continue;
    }
    if (instead != "ok") rule.instead = instead;
    parsed.value.push_back(std::move(rule));
  }
  return parsed;
}

bool IsProse(std::string_view path) {
  constexpr std::array<std::string_view, 5> kPublic = {"tidemark/", "command/", "connectors/",
                                                       "engine/windowing/", "engine/operators/"};
  constexpr std::array<std::string_view, 4> kNotYet = {
      "tidemark/internal/", "command/run.h", "command/status_view.h", "connectors/sqlite/"};
  if (path.ends_with(".md")) return true;
  const auto is_in = [&](std::string_view place) { return path.starts_with(place); };
  return path.ends_with(".h") && std::any_of(kPublic.begin(), kPublic.end(), is_in) &&
         std::none_of(kNotYet.begin(), kNotYet.end(), is_in);
}

std::string CommentsAsMarkdown(std::string_view code) {
  constexpr std::string_view kTrailing = "  // ";
  std::string page;
  while (!code.empty()) {
    const std::size_t end = code.find('\n');
    const std::string_view line = code.substr(0, end);
    const std::string_view text = WithoutIndent(line);
    const std::size_t trailing = line.find(kTrailing);
    if (text.starts_with("//") && !text.starts_with("//   ")) {
      page += WithoutIndent(text.substr(2));
    } else if (!text.starts_with("//") && trailing != line.npos) {
      page += "- ";  // An item of its own, so that no pattern reaches into the next line's.
      page += line.substr(trailing + kTrailing.size());
    }
    page += '\n';
    code.remove_prefix(end == code.npos ? code.size() : end + 1);
  }
  return page;
}

std::vector<Finding> CheckWords(const WordList& list, std::string_view path,
                                std::string_view text) {
  return path.ends_with(".md") ? CheckPage(list, text) : CheckPage(list, CommentsAsMarkdown(text));
}

std::vector<Finding> CheckPage(const WordList& list, std::string_view page) {
  std::vector<Finding> findings;
  const std::vector<Token> tokens = Tokenizer().Run(page);
  const std::vector<bool> accepted = Accepted(list, tokens);
  for (std::size_t at = 0; at < tokens.size(); ++at) {
    for (const WordRule& rule : list) {
      if (rule.instead.empty() || !RuleMatches(rule, tokens, at)) continue;
      if (IsAccepted(rule, accepted, at)) continue;
      findings.push_back(
          {tokens[at].line, "'" + rule.pattern + "': write " + rule.instead + " (words.txt)"});
    }
  }
  return findings;
}

}  // namespace tidemark::tidy
