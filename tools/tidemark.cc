// The tidemark command: jobs written as files, and a look into their state.

#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/files.h"
#include "base/last_words.h"
#include "base/spelling.h"
#include "base/status.h"
#include "jobs/build_flow.h"
#include "jobs/job_parser.h"
#include "tidemark/command_line.h"
#include "tidemark/explain.h"
#include "tidemark/run.h"
#include "tidemark/verbs.h"

namespace tidemark {
namespace {

std::vector<FlagSpec> JobFlags() {
  std::vector<FlagSpec> flags = RunFlags();
  flags.push_back({"rate", "N", "items per second from each source, instead of the job's rates"});
  flags.push_back({"out", "DIR", "write the job's output files into this directory instead"});
  flags.push_back({"accept-changed-input", "", "go on in an input file that was replaced"});
  return flags;
}

absl::StatusOr<JobSpec> LoadJob(Files& files, const std::string& path) {
  TM_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(files, path, kJobBytesMax));
  absl::StatusOr<JobSpec> job = ParseJob(text, path, {.files = &files, .now = SystemClock().Now()});
  if (job.ok()) {
    for (const std::string& warning : job->warnings) {
      std::fprintf(stderr, "tidemark: warning: %s\n", warning.c_str());
    }
  }
  return job;
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
    std::string* path = OutputPath(*sink);
    if (path == nullptr) continue;
    const std::string to = JoinPath(directory, path->substr(path->find_last_of('/') + 1));
    const auto [other, is_new] = moved.try_emplace(to, *path);
    const bool is_table = std::holds_alternative<SqliteSinkSpec>(sink->connector);
    if (!is_new && !(is_table && other->second == *path)) {
      return absl::InvalidArgumentError(
          Cat("--out: two outputs would both be ", to, "; give them different file names"));
    }
    *path = to;
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
      Cat("--out: ", out, " lies in the state directory; give outputs one of their own"));
}

int RunVerb(const Words& words, Files& files, const Clock& clock) {
  const CommandLine line({"JOB.yaml"}, JobFlags(), words);
  if (!line.status().ok()) return Complain(line.status(), 2);
  auto job = LoadJob(files, line.Word(0));
  if (!job.ok()) return Complain(job.status(), 2);
  RunOptions options = OptionsOf(*job);
  if (absl::Status status = ApplyRunFlags(line, options); !status.ok()) return Complain(status, 2);
  if (const absl::Status apart = CheckApart(line.Text("out").value_or(""), options); !apart.ok()) {
    return Complain(apart, 2);
  }
  const auto rate = line.Decimal("rate");
  if (!rate.ok()) return Complain(rate.status(), 2);
  if (const auto out = line.Text("out")) {
    if (absl::Status status = MoveOutputs(*out, *job); !status.ok()) return Complain(status, 2);
  }
  auto built =
      BuildJob(*job, {.rate = *rate, .accept_changed_input = line.Has("accept-changed-input")});
  if (!built.ok()) return Complain(built.status(), 2);
  return RunFlow(built->flow, options, {.files = &files, .clock = &clock});
}

int ValidateVerb(const Words& words, Files& files) {
  const CommandLine line({"JOB.yaml"}, {}, words);
  if (!line.status().ok()) return Complain(line.status(), 2);
  const auto job = LoadJob(files, line.Word(0));
  if (!job.ok()) return Complain(job.status(), 2);
  const auto built = BuildJob(*job, {});
  if (!built.ok()) return Complain(built.status(), 2);
  if (const auto plan = built->flow.Compile(); !plan.ok()) return Complain(plan.status(), 2);
  if (job->state) {
    const absl::Status outputs = CheckOutputs(built->flow, *job->state, files);
    if (!outputs.ok()) return Complain(outputs, absl::IsInvalidArgument(outputs) ? 2 : 3);
  }
  std::printf("%s: fine\n", line.Word(0).c_str());
  return 0;
}

int ExplainVerb(const Words& words, Files& files, const Clock& clock) {
  const CommandLine line({"JOB.yaml", "DIR: a state directory or a snapshot"}, {}, words);
  if (!line.status().ok()) return Complain(line.status(), 2);
  const auto job = LoadJob(files, line.Word(0));
  if (!job.ok()) return Complain(job.status(), 2);
  const auto built = BuildJob(*job, {});
  if (!built.ok()) return Complain(built.status(), 2);
  return ExplainFlow(built->flow, line.Word(1), files, clock);
}

int Help() {
  std::printf(
      "tidemark run JOB.yaml [flags]    run a job; the same command resumes it\n"
      "tidemark validate JOB.yaml       check a job, start nothing\n"
      "tidemark explain JOB.yaml DIR    what a start would make of that state; starts nothing\n"
      "tidemark snapshots DIR [--json]  list the snapshots of a state directory\n"
      "tidemark snapshot DIR [--name NAME] [--copy] [--wait TIME] [--json]\n"
      "                                 make one now, of a running job or of a stopped one\n"
      "tidemark verify DIR [--json]     read all of it and name what is damaged\n"
      "tidemark dump DIR [--step S] [--key K] [--limit N] [--json]\n"
      "                                 print the state of a directory or snapshot, key by key\n"
      "\n"
      "Flags of run:\n%s",
      DescribeFlags(JobFlags()).c_str());
  return 0;
}

int Main(const Words& all) {
  if (all.empty() || all[0] == "help" || all[0] == "--help") return Help();
  const std::string& verb = all[0];
  const Words words(all.begin() + 1, all.end());
  for (const std::string& word : words) {
    if (word == "--help") return Help();
  }
  const auto files = NewPosixFiles();
  const SystemClock clock;
  if (verb == "run") return RunVerb(words, *files, clock);
  if (verb == "validate") return ValidateVerb(words, *files);
  if (verb == "explain") return ExplainVerb(words, *files, clock);
  if (verb == "snapshots") return SnapshotsVerb(words, *files, clock);
  if (verb == "snapshot") return SnapshotVerb(words, *files);
  if (verb == "verify") return VerifyVerb(words, *files);
  if (verb == "dump") return DumpVerb(words, *files);
  constexpr std::string_view kVerbs[] = {"run",      "validate", "explain", "snapshots",
                                         "snapshot", "verify",   "dump",    "help"};
  const auto meant = ClosestWord(verb, kVerbs);
  return Complain(absl::InvalidArgumentError(Cat("unknown verb '", verb, "'",
                                                 meant ? Cat("; did you mean '", *meant, "'?")
                                                       : std::string("; try: tidemark help"))),
                  2);
}

}  // namespace
}  // namespace tidemark

int main(int argc, char** argv) {
  tidemark::InstallLastWords();
  return tidemark::Main({argv + 1, argv + argc});
}
