#include "connectors/sqlite_owner.h"

#include "base/status.h"

namespace tidemark {
namespace {

TablePlan Refuse(absl::StatusCode code, std::string_view why) {
  TablePlan plan;
  plan.refusal = Error(code, why);
  return plan;
}

TablePlan GoOnAt(int64_t epoch) {
  TablePlan plan;
  plan.epoch = epoch;
  return plan;
}

bool Owns(const std::string& run_line, const std::optional<TableOwner>& owner) {
  return !run_line.empty() && owner.has_value() && owner->run_line == run_line;
}

std::string OwnerText(const std::optional<TableOwner>& owner) {
  if (!owner.has_value()) return "nobody";
  return owner->run_line.empty() ? "a run without state" : Cat("run line ", owner->run_line);
}

TablePlan PlanFresh(const TableFacts& facts) {
  TablePlan plan;
  const bool nobodys = facts.owner.has_value() && facts.owner->run_line.empty();
  const bool ours = Owns(facts.run_line, facts.owner) || Owns(facts.replaced_line, facts.owner) ||
                    (nobodys && facts.run_line.empty());
  // An empty table without an owner was made for this job, with its types and indexes.
  plan.move_aside = facts.has_rows && !ours;
  plan.clear = ours;
  return plan;
}

TablePlan Behind(const TableFacts& facts, int64_t stands) {
  return Refuse(absl::StatusCode::kDataLoss,
                Cat(facts.where, ": stands at epoch ", stands, ", but rows up to epoch ",
                    facts.resume->earlier,
                    " were committed and written; put the database back, or start over with "
                    "--fresh"));
}

TablePlan Ahead(const TableFacts& facts, int64_t stands) {
  const bool can_take_over = facts.has_key;
  return Refuse(
      absl::StatusCode::kFailedPrecondition,
      Cat(facts.where, ": has rows of epoch ", stands, ", but this job goes on behind epoch ",
          facts.resume->epoch, "; give --out DIR to write elsewhere, or ",
          can_take_over ? "--take-over to go on in it, so that rows of the same key are replaced"
                        : "--fresh to start over: a table without a key cannot be cut back"));
}

TablePlan NotOurs(const TableFacts& facts) {
  if (!facts.owner.has_value()) {
    return Refuse(absl::StatusCode::kFailedPrecondition,
                  Cat(facts.where,
                      ": has rows, and no line in its table tidemark_sinks that names their owner; "
                      "give --out DIR to write elsewhere, or --fresh to move it aside and start "
                      "over"));
  }
  const bool of_our_origin = Owns(facts.resume->run_line, facts.owner);
  const bool can_take_over =
      of_our_origin && (facts.has_key || facts.owner->epoch <= facts.resume->epoch);
  return Refuse(absl::StatusCode::kFailedPrecondition,
                Cat(facts.where, ": belongs to ", OwnerText(facts.owner), ", this job is run line ",
                    facts.run_line, "; give --out DIR to write elsewhere, or ",
                    can_take_over ? "--take-over to go on in it"
                                  : "--fresh to move it aside and start over"));
}

TablePlan PlanResume(const TableFacts& facts) {
  const TableFacts::Committed& committed = *facts.resume;
  const bool takes_over = Owns(facts.replaced_line, facts.owner);
  const bool is_fork = committed.run_line != facts.run_line;
  if (!takes_over && is_fork && !Owns(facts.run_line, facts.owner)) {
    // Moved elsewhere: the fork's own table begins empty, behind what the original published.
    if (!facts.has_rows && !facts.owner.has_value()) return GoOnAt(committed.epoch);
    return NotOurs(facts);
  }
  if (!takes_over && facts.owner.has_value() && facts.owner->run_line != facts.run_line) {
    return NotOurs(facts);
  }
  if (!facts.owner.has_value() && facts.has_rows) return NotOurs(facts);
  const int64_t stands = facts.owner.has_value() ? facts.owner->epoch : 0;
  if (stands > committed.epoch) {
    if (!takes_over || !facts.has_key) return Ahead(facts, stands);
    return GoOnAt(committed.epoch);
  }
  // Between the two lies an epoch whose rows are in the commit, and are published behind this.
  if (stands != committed.epoch && stands != committed.earlier) return Behind(facts, stands);
  // A fork's own table begins empty.
  if (stands > 0 && !facts.exists && !is_fork) {
    return Refuse(absl::StatusCode::kDataLoss,
                  Cat(facts.where, ": is gone, but rows up to epoch ", stands,
                      " were written to it; put it back, or start over with --fresh"));
  }
  return GoOnAt(stands);
}

}  // namespace

TablePlan PlanTable(const TableFacts& facts) {
  return facts.resume.has_value() ? PlanResume(facts) : PlanFresh(facts);
}

}  // namespace tidemark
