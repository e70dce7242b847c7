#include "connectors/kafka/kafka_producer.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/status.h"
#include "connectors/kafka/kafka_consumer.h"

namespace tidemark {
namespace {

constexpr int kPauseMs = 200;    // between tries that fail at once
constexpr int kSliceMs = 1'000;  // of a wait that a stop can end
// Of a call that librdkafka wants to be repeated; each takes a pause at least.
constexpr int kTriesMax = 300;

using PartitionsOwner = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                        decltype(&rd_kafka_topic_partition_list_destroy)>;
using GroupOwner = std::unique_ptr<rd_kafka_consumer_group_metadata_t,
                                   decltype(&rd_kafka_consumer_group_metadata_destroy)>;

PartitionsOwner FirstPartition(const std::string& topic) {
  PartitionsOwner list(rd_kafka_topic_partition_list_new(1), rd_kafka_topic_partition_list_destroy);
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), 0);
  return list;
}

}  // namespace

KafkaProducer::KafkaProducer(KafkaTopic topic, std::string id, KafkaWaiting waiting, int answer_ms)
    : topic_(std::move(topic)),
      id_(std::move(id)),
      waiting_(std::move(waiting)),
      answer_ms_(answer_ms) {}

KafkaProducer::~KafkaProducer() {
  if (produced_ != nullptr) rd_kafka_topic_destroy(produced_);
}

// librdkafka continues in the background after a timeout, and the next call waits for the result.
absl::Status KafkaProducer::InitTransactions() {
  const int64_t begin_us = MonotonicMicros();
  while (true) {
    const absl::Status taken =
        TakeKafkaError(rd_kafka_init_transactions(handle_->get(), std::min(kSliceMs, answer_ms_)),
                       WhereIs(topic_));
    if (!absl::IsUnavailable(taken)) return taken;
    handle_->Serve(kPauseMs);
    const std::string outage = handle_->outage();
    if (waiting_.stop_wanted()) {
      return StoppedWaiting(outage.empty() ? ToStd(taken.message()) : outage);
    }
    if (MonotonicMicros() - begin_us < int64_t{answer_ms_} * 1'000) continue;
    return outage.empty() ? taken : absl::UnavailableError(outage);
  }
}

absl::Status KafkaProducer::Acquire() {
  if (produced_ != nullptr) rd_kafka_topic_destroy(std::exchange(produced_, nullptr));
  handle_.reset();
  is_quiet_ = true;
  TM_ASSIGN_OR_RETURN(handle_,
                      KafkaHandle::New(KafkaHandle::Kind::kProducer, topic_.brokers,
                                       {{"transactional.id", id_},
                                        {"transaction.timeout.ms", std::to_string(kTransactionMs)},
                                        {"linger.ms", "5"}}));
  produced_ = rd_kafka_topic_new(handle_->get(), topic_.topic.c_str(), nullptr);
  return InitTransactions();
}

// A reader of its own: only a consumer can be asked for a group's offsets. It sees those of whole
// transactions alone.
absl::StatusOr<std::optional<KafkaNote>> KafkaProducer::ReadNote() {
  TM_ASSIGN_OR_RETURN(auto reader, KafkaHandle::New(KafkaHandle::Kind::kConsumer, topic_.brokers,
                                                    {{"group.id", id_},
                                                     {"isolation.level", "read_committed"},
                                                     {"enable.auto.commit", "false"}}));
  const KafkaPatience patience{.unheard_ms = answer_ms_, .stop_wanted = waiting_.stop_wanted};
  TM_RETURN_IF_ERROR(Patiently(*reader, patience, [&](int timeout_ms) {
                       return CountKafkaPartitions(*reader, topic_, timeout_ms);
                     }).status());
  return Patiently(
      *reader, patience, [&](int timeout_ms) -> absl::StatusOr<std::optional<KafkaNote>> {
        const PartitionsOwner list = FirstPartition(topic_.topic);
        const auto asked = rd_kafka_committed(reader->get(), list.get(), timeout_ms);
        TM_RETURN_IF_ERROR(KafkaStatus(asked, WhereIs(topic_)));
        const rd_kafka_topic_partition_t& found = list->elems[0];
        TM_RETURN_IF_ERROR(KafkaStatus(found.err, WhereIs(topic_)));
        if (found.offset < 0) return std::optional<KafkaNote>();
        auto note = ParseNote(
            std::string_view(static_cast<const char*>(found.metadata), found.metadata_size));
        if (!note.ok()) return Annotate(note.status(), WhereIs(topic_));
        return std::optional<KafkaNote>(*std::move(note));
      });
}

void KafkaProducer::SayOutage() {
  const std::string outage = handle_->outage();
  if (is_quiet_ || outage.empty() || !waiting_.say) return;
  is_quiet_ = true;
  waiting_.say(outage + "; waiting");
}

absl::Status KafkaProducer::Retry(const std::function<rd_kafka_error_s*()>& f) {
  for (int tries = 1;; ++tries) {
    rd_kafka_error_t* const error = f();
    if (error == nullptr) return absl::OkStatus();
    const bool again = rd_kafka_error_is_retriable(error) != 0 &&
                       rd_kafka_error_txn_requires_abort(error) == 0 &&
                       rd_kafka_error_is_fatal(error) == 0;
    const absl::Status status = TakeKafkaError(error, WhereIs(topic_));
    if (!again || tries == kTriesMax) return status;
    handle_->Serve(kPauseMs);
    SayOutage();
  }
}

absl::Status KafkaProducer::Produce(std::string_view value) {
  while (true) {
    // The value is not changed: with F_COPY it is only read.
    const int refused =
        rd_kafka_produce(produced_, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                         const_cast<char*>(value.data()), value.size(), nullptr, 0, nullptr);
    if (refused == 0) return absl::OkStatus();
    const rd_kafka_resp_err_t error = rd_kafka_last_error();
    // Room comes as messages are delivered, or time out with the transaction.
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) return KafkaStatus(error, WhereIs(topic_));
    handle_->Serve(kPauseMs);
    SayOutage();
  }
}

