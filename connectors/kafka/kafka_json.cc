#include "connectors/kafka/kafka_json.h"

#include <string>
#include <utility>

namespace tidemark {

Source<JsonRow> KafkaJsonSource(KafkaSourceOptions options) {
  return KafkaMessages<JsonRow>(std::move(options), JsonLineDecoder());
}

Sink<JsonRow> KafkaJsonSink(KafkaSinkOptions options) {
  const auto place = [](const JsonRow& row) {
    return row.file == nullptr ? std::string() : row.Where();
  };
  return ToKafka<JsonRow>(std::move(options), {.encode = JsonLineEncoder(), .place = place});
}

}  // namespace tidemark
