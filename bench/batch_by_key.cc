// Batch by key, lists of 100, through the public API; beside it the loop one would write by hand.
//
// 10,000 keys, uniformly drawn: no key is hot, every list is a cache miss for both sides. Each side
// makes the same items, and reads each list that is full. Ours are a job that keeps nothing, driven
// in one thread, which is what the engine costs an item; and one that keeps its state on disk and
// closes an epoch a second with the runner's threads, as a job in production does: the processor
// time of all its threads, and on the wall, where worker and committer run side by side.

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/random.h"
#include "base/status.h"
#include "bench/bench_job.h"
#include "bench/rows.h"
#include "bench/streams.h"

namespace tidemark::bench {
namespace {

constexpr uint64_t kKeys = 10'000;
constexpr size_t kListItems = 100;

struct NumberKeys {
  using Key = int64_t;
  uint64_t seed = 0;
  Reading<int64_t> operator()(uint64_t n) const {
    Random random(seed + n);
    return {.key = static_cast<int64_t>(random.Below(kKeys)), .value = static_cast<int64_t>(n)};
  }
};

// Twelve characters: kept inside the string, so that the allocator is not what is compared.
struct TextKeys {
  using Key = std::string;
  explicit TextKeys(uint64_t seed) : numbers{seed} {
    auto all = std::make_shared<std::vector<std::string>>();
    for (uint64_t k = 0; k < kKeys; ++k) all->push_back(absl::StrFormat("sensor-%05d", k));
    keys = std::move(all);
  }
  Reading<std::string> operator()(uint64_t n) const {
    const Reading<int64_t> number = numbers(n);
    return {.key = (*keys)[static_cast<size_t>(number.key)], .value = number.value};
  }
  NumberKeys numbers;
  std::shared_ptr<const std::vector<std::string>> keys;
};

// What a list is made of: whole readings, or their values alone.
template <class Item, class K>
Item ToItem(Reading<K>&& reading) {
  if constexpr (std::is_same_v<Item, int64_t>) {
    return reading.value;
  } else {
    return std::move(reading);
  }
}

template <class Item, class Make>
Tally HandWrittenLoop(const Make& make, uint64_t items) {
  absl::flat_hash_map<typename Make::Key, std::vector<Item>> lists;
  Tally tally;
  for (uint64_t n = 0; n < items; ++n) {
    auto reading = make(n);
    std::vector<Item>& list = lists[reading.key];
    list.push_back(ToItem<Item>(std::move(reading)));
    if (list.size() == kListItems) tally.Take(std::exchange(list, {}));
  }
  for (const auto& [key, list] : lists) {
    if (!list.empty()) tally.Take(list);
  }
  return tally;
}

template <class Item, class Make>
Flow BatchFlow(const Make& make, uint64_t items, const std::shared_ptr<Tally>& tally) {
  using Key = typename Make::Key;
  Flow flow("batch_by_key");
  const auto keyed =
      flow.From("readings", MadeUp(std::make_shared<const Supply>(Supply{.items = items}), make))
          .KeyBy(&Reading<Key>::key);
  const auto batch = [&](const auto& stream) {
    stream.Batch("lists", {.max_items = kListItems})
        .To("tally", CountedIn<Key, std::vector<Item>>(tally));
  };
  if constexpr (std::is_same_v<Item, int64_t>) {
    batch(keyed.MapValue([](const Reading<Key>& reading) { return reading.value; }));
  } else {
    batch(keyed);
  }
  return flow;
}

template <class Item, class Make>
void MeasureKeys(Bench& bench, const std::string& name, const Make& make, uint64_t items) {
  std::vector<Cost> loop, nothing_kept, with_state;
  uint64_t epochs = 0;
  for (int round = 0; bench.GoesOn(round); ++round) {
    Tally expected;
    loop.push_back(Measure([&] { expected = HandWrittenLoop<Item>(make, items); }));

    auto tally = std::make_shared<Tally>();
    nothing_kept.push_back(Measure([&] {
      BenchJob job(BatchFlow<Item>(make, items, tally), {});
      job.StepUntilQuiet();
    }));
    TM_CHECK(*tally == expected, "a job and the loop see the same lists");

    *tally = {};
    const std::string directory = bench.NewDirectory();
    {
      // Outside of what is measured: opening and closing a database costs no item anything.
      BenchJob job(BatchFlow<Item>(make, items, tally), {.directory = directory});
      with_state.push_back(Measure([&] { epochs = job.RunThreads(); }));
    }
    TM_CHECK(*tally == expected, "a job with state and the loop see the same lists");
    bench.RemoveDirectory(directory);
  }
  const double to_ns = static_cast<double>(items) / 1e3;
  const auto add = [&](const char* what, const std::vector<Cost>& ours, double Cost::*clock) {
    bench.Add({name + what, "ns/item", Column(ours, clock, to_ns), Column(loop, clock, to_ns),
               "the loop"});
  };
  add(", nothing kept", nothing_kept, &Cost::cpu_us);
  add(", state, 1 s epochs", with_state, &Cost::cpu_us);
  add(", state, 1 s epochs, on the wall", with_state, &Cost::wall_us);
  bench.Note(Cat(name, ": ", items, " items, ", kKeys, " keys, lists of ", kListItems, "; ", epochs,
                 " epochs in the last run with state"));
}

}  // namespace

void MeasureBatchByKey(Bench& bench) {
  const NumberKeys numbers{bench.seed()};
  const TextKeys texts(bench.seed());
  const uint64_t texts_items = bench.Size(2'000'000, 500'000);
  MeasureKeys<Reading<int64_t>>(bench, "int keys", numbers, bench.Size(10'000'000, 1'000'000));
  MeasureKeys<int64_t>(bench, "string keys, values", texts, texts_items);
  MeasureKeys<Reading<std::string>>(bench, "string keys, readings", texts, texts_items);
  bench.Note("lists of readings with their strings are slow to grow, on both sides alike");
}

}  // namespace tidemark::bench
