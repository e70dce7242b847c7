// How dumped keys look, for people and for machines.

#include <algorithm>

#include "base/quantity.h"
#include "base/status.h"
#include "recovery/inspect.h"
#include "state/state_key.h"
#include "state/value_json.h"

namespace tidemark {

namespace {

bool HasStepClock(const StepRecord& step) {
  return static_cast<TimeDomain>(step.time_domain) == TimeDomain::kWatermark;
}

std::string SpanText(Span span) { return span.is_infinite() ? "more" : FormatSpan(span); }

// "late: 3 items, 4 rows; up to 1s: 2, up to 10s: 1; latest: key a (1m39s)"
std::string LatenessText(const LatenessRecord& lateness) {
  std::string text =
      Cat("\n  late: ", FormatCount(lateness.items), lateness.items == 1 ? " item, " : " items, ",
          FormatCount(lateness.rows), lateness.rows == 1 ? " row" : " rows", "\n    by up to");
  const char* separator = " ";
  for (const LatenessRecord::Bucket& bucket : lateness.histogram) {
    if (bucket.items == 0) continue;
    text += Cat(separator, SpanText(bucket.up_to), ": ", FormatCount(bucket.items));
    separator = ", ";
  }
  text += "\n    latest of key";
  separator = " ";
  for (const LatenessRecord::Sample& sample : lateness.samples) {
    text += Cat(separator, FormatUserKey(sample.key), ": ", FormatSpan(sample.late_by));
    separator = ", ";
  }
  return text;
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

std::string DescribeStep(const EpochRecord& record, const std::string& name) {
  const auto step = std::find_if(record.steps.begin(), record.steps.end(),
                                 [&](const StepRecord& s) { return s.name == name; });
  if (step == record.steps.end()) return name;
  std::string text = Cat("step ", name, ": ", step->kind, step->parameters.empty() ? "" : ", ",
                         step->parameters, "; ", FormatCount(step->keys),
                         step->keys == 1 ? " key, " : " keys, ", FormatBytes(step->bytes));
  if (HasStepClock(*step)) {
    text += Cat("\n  watermark ", FormatTimestamp(step->clock_floor));
    for (const PartitionWatermark& partition : step->watermarks) {
      text += Cat("\n    ", partition.source, "/", partition.partition, ": ",
                  FormatTimestamp(partition.watermark), partition.idle ? " (silent)" : "",
                  partition.at_end ? " (at its end)" : "");
    }
  }
  if (step->lateness.items > 0) text += LatenessText(step->lateness);
  return text;
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

std::string DumpedKeyToText(const DumpedKey& key) {
  std::string text = Cat("  ", key.key_text, ": ");
  if (!key.first) {
    text += key.state;
    if (key.watermark) text += Cat("\n    watermark ", FormatTimestamp(*key.watermark));
    if (key.wakes) {
      text += Cat(key.watermark ? ", " : "\n    ", "timer ", FormatTimestamp(*key.wakes),
                  key.wakes_by_watermark ? " (event time)" : "");
    }
    return text;
  }
  text += Cat(key.items.size(), key.items.size() == 1 ? " item" : " items", ", first ",
              FormatTimestamp(*key.first), ", newest ", FormatTimestamp(*key.newest),
              key.due ? Cat(", due ", FormatTimestamp(*key.due)) : std::string());
  for (const std::string& item : key.items) text += Cat("\n    ", item);
  return text;
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
