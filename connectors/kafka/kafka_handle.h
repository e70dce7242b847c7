// KafkaHandle: a client of a Kafka cluster, consumer or producer, and what its errors mean.
//
// librdkafka reconnects by itself and forever, so an unreachable broker is not an error of any
// call but a state: outage() has the reason while no broker answers. Most of the errors that calls
// do return are transient; KafkaStatus() makes those Unavailable, and the caller tries again. An
// error that a person has to fix has another code.
//
//   TM_ASSIGN_OR_RETURN(auto handle, KafkaHandle::New(KafkaHandle::Kind::kConsumer, brokers, {}));
//   const auto partitions = Patiently(*handle, patience, [&](int timeout_ms) {
//     return CountPartitions(*handle, "events", timeout_ms);
//   });
//
// Thread rule: safe from any thread, except for construction and destruction.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/status.h"

// Types of librdkafka, whose own header is not included here.
struct rd_kafka_s;
struct rd_kafka_error_s;

namespace tidemark {

// How long a start waits for brokers that do not answer.
struct KafkaPatience {
  // The limit if `say` is empty, as for `explain`; otherwise there is none.
  int unheard_ms = 10'000;
  // Receives a line when an outage begins, and one when it is over; may be empty.
  std::function<void(const std::string&)> say = {};
  // True ends the wait with Cancelled.
  std::function<bool()> stop_wanted = [] { return false; };

  bool is_endless() const { return say != nullptr; }
};

// "…; a stop was requested"
absl::Status StoppedWaiting(std::string_view why);

class KafkaHandle {
 public:
  enum class Kind { kConsumer, kProducer };
  using Settings = std::vector<std::pair<std::string, std::string>>;

  // Connects in the background; InvalidArgument if a setting is refused.
  static absl::StatusOr<std::unique_ptr<KafkaHandle>> New(Kind kind, const std::string& brokers,
                                                          const Settings& settings);
  ~KafkaHandle();
  KafkaHandle(const KafkaHandle&) = delete;
  KafkaHandle& operator=(const KafkaHandle&) = delete;

  rd_kafka_s* get() const { return client_; }
  // "kafka at 127.0.0.1:9092"
  const std::string& where() const { return where_; }

  // Handles the client's pending events; waits up to `timeout_ms` for one.
  void Serve(int timeout_ms);
  // Why no broker answers, as of the last Serve(); empty if one does, as far as is known.
  std::string outage() const;
  // Notes that a broker has answered.
  void Heard();

 private:
  explicit KafkaHandle(const std::string& brokers);
  friend struct KafkaCallbacks;
  void OnError(int code, std::string_view reason);

  const std::string where_;
  rd_kafka_s* client_ = nullptr;
  mutable absl::Mutex mutex_;
  std::string trouble_ ABSL_GUARDED_BY(mutex_);  // the last error of a connection
  bool is_away_ ABSL_GUARDED_BY(mutex_) = false;
};

// An error code of librdkafka as a status; Unavailable if it is transient. `text`, unless empty,
// replaces librdkafka's description of the code.
absl::Status KafkaStatus(int code, std::string_view where, std::string_view text = {});
// Takes ownership of `error`; OK if it is null.
absl::Status TakeKafkaError(rd_kafka_error_s* error, std::string_view where);

// Calls `f(timeout_ms)` until it returns something other than Unavailable, or patience ends, or a
// stop is requested, which is noticed within about a second. The waits are for a network, so they
// are measured by the machine's own monotonic clock.
template <class F>
auto Patiently(KafkaHandle& handle, const KafkaPatience& patience, F f) -> decltype(f(0)) {
  constexpr int kSliceMs = 1'000, kPauseMs = 200;
  const int64_t begin_us = MonotonicMicros();
  bool said = false;
  while (true) {
    const int64_t spent_ms = (MonotonicMicros() - begin_us) / 1'000;
    const int64_t rest_ms = patience.unheard_ms - spent_ms;
    auto result = f(patience.is_endless() || rest_ms > kSliceMs ? kSliceMs
                    : rest_ms > 1                               ? static_cast<int>(rest_ms)
                                                                : 1);
    absl::Status status;
    if constexpr (std::is_same_v<decltype(result), absl::Status>) {
      status = result;
    } else {
      status = result.status();
    }
    if (!absl::IsUnavailable(status)) {
      handle.Heard();
      if (said && status.ok()) patience.say(handle.where() + ": answers again");
      return result;
    }
    if (patience.stop_wanted()) return StoppedWaiting(ToStd(status.message()));
    if (!patience.is_endless() && spent_ms >= patience.unheard_ms) return result;
    handle.Serve(kPauseMs);
    if (patience.is_endless() && !said && spent_ms > kSliceMs) {
      patience.say(std::string(status.message()) + "; waiting");
      said = true;
    }
  }
}

}  // namespace tidemark
