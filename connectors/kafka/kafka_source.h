// KafkaMessages: a Kafka topic as a source, one item per message.
//
//   flow.From("events", KafkaMessages<JsonRow>({.topic = {.brokers = "127.0.0.1:9092",
//                                                         .topic = "events"}},
//                                              JsonLineDecoder()));
//
// Each partition of the topic is one of the source, called "events/0"; those that are added later
// are found at the next start. A position is the offset of the next message and is part of the
// job's own commit: no consumer group is used, and nothing is committed to Kafka. A job without a
// position begins at the earliest message.
//
// A crash neither loses nor repeats a message: a run continues after the last message that its
// commit covers, so each is taken exactly once.
//
// An offset that no longer exists, because retention removed it or because the topic was recreated,
// is an error that says so; with `accept_changed` a start continues at the earliest message there
// is. While no broker answers, the job says so and waits, also when it starts. An unknown topic is
// an error at the start.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "base/status.h"
#include "connectors/kafka/kafka_consumer.h"
#include "connectors/kafka/kafka_handle.h"
#include "connectors/kafka/kafka_topic.h"
#include "connectors/rows/lines.h"
#include "tidemark/source.h"

namespace tidemark {

struct KafkaSourceOptions {
  KafkaTopic topic;
  OnError on_error = OnError::kStop;
  // The end of a partition, as it is when it is reached, is the end of the input, as with a file.
  // Otherwise a topic has no end.
  bool stop_at_end = false;
  // Continues at the earliest message if the next one no longer exists.
  bool accept_changed = false;
  // How long a look from outside (`explain`) waits for brokers.
  int unheard_ms = KafkaPatience().unheard_ms;
};

// The offset at which a partition is begun.
struct KafkaStart {
  int64_t offset = 0;
  std::string note = {};  // a remark for the user; usually empty
};
// A pure function of the position, if any, and of the offsets that the partition has. `partition`
// is for messages.
absl::StatusOr<KafkaStart> PlanKafkaStart(const std::string& partition,
                                          const std::optional<Position>& resume,
                                          const KafkaRange& range, bool accept_changed);

template <class T>
class KafkaSourcePartition final : public SourcePartition<T> {
 public:
  // A poll ends after the message that reaches this many bytes.
  static constexpr size_t kPollBytesMax = 1 << 20;

  struct Setup {
    std::string partition;
    int64_t offset = 0;
    bool stop_at_end = false;
    std::function<void(const std::string&)> say = {};
  };
  KafkaSourcePartition(std::unique_ptr<KafkaReader> reader, Setup setup, BadLines bad_lines,
                       LineDecoder<T> decode)
      : reader_(std::move(reader)),
        setup_(std::move(setup)),
        bad_lines_(std::move(bad_lines)),
        decode_(std::move(decode)),
        path_(std::make_shared<const std::string>(setup_.partition)),
        next_(setup_.offset) {}

  absl::StatusOr<PollResult> Poll(size_t max, Timestamp, std::vector<T>& out) override {
    if (ended_) return PollResult::AtEnd();
    const size_t before = out.size();
    size_t bytes = 0;
    while (out.size() - before < max && bytes < kPollBytesMax) {
      TM_ASSIGN_OR_RETURN(const KafkaRecord record, reader_->Next());
      if (record.kind == KafkaRecord::Kind::kNothing) return Nothing();
      at_end_ = record.kind == KafkaRecord::Kind::kEnd;
      if (std::exchange(is_unknown_, false)) SayBack();
      if (at_end_) {
        // Markers of transactions also have offsets.
        next_ = std::max(next_, record.offset);
        ended_ = setup_.stop_at_end;
        if (!ended_) continue;
        return out.size() == before ? PollResult::AtEnd() : PollResult::Again();
      }
      bytes += record.value.size() + 1;
      next_ = record.offset + 1;
      TM_RETURN_IF_ERROR(Decode(record, out));
    }
    return PollResult::MoreAtHand();
  }

  Position position() const override { return Position().Set("next", next_); }

 private:
  absl::Status Decode(const KafkaRecord& record, std::vector<T>& out) {
    const LineOrigin origin{.path = path_,
                            .line = static_cast<uint64_t>(record.offset),
                            .offset = static_cast<uint64_t>(record.offset)};
    if (!record.has_value) return bad_lines_.Report(origin, "the message has no value");
    out.emplace_back();
    const absl::Status decoded = decode_(record.value, origin, out.back());
    if (decoded.ok()) return decoded;
    out.pop_back();
    return bad_lines_.Report(origin, ToStd(decoded.message()));
  }

  void SayBack() {
    if (reader_->consumer().IsNewlyBack() && setup_.say) {
      setup_.say(reader_->consumer().where() + ": answers again");
    }
  }

