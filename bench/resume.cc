// How long a resumed job takes from nothing to its first output, by what is stored.
//
// Measured: StateDirectory::Open (lock, RocksDB, epoch record), Job::Open, and the steps until the
// first item of a stored key has made a row: its state is fetched from disk, and its list is full.
// The files were written and read just before, so the page cache is warm; the cold rows are
// measured once the files have been put out of it. State is meant to be loaded on first touch only:
// then a thousand times the keys must not cost more.
//
// Small commits stay in RocksDB's log until 4 MiB of them are there, and a start reads the log
// again. That, and not the number of keys, is what a resume pays for; hence a row of its own.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/files.h"
#include "base/quantity.h"
#include "base/random.h"
#include "base/status.h"
#include "bench/bench_job.h"
#include "bench/page_cache.h"
#include "bench/rows.h"
#include "bench/streams.h"

namespace tidemark::bench {
namespace {

constexpr uint64_t kFewKeys = 10'000;
constexpr uint64_t kKeysPerCommit = 1'000'000;
constexpr int kSmallCommits = 30;
constexpr uint64_t kSmallCommitItems = 1'000;

Flow ResumeFlow(uint64_t keys, uint64_t seed, const std::shared_ptr<const Supply>& supply) {
  // Each key once, then any.
  const auto make = [keys, seed](uint64_t n) {
    Random random(seed + n);
    const uint64_t key = n < keys ? n : random.Below(keys);
    return Reading<int64_t>{.key = static_cast<int64_t>(key), .value = static_cast<int64_t>(n)};
  };
  Flow flow("resume");
  flow.From("readings", MadeUp(supply, make))
      .KeyBy(&Reading<int64_t>::key)
      .Batch("lists", {.max_items = 2})
      .To("tally", CountedIn<int64_t, std::vector<Reading<int64_t>>>(std::make_shared<Tally>()));
  return flow;
}

// A state directory to be resumed.
struct Stored {
  std::string directory;
  uint64_t keys = 0;
  uint64_t items = 0;
};

BenchJob OpenToFill(Bench& bench, const Stored& stored,
                    const std::shared_ptr<const Supply>& supply) {
  return BenchJob(ResumeFlow(stored.keys, bench.seed(), supply), {.directory = stored.directory});
}

// Large commits, each of which is a table file; a new job for each, so that the keys of the others
// need no memory.
Stored StoreKeys(Bench& bench, uint64_t keys) {
  Stored stored{.directory = bench.NewDirectory(), .keys = keys, .items = keys};
  for (uint64_t items = 0; items < keys;) {
    items = std::min(keys, items + kKeysPerCommit);
    const auto supply = std::make_shared<Supply>(Supply{.items = items, .ends = false});
    BenchJob job = OpenToFill(bench, stored, supply);
    job.StepUntilQuiet();
    job.CommitEpoch();
  }
  return stored;
}

// The same, and then small commits, which stay in the log.
Stored StoreKeysAndLog(Bench& bench, uint64_t keys) {
  Stored stored = StoreKeys(bench, keys);
  const auto supply = std::make_shared<Supply>(Supply{.items = stored.items, .ends = false});
  BenchJob job = OpenToFill(bench, stored, supply);
  for (int i = 0; i < kSmallCommits; ++i) {
    supply->items = stored.items += kSmallCommitItems;
    job.StepUntilQuiet();
    job.CommitEpoch();
  }
  return stored;
}

// Commits nothing, so that the next round finds the same rows.
Cost MeasureResumeOf(Bench& bench, const Stored& stored) {
  auto supply = std::make_shared<Supply>(Supply{.items = stored.items + 1, .ends = false});
  std::unique_ptr<BenchJob> job;
  const Cost cost = Measure([&] {
    job = std::make_unique<BenchJob>(ResumeFlow(stored.keys, bench.seed(), supply),
                                     BenchJobOptions{.directory = stored.directory});
    while (job->stats().items_out < 1) job->Step();
  });
  job->Step();  // brings the counter up to date
  TM_CHECK(job->stats().loaded_keys == 1, "one item loads one key");
  return cost;
}

}  // namespace

void MeasureResume(Bench& bench) {
  const uint64_t many = bench.Size(10'000'000, 100'000);
  const Stored few_keys = StoreKeys(bench, kFewKeys);
  const Stored many_keys = StoreKeys(bench, many);
  // The first open of each warms the page cache.
  MeasureResumeOf(bench, few_keys);
  MeasureResumeOf(bench, many_keys);
  constexpr size_t kSides = 3;
  std::vector<Cost> sides[kSides], cold_few, cold_many;
  for (int round = 0; bench.GoesOn(round); ++round) {
    // A new one each time, since reading the log moves it into a table file.
    const Stored with_log = StoreKeysAndLog(bench, kFewKeys);
    const Stored* const stored[kSides] = {&few_keys, &many_keys, &with_log};
    for (size_t i = 0; i < kSides; ++i) {
      // Another one goes first in each round: what was done before is not the same for all.
      const size_t side = (i + static_cast<size_t>(round)) % kSides;
      sides[side].push_back(MeasureResumeOf(bench, *stored[side]));
    }
    bench.RemoveDirectory(with_log.directory);
    for (const bool first : {round % 2 == 0, round % 2 != 0}) {
      const Stored& cold = first ? few_keys : many_keys;
      DropFromPageCache(JoinPath(cold.directory, "store"));
      (first ? cold_few : cold_many).push_back(MeasureResumeOf(bench, cold));
    }
  }
  bench.RemoveDirectory(few_keys.directory);
  bench.RemoveDirectory(many_keys.directory);
  const std::vector<Cost>& few = sides[0];
  const std::string against = Cat(FormatCount(kFewKeys), " keys");
  const auto add = [&](const std::string& what, const std::vector<Cost>& ours,
                       double Cost::*clock) {
    bench.Add({what, "ms", Column(ours, clock, 1e3), Column(few, clock, 1e3), against});
  };
  const std::string many_text = Cat(FormatCount(many), " keys");
  add(many_text, sides[1], &Cost::cpu_us);
  add(many_text + ", on the wall", sides[1], &Cost::wall_us);
  bench.Add({many_text + ", cold, on the wall", "ms", Column(cold_many, &Cost::wall_us, 1e3),
             Column(cold_few, &Cost::wall_us, 1e3), against + ", cold"});
  add(against + ", small commits in the log", sides[2], &Cost::cpu_us);
  add(against + ", small commits in the log, on the wall", sides[2], &Cost::wall_us);
  bench.Note(Cat("the log holds ", kSmallCommits, " commits of up to ",
                 FormatCount(kSmallCommitItems), " keys"));
}

}  // namespace tidemark::bench
