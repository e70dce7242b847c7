#include "jobs/aggregate_description.h"

#include <simdjson.h>

#include "base/status.h"
#include "state/value_json.h"

namespace tidemark {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

std::optional<AggregateKind> KindNamed(std::string_view name) {
  for (int i = 0;; ++i) {
    const auto kind = static_cast<AggregateKind>(i);
    if (NameOf(kind).empty()) return std::nullopt;
    if (NameOf(kind) == name) return kind;
  }
}

std::optional<std::string> TextAt(const object& node, std::string_view key) {
  std::string_view text;
  if (node.at_key(key).get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

}  // namespace

std::string DescribeAggregates(const std::vector<AggregateSpec>& aggregates) {
  std::string json = "[";
  for (const AggregateSpec& aggregate : aggregates) {
    json += json.size() > 1 ? ",{\"name\":" : "{\"name\":";
    AppendJsonString(aggregate.name, json);
    json += Cat(",\"kind\":\"", NameOf(aggregate.kind), "\"");
    if (aggregate.field) {
      json += ",\"field\":";
      AppendJsonString(*aggregate.field, json);
    }
    json += '}';
  }
  return json + "]";
}

std::optional<std::vector<AggregateSpec>> ReadAggregates(std::string_view description) {
  simdjson::dom::parser parser;
  simdjson::dom::array array;
  const simdjson::padded_string padded(description.data(), description.size());
  if (parser.parse(padded).get_array().get(array) != simdjson::SUCCESS) return std::nullopt;
  std::vector<AggregateSpec> aggregates;
  for (const element entry : array) {
    object node;
    if (entry.get_object().get(node) != simdjson::SUCCESS) return std::nullopt;
    const auto name = TextAt(node, "name");
    const auto kind_name = TextAt(node, "kind");
    const auto kind = kind_name ? KindNamed(*kind_name) : std::nullopt;
    if (!name || !kind) return std::nullopt;
    aggregates.push_back({.name = *name, .kind = *kind, .field = TextAt(node, "field")});
  }
  return aggregates;
}

}  // namespace tidemark
