// The simulator as a program: runs seeds, a fault at every operation, or a flip of every byte, says
// what was violated and how to repeat it. See --help. It exits with 1 when anything was.

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/status.h"
#include "tests/sim/sim_jobs.h"
#include "tests/sim/simulation.h"
#include "tests/sim/sweep.h"

namespace tidemark::sim {
namespace {

using ULong = unsigned long long;  // for printf

struct Arguments {
  uint64_t seeds = 1000;
  uint64_t first_seed = 1;
  uint64_t jobs = 1;
  uint64_t every = 1;
  bool verbose = false;
  bool twice = false;
  bool every_op = false;
  bool flips = false;
};

constexpr char kUsage[] =
    "usage: sim [--seeds N] [--first-seed S] [--jobs J] [--verbose] [--twice]\n"
    "       sim --every-op [--every N] [--jobs J]\n"
    "       sim --flips [--every N] [--jobs J]\n"
    "\n"
    "  --seeds N       so many simulations (1000)\n"
    "  --first-seed S  the first of them has this seed (1)\n"
    "  --every-op      small runs, with each kind of fault at each file operation: some 15,000\n"
    "                  runs, about ten minutes on two processors\n"
    "  --flips         a small state and a snapshot, one bit of each byte of each file: some\n"
    "                  55,000 runs, about twenty minutes on two processors\n"
    "  --every N       of those operations or bytes only each N-th (1)\n"
    "  --jobs J        in so many processes (1; of a sweep, as many as there are processors)\n"
    "  --verbose       says what happens in each\n"
    "  --twice         runs each seed twice; one that is not the same twice is a failure\n"
    "\n"
    "How many are done is said on standard error.\n";

// A check that fails ends the process: where it was must be known then, too.
char place_at_work[300] = "";
void SayPlace(int) {
  std::fprintf(stderr, "at %s\n", place_at_work);
  std::signal(SIGABRT, SIG_DFL);
}
void SetPlace(const std::string& place) {
  std::snprintf(place_at_work, sizeof place_at_work, "%s", place.c_str());
}

SimResult RunSeed(uint64_t seed, bool verbose) {
  SimOptions options{.seed = seed};
  if (verbose) options.say = [](const std::string& line) { std::printf("%s\n", line.c_str()); };
  return RunSimulation(options);
}

// Every so many-th seed, from `job` on.
bool RunSeeds(const Arguments& arguments, uint64_t job, const SayProgress& say) {
  uint64_t seeds = 0, violations = 0, lives = 0, epochs = 0, faults = 0, unsteady = 0;
  uint64_t what_ifs = 0;
  const uint64_t share = (arguments.seeds + arguments.jobs - 1 - job) / arguments.jobs;
  for (uint64_t i = job; i < arguments.seeds; i += arguments.jobs, ++seeds) {
    const uint64_t seed = arguments.first_seed + i;
    if (!arguments.verbose) say(seeds, share);
    SetPlace(Cat("seed ", seed, "; ", HowToRepeat(seed)));
    const SimResult result = RunSeed(seed, arguments.verbose);
    lives += result.lives, epochs += result.epochs, faults += result.faults;
    what_ifs += result.what_ifs;
    if (arguments.twice && RunSeed(seed, false).trace != result.trace) {
      ++unsteady;
      std::printf("seed %llu: not the same twice\n", static_cast<ULong>(seed));
    }
    if (result.violation.empty()) continue;
    ++violations;
    std::printf("seed %llu: %s\n  %s\n  %s\n", static_cast<ULong>(seed), result.violation.c_str(),
                result.story.c_str(), HowToRepeat(seed).c_str());
    std::fflush(stdout);
  }
  std::printf(
      "%llu seeds, %llu processes, %llu epochs, %llu faults met, %llu what-ifs, %llu violations\n",
      static_cast<ULong>(seeds), static_cast<ULong>(lives), static_cast<ULong>(epochs),
      static_cast<ULong>(faults), static_cast<ULong>(what_ifs), static_cast<ULong>(violations));
  return violations == 0 && unsteady == 0;
}

bool RunSweep(const Arguments& arguments, uint64_t job, const SayProgress& say) {
  const SweepOptions options{.one_in = arguments.every * arguments.jobs,
                             .first = arguments.every * job,
                             .progress = say,
                             .at = SetPlace};
  const SweepResult result = arguments.every_op ? FaultAtEveryOp(options) : FlipEveryByte(options);
  for (const std::string& violation : result.violations) std::printf("%s\n", violation.c_str());
  std::printf(arguments.every_op ? "%llu runs, %llu faults met, %llu violations\n"
                                 : "%llu flips, %llu harmless, %llu violations\n",
              static_cast<ULong>(result.runs), static_cast<ULong>(result.met),
              static_cast<ULong>(result.violations.size()));
  return result.violations.empty();
}

bool TakeNumber(const std::string& flag, const char* value, Arguments& arguments) {
  uint64_t* const number = flag == "--seeds"        ? &arguments.seeds
                           : flag == "--first-seed" ? &arguments.first_seed
                           : flag == "--jobs"       ? &arguments.jobs
                           : flag == "--every"      ? &arguments.every
                                                    : nullptr;
  if (number == nullptr || value == nullptr) return false;
  char* end = nullptr;
  *number = std::strtoull(value, &end, 10);
  return end != value && *end == '\0';
}

uint64_t Processors() {
  const long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : std::min(static_cast<uint64_t>(count), kJobsMax);
}

int Main(int argc, char** argv) {
  Arguments arguments;
  bool says_jobs = false;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--help") return std::fputs(kUsage, stdout), 0;
    bool* const sets = flag == "--verbose"    ? &arguments.verbose
                       : flag == "--twice"    ? &arguments.twice
                       : flag == "--every-op" ? &arguments.every_op
                       : flag == "--flips"    ? &arguments.flips
                                              : nullptr;
    if (sets != nullptr) {
      *sets = true;
    } else if (TakeNumber(flag, i + 1 < argc ? argv[i + 1] : nullptr, arguments)) {
      says_jobs |= flag == "--jobs";
      ++i;
    } else {
      std::fprintf(stderr, "sim: cannot make sense of '%s'\n\n%s", flag.c_str(), kUsage);
      return 2;
    }
  }
  const bool sweeps = arguments.every_op || arguments.flips;
  if (!says_jobs) arguments.jobs = sweeps ? Processors() : 1;
  if (arguments.jobs < 1 || arguments.jobs > kJobsMax) {
    std::fprintf(stderr, "sim: --jobs is a number from 1 to 64\n");
    return 2;
  }
  if (arguments.every < 1) {
    std::fprintf(stderr, "sim: --every is a number from 1 on\n");
    return 2;
  }
  std::signal(SIGABRT, SayPlace);
  const bool good = RunInJobs(arguments.jobs, [&](uint64_t job, const SayProgress& say) {
    return sweeps ? RunSweep(arguments, job, say) : RunSeeds(arguments, job, say);
  });
  return good ? 0 : 1;
}

}  // namespace
}  // namespace tidemark::sim

int main(int argc, char** argv) { return tidemark::sim::Main(argc, argv); }
