#include "connectors/sqlite/sqlite_owner.h"

#include <vector>

#include "base/real_path.h"
#include "base/status.h"

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

bool Owns(const std::string& run_line, const std::optional<TableOwner>& owner) {
  return !run_line.empty() && owner.has_value() && owner->run_line == run_line;
}

// Another state writes it: another job's, or one that this one is a copy of.
bool IsOthers(const TableFacts& facts) {
  return facts.owner.has_value() && facts.owner_state == OwnerState::kOther && !facts.take_over;
}

TablePlan RefuseOthers(const TableFacts& facts) {
  return Refuse(absl::StatusCode::kFailedPrecondition,
                Owns(facts.run_line, facts.owner)
                    ? Cat(facts.where, ": is written from the state ", facts.owner->state_directory,
                          ", of which ", facts.state_directory, " is a copy")
                    : Cat(facts.where, ": ", DescribeOwner(facts)));
}

TablePlan PlanFresh(const TableFacts& facts) {
  if (IsOthers(facts)) return RefuseOthers(facts);
  TablePlan plan;
  const bool nobodys = facts.owner.has_value() && facts.owner->run_line.empty();
  const bool ours = facts.owner_state != OwnerState::kOther &&
                    (Owns(facts.run_line, facts.owner) || Owns(facts.replaced_line, facts.owner) ||
                     (nobodys && facts.run_line.empty()));
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
                Cat(facts.where, ": stands at epoch ", stands, MissingRows(facts)));
}

TablePlan Ahead(const TableFacts& facts, int64_t stands) {
  return Refuse(absl::StatusCode::kFailedPrecondition,
                Cat(facts.where, ": has rows of epoch ", stands,
                    ", but this job goes on behind epoch ", facts.resume->epoch));
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
  if (IsOthers(facts)) {
    return Owns(facts.run_line, facts.owner) ? RefuseOthers(facts) : NotOurs(facts);
  }
  const bool takes_over = Owns(facts.replaced_line, facts.owner) ||
                          (facts.take_over && Owns(committed.run_line, facts.owner));
  const bool is_fork = committed.run_line != facts.run_line;
  if (!takes_over && is_fork && !Owns(facts.run_line, facts.owner)) {
    // Moved elsewhere: the fork's own table begins empty, behind what the original published.
    if (!facts.has_rows && !facts.owner.has_value()) {
      return GoOnAt(committed.epoch, committed.epoch);
    }
    return NotOurs(facts);
  }
  if (!takes_over && facts.owner.has_value() && facts.owner->run_line != facts.run_line) {
    return NotOurs(facts);
  }
  if (!facts.owner.has_value() && facts.has_rows) return NotOurs(facts);
  const int64_t stands = facts.owner.has_value() ? facts.owner->epoch : 0;
  const int64_t begun = facts.owner.has_value() ? facts.owner->begun : 0;
  if (begun > committed.epoch) {
    return Refuse(absl::StatusCode::kFailedPrecondition,
                  Cat(facts.where, ": was begun anew behind epoch ", begun,
                      ", but this job goes on behind epoch ", committed.epoch));
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
  if (IsOthers(facts)) return RefuseOthers(facts);
  // Where the rows of the last epoch cannot be looked for, they are written once more: better in
  // two tables than in none. A fork leaves those that are not its own.
  const bool is_fork = facts.resume->run_line != facts.run_line;
  const bool has_all = is_fork || facts.elsewhere_epoch == facts.resume->epoch;
  const int64_t epoch = plan.refusal.ok() ? plan.epoch
                        : has_all         ? facts.resume->epoch
                                          : facts.resume->earlier;
  plan = GoOnAt(epoch, epoch);
  plan.move_aside = facts.has_rows;
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
      ways.push_back(Cat("go on in it here after: ", facts.bring_here));
    }
  } else if (is_loss) {
    ways.push_back("put the database back");
  }
  if (!facts.resume.has_value()) {
    ways.push_back("give this job another table");
  } else if (is_fork) {
    ways.push_back("give --out DIR to write elsewhere");
  }
}

void AddFlags(const TableFacts& facts, std::vector<std::string>& ways) {
  const std::string begin = Cat("--new-output ", ShellWord(facts.sink));
  const std::string aside = facts.has_rows
                                ? " to move it aside and begin a new table with the state kept"
                                : " to begin a new table with the state kept";
  const bool takes = !facts.take_over && Accepts(facts, true, false);
  if (takes && !facts.resume.has_value()) {
    ways.push_back(facts.has_rows ? "--take-over to move it aside and write here"
                                  : "--take-over to write here");
  } else if (takes) {
    ways.push_back(facts.owner->epoch > facts.resume->epoch
                       ? "--take-over to go on in it, so that rows of the same key are replaced"
                       : "--take-over to go on in it");
  }
  if (!facts.resume.has_value() || facts.new_output) return;
  if (Accepts(facts, false, true)) {
    ways.push_back(begin + aside);
  } else if (!takes && Accepts(facts, true, true)) {
    ways.push_back(Cat(begin, " --take-over", aside));
  }
}

// Only where the state is no fork: with --from the flag means something else.
bool FreshHelps(const TableFacts& facts) {
  if (!facts.resume.has_value() || facts.resume->run_line != facts.run_line) return false;
  TableFacts fresh = facts;
  fresh.resume.reset();
  fresh.new_output = false;
  fresh.replaced_line = facts.run_line;
  fresh.run_line = "a new one";
  return Decide(fresh).refusal.ok();
}

absl::Status WithWays(const absl::Status& refusal, const TableFacts& facts) {
  std::vector<std::string> ways;
  AddWaysByHand(facts, absl::IsDataLoss(refusal), ways);
  AddFlags(facts, ways);
  if (FreshHelps(facts)) ways.push_back("--fresh to start over");
  if (ways.empty()) return refusal;
  return Error(refusal.code(), Cat(ToStd(refusal.message()), "; ", JoinWays(ways)));
}

}  // namespace

std::string DescribeOwner(const TableFacts& facts) {
  if (!facts.owner.has_value()) return "was there before this job";
  if (facts.owner->run_line.empty()) return "was written by a run without state";
  return DescribeOwner({.run_line = facts.owner->run_line,
                        .job = facts.owner->job,
                        .state_directory = facts.owner->state_directory},
                       facts.owner_state);
}

absl::Status RowsAreMissing(const TableFacts& facts, const std::string& what) {
  return WithWays(absl::DataLossError(Cat(what, MissingRows(facts))), facts);
}

TablePlan PlanTable(const TableFacts& facts) {
  TablePlan plan = Decide(facts);
  if (!plan.refusal.ok()) plan.refusal = WithWays(plan.refusal, facts);
  return plan;
}

}  // namespace tidemark
