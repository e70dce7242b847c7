// How dumped keys look, for people and for machines.

#include <algorithm>

#include "base/quantity.h"
#include "base/status.h"
#include "recovery/inspect.h"
#include "state/value_json.h"

namespace tidemark {

std::string DescribeStep(const EpochRecord& record, const std::string& name) {
  const auto step = std::find_if(record.steps.begin(), record.steps.end(),
                                 [&](const StepRecord& s) { return s.name == name; });
  if (step == record.steps.end()) return name;
  return Cat("step ", name, ": ", step->kind, step->parameters.empty() ? "" : ", ",
             step->parameters, "; ", FormatCount(step->keys),
             step->keys == 1 ? " key, " : " keys, ", FormatBytes(step->bytes));
}

std::string DumpedKeyToText(const DumpedKey& key) {
  std::string text = Cat("  ", key.key_text, ": ");
  if (!key.first) return Cat(text, key.state);
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
  if (!key.first) return Cat(json, ", \"state\": ", key.state, "}");
  json += ", \"items\": [";
  for (size_t i = 0; i < key.items.size(); ++i) json += Cat(i == 0 ? "" : ", ", key.items[i]);
  json += Cat("], \"first\": \"", FormatTimestamp(*key.first), "\", \"newest\": \"",
              FormatTimestamp(*key.newest), "\", \"due\": ",
              key.due ? Cat("\"", FormatTimestamp(*key.due), "\"") : std::string("null"), "}");
  return json;
}

}  // namespace tidemark
