// How dumped keys look, for people and for machines.

#include "absl/strings/str_split.h"
#include "base/quantity.h"
#include "base/readable_time.h"
#include "base/status.h"
#include "recovery/inspect.h"
#include "state/state_key.h"
#include "state/value_json.h"

namespace tidemark {

namespace {

bool HasStepClock(const StepRecord& step) {
  return static_cast<TimeDomain>(step.time_domain) == TimeDomain::kWatermark;
}

constexpr size_t kColumns = 80;
// Parameters that are longer have lines of their own.
constexpr size_t kParametersBesideMax = 40;

std::string SpanText(Span span) { return span.is_infinite() ? "more" : FormatSpan(span); }

// "late: 3 items, 4 rows", and by how much.
std::vector<std::string> LatenessLines(const LatenessRecord& lateness) {
  std::string by = "  by up to";
  const char* separator = " ";
  for (const LatenessRecord::Bucket& bucket : lateness.histogram) {
    if (bucket.items == 0) continue;
    by += Cat(separator, SpanText(bucket.up_to), ": ", FormatCount(bucket.items));
    separator = ", ";
  }
  std::string latest = "  latest of key";
  separator = " ";
  for (const LatenessRecord::Sample& sample : lateness.samples) {
    latest += Cat(separator, FormatUserKey(sample.key), ": ", FormatSpan(sample.late_by));
    separator = ", ";
  }
  return {Cat("late: ", FormatCount(lateness.items), lateness.items == 1 ? " item, " : " items, ",
              FormatCount(lateness.rows), lateness.rows == 1 ? " row" : " rows"),
          by, latest};
}

std::string WatermarkText(Timestamp watermark) {
  return watermark == Timestamp::Min() ? "none yet" : ReadableTime(watermark);
}

std::string LatenessJson(const LatenessRecord& lateness) {
  std::string json = Cat(", \"late_items\": ", lateness.items, ", \"late_rows\": ", lateness.rows,
                         ", \"late_by\": [");
  for (const LatenessRecord::Bucket& bucket : lateness.histogram) {
    json += Cat(json.back() == '[' ? "" : ", ", "{\"up_to_seconds\": ",
                bucket.up_to.is_infinite() ? std::string("null")
                                           : std::to_string(bucket.up_to.us / 1'000'000),
                ", \"items\": ", bucket.items, "}");
  }
  json += "], \"late_samples\": [";
  for (const LatenessRecord::Sample& sample : lateness.samples) {
    json += Cat(json.back() == '[' ? "" : ", ", "{\"key\": ", UserKeyToJson(sample.key),
                ", \"late_by_us\": ", sample.late_by.us, "}");
  }
  return json + "]";
}

}  // namespace

std::string DescribeRecord(const EpochRecord& record) {
  return Cat("flow ", record.flow_name, ", epoch ", record.epoch.value, ", committed ",
             ReadableTime(WholeSecond(record.wall_time)), " UTC");
}

std::vector<std::string> DescribeStep(const StepRecord& step) {
  const std::string counts =
      Cat(FormatCount(step.keys), step.keys == 1 ? " key, " : " keys, ", FormatBytes(step.bytes));
  std::vector<std::string> lines;
  if (step.parameters.size() <= kParametersBesideMax) {
    lines.push_back(Cat("step ", step.name, ": ", step.kind, step.parameters.empty() ? "" : ", ",
                        step.parameters, "; ", counts));
  } else {
    lines.push_back(Cat("step ", step.name, ": ", step.kind, "; ", counts));
    std::string line = " ";
    for (const absl::string_view part : absl::StrSplit(step.parameters, ", ")) {
      if (line.size() + 1 + part.size() + 1 > kColumns) {
        lines.push_back(line);
        line.resize(1);
      }
      line += Cat(" ", part, ",");
    }
    line.pop_back();
    lines.push_back(line);
  }
  if (HasStepClock(step)) {
    lines.push_back(Cat("  watermark ", WatermarkText(step.clock_floor)));
    for (const PartitionWatermark& partition : step.watermarks) {
      lines.push_back(Cat("    ", partition.source, "/", partition.partition, ": ",
                          WatermarkText(partition.watermark), partition.idle ? " (silent)" : "",
                          partition.at_end ? " (at its end)" : ""));
    }
  }
  if (step.lateness.items > 0) {
    for (const std::string& line : LatenessLines(step.lateness)) lines.push_back(Cat("  ", line));
  }
  return lines;
}

std::string StepToJson(const StepRecord& step) {
  std::string json = "{\"step\": ";
  AppendJsonString(step.name, json);
  json += ", \"kind\": ";
  AppendJsonString(step.kind, json);
  json += ", \"parameters\": ";
  AppendJsonString(step.parameters, json);
  json += Cat(", \"keys\": ", step.keys, ", \"bytes\": ", step.bytes);
  if (HasStepClock(step)) {
    json += Cat(", \"watermark\": \"", FormatTimestamp(step.clock_floor), "\", \"partitions\": [");
    for (const PartitionWatermark& partition : step.watermarks) {
      json += json.back() == '[' ? "{\"source\": " : ", {\"source\": ";
      AppendJsonString(partition.source, json);
      json += ", \"partition\": ";
      AppendJsonString(partition.partition, json);
      json += Cat(", \"watermark\": \"", FormatTimestamp(partition.watermark),
                  "\", \"silent\": ", partition.idle ? "true" : "false",
                  ", \"at_end\": ", partition.at_end ? "true}" : "false}");
    }
    json += "]";
  }
  return Cat(json, LatenessJson(step.lateness), "}");
}

std::vector<std::string> DumpedKeyToLines(const DumpedKey& key) {
  std::string head = Cat(key.key_text, ": ");
  if (!key.first) {
    std::vector<std::string> lines = {head + key.state};
    std::string times;
    if (key.watermark) times = Cat("  watermark ", ReadableTime(*key.watermark));
    if (key.wakes) {
      times += Cat(times.empty() ? "  " : ", ", "timer ", ReadableTime(*key.wakes),
                   key.wakes_by_watermark ? " (event time)" : "");
    }
    if (!times.empty()) lines.push_back(times);
    return lines;
  }
  const Timestamp first = WholeMilli(*key.first);
  head += Cat(key.items.size(), key.items.size() == 1 ? " item" : " items", ", first ",
              ReadableTime(first), ", newest ", ReadableTime(WholeMilli(*key.newest), first));
  if (key.due) head += Cat(", due ", ReadableTime(WholeMilli(*key.due), first));
  std::vector<std::string> lines = {head};
  for (const std::string& item : key.items) lines.push_back(Cat("  ", item));
  return lines;
}

std::string DumpedKeyToJson(const DumpedKey& key) {
  std::string json = "{\"step\": ";
  AppendJsonString(key.step, json);
  json += ", \"kind\": ";
  AppendJsonString(key.kind, json);
  json += Cat(", \"key\": ", key.key_json);
  if (!key.first) {
    json += Cat(", \"state\": ", key.state);
    if (key.watermark) json += Cat(", \"watermark\": \"", FormatTimestamp(*key.watermark), "\"");
    if (key.wakes) {
      json += Cat(key.wakes_by_watermark ? ", \"timer_event_time\": \"" : ", \"timer\": \"",
                  FormatTimestamp(*key.wakes), "\"");
    }
    return json + "}";
  }
  json += ", \"items\": [";
  for (size_t i = 0; i < key.items.size(); ++i) json += Cat(i == 0 ? "" : ", ", key.items[i]);
  json += Cat("], \"first\": \"", FormatTimestamp(*key.first), "\", \"newest\": \"",
              FormatTimestamp(*key.newest), "\", \"due\": ",
              key.due ? Cat("\"", FormatTimestamp(*key.due), "\"") : std::string("null"), "}");
  return json;
}

}  // namespace tidemark
