#include "jobs/option_parser.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/status.h"
#include "jobs/connector_parser.h"

namespace tidemark {
namespace {

// The path of a file to read; empty when the reason was reported.
std::string ReadInputPath(const YamlEntry& entry, Problems& problems) {
  if (entry.value.is_list()) {
    problems.Add(entry.value.place, Cat(entry.key, " must be one path; ", kEachFile));
    return {};
  }
  std::string path = ReadText(entry, problems).value_or("");
  const size_t scheme = path.find("://");
  const bool is_url = scheme != std::string::npos && scheme > 0 &&
                      std::all_of(path.begin(), path.begin() + static_cast<ptrdiff_t>(scheme),
                                  [](unsigned char c) { return std::isalnum(c) != 0; });
  if (is_url) {
    problems.Add(entry.value.place, Cat(entry.key, " must be a path, found ", Quoted(path), "; ",
                                        path.substr(0, scheme) == "file"
                                            ? "write it without file://"
                                            : "what is not on this machine is not read yet"));
  }
  return path;
}

template <class T>
OptionValue OrNothing(std::optional<T> value) {
  return value.has_value() ? OptionValue(*std::move(value)) : OptionValue();
}

OptionValue ReadFlag(const YamlEntry& entry, Problems& problems) {
  static constexpr std::array<std::string_view, 2> kWords = {"true", "false"};
  const std::optional<size_t> word = ReadWord(entry, kWords, problems);
  return word.has_value() ? OptionValue(*word == 0) : OptionValue();
}

// A field, or a list of fields; each is checked together with those before it.
OptionValue ReadFields(const YamlEntry& entry, const ConnectorOption& option,
                       std::vector<Place>& places, Problems& problems) {
  const bool is_one = entry.value.is_text();
  if (!is_one && (!entry.value.is_list() || entry.value.items().empty())) {
    ReportWrong(entry.key, "a field, or a list of fields like [net, day]", entry.value, problems);
    return {};
  }
  const std::vector<YamlValue> one =
      is_one ? std::vector<YamlValue>{entry.value} : std::vector<YamlValue>();
  std::vector<std::string> names;
  for (const YamlValue& name : is_one ? one : entry.value.items()) {
    if (!name.is_text() || name.text().empty()) {
      ReportWrong(entry.key, "names of fields", name, problems);
      continue;
    }
    names.push_back(name.text());
    places.push_back(name.place);
    const absl::Status status = option.check ? option.check(names) : absl::OkStatus();
    if (status.ok()) continue;
    problems.Add(name.place, ToStd(status.message()));
    names.pop_back();
    places.pop_back();
  }
  return names;
}

// Nothing when it has reported why.
OptionValue ReadValue(const YamlEntry& entry, const ConnectorOption& option, Problems& problems) {
  switch (option.type) {
    case OptionType::kText:
      return OrNothing(ReadText(entry, problems));
    case OptionType::kName:
      return OrNothing(ReadName(entry, problems));
    case OptionType::kInputPath:
      return ReadInputPath(entry, problems);
    case OptionType::kNumber:
      return OrNothing(ReadWholeNumber(entry, {.min = option.min}, problems));
    case OptionType::kFlag:
      return ReadFlag(entry, problems);
    case OptionType::kDuration:
      return OrNothing(ReadSpan(entry, SpanRange::kZeroOrMore, problems));
    case OptionType::kTime:
      return OrNothing(ReadTimestamp(entry, problems));
    case OptionType::kFields:
      break;  // by ReadFields()
  }
  return {};
}

void ReadOption(const YamlEntry& entry, const ConnectorOption& option, ParsedOptions& parsed,
                Problems& problems) {
  std::vector<Place>& places = parsed.places[option.name];
  OptionValue value;
  if (option.type == OptionType::kFields) {
    value = ReadFields(entry, option, places, problems);
  } else {
    places = {entry.value.place};
    value = ReadValue(entry, option, problems);
  }
  if (option.is_place) parsed.connector_place = entry.value.place;
  if (std::holds_alternative<std::monostate>(value)) return;
  if (option.check && option.type != OptionType::kFields) {
    const absl::Status status = option.check(value);
    if (!status.ok()) problems.Add(entry.value.place, ToStd(status.message()));
  }
  parsed.given.push_back({option.name, std::move(value)});
}

bool HasKeys(const YamlValue& value) { return !value.is_map() || !value.entries().empty(); }

}  // namespace

ParsedOptions ParseOptions(const YamlEntry& entry, const std::vector<ConnectorOption>& options,
                           std::string_view title, std::string_view example, Problems& problems) {
  ParsedOptions parsed{.given = {}, .places = {}, .connector_place = entry.value.place};
  if (options.size() == 1 && options[0].name == entry.key) {
    ReadOption(entry, options[0], parsed, problems);
    return parsed;
  }
  if (entry.value.is_nothing() && !NeedsOptions(options)) return parsed;
  if (options.empty()) {
    if (HasKeys(entry.value)) {
      problems.Add(entry.value.place,
                   Cat(entry.key, " takes no options, found ", entry.value.Describe()));
    }
    return parsed;
  }
  if (!entry.value.is_map()) {
    ReportWrong(entry.key, Cat("a map like ", example), entry.value, problems);
    return parsed;
  }
  std::vector<std::string_view> names;
  for (const ConnectorOption& option : options) names.push_back(option.name);
  const YamlMap map(entry.value, title, names, problems);
  for (const ConnectorOption& option : options) {
    const YamlEntry* found =
        option.required() ? map.Require(option.name, Cat(entry.key, " needs ", option.needed_as,
                                                         ", as in ", example))
                          : map.Find(option.name);
    if (found != nullptr) ReadOption(*found, option, parsed, problems);
  }
  return parsed;
}

}  // namespace tidemark
