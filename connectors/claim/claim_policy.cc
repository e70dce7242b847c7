#include "connectors/claim/claim_policy.h"

#include "base/status.h"

namespace tidemark {
namespace {

bool IsOf(const ClaimFacts& facts, const std::string& lineage) {
  return facts.record == Record::kLineage && facts.owner.run_line == lineage;
}

bool IsOwn(const ClaimFacts& facts) {
  return IsOf(facts, facts.run_line) ||
         (facts.record == Record::kStateless && facts.run_line.empty() && !IsFork(facts));
}

Claim DecideResume(const ClaimFacts& facts) {
  const bool continues_it = facts.take_over && IsOf(facts, *facts.resumed_line);
  if (IsOf(facts, facts.replaced_line) || continues_it) return Claim::kTaken;
  if (IsOwn(facts)) return Claim::kOwn;
  if (facts.record != Record::kNone) return Claim::kForeign;
  // The output of a fork begins empty. Elsewhere even an empty output without a record is not what
  // this run has left.
  const bool is_left_by_others = IsFork(facts) ? facts.has_content : facts.exists;
  return is_left_by_others ? Claim::kForeign : Claim::kNew;
}

Claim DecideFresh(const ClaimFacts& facts) {
  // --take-over allows to write here, not to discard the output of a state that exists.
  const bool may_discard = facts.owner_state != OwnerState::kOther;
  if (may_discard && IsOwn(facts)) return Claim::kOwn;
  if (may_discard && IsOf(facts, facts.replaced_line)) return Claim::kReplaced;
  return facts.has_content ? Claim::kForeign : Claim::kNew;
}

}  // namespace

bool IsFork(const ClaimFacts& facts) {
  return facts.resumed_line.has_value() && *facts.resumed_line != facts.run_line;
}

Claim DecideClaim(const ClaimFacts& facts) {
  if (facts.record != Record::kNone && facts.owner_state == OwnerState::kOther &&
      !facts.take_over) {
    return IsOf(facts, facts.run_line) ? Claim::kCopy : Claim::kOthers;
  }
  return facts.resumed_line.has_value() ? DecideResume(facts) : DecideFresh(facts);
}

bool IsOfAnotherSink(const ClaimFacts& facts) {
  if (facts.resumed_line.has_value() || facts.resume_epoch == 0) return false;
  if (!IsOf(facts, facts.run_line) || !facts.committed_epoch.has_value()) return false;
  return *facts.committed_epoch <= facts.resume_epoch ||
         *facts.committed_epoch > facts.went_back_from;
}

bool FreshHelps(ClaimFacts facts) {
  if (!facts.resumed_line.has_value() || IsFork(facts)) return false;
  facts.resumed_line.reset();
  facts.replaced_line = facts.run_line;
  facts.run_line = "a new one";
  return !IsOthers(DecideClaim(facts));
}

std::string DescribeOwner(const ClaimFacts& facts) {
  if (facts.record == Record::kNone) return "was there before this job";
  if (facts.record == Record::kStateless) return "was written by a run without state";
  return DescribeOwner(facts.owner, facts.owner_state);
}

absl::Status RefuseClaim(const std::string& where, const ClaimFacts& facts,
                         const std::string& state_directory) {
  return Error(absl::StatusCode::kFailedPrecondition,
               IsOf(facts, facts.run_line)
                   ? Cat(where, ": is written from the state ", facts.owner.state_directory,
                         ", of which ", state_directory, " is a copy")
                   : Cat(where, ": ", DescribeOwner(facts)));
}

absl::Status RefuseOtherSink(const std::string& where, const std::string& content,
                             const ClaimFacts& facts, const std::string& sink) {
  const uint64_t epoch = facts.committed_epoch.value_or(0);
  const std::string why =
      epoch > facts.resume_epoch
          ? Cat("but the state is at epoch ", facts.resume_epoch, ": it is an older copy")
          : Cat("from a sink of another name than '", sink, "'");
  return Error(
      absl::StatusCode::kFailedPrecondition,
      Cat(where, ": has ", content, " that this job committed up to epoch ", epoch, ", ", why));
}

}  // namespace tidemark
