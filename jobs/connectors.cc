#include "jobs/connectors.h"

#include <algorithm>

#include "connectors/file/file_connector.h"
#include "connectors/kafka/kafka_connector.h"
#include "connectors/made/generator_connector.h"
#include "connectors/sqlite/sqlite_connector.h"
#include "connectors/stdio/stdio_connectors.h"

namespace tidemark {

std::vector<const ConnectorType*> AllConnectors() {
  return {&FileConnector(),   &StdinConnector(),  &GeneratorConnector(),
          &StdoutConnector(), &SqliteConnector(), &KafkaConnector()};
}

std::vector<const ConnectorType*> SourceConnectors() {
  std::vector<const ConnectorType*> sources = AllConnectors();
  std::erase_if(sources, [](const ConnectorType* each) { return !each->source.has_value(); });
  return sources;
}

std::vector<const ConnectorType*> SinkConnectors() {
  std::vector<const ConnectorType*> sinks = AllConnectors();
  std::erase_if(sinks, [](const ConnectorType* each) { return !each->sink.has_value(); });
  return sinks;
}

std::vector<std::string_view> NamesOf(const std::vector<const ConnectorType*>& connectors) {
  std::vector<std::string_view> names;
  for (const ConnectorType* each : connectors) names.push_back(each->name);
  return names;
}

const ConnectorType* FindConnector(const std::vector<const ConnectorType*>& connectors,
                                   std::string_view name) {
  const auto found = std::find_if(connectors.begin(), connectors.end(),
                                  [&](const ConnectorType* each) { return each->name == name; });
  return found == connectors.end() ? nullptr : *found;
}

}  // namespace tidemark
