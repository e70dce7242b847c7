// The driver: `./dev faults`. README.md says what it does.

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "base/files.h"
#include "base/status.h"
#include "tests/faults/fault_trial.h"
#include "command/command_line.h"

namespace tidemark::faults {
namespace {

using ULong = unsigned long long;  // for printf

struct Options {
  std::string program;
  std::string library;
  std::string directory;  // of this run, removed at its end
  std::vector<std::string> jobs;
  std::vector<Call> calls;
  std::string error;  // empty: all
  uint64_t from = 1;
  uint64_t to = 0;  // 0: to the last call
  uint64_t every = 1;
  uint64_t processes = 2;
  bool and_later = false;
  bool verbose = false;
  bool json = false;
};

// All faults of one job, one family of calls, one errno: what a process takes at a time.
struct Unit {
  const FaultJob* job = nullptr;
  Call call = Call::kWrite;
  int error = 0;
};

// Shared by the processes that share the units out.
struct Totals {
  std::atomic<uint64_t> next_unit{0};
  std::atomic<uint64_t> faults{0};
  std::atomic<uint64_t> violations{0};
};

std::string JsonText(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
    } else {
      out += c == '\n' ? "\\n" : " ";
    }
  }
  return out + "\"";
}

class Sweep {
 public:
  Sweep(const Options& options, Totals& totals, const std::string& scratch)
      : options_(options), totals_(totals), scratch_(scratch) {}

  absl::Status Run(const std::vector<Unit>& units) {
    for (uint64_t i = totals_.next_unit++; i < units.size(); i = totals_.next_unit++) {
      const Unit& unit = units[i];
      if (unit.job != job_) {
        job_ = unit.job;
        trial_ = std::make_unique<FaultTrial>(
            TrialOptions{options_.program, options_.library, scratch_}, *job_);
        TM_RETURN_IF_ERROR(trial_->Prepare());
      }
      RunUnit(unit);
    }
    return absl::OkStatus();
  }

 private:
  // A run may make a few calls more than the one that was counted: goes on until they are no longer
  // met.
  void RunUnit(const Unit& unit) {
    const uint64_t counted = trial_->CountOf(unit.call);
    uint64_t met = 0, violations = 0, missed = 0;
    for (uint64_t n = options_.from; options_.to == 0 || n <= options_.to; n += options_.every) {
      if (n > counted && missed >= 2) break;
      const Fault fault{unit.call, unit.error, n, options_.and_later};
      const Verdict verdict = trial_->Try(fault);
      if (!verdict.run.delivered) {
        ++missed;
        continue;
      }
      missed = 0;
      ++met;
      ++totals_.faults;
      if (!verdict.violations.empty()) ++violations;
      Report(fault, verdict);
    }
    totals_.violations += violations;
    if (met == 0) return;
    std::fprintf(stderr, "%s: %s, %s: %llu faults, %llu violations\n", job_->name.c_str(),
                 kCallNames[static_cast<size_t>(unit.call)],
                 std::string(NameOf(unit.error)).c_str(), static_cast<ULong>(met),
                 static_cast<ULong>(violations));
  }

  void Report(const Fault& fault, const Verdict& verdict) {
    if (options_.json) {
      ReportJson(fault, verdict);
    } else if (options_.verbose || !verdict.violations.empty()) {
      std::string text =
          Cat(job_->name, ": ", Describe(fault), " (", verdict.run.function, " ",
              ShortPath(verdict.run), "): exit code ", verdict.run.end.exit_code, "\n");
      for (const std::string& each : verdict.violations) text += Cat("  VIOLATION ", each, "\n");
      if (options_.verbose) text += verdict.run.end.err;
      if (!verdict.violations.empty()) text += Cat("  repeat: ", Repeat(fault), "\n");
      std::printf("%s", text.c_str());
    }
    std::fflush(stdout);
  }