absl::Status KafkaProducer::SendNote(const KafkaNote& note) {
  const PartitionsOwner list = FirstPartition(topic_.topic);
  list->elems[0].offset = note.epoch;
  const std::string text = NoteText(note);
  // The list's owner frees it.
  list->elems[0].metadata = rd_kafka_mem_malloc(handle_->get(), text.size());
  list->elems[0].metadata_size = text.size();
  text.copy(static_cast<char*>(list->elems[0].metadata), text.size());
  const GroupOwner group(rd_kafka_consumer_group_metadata_new(id_.c_str()),
                         rd_kafka_consumer_group_metadata_destroy);
  return Retry([&] {
    return rd_kafka_send_offsets_to_transaction(handle_->get(), list.get(), group.get(),
                                                answer_ms_);
  });
}

absl::Status KafkaProducer::Write(const Messages& messages, const KafkaNote& note) {
  // A connection that was idle may have been closed meanwhile, which is not an outage.
  handle_->Serve(0);
  handle_->Heard();
  is_quiet_ = false;
  TM_RETURN_IF_ERROR(TakeKafkaError(rd_kafka_begin_transaction(handle_->get()), WhereIs(topic_)));
  TM_RETURN_IF_ERROR(messages([this](std::string_view value) { return Produce(value); }));
  TM_RETURN_IF_ERROR(SendNote(note));
  // The transaction's own time is the limit, as librdkafka wants it.
  TM_RETURN_IF_ERROR(Retry([this] { return rd_kafka_commit_transaction(handle_->get(), -1); }));
  is_quiet_ = true;
  return absl::OkStatus();
}

}  // namespace tidemark
