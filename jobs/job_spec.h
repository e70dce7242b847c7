// JobSpec: a job as plain values, whoever wrote it down: a YAML file (job_parser.h), a program,
// later a SQL statement. docs/jobs.md says what each part means; BuildJob (build_flow.h) makes a
// flow of it.
//
//   JobSpec job;
//   job.name = "copy";
//   job.sources = {{.connector = FileSourceSpec{"in.jsonl"}}};
//   job.sinks = {{.connector = FileSinkSpec{"out.jsonl"}}};
//
// The places say where a part was written, for messages; a job made by a program has none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/timestamp.h"
#include "connectors/generator_source.h"
#include "connectors/lines.h"
#include "jobs/problems.h"
#include "tidemark/batch.h"

namespace tidemark {

// ---- sources -----------------------------------------------------------------------------------

struct FileSourceSpec {
  std::string path;
};
struct StdinSourceSpec {};
struct GeneratorSourceSpec {
  GeneratorOptions options;
};

enum class RowFormat {
  kJson,   // one JSON object on each line
  kLines,  // text; passed on as it is, since steps need fields
};

struct SourceSpec {
  std::string name = "source";  // its position is found by it after a restart
  std::variant<FileSourceSpec, StdinSourceSpec, GeneratorSourceSpec> connector = {};
  RowFormat format = RowFormat::kJson;
  OnError on_error = OnError::kStop;
  std::optional<double> rate = {};  // items per second; 0 or nothing: as fast as possible
  Place place = {};                 // of the name, where it has one, else of the source
  Place connector_place = {};
};

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

struct StepSpec {
  std::variant<KeyBySpec, BatchSpec> step = {};
  Place place = {};  // of the name, where it has one, else of the step
};

// ---- sinks -------------------------------------------------------------------------------------

struct FileSinkSpec {
  std::string path;
};
struct StdoutSinkSpec {};

struct SinkSpec {
  std::string name = "sink";
  std::variant<FileSinkSpec, StdoutSinkSpec> connector = {};
  Place place = {};
  Place connector_place = {};
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
};

}  // namespace tidemark
