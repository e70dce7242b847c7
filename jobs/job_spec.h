// JobSpec: a job as plain values, whoever wrote it down: a YAML file (job_parser.h), a program,
// later a SQL statement. docs/jobs.md says what each part means; BuildJob (build_flow.h) makes a
// flow of it.
//
//   JobSpec job;
//   job.name = "copy";
//   job.sources = {
//       {.connector = ConnectorConfig::OfSource(FileConnector(), {{"file", "in.jsonl"}})}};
//   job.sinks = {{.connector = ConnectorConfig::OfSink(FileConnector(), {{"file", "out.jsonl"}})}};
//
// The places say where a part was written, for messages; a job made by a program has none.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/timestamp.h"
#include "connectors/connector.h"
#include "connectors/rows/lines.h"
#include "jobs/aggregate_spec.h"
#include "jobs/problems.h"
#include "jobs/time_unit.h"
#include "tidemark/batch.h"
#include "tidemark/window.h"

namespace tidemark {

// ---- sources -----------------------------------------------------------------------------------

enum class RowFormat {
  kJson,   // one JSON object on each line
  kLines,  // text; passed on as it is, since steps need fields
};

// What the rows of a source can have: as declared, or as its first rows are.
struct SourceFields {
  std::vector<std::string> names = {};  // "net", and "place.country" of an object
  // The rest is known of rows that were looked at.
  std::vector<std::string> containers = {};  // those that were an object or a list, each time
  std::vector<std::string> singles = {};     // those that were a value of another kind, each time
  std::vector<std::string> columns = {};     // those of the row itself, and not of an object in it
  std::vector<std::string> rows = {};        // which were looked at; none: names were declared
};

struct SourceSpec {
  std::string name = "source";  // its position is found by it after a restart
  ConnectorConfig connector = {};
  RowFormat format = RowFormat::kJson;
  OnError on_error = OnError::kStop;
  FinalLine final_line = FinalLine::kDefault;  // of a file
  bool follow = false;                         // a file that grows and is rotated; it has no end
  std::optional<double> rate = {};          // items per second; 0 or nothing: as fast as possible
  std::optional<SourceFields> fields = {};  // where they are known; a generator's always are
  Place place = {};                         // of the name, where it has one, else of the source
  Place connector_place = {};               // of the place that it reads, else of the connector
};

// ---- sinks -------------------------------------------------------------------------------------

// Where the values of options are written, by the option's name; for a list, one for each field.
using OptionPlaces = std::map<std::string, std::vector<Place>, std::less<>>;

struct SinkSpec {
  std::string name = "sink";
  ConnectorConfig connector = {};
  Place place = {};
  Place connector_place = {};
  OptionPlaces option_places = {};
};

// Its connector as a source, or as a sink; null if it is not one.
inline const SourceType* SourceOf(const SourceSpec& source) {
  const std::optional<SourceType>& type = source.connector.type().source;
  return type.has_value() ? &*type : nullptr;
}
inline const SinkType* SinkOf(const SinkSpec& sink) {
  const std::optional<SinkType>& type = sink.connector.type().sink;
  return type.has_value() ? &*type : nullptr;
}

// Where the value of an option is written, or the one with that index in a list, if known.
inline Place PlaceOf(const SinkSpec& sink, std::string_view option, size_t index = 0) {
  const auto places = sink.option_places.find(option);
  const bool is_known = places != sink.option_places.end() && index < places->second.size();
  return is_known ? places->second[index] : Place();
}

// The file whose lines are the rows of the source, in order; empty if it is not one file.
inline std::string InputFileOf(const SourceSpec& source) {
  const SourceType* type = SourceOf(source);
  if (type == nullptr || type->line_partition.empty() || source.follow) return {};
  const Endpoint input = type->reads(source.connector);
  return input.matches ? "" : input.path;
}

// ---- steps -------------------------------------------------------------------------------------

// From here on steps work on each key by itself. No fields: all rows have one key.
struct KeyBySpec {
  struct Field {
    std::string path;  // "net", or "place.country" for a field of an object
    Place place = {};
  };
  std::vector<Field> fields = {};
};

// Lists of a key's rows; each becomes one row: the key's fields, then the list.
struct BatchSpec {
  std::string name = "batch";
  BatchOptions limits = {};
  std::string as = "items";  // what the list is called in the row
  Place as_place = {};
};

enum class WatermarkScope {
  kPerKey,     // each key has one of its own
  kPerStream,  // that of the source that is furthest behind
};

// The time of a row is in one of its fields.
struct EventTimeSpec {
  std::string field;
  std::optional<TimeUnit> unit = {};  // nothing: numbers are milliseconds, texts ISO-8601
  Span max_out_of_orderness = {};
  bool has_bound = false;  // it was given
  // How far a time may be ahead of the system's where the row is read; beyond, the row is bad.
  // Nothing: kMaxAheadOfSystemTime. Rows that other steps made are not judged.
  std::optional<Span> max_ahead_of_system_time = {};
  // Nothing: that of the windows in front, else per key (jobs/window_chain.h).
  std::optional<WatermarkScope> watermark = {};
  // Per stream: a source without a row for so long is not waited for.
  Span idle_after = Span::Infinite();
  Place place = {};  // of the field
  Place watermark_place = {};
};
struct SystemTimeSpec {};

// Windows of a key's rows; each becomes one row: the key's fields, window_open and window_close,
// then the aggregates.
struct WindowSpec {
  std::string name = "window";
  std::variant<EventTimeSpec, SystemTimeSpec> clock = {};
  std::variant<Tumbling, Sliding, Session> windows = {};
  WindowOptions options = {};  // no order: by time where an aggregate depends on it, else as read
  std::vector<AggregateSpec> aggregates = {};
  std::optional<SinkSpec> late_to = {};  // rows that come too late, as they were read
};
// What the row of a window has before its aggregates.
inline constexpr char kWindowOpen[] = "window_open";
inline constexpr char kWindowClose[] = "window_close";

// An expression of SQL over the fields of a row (docs/expressions.md), as it was written.
struct ExpressionSpec {
  std::string text;
  Place place = {};
  Place text_place = {};  // of its first letter, if it is written letter by letter in one line
};

// Keeps the rows for which the condition is true.
struct WhereSpec {
  ExpressionSpec condition = {};
};

// Makes a new row of each row.
struct SelectSpec {
  struct Item {
    std::string name = {};
    bool is_others = false;  // all fields that no other item names, as they are
    ExpressionSpec value = {};
    Place place = {};  // of the name
  };
  std::vector<Item> items = {};
};

struct StepSpec {
  std::variant<KeyBySpec, BatchSpec, WindowSpec, WhereSpec, SelectSpec> step = {};
  Place place = {};  // of the name, where it has one, else of the step
  // False: a mistake in it was reported, so what it lacks may be there, and what it gives is not
  // known.
  bool is_understood = true;
};

// ---- the job -----------------------------------------------------------------------------------

struct JobSpec {
  std::string name;  // marks the state directory
  // How to run it; nothing leaves it to the command.
  std::optional<std::string> state;  // directory
  std::optional<Span> epoch;
  std::optional<Span> snapshot_every;
  std::optional<uint64_t> memory_bytes;
  std::optional<int> workers;

  std::vector<SourceSpec> sources;  // their rows go through the steps together
  std::vector<StepSpec> steps;
  std::vector<SinkSpec> sinks;  // each gets every row

  std::vector<std::string> warnings;  // of the parser, each with its place
};

// Every sink, in the order of the file: those for late rows, then those of the job. `Job` is
// JobSpec or const JobSpec.
template <class Job>
auto AllSinks(Job& job) {
  std::vector<decltype(&job.sinks[0])> all;
  for (auto& step : job.steps) {
    auto* window = std::get_if<WindowSpec>(&step.step);
    if (window != nullptr && window->late_to.has_value()) all.push_back(&*window->late_to);
  }
  for (auto& sink : job.sinks) all.push_back(&sink);
  return all;
}

}  // namespace tidemark
