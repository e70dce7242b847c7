#include "jobs/connector_parser.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <utility>
#include <vector>

#include "base/spelling.h"
#include "base/status.h"
#include "connectors/kafka/kafka_topic.h"
#include "connectors/sqlite_output.h"
#include "jobs/input_pattern.h"

namespace tidemark {
namespace {

constexpr std::array<std::string_view, 4> kSourceConnectors = {"file", "stdin", "generator",
                                                               "kafka"};
constexpr std::array<std::string_view, 4> kSinkConnectors = {"file", "stdout", "sqlite", "kafka"};

// What people look for in a source, by the name that it has elsewhere, and what to do meanwhile.
struct LaterKey {
  std::string_view key;
  std::string_view meanwhile;
};
constexpr std::string_view kOneOfThese = "a source has one of file, stdin, generator, kafka";
constexpr std::string_view kEachFile = "name each file as a source of its own under 'sources'";
constexpr std::string_view kPattern = "name files by a pattern, as in 'file: logs/*.jsonl'";
constexpr std::array<LaterKey, 17> kLaterKeys = {{
    {"redpanda", "it speaks Kafka's protocol: use kafka"},
    {"pulsar", kOneOfThese},
    {"kinesis", kOneOfThese},
    {"nats", kOneOfThese},
    {"mqtt", kOneOfThese},
    {"redis", kOneOfThese},
    {"http", kOneOfThese},
    {"https", kOneOfThese},
    {"tcp", kOneOfThese},
    {"s3", kOneOfThese},
    {"postgres", kOneOfThese},
    {"csv", kOneOfThese},
    {"directory", kPattern},
    {"folder", kPattern},
    {"files", kPattern},
    {"glob", kPattern},
    {"compression", "unpack the file first"},
}};

// `source` without keys that are not there yet, which are reported with one line each.
YamlValue WithoutLaterKeys(const YamlValue& source, Problems& problems) {
  YamlNode now = *source.node;
  std::erase_if(now.entries, [&problems](const YamlEntry& entry) {
    const auto* later = std::find_if(kLaterKeys.begin(), kLaterKeys.end(),
                                     [&](const LaterKey& k) { return k.key == entry.key; });
    if (later == kLaterKeys.end()) return false;
    problems.Add(entry.place, Cat(entry.key, " is not there yet; ", later->meanwhile));
    return true;
  });
  return {.place = source.place, .node = std::make_shared<const YamlNode>(std::move(now))};
}

// The path of a file to read.
std::string ReadInputPath(const YamlEntry& entry, Problems& problems) {
  if (entry.value.is_list()) {
    problems.Add(entry.value.place, Cat(entry.key, " must be one path; ", kEachFile));
    return {};
  }
  std::string path = ReadText(entry, problems).value_or("");
  if (HasPatternOfDirectories(path)) {
    problems.Add(entry.value.place, Cat(entry.key, " can be a pattern of the files in one ",
                                        "directory, found ", Quoted(path)));
  }
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

// A connector without options: no value, or a map without keys.
void ExpectNoOptions(const YamlEntry& entry, Problems& problems) {
  if (entry.value.is_nothing()) return;
  if (entry.value.is_map() && entry.value.entries().empty()) return;
  problems.Add(entry.value.place,
               Cat(entry.key, " takes no options, found ", entry.value.Describe()));
}

GeneratorOptions ParseGenerator(const YamlEntry& entry, Problems& problems) {
  GeneratorOptions options;
  if (entry.value.is_nothing()) return options;
  if (!entry.value.is_map()) {
    ReportWrong(entry.key, "a map like {items: 100}", entry.value, problems);
    return options;
  }
  const YamlMap map(entry.value, "a generator",
                    {"items", "keys", "seed", "interval", "start_time", "max_out_of_orderness"},
                    problems);
  const auto read_whole = [&](std::string_view key, int64_t min, uint64_t& option) {
    const YamlEntry* found = map.Find(key);
    if (found == nullptr) return;
    if (const auto number = ReadWholeNumber(*found, {.min = min}, problems)) {
      option = static_cast<uint64_t>(*number);
    }
  };
  const auto read_span = [&](std::string_view key, absl::Duration& option) {
    const YamlEntry* found = map.Find(key);
    if (found == nullptr) return;
    if (const auto span = ReadSpan(*found, SpanRange::kZeroOrMore, problems)) {
      option = span->ToAbsl();
    }
  };
  read_whole("items", 0, options.items);
  read_whole("keys", 1, options.keys);
  read_whole("seed", 0, options.seed);
  read_span("interval", options.interval);
  read_span("max_out_of_orderness", options.max_out_of_orderness);
  if (const YamlEntry* found = map.Find("start_time")) {
    if (const auto time = ReadTimestamp(*found, problems)) options.start_time = time->ToAbsl();
  }
  return options;
}

// A column, or a list of columns.
void ParseTableKey(const YamlEntry& entry, SqliteSinkSpec& table, Problems& problems) {
  const bool is_one = entry.value.is_text();
  if (!is_one && (!entry.value.is_list() || entry.value.items().empty())) {
    ReportWrong(entry.key, "a field, or a list of fields like [net, day]", entry.value, problems);
    return;
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
    if (const absl::Status status = CheckTableKey(names); !status.ok()) {
      problems.Add(name.place, ToStd(status.message()));
      names.pop_back();
    }
    table.key.push_back({.name = name.text(), .place = name.place});
  }
}

// `place` becomes that of the file.
SqliteSinkSpec ParseSqlite(const YamlEntry& entry, Place& place, Problems& problems) {
  SqliteSinkSpec sink;
  if (!entry.value.is_map()) {
    ReportWrong(entry.key, "a map like {file: out/quakes.db, table: daily}", entry.value, problems);
    return sink;
  }
  const YamlMap map(entry.value, "sqlite", {"file", "table", "key"}, problems);
  if (const YamlEntry* file =
          map.Require("file", "sqlite needs a file, as in {file: out/quakes.db, table: daily}")) {
    sink.path = ReadText(*file, problems).value_or("");
    place = file->value.place;
  }
  if (const YamlEntry* table =
          map.Require("table", "sqlite needs a table, as in {file: out/quakes.db, table: daily}")) {
    sink.table_place = table->value.place;
    if (auto name = ReadName(*table, problems)) {
      sink.table = *std::move(name);
      const absl::Status status = CheckTableName(sink.table);
      if (!status.ok()) problems.Add(sink.table_place, ToStd(status.message()));
    }
  }
  if (const YamlEntry* key = map.Find("key")) ParseTableKey(*key, sink, problems);
  return sink;
}

// The keys that a topic has as a source and as a sink. `place` becomes that of the topic.
void ParseTopic(const YamlMap& map, std::string& brokers, std::string& topic, Place& place,
                Problems& problems) {
  if (const YamlEntry* entry =
          map.Require("brokers", "kafka needs brokers, as in {brokers: 'host:9092', topic: t}")) {
    brokers = ReadText(*entry, problems).value_or("");
  }
  if (const YamlEntry* entry =
          map.Require("topic", "kafka needs a topic, as in {brokers: 'host:9092', topic: t}")) {
    place = entry->value.place;
    const std::optional<std::string> name = ReadText(*entry, problems);
    topic = name.value_or("");
    const absl::Status status = CheckTopicName(topic);
    if (name.has_value() && !status.ok()) problems.Add(place, ToStd(status.message()));
  }
}

// Whether it is a map, as it must be.
bool IsTopicMap(const YamlEntry& entry, Problems& problems) {
  if (entry.value.is_map()) return true;
  ReportWrong(entry.key, "a map like {brokers: 'host:9092', topic: t}", entry.value, problems);
  return false;
}

KafkaSourceSpec ParseKafkaSource(const YamlEntry& entry, Place& place, Problems& problems) {
  KafkaSourceSpec source;
  if (!IsTopicMap(entry, problems)) return source;
  const YamlMap map(entry.value, "kafka", {"brokers", "topic", "stop_at_end"}, problems);
  ParseTopic(map, source.brokers, source.topic, place, problems);
  if (const YamlEntry* stop = map.Find("stop_at_end")) {
    static constexpr std::array<std::string_view, 2> kWords = {"true", "false"};
    source.stop_at_end = ReadWord(*stop, kWords, problems) == 0u;
  }
  return source;
}

KafkaSinkSpec ParseKafkaSink(const YamlEntry& entry, Place& place, Problems& problems) {
  KafkaSinkSpec sink;
  if (!IsTopicMap(entry, problems)) return sink;
  const YamlMap map(entry.value, "kafka", {"brokers", "topic"}, problems);
  ParseTopic(map, sink.brokers, sink.topic, place, problems);
  return sink;
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

void ParseFollow(const YamlMap& map, SourceSpec& source, Problems& problems) {
  const YamlEntry* entry = map.Find("follow");
  if (entry == nullptr) return;
  auto* file = std::get_if<FileSourceSpec>(&source.connector);
  if (file == nullptr) {
    problems.Add(entry->place, "follow is for files");
    return;
  }
  static constexpr std::array<std::string_view, 2> kWords = {"true", "false"};
  file->follow = ReadWord(*entry, kWords, problems) == 0u;
  if (file->follow && source.final_line == FinalLine::kTake) {
    problems.Add(entry->place, "a file that is followed has no final line to take");
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
  if (std::holds_alternative<GeneratorSourceSpec>(source.connector)) {
    for (const YamlEntry* entry : {format, on_error, fields, final_line}) {
      if (entry == nullptr) continue;
      problems.Add(entry->place,
                   Cat(entry->key, " means nothing to a generator, whose rows are all good json"));
    }
    return;
  }
  const bool is_kafka = std::holds_alternative<KafkaSourceSpec>(source.connector);
  if (format != nullptr) {
    const auto word = ReadWord(*format, kFormats, problems);
    if (word == 1u) source.format = RowFormat::kLines;
    if (word == 1u && is_kafka) problems.Add(format->place, "the messages of kafka are json");
  }
  if (on_error != nullptr) {
    const auto word = ReadWord(*on_error, kOnError, problems);
    if (word == 1u) source.on_error = OnError::kSkip;
  }
  if (final_line != nullptr && !std::holds_alternative<FileSourceSpec>(source.connector)) {
    problems.Add(final_line->place,
                 is_kafka ? "final_line is for files; a message is whole"
                          : "final_line is for files; the last line of standard input is taken");
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
  const size_t before = problems.count();
  SourceSpec source;
  source.place = source.connector_place = value.place;
  if (value.is_text() && value.text() == "stdin") {
    source.connector = StdinSourceSpec();
  } else if (value.is_text() && value.text() == "generator") {
    source.connector = GeneratorSourceSpec();
  } else if (!value.is_map()) {
    ReportWrong("a source", "a map like {file: rows.jsonl}, or 'stdin' or 'generator'", value,
                problems);
  } else {
    const YamlValue now = WithoutLaterKeys(value, problems);
    const bool has_later_keys = problems.count() != before;
    const YamlMap map(now, "a source",
                      {"file", "stdin", "generator", "kafka", "name", "format", "on_error",
                       "final_line", "follow", "rate", "fields"},
                      problems);
    ReadPartName(map, named, source, problems);
    const bool has_connector = !map.FindAll(kSourceConnectors).empty();
    const YamlEntry* entry = has_later_keys && !has_connector
                                 ? nullptr
                                 : ChooseConnector(map, "a source", kSourceConnectors, problems);
    if (entry != nullptr) {
      source.connector_place = entry->value.place;
      if (entry->key == "file") {
        source.connector = FileSourceSpec{ReadInputPath(*entry, problems)};
      } else if (entry->key == "stdin") {
        source.connector = StdinSourceSpec();
        ExpectNoOptions(*entry, problems);
      } else if (entry->key == "kafka") {
        source.connector = ParseKafkaSource(*entry, source.connector_place, problems);
      } else {
        source.connector = GeneratorSourceSpec{ParseGenerator(*entry, problems)};
      }
      ParseRowOptions(map, source, problems);
      ParseFollow(map, source, problems);
    }
    if (const YamlEntry* rate = map.Find("rate")) source.rate = ReadAmount(*rate, problems);
  }
  TakeMapName(named, source, problems);
  if (problems.count() != before) return std::nullopt;
  return source;
}

std::optional<SinkSpec> ParseSink(const YamlValue& value, const YamlEntry* named,
                                  Problems& problems, const std::string& default_name) {
  const size_t before = problems.count();
  SinkSpec sink;
  sink.name = default_name;
  sink.place = sink.connector_place = value.place;
  if (value.is_text() && value.text() == "stdout") {
    sink.connector = StdoutSinkSpec();
  } else if (!value.is_map()) {
    ReportWrong("a sink", "a map like {file: out.jsonl}, or 'stdout'", value, problems);
  } else {
    const YamlMap map(value, "a sink", {"file", "stdout", "sqlite", "kafka", "name"}, problems);
    ReadPartName(map, named, sink, problems);
    if (const YamlEntry* entry = ChooseConnector(map, "a sink", kSinkConnectors, problems)) {
      sink.connector_place = entry->value.place;
      if (entry->key == "file") {
        sink.connector = FileSinkSpec{ReadText(*entry, problems).value_or("")};
      } else if (entry->key == "sqlite") {
        sink.connector = ParseSqlite(*entry, sink.connector_place, problems);
      } else if (entry->key == "kafka") {
        sink.connector = ParseKafkaSink(*entry, sink.connector_place, problems);
      } else {
        sink.connector = StdoutSinkSpec();
        ExpectNoOptions(*entry, problems);
      }
    }
  }
  TakeMapName(named, sink, problems);
  if (problems.count() != before) return std::nullopt;
  return sink;
}

}  // namespace tidemark
