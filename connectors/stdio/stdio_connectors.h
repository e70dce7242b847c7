// StdinConnector and StdoutConnector: standard input and output for job files.
#pragma once

#include "connectors/connector.h"

namespace tidemark {

const ConnectorType& StdinConnector();
const ConnectorType& StdoutConnector();

}  // namespace tidemark
