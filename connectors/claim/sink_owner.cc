#include "connectors/claim/sink_owner.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/real_path.h"
#include "base/status.h"
#include "connectors/claim/claim_policy.h"
#include "connectors/claim/claim_ways.h"

namespace tidemark {
namespace {

using Committed = SinkFacts::Committed;

SinkPlan Refuse(absl::StatusCode code, std::string_view why) {
  SinkPlan plan;
  plan.refusal = Error(code, why);
  return plan;
}

SinkPlan Own(const SinkFacts& facts, SinkOwner owner, uint64_t length) {
  SinkPlan plan;
  plan.length_bytes = length;
  plan.generation = owner.generation.value_or(0);
  owner.run_line = facts.run_line.empty() ? SinkOwner::kStateless : facts.run_line;
  owner.job = facts.state_directory.empty() ? "" : facts.job;
  owner.state_directory = facts.state_directory;
  owner.moving = false;
  plan.owner = std::move(owner);
  return plan;
}

// Goes on in the file as it is, cut to `bytes`.
SinkPlan CutTo(const SinkFacts& facts, uint64_t bytes, uint64_t from_bytes, uint64_t generation) {
  SinkOwner owner{.run_line = {}, .from_bytes = from_bytes, .generation = generation};
  if (generation > 0 && facts.owner.has_value() && facts.owner->generation == generation) {
    owner.after_bytes = facts.owner->after_bytes;
    owner.before = facts.owner->before;
  }
  owner.committed = SinkOwner::Committed{.epoch = facts.resume_epoch, .bytes = bytes};
  return Own(facts, std::move(owner), bytes);
}

// An earlier start of this line took what is here, and has not committed: what that start kept is
// kept on.
void KeepUndo(const SinkFacts& facts, SinkPlan& plan) {
  if (!plan.owner.has_value() || !facts.owner.has_value()) return;
  plan.owner->undo_kind = facts.owner->undo_kind;
  plan.owner->undo = facts.owner->undo;
}

// Begins a new file behind `before`, whatever is at the path now.
SinkPlan Begin(const SinkFacts& facts, uint64_t generation, uint64_t after_bytes) {
  return Own(
      facts,
      {.run_line = {}, .from_bytes = 0, .generation = generation, .after_bytes = after_bytes}, 0);
}

bool Owns(const std::string& run_line, const std::optional<SinkOwner>& owner) {
  return !run_line.empty() && owner.has_value() && owner->run_line == run_line;
}

bool HasContent(const SinkFacts& facts) { return facts.size_bytes.value_or(0) > 0; }

ClaimFacts ClaimFactsOf(const SinkFacts& facts) {
  ClaimFacts claim{.owner_state = facts.owner_state,
                   .exists = facts.size_bytes.has_value(),
                   .has_content = HasContent(facts),
                   .run_line = facts.run_line,
                   .replaced_line = facts.replaced_line,
                   .take_over = facts.take_over,
                   .resume_epoch = facts.resume_epoch,
                   .went_back_from = facts.went_back_from};
  if (facts.resume.has_value()) claim.resumed_line = facts.resume->run_line;
  if (!facts.owner.has_value()) {
    // A resumed run without a lineage has no record to know its file by.
    const bool resumes = facts.run_line.empty() && facts.resume.has_value() && !IsFork(claim);
    if (resumes) claim.record = Record::kStateless;
    return claim;
  }
  claim.owner = {.run_line = facts.owner->run_line,
                 .job = facts.owner->job,
                 .state_directory = facts.owner->state_directory};
  const auto& committed = facts.owner->committed;
  if (committed.has_value() && committed->bytes > 0) claim.committed_epoch = committed->epoch;
  claim.record = facts.owner->run_line.empty()                    ? Record::kUnknown
                 : facts.owner->run_line == SinkOwner::kStateless ? Record::kStateless
                                                                  : Record::kLineage;
  return claim;
}

SinkPlan RefuseOthers(const SinkFacts& facts) {
  SinkPlan plan;
  plan.refusal = RefuseClaim(facts.path, ClaimFactsOf(facts), facts.state_directory);
  return plan;
}

// The file of the next generation was begun, and no epoch was committed with it since.
bool JustBegun(const SinkFacts& facts) {
  return facts.resume.has_value() && facts.owner.has_value() &&
         facts.owner->generation == facts.resume->generation + 1 &&
         facts.owner->after_bytes == facts.resume->bytes;
}

// A start that died while it moved the file before aside: it is finished now.
SinkPlan FinishMoving(const SinkFacts& facts, uint64_t generation) {
  SinkPlan plan = Begin(facts, generation, facts.owner->after_bytes);
  plan.move_aside = facts.size_bytes.has_value();
  plan.owner->before = facts.owner->before;
  KeepUndo(facts, plan);
  return plan;
}

SinkPlan PlanFresh(const SinkFacts& facts) {
  const ClaimFacts claim_facts = ClaimFactsOf(facts);
  const Claim claim = DecideClaim(claim_facts);
  if (IsOthers(claim)) return RefuseOthers(facts);
  if (IsOfAnotherSink(claim_facts) && !facts.new_output) {
    SinkPlan refused;
    refused.refusal = RefuseOtherSink(facts.path, Cat(facts.owner->committed->bytes, " bytes"),
                                      claim_facts, facts.sink);
    return refused;
  }
  SinkPlan plan = Begin(facts, 0, 0);
  const bool moving = facts.owner.has_value() && facts.owner->moving;
  if (claim == Claim::kOwn && !facts.new_output) {
    if (moving && facts.owner->undo_kind != SinkOwner::Undo::kNone) {
      return FinishMoving(facts, facts.owner->generation.value_or(0));
    }
    if (!moving) {
      KeepUndo(facts, plan);
      return plan;
    }
  }
  const bool replaced = claim == Claim::kReplaced && !facts.new_output && !moving;
  plan.move_aside = replaced ? facts.size_bytes.has_value() : HasContent(facts);
  // A run without state never commits, so it would never end the possibility of undoing.
  if (plan.move_aside && !facts.run_line.empty()) {
    plan.owner->undo_kind = replaced ? SinkOwner::Undo::kReplaced : SinkOwner::Undo::kAside;
  }
  return plan;
}

SinkPlan TooShort(const SinkFacts& facts, uint64_t wanted) {
  const std::string rest = facts.was_at.empty()
                               ? std::string(" of it were committed")
                               : Cat(" were committed, when this output was ", facts.was_at);
  return Refuse(absl::StatusCode::kDataLoss,
                Cat(facts.path, ": ",
                    facts.size_bytes.has_value() ? Cat("is ", *facts.size_bytes, " bytes long")
                                                 : std::string("is missing"),
                    ", but ", wanted, " bytes", rest));
}

SinkPlan NotOurs(const SinkFacts& facts) {
  const std::string was =
      facts.was_at.empty() ? "" : Cat("; this output was ", facts.was_at, " before");
  if (!facts.owner.has_value()) {
    return Refuse(
        absl::StatusCode::kFailedPrecondition,
        Cat(facts.path, ": has no ", OwnerPath(facts.path), " that names its owner", was));
  }
  return Refuse(absl::StatusCode::kFailedPrecondition,
                Cat(facts.path, ": ", DescribeOwner(facts), was));
}

SinkPlan OtherGeneration(const SinkFacts& facts, const Committed& at) {
  if (*facts.owner->generation < at.generation) {
    return Refuse(absl::StatusCode::kFailedPrecondition,
                  Cat(facts.path, ": is what was written before --new-output began another file"));
  }
  return Refuse(absl::StatusCode::kFailedPrecondition,
                Cat(facts.path, ": was started over by --new-output, after the epoch that this ",
                    "state is at"));
}

// The position is that of another line: this one was forked from it and has not committed yet.
SinkPlan PlanForked(const SinkFacts& facts, const Committed& at, Claim claim) {
  // An earlier start of this fork wrote here; nothing of that was committed.
  if (claim == Claim::kOwn) {
    const uint64_t from = facts.owner->from_bytes;
    if (facts.size_bytes.value_or(0) < from) return TooShort(facts, from);
    SinkPlan plan = CutTo(facts, from, from, facts.owner->generation.value_or(at.generation));
    KeepUndo(facts, plan);
    return plan;
  }
  // Moved elsewhere: the fork's own file begins empty.
  if (claim == Claim::kNew) return CutTo(facts, 0, 0, at.generation);
  return NotOurs(facts);
}

// Taken over. What another line wrote from `from_bytes` on stands where ours was.
SinkPlan PlanTaken(const SinkFacts& facts, const Committed& at) {
  const uint64_t size = facts.size_bytes.value_or(0);
  const bool same_line = facts.owner->run_line == at.run_line;
  const uint64_t ours = same_line ? size : std::min(size, facts.owner->from_bytes);
  if (ours >= at.bytes) {
    SinkPlan plan = CutTo(facts, at.bytes, at.bytes, at.generation);
    plan.keep_tail = !facts.run_line.empty();
    return plan;
  }
  if (size < at.bytes) return TooShort(facts, at.bytes);
  return Refuse(
      absl::StatusCode::kDataLoss,
      Cat(facts.path, ": was overwritten from byte ", ours, " on by lineage ",
          facts.owner->run_line, ", but ", at.bytes, " bytes of this job's output were committed"));
}

// It holds what was committed behind the epoch that the state is at, and nobody has gone back.
bool IsNewerThanState(const SinkFacts& facts) {
  if (facts.take_over || !facts.owner.has_value() || !facts.owner->committed.has_value())
    return false;
  const uint64_t epoch = facts.owner->committed->epoch;
  return epoch > facts.resume_epoch && epoch > facts.went_back_from;
}

SinkPlan RefuseNewer(const SinkFacts& facts, const Committed& at) {
  const SinkOwner::Committed& there = *facts.owner->committed;
  return Refuse(absl::StatusCode::kFailedPrecondition,
                Cat(facts.path, ": is at epoch ", there.epoch, " (", there.bytes,
                    " bytes), but the state at epoch ", facts.resume_epoch, " (", at.bytes,
                    " bytes): it is an older copy; bring the newer state back"));
}

// Where the output stands when nothing is begun anew.
SinkPlan GoOn(const SinkFacts& facts, const Committed& at) {
  const ClaimFacts claim_facts = ClaimFactsOf(facts);
  const Claim claim = DecideClaim(claim_facts);
  if (claim == Claim::kCopy) return RefuseOthers(facts);
  if (claim == Claim::kOthers) return NotOurs(facts);
  const bool takes = claim == Claim::kTaken;
  const bool is_fork = IsFork(claim_facts);
  if ((takes || (claim == Claim::kOwn && !is_fork)) && facts.owner.has_value() &&
      facts.owner->generation.value_or(at.generation) != at.generation) {
    return OtherGeneration(facts, at);
  }
  if (takes) return PlanTaken(facts, at);
  if (is_fork) return PlanForked(facts, at, claim);
  if (claim == Claim::kForeign) return NotOurs(facts);
  if (facts.size_bytes.value_or(0) < at.bytes) return TooShort(facts, at.bytes);
  if (IsNewerThanState(facts)) return RefuseNewer(facts, at);
  const uint64_t from = facts.owner.has_value() ? facts.owner->from_bytes : 0;
  SinkPlan plan = CutTo(facts, at.bytes, from, at.generation);
  plan.ends_undo = facts.owner.has_value() && facts.owner->undo_kind != SinkOwner::Undo::kNone;
  return plan;
}

SinkPlan PlanResume(SinkFacts facts) {
  Committed at = *facts.resume;
  if (JustBegun(facts)) {
    const bool is_others = IsOthers(DecideClaim(ClaimFactsOf(facts)));
    if (facts.owner->moving && Owns(facts.run_line, facts.owner) && !is_others) {
      return FinishMoving(facts, *facts.owner->generation);
    }
    if (facts.owner->moving) {
      facts.owner->generation = at.generation;  // another line died there: the file is the old one
    } else {
      at.bytes = 0;
      at.generation = *facts.owner->generation;
    }
  }
  SinkPlan plan = GoOn(facts, at);
  if (!facts.new_output || (plan.refusal.ok() && plan.length_bytes == 0)) return plan;
  if (IsOthers(DecideClaim(ClaimFactsOf(facts)))) return RefuseOthers(facts);
  const bool is_known = plan.refusal.ok();
  const uint64_t cut = plan.length_bytes;
  const bool is_newer = Owns(facts.run_line, facts.owner) && IsNewerThanState(facts);
  plan = Begin(facts, facts.resume->generation + 1, facts.resume->bytes);
  plan.move_aside = HasContent(facts);
  if (is_newer) plan.repeated_after = facts.resume->bytes;
  // Another line's file is moved as it is: what it has behind our bytes may be committed there.
  if (is_known && Owns(facts.run_line, facts.owner)) plan.cut_before = cut;
  return plan;
}

SinkPlan Decide(const SinkFacts& facts) {
  return facts.resume.has_value() ? PlanResume(facts) : PlanFresh(facts);
}

// ---- what a person can do ----------------------------------------

std::string MoveHere(const SinkFacts& facts) {
  const std::string from = ShellWord(facts.was_at);
  const std::string to = ShellWord(facts.path);
  const std::string parent = ParentDirectory(facts.path);
  return Cat(parent == "." ? "" : Cat("mkdir -p ", ShellWord(parent), " && "), "mv ", from, " ", to,
             " && mv ", OwnerPath(from), " ", OwnerPath(to));
}

// The file of the generation before, in place of the one that is there.
std::string PutBack(const SinkFacts& facts) {
  const std::string path = ShellWord(facts.path);
  const std::string before = ShellWord(JoinPath(ParentDirectory(facts.path), facts.owner->before));
  const std::string newer = ShellWord(Cat(facts.path, ".newer"));
  return Cat("mv ", path, " ", newer, " && mv ", OwnerPath(path), " ", OwnerPath(newer), " && mv ",
             before, " ", path, " && mv ", OwnerPath(before), " ", OwnerPath(path));
}

bool Accepts(SinkFacts facts, bool take_over, bool new_output) {
  facts.take_over = facts.take_over || take_over;
  facts.new_output = facts.new_output || new_output;
  return Decide(facts).refusal.ok();
}

// By hand, where a flag is not all it takes.
void AddWaysByHand(const SinkFacts& facts, bool is_loss, std::vector<std::string>& ways) {
  const bool is_fork = facts.resume.has_value() && facts.resume->run_line != facts.run_line;
  if (!facts.was_at.empty() && facts.is_still_there && !is_fork) {
    ways.push_back(facts.size_bytes.has_value()
                       ? std::string("name that path again in the job")
                       : Cat("continue in it here after: ", MoveHere(facts)));
  } else if (is_loss) {
    ways.push_back("put the file back");
  }
  if (facts.before_is_there && Owns(facts.run_line, facts.owner))
    ways.push_back(Cat("continue in the one before after: ", PutBack(facts)));
  if (!facts.resume.has_value()) {
    ways.push_back(facts.resume_epoch > 0 ? "give this sink another output"
                                          : "give this job another output");
  } else if (is_fork) {
    ways.push_back("give --out DIR to write elsewhere");
  } else if (!facts.owner.has_value() && facts.size_bytes.has_value() && facts.was_at.empty()) {
    ways.push_back(Cat("if it is this job's own: echo ", facts.resume->run_line, " > ",
                       ShellWord(OwnerPath(facts.path))));
  }
}

std::vector<std::string> FlagWays(const SinkFacts& facts) {
  return WaysByFlag(
      {.sink = facts.sink,
       .kind = "file",
       .has_content = HasContent(facts),
       .resumes = facts.resume.has_value() || facts.resume_epoch > 0,
       .take_over = facts.take_over,
       .new_output = facts.new_output,
       .accepts = [&facts](bool take_over,
                           bool new_output) { return Accepts(facts, take_over, new_output); },
       .taking_over =
           [taken = facts]() mutable {
             taken.take_over = true;
             return Cat("to truncate it to ", Decide(taken).length_bytes,
                        " bytes and continue in it");
           }});
}

absl::Status WithWays(const absl::Status& refusal, const SinkFacts& facts) {
  const bool is_loss = absl::IsDataLoss(refusal);
  std::vector<std::string> ways;
  AddWaysByHand(facts, is_loss, ways);
  for (std::string& way : FlagWays(facts)) ways.push_back(std::move(way));
  if (FreshHelps(ClaimFactsOf(facts))) ways.push_back("--fresh to start over");
  if (ways.empty()) return refusal;
  return Error(refusal.code(), Cat(ToStd(refusal.message()), "; ", JoinWays(ways)));
}

}  // namespace

std::string DescribeOwner(const SinkFacts& facts) {
  return facts.owner.has_value() ? DescribeOwner(ClaimFactsOf(facts)) : "was there before this job";
}

SinkPlan PlanSink(const SinkFacts& facts) {
  SinkPlan plan = Decide(facts);
  if (!plan.refusal.ok()) plan.refusal = WithWays(plan.refusal, facts);
  return plan;
}

}  // namespace tidemark
