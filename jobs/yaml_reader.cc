#include "jobs/yaml_reader.h"

#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/quantity.h"
#include "base/spelling.h"

namespace tidemark {
namespace {

template <class T>
std::errc ParseAll(const std::string& text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc::invalid_argument && end != text.data() + text.size()) {
    return std::errc::invalid_argument;
  }
  return error;
}

// A number in quotes is a text to YAML, and what reads the file next may take it for one.
bool ReportQuotedNumber(const YamlEntry& entry, std::string_view what, Problems& problems) {
  if (!entry.value.is_quoted()) return false;
  problems.Add(entry.value.place, Cat(entry.key, " must be ", what, ", found a text, ",
                                      entry.value.Describe(), "; leave out the quotes"));
  return true;
}

// Any key that begins with it, for values that anchors name.
constexpr std::string_view kFreeKeys = "x-…";
constexpr std::string_view kFreePrefix = "x-";

}  // namespace

YamlMap::YamlMap(const YamlValue& value, std::string_view what, std::vector<std::string_view> keys,
                 Problems& problems)
    : value_(value), problems_(problems) {
  for (const YamlEntry& entry : value.entries()) {
    if (std::find(keys.begin(), keys.end(), entry.key) != keys.end()) {
      const auto [first, is_new] = found_.try_emplace(entry.key, &entry);
      if (!is_new) {
        problems.Add(entry.place, Cat("the key ", Quoted(entry.key), " is there twice, first at ",
                                      first->second->place.Text()));
      }
      continue;
    }
    if (entry.key.starts_with(kFreePrefix) &&
        std::find(keys.begin(), keys.end(), kFreeKeys) != keys.end()) {
      continue;
    }
    if (entry.key == "<<") {
      problems.Add(entry.place, "merge keys ('<<') are not supported; write the keys out");
      continue;
    }
    const std::string unknown = Cat("unknown key ", Quoted(entry.key), "; ");
    if (const auto meant = ClosestWord(entry.key, keys)) {
      misspelt_.insert(*meant);
      problems.Add(entry.place, Cat(unknown, "did you mean '", *meant, "'?"));
    } else {
      problems.Add(entry.place, Cat(unknown, what, " can have: ", ListOf(keys)));
    }
  }
}

const YamlEntry* YamlMap::Find(std::string_view key) const {
  const auto found = found_.find(key);
  return found == found_.end() ? nullptr : found->second;
}

const YamlEntry* YamlMap::Require(std::string_view key, std::string_view what_is_missing) const {
  const YamlEntry* entry = Find(key);
  if (entry == nullptr && !misspelt_.contains(key)) problems_.Add(place(), what_is_missing);
  return entry;
}

std::vector<const YamlEntry*> YamlMap::FindAll(std::span<const std::string_view> keys) const {
  std::vector<const YamlEntry*> entries;
  for (const YamlEntry& entry : value_.entries()) {
    const bool wanted = std::find(keys.begin(), keys.end(), entry.key) != keys.end();
    if (wanted && Find(entry.key) == &entry) entries.push_back(&entry);
  }
  return entries;
}

bool YamlMap::Misspells(std::span<const std::string_view> keys) const {
  return std::any_of(keys.begin(), keys.end(),
                     [&](std::string_view key) { return misspelt_.contains(key); });
}

void ReportWrong(std::string_view key, std::string_view what, const YamlValue& value,
                 Problems& problems) {
  problems.Add(value.place, Cat(key, " must be ", what, ", found ", value.Describe()));
}

std::optional<int64_t> ReadWholeNumber(const YamlEntry& entry, WholeRange range,
                                       Problems& problems) {
  if (ReportQuotedNumber(entry, "a whole number", problems)) return std::nullopt;
  int64_t number = 0;
  const std::errc error =
      entry.value.is_text() ? ParseAll(entry.value.text(), number) : std::errc::invalid_argument;
  if (error == std::errc::invalid_argument) {
    ReportWrong(entry.key, "a whole number", entry.value, problems);
    return std::nullopt;
  }
  const bool too_large = error == std::errc::result_out_of_range
                             ? !entry.value.text().starts_with('-')
                             : number > range.max;
  if (too_large) {
    ReportWrong(entry.key, Cat("at most ", range.max), entry.value, problems);
    return std::nullopt;
  }
  if (error == std::errc::result_out_of_range || number < range.min) {
    ReportWrong(entry.key, Cat("at least ", range.min), entry.value, problems);
    return std::nullopt;
  }
  return number;
}

