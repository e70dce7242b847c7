// The benchmarks, from the command line: `./dev bench`. bench/README.md says how to read them and
// how to add one.

#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/spelling.h"
#include "base/status.h"
#include "bench/harness.h"
#include "bench/rows.h"
#include "bench/scratch.h"
#include "command/command_line.h"

namespace tidemark::bench {
namespace {

struct Benchmark {
  const char* name;
  const char* help;
  void (*measure)(Bench& bench);
};

constexpr Benchmark kBenchmarks[] = {
    {"batch_by_key", "Batch by key against a loop that fills a vector per key", MeasureBatchByKey},
    {"windows", "tumbling, session and sliding windows against a loop", MeasureWindows},
    {"epoch_pause", "what an epoch does to the hot path, by changed keys", MeasureEpochPause},
    {"held_values", "what an epoch writes, by the values that a key holds", MeasureHeldValues},
    {"resume", "from start to first item, by stored keys", MeasureResume},
};

struct Options {
  Settings settings;
  std::vector<Benchmark> chosen;
  std::string parent_directory = "/tmp";
  bool json = false;
};

std::vector<FlagSpec> Flags() {
  return {
      {"only", "NAMES", "these benchmarks and no others, with commas between them"},
      {"quick", "", "small sizes, less than 20 s: to see that all still works"},
      {"rounds", "N",
       "how often each side is measured (default: 3, or up to 5 where that is fast)"},
      {"seed", "N", "of the made-up items (default: 1)"},
      {"dir", "DIR", "where state directories are made and removed (default: $TMPDIR or /tmp)"},
      {"json", "", "one JSON object with every round instead of the table"},
      {"help", "", "this text"},
  };
}

int Help() {
  std::printf(
      "bench [flags]    ratios of Tidemark to a baseline, measured in turns in one run\n\n");
  for (const Benchmark& benchmark : kBenchmarks) {
    std::printf("  %-14s %s\n", benchmark.name, benchmark.help);
  }
  std::printf("\nFlags:\n");
  for (const std::string& line : DescribeFlags(Flags())) std::printf("%s\n", line.c_str());
  return 0;
}

absl::StatusOr<std::vector<Benchmark>> Chosen(const std::string& names) {
  std::vector<Benchmark> chosen;
  const std::vector<std::string> wanted = absl::StrSplit(names, ',');
  for (const std::string& name : wanted) {
    std::vector<std::string_view> known;
    for (const Benchmark& benchmark : kBenchmarks) {
      known.push_back(benchmark.name);
      if (name == benchmark.name) chosen.push_back(benchmark);
    }
    if (!chosen.empty() && chosen.back().name == name) continue;
    const auto meant = ClosestWord(name, known);
    return absl::InvalidArgumentError(
        Cat("--only: no benchmark '", name, "'",
            meant ? Cat("; did you mean '", *meant, "'?") : std::string("; --help lists them")));
  }
  return chosen;
}

absl::StatusOr<Options> OptionsOf(const CommandLine& line) {
  constexpr uint64_t kRoundsMax = 1000;
  TM_RETURN_IF_ERROR(line.status());
  Options options;
  options.chosen.assign(std::begin(kBenchmarks), std::end(kBenchmarks));
  if (const auto only = line.Text("only")) {
    TM_ASSIGN_OR_RETURN(options.chosen, Chosen(*only));
  }
  options.settings.quick = line.Has("quick");
  TM_ASSIGN_OR_RETURN(const auto rounds, line.Number("rounds"));
  if (rounds && (*rounds < 1 || *rounds > kRoundsMax)) {
    return absl::InvalidArgumentError(
        Cat("--rounds must be between 1 and ", kRoundsMax, ", not ", *rounds));
  }
  if (rounds) options.settings.rounds = static_cast<int>(*rounds);
  TM_ASSIGN_OR_RETURN(const auto seed, line.Number("seed"));
  options.settings.seed = seed.value_or(1);
  if (const char* directory = std::getenv("TMPDIR")) options.parent_directory = directory;
  options.parent_directory = line.Text("dir").value_or(options.parent_directory);
  options.json = line.Has("json");
  return options;
}

int MeasureAll(const Options& options, const std::string& directory) {
  Settings settings = options.settings;
  settings.scratch_directory = directory;
  Bench bench(settings);
  for (const Benchmark& benchmark : options.chosen) {
    bench.Begin(benchmark.name);
    benchmark.measure(bench);
  }
  const std::string text = options.json ? bench.Json() : bench.Table();
  return std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? 1 : 0;
}

int Complain(const absl::Status& status) {
  std::fprintf(stderr, "bench: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

int Main(const std::vector<std::string>& words) {
  const CommandLine line({}, Flags(), words);
  if (line.status().ok() && line.Has("help")) return Help();
  const auto options = OptionsOf(line);
  if (!options.ok()) return Complain(options.status());
  const auto code = RunInScratchDirectory(
      options->parent_directory,
      [&](const std::string& directory) { return MeasureAll(*options, directory); });
  return code.ok() ? *code : Complain(code.status());
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) { return tidemark::bench::Main({argv + 1, argv + argc}); }
