#include "jobs/build_flow.h"

#include <cmath>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/status.h"
#include "connectors/file_sink.h"
#include "connectors/generator_source.h"
#include "connectors/json_row.h"
#include "connectors/line_file_source.h"
#include "connectors/stdin_source.h"
#include "jobs/job_check.h"
#include "jobs/job_key.h"
#include "jobs/json_row_state.h"
#include "jobs/keyed_rows.h"
#include "state/state_key.h"
#include "state/value_json.h"

namespace tidemark {
namespace {

using KeyedRow = KeyValue<JobKey, JsonRow>;
using KeyedList = KeyValue<JobKey, std::vector<JsonRow>>;

std::vector<std::string> PathsOf(const KeyBySpec& key_by) {
  std::vector<std::string> paths;
  for (const KeyBySpec::Field& field : key_by.fields) paths.push_back(field.path);
  return paths;
}

// ---- sources ----------------------------------------

FileSourceOptions FileOptions(const SourceSpec& source, const FileSourceSpec& file,
                              const BuildOptions& options) {
  return {.path = file.path,
          .on_error = source.on_error,
          .accept_changed = options.accept_changed_input};
}

Source<std::string> MakeLineSource(const SourceSpec& source, const BuildOptions& options) {
  const double rate = options.rate.value_or(source.rate.value_or(0));
  if (const auto* file = std::get_if<FileSourceSpec>(&source.connector)) {
    return FileLines<std::string>(FileOptions(source, *file, options), TextDecoder())
        .WithRate(rate);
  }
  return StdinLines<std::string>({.fd = options.stdin_fd, .on_error = source.on_error},
                                 TextDecoder())
      .WithRate(rate);
}

Source<JsonRow> MakeRowSource(const SourceSpec& source, const BuildOptions& options) {
  const double rate = options.rate.value_or(source.rate.value_or(0));
  if (const auto* file = std::get_if<FileSourceSpec>(&source.connector)) {
    return JsonLines(FileOptions(source, *file, options)).WithRate(rate);
  }
  if (const auto* generator = std::get_if<GeneratorSourceSpec>(&source.connector)) {
    return Generator(generator->options).WithRate(rate);
  }
  return StdinLines<JsonRow>({.fd = options.stdin_fd, .on_error = source.on_error},
                             JsonLineDecoder())
      .WithRate(rate);
}

// ---- steps ----------------------------------------

// Writes {"net": "ci", "items": [{…}, {…}]}.
class ListRowWriter {
 public:
  ListRowWriter(const std::vector<std::string>& key_fields, std::string_view list_field) {
    for (const std::string& field : key_fields) key_labels_.push_back(Label(field));
    list_label_ = Label(list_field);
  }

  JsonRow operator()(const KeyedList& list) const {
    const std::vector<KeyPart> parts = list.key.Parts();
    TM_CHECK(parts.size() == key_labels_.size(), "KeyedRows refuses state under other keys");
    JsonRow row;
    row.raw.reserve(Size(list));
    row.raw += '{';
    for (size_t i = 0; i < parts.size(); ++i) {
      row.raw += key_labels_[i];
      AppendKeyPartJson(parts[i], row.raw);
      row.raw += ", ";
    }
    row.raw += list_label_;
    row.raw += '[';
    for (size_t i = 0; i < list.value.size(); ++i) {
      if (i > 0) row.raw += ", ";
      row.raw += list.value[i].raw;
    }
    row.raw += "]}";
    return row;
  }

 private:
  static std::string Label(std::string_view field) {
    std::string label;
    AppendJsonString(field, label);
    return label + ": ";
  }
  // A little more than the row will have.
  size_t Size(const KeyedList& list) const {
    constexpr size_t kSeparator = 2;
    constexpr size_t kPart = 24;
    size_t size = list_label_.size() + kPart + list.key.encoded.size();
    for (const std::string& label : key_labels_) size += label.size() + kPart;
    for (const JsonRow& item : list.value) size += item.raw.size() + kSeparator;
    return size;
  }

