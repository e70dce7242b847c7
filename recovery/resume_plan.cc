#include "recovery/resume_plan.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "state/schema_widening.h"
#include "state/type_schema_codec.h"

namespace tidemark {
namespace {

constexpr char kStartOver[] =
    "; resume with the program that wrote it, or start over with --fresh (which discards its "
    "state)";

std::string Quoted(std::string_view name) { return Cat("'", name, "'"); }

// What changed between two stored schemas, for a message.
std::string SchemaChange(const std::string& before, const std::string& after) {
  const auto old_schema = DecodeSchema(before);
  const auto new_schema = DecodeSchema(after);
  if (!old_schema.ok() || !new_schema.ok()) return "the stored schema cannot be read";
  const std::string text = absl::StrJoin(Diff(*old_schema, *new_schema), ", ");
  return text.empty() ? "it is encoded differently" : text;
}

// What became wider and needs no conversion; nothing where stored state cannot be read.
std::optional<std::vector<std::string>> Migration(const std::string& before,
                                                  const std::string& now) {
  if (before == now) return std::vector<std::string>();
  const auto old_schema = DecodeSchema(before);
  const auto new_schema = DecodeSchema(now);
  if (!old_schema.ok() || !new_schema.ok()) return std::nullopt;
  return Widening(*old_schema, *new_schema);
}

// Parameters of which stored times and windows depend. How many items fill a list and how far items
// may be out of order count from now on, so they may change freely.
std::string TimeParameters(const std::string& parameters) {
  std::string kept;
  for (const absl::string_view part : absl::StrSplit(parameters, ", ")) {
    const bool free = absl::StartsWith(part, "max_items:") ||
                      absl::StartsWith(part, "max_out_of_orderness:") ||
                      absl::StartsWith(part, "idle_after:");
    if (!free) absl::StrAppend(&kept, part, ", ");
  }
  return kept;
}

// What the state has to do with what changed.
const char* WhyItMatters(std::string_view name) {
  if (name == "key") return "under which its state would not be found";
  if (name == "window") return "and its open windows hold the former";
  if (name == "storage") return "and rows of the former would not be read";
  return "and its state was made by the former";
}

absl::Status CheckDefinition(const StepRecord& before, const DeclaredStep& now) {
  const auto refuse = [&](std::string_view name, std::string_view was, std::string_view is) {
    return absl::FailedPreconditionError(
        Cat("the ", name, " of step ", Quoted(now.name), " was [", was, "] and is now [", is, "], ",
            WhyItMatters(name), "; give the step another name, or start over with --fresh"));
  };
  // A state in one row becomes one in pieces, and not the other way round.
  const auto storage = before.definition.find("storage");
  if (storage != before.definition.end() && !now.definition.contains("storage")) {
    return refuse("storage", storage->second, "in one row");
  }
  for (const auto& [name, text] : now.definition) {
    const auto then = before.definition.find(name);
    // Unknown to the version that wrote it.
    if (then == before.definition.end() || then->second == text) continue;
    return refuse(name, then->second, text);
  }
  return absl::OkStatus();
}

// What of the step's state became wider and needs no conversion, or why the step cannot go on.
absl::StatusOr<std::vector<std::string>> CheckStep(const StepRecord& before,
                                                   const DeclaredStep& now) {
  const std::string where = Cat("step ", Quoted(now.name));
  if (before.kind != now.kind) {
    return absl::FailedPreconditionError(Cat(where, " was a ", before.kind, " and is now a ",
                                             now.kind, "; give the new step another name",
                                             kStartOver));
  }
  if (before.time_domain != now.time_domain) {
    return absl::FailedPreconditionError(
        Cat(where, ": its stored times belong to another clock", kStartOver));
  }
  // Stored timers were entered under the old parameters: shorter limits would fire late.
  if (TimeParameters(before.parameters) != TimeParameters(now.parameters)) {
    return absl::FailedPreconditionError(Cat(where, ": its parameters changed from '",
                                             before.parameters, "' to '", now.parameters,
                                             "'; give the step another name", kStartOver));
  }
  if (before.key_schema != now.key_schema) {
    return absl::FailedPreconditionError(Cat(
        where, ": the type of its key changed: ", SchemaChange(before.key_schema, now.key_schema),
        kStartOver));
  }
  TM_RETURN_IF_ERROR(CheckDefinition(before, now));
  if (auto wider = Migration(before.schema, now.schema)) {
    // Rows of an older form have a schema of their own, which has to fit as well.
    if (before.value_schema.empty() || Migration(before.value_schema, now.value_schema)) {
      return *std::move(wider);
    }
  }
  // All rows are of that older form.
  if (!now.value_schema.empty() && before.value_schema.empty()) {
    if (auto wider = Migration(before.schema, now.value_schema)) return *std::move(wider);
  }
  return absl::FailedPreconditionError(Cat(where, ": the type of its state changed: ",
                                           SchemaChange(before.schema, now.schema), kStartOver));
}

StepRecord RecordOf(const DeclaredStep& step, StepId id) {
  StepRecord record;
  record.id = id;
  record.name = step.name;
  record.kind = step.kind;
  record.parameters = step.parameters;
  record.schema = step.schema;
  record.key_schema = step.key_schema;
  record.time_domain = step.time_domain;
  record.results = step.results;
  record.definition = step.definition;
  return record;
}

}  // namespace

ResumePlan PlanResume(const std::optional<EpochRecord>& record,
                      const std::vector<DeclaredStep>& steps, const ResumeFacts& facts) {
  ResumePlan plan;
  uint32_t last_id = 0;
  if (record) {
    if (record->flow_name != facts.flow_name) {
      plan.verdict = absl::FailedPreconditionError(
          Cat(facts.directory, ": holds the state of flow ", Quoted(record->flow_name),
              ", and this is flow ", Quoted(facts.flow_name),
              "; give another directory with --state, or discard that state with --fresh"));
      return plan;
    }
    plan.steps = record->steps;
    for (const StepRecord& step : record->steps) last_id = std::max(last_id, step.id.value);
  }
  const size_t stored = plan.steps.size();
  for (const DeclaredStep& step : steps) {
    const auto known =
        std::find_if(plan.steps.begin(), plan.steps.begin() + static_cast<long>(stored),
                     [&](const StepRecord& s) { return s.name == step.name; });
    if (known == plan.steps.begin() + static_cast<long>(stored)) {
      plan.steps.push_back(RecordOf(step, {++last_id}));
      if (record) {
        plan.fates.push_back({StepFate::Kind::kNew, step.name, "new, starts empty"});
      }
      continue;
    }
    const auto wider = CheckStep(*known, step);
    if (!wider.ok()) {
      plan.verdict = Annotate(wider.status(), facts.directory);
      return plan;
    }
    if (!wider->empty()) {
      plan.fates.push_back({StepFate::Kind::kMigrated, step.name,
                            Cat("kept, migrated: ", absl::StrJoin(*wider, ", "))});
    }
    const bool of_older_form = !Migration(known->schema, step.schema).has_value();
    if (of_older_form || !known->value_schema.empty()) known->value_schema = step.value_schema;
    known->schema = step.schema;
    known->results = step.results;
    known->definition = step.definition;
    if (known->parameters != step.parameters) {
      plan.fates.push_back(
          {StepFate::Kind::kChanged, step.name,
           Cat("kept, with other parameters: ", known->parameters, " -> ", step.parameters)});
      known->parameters = step.parameters;
    } else if (wider->empty()) {
      plan.fates.push_back({StepFate::Kind::kKept, step.name, "kept"});
    }
  }
  for (size_t i = 0; i < stored; ++i) {
    const bool declared = std::any_of(steps.begin(), steps.end(), [&](const DeclaredStep& s) {
      return s.name == plan.steps[i].name;
    });
    if (declared) continue;
    plan.fates.push_back({StepFate::Kind::kOrphan, plan.steps[i].name,
                          Cat("no longer in the flow; its state of ", plan.steps[i].keys,
                              " keys stays until --drop-state ", plan.steps[i].name)});
  }
  return plan;
}

std::string DescribePosition(const NamedValues& position) {
  struct Unit {
    const char* field;
    const char* word;
  };
  for (const Unit unit : {Unit{"line", "line"}, Unit{"next", "item"}, Unit{"offset", "byte"}}) {
    const auto found = position.find(unit.field);
    if (found == position.end()) continue;
    if (const int64_t* number = std::get_if<int64_t>(&found->second)) {
      return Cat(unit.word, " ", *number);
    }
  }
  return "its position";
}

}  // namespace tidemark
