#include "jobs/step_parser.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/spelling.h"
#include "base/status.h"
#include "jobs/connector_parser.h"
#include "jobs/row_step_parser.h"
#include "jobs/window_parser.h"

namespace tidemark {
namespace {

constexpr std::array<std::string_view, 5> kSteps = {"key_by", "where", "select", "batch", "window"};
constexpr std::array<std::string_view, 3> kLimits = {"max_items", "max_wait", "idle_timeout"};

KeyBySpec ParseKeyBy(const YamlEntry& entry, Problems& problems) {
  KeyBySpec key_by;
  const auto add = [&](const YamlValue& field) {
    if (!field.is_text() || field.text().empty()) {
      ReportWrong("key_by", "a field or a list of fields", field, problems);
    } else {
      key_by.fields.push_back({.path = field.text(), .place = field.place});
    }
  };
  if (!entry.value.is_list()) {
    add(entry.value);
  } else {
    for (const YamlValue& item : entry.value.items()) add(item);
  }
  return key_by;
}

BatchSpec ParseBatch(const YamlEntry& entry, Place& place, Problems& problems) {
  BatchSpec batch;
  if (!entry.value.is_map()) {
    ReportWrong("batch", "a map like {max_items: 50}", entry.value, problems);
    return batch;
  }
  const YamlMap map(entry.value, "a batch",
                    {"name", "max_items", "max_wait", "idle_timeout", "as", "at_eof"}, problems);
  if (const YamlEntry* name = map.Find("name")) {
    place = name->value.place;
    batch.name = ReadName(*name, problems).value_or("");
  }
  if (const YamlEntry* as = map.Find("as")) {
    batch.as_place = as->value.place;
    batch.as = ReadText(*as, problems).value_or("");
  }
  const size_t before = problems.count();
  if (const YamlEntry* limit = map.Find("max_items")) {
    batch.limits.max_items = ReadWholeNumber(*limit, {.min = 1}, problems);
  }
  const auto read_span = [&](std::string_view key, absl::Duration& option) {
    const YamlEntry* limit = map.Find(key);
    if (limit == nullptr) return;
    if (const auto span = ReadSpan(*limit, SpanRange::kMoreThanZero, problems)) {
      option = span->ToAbsl();
    }
  };
  read_span("max_wait", batch.limits.max_wait);
  read_span("idle_timeout", batch.limits.idle_timeout);
  if (const auto keep = ReadChoice(map, "at_eof", {"close", "keep"}, problems)) {
    batch.limits.at_eof = *keep ? AtEof::kKeep : AtEof::kClose;
  }
  // A limit of "inf" is none.
  const bool understood = problems.count() == before && !map.Misspells(kLimits);
  const bool limited = batch.limits.max_items.has_value() ||
                       batch.limits.max_wait != absl::InfiniteDuration() ||
                       batch.limits.idle_timeout != absl::InfiniteDuration();
  if (understood && !limited) {
    problems.Add(map.place(), Cat("a batch needs a limit: ", ListOf(kLimits)));
  }
  return batch;
}

std::optional<StepSpec> ParseStep(const YamlValue& value, Problems& problems) {
  if (!value.is_map()) {
    ReportWrong("a step", "a map like {key_by: FIELD}", value, problems);
    return std::nullopt;
  }
  const YamlMap map(value, "a step", {kSteps.begin(), kSteps.end()}, problems);
  const std::vector<const YamlEntry*> given = map.FindAll(kSteps);
  if (given.empty()) {
    if (value.entries().empty()) {
      problems.Add(map.place(), Cat("a step needs one of: ", ListOf(kSteps)));
    }
    return std::nullopt;
  }
  if (given.size() > 1) {
    problems.Add(given[1]->place, Cat("a step is one key; begin '", given[1]->key,
                                      "' with '- ' as a step of its own"));
  }
  StepSpec step;
  step.place = given[0]->place;
  if (given[0]->key == "key_by") {
    step.step = ParseKeyBy(*given[0], problems);
  } else if (given[0]->key == "batch") {
    step.step = ParseBatch(*given[0], step.place, problems);
  } else if (given[0]->key == "where") {
    step.step = ParseWhere(*given[0], problems);
  } else if (given[0]->key == "select") {
    step.step = ParseSelect(*given[0], problems);
  } else {
    step.step = ParseWindow(*given[0], step.place, problems);
  }
  return step;
}

}  // namespace

std::vector<StepSpec> ParseSteps(const YamlEntry& steps, bool& all_understood, Problems& problems) {
  std::vector<StepSpec> parsed;
  const size_t before_all = problems.count();
  if (!steps.value.is_list()) {
    ReportWrong("steps", "a list, each step after '- '", steps.value, problems);
    all_understood = false;
    return parsed;
  }
  bool is_gapless = true;
  for (const YamlValue& item : steps.value.items()) {
    const size_t before = problems.count();
    std::optional<StepSpec> step = ParseStep(item, problems);
    is_gapless = is_gapless && step.has_value();
    if (!is_gapless) continue;  // what is after a gap is read for its own mistakes alone
    step->is_understood = problems.count() == before;
    parsed.push_back(*std::move(step));
  }
  all_understood = problems.count() == before_all;
  return parsed;
}

}  // namespace tidemark
