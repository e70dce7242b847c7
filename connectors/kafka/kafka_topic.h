// KafkaTopic: the name of a topic, and how its cluster is reached.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tidemark {

struct KafkaTopic {
  std::string brokers;  // "host:9092,other:9092", for the first contact
  std::string topic;
};

// "topic 'events' at 127.0.0.1:9092"
std::string WhereIs(const KafkaTopic& topic);

// The error says what is wrong with a topic's name.
absl::Status CheckTopicName(std::string_view topic);

}  // namespace tidemark
