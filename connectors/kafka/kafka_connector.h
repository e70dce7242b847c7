// KafkaConnector: topics of Kafka for job files, as a source and as a sink.
#pragma once

#include "connectors/connector.h"

namespace tidemark {

const ConnectorType& KafkaConnector();

}  // namespace tidemark
