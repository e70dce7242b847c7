// The connectors of job files. To add one, write its ConnectorType (connectors/connector.h) in the
// folder of the connector, and put it into the list in connectors.cc.
//
//   for (const ConnectorType* each : SourceConnectors()) names.push_back(each->name);
//
// Messages and the documentation name them in the order of the list.
#pragma once

#include <string_view>
#include <vector>

#include "connectors/connector.h"

namespace tidemark {

std::vector<const ConnectorType*> AllConnectors();
std::vector<const ConnectorType*> SourceConnectors();
std::vector<const ConnectorType*> SinkConnectors();

std::vector<std::string_view> NamesOf(const std::vector<const ConnectorType*>& connectors);
// The one of that name; null if there is none.
const ConnectorType* FindConnector(const std::vector<const ConnectorType*>& connectors,
                                   std::string_view name);

}  // namespace tidemark
