#include "jobs/connector_parser.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "base/spelling.h"
#include "base/status.h"
#include "connectors/connector.h"
#include "jobs/connectors.h"
#include "jobs/option_parser.h"

namespace tidemark {
namespace {

// What people look for in a source, by the name that it has elsewhere, and what to do meanwhile.
// Empty: one of the connectors.
struct LaterKey {
  std::string_view key;
  std::string_view meanwhile = {};
};
constexpr std::array<LaterKey, 18> kLaterKeys = {{
    {"redpanda", "it uses Kafka's protocol: use kafka"},
    {"pulsar"},
    {"kinesis"},
    {"nats"},
    {"mqtt"},
    {"redis"},
    {"http"},
    {"https"},
    {"tcp"},
    {"s3"},
    {"postgres"},
    {"csv"},
    {"directory", kEachFile},
    {"folder", kEachFile},
    {"files", kEachFile},
    {"glob", kEachFile},
    {"follow", "a file is read to its end, and the same command continues from there"},
    {"compression", "unpack the file first"},
}};

// `source` without keys that are not there yet, which are reported with one line each.
YamlValue WithoutLaterKeys(const YamlValue& source, Problems& problems) {
  YamlNode now = *source.node;
  std::erase_if(now.entries, [&problems](const YamlEntry& entry) {
    const auto* later = std::find_if(kLaterKeys.begin(), kLaterKeys.end(),
                                     [&](const LaterKey& k) { return k.key == entry.key; });
    if (later == kLaterKeys.end()) return false;
    problems.Add(entry.place,
                 Cat(entry.key, " is not there yet; ",
                     later->meanwhile.empty()
                         ? Cat("a source has one of ", ListOf(NamesOf(SourceConnectors())))
                         : std::string(later->meanwhile)));
    return true;
  });
  return {.place = source.place, .node = std::make_shared<const YamlNode>(std::move(now))};
}

bool IsOneLine(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20; });
}

// The one of `connectors` that is there; null when that was reported.
const YamlEntry* ChooseConnector(const YamlMap& map, std::string_view what,
                                 std::span<const std::string_view> connectors, Problems& problems) {
  const std::vector<const YamlEntry*> given = map.FindAll(connectors);
  if (given.empty()) {
    if (!map.Misspells(connectors)) {
      problems.Add(map.place(), Cat(what, " needs one of: ", ListOf(connectors)));
    }
    return nullptr;
  }
  for (size_t i = 1; i < given.size(); ++i) {
    problems.Add(given[i]->place, Cat(what, " has one of ", ListOf(connectors), ", and '",
                                      given[0]->key, "' is there already"));
  }
  return given.size() == 1 ? given[0] : nullptr;
}

// The connector whose name is the whole value, as in `source: stdin`: one that needs no options.
// Null if there is none. `Side` is SourceType or SinkType.
template <class Side>
const ConnectorType* ConnectorOfWord(const YamlValue& value,
                                     const std::vector<const ConnectorType*>& connectors,
                                     std::optional<Side> ConnectorType::*side) {
  if (!value.is_text()) return nullptr;
  const ConnectorType* type = FindConnector(connectors, value.text());
  return type == nullptr || NeedsOptions((type->*side)->options) ? nullptr : type;
}

// ", or 'stdin' or 'generator'": the connectors that can be a word alone.
template <class Side>
std::string OrWords(const std::vector<const ConnectorType*>& connectors,
                    std::optional<Side> ConnectorType::*side) {
  std::string words;
  for (const ConnectorType* each : connectors) {
    if (NeedsOptions((each->*side)->options)) continue;
    words += Cat(words.empty() ? ", or '" : " or '", each->name, "'");
  }
  return words;
}

// The name of the part and its place; the part's own place where it has none.
template <class Spec>
void ReadPartName(const YamlMap& map, const YamlEntry* named, Spec& spec, Problems& problems) {
  spec.place = map.place();
  const YamlEntry* entry = map.Find("name");
  if (named != nullptr && entry != nullptr) {
    problems.Add(entry->place,
                 Cat("the name is ", Quoted(named->key), " already, as the key says"));
    return;
  }
  if (entry == nullptr) return;
  spec.place = entry->value.place;
  if (auto name = ReadName(*entry, problems)) spec.name = *std::move(name);
}

template <class Spec>
void TakeMapName(const YamlEntry* named, Spec& spec, Problems& problems) {
  if (named == nullptr) return;
  spec.place = named->place;
  spec.name = named->key;
  if (named->key.empty() || !IsOneLine(named->key)) {
    problems.Add(named->place, "a name is a text of one line");
  }
}

void ParseFields(const YamlEntry& entry, SourceSpec& source, Problems& problems) {
  if (source.format == RowFormat::kLines) {
    problems.Add(entry.place, "fields are those of json rows; lines have none");
    return;
  }
  if (!entry.value.is_list() || entry.value.items().empty()) {
    ReportWrong(entry.key, "a list of names like [net, mag]", entry.value, problems);
    return;
  }
  source.fields.emplace();
  for (const YamlValue& name : entry.value.items()) {
    if (name.is_text() && !name.text().empty()) {
      source.fields->names.push_back(name.text());
    } else {
      ReportWrong(entry.key, "names of fields", name, problems);
    }
  }
}