  std::vector<std::string> key_labels_;
  std::string list_label_;
};

Stream<KeyedRow> AddBatch(const Stream<KeyedRow>& rows, const BatchSpec& batch,
                          const KeyBySpec& key_by) {
  return KeyedStream<JobKey, JsonRow>(rows)
      .Batch(batch.name, batch.limits)
      .Pairs()
      .Map([write = ListRowWriter(PathsOf(key_by), batch.as)](KeyedList list) -> KeyedRow {
        JsonRow row = write(list);
        return {std::move(list.key), std::move(row)};
      });
}

// A key for rows that steps have made. CheckSteps() has seen to it that they have the fields; what
// may fail is a row that was as deeply nested as JSON can be, and lies in a list now.
Stream<KeyedRow> AddKeyBy(const Stream<KeyedRow>& rows, const KeyBySpec& key_by) {
  return rows.Map([reader = JobKeyReader(PathsOf(key_by))](KeyedRow row) mutable -> KeyedRow {
    absl::StatusOr<JobKey> key = reader.Read(row.value);
    if (!key.ok()) throw std::runtime_error(std::string(ToStd(key.status().message())));
    return {*std::move(key), std::move(row.value)};
  });
}

// The fields by which each step with state gets its rows.
std::map<std::string, std::string> KeysOfSteps(const JobSpec& job) {
  std::map<std::string, std::string> keys;
  std::string fields;
  for (const StepSpec& step : job.steps) {
    if (const auto* key_by = std::get_if<KeyBySpec>(&step.step)) {
      fields.clear();
      for (const std::string& path : PathsOf(*key_by))
        fields += Cat(fields.empty() ? "" : ", ", path);
    } else {
      keys[std::get<BatchSpec>(step.step).name] = fields;
    }
  }
  return keys;
}

Stream<JsonRow> AddSteps(const JobSpec& job, const BuildOptions& options, Flow& flow) {
  // The first key is read at the source (keyed_rows.h). Without steps it is a key without fields,
  // which costs nothing.
  KeyBySpec key_by;
  auto step = job.steps.begin();
  if (step != job.steps.end() && std::holds_alternative<KeyBySpec>(step->step)) {
    key_by = std::get<KeyBySpec>(step++->step);
  }
  std::optional<Stream<KeyedRow>> rows;
  for (const SourceSpec& source : job.sources) {
    const Stream<KeyedRow> from =
        flow.From(source.name,
                  KeyedRows(MakeRowSource(source, options), {.fields = PathsOf(key_by),
                                                             .on_error = source.on_error,
                                                             .keys_of_steps = KeysOfSteps(job)}));
    rows = rows.has_value() ? rows->Merge(from) : from;
  }
  for (; step != job.steps.end(); ++step) {
    if (const auto* next_key = std::get_if<KeyBySpec>(&step->step)) {
      key_by = *next_key;
      rows = AddKeyBy(*rows, key_by);
    } else {
      rows = AddBatch(*rows, std::get<BatchSpec>(step->step), key_by);
    }
  }
  return KeyedStream<JobKey, JsonRow>(*rows).Values();
}

// ---- sinks ----------------------------------------

template <class T>
void AddSinks(const JobSpec& job, const BuildOptions& options, const Stream<T>& rows,
              const LineEncoder<T>& encode) {
  for (const SinkSpec& sink : job.sinks) {
    if (const auto* file = std::get_if<FileSinkSpec>(&sink.connector)) {
      rows.To(sink.name, LineFile<T>(file->path, encode));
    } else {
      rows.To(sink.name, StdoutLines<T>({.write = options.write_stdout}, encode));
    }
  }
}

}  // namespace

absl::Status AddJob(const JobSpec& job, const BuildOptions& options, Flow& flow) {
  TM_RETURN_IF_ERROR(CheckJob(job));
  if (const double rate = options.rate.value_or(0); !std::isfinite(rate) || rate < 0) {
    return absl::InvalidArgumentError("the rate must be a number, 0 or more");
  }
  if (job.sources.front().format == RowFormat::kJson) {
    AddSinks(job, options, AddSteps(job, options, flow), JsonLineEncoder());
    return absl::OkStatus();
  }
  std::optional<Stream<std::string>> lines;
  for (const SourceSpec& source : job.sources) {
    const Stream<std::string> from = flow.From(source.name, MakeLineSource(source, options));
    lines = lines.has_value() ? lines->Merge(from) : from;
  }
  AddSinks(job, options, *lines, TextEncoder());
  return absl::OkStatus();
}

absl::StatusOr<BuiltJob> BuildJob(const JobSpec& job, const BuildOptions& options) {
  BuiltJob built{.flow = Flow(job.name)};
  TM_RETURN_IF_ERROR(AddJob(job, options, built.flow));
  // Only the spec of a program can fail here: what a file says was checked with its place.
  TM_RETURN_IF_ERROR(Annotate(built.flow.Compile().status(), Cat("job '", job.name, "'")));
  return built;
}

}  // namespace tidemark
