#include "jobs/build_flow.h"

#include <cmath>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"
#include "connectors/connector.h"
#include "connectors/rows/json_row.h"
#include "jobs/job_check.h"
#include "jobs/job_key.h"
#include "jobs/json_row_state.h"
#include "jobs/keyed_rows.h"
#include "jobs/row_fields.h"
#include "jobs/row_program.h"
#include "jobs/row_stage.h"
#include "jobs/row_writer.h"
#include "jobs/window_chain.h"
#include "jobs/window_flow.h"
#include "jobs/window_row.h"
#include "jobs/window_row_reader.h"

namespace tidemark {
namespace {

using KeyedRow = KeyValue<JobKey, JsonRow>;

std::vector<std::string> PathsOf(const KeyBySpec& key_by) {
  std::vector<std::string> paths;
  for (const KeyBySpec::Field& field : key_by.fields) paths.push_back(field.path);
  return paths;
}

// ---- sources ----------------------------------------

SourceSettings SettingsOf(const SourceSpec& source, const BuildOptions& options) {
  return {.on_error = source.on_error,
          .final_line = source.final_line,
          .accept_changed = options.accept_changed_input,
          .follow = source.follow,
          .stdin_fd = options.stdin_fd};
}

double RateOf(const SourceSpec& source, const BuildOptions& options) {
  return options.rate.value_or(source.rate.value_or(0));
}

Source<std::string> MakeLineSource(const SourceSpec& source, const BuildOptions& options) {
  return SourceOf(source)
      ->make_lines(source.connector, SettingsOf(source, options))
      .WithRate(RateOf(source, options));
}

Source<JsonRow> MakeRowSource(const SourceSpec& source, const BuildOptions& options) {
  return SourceOf(source)
      ->make_rows(source.connector, SettingsOf(source, options))
      .WithRate(RateOf(source, options));
}

// ---- sinks ----------------------------------------

// What becomes of rows that a sink cannot take. It gets rows of all sources, and rows that steps
// made of them: those are left out only where every source would have bad rows left out.
OnError OnErrorOf(const JobSpec& job) {
  bool skips = false;
  for (const SourceSpec& source : job.sources) {
    if (!SourceOf(source)->always_good.empty()) continue;
    if (source.on_error == OnError::kStop) return OnError::kStop;
    skips = true;
  }
  return skips ? OnError::kSkip : OnError::kStop;
}

// The flag that steps over the row, where it was read from a file.
std::function<std::string(const JsonRow&)> WayOutOf(const JobSpec& job) {
  std::map<std::string, std::string> partitions;  // by their files
  for (const SourceSpec& source : job.sources) {
    const std::string file = InputFileOf(source);
    if (!file.empty()) partitions[file] = Cat(source.name, "/", SourceOf(source)->line_partition);
  }
  const std::string way_out =
      Cat("on_error: skip ", job.sources.size() > 1 ? "in all sources " : "",
          "leaves out all such rows");
  return [partitions, way_out](const JsonRow& row) {
    const auto partition = row.file == nullptr ? partitions.end() : partitions.find(*row.file);
    if (partition == partitions.end()) return way_out;
    return Cat("--skip-item ", partition->second, "@", row.line, " steps over it, ", way_out);
  };
}

SinkSettings SinkSettingsOf(const JobSpec& job, const BuildOptions& options) {
  return {
      .on_error = OnErrorOf(job), .way_out = WayOutOf(job), .write_stdout = options.write_stdout};
}

void AddSink(const JobSpec& job, const SinkSpec& sink, const BuildOptions& options,
             const Stream<JsonRow>& rows) {
  rows.To(sink.name, SinkOf(sink)->make_rows(sink.connector, SinkSettingsOf(job, options)));
}

// CheckSinks() has refused sinks that need fields.
void AddSink(const JobSpec& job, const SinkSpec& sink, const BuildOptions& options,
             const Stream<std::string>& lines) {
  lines.To(sink.name, SinkOf(sink)->make_lines(sink.connector, SinkSettingsOf(job, options)));
}

template <class T>
void AddSinks(const JobSpec& job, const BuildOptions& options, const Stream<T>& rows) {
  for (const SinkSpec& sink : job.sinks) AddSink(job, sink, options, rows);
}

// ---- steps ----------------------------------------

// Writes {"net": "ci", "items": [{…}, {…}]}.
class ListRowWriter {
 public:
  ListRowWriter(const std::vector<std::string>& key_fields, std::string_view list_field)
      : writer_(key_fields), list_label_(RowWriter::Label(list_field)) {}

