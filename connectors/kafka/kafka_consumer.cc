#include "connectors/kafka/kafka_consumer.h"

#include <librdkafka/rdkafka.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/status.h"

namespace tidemark {
namespace {

using TopicOwner = std::unique_ptr<rd_kafka_topic_t, decltype(&rd_kafka_topic_destroy)>;

KafkaHandle::Settings ConsumerSettings() {
  return {
      {"isolation.level", "read_committed"},
      // An offset that is gone is said and never jumped over.
      {"auto.offset.reset", "error"},
      {"enable.partition.eof", "true"},
      {"enable.auto.commit", "false"},
      {"allow.auto.create.topics", "false"},
      // Read ahead per partition, besides the job's --memory.
      {"queued.max.messages.kbytes", "8192"},
      {"fetch.message.max.bytes", "1048576"},
  };
}

absl::Status Unknown(const KafkaTopic& topic) {
  return absl::FailedPreconditionError(
      Cat(WhereIs(topic), ": there is no such topic; make it, or correct its name in the job"));
}

}  // namespace

absl::StatusOr<int> CountKafkaPartitions(KafkaHandle& handle, const KafkaTopic& topic,
                                         int timeout_ms) {
  const TopicOwner named(rd_kafka_topic_new(handle.get(), topic.topic.c_str(), nullptr),
                         rd_kafka_topic_destroy);
  const rd_kafka_metadata_t* metadata = nullptr;
  handle.Serve(0);
  const auto asked = rd_kafka_metadata(handle.get(), 0, named.get(), &metadata, timeout_ms);
  if (asked != RD_KAFKA_RESP_ERR_NO_ERROR) {
    handle.Serve(0);
    const std::string outage = handle.outage();
    return outage.empty() ? KafkaStatus(asked, handle.where()) : absl::UnavailableError(outage);
  }
  const std::unique_ptr<const rd_kafka_metadata_t, decltype(&rd_kafka_metadata_destroy)> owner(
      metadata, rd_kafka_metadata_destroy);
  if (metadata->topic_cnt != 1) return KafkaStatus(RD_KAFKA_RESP_ERR__FAIL, WhereIs(topic));
  const rd_kafka_metadata_topic& found = metadata->topics[0];
  if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return Unknown(topic);
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaStatus(found.err, WhereIs(topic));
  return found.partition_cnt;
}

// ---- the consumer ----------------------------------------

KafkaConsumer::KafkaConsumer(const KafkaTopic& topic, std::unique_ptr<KafkaHandle> handle)
    : topic_(topic), handle_(std::move(handle)) {}

absl::StatusOr<std::shared_ptr<KafkaConsumer>> KafkaConsumer::New(const KafkaTopic& topic) {
  TM_ASSIGN_OR_RETURN(auto handle, KafkaHandle::New(KafkaHandle::Kind::kConsumer, topic.brokers,
                                                    ConsumerSettings()));
  return std::shared_ptr<KafkaConsumer>(new KafkaConsumer(topic, std::move(handle)));
}

KafkaConsumer::~KafkaConsumer() {
  if (started_ != nullptr) rd_kafka_topic_destroy(started_);
}

absl::StatusOr<int> KafkaConsumer::CountPartitions(const KafkaPatience& patience) {
  return Patiently(*handle_, patience, [&](int timeout_ms) {
    return CountKafkaPartitions(*handle_, topic_, timeout_ms);
  });
}

absl::StatusOr<KafkaRange> KafkaConsumer::Range(int partition, const KafkaPatience& patience) {
  return Patiently(*handle_, patience, [&](int timeout_ms) -> absl::StatusOr<KafkaRange> {
    KafkaRange range;
    const auto asked = rd_kafka_query_watermark_offsets(
        handle_->get(), topic_.topic.c_str(), partition, &range.begin, &range.end, timeout_ms);
    TM_RETURN_IF_ERROR(KafkaStatus(asked, WhereIs(topic_)));
    return range;
  });
}

absl::StatusOr<std::unique_ptr<KafkaReader>> KafkaConsumer::Start(
    std::shared_ptr<KafkaConsumer> consumer, int partition, int64_t offset) {
  KafkaConsumer& self = *consumer;
  if (self.started_ == nullptr) {
    self.started_ = rd_kafka_topic_new(self.handle_->get(), self.topic_.topic.c_str(), nullptr);
  }
  std::unique_ptr<KafkaReader> reader(new KafkaReader(std::move(consumer), partition));
  reader->ready_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (reader->ready_fd_ < 0) {
    return absl::ResourceExhaustedError(
        Cat(WhereIs(self.topic_), ": no descriptor for a partition; allow more of them (ulimit ",
            "-n)"));
  }
  reader->queue_ = rd_kafka_queue_new(self.handle_->get());
  const uint64_t one = 1;  // what an eventfd takes
  rd_kafka_queue_io_event_enable(reader->queue_, reader->ready_fd_, &one, sizeof one);
  // News of the connection come by a queue of their own, which any one reader may watch.
  if (!std::exchange(self.is_watched_, true)) {
    reader->watches_consumer_ = true;
    rd_kafka_queue_t* main = rd_kafka_queue_get_main(self.handle_->get());
    rd_kafka_queue_io_event_enable(main, reader->ready_fd_, &one, sizeof one);
    rd_kafka_queue_destroy(main);
  }
  if (rd_kafka_consume_start_queue(self.started_, partition, offset, reader->queue_) != 0) {
    return KafkaStatus(rd_kafka_last_error(), WhereIs(self.topic_));
  }
  return reader;
}

std::string KafkaConsumer::NewOutage() {
  const std::string outage = handle_->outage();
  return outage.empty() || outage_told_.exchange(true) ? "" : outage;
}

bool KafkaConsumer::IsNewlyBack() { return !IsAway() && outage_told_.exchange(false); }

// ---- one partition ----------------------------------------

KafkaReader::KafkaReader(std::shared_ptr<KafkaConsumer> consumer, int partition)
    : consumer_(std::move(consumer)), partition_(partition) {}

KafkaReader::~KafkaReader() {
  Release();
  if (queue_ != nullptr) {
    rd_kafka_queue_io_event_enable(queue_, -1, nullptr, 0);
    rd_kafka_consume_stop(consumer_->started_, partition_);
    rd_kafka_queue_destroy(queue_);
  }
  if (watches_consumer_) {
    rd_kafka_queue_t* main = rd_kafka_queue_get_main(consumer_->handle_->get());
    rd_kafka_queue_io_event_enable(main, -1, nullptr, 0);
    rd_kafka_queue_destroy(main);
  }
  if (ready_fd_ >= 0) close(ready_fd_);
}

void KafkaReader::Release() {
  for (rd_kafka_message_t* message : taken_) rd_kafka_message_destroy(message);
  taken_.clear();
  next_ = 0;
}

bool KafkaReader::Take() {
  Release();
  taken_.resize(kBatchMax);
  const ssize_t count = rd_kafka_consume_batch_queue(queue_, 0, taken_.data(), taken_.size());
  taken_.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return count > 0;
}

absl::StatusOr<KafkaRecord> KafkaReader::Next() {
  if (next_ == taken_.size() && !Take()) {
    // What comes between this and the second look makes the descriptor readable again.
    uint64_t events = 0;
    [[maybe_unused]] const ssize_t drained = read(ready_fd_, &events, sizeof events);
    if (watches_consumer_) consumer_->handle_->Serve(0);
    if (!Take()) return KafkaRecord();
  }
  const rd_kafka_message_t& message = *taken_[next_++];
  const std::string where =
      message.err == RD_KAFKA_RESP_ERR_NO_ERROR
          ? std::string()
          : Cat(consumer_->topic_.topic, "/", partition_, " at ", consumer_->topic_.brokers);
  switch (message.err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      consumer_->handle_->Heard();
      return KafkaRecord{
          .kind = KafkaRecord::Kind::kMessage,
          .offset = message.offset,
          .has_value = message.payload != nullptr,
          .value = std::string_view(static_cast<const char*>(message.payload), message.len)};
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      consumer_->handle_->Heard();
      return KafkaRecord{.kind = KafkaRecord::Kind::kEnd, .offset = message.offset};
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      return absl::DataLossError(
          Cat(where, ": the next message is not there any more: retention removed it before it ",
              "was read, or the topic was created again"));
    default: {
      absl::Status status = KafkaStatus(message.err, where, rd_kafka_message_errstr(&message));
      // librdkafka goes on trying.
      if (absl::IsUnavailable(status)) return KafkaRecord();
      return status;
    }
  }
}

void KafkaReader::TellEndAgain(int64_t next) {
  // Without a timeout it only asks for it. If that fails, the next message tells as well.
  rd_kafka_seek(consumer_->started_, partition_, next, 0);
}

int64_t KafkaReader::KnownEnd() const {
  int64_t begin = 0, end = -1;
  const auto asked = rd_kafka_get_watermark_offsets(
      consumer_->handle_->get(), consumer_->topic_.topic.c_str(), partition_, &begin, &end);
  return asked == RD_KAFKA_RESP_ERR_NO_ERROR && end >= 0 ? end : -1;
}

}  // namespace tidemark
