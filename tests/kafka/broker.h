// Broker: one Kafka node on 127.0.0.1, as a child that dies with this process.
//
//   Broker broker({.java = "/usr/bin/java", .jars = "~/.cache/…/lib", .directory = "/tmp/kafka"});
//   TM_RETURN_IF_ERROR(broker.Format());
//   TM_RETURN_IF_ERROR(broker.Start());
//   broker.Kill();                // SIGKILL; what it wrote stays, and Start() goes on in it
//
// Used by one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/support/child_process.h"

namespace tidemark::kafka_test {

struct BrokerOptions {
  std::string java;       // the program
  std::string jars;       // a folder with Kafka's jars
  std::string directory;  // for its settings and its data
};

class Broker {
 public:
  explicit Broker(BrokerOptions options) : options_(std::move(options)) {}

  // Takes free ports and makes an empty store.
  absl::Status Format();
  // Returns when it answers.
  absl::Status Start();
  void Kill();
  const std::string& address() const { return address_; }

 private:
  std::vector<std::string> Command(const std::vector<std::string>& words) const;

  const BrokerOptions options_;
  std::string address_;
  std::unique_ptr<ChildProcess> child_;
};

// The words in front of a command that let it die with this process.
std::vector<std::string> DiesWithParent(const std::vector<std::string>& command);

}  // namespace tidemark::kafka_test
