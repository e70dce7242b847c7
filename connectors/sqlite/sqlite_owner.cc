#include "connectors/sqlite/sqlite_owner.h"

#include <utility>
#include <vector>

#include "base/real_path.h"
#include "base/status.h"
#include "connectors/claim/claim_policy.h"
#include "connectors/claim/claim_ways.h"

namespace tidemark {
namespace {

TablePlan Refuse(absl::StatusCode code, std::string_view why) {
  TablePlan plan;
  plan.refusal = Error(code, why);
  return plan;
}

TablePlan GoOnAt(int64_t epoch, int64_t begun) {
  TablePlan plan;
  plan.epoch = epoch;
  plan.begun = begun;
  return plan;
}

ClaimFacts ClaimFactsOf(const TableFacts& facts) {
  ClaimFacts claim{.owner_state = facts.owner_state,
                   .exists = facts.has_rows,  // an empty table was made for this job
                   .has_content = facts.has_rows,
                   .run_line = facts.run_line,
                   .replaced_line = facts.replaced_line,
                   .take_over = facts.take_over,
                   .resume_epoch = facts.resume_epoch,
                   .went_back_from = facts.went_back_from};
  if (facts.owner.has_value()) {
    if (facts.has_rows && facts.owner->epoch > 0) {
      claim.committed_epoch = static_cast<uint64_t>(facts.owner->epoch);
    }
    claim.record = facts.owner->run_line.empty() ? Record::kStateless : Record::kLineage;
    claim.owner = {.run_line = facts.owner->run_line,
                   .job = facts.owner->job,
                   .state_directory = facts.owner->state_directory};
  }
  if (facts.resume.has_value()) claim.resumed_line = facts.resume->run_line;
  return claim;
}

TablePlan RefuseOthers(const TableFacts& facts) {
  TablePlan plan;
  plan.refusal = RefuseClaim(facts.where, ClaimFactsOf(facts), facts.state_directory);
  return plan;
}

bool IsOwn(const TableFacts& facts) {
  return facts.owner.has_value() && !facts.run_line.empty() &&
         facts.owner->run_line == facts.run_line;
}

TablePlan PlanFresh(const TableFacts& facts) {
  const ClaimFacts claim_facts = ClaimFactsOf(facts);
  const Claim claim = DecideClaim(claim_facts);
  if (IsOthers(claim)) return RefuseOthers(facts);
  if (IsOfAnotherSink(claim_facts) && !facts.new_output) {
    TablePlan refused;
    refused.refusal = RefuseOtherSink(facts.where, "rows", claim_facts, facts.sink);
    return refused;
  }
  TablePlan plan;
  const bool ours = claim == Claim::kOwn || claim == Claim::kReplaced;
  // An empty table without an owner was made for this job, with its types and indexes.
  plan.move_aside = facts.has_rows && (!ours || facts.new_output);
  plan.clear = ours && !plan.move_aside;
  return plan;
}

// Under another name or path nothing tells which of the last two epochs it has.
std::string MissingRows(const TableFacts& facts) {
  const int64_t epoch = facts.resume->earlier > 0 ? facts.resume->earlier : facts.resume->epoch;
  const std::string was = facts.was_at.empty() ? "" : Cat(", when this output was ", facts.was_at);
  return Cat(", but rows up to epoch ", epoch, " were committed and written", was);
}

TablePlan Behind(const TableFacts& facts, int64_t stands) {
  return Refuse(absl::StatusCode::kDataLoss,
                Cat(facts.where, ": is at epoch ", stands, MissingRows(facts)));
}

TablePlan Ahead(const TableFacts& facts, int64_t stands) {
  return Refuse(absl::StatusCode::kFailedPrecondition,
                Cat(facts.where, ": has rows of epoch ", stands,
                    ", but this job continues after epoch ", facts.resume->epoch));
}

TablePlan NotOurs(const TableFacts& facts) {
  const std::string was =
      facts.was_at.empty() ? "" : Cat("; this output was ", facts.was_at, " before");
  if (!facts.owner.has_value()) {
    return Refuse(absl::StatusCode::kFailedPrecondition,
                  Cat(facts.where, ": has rows, and no line in its table tidemark_sinks that ",
                      "names their owner", was));
  }
  return Refuse(absl::StatusCode::kFailedPrecondition,
                Cat(facts.where, ": ", DescribeOwner(facts), was));
}

// Where the output stands when nothing is begun anew.
TablePlan GoOn(const TableFacts& facts) {
  const TableFacts::Committed& committed = *facts.resume;
  const ClaimFacts claim_facts = ClaimFactsOf(facts);
  const Claim claim = DecideClaim(claim_facts);
  if (claim == Claim::kCopy) return RefuseOthers(facts);
  if (claim == Claim::kOthers || claim == Claim::kForeign) return NotOurs(facts);
  const bool takes_over = claim == Claim::kTaken;
  const bool is_fork = IsFork(claim_facts);
  // Moved elsewhere: the fork's own table begins empty, behind what the original published.
  if (is_fork && claim == Claim::kNew) return GoOnAt(committed.epoch, committed.epoch);
  const int64_t stands = facts.owner.has_value() ? facts.owner->epoch : 0;
  const int64_t begun = facts.owner.has_value() ? facts.owner->begun : 0;
  if (begun > committed.epoch) {
    return Refuse(absl::StatusCode::kFailedPrecondition,
                  Cat(facts.where, ": was started over after epoch ", begun,
                      ", but this job continues after epoch ", committed.epoch));
  }
  if (stands > committed.epoch) {
    if (!takes_over || !facts.has_key) return Ahead(facts, stands);
    return GoOnAt(committed.epoch, begun);
  }
  const bool is_elsewhere = !facts.was_at.empty() && !facts.owner.has_value();
  if (is_elsewhere && committed.epoch > 0 && !is_fork) return Behind(facts, stands);
  // Between the two lies an epoch whose rows are in the commit, and are published behind this.
  if (stands != committed.epoch && stands != committed.earlier) return Behind(facts, stands);
  // One that was begun anew is made with its first rows.
  if (stands > begun && !facts.exists && !is_fork) {
    return Refuse(absl::StatusCode::kDataLoss, Cat(facts.where, ": is gone, but rows up to epoch ",
                                                   stands, " were written to it"));
  }
  return GoOnAt(stands, begun);
}

TablePlan PlanResume(const TableFacts& facts) {
  TablePlan plan = GoOn(facts);
  if (!facts.new_output || (plan.refusal.ok() && !facts.has_rows)) return plan;
  if (IsOthers(DecideClaim(ClaimFactsOf(facts)))) return RefuseOthers(facts);
  // Where the rows of the last epoch cannot be looked for, they are written once more: better in
  // two tables than in none. A fork leaves those that are not its own.
  const bool is_fork = facts.resume->run_line != facts.run_line;
  const bool is_ahead = IsOwn(facts) && facts.owner->epoch > facts.resume->epoch;
  const bool has_all = is_fork || is_ahead || facts.elsewhere_epoch == facts.resume->epoch;
  const int64_t epoch = plan.refusal.ok() ? plan.epoch
                        : has_all         ? facts.resume->epoch
                                          : facts.resume->earlier;
  plan = GoOnAt(epoch, epoch);
  plan.move_aside = facts.has_rows;
  plan.repeats = plan.move_aside && is_ahead;
  return plan;
}

TablePlan Decide(const TableFacts& facts) {
  return facts.resume.has_value() ? PlanResume(facts) : PlanFresh(facts);
}

// ---- what a person can do ----------------------------------------

bool Accepts(TableFacts facts, bool take_over, bool new_output) {
  facts.take_over = facts.take_over || take_over;
  facts.new_output = facts.new_output || new_output;
  return Decide(facts).refusal.ok();
}

void AddWaysByHand(const TableFacts& facts, bool is_loss, std::vector<std::string>& ways) {
  const bool is_fork = facts.resume.has_value() && facts.resume->run_line != facts.run_line;
  if (!facts.was_at.empty() && !is_fork) {
    if (facts.has_rows || facts.exists) {
      ways.push_back("name that place again in the job");
    } else if (!facts.bring_here.empty()) {
      ways.push_back(Cat("continue in it here after: ", facts.bring_here));
    }
  } else if (is_loss) {
    ways.push_back("put the database back");
  }
  if (!facts.resume.has_value()) {
    ways.push_back(facts.resume_epoch > 0 ? "give this sink another table"
                                          : "give this job another table");
  } else if (is_fork) {
    ways.push_back("give --out DIR to write elsewhere");
  }
}

std::vector<std::string> FlagWays(const TableFacts& facts) {
  return WaysByFlag(
      {.sink = facts.sink,
       .kind = "table",
       .has_content = facts.has_rows,
       .resumes = facts.resume.has_value() || facts.resume_epoch > 0,
       .take_over = facts.take_over,
       .new_output = facts.new_output,
       .accepts = [&facts](bool take_over,
                           bool new_output) { return Accepts(facts, take_over, new_output); },
       .taking_over = [&facts]() -> std::string {
         return facts.owner->epoch > facts.resume->epoch
                    ? "to continue in it, so that rows of the same key are replaced"
                    : "to continue in it";
       }});
}

absl::Status WithWays(const absl::Status& refusal, const TableFacts& facts) {
  std::vector<std::string> ways;
  AddWaysByHand(facts, absl::IsDataLoss(refusal), ways);
  for (std::string& way : FlagWays(facts)) ways.push_back(std::move(way));
  if (FreshHelps(ClaimFactsOf(facts))) ways.push_back("--fresh to start over");
  if (ways.empty()) return refusal;
  return Error(refusal.code(), Cat(ToStd(refusal.message()), "; ", JoinWays(ways)));
}

}  // namespace

std::string DescribeOwner(const TableFacts& facts) { return DescribeOwner(ClaimFactsOf(facts)); }

absl::Status RowsAreMissing(const TableFacts& facts, const std::string& what) {
  return WithWays(absl::DataLossError(Cat(what, MissingRows(facts))), facts);
}

TablePlan PlanTable(const TableFacts& facts) {
  TablePlan plan = Decide(facts);
  if (!plan.refusal.ok()) plan.refusal = WithWays(plan.refusal, facts);
  return plan;
}

}  // namespace tidemark
