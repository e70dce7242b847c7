// What every benchmark is measured and shown with: rounds that alternate, medians, ratios, a table.
//
// A number in nanoseconds says more about the machine and its neighbours than about Tidemark. So a
// row is a ratio of two things that were measured in turns (A B A B …) within one run: what slows
// the machine for a while slows both. The ratio is taken within each round; shown are the median
// over the rounds and the range, which says how far the median can be trusted.
//
//   void MeasureSums(Bench& bench) {
//     std::vector<Cost> ours, loop;
//     for (int round = 0; bench.GoesOn(round); ++round) {
//       ours.push_back(Measure([&] { SumWithTidemark(); }));
//       loop.push_back(Measure([&] { SumWithALoop(); }));
//     }
//     bench.Add({.what = "sums", .unit = "ms", .ours = Column(ours, &Cost::cpu_us, 1e3),
//                .baseline = Column(loop, &Cost::cpu_us, 1e3), .against = "a loop"});
//   }
//
// What computes is measured in processor time, which other processes disturb least; only what waits
// (for a disk, for another thread) is measured by the clock on the wall, and its row says so.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"

namespace tidemark::bench {

// A benchmark has no one to hand an error to: it says what failed and ends the process.
void Must(const absl::Status& status);
template <class T>
T Must(absl::StatusOr<T> value) {
  Must(value.status());
  return *std::move(value);
}

// What a piece of work took.
struct Cost {
  double wall_us = 0;
  double cpu_us = 0;         // processor time of all threads of the process
  double thread_cpu_us = 0;  // of the calling thread alone
};

// Reads all three clocks; a Cost is the difference of two readings.
Cost ReadClocks();
inline Cost operator-(const Cost& end, const Cost& begin) {
  return {.wall_us = end.wall_us - begin.wall_us,
          .cpu_us = end.cpu_us - begin.cpu_us,
          .thread_cpu_us = end.thread_cpu_us - begin.thread_cpu_us};
}
inline Cost operator+(const Cost& a, const Cost& b) {
  return {.wall_us = a.wall_us + b.wall_us,
          .cpu_us = a.cpu_us + b.cpu_us,
          .thread_cpu_us = a.thread_cpu_us + b.thread_cpu_us};
}

template <class Work>
Cost Measure(Work&& work) {
  const Cost begin = ReadClocks();
  work();
  return ReadClocks() - begin;
}

// One clock of each round, divided: by 1e3 for milliseconds, by items / 1e3 for nanoseconds an
// item.
std::vector<double> Column(const std::vector<Cost>& rounds, double Cost::*clock, double divisor);

// Median, smallest and largest. Requires at least one value.
struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
};
Spread SpreadOf(std::vector<double> values);

struct Row {
  std::string what;
  std::string unit;  // of `ours` and `baseline`
  // One value for each round, in the same order.
  std::vector<double> ours;
  std::vector<double> baseline;
  std::string against;  // what the baseline is, in a few words
};

struct Settings {
  // For a look whether everything still works, and roughly how fast; the sizes are a tenth or so.
  bool quick = false;
  // When it is not given, a benchmark that takes long on this machine makes do with fewer.
  std::optional<int> rounds = std::nullopt;
  uint64_t seed = 1;
  // Of this run alone; whoever made it removes it.
  std::string scratch_directory;
};

// One run of the benchmarks. Used by one thread.
class Bench {
 public:
  explicit Bench(Settings settings);

  // Whether there is to be a round number `round`, counted from 0 for each measurement.
  bool GoesOn(int round);
  uint64_t seed() const { return settings_.seed; }
  uint64_t Size(uint64_t full, uint64_t quick) const { return settings_.quick ? quick : full; }
  Files& files() { return *files_; }

  // The path of a new place on disk, and its end.
  std::string NewDirectory();
  void RemoveDirectory(const std::string& directory);

  // ---- what comes out ----
  // Rows and notes that follow belong to this benchmark.
  void Begin(std::string name);
  void Add(Row row);
  // One line below the rows: what a reader must know to read them right.
  void Note(std::string line);

  // For people and for programs.
  std::string Table() const;
  std::string Json() const;

 private:
  struct Section {
    std::string name;
    std::vector<Row> rows;
    std::vector<std::string> notes;
  };

  std::string Conditions() const;

  const Settings settings_;
  const double load_at_start_;
  const std::unique_ptr<Files> files_;
  int directories_ = 0;
  int64_t measuring_since_us_ = 0;
  std::vector<Section> sections_;
};

}  // namespace tidemark::bench
