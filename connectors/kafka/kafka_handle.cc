#include "connectors/kafka/kafka_handle.h"

#include <librdkafka/rdkafka.h>

#include <array>

#include "base/status.h"

namespace tidemark {

// What librdkafka calls back, from within Serve() or a blocking call.
struct KafkaCallbacks {
  static void OnError(rd_kafka_t*, int code, const char* reason, void* opaque) {
    static_cast<KafkaHandle*>(opaque)->OnError(code, reason == nullptr ? "" : reason);
  }
  // Its log would go to standard error line by line; what matters comes as errors.
  static void OnLog(const rd_kafka_t*, int, const char*, const char*) {}
};

namespace {

// What waiting does not mend: rights, settings, and rows that no broker takes.
absl::StatusCode CodeOf(int code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
      return absl::StatusCode::kFailedPrecondition;
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      return absl::StatusCode::kInternal;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

using ConfOwner = std::unique_ptr<rd_kafka_conf_t, decltype(&rd_kafka_conf_destroy)>;

absl::Status Configure(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  std::array<char, 512> why{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) ==
      RD_KAFKA_CONF_OK) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(Cat("kafka: ", why.data()));
}

}  // namespace

KafkaHandle::KafkaHandle(const std::string& brokers) : where_(Cat("kafka at ", brokers)) {}

absl::StatusOr<std::unique_ptr<KafkaHandle>> KafkaHandle::New(Kind kind, const std::string& brokers,
                                                              const Settings& settings) {
  ConfOwner conf(rd_kafka_conf_new(), rd_kafka_conf_destroy);
  TM_RETURN_IF_ERROR(Configure(conf.get(), "bootstrap.servers", brokers));
  TM_RETURN_IF_ERROR(Configure(conf.get(), "client.id", "tidemark"));
  // The default is ten seconds, which a job would stand still after its broker is back.
  TM_RETURN_IF_ERROR(Configure(conf.get(), "reconnect.backoff.max.ms", "1000"));
  for (const auto& [name, value] : settings) {
    TM_RETURN_IF_ERROR(Configure(conf.get(), name, value));
  }
  std::unique_ptr<KafkaHandle> handle(new KafkaHandle(brokers));
  rd_kafka_conf_set_opaque(conf.get(), handle.get());
  rd_kafka_conf_set_error_cb(conf.get(), KafkaCallbacks::OnError);
  rd_kafka_conf_set_log_cb(conf.get(), KafkaCallbacks::OnLog);
  std::array<char, 512> why{};
  const rd_kafka_type_t type = kind == Kind::kConsumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER;
  handle->client_ = rd_kafka_new(type, conf.get(), why.data(), why.size());
  if (handle->client_ == nullptr) {
    return absl::InvalidArgumentError(Cat(handle->where_, ": ", why.data()));
  }
  static_cast<void>(conf.release());  // the client's now
  return handle;
}

KafkaHandle::~KafkaHandle() {
  if (client_ == nullptr) return;
  // What is still queued belongs to a transaction that was given up.
  if (rd_kafka_type(client_) == RD_KAFKA_PRODUCER) {
    rd_kafka_purge(client_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  }
  rd_kafka_destroy(client_);
}

void KafkaHandle::Serve(int timeout_ms) { rd_kafka_poll(client_, timeout_ms); }

std::string KafkaHandle::outage() const {
  absl::MutexLock lock(&mutex_);
  if (!is_away_) return "";
  return Cat(where_, ": no broker answers", trouble_.empty() ? "" : Cat(" (", trouble_, ")"));
}

void KafkaHandle::Heard() {
  absl::MutexLock lock(&mutex_);
  is_away_ = false;
}

void KafkaHandle::OnError(int code, std::string_view reason) {
  absl::MutexLock lock(&mutex_);
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    is_away_ = true;
  } else {
    trouble_.assign(reason);
  }
}

absl::Status KafkaStatus(int code, std::string_view where, std::string_view text) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  const char* words = rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(code));
  return Error(CodeOf(code), Cat(where, ": ", text.empty() ? std::string_view(words) : text));
}

absl::Status StoppedWaiting(std::string_view why) {
  return absl::CancelledError(Cat(why, "; a stop was requested"));
}

absl::Status TakeKafkaError(rd_kafka_error_s* error, std::string_view where) {
  if (error == nullptr) return absl::OkStatus();
  const absl::Status status =
      KafkaStatus(rd_kafka_error_code(error), where, rd_kafka_error_string(error));
  rd_kafka_error_destroy(error);
  return status;
}

}  // namespace tidemark
