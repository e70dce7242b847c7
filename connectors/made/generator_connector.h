// GeneratorConnector: made-up rows for job files.
#pragma once

#include "connectors/connector.h"

namespace tidemark {

const ConnectorType& GeneratorConnector();

}  // namespace tidemark
