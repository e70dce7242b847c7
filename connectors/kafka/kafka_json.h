// KafkaJson: a Kafka topic as a source, and as a sink, of JSON rows: one object per message.
#pragma once

#include "connectors/kafka/kafka_sink.h"
#include "connectors/kafka/kafka_source.h"
#include "connectors/rows/json_row.h"
#include "tidemark/sink.h"
#include "tidemark/source.h"

namespace tidemark {

Source<JsonRow> KafkaJsonSource(KafkaSourceOptions options);
Sink<JsonRow> KafkaJsonSink(KafkaSinkOptions options);

}  // namespace tidemark
