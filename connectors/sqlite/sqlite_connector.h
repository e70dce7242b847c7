// SqliteConnector: tables of a SQLite database for job files, as a sink.
#pragma once

#include "connectors/connector.h"

namespace tidemark {

const ConnectorType& SqliteConnector();

}  // namespace tidemark
