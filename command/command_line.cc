#include "command/command_line.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/quantity.h"
#include "base/spelling.h"
#include "base/status.h"

namespace tidemark {
namespace {

constexpr size_t kColumns = 80;
// Names that are longer have their text on the next line.
constexpr size_t kNameColumnsMax = 26;

// What was meant by a word with one dash, or with dashes of another kind.
std::string MeantBy(const std::string& word, const std::vector<FlagSpec>& flags) {
  const std::string name = word.substr(1, word.find('=') - 1);
  std::vector<std::string_view> names;
  for (const FlagSpec& flag : flags) names.push_back(flag.name);
  const auto meant = ClosestWord(name, names);
  return meant ? Cat("did you mean '--", *meant, "'?") : "flags begin with two dashes";
}

}  // namespace

std::vector<std::string> Wrapped(std::string_view text, size_t columns) {
  std::vector<std::string> lines(1);
  for (const absl::string_view word : absl::StrSplit(ToAbsl(text), ' ')) {
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > columns)
      lines.push_back("");
    lines.back() += Cat(lines.back().empty() ? "" : " ", word);
  }
  return lines;
}

std::vector<std::string> InColumns(std::string_view name, std::string_view text, size_t width,
                                   size_t columns) {
  const size_t before = 2 + width + 2;
  std::vector<std::string> lines;
  if (name.size() > width) lines.push_back(Cat("  ", name));
  for (const std::string& part : Wrapped(text, columns - before)) {
    const bool beside = lines.empty();
    const size_t used = beside ? 2 + name.size() : 0;
    lines.push_back(Cat(beside ? Cat("  ", name) : "", std::string(before - used, ' '), part));
  }
  return lines;
}

std::vector<std::string> DescribeFlags(const std::vector<FlagSpec>& flags) {
  size_t width = 0;
  const auto shown = [](const FlagSpec& flag) {
    return Cat("--", flag.name, flag.value.empty() ? "" : " ", flag.value);
  };
  for (const FlagSpec& flag : flags) {
    const size_t columns = shown(flag).size();
    if (columns <= kNameColumnsMax) width = std::max(width, columns);
  }
  std::vector<std::string> lines;
  for (const FlagSpec& flag : flags) {
    for (std::string& line : InColumns(shown(flag), flag.help, width, kColumns)) {
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

CommandLine::CommandLine(std::vector<std::string> positionals, std::vector<FlagSpec> flags,
                         const std::vector<std::string>& words)
    : positionals_(std::move(positionals)), flags_(std::move(flags)) {
  Parse(words);
  if (!status_.ok()) return;
  if (words_.size() < positionals_.size()) {
    Fail(Cat("missing ", positionals_[words_.size()]));
  } else if (words_.size() > positionals_.size()) {
    Fail(Cat("'", words_[positionals_.size()], "' is one word too many"));
  }
}

void CommandLine::Fail(std::string message) {
  if (status_.ok()) status_ = absl::InvalidArgumentError(message);
}

void CommandLine::Parse(const std::vector<std::string>& words) {
  bool flags_ended = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (flags_ended || word.size() < 3 || word.compare(0, 2, "--") != 0) {
      if (!flags_ended && word == "--") {
        flags_ended = true;
      } else if (!flags_ended && word.size() > 1 && word[0] == '-') {
        return Fail(Cat("unknown flag '", word, "'; ", MeantBy(word, flags_)));
      } else {
        words_.push_back(word);
      }
      continue;
    }
    const size_t equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    const auto spec = std::find_if(flags_.begin(), flags_.end(),
                                   [&](const FlagSpec& flag) { return flag.name == name; });
    if (spec == flags_.end()) {
      std::vector<std::string_view> names;
      for (const FlagSpec& flag : flags_) names.push_back(flag.name);
      const auto meant = ClosestWord(name, names);
      return Fail(Cat("unknown flag '--", name, "'",
                      meant ? Cat("; did you mean '--", *meant, "'?") : std::string()));
    }
    if (values_.contains(name) && !spec->repeats) return Fail(Cat("--", name, " is given twice"));
    if (spec->value.empty()) {
      if (equals != std::string::npos) return Fail(Cat("--", name, " takes no value"));
      values_[name].emplace_back();
    } else if (equals != std::string::npos) {
      values_[name].push_back(word.substr(equals + 1));
    } else if (i + 1 < words.size()) {
      values_[name].push_back(words[++i]);
    } else {
      return Fail(Cat("--", name, " needs a value: --", name, " ", spec->value));
    }
  }
}

std::optional<std::string> CommandLine::Text(std::string_view flag) const {
  const auto it = values_.find(flag);
  if (it == values_.end()) return {};
  return it->second.back();
}

std::vector<std::string> CommandLine::Texts(std::string_view flag) const {
  const auto it = values_.find(flag);
  return it == values_.end() ? std::vector<std::string>() : it->second;
}

absl::StatusOr<std::optional<Span>> CommandLine::Duration(std::string_view flag) const {
  const auto text = Text(flag);
  if (!text) return std::optional<Span>();
  auto span = ParseSpan(*text);
  if (!span.ok()) return Annotate(span.status(), Cat("--", flag));
  if (span->us < 0) return absl::InvalidArgumentError(Cat("--", flag, ": must not be negative"));
  return std::optional<Span>(*span);
}

absl::StatusOr<std::optional<uint64_t>> CommandLine::Number(std::string_view flag) const {
  const auto text = Text(flag);
  if (!text) return std::optional<uint64_t>();
  uint64_t number = 0;
  if (!absl::SimpleAtoi(*text, &number)) {
    return absl::InvalidArgumentError(Cat("--", flag, ": '", *text, "' is not a whole number"));
  }
  return std::optional<uint64_t>(number);
}

absl::StatusOr<std::optional<double>> CommandLine::Decimal(std::string_view flag) const {
  const auto text = Text(flag);
  if (!text) return std::optional<double>();
  double number = 0;
  if (!absl::SimpleAtod(*text, &number) || !(number >= 0) || number > 1e12) {
    return absl::InvalidArgumentError(
        Cat("--", flag, ": '", *text, "' is not a number, 0 or more"));
  }
  return std::optional<double>(number);
}

absl::StatusOr<std::optional<uint64_t>> CommandLine::Bytes(std::string_view flag) const {
  const auto text = Text(flag);
  if (!text) return std::optional<uint64_t>();
  auto bytes = ParseBytes(*text);
  if (!bytes.ok()) return Annotate(bytes.status(), Cat("--", flag));
  return std::optional<uint64_t>(*bytes);
}

}  // namespace tidemark
