// KafkaConsumer: reads the partitions of one topic, each from a given offset, without a consumer
// group: a job keeps its offsets in its own commit.
//
//   TM_ASSIGN_OR_RETURN(auto consumer, KafkaConsumer::New({.brokers = "…", .topic = "events"}));
//   TM_ASSIGN_OR_RETURN(auto reader, KafkaConsumer::Start(consumer, 0, 17));
//   TM_ASSIGN_OR_RETURN(const KafkaRecord record, reader->Next());
//
// Only committed messages are read (isolation.level=read_committed). An offset that no longer
// exists is an error, never a jump to another one.
//
// Thread rule: a consumer is safe from any thread, a reader is used by one.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "connectors/kafka/kafka_handle.h"
#include "connectors/kafka/kafka_topic.h"

struct rd_kafka_message_s;
struct rd_kafka_queue_s;
struct rd_kafka_topic_s;

namespace tidemark {

// The number of partitions. NotFound if there is no such topic; it is not created.
absl::StatusOr<int> CountKafkaPartitions(KafkaHandle& handle, const KafkaTopic& topic,
                                         int timeout_ms);

// The offsets that a partition has: `begin` is the first one, `end` is one past the last.
struct KafkaRange {
  int64_t begin = 0;
  int64_t end = 0;
};

struct KafkaRecord {
  enum class Kind {
    kMessage,
    kNothing,  // none is here now; ready_fd() becomes readable when that changes
    kEnd,      // all has been read up to `offset`, for now
  };
  Kind kind = Kind::kNothing;
  int64_t offset = 0;
  bool has_value = false;  // a message without one is a tombstone
  std::string_view value = {};
};

class KafkaReader;

class KafkaConsumer {
 public:
  static absl::StatusOr<std::shared_ptr<KafkaConsumer>> New(const KafkaTopic& topic);
  ~KafkaConsumer();

  absl::StatusOr<int> CountPartitions(const KafkaPatience& patience);
  absl::StatusOr<KafkaRange> Range(int partition, const KafkaPatience& patience);
  // At most once per partition. The reader keeps the consumer.
  static absl::StatusOr<std::unique_ptr<KafkaReader>> Start(std::shared_ptr<KafkaConsumer> consumer,
                                                            int partition, int64_t offset);
  // Returns true if no broker answers, as far as is known.
  bool IsAway() const { return !handle_->outage().empty(); }
  // The reason, once per outage; empty if a broker answers, and after the first call in an outage.
  std::string NewOutage();
  // Returns true once after each outage that NewOutage() has reported, when a broker answers again.
  bool IsNewlyBack();
  const std::string& where() const { return handle_->where(); }

 private:
  friend class KafkaReader;
  KafkaConsumer(const KafkaTopic& topic, std::unique_ptr<KafkaHandle> handle);

  const KafkaTopic topic_;
  const std::unique_ptr<KafkaHandle> handle_;
  rd_kafka_topic_s* started_ = nullptr;  // the topic, as readers have it
  bool is_watched_ = false;              // a reader's descriptor also signals the consumer's events
  std::atomic<bool> outage_told_{false};
};

// One partition.
class KafkaReader {
 public:
  ~KafkaReader();
  KafkaReader(const KafkaReader&) = delete;
  KafkaReader& operator=(const KafkaReader&) = delete;

  // Never waits. `value` is valid until the next call. DataLoss if the next offset no longer
  // exists; an error is final.
  absl::StatusOr<KafkaRecord> Next();
  // Becomes readable when Next() has something; reading it is Next()'s business.
  int ready_fd() const { return ready_fd_; }
  // Seeks to `next`, the current offset, so that the end, if it is there, is reported again.
  void TellEndAgain(int64_t next);
  // The offset up to which messages are known to exist; -1 if it is not known yet.
  int64_t KnownEnd() const;
  KafkaConsumer& consumer() { return *consumer_; }

 private:
  static constexpr size_t kBatchMax = 64;  // messages taken from librdkafka at once

  KafkaReader(std::shared_ptr<KafkaConsumer> consumer, int partition);
  // False: there are none.
  bool Take();
  void Release();

  const std::shared_ptr<KafkaConsumer> consumer_;
  const int partition_;
  int ready_fd_ = -1;
  rd_kafka_queue_s* queue_ = nullptr;
  bool watches_consumer_ = false;
  std::vector<rd_kafka_message_s*> taken_;
  size_t next_ = 0;  // of taken_; the one before it was given
  friend class KafkaConsumer;
};

}  // namespace tidemark
