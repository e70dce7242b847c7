#include "connectors/kafka/kafka_topic.h"

#include <algorithm>

#include "base/status.h"

namespace tidemark {

std::string WhereIs(const KafkaTopic& topic) {
  return Cat("topic '", topic.topic, "' at ", topic.brokers);
}

absl::Status CheckTopicName(std::string_view topic) {
  constexpr size_t kBytesMax = 249;
  const bool is_plain = std::all_of(topic.begin(), topic.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  if (is_plain && !topic.empty() && topic.size() <= kBytesMax && topic != "." && topic != "..") {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "a topic has a name of letters, digits, '.', '_' and '-', at most 249 of them");
}

}  // namespace tidemark
