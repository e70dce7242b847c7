#include "connectors/kafka/kafka_output.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "base/random.h"
#include "base/status.h"
#include "connectors/claim/output_owner.h"
#include "connectors/kafka/kafka_owner.h"
#include "connectors/kafka/kafka_producer.h"

namespace tidemark {
namespace {

TopicFacts FactsOf(const KafkaSinkOptions& options, const std::optional<KafkaNote>& note,
                   const std::optional<Position>& resume, const SinkContext& context) {
  TopicFacts facts{.where = WhereIs(options.topic),
                   .topic = options.topic.topic,
                   .note = note,
                   .run_line = context.run_line,
                   .replaced_line = context.replaced_line,
                   .take_over = context.take_over};
  // A run without files has no directory to compare with.
  if (note.has_value() && context.files != nullptr) {
    facts.owner_state = StateOfOwner(note->state_directory, context);
  }
  if (!resume.has_value()) return facts;
  facts.resume = TopicFacts::Committed{.run_line = resume->Text("run_line").value_or(""),
                                       .epoch = resume->Number("epoch").value_or(0),
                                       .earlier = resume->Number("earlier").value_or(0),
                                       .topic = resume->Text("topic").value_or("")};
  return facts;
}

std::string IdOf(const KafkaSinkOptions& options, const SinkContext& context) {
  return KafkaSinkId(context.job, context.sink, options.topic.topic);
}

}  // namespace

KafkaWriterMaker RealKafka() {
  return [](const KafkaTopic& topic, const std::string& id, KafkaWaiting waiting) {
    return std::make_unique<KafkaProducer>(topic, id, std::move(waiting));
  };
}

KafkaOutput::KafkaOutput(const KafkaSinkOptions& options, const SinkContext& context)
    : options_(options),
      where_(WhereIs(options.topic)),
      say_(context.say),
      skips_(context.skips),
      run_line_(context.run_line) {
  note_.line = context.run_line;
  note_.session = absl::StrFormat("%016x", FreshSeed());
  note_.job = context.job;
  note_.state_directory = context.state_directory;
}

// ---- opening ----------------------------------------

absl::Status KafkaOutput::Check(const KafkaSinkOptions& options,
                                const std::optional<Position>& resume, const SinkContext& context) {
  const auto writer = options.make_writer(options.topic, IdOf(options, context),
                                          {.say = {}, .stop_wanted = context.stop_wanted});
  const auto note = writer->ReadNote();
  if (absl::IsUnavailable(note.status())) {
    context.say(Cat(ToStd(note.status().message()), "; whether the topic exists was not checked"));
    return absl::OkStatus();
  }
  TM_RETURN_IF_ERROR(note.status());
  return PlanTopic(FactsOf(options, *note, resume, context)).refusal;
}

absl::StatusOr<std::unique_ptr<KafkaOutput>> KafkaOutput::Open(
    const KafkaSinkOptions& options, const std::optional<Position>& resume,
    const SinkContext& context) {
  std::unique_ptr<KafkaOutput> output(new KafkaOutput(options, context));
  output->writer_ = options.make_writer(options.topic, IdOf(options, context),
                                        {.say = context.say, .stop_wanted = context.stop_wanted});
  TM_ASSIGN_OR_RETURN(output->found_, output->Acquire());
  const TopicPlan plan = PlanTopic(FactsOf(options, output->found_, resume, context));
  TM_RETURN_IF_ERROR(plan.refusal);
  if (!plan.say.empty()) context.say(plan.say);
  output->note_.epoch = plan.published;
  output->last_epoch_ = resume.has_value() ? resume->Number("epoch").value_or(0) : 0;
  return output;
}

// ---- rows, on the worker ----------------------------------------

absl::Status KafkaOutput::Add(std::string_view value, const std::string& place) {
  if (value.size() <= kMessageBytesMax) {
    rows_.Add(value);
    return absl::OkStatus();
  }
  const std::string what =
      Cat(place, place.empty() ? "" : ": ", where_, ": a message of ", value.size(),
          " bytes is larger than Kafka takes (", kMessageBytesMax, ")");
  if (options_.on_error == OnError::kStop || skips_ == nullptr) {
    return Error(absl::StatusCode::kInvalidArgument, what);
  }
  skips_->Skip(where_, what);
  return absl::OkStatus();
}

EpochOutput KafkaOutput::EndEpoch(Epoch epoch) {
  EpochOutput output;
  output.rows = rows_.Take();
  // The epochs before are published when this one is committed.
  const int64_t earlier = last_epoch_;
  if (!output.rows.empty()) last_epoch_ = static_cast<int64_t>(epoch.value);
  output.position.Set("epoch", last_epoch_)
      .Set("earlier", earlier)
      .Set("run_line", run_line_)
      .Set("topic", options_.topic.topic);
  return output;
}

// ---- publishing, on the committer ----------------------------------------

void KafkaOutput::SayWaiting(const absl::Status& why) {
  if (!std::exchange(is_waiting_, true)) say_(Cat(why.message(), "; waiting"));
}

// What is open is ended, and whoever else writes is shut out; then what the topic has is known.
absl::StatusOr<std::optional<KafkaNote>> KafkaOutput::Acquire() {
  while (true) {
    absl::Status taken = writer_->Acquire();
    if (taken.ok()) {
      auto note = writer_->ReadNote();
      taken = note.status();
      if (taken.ok() && std::exchange(is_waiting_, false)) say_(Cat(where_, ": continues"));
      if (!absl::IsUnavailable(taken)) return note;
    }
    if (!absl::IsUnavailable(taken)) return taken;
    SayWaiting(taken);
  }
}

absl::Status KafkaOutput::Write(const std::vector<std::string>& pieces, const KafkaNote& note) {
  return writer_->Write(
      [&](const std::function<absl::Status(std::string_view)>& write) -> absl::Status {
        for (const std::string& piece : pieces) {
          KafkaRowsReader reader(piece);
          while (true) {
            TM_ASSIGN_OR_RETURN(const auto value, reader.Next());
            if (!value.has_value()) break;
            TM_RETURN_IF_ERROR(write(*value));
          }
        }
        return absl::OkStatus();
      },
      note);
}

absl::Status KafkaOutput::Publish(Epoch epoch, OutboxReader& rows) {
  KafkaNote next = note_;
  next.epoch = static_cast<int64_t>(epoch.value);
  if (next.epoch <= note_.epoch) return absl::OkStatus();
  // Read once, and perhaps written more than once.
  std::vector<std::string> pieces;
  while (true) {
    TM_ASSIGN_OR_RETURN(const auto piece, rows.Next());
    if (!piece.has_value()) break;
    pieces.emplace_back(*piece);
  }
  while (true) {
    const absl::Status written = Write(pieces, next);
    if (!written.ok() && !absl::IsUnavailable(written)) {
      return Error(written.code(), Cat(written.message(), "; the rows of epoch ", epoch.value,
                                       " are kept, and written by the next start that can"));
    }
    if (!written.ok()) {
      SayWaiting(written);
      TM_ASSIGN_OR_RETURN(const std::optional<KafkaNote> found, Acquire());
      // A broker forgets the note of a sink that is silent for days; this run has not.
      const bool is_as_before = found == found_ || !found.has_value();
      if (found != next && !is_as_before) {
        return absl::FailedPreconditionError(
            Cat(where_, ": another run of this job has begun to write to it",
                found->state_directory.empty() ? "" : Cat(", from ", found->state_directory),
                "; let only one run, or give each a topic or a sink's name of its own"));
      }
      if (found != next) continue;
    }
    found_ = note_ = next;
    return absl::OkStatus();
  }
}

}  // namespace tidemark
