// What an epoch does to the hot path, by the number of keys that changed in it.
//
// The job keeps N keys; each gets one more item, so that each changed and has rows in the store
// already. Then the epoch is closed and committed step by step in one thread, so that each part can
// be timed: a real run does the same steps in the worker's thread, the commit in another.
//
// What stops the hot path is set against an ordinary step of the worker (up to 1,024 items,
// median): an item that comes in at the wrong moment waits for one or the other, so a ratio of 1 is
// a pause that nobody can see. What is done in total is set against the processing of the N items:
// it is what the epoch adds to the work if each key gets one item in each epoch, its worst case.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/quantity.h"
#include "base/status.h"
#include "bench/bench_job.h"
#include "bench/rows.h"
#include "bench/streams.h"

namespace tidemark::bench {
namespace {

// Coprime to every number of keys, so that n -> n * kStride mod keys meets each key once. Each
// epoch has another one: else keys would be touched in the order in which they lie in memory.
constexpr uint64_t kStrides[] = {999'983, 786'433};

// One round.
struct Parts {
  Cost item_step;     // an ordinary step, median
  Cost all_items;     // all of them
  Cost barrier;       // WorkerStats::longest_pause_us
  Cost encode_slice;  // the longest step that encodes
  Cost encode;        // all of them
  Cost commit;        // in another thread in a real run
  Cost noticed;       // the worker's first step behind the commit
};

Flow PauseFlow(uint64_t keys, const std::shared_ptr<const Supply>& supply) {
  const auto make = [keys](uint64_t n) {
    const uint64_t stride = kStrides[(n / keys) % std::size(kStrides)];
    return Reading<int64_t>{.key = static_cast<int64_t>(n % keys * stride % keys),
                            .value = static_cast<int64_t>(n)};
  };
  Flow flow("epoch_pause");
  flow.From("readings", MadeUp(supply, make))
      .KeyBy(&Reading<int64_t>::key)
      .Batch("lists", {.max_items = 100})
      .To("tally", CountedIn<int64_t, std::vector<Reading<int64_t>>>(std::make_shared<Tally>()));
  return flow;
}

Cost MeasureStep(BenchJob& job) {
  return Measure([&] { job.Step(); });
}

Cost Sum(const std::vector<Cost>& costs) {
  Cost sum;
  for (const Cost& cost : costs) sum = sum + cost;
  return sum;
}

// By the time of the thread: that of the others says nothing about a step.
Cost Percentile(std::vector<Cost> costs, size_t percent) {
  std::sort(costs.begin(), costs.end(),
            [](const Cost& a, const Cost& b) { return a.thread_cpu_us < b.thread_cpu_us; });
  return costs[(costs.size() - 1) * percent / 100];
}

Parts MeasureRound(Bench& bench, uint64_t keys) {
  Parts parts;
  const std::string directory = bench.NewDirectory();
  {
    auto supply = std::make_shared<Supply>(Supply{.items = keys, .ends = false});
    BenchJob job(PauseFlow(keys, supply), {.directory = directory});
    job.StepUntilQuiet();
    job.CommitEpoch();
    job.StepUntilQuiet();

    supply->items = 2 * keys;
    std::vector<Cost> steps;
    while (job.stats().items_in < supply->items) steps.push_back(MeasureStep(job));
    parts.item_step = Percentile(steps, 50);
    parts.all_items = Sum(steps);

    job.job().RequestEpoch();
    std::vector<Cost> slices;
    while (!job.job().EpochReady()) slices.push_back(MeasureStep(job));
    parts.encode_slice = Percentile(slices, 100);
    parts.encode = Sum(slices);
    const auto pause_us = static_cast<double>(job.stats().longest_pause_us);
    parts.barrier = {.wall_us = pause_us, .cpu_us = pause_us, .thread_cpu_us = pause_us};
    parts.commit = Measure([&] { Must(job.job().CommitEpoch()); });
    parts.noticed = MeasureStep(job);
  }
  bench.RemoveDirectory(directory);
  return parts;
}

void AddRows(Bench& bench, uint64_t keys, const std::vector<Parts>& rounds) {
  const auto column = [&](Cost Parts::*part, double Cost::*clock, double divisor) {
    std::vector<Cost> costs;
    for (const Parts& round : rounds) costs.push_back(round.*part);
    return Column(costs, clock, divisor);
  };
  const std::string name = Cat(FormatCount(keys), " keys changed: ");
  const auto add_pause = [&](const char* what, Cost Parts::*part) {
    bench.Add({name + what, "us", column(part, &Cost::thread_cpu_us, 1),
               column(&Parts::item_step, &Cost::thread_cpu_us, 1), "a step of items"});
  };
  const auto add_total = [&](const char* what, Cost Parts::*part, double Cost::*clock) {
    bench.Add({name + what, "ms", column(part, clock, 1e3), column(&Parts::all_items, clock, 1e3),
               Cat("processing ", FormatCount(keys), " items")});
  };
  add_pause("barrier", &Parts::barrier);
  add_pause("longest encoding step", &Parts::encode_slice);
  add_pause("commit noticed", &Parts::noticed);
  add_total("encoding", &Parts::encode, &Cost::cpu_us);
  add_total("commit", &Parts::commit, &Cost::cpu_us);
  add_total("commit, on the wall", &Parts::commit, &Cost::wall_us);
}

}  // namespace

void MeasureEpochPause(Bench& bench) {
  std::vector<uint64_t> sizes = {10'000, 100'000};
  if (bench.Size(1, 0) == 1) sizes.push_back(1'000'000);
  std::vector<std::vector<Parts>> rounds(sizes.size());
  for (int round = 0; bench.GoesOn(round); ++round) {
    for (size_t i = 0; i < sizes.size(); ++i) rounds[i].push_back(MeasureRound(bench, sizes[i]));
  }
  for (size_t i = 0; i < sizes.size(); ++i) AddRows(bench, sizes[i], rounds[i]);
  bench.Note("barrier, encoding steps and 'commit noticed' stop the worker; the commit does not");
}

}  // namespace tidemark::bench
