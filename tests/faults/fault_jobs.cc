#include "tests/faults/fault_jobs.h"

#include "base/status.h"

namespace tidemark::faults {
namespace {

using Words = std::vector<std::string>;

constexpr int kRows = 240;
constexpr char kFirstSnapshot[] = "out/job.state/snapshots/0000000001";

// Paced, so that several epochs and snapshots fall into the run. No notes: what is on standard
// error is then about the fault.
Words Command(const Words& flags) {
  Words words = {"run",     "job.yaml", "--quiet",          "--rate", "6000",
                 "--epoch", "1ms",      "--snapshot-every", "10ms"};
  words.insert(words.end(), flags.begin(), flags.end());
  return words;
}

// A single epoch, and so a snapshot whose name is known.
Words OneEpoch() { return {"run", "job.yaml", "--quiet", "--epoch", "1h"}; }

std::string Windows(const std::string& late_to, const std::string& sinks) {
  return Cat(
      "name: job\n"
      "state: out/job.state\n"
      "source: {file: rows.jsonl}\n"
      "steps:\n"
      "  - key_by: key\n"
      "  - window:\n"
      "      name: hourly\n"
      "      clock: {event_time: time, unit: ms, max_out_of_orderness: 1h}\n"
      "      tumbling: 1h\n"
      "      aggregate: {rows: count, total: sum(n), first: first(n), last: last(n)}\n"
      "      late_to: ",
      late_to, "\n", sinks);
}

std::string Batches(const std::string& sinks) {
  return Cat(
      "name: job\n"
      "state: out/job.state\n"
      "source: {file: rows.jsonl}\n"
      "steps:\n"
      "  - key_by: key\n"
      "  - batch: {max_items: 3}\n"
      "sinks:\n",
      sinks);
}

FaultJob Late() {
  return {.name = "late",
          .text = Windows("{file: out/late.jsonl}", "sink: {file: out/windows.jsonl}\n"),
          .before = {},
          .rows = kRows,
          .command = Command({}),
          .later = {},
          .former = {},
          .outputs = {{"out/windows.jsonl", ""}, {"out/late.jsonl", ""}}};
}

FaultJob Tables() {
  return {
      .name = "tables",
      .text = Windows("{sqlite: {file: out/rows.db, table: late}}",
                      "sinks:\n"
                      "  daily: {sqlite: {file: out/rows.db, table: windows, key: [key, "
                      "window_open]}}\n"
                      "  kept: {file: out/windows.jsonl}\n"),
      .before = {},
      .rows = kRows,
      .command = Command({}),
      .later = {},
      .former = {},
      .outputs = {{"out/rows.db", "late"}, {"out/rows.db", "windows"}, {"out/windows.jsonl", ""}}};
}

// The same job as a run that goes on with what an earlier one left.
FaultJob Resumed(FaultJob job) {
  job.name += "_resumed";
  job.before = {{.rows = kRows / 2, .command = Command({})}};
  job.rows = kRows / 2;
  return job;
}

constexpr char kTwoFiles[] =
    "  one: {file: out/one.jsonl}\n"
    "  two: {file: out/two.jsonl}\n";
constexpr char kFileAndTable[] =
    "  one: {file: out/one.jsonl}\n"
    "  two: {sqlite: {file: out/two.db, table: lists, key: key}}\n";
constexpr char kThree[] =
    "  one: {file: out/one.jsonl}\n"
    "  two: {sqlite: {file: out/two.db, table: lists, key: key}}\n"
    "  three: {file: out/three.jsonl}\n";

const FaultOutput kOne = {"out/one.jsonl", ""};
const FaultOutput kTwo = {"out/two.jsonl", ""};
const FaultOutput kThird = {"out/three.jsonl", ""};
const FaultOutput kTable = {"out/two.db", "lists"};

// Two finished runs, a snapshot of each, and some more input: `flags` say what becomes of it.
FaultJob Replacing(const std::string& name, const char* sinks, const Words& flags,
                   const std::vector<FaultOutput>& outputs) {
  return {.name = name,
          .text = Batches(sinks),
          .before = {{.rows = kRows / 3, .command = OneEpoch()},
                     {.rows = kRows / 3, .command = OneEpoch()}},
          .rows = kRows / 3,
          .command = Command(flags),
          .later = {},
          .former = Command({}),
          .outputs = outputs};
}

// As Replacing(), by a command that cannot be given again once it has succeeded: the new state is
// there, or the snapshot is not. `later` flags go on.
FaultJob Once(FaultJob job, const Words& later) {
  job.later = Command(later);
  return job;
}

std::vector<FaultJob> MakeJobs() {
  const Words elsewhere = {"--state", "out/new.state"};
  const Words take_over = {"--from", kFirstSnapshot, "--state", "out/new.state", "--take-over"};
  const Words roll_back = {"--from", kFirstSnapshot, "--fresh", "--take-over"};
  const Words fresh = {"--fresh"};
  return {
      Late(),
      Resumed(Late()),
      Tables(),
      Resumed(Tables()),
      Once(Replacing("take_over", kTwoFiles, take_over, {kOne, kTwo}), elsewhere),
      Once(Replacing("take_over_table", kFileAndTable, take_over, {kOne, kTable}), elsewhere),
      Once(Replacing("roll_back", kTwoFiles, roll_back, {kOne, kTwo}), {}),
      Once(Replacing("roll_back_table", kFileAndTable, roll_back, {kOne, kTable}), {}),
      Replacing("fresh_two", kTwoFiles, fresh, {kOne, kTwo}),
      Replacing("fresh_three", kThree, fresh, {kOne, kTable, kThird}),
  };
}

}  // namespace

const std::vector<FaultJob>& AllFaultJobs() {
  static const auto& jobs = *new std::vector<FaultJob>(MakeJobs());
  return jobs;
}

// Ten minutes between the rows of a key; every seventh row is some hours behind. All times are half
// past a minute: no watermark comes near the edge of a window by the time that a run takes.
std::string InputRow(int number) {
  constexpr int64_t kStart = int64_t{420'000} * 3'600'000;
  const int64_t minute = number * 2 - (number % 7 == 6 ? 120 + number % 200 : 0);
  return Cat("{\"key\": \"key-", number % 5, "\", \"n\": ", number,
             ", \"time\": ", kStart + minute * 60'000 + 30'000, "}\n");
}

}  // namespace tidemark::faults
