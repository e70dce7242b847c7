#include "jobs/job_parser.h"

#include <array>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "jobs/connector_parser.h"
#include "jobs/field_sample.h"
#include "jobs/job_check.h"
#include "jobs/step_parser.h"
#include "jobs/time_sample.h"
#include "jobs/yaml_reader.h"
#include "jobs/yaml_tree.h"
#include "state/state_key.h"

namespace tidemark {
namespace {

static_assert(kJobBytesMax == kYamlBytesMax, "what is read from a file is what can be parsed");

constexpr uint64_t kMemoryMin = 1 << 20;
// Keys are spread over this many groups (state/state_key.h), so more workers would have none.
constexpr int kWorkersMax = kKeyGroups;

// The parts under the two keys that may hold them: one alone (`source:`), or several by name or in
// a list (`sources:`). `parse_one` gets the name that a map gives, and nothing when it has reported
// a problem.
template <class Spec>
std::vector<Spec> ParseParts(
    const YamlMap& job, std::string_view one_key, std::string_view many_key,
    const std::function<std::optional<Spec>(const YamlValue&, const YamlEntry* named)>& parse_one,
    Problems& problems) {
  std::vector<Spec> parts;
  const auto add = [&](const YamlValue& value, const YamlEntry* named) {
    if (auto part = parse_one(value, named)) parts.push_back(*std::move(part));
  };
  const std::array<std::string_view, 2> keys = {one_key, many_key};
  const std::vector<const YamlEntry*> given = job.FindAll(keys);
  if (given.empty()) {
    if (!job.Misspells(keys)) {
      problems.Add(job.place(), Cat("a job needs a ", one_key, ", like '", one_key,
                                    ": {file: ", one_key == "source" ? "rows" : "out", ".jsonl}'"));
    }
    return parts;
  }
  if (given.size() > 1) {
    problems.Add(given[1]->place, Cat("a job has '", one_key, "' or '", many_key, "', not both"));
  }
  const YamlValue& value = given[0]->value;
  if (given[0]->key == one_key) {
    add(value, nullptr);
  } else if (value.is_list() && !value.items().empty()) {
    for (const YamlValue& item : value.items()) add(item, nullptr);
  } else if (value.is_map() && !value.entries().empty()) {
    for (const YamlEntry& named : value.entries()) add(named.value, &named);
  } else {
    ReportWrong(many_key, Cat("a list of ", many_key, ", or a map of names and ", many_key), value,
                problems);
  }
  return parts;
}

void ParseRunOptions(const YamlMap& map, JobSpec& job, Problems& problems) {
  if (const YamlEntry* entry = map.Find("state")) job.state = ReadText(*entry, problems);
  if (const YamlEntry* entry = map.Find("epoch")) {
    job.epoch = ReadSpan(*entry, SpanRange::kMoreThanZeroFinite, problems);
  }
  if (const YamlEntry* entry = map.Find("snapshot_every")) {
    job.snapshot_every = ReadSpan(*entry, SpanRange::kMoreThanZero, problems);
  }
  if (const YamlEntry* entry = map.Find("memory")) {
    job.memory_bytes = ReadByteSize(*entry, kMemoryMin, problems);
  }
  if (const YamlEntry* entry = map.Find("workers")) {
    const auto workers = ReadWholeNumber(*entry, {.min = 1, .max = kWorkersMax}, problems);
    if (workers.has_value()) job.workers = static_cast<int>(*workers);
  }
}

// Looks for mistakes between the parts, in those that were understood. One that was not is missing
// in the job, which must not become a second mistake.
void CheckRead(const JobSpec& job, bool knows_sources, bool knows_steps, Problems& problems) {
  JobSpec known = job;
  if (!knows_sources) {  // one more, of whose rows nothing is known
    SourceSpec unknown;
    if (!job.sources.empty()) unknown.format = job.sources.front().format;
    known.sources.push_back(std::move(unknown));
  }
  CheckSteps(known, problems);
  if (!knows_steps) known.sinks.clear();  // what they get depends on all steps
  CheckSinks(known, problems);
  CheckNames(job, problems);
  CheckPaths(job, problems);
}

JobSpec ParseRoot(const YamlValue& root, const ParseOptions& options, Problems& problems) {
  JobSpec job;
  const YamlMap map(root, "a job",
                    {"name", "source", "sources", "steps", "sink", "sinks", "state", "epoch",
                     "snapshot_every", "memory", "workers", "x-…"},
                    problems);
  if (const YamlEntry* entry = map.Require("name", "a job needs a name, like 'name: my_job'")) {
    job.name = ReadName(*entry, problems).value_or("");
  }
  ParseRunOptions(map, job, problems);

  const size_t before = problems.count();
  job.sources = ParseParts<SourceSpec>(
      map, "source", "sources",
      [&](const YamlValue& value, const YamlEntry* named) {
        return ParseSource(value, named, problems);
      },
      problems);
  const bool knows_sources = problems.count() == before;
  bool knows_steps = true;
  if (const YamlEntry* entry = map.Find("steps")) {
    job.steps = ParseSteps(*entry, knows_steps, problems);
  }
  job.sinks = ParseParts<SinkSpec>(
      map, "sink", "sinks",
      [&](const YamlValue& value, const YamlEntry* named) {
        return ParseSink(value, named, problems);
      },
      problems);
  if (options.files != nullptr) SampleFields(*options.files, job);
  CheckRead(job, knows_sources, knows_steps, problems);
  if (knows_sources) CheckSampledTimes(job, options.now, problems);
  return job;
}

}  // namespace

absl::StatusOr<JobSpec> ParseJob(std::string_view text, const std::string& file_name,
                                 const ParseOptions& options) {
  Problems problems(file_name);
  const YamlValue root = ReadYaml(text, problems);
  JobSpec job;
  if (root.is_map()) {
    job = ParseRoot(root, options, problems);
  } else if (problems.empty() && root.is_nothing()) {
    problems.Add({.line = 1, .column = 1},
                 "the file is empty; a job has at least a name, a source and a sink");
  } else if (problems.empty()) {
    ReportWrong("a job", "a map of keys and values", root, problems);
  }
  if (!problems.empty()) return problems.ToStatus();
  job.warnings = problems.Warnings();
  return job;
}

absl::StatusOr<JobSpec> ParseJob(std::string_view text, const std::string& file_name,
                                 Files* files) {
  return ParseJob(text, file_name, ParseOptions{.files = files});
}

}  // namespace tidemark