void ParseRowOptions(const YamlMap& map, SourceSpec& source, Problems& problems) {
  static constexpr std::array<std::string_view, 2> kFormats = {"json", "lines"};
  static constexpr std::array<std::string_view, 2> kOnError = {"stop", "skip"};
  static constexpr std::array<std::string_view, 2> kFinalLine = {"leave", "take"};
  const YamlEntry* format = map.Find("format");
  const YamlEntry* on_error = map.Find("on_error");
  const YamlEntry* fields = map.Find("fields");
  const YamlEntry* final_line = map.Find("final_line");
  const SourceType& type = *source.connector.type().source;
  if (!type.always_good.empty()) {
    for (const YamlEntry* entry : {format, on_error, fields, final_line}) {
      if (entry == nullptr) continue;
      problems.Add(entry->place, Cat(entry->key, " means nothing to ", type.always_good));
    }
    return;
  }
  if (format != nullptr) {
    const auto word = ReadWord(*format, kFormats, problems);
    if (word == 1u) source.format = RowFormat::kLines;
    if (word == 1u && !type.make_lines) problems.Add(format->place, type.no_lines);
  }
  if (on_error != nullptr) {
    const auto word = ReadWord(*on_error, kOnError, problems);
    if (word == 1u) source.on_error = OnError::kSkip;
  }
  if (final_line != nullptr && !type.no_final_line.empty()) {
    problems.Add(final_line->place, Cat("final_line is for files; ", type.no_final_line));
  } else if (final_line != nullptr) {
    const auto word = ReadWord(*final_line, kFinalLine, problems);
    if (word) source.final_line = *word == 1u ? FinalLine::kTake : FinalLine::kLeave;
  }
  if (fields != nullptr) ParseFields(*fields, source, problems);
}

}  // namespace

std::optional<std::string> ReadName(const YamlEntry& entry, Problems& problems) {
  std::optional<std::string> name = ReadText(entry, problems);
  if (!name.has_value() || IsOneLine(*name)) return name;
  problems.Add(entry.value.place, "a name is a text of one line");
  return std::nullopt;
}

std::optional<SourceSpec> ParseSource(const YamlValue& value, const YamlEntry* named,
                                      Problems& problems) {
  const std::vector<const ConnectorType*> connectors = SourceConnectors();
  const size_t before = problems.count();
  SourceSpec source;
  source.place = source.connector_place = value.place;
  if (const ConnectorType* word = ConnectorOfWord(value, connectors, &ConnectorType::source)) {
    source.connector = ConnectorConfig::OfSource(*word);
  } else if (!value.is_map()) {
    ReportWrong("a source",
                Cat("a map like {file: rows.jsonl}", OrWords(connectors, &ConnectorType::source)),
                value, problems);
  } else {
    const YamlValue now = WithoutLaterKeys(value, problems);
    const bool has_later_keys = problems.count() != before;
    const std::vector<std::string_view> names = NamesOf(connectors);
    std::vector<std::string_view> keys = names;
    for (const char* key : {"name", "format", "on_error", "final_line", "rate", "fields"}) {
      keys.push_back(key);
    }
    const YamlMap map(now, "a source", keys, problems);
    ReadPartName(map, named, source, problems);
    const bool has_connector = !map.FindAll(names).empty();
    const YamlEntry* entry = has_later_keys && !has_connector
                                 ? nullptr
                                 : ChooseConnector(map, "a source", names, problems);
    if (entry != nullptr) {
      const ConnectorType& type = *FindConnector(connectors, entry->key);
      const ParsedOptions parsed =
          ParseOptions(*entry, type.source->options, type.title, type.source->example, problems);
      source.connector = ConnectorConfig::OfSource(type, parsed.given);
      source.connector_place = parsed.connector_place;
      ParseRowOptions(map, source, problems);
    }
    if (const YamlEntry* rate = map.Find("rate")) source.rate = ReadAmount(*rate, problems);
  }
  TakeMapName(named, source, problems);
  if (problems.count() != before) return std::nullopt;
  return source;
}

std::optional<SinkSpec> ParseSink(const YamlValue& value, const YamlEntry* named,
                                  Problems& problems, const std::string& default_name) {
  const std::vector<const ConnectorType*> connectors = SinkConnectors();
  const size_t before = problems.count();
  SinkSpec sink;
  sink.name = default_name;
  sink.place = sink.connector_place = value.place;
  if (const ConnectorType* word = ConnectorOfWord(value, connectors, &ConnectorType::sink)) {
    sink.connector = ConnectorConfig::OfSink(*word);
  } else if (!value.is_map()) {
    ReportWrong("a sink",
                Cat("a map like {file: out.jsonl}", OrWords(connectors, &ConnectorType::sink)),
                value, problems);
  } else {
    const std::vector<std::string_view> names = NamesOf(connectors);
    std::vector<std::string_view> keys = names;
    keys.push_back("name");
    const YamlMap map(value, "a sink", keys, problems);
    ReadPartName(map, named, sink, problems);
    if (const YamlEntry* entry = ChooseConnector(map, "a sink", names, problems)) {
      const ConnectorType& type = *FindConnector(connectors, entry->key);
      ParsedOptions parsed =
          ParseOptions(*entry, type.sink->options, type.title, type.sink->example, problems);
      sink.connector = ConnectorConfig::OfSink(type, parsed.given);
      sink.connector_place = parsed.connector_place;
      sink.option_places = std::move(parsed.places);
    }
  }
  TakeMapName(named, sink, problems);
  if (problems.count() != before) return std::nullopt;
  return sink;
}

}  // namespace tidemark