  PollResult Nothing() {
    if (const std::string outage = reader_->consumer().NewOutage(); !outage.empty() && setup_.say) {
      setup_.say(outage + "; waiting");
    }
    PollResult result = PollResult::WhenReadable(reader_->ready_fd());
    // In an outage it is not known what is there, so job time stands still until that is known.
    if (reader_->consumer().IsAway() && !std::exchange(is_unknown_, true)) {
      reader_->TellEndAgain(next_);
    }
    const int64_t end = reader_->KnownEnd();
    const bool is_caught_up = at_end_ || (end >= 0 && next_ >= end);
    result.more_at_hand = !is_caught_up || is_unknown_;
    return result;
  }

  const std::unique_ptr<KafkaReader> reader_;
  const Setup setup_;
  const BadLines bad_lines_;
  const LineDecoder<T> decode_;
  const std::shared_ptr<const std::string> path_;
  int64_t next_;
  bool at_end_ = false;      // nothing has come since the end was reached
  bool ended_ = false;       // and that was the end of the input
  bool is_unknown_ = false;  // no broker has answered since one was away
};

template <class T>
class KafkaSource final : public SourceFactory<T> {
 public:
  KafkaSource(KafkaSourceOptions options, LineDecoder<T> decode)
      : options_(std::move(options)), decode_(std::move(decode)) {}

  absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext& context) override {
    TM_ASSIGN_OR_RETURN(auto consumer, KafkaConsumer::New(options_.topic));
    TM_ASSIGN_OR_RETURN(const int count, consumer->CountPartitions(Patience(context)));
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) names.push_back(Cat(options_.topic.topic, "/", i));
    return names;
  }

  absl::StatusOr<std::unique_ptr<SourcePartition<T>>> Open(const std::string& partition,
                                                           const std::optional<Position>& resume,
                                                           const SourceContext& context) override {
    // One connection for all partitions of a run, which ends with the last of them.
    std::shared_ptr<KafkaConsumer> consumer = consumer_.lock();
    if (consumer == nullptr) {
      TM_ASSIGN_OR_RETURN(consumer, KafkaConsumer::New(options_.topic));
      consumer_ = consumer;
    }
    TM_ASSIGN_OR_RETURN(const int number, NumberOf(partition));
    TM_ASSIGN_OR_RETURN(const KafkaStart start,
                        FindStart(*consumer, partition, number, resume, context));
    if (!start.note.empty() && context.skips != nullptr) context.skips->Note(start.note);
    TM_ASSIGN_OR_RETURN(auto reader, KafkaConsumer::Start(consumer, number, start.offset));
    return std::make_unique<KafkaSourcePartition<T>>(
        std::move(reader),
        typename KafkaSourcePartition<T>::Setup{.partition = partition,
                                                .offset = start.offset,
                                                .stop_at_end = options_.stop_at_end,
                                                .say = context.say},
        BadLines(options_.on_error, Describe(), context.skips), decode_);
  }

  absl::StatusOr<std::string> Preview(const std::string& partition,
                                      const std::optional<Position>& resume,
                                      const SourceContext& context) override {
    TM_ASSIGN_OR_RETURN(auto consumer, KafkaConsumer::New(options_.topic));
    TM_ASSIGN_OR_RETURN(const int number, NumberOf(partition));
    TM_ASSIGN_OR_RETURN(const KafkaRange range, consumer->Range(number, Patience(context)));
    TM_ASSIGN_OR_RETURN(const KafkaStart start,
                        PlanKafkaStart(partition, resume, range, options_.accept_changed));
    return Cat("offsets ", start.offset, " to ", range.end, " to read");
  }

  std::string Describe() const override { return WhereIs(options_.topic); }

 private:
  KafkaPatience Patience(const SourceContext& context) const {
    return {
        .unheard_ms = options_.unheard_ms, .say = context.say, .stop_wanted = context.stop_wanted};
  }

  absl::StatusOr<KafkaStart> FindStart(KafkaConsumer& consumer, const std::string& partition,
                                       int number, const std::optional<Position>& resume,
                                       const SourceContext& context) const {
    TM_ASSIGN_OR_RETURN(const KafkaRange range, consumer.Range(number, Patience(context)));
    return PlanKafkaStart(partition, resume, range, options_.accept_changed);
  }

  absl::StatusOr<int> NumberOf(const std::string& partition) const {
    int number = 0;
    const std::string prefix = options_.topic.topic + "/";
    if (partition.starts_with(prefix) &&
        absl::SimpleAtoi(partition.substr(prefix.size()), &number)) {
      return number;
    }
    return absl::InternalError(Cat(Describe(), ": has no partition '", partition, "'"));
  }

  const KafkaSourceOptions options_;
  const LineDecoder<T> decode_;
  std::weak_ptr<KafkaConsumer> consumer_;
};

template <class T>
Source<T> KafkaMessages(KafkaSourceOptions options, LineDecoder<T> decode) {
  return Source<T>(std::make_shared<KafkaSource<T>>(std::move(options), std::move(decode)));
}

}  // namespace tidemark
