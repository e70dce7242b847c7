#include "tests/kafka/cluster.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <memory>

#include "base/clock.h"
#include "base/status.h"

namespace tidemark::kafka_test {
namespace {

constexpr int kPatienceMs = 60'000;
constexpr int kSliceMs = 500;

using Client = std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)>;
using Topic = std::unique_ptr<rd_kafka_topic_t, decltype(&rd_kafka_topic_destroy)>;
using Settings = std::vector<std::pair<std::string, std::string>>;

absl::StatusOr<Client> Connect(rd_kafka_type_t type, const std::string& brokers,
                               const Settings& settings) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  std::array<char, 512> why{};
  Settings all = {
      {"bootstrap.servers", brokers}, {"reconnect.backoff.max.ms", "1000"}, {"log_level", "0"}};
  all.insert(all.end(), settings.begin(), settings.end());
  for (const auto& [name, value] : all) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) !=
        RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      return absl::InternalError(why.data());
    }
  }
  Client client(rd_kafka_new(type, conf, why.data(), why.size()), rd_kafka_destroy);
  if (client == nullptr) return absl::InternalError(why.data());
  return client;
}

absl::Status Failed(const std::string& what, rd_kafka_resp_err_t error) {
  return absl::InternalError(Cat(what, ": ", rd_kafka_err2str(error)));
}

}  // namespace

absl::Status Cluster::Ping(int timeout_ms) const {
  TM_ASSIGN_OR_RETURN(const Client client, Connect(RD_KAFKA_PRODUCER, brokers_, {}));
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto asked = rd_kafka_metadata(client.get(), 0, nullptr, &metadata, timeout_ms);
  if (asked != RD_KAFKA_RESP_ERR_NO_ERROR) return Failed("the broker does not answer", asked);
  const int brokers = metadata->broker_cnt;
  rd_kafka_metadata_destroy(metadata);
  return brokers > 0 ? absl::OkStatus() : absl::UnavailableError("no broker is there yet");
}

absl::Status Cluster::MakeTopic(const std::string& topic, int partitions) const {
  TM_ASSIGN_OR_RETURN(const Client client, Connect(RD_KAFKA_PRODUCER, brokers_, {}));
  const int64_t until_us = MonotonicMicros() + int64_t{kPatienceMs} * 1'000;
  while (true) {
    std::array<char, 512> why{};
    rd_kafka_NewTopic_t* made =
        rd_kafka_NewTopic_new(topic.c_str(), partitions, 1, why.data(), why.size());
    if (made == nullptr) return absl::InternalError(why.data());
    rd_kafka_queue_t* queue = rd_kafka_queue_new(client.get());
    rd_kafka_CreateTopics(client.get(), &made, 1, nullptr, queue);
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue, kPatienceMs);
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (event != nullptr && (error = rd_kafka_event_error(event)) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      size_t count = 0;
      const auto* result = rd_kafka_event_CreateTopics_result(event);
      error = rd_kafka_topic_result_error(rd_kafka_CreateTopics_result_topics(result, &count)[0]);
    }
    if (event != nullptr) rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(made);
    // A try that was not answered may have made it.
    const bool is_there =
        error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
    if (is_there) return absl::OkStatus();
    if (MonotonicMicros() > until_us) return Failed(Cat("cannot make topic ", topic), error);
    rd_kafka_poll(client.get(), kSliceMs);
  }
}

absl::Status Cluster::Send(const std::string& topic, const std::vector<Message>& messages) const {
  // Idempotent: what is sent again after an error is there once.
  TM_ASSIGN_OR_RETURN(
      const Client client,
      Connect(RD_KAFKA_PRODUCER, brokers_, {{"enable.idempotence", "true"}, {"linger.ms", "5"}}));
  const Topic named(rd_kafka_topic_new(client.get(), topic.c_str(), nullptr),
                    rd_kafka_topic_destroy);
  for (const Message& message : messages) {
    while (rd_kafka_produce(named.get(), message.partition, RD_KAFKA_MSG_F_COPY,
                            const_cast<char*>(message.value.data()), message.value.size(), nullptr,
                            0, nullptr) != 0) {
      const rd_kafka_resp_err_t error = rd_kafka_last_error();
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) return Failed("cannot send", error);
      rd_kafka_poll(client.get(), kSliceMs);
    }
  }
  const rd_kafka_resp_err_t flushed = rd_kafka_flush(client.get(), kPatienceMs);
  return flushed == RD_KAFKA_RESP_ERR_NO_ERROR ? absl::OkStatus() : Failed("cannot send", flushed);
}

absl::StatusOr<std::vector<std::string>> Cluster::ReadAll(const std::string& topic, int partitions,
                                                          Isolation isolation) const {
  const bool committed = isolation == Isolation::kCommitted;
  TM_ASSIGN_OR_RETURN(
      const Client client,
      Connect(RD_KAFKA_CONSUMER, brokers_,
              {{"isolation.level", committed ? "read_committed" : "read_uncommitted"},
               {"enable.partition.eof", "true"},
               {"auto.offset.reset", "error"}}));
  const Topic named(rd_kafka_topic_new(client.get(), topic.c_str(), nullptr),
                    rd_kafka_topic_destroy);
  std::vector<std::string> values;
  const int64_t until_us = MonotonicMicros() + int64_t{kPatienceMs} * 1'000;
  for (int partition = 0; partition < partitions; ++partition) {
    if (rd_kafka_consume_start(named.get(), partition, RD_KAFKA_OFFSET_BEGINNING) != 0) {
      return Failed("cannot read", rd_kafka_last_error());
    }
    bool at_end = false;
    while (!at_end) {
      if (MonotonicMicros() > until_us) return absl::InternalError(Cat(topic, ": has no end"));
      rd_kafka_message_t* message = rd_kafka_consume(named.get(), partition, kSliceMs);
      if (message == nullptr) continue;
      at_end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        values.emplace_back(static_cast<const char*>(message->payload), message->len);
      }
      rd_kafka_message_destroy(message);
    }
    rd_kafka_consume_stop(named.get(), partition);
  }
  return values;
}

}  // namespace tidemark::kafka_test
