#include "command/verbs.h"

#include <charconv>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/quantity.h"
#include "base/status.h"
#include "command/terminal.h"
#include "recovery/inspect.h"
#include "recovery/snapshot.h"
#include "recovery/state_directory.h"
#include "state/value_json.h"

namespace tidemark {
namespace {

std::string Age(Timestamp then, Timestamp now) {
  const int64_t seconds = (now - then).us / 1'000'000;
  if (seconds < 0) return "in the future";
  if (seconds < 60) return Cat(seconds, "s");
  if (seconds < 3600) return Cat(seconds / 60, "m", seconds % 60, "s");
  if (seconds < 86400) return Cat(seconds / 3600, "h", seconds % 3600 / 60, "m");
  return Cat(seconds / 86400, "d", seconds % 86400 / 3600, "h");
}

// {"offset": 17} without what only identity needs.
std::string PositionsText(const EpochRecord& record) {
  std::string text;
  for (const SourceRecord& source : record.sources) {
    text += Cat(text.empty() ? "" : ", ", source.step, "/", source.partition);
    for (const char* name : {"offset", "next", "line"}) {
      const auto number = Position(source.position).Number(name);
      if (number) text += Cat(" ", name, " ", *number);
    }
    if (source.at_end) text += " (end)";
  }
  return text;
}

std::string PositionsJson(const EpochRecord& record) {
  std::string json = "[";
  for (const SourceRecord& source : record.sources) {
    if (json.size() > 1) json += ", ";
    json += "{\"source\": ";
    AppendJsonString(source.step, json);
    json += ", \"partition\": ";
    AppendJsonString(source.partition, json);
    json += Cat(", \"at_end\": ", source.at_end ? "true" : "false", ", \"position\": {");
    bool first = true;
    for (const auto& [name, value] : source.position) {
      json += first ? "" : ", ";
      first = false;
      AppendJsonString(name, json);
      json += ": ";
      if (const int64_t* number = std::get_if<int64_t>(&value)) {
        json += std::to_string(*number);
      } else {
        AppendJsonString(std::get<std::string>(value), json);
      }
    }
    json += "}}";
  }
  return json + "]";
}

struct Totals {
  uint64_t keys = 0;
};
Totals TotalsOf(const EpochRecord& record) {
  Totals totals;
  for (const StepRecord& step : record.steps) totals.keys += step.keys;
  return totals;
}

std::string SnapshotJson(const std::string& path, const EpochRecord& record, uint64_t bytes) {
  std::string json = "{\"path\": ";
  AppendJsonString(path, json);
  json += ", \"flow\": ";
  AppendJsonString(record.flow_name, json);
  return Cat(json, ", \"epoch\": ", record.epoch.value, ", \"time\": \"",
             FormatTimestamp(record.wall_time), "\", \"bytes\": ", bytes,
             ", \"keys\": ", TotalsOf(record).keys, ", \"positions\": ", PositionsJson(record),
             "}");
}

std::string SnapshotLine(const std::string& name, const EpochRecord& record, uint64_t bytes,
                         Timestamp now) {
  return absl::StrFormat("%-12s %10d  %-8s %10s %12s  %s", name, record.epoch.value,
                         Age(record.wall_time, now), FormatBytes(bytes),
                         FormatCount(TotalsOf(record).keys), PositionsText(record));
}

// As for `memory:` of a job file.
constexpr size_t kMemoryBytesMin = size_t{1} << 20;

// "0750": what the owner may do is not for discussion, without it no run could go on.
absl::StatusOr<unsigned> ParseMode(const std::string& text) {
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (whole && mode <= 0777 && (mode & 0700) == 0700) return mode;
  return absl::InvalidArgumentError(Cat(
      "--state-mode: '", text, "' is not a mode from 0700 to 0777 with all rights of the owner"));
}

absl::Status ApplySnapshotFlags(const CommandLine& line, RunOptions& options) {
  TM_ASSIGN_OR_RETURN(const auto every, line.Duration("snapshot-every"));
  if (every) options.snapshot_interval = *every;
  if (options.snapshot_interval.us <= 0) {
    return absl::InvalidArgumentError("--snapshot-every: must be more than 0s");
  }
  TM_ASSIGN_OR_RETURN(const auto max_disk, line.Bytes("max-disk"));
  if (max_disk && *max_disk == 0)
    return absl::InvalidArgumentError("--max-disk: must be more than 0");
  if (max_disk) options.disk_bytes_max = *max_disk;
  TM_ASSIGN_OR_RETURN(const auto keep, line.Number("keep-snapshots"));
  if (keep && *keep == 0) {
    return absl::InvalidArgumentError("--keep-snapshots: at least 1, the newest is always kept");
  }
  if (keep) options.retention.keep = *keep;
  TM_ASSIGN_OR_RETURN(const auto keep_for, line.Duration("keep-snapshots-for"));
  if (keep_for) options.retention.keep_for = *keep_for;
  return absl::OkStatus();
}

// "quakes/quakes.jsonl@1707"; a partition may hold any character.
absl::StatusOr<SkippedItem> ParseSkipItem(const std::string& text) {
  SkippedItem item;
  const size_t slash = text.find('/');
  const size_t at = text.rfind('@');
  const bool whole = slash != text.npos && at != text.npos && slash < at &&
                     absl::SimpleAtoi(text.substr(at + 1), &item.number);
  if (!whole) {
    return absl::InvalidArgumentError(Cat(
        "--skip-item: '", text, "' is not SOURCE/PARTITION@NUMBER, such as in/rows.jsonl@1707"));
  }
  item.source = text.substr(0, slash);
  item.partition = text.substr(slash + 1, at - slash - 1);
  return item;
}

int ListAll(const CommandLine& line, Files& files, const Clock& clock) {
  const std::string& directory = line.Word(0);
  if (const absl::Status is = CheckHoldsState(files, directory); !is.ok()) return Complain(is);
  std::vector<DamagedSnapshot> damaged;
  auto snapshots = ListSnapshots(files, directory, &damaged);
  if (!snapshots.ok()) return Complain(snapshots.status());
  // A damaged store is when a list of snapshots is needed most.
  auto live = StateInspector::Open(files, directory);
  if (!live.ok() && snapshots->empty() && damaged.empty()) return Complain(live.status());
  if (!live.ok()) damaged.push_back({directory, live.status()});

  const bool json = line.Has("json");
  const auto print = [&]() -> absl::Status {
    if (!json) {
      TM_RETURN_IF_ERROR(PutLine(absl::StrFormat("%-12s %10s  %-8s %10s %12s  %s", "snapshot",
                                                 "epoch", "age", "bytes", "keys", "positions")));
    }
    for (const Snapshot& snapshot : *snapshots) {
      const EpochRecord& record = snapshot.manifest.record;
      TM_RETURN_IF_ERROR(
          PutLine(json ? SnapshotJson(snapshot.path, record, snapshot.bytes())
                       : SnapshotLine(snapshot.path.substr(snapshot.path.find_last_of('/') + 1),
                                      record, snapshot.bytes(), clock.Now())));
    }
    if (!live.ok()) return absl::OkStatus();
    const EpochRecord& record = (*live)->record();
    const uint64_t bytes = (*live)->stats().bytes_on_disk;
    return PutLine(json ? SnapshotJson(directory, record, bytes)
                        : SnapshotLine("(live)", record, bytes, clock.Now()));
  };
  int code = FinishOutput(print());
  for (const DamagedSnapshot& snapshot : damaged) code = Complain(snapshot.why);
  return code;
}

}  // namespace

std::vector<FlagSpec> RunFlags() {
  return {
      {"state", "DIR", "keep state there; the same command resumes from it"},
      {"state-mode", "MODE", "permissions of a new state directory, e.g. 0750 (default 0700)"},
      {"epoch", "TIME", "commit this often, e.g. 1s (default)"},
      {"from", "SNAPSHOT_DIR", "start from a snapshot, as a fork, with a new --state"},
      {"fresh", "", "discard what the state directory holds and start over"},
      {"skip-item", "SOURCE/PARTITION@N",
       "step over item N (a file's line), which stops every run; may be given several times", true},
      {"drop-state", "STEP", "remove what a step kept that the flow no longer has"},
      {"no-fallback", "", "refuse a damaged store, instead of going back to a snapshot"},
      {"take-over", "", "take outputs of another job; with --from: continue in the original's"},
      {"new-output", "SINK[,SINK]", "keep a sink's output so far and begin a new one"},
      {"workers", "N", "worker threads (default 1); may change from run to run"},
      {"memory", "SIZE", "for hot state, e.g. 512MiB (default 1GiB)"},
      {"snapshot-every", "TIME", "take a snapshot this often (default 1m)"},
      {"keep-snapshots", "N", "keep the N newest snapshots (default 5)"},
      {"keep-snapshots-for", "TIME", "and all that are younger than this, e.g. 24h"},
      {"max-disk", "SIZE", "stop when state and snapshots take more than this"},
      {"quiet", "", "no status line and no notes"},
  };
}

absl::Status ApplyRunFlags(const CommandLine& line, RunOptions& options) {
  if (const auto state = line.Text("state")) options.state_directory = *state;
  if (line.Has("state") && options.state_directory.empty()) {
    return absl::InvalidArgumentError("--state: is empty; name a directory");
  }
  if (const auto mode = line.Text("state-mode")) {
    TM_ASSIGN_OR_RETURN(options.state_mode, ParseMode(*mode));
  }
  if (const auto from = line.Text("from")) options.from_snapshot = *from;
  if (line.Has("from") && options.from_snapshot.empty()) {
    return absl::InvalidArgumentError("--from: is empty; name a snapshot's directory");
  }
  if (const auto step = line.Text("drop-state")) options.drop_state = *step;
  if (line.Has("drop-state") && options.drop_state.empty()) {
    return absl::InvalidArgumentError("--drop-state: is empty; name a step");
  }
  for (const std::string& item : line.Texts("skip-item")) {
    TM_ASSIGN_OR_RETURN(options.skip_items.emplace_back(), ParseSkipItem(item));
  }
  if (const auto sinks = line.Text("new-output")) {
    options.new_outputs = absl::StrSplit(*sinks, ',', absl::SkipEmpty());
    if (options.new_outputs.empty()) {
      return absl::InvalidArgumentError("--new-output: is empty; name a sink");
    }
  }
  options.fresh = line.Has("fresh");
  options.take_over = line.Has("take-over");
  options.fall_back = !line.Has("no-fallback");
  options.quiet = line.Has("quiet");
  TM_ASSIGN_OR_RETURN(const auto epoch, line.Duration("epoch"));
  if (epoch && epoch->us == 0) {
    return absl::InvalidArgumentError("--epoch: must be more than 0s");
  }
  if (epoch) options.epoch_interval = *epoch;
  TM_ASSIGN_OR_RETURN(const auto workers, line.Number("workers"));
  if (workers) {
    if (*workers < 1 || *workers > static_cast<uint64_t>(kKeyGroups)) {
      return absl::InvalidArgumentError(
          Cat("--workers: between 1 and ", kKeyGroups, ", not ", *workers));
    }
    options.workers = static_cast<int>(*workers);
  }
  TM_ASSIGN_OR_RETURN(const auto memory, line.Bytes("memory"));
  if (memory) options.memory_bytes = *memory;
  if (options.memory_bytes < kMemoryBytesMin) {
    return absl::InvalidArgumentError(Cat("--memory: at least ", FormatBytes(kMemoryBytesMin),
                                          ", not ", FormatBytes(options.memory_bytes)));
  }
  return ApplySnapshotFlags(line, options);
}

Verb SnapshotsVerb(Files& files, const Clock& clock) {
  return {.name = "snapshots",
          .summary = "list the snapshots of a state directory",
          .words = {"DIR: a state directory"},
          .flags = {{"json", "", "one JSON object a line"}},
          .about =
              "Lists the snapshots of a state directory and its live state: of which epoch, "
              "how old, how large, and how far each source was read. The job may be running.",
          .examples = {"snapshots out/job.state"},
          .run = [&files, &clock](const CommandLine& line) { return ListAll(line, files, clock); }};
}

std::vector<Verb> StateVerbs(Files& files, const Clock& clock, const WindowValues* values) {
  return {SnapshotsVerb(files, clock), SnapshotVerb(files), VerifyVerb(files),
          DumpVerb(files, values)};
}

}  // namespace tidemark
