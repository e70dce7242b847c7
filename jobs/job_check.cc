#include "jobs/job_check.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"
#include "jobs/row_fields.h"
#include "jobs/row_stage.h"
#include "jobs/window_chain.h"

namespace tidemark {
namespace {

std::string Quoted(std::string_view text) { return Cat("'", text, "'"); }

// "<what> at 3:5" where the place is known.
std::string At(std::string_view what, Place place) {
  return place.known() ? Cat(what, " at ", place.Text()) : "";
}

// ---- steps --------------------------------------------------------------------------------------

void CheckKeyFields(const KeyBySpec& key_by, const RowFields& fields, Problems& problems) {
  std::set<std::string> seen;
  for (const KeyBySpec::Field& field : key_by.fields) {
    if (field.path.empty()) continue;  // which was reported
    if (!seen.insert(field.path).second) {
      problems.Add(field.place, Cat("the field ", Quoted(field.path), " is part of the key twice"));
    }
    if (const auto what = fields.MissingInSome(field.path, "key")) problems.Add(field.place, *what);
  }
}

bool IsKeyField(const KeyBySpec& key, std::string_view name) {
  return std::any_of(key.fields.begin(), key.fields.end(),
                     [&](const KeyBySpec::Field& field) { return field.path == name; });
}

// The names in a window's row are different ones.
void CheckRowNames(const WindowSpec& window, const KeyBySpec& key, Place place,
                   Problems& problems) {
  for (const char* name : {kWindowOpen, kWindowClose}) {
    if (!IsKeyField(key, name)) continue;
    problems.Add(place, Cat("the rows of this window would have ", Quoted(name),
                            " twice, since it is a field of the key"));
  }
  std::set<std::string> seen;
  for (const AggregateSpec& aggregate : window.aggregates) {
    const std::string name = Cat("the name ", Quoted(aggregate.name), " is ");
    if (IsKeyField(key, aggregate.name)) {
      problems.Add(aggregate.place, Cat(name, "a field of the key; call the aggregate otherwise"));
    } else if (aggregate.name == kWindowOpen || aggregate.name == kWindowClose) {
      problems.Add(aggregate.place,
                   Cat(name, "that of the window's time; call the aggregate otherwise"));
    } else if (!seen.insert(aggregate.name).second) {
      problems.Add(aggregate.place, Cat(name, "that of two aggregates"));
    }
  }
}

void CheckAggregates(const WindowSpec& window, const RowFields& fields, bool is_understood,
                     Place place, Problems& problems) {
  if (window.aggregates.empty() && is_understood) {
    problems.Add(place, "a window needs aggregates, like 'aggregate: {rows: count}'");
  }
  for (const AggregateSpec& aggregate : window.aggregates) {
    if (!aggregate.field.has_value()) {
      if (aggregate.kind == AggregateKind::kCount) continue;
      problems.Add(aggregate.place, Cat(NameOf(aggregate.kind), " needs a field"));
    } else if (const auto what = fields.MissingInAll(*aggregate.field, "value")) {
      problems.Add(aggregate.field_place, *what);
    }
  }
}

void CheckClock(const WindowSpec& window, const RowFields& fields, const WindowChain& chain,
                Place place, Problems& problems) {
  const auto* event_time = std::get_if<EventTimeSpec>(&window.clock);
  if (event_time == nullptr) {
    if (window.late_to.has_value()) {
      problems.Add(window.late_to->connector_place,
                   "by clock: system_time no row is late; remove late_to");
    }
    return;
  }
  const bool has_field = !event_time->field.empty();  // else that was reported
  if (const auto what = fields.MissingInSome(event_time->field, "time"); what && has_field) {
    problems.Add(event_time->place, *what);
  }
  const Span max_ahead = event_time->max_ahead_of_system_time.value_or(Span::Infinite());
  if (!chain.at_sources() && !max_ahead.is_infinite()) {
    problems.Add(place,
                 "max_ahead_of_system_time is judged where a row is read, and those of this window "
                 "come from another step");
  }
  chain.Resolve(*event_time, place, problems);
}

void CheckWindow(const StepSpec& step, const KeyBySpec& key, const RowFields& fields,
                 const WindowChain& chain, Problems& problems) {
  const auto& window = std::get<WindowSpec>(step.step);
  CheckClock(window, fields, chain, step.place, problems);
  chain.CheckEndOfInput(window, step.place, problems);
  CheckAggregates(window, fields, step.is_understood, step.place, problems);
  CheckRowNames(window, key, step.place, problems);
}

bool IsRowStep(const StepSpec& step) {
  return std::holds_alternative<WhereSpec>(step.step) ||
         std::holds_alternative<SelectSpec>(step.step);
}

void AddNeedsFields(const StepSpec& step, Problems& problems) {
  const bool is_where = std::holds_alternative<WhereSpec>(step.step);
  problems.Add(step.place, Cat(is_where ? "where" : "select",
                               " needs rows with fields; a source with format: lines has none"));
}

// Gives the fields after the step. One with a mistake of its grammar was reported by the parser.
RowFields CheckRowStep(const StepSpec& step, const RowFields& fields, Problems& problems) {
  RowStageBinder binder(fields);
  if (const auto* where = std::get_if<WhereSpec>(&step.step)) {
    if (!where->condition.text.empty()) binder.Where(*where, problems);
  } else {
    binder.Select(std::get<SelectSpec>(step.step), problems);
  }
  return binder.fields();
}

// `list_field`: what the list of the step before is called, whose use as a key was reported.
void CheckListName(const StepSpec& step, const BatchSpec& batch, const KeyBySpec& key,
                   const std::string& list_field, Problems& problems) {
  if (!IsKeyField(key, batch.as) || batch.as == list_field) return;
  problems.Add(batch.as_place.known() ? batch.as_place : step.place,
               Cat("the list would be called ", Quoted(batch.as),
                   " like a field of the key; give it another name, as in 'as: rows'"));
}

// ---- sources ------------------------------------------------------------------------------------

// Whether there are sources of lines.
bool CheckFormats(const JobSpec& job, Problems& problems) {
  const auto is_rate = [](double rate) { return std::isfinite(rate) && rate >= 0; };
  const SourceSpec* lines = nullptr;
  const SourceSpec* json = nullptr;
  for (const SourceSpec& source : job.sources) {
    const SourceType* type = SourceOf(source);
    if (type != nullptr && source.format == RowFormat::kLines && !type->make_lines) {
      problems.Add(source.place, type->no_lines);
    }
    if (!is_rate(source.rate.value_or(0))) {
      problems.Add(source.place, "rate must be a number, 0 or more");
    }
    (source.format == RowFormat::kLines ? lines : json) = &source;
  }
  if (lines != nullptr && json != nullptr) {
    problems.Add(lines->place, "sources of one job have one format, and others here are json");
  }
  return lines != nullptr;
}

// ---- sinks --------------------------------------------------------------------------------------

// The fields that its options name.
void CheckOptionFields(const SinkSpec& sink, const RowFields& fields, Problems& problems) {
  const SinkType* type = SinkOf(sink);
  if (type == nullptr) return;
  for (const ConnectorOption& option : type->options) {
    if (option.type != OptionType::kFields) continue;
    const std::vector<std::string> names = sink.connector.Fields(option.name);
    for (size_t i = 0; i < names.size(); ++i) {
      if (const auto what = fields.MissingColumn(names[i], option.name)) {
        problems.Add(PlaceOf(sink, option.name, i), *what);
      }
    }
  }
}

}  // namespace

void CheckNames(const JobSpec& job, Problems& problems) {
  std::map<std::string, Place> taken;
  const auto take = [&](const std::string& name, Place place) {
    const auto [first, is_new] = taken.try_emplace(name, place);
    if (is_new) return;
    problems.Add(
        place,
        Cat("the name ", Quoted(name), " is taken", At(" by the one", first->second),
            "; each source, batch, window and sink needs a name of its own, by which its state "
            "is found"));
  };
  for (const SourceSpec& source : job.sources) take(source.name, source.place);
  for (const StepSpec& step : job.steps) {
    if (const auto* batch = std::get_if<BatchSpec>(&step.step)) take(batch->name, step.place);
    if (const auto* window = std::get_if<WindowSpec>(&step.step)) take(window->name, step.place);
  }
  for (const SinkSpec* sink : AllSinks(job)) take(sink->name, sink->place);
}

void CheckSteps(const JobSpec& job, Problems& problems) {
  const bool has_lines = CheckFormats(job, problems);
  RowFields fields = RowFields::OfSources(job);
  const KeyBySpec* key = nullptr;
  bool is_fresh_key = false;  // no step has used it yet
  WindowChain chain;
  std::string list_field;
  for (const StepSpec& step : job.steps) {
    if (IsRowStep(step)) {
      if (has_lines) AddNeedsFields(step, problems);
      fields = CheckRowStep(step, fields, problems);
      if (const auto* select = std::get_if<SelectSpec>(&step.step)) {
        chain.Select(*select);
        list_field.clear();
      }
    } else if (const auto* key_by = std::get_if<KeyBySpec>(&step.step)) {
      if (has_lines) {
        problems.Add(step.place,
                     "key_by needs rows with fields; a source with format: lines has none");
      }
      CheckKeyFields(*key_by, fields, problems);
      if (is_fresh_key) {
        problems.Add(step.place,
                     "a second key replaces the first; for a key of several fields write them in "
                     "one step, as in 'key_by: [a, b]'");
      }
      key = key_by;
      chain.KeyBy(*key_by);
      is_fresh_key = true;
    } else if (key == nullptr) {
      const bool is_window = std::holds_alternative<WindowSpec>(step.step);
      problems.Add(step.place, Cat(is_window ? "window" : "batch",
                                   " works per key; put a step 'key_by: FIELD' before it, or "
                                   "'key_by: []' for ",
                                   is_window ? "windows" : "one list", " over all rows"));
      if (is_window) CheckWindow(step, {}, fields, chain, problems);
    } else if (const auto* window = std::get_if<WindowSpec>(&step.step)) {
      CheckWindow(step, *key, fields, chain, problems);
      chain.Window(*window);
      is_fresh_key = false;
      fields = RowFields::Behind(*window, *key);
      list_field.clear();
    } else {
      const auto& batch = std::get<BatchSpec>(step.step);
      is_fresh_key = false;
      CheckListName(step, batch, *key, list_field, problems);
      chain.Batch(batch);
      fields = RowFields::Behind(batch, *key);
      list_field = batch.as;
    }
    // What rows are behind it is not known, and would be guessed wrong.
    if (!step.is_understood) return;
  }
}

void CheckSinks(const JobSpec& job, Problems& problems) {
  const bool has_lines =
      std::any_of(job.sources.begin(), job.sources.end(),
                  [](const SourceSpec& source) { return source.format == RowFormat::kLines; });
  RowFields fields = RowFields::OfSources(job);
  KeyBySpec key;
  for (const StepSpec& step : job.steps) {
    if (IsRowStep(step)) {
      Problems reported("");  // by CheckSteps()
      fields = CheckRowStep(step, fields, reported);
    } else if (const auto* key_by = std::get_if<KeyBySpec>(&step.step)) {
      key = *key_by;
    } else if (const auto* window = std::get_if<WindowSpec>(&step.step)) {
      if (window->late_to.has_value()) CheckOptionFields(*window->late_to, fields, problems);
      fields = RowFields::Behind(*window, key);
    } else {
      fields = RowFields::Behind(std::get<BatchSpec>(step.step), key);
    }
    if (!step.is_understood) return;
  }
  for (const SinkSpec& sink : job.sinks) {
    CheckOptionFields(sink, fields, problems);
    const SinkType* type = SinkOf(sink);
    if (type != nullptr && !type->make_lines && has_lines) {
      problems.Add(sink.connector_place,
                   Cat(sink.connector.type().name,
                       " needs rows with fields; a source with format: lines has none"));
    }
  }
}

absl::Status CheckJob(const JobSpec& job) {
  Problems problems(Cat("job '", job.name, "'"));
  if (job.name.empty()) problems.Add({}, "a job needs a name");
  if (job.sources.empty()) problems.Add({}, "a job needs a source");
  if (job.sinks.empty()) problems.Add({}, "a job needs a sink");
  for (const SourceSpec& source : job.sources) {
    if (SourceOf(source) == nullptr) problems.Add(source.place, "a source needs a connector");
  }
  for (const SinkSpec* sink : AllSinks(job)) {
    if (SinkOf(*sink) == nullptr) problems.Add(sink->place, "a sink needs a connector");
  }
  CheckNames(job, problems);
  CheckPaths(job, problems);
  CheckSteps(job, problems);
  CheckSinks(job, problems);
  return problems.ToStatus();
}

}  // namespace tidemark