std::optional<double> ReadAmount(const YamlEntry& entry, Problems& problems) {
  if (ReportQuotedNumber(entry, "a number, 0 or more", problems)) return std::nullopt;
  double number = 0;
  const bool is_number = entry.value.is_text() &&
                         ParseAll(entry.value.text(), number) == std::errc() &&
                         std::isfinite(number) && number >= 0;
  if (is_number) return number;
  ReportWrong(entry.key, "a number, 0 or more", entry.value, problems);
  return std::nullopt;
}

std::optional<std::string> ReadText(const YamlEntry& entry, Problems& problems) {
  if (const std::string_view other = entry.value.other_type(); !other.empty()) {
    problems.Add(entry.value.place, Cat(entry.key, " must be a text, found ", entry.value.text(),
                                        ", ", other, "; write '", entry.value.text(), "'"));
    return std::nullopt;
  }
  if (entry.value.is_text() && !entry.value.text().empty()) return entry.value.text();
  const bool empty = entry.value.is_text();
  if (empty) {
    problems.Add(entry.value.place, Cat(entry.key, " must not be empty"));
  } else {
    ReportWrong(entry.key, "a text", entry.value, problems);
  }
  return std::nullopt;
}

std::optional<Span> ReadSpan(const YamlEntry& entry, SpanRange range, Problems& problems) {
  const bool finite = range == SpanRange::kZeroOrMore || range == SpanRange::kMoreThanZeroFinite;
  const bool zero = range == SpanRange::kZeroOrMore || range == SpanRange::kZeroOrMoreOrInf;
  const auto span = entry.value.is_text() ? ParseSpan(entry.value.text())
                                          : absl::StatusOr<Span>(absl::InvalidArgumentError(""));
  if (!span.ok() || (finite && span->is_infinite())) {
    ReportWrong(entry.key, "a duration like 10s, 1m30s, 24h or 3d", entry.value, problems);
    return std::nullopt;
  }
  if (zero ? span->us < 0 : span->us <= 0) {
    ReportWrong(entry.key, zero ? "zero or longer" : "longer than zero", entry.value, problems);
    return std::nullopt;
  }
  return *span;
}

std::optional<Timestamp> ReadTimestamp(const YamlEntry& entry, Problems& problems) {
  if (entry.value.is_text()) {
    const absl::StatusOr<Timestamp> time = ParseTimestamp(entry.value.text());
    if (time.ok()) return *time;
  }
  ReportWrong(entry.key, "a time with a zone like 2022-01-01T00:00:00Z", entry.value, problems);
  return std::nullopt;
}

std::optional<uint64_t> ReadByteSize(const YamlEntry& entry, uint64_t min, Problems& problems) {
  const auto bytes = entry.value.is_text()
                         ? ParseBytes(entry.value.text())
                         : absl::StatusOr<uint64_t>(absl::InvalidArgumentError(""));
  if (!bytes.ok()) {
    ReportWrong(entry.key, "a size like 512MiB or 2GB", entry.value, problems);
    return std::nullopt;
  }
  if (*bytes < min) {
    ReportWrong(entry.key, Cat("at least ", FormatBytes(min)), entry.value, problems);
    return std::nullopt;
  }
  return *bytes;
}

std::optional<size_t> ReadWord(const YamlEntry& entry, std::span<const std::string_view> words,
                               Problems& problems) {
  TM_CHECK(!words.empty(), "a word is one of some");
  for (size_t i = 0; entry.value.is_text() && i < words.size(); ++i) {
    if (entry.value.text() == words[i]) return i;
  }
  std::string all;
  for (const std::string_view word : words) all += Cat(all.empty() ? "'" : " or '", word, "'");
  ReportWrong(entry.key, all, entry.value, problems);
  return std::nullopt;
}

std::optional<bool> ReadChoice(const YamlMap& map, std::string_view key,
                               const std::array<std::string_view, 2>& words, Problems& problems) {
  const YamlEntry* entry = map.Find(key);
  if (entry == nullptr) return std::nullopt;
  const auto word = ReadWord(*entry, words, problems);
  if (!word.has_value()) return std::nullopt;
  return *word == 1;
}

}  // namespace tidemark
