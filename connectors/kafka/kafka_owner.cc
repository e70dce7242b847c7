#include "connectors/kafka/kafka_owner.h"

#include <utility>

#include "base/status.h"
#include "connectors/claim/claim_policy.h"

namespace tidemark {
namespace {

TopicPlan GoOnAt(int64_t published) { return {.refusal = {}, .published = published, .say = {}}; }

// What is refused, unless --take-over is given: then `published` counts, and `effect` is said.
struct Doubt {
  absl::StatusCode code = absl::StatusCode::kFailedPrecondition;
  std::string what;
  std::string advice;  // besides --take-over
  std::string effect;
  int64_t published = 0;
};

TopicPlan Decide(const TopicFacts& facts, const Doubt& doubt) {
  if (facts.take_over) {
    TopicPlan plan = GoOnAt(doubt.published);
    plan.say = Cat(facts.where, ": ", doubt.what, "; ", doubt.effect);
    return plan;
  }
  TopicPlan plan;
  plan.refusal = Error(doubt.code, Cat(facts.where, ": ", doubt.what, "; ", doubt.advice,
                                       "; or --take-over: ", doubt.effect));
  return plan;
}

std::string Owner(const TopicFacts& facts) {
  const KafkaNote& note = *facts.note;
  if (note.line.empty()) return "of a run without state";
  return Cat("and ",
             DescribeOwner(
                 {.run_line = note.line, .job = note.job, .state_directory = note.state_directory},
                 facts.owner_state));
}

// Neither the owner's state nor --take-over counts: the broker fences a copy of this state off, and
// a note of any other lineage is a doubt that only --take-over resolves.
ClaimFacts ClaimFactsOf(const TopicFacts& facts) {
  ClaimFacts claim{.run_line = facts.run_line, .replaced_line = facts.replaced_line};
  if (facts.note.has_value()) {
    claim.record = facts.note->line.empty() ? Record::kUnknown : Record::kLineage;
    claim.owner = {.run_line = facts.note->line,
                   .job = facts.note->job,
                   .state_directory = facts.note->state_directory};
  }
  if (facts.resume.has_value()) claim.resumed_line = facts.resume->run_line;
  return claim;
}

TopicPlan PlanFresh(const TopicFacts& facts) {
  // Of runs without a state nothing goes on, so nothing is repeated either.
  if (!facts.note.has_value() || facts.note->line.empty()) return GoOnAt(0);
  return Decide(facts, {.what = Cat("has messages up to epoch ", facts.note->epoch, " ",
                                    Owner(facts), ", and a topic cannot be truncated"),
                        .advice = "name another topic, or another sink",
                        .effect = "those of this job follow them"});
}

// No note is there: nothing was ever published, or the note is gone.
TopicPlan PlanWithoutNote(const TopicFacts& facts) {
  const TopicFacts::Committed& committed = *facts.resume;
  if (committed.epoch == 0) return GoOnAt(0);
  // A fork's own topic begins behind what the original published.
  if (IsFork(ClaimFactsOf(facts))) return GoOnAt(committed.epoch);
  if (committed.topic != facts.topic) {
    return Decide(facts, {.what = Cat("this sink wrote to topic '", committed.topic,
                                      "' up to epoch ", committed.epoch),
                          .advice = "name that topic again in the job",
                          .effect = "continues here with the next epoch",
                          .published = committed.earlier});
  }
  // The first epoch with messages may not have been published.
  if (committed.earlier == 0) return GoOnAt(0);
  return Decide(
      facts,
      {.code = absl::StatusCode::kDataLoss,
       .what = Cat("has no note of this sink, but messages up to epoch ", committed.earlier,
                   " were written: the topic is another one, or the broker has forgotten the note ",
                   "(offsets.retention.minutes)"),
       .advice = "put it back",
       .effect = Cat("continues in it, and messages of epoch ", committed.epoch, " may come again"),
       .published = committed.earlier});
}

TopicPlan PlanOthers(const TopicFacts& facts) {
  const TopicFacts::Committed& committed = *facts.resume;
  // The original of a fork has published the epoch that the fork begins behind.
  return Decide(facts,
                {.what = Cat("has messages up to epoch ", facts.note->epoch, " ", Owner(facts)),
                 .advice = "name another topic, or another sink",
                 .effect = Cat("continues in it after epoch ", committed.epoch,
                               ", and messages of later epochs come again"),
                 .published = IsFork(ClaimFactsOf(facts)) ? committed.epoch : committed.earlier});
}

TopicPlan PlanResume(const TopicFacts& facts) {
  if (!facts.note.has_value()) return PlanWithoutNote(facts);
  const KafkaNote& note = *facts.note;
  const TopicFacts::Committed& committed = *facts.resume;
  const Claim claim = DecideClaim(ClaimFactsOf(facts));
  if (claim != Claim::kOwn && claim != Claim::kTaken) return PlanOthers(facts);
  if (note.epoch == committed.epoch || note.epoch == committed.earlier) return GoOnAt(note.epoch);
  if (note.epoch > committed.epoch) {
    return Decide(facts, {.what = Cat("has messages up to epoch ", note.epoch,
                                      ", but this job continues after epoch ", committed.epoch,
                                      ", and a topic cannot be truncated"),
                          .advice = "put the newer state back, or name another topic",
                          .effect = "continues in it, and messages of those epochs come again",
                          .published = committed.epoch});
  }
  return Decide(facts, {.code = absl::StatusCode::kDataLoss,
                        .what = Cat("has messages up to epoch ", note.epoch, ", but those up to ",
                                    committed.earlier, " were committed and written"),
                        .advice = "put the topic back",
                        .effect = "continues in it without those in between",
                        .published = committed.earlier});
}

}  // namespace

TopicPlan PlanTopic(const TopicFacts& facts) {
  return facts.resume.has_value() ? PlanResume(facts) : PlanFresh(facts);
}

}  // namespace tidemark
