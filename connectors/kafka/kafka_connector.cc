#include "connectors/kafka/kafka_connector.h"

#include "base/status.h"
#include "connectors/kafka/kafka_json.h"
#include "connectors/kafka/kafka_topic.h"

namespace tidemark {
namespace {

constexpr char kExample[] = "{brokers: 'host:9092', topic: t}";

KafkaTopic TopicOf(const ConnectorConfig& config) {
  return {.brokers = config.Text("brokers"), .topic = config.Text("topic")};
}

std::vector<ConnectorOption> TopicOptions() {
  return {{.name = "brokers",
           .help = "host:port, or several separated by commas",
           .needed_as = "brokers"},
          {.name = "topic",
           .help = "the topic, which must exist",
           .needed_as = "a topic",
           .is_place = true,
           .check = [](const OptionValue& value) {
             return CheckTopicName(std::get<std::string>(value));
           }}};
}

Endpoint EndpointOf(const ConnectorConfig& config) {
  const KafkaTopic topic = TopicOf(config);
  return {.id = Cat("kafka ", topic.brokers, " ", topic.topic),
          .name = Cat("the topic '", topic.topic, "'")};
}

SourceType AsSource() {
  SourceType source{.help = "a Kafka topic whose messages are JSON objects",
                    .guarantee = "exactly once: continues at the next message",
                    .example = kExample,
                    .options = TopicOptions(),
                    .make_rows = [](const ConnectorConfig& config, const SourceSettings& settings) {
                      return KafkaJsonSource({.topic = TopicOf(config),
                                              .on_error = settings.on_error,
                                              .stop_at_end = config.Flag("stop_at_end"),
                                              .accept_changed = settings.accept_changed});
                    }};
  source.options.push_back({.name = "stop_at_end",
                            .type = OptionType::kFlag,
                            .help = "of a source: true ends the input of each partition when its "
                                    "current end is reached",
                            .fallback = false});
  source.no_lines = "the messages of kafka are json";
  source.no_final_line = "a message is whole";
  source.reads = EndpointOf;
  return source;
}

SinkType AsSink() {
  SinkType sink{.help = "an existing Kafka topic",
                .guarantee =
                    "exactly once for consumers with read_committed: rows and their epoch "
                    "are one transaction",
                .example = kExample,
                .options = TopicOptions(),
                .make_rows = [](const ConnectorConfig& config, const SinkSettings& settings) {
                  return KafkaJsonSink({.topic = TopicOf(config), .on_error = settings.on_error});
                }};
  sink.writes = EndpointOf;
  return sink;
}

}  // namespace

const ConnectorType& KafkaConnector() {
  static const ConnectorType type{
      .name = "kafka", .title = "kafka", .source = AsSource(), .sink = AsSink()};
  return type;
}

}  // namespace tidemark
