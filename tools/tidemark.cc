// The tidemark command: jobs written as files, and a look into their state.

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/process_setup.h"
#include "base/read_to_end.h"
#include "base/status.h"
#include "command/command.h"
#include "command/command_line.h"
#include "command/exit_code.h"
#include "command/explain.h"
#include "command/run.h"
#include "command/terminal.h"
#include "command/verbs.h"
#include "jobs/aggregate_values.h"
#include "jobs/build_flow.h"
#include "jobs/job_parser.h"
#include "recovery/state_directory.h"

namespace tidemark {
namespace {

std::vector<FlagSpec> JobFlags() {
  std::vector<FlagSpec> flags = RunFlags();
  flags.push_back({"rate", "N", "items per second from each source, instead of the job's rates"});
  flags.push_back({"out", "DIR", "write the job's output files into this directory instead"});
  flags.push_back({"accept-changed-input", "", "continue in an input file that was replaced"});
  return flags;
}

// A job from a file, a pipe or standard input.
absl::StatusOr<JobSpec> LoadJob(Files& files, const std::string& path) {
  TM_ASSIGN_OR_RETURN(const std::string text, ReadToEnd(path, kJobBytesMax));
  const bool is_stdin = path == kStandardInput;
  TM_ASSIGN_OR_RETURN(JobSpec job, ParseJob(text, is_stdin ? "<stdin>" : path,
                                            {.files = &files, .now = SystemClock().Now()}));
  for (std::string warning : job.warnings) {
    // After the position, as a compiler has it: "job.yaml:5:34: warning: …".
    warning.insert(warning.find(": ", is_stdin ? 0 : path.size()), ": warning");
    PutPlaced(warning);
  }
  const bool reads_it_too =
      std::any_of(job.sources.begin(), job.sources.end(),
                  [](const SourceSpec& source) { return source.connector.Is("stdin"); });
  if (!is_stdin || !reads_it_too) return job;
  return absl::InvalidArgumentError(
      "the job came from standard input, and its source stdin would read that as well; give the "
      "job "
      "as a file, or as <(…)");
}

// Under whatever name: `path` is the job file.
absl::Status CheckNotOverwritten(Files& files, const JobSpec& job, const std::string& path) {
  const auto itself = files.Stat(path);
  if (path == kStandardInput || !itself.ok()) return absl::OkStatus();
  for (const SinkSpec* sink : AllSinks(job)) {
    const SinkType* type = SinkOf(*sink);
    const std::string output = type == nullptr ? "" : type->writes(sink->connector).path;
    if (output.empty()) continue;
    const auto info = files.Stat(output);
    if (!info.ok() || info->inode != itself->inode || info->device != itself->device) continue;
    return absl::InvalidArgumentError(
        Cat(output, ": is the job file itself, and would be overwritten; name another output"));
  }
  return absl::OkStatus();
}

// What the job file says, unless the command says otherwise.
RunOptions OptionsOf(const JobSpec& job) {
  RunOptions options;
  if (job.state) options.state_directory = *job.state;
  if (job.epoch) options.epoch_interval = *job.epoch;
  if (job.snapshot_every) options.snapshot_interval = *job.snapshot_every;
  if (job.memory_bytes) options.memory_bytes = *job.memory_bytes;
  if (job.workers) options.workers = *job.workers;
  return options;
}

// Outputs keep their file names and go to `directory`; tables of one database stay together.
absl::Status MoveOutputs(const std::string& directory, JobSpec& job) {
  std::map<std::string, const std::string> moved;  // from where; paths there
  for (SinkSpec* sink : AllSinks(job)) {
    const SinkType* type = SinkOf(*sink);
    if (type == nullptr || type->path_option.empty()) continue;
    const std::string path = sink->connector.Text(type->path_option);
    const std::string to = JoinPath(directory, path.substr(path.find_last_of('/') + 1));
    const auto [other, is_new] = moved.try_emplace(to, path);
    const bool has_parts = !type->writes(sink->connector).part.empty();
    if (!is_new && !(has_parts && other->second == path)) {
      return absl::InvalidArgumentError(
          Cat("--out: two outputs would both be ", to, "; give them different file names"));
    }
    sink->connector.SetText(type->path_option, to);
  }
  return absl::OkStatus();
}

// Outputs in the state directory make it somebody's folder, which no later start would touch.
absl::Status CheckApart(const std::string& out, const RunOptions& options) {
  const auto plain = [](std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
  };
  const std::string state = plain(options.state_directory);
  if (state.empty()) return absl::OkStatus();
  if (plain(out) == state) {
    return absl::InvalidArgumentError(
        Cat("--out: ", out, " is the state directory; give outputs one of their own"));
  }
  if (plain(out).compare(0, state.size() + 1, state + "/") != 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      Cat("--out: ", out, " is in the state directory; give outputs one of their own"));
}

int RunJob(const CommandLine& line, Files& files, const Clock& clock) {
  auto job = LoadJob(files, line.Word(0));
  if (!job.ok()) return Complain(job.status(), kExitUsage);
  RunOptions options = OptionsOf(*job);
  if (absl::Status status = ApplyRunFlags(line, options); !status.ok()) {
    return Complain(status, kExitUsage);
  }
  if (const absl::Status apart = CheckApart(line.Text("out").value_or(""), options); !apart.ok()) {
    return Complain(apart, kExitUsage);
  }
  const auto rate = line.Decimal("rate");
  if (!rate.ok()) return Complain(rate.status(), kExitUsage);
  if (const auto out = line.Text("out")) {
    if (out->empty()) {
      return Complain(absl::InvalidArgumentError("--out: is empty; name a directory"), kExitUsage);
    }
    const absl::Status moved = MoveOutputs(*out, *job);
    if (!moved.ok()) return Complain(moved, kExitUsage);
  }
  if (const auto apart = CheckNotOverwritten(files, *job, line.Word(0)); !apart.ok()) {
    return Complain(apart, kExitUsage);
  }
  auto built =
      BuildJob(*job, {.rate = *rate, .accept_changed_input = line.Has("accept-changed-input")});
  if (!built.ok()) return Complain(built.status(), kExitUsage);
  return RunFlow(built->flow, options, {.files = &files, .clock = &clock});
}

int ValidateJob(const CommandLine& line, Files& files) {
  const auto job = LoadJob(files, line.Word(0));
  if (!job.ok()) return Complain(job.status(), kExitUsage);
  if (const auto apart = CheckNotOverwritten(files, *job, line.Word(0)); !apart.ok()) {
    return Complain(apart, kExitUsage);
  }
  const auto built = BuildJob(*job, {});
  if (!built.ok()) return Complain(built.status(), kExitUsage);
  if (const auto plan = built->flow.Compile(); !plan.ok()) {
    return Complain(plan.status(), kExitUsage);
  }
  if (job->state) {
    if (const absl::Status inside = CheckOutsideOtherStates(files, *job->state); !inside.ok()) {
      return Complain(inside);
    }
    const absl::Status outputs = CheckOutputs(built->flow, *job->state, files);
    if (!outputs.ok()) return Complain(outputs);
  }
  const bool is_stdin = line.Word(0) == kStandardInput;
  return FinishOutput(PutLine(Cat(is_stdin ? "<stdin>" : line.Word(0), ": fine")));
}

int ExplainJob(const CommandLine& line, Files& files, const Clock& clock) {
  const auto job = LoadJob(files, line.Word(0));
  if (!job.ok()) return Complain(job.status(), kExitUsage);
  const auto built = BuildJob(*job, {});
  if (!built.ok()) return Complain(built.status(), kExitUsage);
  return ExplainFlow(built->flow, line.Word(1), files, clock);
}

constexpr char kJobWord[] = "JOB.yaml: a job file; - is standard input";

// The verbs that need a job.
std::vector<Verb> JobVerbs(Files& files, const Clock& clock) {
  return {
      {.name = "run",
       .summary = "run a job; the same command resumes it",
       .words = {kJobWord},
       .flags = JobFlags(),
       .about = "Runs a job. With a state directory (`state:` in the job, or --state) it survives "
                "being killed at any moment: the same command continues after the last commit.",
       .examples = {"run job.yaml", "run job.yaml --state out/job.state --workers 4",
                    "run job.yaml --from out/job.state/snapshots/now --state f --out f"},
       .run = [&](const CommandLine& line) { return RunJob(line, files, clock); }},
      {.name = "validate",
       .summary = "check a job, start nothing",
       .words = {kJobWord},
       .about = "Checks a job file, and names every mistake with its line and column. It starts "
                "nothing; of its inputs it reads the first rows, for the names of their fields.",
       .examples = {"validate job.yaml", "validate - < job.yaml"},
       .run = [&](const CommandLine& line) { return ValidateJob(line, files); }},
      {.name = "explain",
       .summary = "say what a start would do, start nothing",
       .words = {kJobWord, "DIR: a state directory or a snapshot"},
       .about = "Says what a start of the job would make of that state: what is kept, from where "
                "sources are read, what becomes of outputs, or why it would be refused.",
       .examples = {"explain job.yaml out/job.state"},
       .run = [&](const CommandLine& line) { return ExplainJob(line, files, clock); }}};
}

int Main(const Words& words) {
  const auto files = NewPosixFiles();
  const SystemClock clock;
  const AggregateValues values;
  Command command{.name = "tidemark",
                  .about = "tidemark: a stream processor whose jobs survive being killed",
                  .verbs = JobVerbs(*files, clock)};
  for (Verb& verb : StateVerbs(*files, clock, &values)) command.verbs.push_back(std::move(verb));
  return RunCommand(command, words);
}

}  // namespace
}  // namespace tidemark

int main(int argc, char** argv) {
  tidemark::SetUpProcess();
  return tidemark::Main({argv + 1, argv + argc});
}
