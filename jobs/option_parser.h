// The options of a connector, as a job file gives them: read by their types (ConnectorOption).
#pragma once

#include <string>
#include <vector>

#include "connectors/connector.h"
#include "jobs/job_spec.h"
#include "jobs/problems.h"
#include "jobs/yaml_reader.h"

namespace tidemark {

struct ParsedOptions {
  std::vector<ConnectorConfig::Given> given;
  OptionPlaces places;
  Place connector_place;  // of the option that says where it reads or writes, else of the connector
};

// `entry` is the connector's key with its value. `title` and `example` as in ConnectorType.
ParsedOptions ParseOptions(const YamlEntry& entry, const std::vector<ConnectorOption>& options,
                           std::string_view title, std::string_view example, Problems& problems);

}  // namespace tidemark
