// Shared by the Kafka tests: librdkafka's cluster in memory, and a wait with a deadline.
#pragma once

// clang-format off
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>  // which needs the one above
// clang-format on

#include <gtest/gtest.h>
#include <poll.h>

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "connectors/kafka/kafka_topic.h"

namespace tidemark {

// Brokers that are threads of this process. They accept transactions, but do not hide the messages
// of an aborted one.
class MockKafka {
 public:
  explicit MockKafka(int brokers = 1) {
    char why[512];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "client.id", "mock", why, sizeof why);
    client_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    cluster_ = rd_kafka_mock_cluster_new(client_, brokers);
    rd_kafka_conf_t* sender = rd_kafka_conf_new();
    rd_kafka_conf_set(sender, "bootstrap.servers", brokers_address().c_str(), why, sizeof why);
    sender_ = rd_kafka_new(RD_KAFKA_PRODUCER, sender, why, sizeof why);
  }
  ~MockKafka() {
    rd_kafka_destroy(sender_);
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(client_);
  }
  MockKafka(const MockKafka&) = delete;
  MockKafka& operator=(const MockKafka&) = delete;

  std::string brokers_address() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  KafkaTopic Topic(const std::string& topic) const {
    return {.brokers = brokers_address(), .topic = topic};
  }
  void MakeTopic(const std::string& topic, int partitions) {
    ASSERT_EQ(rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1),
              RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  // A null value is a tombstone.
  void Send(const std::string& topic, int partition, const char* value) {
    rd_kafka_topic_t* named = rd_kafka_topic_new(sender_, topic.c_str(), nullptr);
    const std::string text = value == nullptr ? "" : value;
    ASSERT_EQ(rd_kafka_produce(named, partition, RD_KAFKA_MSG_F_COPY,
                               value == nullptr ? nullptr : const_cast<char*>(text.data()),
                               text.size(), nullptr, 0, nullptr),
              0);
    ASSERT_EQ(rd_kafka_flush(sender_, 30'000), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_destroy(named);
  }
  void SetBroker(bool up) {
    ASSERT_EQ(
        up ? rd_kafka_mock_broker_set_up(cluster_, 1) : rd_kafka_mock_broker_set_down(cluster_, 1),
        RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  rd_kafka_mock_cluster_t* cluster() { return cluster_; }

 private:
  rd_kafka_t* client_ = nullptr;
  rd_kafka_t* sender_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

// Returns true if `done` came true within half a minute; between checks it waits for `fd`, if any.
inline bool Eventually(const std::function<bool()>& done, int fd = -1) {
  constexpr int64_t kPatienceUs = 30'000'000;
  const int64_t until_us = MonotonicMicros() + kPatienceUs;
  while (!done()) {
    if (MonotonicMicros() > until_us) return false;
    pollfd ask{.fd = fd, .events = POLLIN, .revents = 0};
    poll(&ask, 1, 20);
  }
  return true;
}

}  // namespace tidemark