  void ReportJson(const Fault& fault, const Verdict& verdict) {
    std::string violations;
    for (const std::string& each : verdict.violations) {
      violations += Cat(violations.empty() ? "" : ",", JsonText(each));
    }
    const std::string line =
        Cat("{\"job\":", JsonText(job_->name), ",\"call\":\"",
            kCallNames[static_cast<size_t>(fault.call)], "\",\"n\":", fault.at, ",\"errno\":\"",
            NameOf(fault.error), "\",\"function\":", JsonText(verdict.run.function),
            ",\"path\":", JsonText(ShortPath(verdict.run)),
            ",\"exit_code\":", verdict.run.end.exit_code,
            ",\"stderr\":", JsonText(verdict.run.end.err), ",\"violations\":[", violations, "]}\n");
    std::fwrite(line.data(), 1, line.size(), stdout);
  }

  // Below the directory in which the job runs.
  std::string ShortPath(const FaultRun& run) const {
    const std::string root = JoinPath(scratch_, "work/");
    return run.path.rfind(root, 0) == 0 ? run.path.substr(root.size()) : run.path;
  }

  std::string Repeat(const Fault& fault) const {
    return Cat("./dev faults --job ", job_->name, " --call ",
               kCallNames[static_cast<size_t>(fault.call)], " --error ", NameOf(fault.error),
               " --from ", fault.at, " --to ", fault.at, fault.and_later ? " --and-later" : "");
  }

  const Options& options_;
  Totals& totals_;
  const std::string scratch_;
  const FaultJob* job_ = nullptr;
  std::unique_ptr<FaultTrial> trial_;
};

std::vector<Unit> UnitsOf(const Options& options) {
  std::vector<Unit> units;
  for (const FaultJob& job : AllFaultJobs()) {
    bool wanted = options.jobs.empty();
    for (const std::string& name : options.jobs) wanted |= name == job.name;
    if (!wanted) continue;
    for (const Call call : options.calls) {
      for (const int error : ErrorsOf(call)) {
        if (!options.error.empty() && options.error != NameOf(error)) continue;
        units.push_back({&job, call, error});
      }
    }
  }
  return units;
}

int RunProcess(const Options& options, Totals& totals, const std::vector<Unit>& units,
               const std::string& scratch) {
  Sweep sweep(options, totals, scratch);
  const absl::Status status = sweep.Run(units);
  if (status.ok()) return 0;
  std::fprintf(stderr, "faults: %s\n", std::string(status.message()).c_str());
  return 1;
}

// The units are shared out to processes, each with a directory of its own.
bool RunProcesses(const Options& options, Totals& totals, const std::vector<Unit>& units) {
  const std::unique_ptr<Files> files = NewPosixFiles();
  // Ctrl-C ends the children, and this process must still clean up.
  signal(SIGINT, SIG_IGN);
  std::vector<pid_t> children;
  for (uint64_t i = 0; i < options.processes; ++i) {
    const std::string scratch = JoinPath(options.directory, Cat(i));
    if (!files->CreateDirectories(scratch).ok()) return false;
    const pid_t child = fork();
    if (child == 0) {
      signal(SIGINT, SIG_DFL);
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const int code = RunProcess(options, totals, units, scratch);
      std::fflush(stdout);
      _exit(code);
    }
    if (child < 0) std::perror("faults: fork");
    children.push_back(child);
  }
  bool good = true;
  for (const pid_t child : children) {
    int status = 1;
    good &= child > 0 && waitpid(child, &status, 0) == child && status == 0;
  }
  RemoveTree(*files, options.directory).IgnoreError();  // a left-over is harmless
  return good;
}

std::string Absolute(const std::string& path) {
  char* const real = realpath(path.c_str(), nullptr);
  const std::string text = real != nullptr ? real : path;
  free(real);
  return text;
}

// Memory, if the machine has a place for it: every run syncs hundreds of times.
std::string DefaultDirectory() {
  if (access("/dev/shm", W_OK) == 0) return "/dev/shm";
  const char* temporary = std::getenv("TMPDIR");
  return temporary != nullptr ? temporary : "/tmp";
}

absl::StatusOr<std::vector<std::string>> JobsOf(const std::string& names) {
  std::vector<std::string> jobs = absl::StrSplit(names, ',');
  for (const std::string& name : jobs) {
    std::string known;
    bool found = false;
    for (const FaultJob& job : AllFaultJobs()) {
      found |= job.name == name;
      known += Cat(known.empty() ? "" : ", ", job.name);
    }
    if (!found)
      return absl::InvalidArgumentError(Cat("unknown job '", name, "'; there are ", known));
  }
  return jobs;
}

