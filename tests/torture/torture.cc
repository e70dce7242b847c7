// The driver: `./dev torture`. README.md says what it does.

#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/random.h"
#include "base/status.h"
#include "tests/support/child_process.h"
#include "tests/torture/record.h"
#include "command/command_line.h"

namespace tidemark::torture {
namespace {

struct Options {
  std::string binary;
  std::string directory;
  int64_t until_us = 0;       // monotonic
  uint64_t kills_wanted = 0;  // 0: by time alone
  uint64_t seed = 0;
};

struct Totals {
  uint64_t rounds = 0;
  uint64_t kills = 0;
  uint64_t in_stop = 0;  // of them while a stop by SIGTERM was under way
  uint64_t verified = 0;
  uint64_t rows = 0;
};

class Torture {
 public:
  explicit Torture(const Options& options)
      : options_(options), files_(NewPosixFiles()), random_(options.seed) {}

  // The first violation, or what the machine refuses.
  absl::Status Run() {
    while (!Done()) {
      TM_RETURN_IF_ERROR(Round());
      ++totals_.rounds;
    }
    return absl::OkStatus();
  }
  const Totals& totals() const { return totals_; }
  const std::string& round_directory() const { return directory_; }

 private:
  bool Done() const {
    if (options_.kills_wanted > 0) return totals_.kills >= options_.kills_wanted;
    return MonotonicMicros() >= options_.until_us;
  }

