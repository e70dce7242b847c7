#include "bench/harness.h"

#include <sys/resource.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/status.h"
#include "state/value_json.h"

namespace tidemark::bench {
namespace {

// Enough for a median that one bad round does not move.
constexpr int kRoundsMin = 3;
constexpr int kRoundsMax = 5;
// Of one measurement, on the wall; keeps the whole within two minutes unless the machine is
// swamped.
constexpr int64_t kMeasurementMicros = 12'000'000;

double ProcessorMicros(int who) {
  rusage usage{};
  TM_CHECK(getrusage(who, &usage) == 0, "anyone can ask for his own processor time");
  const auto micros = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

// Processes that want to run, averaged over the last minute.
double Load() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

std::vector<double> Ratios(const Row& row) {
  std::vector<double> ratios;
  for (size_t i = 0; i < row.ours.size(); ++i) ratios.push_back(row.ours[i] / row.baseline[i]);
  return ratios;
}

// Three digits that mean something.
std::string Short(double value) {
  if (value >= 100) return absl::StrFormat("%.0f", value);
  if (value >= 10) return absl::StrFormat("%.1f", value);
  if (value >= 0.1) return absl::StrFormat("%.2f", value);
  return absl::StrFormat("%.3f", value);
}

std::string JsonText(const std::string& text) {
  std::string json;
  AppendJsonString(text, json);
  return json;
}

std::string JsonNumbers(const std::vector<double>& values) {
  const Spread spread = SpreadOf(values);
  const auto number = [](std::string* out, double value) {
    absl::StrAppendFormat(out, "%.6g", value);
  };
  return absl::StrFormat("{\"median\": %.6g, \"min\": %.6g, \"max\": %.6g, \"rounds\": [%s]}",
                         spread.median, spread.min, spread.max,
                         absl::StrJoin(values, ", ", number));
}

std::string JsonRow(const std::string& benchmark, const Row& row) {
  return Cat("{\"benchmark\": ", JsonText(benchmark), ", \"what\": ", JsonText(row.what),
             ", \"unit\": ", JsonText(row.unit), ", \"against\": ", JsonText(row.against),
             ",\n     \"ours\": ", JsonNumbers(row.ours),
             ",\n     \"baseline\": ", JsonNumbers(row.baseline),
             ",\n     \"ratio\": ", JsonNumbers(Ratios(row)), "}");
}

}  // namespace

void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "bench: %s\n", std::string(status.message()).c_str());
  std::_Exit(1);
}

Cost ReadClocks() {
  return {.wall_us = static_cast<double>(MonotonicMicros()),
          .cpu_us = ProcessorMicros(RUSAGE_SELF),
          .thread_cpu_us = ProcessorMicros(RUSAGE_THREAD)};
}

std::vector<double> Column(const std::vector<Cost>& rounds, double Cost::*clock, double divisor) {
  std::vector<double> values;
  values.reserve(rounds.size());
  for (const Cost& cost : rounds) values.push_back(cost.*clock / divisor);
  return values;
}

Spread SpreadOf(std::vector<double> values) {
  TM_CHECK(!values.empty(), "a median needs a value");
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {.median = median, .min = values.front(), .max = values.back()};
}

// ---- Bench -------------------------------------------------------------------------------------

Bench::Bench(Settings settings)
    : settings_(std::move(settings)), load_at_start_(Load()), files_(NewPosixFiles()) {}

bool Bench::GoesOn(int round) {
  const int64_t now_us = MonotonicMicros();
  if (round == 0) measuring_since_us_ = now_us;
  if (settings_.rounds) return round < *settings_.rounds;
  if (round < kRoundsMin) return true;
  return !settings_.quick && round < kRoundsMax &&
         now_us - measuring_since_us_ < kMeasurementMicros;
}

std::string Bench::NewDirectory() {
  return JoinPath(settings_.scratch_directory, Cat("state", ++directories_));
}

void Bench::RemoveDirectory(const std::string& directory) { Must(RemoveTree(*files_, directory)); }

void Bench::Begin(std::string name) {
  std::fprintf(stderr, "bench: %s ...\n", name.c_str());
  sections_.push_back({.name = std::move(name), .rows = {}, .notes = {}});
}

void Bench::Add(Row row) {
  TM_CHECK(row.ours.size() == row.baseline.size(), "each round measures both sides");
  for (const double baseline : row.baseline) TM_CHECK(baseline > 0, "a baseline takes time");
  sections_.back().rows.push_back(std::move(row));
}

void Bench::Note(std::string line) { sections_.back().notes.push_back(std::move(line)); }

std::string Bench::Conditions() const {
  constexpr auto kTmpfs = 0x01021994;
  struct statfs file_system {};
  const bool in_memory = statfs(settings_.scratch_directory.c_str(), &file_system) == 0 &&
                         file_system.f_type == kTmpfs;
  const unsigned processors = std::thread::hardware_concurrency();
  // By now this run is part of the load.
  const double load = std::max(load_at_start_, Load() - 1);
  return Cat("seed ", settings_.seed, ", ", settings_.quick ? "quick sizes" : "full sizes", ", ",
             processors, " processors, load of others ", absl::StrFormat("%.1f", load),
             load > processors / 2.0 ? " (busy: what is measured on the wall means little)" : "",
             ", state in ", ParentDirectory(settings_.scratch_directory),
             in_memory ? " (in memory: a commit waits for no disk)" : "");
}

std::string Bench::Table() const {
  std::string text = Cat(Conditions(), "\n");
  for (const Section& section : sections_) {
    absl::StrAppendFormat(&text, "\n%-54s %14s %14s %7s %13s  %s\n", section.name, "ours",
                          "baseline", "ratio", "(min-max)", "baseline is");
    for (const Row& row : section.rows) {
      const Spread ratio = SpreadOf(Ratios(row));
      absl::StrAppendFormat(&text, "  %-52s %14s %14s %7s %13s %6d  %s\n", row.what,
                            Cat(Short(SpreadOf(row.ours).median), " ", row.unit),
                            Cat(Short(SpreadOf(row.baseline).median), " ", row.unit),
                            Short(ratio.median), Cat(Short(ratio.min), "-", Short(ratio.max)),
                            row.ours.size(), row.against);
    }
    for (const std::string& note : section.notes) text += Cat("  * ", note, "\n");
  }
  return text;
}

std::string Bench::Json() const {
  std::vector<std::string> rows, notes;
  for (const Section& section : sections_) {
    for (const Row& row : section.rows) rows.push_back(JsonRow(section.name, row));
    for (const std::string& note : section.notes) {
      notes.push_back(JsonText(Cat(section.name, ": ", note)));
    }
  }
  return Cat("{\"conditions\": ", JsonText(Conditions()), ", \"seed\": ", settings_.seed,
             ", \"quick\": ", settings_.quick ? "true" : "false", ",\n \"rows\": [\n    ",
             absl::StrJoin(rows, ",\n    "), "],\n \"notes\": [\n    ",
             absl::StrJoin(notes, ",\n    "), "]}\n");
}

}  // namespace tidemark::bench