const std::vector<FlagSpec>& Flags() {
  static const auto& flags = *new std::vector<FlagSpec>{
      {"job", "NAME[,NAME]", "only these jobs (default: all)"},
      {"call", "NAME[,NAME]", "only these families of calls (default: all)"},
      {"error", "NAME", "only this error, e.g. ENOSPC (default: all that fit the call)"},
      {"from", "N", "begin with the N-th call (default 1)"},
      {"to", "N", "end with the N-th call (default: the last)"},
      {"every", "K", "only every K-th call (default 1)"},
      {"and-later", "", "all later calls of the family fail, too"},
      {"jobs", "J", "in so many processes (default 2)"},
      {"dir", "DIR", "where the jobs run (default: /dev/shm, $TMPDIR or /tmp)"},
      {"verbose", "", "prints each fault and what the command said"},
      {"json", "", "prints each fault as a line of JSON"},
      {"help", "", "prints this"},
  };
  return flags;
}

absl::StatusOr<Options> OptionsOf(const CommandLine& line) {
  TM_RETURN_IF_ERROR(line.status());
  Options options;
  options.program = Absolute(line.Word(0));
  options.library = Absolute(line.Word(1));
  if (const auto names = line.Text("job")) {
    TM_ASSIGN_OR_RETURN(options.jobs, JobsOf(*names));
  }
  if (const auto names = line.Text("call")) {
    for (const auto& name : absl::StrSplit(*names, ',')) {
      TM_ASSIGN_OR_RETURN(const Call call, CallOf(ToStd(name)));
      options.calls.push_back(call);
    }
  } else {
    for (size_t i = 0; i < kCalls; ++i) options.calls.push_back(static_cast<Call>(i));
  }
  options.error = line.Text("error").value_or("");
  const auto number = [&](std::string_view flag, uint64_t& value) -> absl::Status {
    TM_ASSIGN_OR_RETURN(const auto given, line.Number(flag));
    if (given) value = *given;
    return absl::OkStatus();
  };
  TM_RETURN_IF_ERROR(number("from", options.from));
  TM_RETURN_IF_ERROR(number("to", options.to));
  TM_RETURN_IF_ERROR(number("every", options.every));
  TM_RETURN_IF_ERROR(number("jobs", options.processes));
  if (options.from == 0 || options.every == 0 || options.processes == 0) {
    return absl::InvalidArgumentError("--from, --every and --jobs begin at 1");
  }
  options.and_later = line.Has("and-later");
  options.verbose = line.Has("verbose");
  options.json = line.Has("json");
  const std::string parent = Absolute(line.Text("dir").value_or(DefaultDirectory()));
  options.directory = JoinPath(parent, Cat("tidemark-faults-", getpid()));
  return options;
}

int Main(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word != "--help") continue;
    std::printf("usage: faults PROGRAM LIBRARY [flags]\n\n");
    for (const std::string& text : DescribeFlags(Flags())) std::printf("%s\n", text.c_str());
    return 0;
  }
  const CommandLine line({"PROGRAM: the tidemark command", "LIBRARY: failing_calls.so"}, Flags(),
                         words);
  const auto options = OptionsOf(line);
  if (!options.ok()) {
    std::fprintf(stderr, "faults: %s\n", std::string(options.status().message()).c_str());
    return 2;
  }
  void* const shared =
      mmap(nullptr, sizeof(Totals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) {
    std::perror("faults: mmap");
    return 2;
  }
  Totals& totals = *new (shared) Totals;
  const bool finished = RunProcesses(*options, totals, UnitsOf(*options));
  std::fprintf(options->json ? stderr : stdout,
               "%llu distinct faults (job, call, error), %llu violations%s\n",
               static_cast<ULong>(totals.faults), static_cast<ULong>(totals.violations),
               finished ? "" : "; NOT finished");
  return finished && totals.faults > 0 && totals.violations == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tidemark::faults

int main(int argc, char** argv) { return tidemark::faults::Main({argv + 1, argv + argc}); }
