#include "tidemark/command_line.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "base/quantity.h"
#include "base/spelling.h"
#include "base/status.h"

namespace tidemark {
std::string DescribeFlags(const std::vector<FlagSpec>& flags) {
  size_t width = 0;
  const auto shown = [](const FlagSpec& flag) {
    return Cat("--", flag.name, flag.value.empty() ? "" : " ", flag.value);
  };
  for (const FlagSpec& flag : flags) width = std::max(width, shown(flag).size());
  std::string text;
  for (const FlagSpec& flag : flags) {
    const std::string name = shown(flag);
    text += Cat("  ", name, std::string(width - name.size() + 2, ' '), flag.help, "\n");
  }
  return text;
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
        return Fail(Cat("unknown flag '", word, "'; flags begin with two dashes"));
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
    if (values_.contains(name)) return Fail(Cat("--", name, " is given twice"));
    if (spec->value.empty()) {
      if (equals != std::string::npos) return Fail(Cat("--", name, " takes no value"));
      values_[name] = "";
    } else if (equals != std::string::npos) {
      values_[name] = word.substr(equals + 1);
    } else if (i + 1 < words.size()) {
      values_[name] = words[++i];
    } else {
      return Fail(Cat("--", name, " needs a value: --", name, " ", spec->value));
    }
  }
}

std::optional<std::string> CommandLine::Text(std::string_view flag) const {
  const auto it = values_.find(flag);
  if (it == values_.end()) return {};
  return it->second;
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
    return absl::InvalidArgumentError(Cat("--", flag, ": '", *text, "' is not a positive number"));
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