  JsonRow operator()(const JobKey& key, const std::vector<JsonRow>& items) const {
    JsonRow row;
    row.raw.reserve(Size(key, items));
    writer_.Begin(key, row.raw);
    row.raw += list_label_;
    row.raw += '[';
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) row.raw += ", ";
      row.raw += items[i].raw;
    }
    row.raw += "]}";
    return row;
  }

 private:
  // A little more than the row will have.
  size_t Size(const JobKey& key, const std::vector<JsonRow>& items) const {
    constexpr size_t kSeparator = 2;
    size_t size = writer_.SizeOf(key) + list_label_.size();
    for (const JsonRow& item : items) size += item.raw.size() + kSeparator;
    return size;
  }

  RowWriter writer_;
  std::string list_label_;
};

Stream<KeyedRow> AddBatch(const Stream<KeyedRow>& rows, const BatchSpec& batch,
                          const KeyBySpec& key_by) {
  return KeyedStream<JobKey, JsonRow>(rows)
      .Batch(batch.name, batch.limits)
      .MapWithKey(
          [write = ListRowWriter(PathsOf(key_by), batch.as)](
              const JobKey& key, const std::vector<JsonRow>& items) { return write(key, items); })
      .Pairs();
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

// `where` and `select` on rows that steps have made. A bad row ends the run: it has no source whose
// on_error could take it. The rows keep their keys.
Stream<KeyedRow> AddRowSteps(const Stream<KeyedRow>& rows, RowProgram program) {
  const Stream<KeyedRow> made = rows.FlatMapBatch(
      [program = std::move(program), plain = std::vector<JsonRow>(),
       outcomes = std::vector<RowOutcome>()](std::vector<KeyedRow> items) mutable {
        plain.clear();
        for (KeyedRow& item : items) plain.push_back(std::move(item.value));
        outcomes.assign(items.size(), RowOutcome());
        program.Run(plain, outcomes);
        size_t kept = 0;
        for (size_t i = 0; i < items.size(); ++i) {
          if (outcomes[i].kind == RowOutcome::Kind::kBad) {
            throw std::runtime_error(Cat(outcomes[i].reason, ", in the row ", plain[i].raw));
          }
          if (outcomes[i].kind == RowOutcome::Kind::kDropped) continue;
          items[i].value = std::move(plain[i]);
          if (kept != i) items[kept] = std::move(items[i]);
          ++kept;
        }
        items.resize(kept);
        return items;
      });
  made.graph()->step(made.step()).keeps_key = true;
  return made;
}

// ---- the way through the steps ----------------------------------------

// Adds the steps of a job one by one, and knows what its rows are at each point.
class StepAdder {
 public:
  StepAdder(const JobSpec& job, const BuildOptions& options, Flow& flow)
      : job_(job), options_(options), flow_(flow), fields_(RowFields::OfSources(job)) {
    // The first key is read at the source (keyed_rows.h), and so is what a window behind it takes.
    // Without steps it is a key without fields, which costs nothing.
    size_t step = 0;
    front_.before_key = RowSteps(step);
    if (const auto* key_by = At<KeyBySpec>(step)) {
      key_by_ = *key_by;
      chain_.KeyBy(key_by_);
      ++step;
      front_.after_key = RowSteps(step);
    }
    if (const auto* window = At<WindowSpec>(step)) {
      AddWindowStep(FromSources<WindowRow>(ReadingOf(*window, fields_)), *window);
      ++step;
    } else {
      rows_ = FromSources<JsonRow>({});
    }
    while (step < job.steps.size()) {
      RowProgram program = RowSteps(step);
      if (!program.empty()) rows_ = AddRowSteps(*rows_, std::move(program));
      if (step < job.steps.size()) AddStep(job.steps[step++]);
    }
  }

  Stream<JsonRow> Rows() const { return KeyedStream<JobKey, JsonRow>(*rows_).Values(); }

 private:
  template <class Spec>
  const Spec* At(size_t step) const {
    return step < job_.steps.size() ? std::get_if<Spec>(&job_.steps[step].step) : nullptr;
  }

  template <class T>
  Stream<KeyValue<JobKey, T>> FromSources(const WindowRowOptions& reading) {
    KeyedRowsOptions keyed = front_;
    keyed.fields = PathsOf(key_by_);
    std::optional<Stream<KeyValue<JobKey, T>>> rows;
    for (const SourceSpec& source : job_.sources) {
      keyed.on_error = source.on_error;
      const Source<JsonRow> made = MakeRowSource(source, options_);
      std::optional<Stream<KeyValue<JobKey, T>>> from;
      if constexpr (std::is_same_v<T, WindowRow>) {
        from = flow_.From(source.name, KeyedWindowRows(made, keyed, reading));
      } else {
        from = flow_.From(source.name, KeyedRows(made, keyed));
      }
      rows = rows.has_value() ? rows->Merge(*from) : *from;
    }
    return *rows;
  }

  // The `where` and `select` steps from `step` on, which moves past them.
  RowProgram RowSteps(size_t& step) {
    RowStageBinder binder(fields_);
    Problems none("");  // CheckJob() has reported them
    for (;; ++step) {
      if (const auto* where = At<WhereSpec>(step)) {
        binder.Where(*where, none);
      } else if (const auto* select = At<SelectSpec>(step)) {
        binder.Select(*select, none);
        chain_.Select(*select);
        has_new_fields_ = true;
      } else {
        break;
      }
    }
    fields_ = binder.fields();
    return RowProgram(binder.Take());
  }

  void AddStep(const StepSpec& step) {
    if (const auto* key_by = std::get_if<KeyBySpec>(&step.step)) {
      // Rows that steps have made have the fields of their key, unless a select has changed them:
      // by these they are keyed already.
      const bool is_same = PathsOf(*key_by) == PathsOf(key_by_) && !has_new_fields_;
      key_by_ = *key_by;
      chain_.KeyBy(key_by_);
      if (!is_same) rows_ = AddKeyBy(*rows_, key_by_);
    } else if (const auto* window = std::get_if<WindowSpec>(&step.step)) {
      AddWindowStep(ReadWindowRows(*rows_, ReadingOf(*window, fields_)), *window);
    } else {
      const auto& batch = std::get<BatchSpec>(step.step);
      rows_ = AddBatch(*rows_, batch, key_by_);
      flow_.Define(batch.name, {{"key", KeyText()}});
      chain_.Batch(batch);
      fields_ = RowFields::Behind(batch, key_by_);
      has_new_fields_ = false;
    }
  }

  void AddWindowStep(const Stream<KeyValue<JobKey, WindowRow>>& rows, const WindowSpec& window) {
    WindowSpec resolved = window;
    if (auto* clock = std::get_if<EventTimeSpec>(&resolved.clock)) {
      Problems none("");  // CheckJob() has said them
      *clock = chain_.Resolve(*clock, {}, none);
    }
    chain_.Window(window);
    const WindowStreams streams = AddWindow(rows, resolved, PathsOf(key_by_), fields_);
    flow_.Define(window.name, {{"key", KeyText()}, {"window", DescribeWindow(window, fields_)}});
    rows_ = streams.rows;
    fields_ = RowFields::Behind(window, key_by_);
    has_new_fields_ = false;
    if (window.late_to.has_value()) {
      AddSink(job_, *window.late_to, options_, streams.late);
    }
  }

  // Under which the state of a step is found.
  std::string KeyText() const {
    std::string text;
    for (const std::string& path : PathsOf(key_by_)) text += Cat(text.empty() ? "" : ", ", path);
    return text;
  }

  const JobSpec& job_;
  const BuildOptions& options_;
  Flow& flow_;
  KeyBySpec key_by_;
  KeyedRowsOptions front_;  // what happens at the sources
  WindowChain chain_;
  RowFields fields_;
  bool has_new_fields_ = false;  // by a select, since the last step with a key
  std::optional<Stream<KeyedRow>> rows_;
};

}  // namespace

absl::Status AddJob(const JobSpec& job, const BuildOptions& options, Flow& flow) {
  TM_RETURN_IF_ERROR(CheckJob(job));
  if (const double rate = options.rate.value_or(0); !std::isfinite(rate) || rate < 0) {
    return absl::InvalidArgumentError("the rate must be a number, 0 or more");
  }
  if (job.sources.front().format == RowFormat::kJson) {
    AddSinks(job, options, StepAdder(job, options, flow).Rows());
    return absl::OkStatus();
  }
  std::optional<Stream<std::string>> lines;
  for (const SourceSpec& source : job.sources) {
    const Stream<std::string> from = flow.From(source.name, MakeLineSource(source, options));
    lines = lines.has_value() ? lines->Merge(from) : from;
  }
  AddSinks(job, options, *lines);
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
