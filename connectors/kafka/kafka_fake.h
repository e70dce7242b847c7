// FakeTopic: a topic in memory, written through a KafkaWriter that fails where a test wants it to.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "connectors/kafka/kafka_output.h"
#include "connectors/kafka/kafka_writer.h"

namespace tidemark {

class FakeTopic {
 public:
  // The outcomes of the next calls of Write(), in this order; after them, all calls succeed.
  enum class Fate {
    kHappens,
    kIsUndone,   // a transient error; nothing was written
    kIsInDoubt,  // a transient error, although the transaction happened
    kIsRefused,  // a permanent error
    kIsFenced,   // another writer got the transactions
  };
  std::vector<Fate> fates;
  int acquires_that_fail = 0;  // with a transient error
  // Called within a write that is fenced: does what the other writer does.
  std::function<void()> other = [] {};

  std::vector<std::string> messages;  // of transactions that happened
  std::optional<KafkaNote> note;
  int acquired = 0;
  int reads = 0;
  bool is_away = false;  // no broker answers ReadNote()

  KafkaWriterMaker Maker() {
    return [this](const KafkaTopic&, const std::string& id, KafkaWaiting) {
      last_id = id;
      return std::make_unique<Writer>(*this);
    };
  }
  std::string last_id;

 private:
  class Writer final : public KafkaWriter {
   public:
    explicit Writer(FakeTopic& topic) : topic_(topic) {}

    absl::Status Acquire() override {
      if (topic_.acquires_that_fail > 0) {
        --topic_.acquires_that_fail;
        return absl::UnavailableError("kafka at nowhere: no broker answers");
      }
      mine_ = ++topic_.acquired;
      return absl::OkStatus();
    }
    absl::StatusOr<std::optional<KafkaNote>> ReadNote() override {
      ++topic_.reads;
      if (topic_.is_away) return absl::UnavailableError("kafka at nowhere: no broker answers");
      return topic_.note;
    }
    absl::Status Write(const Messages& messages, const KafkaNote& note) override {
      std::vector<std::string> values;
      const absl::Status read = messages([&](std::string_view value) {
        values.emplace_back(value);
        return absl::OkStatus();
      });
      if (!read.ok()) return read;
      Fate fate = Fate::kHappens;
      if (!topic_.fates.empty()) {
        fate = topic_.fates.front();
        topic_.fates.erase(topic_.fates.begin());
      }
      if (fate == Fate::kIsFenced) topic_.other();
      if (mine_ != topic_.acquired) return absl::UnavailableError("fenced");
      if (fate == Fate::kIsRefused) return absl::FailedPreconditionError("no right to write");
      if (fate == Fate::kIsUndone) return absl::UnavailableError("timed out");
      topic_.messages.insert(topic_.messages.end(), values.begin(), values.end());
      topic_.note = note;
      if (fate == Fate::kIsInDoubt) return absl::UnavailableError("timed out");
      return absl::OkStatus();
    }

   private:
    FakeTopic& topic_;
    int mine_ = 0;
  };
};

}  // namespace tidemark
