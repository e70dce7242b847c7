// Windows of event time, through the public API; beside them the loop one would write by hand.
//
// 10,000 integer keys, uniformly drawn, each key's items in order and a second apart on average.
// The loops keep one window per key in a hash map and emit it when an item of the key lies behind
// it, which is right for such items and for no others: no late items, no timers, no state. They are
// the least that any engine would have to do. Sliding windows are compared with tumbling ones of
// the engine itself: what an item costs must not grow with the number of windows that overlap.

#include <cstdint>
#include <memory>
#include <string>
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
#include "tidemark/window.h"

namespace tidemark::bench {
namespace {

constexpr uint64_t kKeys = 10'000;
constexpr int64_t kItemUs = 100;  // between two items of the stream
constexpr int64_t kWindowUs = 10'000'000;
constexpr int64_t kGapUs = 3'000'000;
constexpr int64_t kStartUs = 1'600'000'000'000'000;

struct Event {
  int64_t key = 0;
  Timestamp at;
};

struct Events {
  uint64_t seed = 0;
  Event operator()(uint64_t n) const {
    Random random(seed + n);
    return {.key = static_cast<int64_t>(random.Below(kKeys)),
            .at = {kStartUs + static_cast<int64_t>(n) * kItemUs}};
  }
};

Tally TumblingLoop(const Events& make, uint64_t items) {
  struct Open {
    int64_t window = 0;
    int64_t count = 0;
  };
  absl::flat_hash_map<int64_t, Open> keys;
  Tally tally;
  for (uint64_t n = 0; n < items; ++n) {
    const Event event = make(n);
    const int64_t window = event.at.us / kWindowUs;
    Open& open = keys[event.key];
    if (open.window != window) {
      if (open.count > 0) tally.TakeCount(open.count);
      open = {.window = window, .count = 0};
    }
    ++open.count;
  }
  for (const auto& [key, open] : keys) tally.TakeCount(open.count);
  return tally;
}

Tally SessionLoop(const Events& make, uint64_t items) {
  struct Open {
    int64_t last = 0;
    int64_t count = 0;
  };
  absl::flat_hash_map<int64_t, Open> keys;
  Tally tally;
  for (uint64_t n = 0; n < items; ++n) {
    const Event event = make(n);
    Open& open = keys[event.key];
    if (open.count > 0 && event.at.us - open.last > kGapUs) {
      tally.TakeCount(std::exchange(open.count, 0));
    }
    open.last = event.at.us;
    ++open.count;
  }
  for (const auto& [key, open] : keys) tally.TakeCount(open.count);
  return tally;
}

template <class Clock, class Windows>
Flow CountFlow(const Events& make, uint64_t items, Clock clock, Windows windows,
               const std::shared_ptr<Tally>& tally) {
  Flow flow("windows");
  auto [counts, late] =
      flow.From("events", MadeUp(std::make_shared<const Supply>(Supply{.items = items}), make))
          .KeyBy(&Event::key)
          .EventTime(&Event::at, clock)
          .Window(windows)
          .Count("counts");
  counts.To("tally", CountedIn<int64_t, Windowed<int64_t>>(tally));
  return flow;
}

struct Runs {
  std::vector<Cost> nothing_kept, with_state;
  Tally tally;
};

template <class Clock, class Windows>
void RunOnce(Bench& bench, const Events& make, uint64_t items, Clock clock, Windows windows,
             bool with_state, Runs& runs) {
  auto tally = std::make_shared<Tally>();
  runs.nothing_kept.push_back(Measure([&] {
    BenchJob job(CountFlow(make, items, clock, windows, tally), {});
    job.StepUntilQuiet();
  }));
  runs.tally = *tally;
  if (!with_state) return;
  *tally = {};
  const std::string directory = bench.NewDirectory();
  {
    BenchJob job(CountFlow(make, items, clock, windows, tally), {.directory = directory});
    runs.with_state.push_back(Measure([&] { job.RunThreads(); }));
  }
  TM_CHECK(*tally == runs.tally, "with state and without the windows are the same");
  bench.RemoveDirectory(directory);
}

template <class Windows, class Loop>
void MeasureAgainstLoop(Bench& bench, const std::string& name, const Events& make, uint64_t items,
                        Windows windows, Loop loop_over) {
  std::vector<Cost> loop;
  Runs per_key, per_stream;
  for (int round = 0; bench.GoesOn(round); ++round) {
    Tally expected;
    loop.push_back(Measure([&] { expected = loop_over(make, items); }));
    RunOnce(bench, make, items, EventTimeOptions{}, windows, true, per_key);
    RunOnce(bench, make, items, PerStream{}, windows, false, per_stream);
    TM_CHECK(per_key.tally == expected, "the engine and the loop see the same windows");
    TM_CHECK(per_stream.tally == expected, "the engine and the loop see the same windows");
  }
  const double to_ns = static_cast<double>(items) / 1e3;
  const auto add = [&](const char* what, const std::vector<Cost>& ours) {
    bench.Add({name + what, "ns/item", Column(ours, &Cost::cpu_us, to_ns),
               Column(loop, &Cost::cpu_us, to_ns), "the loop"});
  };
  add(", nothing kept", per_key.nothing_kept);
  add(", state, 1 s epochs", per_key.with_state);
  add(", watermark per stream", per_stream.nothing_kept);
}

void MeasureOverlap(Bench& bench, const Events& make, uint64_t items) {
  Runs tumbling, sliding;
  constexpr int kOverlap = 60;
  // As many windows are emitted in both: one per key and ten seconds.
  const auto length = absl::Microseconds(kWindowUs);
  for (int round = 0; bench.GoesOn(round); ++round) {
    RunOnce(bench, make, items, EventTimeOptions{}, Tumbling{.length = length}, false, tumbling);
    RunOnce(bench, make, items, EventTimeOptions{},
            Sliding{.length = kOverlap * length, .offset = length}, false, sliding);
  }
  const double to_ns = static_cast<double>(items) / 1e3;
  bench.Add({absl::StrFormat("sliding count, %d windows overlap", kOverlap), "ns/item",
             Column(sliding.nothing_kept, &Cost::cpu_us, to_ns),
             Column(tumbling.nothing_kept, &Cost::cpu_us, to_ns), "tumbling, ours"});
}

}  // namespace

void MeasureWindows(Bench& bench) {
  const Events make{bench.seed()};
  const uint64_t items = bench.Size(5'000'000, 500'000);
  MeasureAgainstLoop(bench, "tumbling count", make, items,
                     Tumbling{.length = absl::Microseconds(kWindowUs)}, TumblingLoop);
  MeasureAgainstLoop(bench, "session count", make, items,
                     Session{.gap = absl::Microseconds(kGapUs)}, SessionLoop);
  MeasureOverlap(bench, make, items);
  bench.Note(Cat("windows: ", items, " items in order, ", kKeys, " keys, about 10 items a window"));
}

}  // namespace tidemark::bench