  absl::Status Round() {
    directory_ = JoinPath(options_.directory, Cat("round-", totals_.rounds));
    TM_RETURN_IF_ERROR(RemoveTree(*files_, directory_));
    TM_RETURN_IF_ERROR(files_->CreateDirectories(directory_));
    const std::vector<Row> rows =
        MakeRows({.seed = random_.Next(), .rows = 20'000, .keys = random_.Between(1, 200)});
    std::string input;
    for (const Row& row : rows) input += row.Line() + "\n";
    TM_RETURN_IF_ERROR(Write("rows.jsonl", input));
    totals_.rows += rows.size();
    for (const bool windows : {false, true}) {
      const std::string name = windows ? "windows" : "lists";
      TM_RETURN_IF_ERROR(Write(name + ".yaml", JobText(name, windows)));
      TM_RETURN_IF_ERROR(KillUntilDone(name));
      TM_ASSIGN_OR_RETURN(const std::string output, Read(name + ".jsonl"));
      if (windows) {
        TM_ASSIGN_OR_RETURN(const std::string late, Read(name + ".late.jsonl"));
        TM_RETURN_IF_ERROR(Annotate(CheckWindows(rows, output, late), name));
      } else {
        TM_RETURN_IF_ERROR(Annotate(CheckLists(rows, output), name));
      }
    }
    std::fprintf(stderr, "round %llu: fine; %llu killed, %llu of them in a stop\n",
                 static_cast<unsigned long long>(totals_.rounds),
                 static_cast<unsigned long long>(totals_.kills),
                 static_cast<unsigned long long>(totals_.in_stop));
    return RemoveTree(*files_, directory_);
  }

  std::vector<std::string> Command(const std::string& name, bool paced) {
    std::vector<std::string> words = {options_.binary, "run", name + ".yaml"};
    const auto add = [&](const char* flag, const std::string& value) {
      words.push_back(flag);
      words.push_back(value);
    };
    add("--workers", std::to_string(random_.Between(1, 4)));
    const char* epochs[] = {"1ms", "10ms", "50ms", "1s"};
    add("--epoch", epochs[random_.Below(4)]);
    if (random_.OneIn(3)) add("--memory", "4MiB");
    if (random_.OneIn(2)) add("--snapshot-every", "50ms");
    if (paced) add("--rate", std::to_string(random_.Between(5'000, 60'000)));
    return words;
  }

  // About as many kills as a job needs runs; the last run is left alone.
  absl::Status KillUntilDone(const std::string& name) {
    const int64_t kills = random_.Between(3, 25);
    for (int64_t i = 0; i < kills; ++i) {
      ChildProcess job(Command(name, true), {.directory = directory_});
      const Span delay = Span::Micros(random_.Between(1'000, random_.OneIn(3) ? 30'000 : 400'000));
      const bool stop_first = random_.OneIn(4);
      bool sent = job.SignalAfter(delay, stop_first ? SIGTERM : SIGKILL);
      if (sent && stop_first) {
        sent = job.SignalAfter(Span::Micros(random_.Between(0, 20'000)), SIGKILL);
        if (sent) ++totals_.in_stop;
      }
      const ChildProcess::End end = job.Wait();
      if (sent) ++totals_.kills;
      // A stop that comes before the program listens for it ends it as any program.
      if (!sent && end.exit_code != 0 && end.signal != SIGTERM) return Failed(name, end);
      if (random_.OneIn(10)) TM_RETURN_IF_ERROR(Verify(name));
    }
    ChildProcess job(Command(name, false), {.directory = directory_});
    const ChildProcess::End end = job.Wait();
    return end.exit_code == 0 ? absl::OkStatus() : Failed(name, end);
  }

  absl::Status Verify(const std::string& name) {
    const std::string state = name + ".state";
    if (!files_->Stat(JoinPath(directory_, JoinPath(state, "store/CURRENT"))).ok()) {
      return absl::OkStatus();  // killed before there was one
    }
    ChildProcess verify({options_.binary, "verify", state}, {.directory = directory_});
    const ChildProcess::End end = verify.Wait();
    ++totals_.verified;
    return end.exit_code == 0 ? absl::OkStatus() : Failed(name + ", verify", end);
  }

  static absl::Status Failed(const std::string& what, const ChildProcess::End& end) {
    return absl::InternalError(Cat(what, ": ended with code ", end.exit_code, ", signal ",
                                   end.signal, "\n", end.out, end.err));
  }

  absl::Status Write(const std::string& name, const std::string& bytes) {
    return WriteFileAtomically(*files_, JoinPath(directory_, name), bytes);
  }
  absl::StatusOr<std::string> Read(const std::string& name) {
    return ReadSmallFile(*files_, JoinPath(directory_, name), size_t{1} << 30);
  }

  const Options options_;
  const std::unique_ptr<Files> files_;
  Random random_;
  Totals totals_;
  std::string directory_;
};

absl::StatusOr<Options> OptionsOf(const CommandLine& line) {
  Options options;
  TM_RETURN_IF_ERROR(line.status());
  options.binary = line.Word(0);
  TM_ASSIGN_OR_RETURN(const auto minutes, line.Number("minutes"));
  TM_ASSIGN_OR_RETURN(const auto kills, line.Number("kills"));
  TM_ASSIGN_OR_RETURN(const auto seed, line.Number("seed"));
  options.until_us = MonotonicMicros() + static_cast<int64_t>(minutes.value_or(2)) * 60'000'000;
  options.kills_wanted = kills.value_or(0);
  options.seed = seed ? *seed : FreshSeed() % 1'000'000'000;
  const char* temporary = std::getenv("TMPDIR");
  options.directory = JoinPath(line.Text("dir").value_or(temporary != nullptr ? temporary : "/tmp"),
                               Cat("tidemark-torture-", options.seed));
  return options;
}

int Main(const std::vector<std::string>& words) {
  const CommandLine line({"PROGRAM: the tidemark command"},
                         {{"minutes", "N", "how long (default 2)"},
                          {"kills", "N", "until so many runs were killed, instead"},
                          {"seed", "N", "of the rows and the choices (default: a new one)"},
                          {"dir", "DIR", "where the rounds are made (default: $TMPDIR or /tmp)"}},
                         words);
  const auto options = OptionsOf(line);
  if (!options.ok()) {
    std::fprintf(stderr, "torture: %s\n", std::string(options.status().message()).c_str());
    return 2;
  }
  std::fprintf(stderr, "torture: seed %llu, in %s\n",
               static_cast<unsigned long long>(options->seed), options->directory.c_str());
  Torture torture(*options);
  const absl::Status status = torture.Run();
  const Totals& totals = torture.totals();
  std::printf(
      "%llu rounds, %llu rows, %llu runs killed (%llu of them in a stop), %llu verified: %s\n",
      static_cast<unsigned long long>(totals.rounds), static_cast<unsigned long long>(totals.rows),
      static_cast<unsigned long long>(totals.kills),
      static_cast<unsigned long long>(totals.in_stop),
      static_cast<unsigned long long>(totals.verified),
      status.ok() ? "nothing lost, nothing repeated" : "FAILED");
  if (status.ok()) return 0;
  std::fprintf(stderr, "torture: seed %llu: %s\ntorture: the round is kept in %s\n",
               static_cast<unsigned long long>(options->seed),
               std::string(status.message()).c_str(), torture.round_directory().c_str());
  return 1;
}

}  // namespace
}  // namespace tidemark::torture

int main(int argc, char** argv) { return tidemark::torture::Main({argv + 1, argv + argc}); }
