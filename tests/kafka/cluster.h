// Cluster: what the driver itself does with Kafka: makes topics, sends rows, reads what is there.
// Nothing of it is shared with the connector that is tested.
//
// Every call waits for a broker that is on its way, for up to a minute. Used by one thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tidemark::kafka_test {

class Cluster {
 public:
  explicit Cluster(std::string brokers) : brokers_(std::move(brokers)) {}

  // OK when a broker answers within `timeout_ms`.
  absl::Status Ping(int timeout_ms) const;
  absl::Status MakeTopic(const std::string& topic, int partitions) const;

  struct Message {
    int partition = 0;
    std::string value;
  };
  // In their order, each once.
  absl::Status Send(const std::string& topic, const std::vector<Message>& messages) const;

  // All there is, partition by partition.
  enum class Isolation { kCommitted, kUncommitted };
  absl::StatusOr<std::vector<std::string>> ReadAll(const std::string& topic, int partitions,
                                                   Isolation isolation) const;

 private:
  const std::string brokers_;
};

}  // namespace tidemark::kafka_test
