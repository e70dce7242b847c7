#include "connectors/sqlite/sqlite_owner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/status.h"

namespace tidemark {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Committed = TableFacts::Committed;

// As `owner`@`epoch`, the facts of run line B.
TableFacts Facts(std::optional<TableOwner> owner, bool has_rows,
                 std::optional<Committed> resume = {}) {
  TableFacts facts{.where = "db, table 't'", .exists = has_rows, .has_rows = has_rows};
  facts.owner = std::move(owner);
  facts.run_line = "B";
  facts.sink = "sink";
  facts.resume = std::move(resume);
  return facts;
}
TableOwner Owner(const std::string& line, int64_t epoch = 0) {
  return {.run_line = line, .epoch = epoch};
}

// "aside", "clear" or "keep", and the epoch; or the refusal.
std::string Plan(const TableFacts& facts) {
  const TablePlan plan = PlanTable(facts);
  if (!plan.refusal.ok()) return std::string(ToStd(plan.refusal.message()));
  return Cat(plan.move_aside ? "aside" : plan.clear ? "clear" : "keep", " ", plan.epoch);
}

TEST(PlanTable, FreshStartsReplaceOnlyWhatIsTheirOwn) {
  EXPECT_EQ(Plan(Facts({}, false)), "keep 0");
  EXPECT_EQ(Plan(Facts({}, true)), "aside 0");
  EXPECT_EQ(Plan(Facts(Owner("A", 5), true)), "aside 0");
  EXPECT_EQ(Plan(Facts(Owner("A", 5), false)), "keep 0");
  EXPECT_EQ(Plan(Facts(Owner("", 5), true)), "aside 0") << "of a run without state";
  EXPECT_EQ(Plan(Facts(Owner("B", 5), true)), "clear 0");
  TableFacts replaces = Facts(Owner("A", 5), true);
  replaces.replaced_line = "A";
  EXPECT_EQ(Plan(replaces), "clear 0");

  TableFacts stateless = Facts({}, true);
  stateless.run_line.clear();
  EXPECT_EQ(Plan(stateless), "aside 0") << "rows of a table are not overwritten like a file";
  stateless.owner = Owner("", 5);
  EXPECT_EQ(Plan(stateless), "clear 0");
  stateless.owner = Owner("A", 5);
  EXPECT_EQ(Plan(stateless), "aside 0");
}

TEST(PlanTable, AResumeGoesOnWhereTheTableStands) {
  const Committed at7{.run_line = "B", .epoch = 7, .earlier = 4};
  EXPECT_EQ(Plan(Facts(Owner("B", 7), true, at7)), "keep 7");
  EXPECT_EQ(Plan(Facts(Owner("B", 4), true, at7)), "keep 4") << "the commit's rows follow";
  for (const int64_t stands : {0, 3, 5, 6}) {
    EXPECT_THAT(Plan(Facts(Owner("B", stands), true, at7)),
                HasSubstr(Cat("is at epoch ", stands, ", but rows up to epoch 4")));
  }
  EXPECT_EQ(
      Plan(Facts(Owner("B", 8), true, at7)),
      "db, table 't': has rows of epoch 8, but this job continues after epoch 7; --new-output "
      "sink to move it aside and begin a new table with the state kept; or --fresh to start "
      "over");
  EXPECT_THAT(Plan(Facts(Owner("B", 7), false, at7)), HasSubstr("is gone"));
  EXPECT_THAT(Plan(Facts({}, false, at7)), HasSubstr("is at epoch 0"));
  EXPECT_THAT(Plan(Facts({}, true, at7)), HasSubstr("no line in its table tidemark_sinks"));
  EXPECT_THAT(Plan(Facts(Owner("C", 7), true, at7)), HasSubstr("(lineage C)"));
  // Nothing was published yet.
  EXPECT_EQ(Plan(Facts(Owner("B", 0), false, Committed{.run_line = "B"})), "keep 0");
  EXPECT_EQ(Plan(Facts(Owner("B", 0), false, Committed{.run_line = "B", .epoch = 3})), "keep 0");
}

TEST(PlanTable, AKeyedTableThatIsAheadCanBeTakenOver) {
  TableFacts facts = Facts(Owner("B", 9), true, Committed{.run_line = "B", .epoch = 7});
  facts.has_key = true;
  EXPECT_THAT(Plan(facts),
              HasSubstr("; --take-over to continue in it, so that rows of the same key"));
  facts.take_over = true;
  EXPECT_EQ(Plan(facts), "keep 7");
  facts.has_key = false;
  EXPECT_THAT(Plan(facts), AllOf(HasSubstr("has rows of epoch 9"), Not(HasSubstr("--take-over"))));
}

TEST(PlanTable, AForkIsRefusedMovesOrTakesOver) {
  const Committed of_a{.run_line = "A", .epoch = 7, .earlier = 4};
  EXPECT_EQ(
      Plan(Facts(Owner("A", 7), true, of_a)),
      "db, table 't': belongs to another job, or to another state of this one (lineage A); "
      "give --out DIR to write elsewhere; --take-over to continue in it; or --new-output sink to "
      "move it aside and begin a new table with the state kept");
  EXPECT_THAT(Plan(Facts(Owner("A", 9), true, of_a)),
              AllOf(Not(HasSubstr("--take-over")), Not(HasSubstr("--fresh"))));
  EXPECT_EQ(Plan(Facts({}, false, of_a)), "keep 7") << "the original's rows stay the original's";
  EXPECT_EQ(Plan(Facts(Owner("B", 7), false, of_a)), "keep 7") << "an earlier start of the fork";
  EXPECT_THAT(Plan(Facts(Owner("C", 7), true, of_a)), HasSubstr("(lineage C)"));
  EXPECT_THAT(Plan(Facts({}, true, of_a)), HasSubstr("names their owner"));

  TableFacts takes = Facts(Owner("A", 7), true, of_a);
  takes.take_over = true;
  EXPECT_EQ(Plan(takes), "keep 7");
  takes.owner = Owner("A", 4);
  EXPECT_EQ(Plan(takes), "keep 4");
  takes.owner = Owner("A", 9);
  EXPECT_THAT(Plan(takes), HasSubstr("has rows of epoch 9"));
  takes.has_key = true;
  EXPECT_EQ(Plan(takes), "keep 7");
  takes.owner = Owner("C", 7);
  EXPECT_THAT(Plan(takes), HasSubstr("(lineage C)"));
}

TEST(PlanTable, AnotherJobsTableIsRefusedWhileItsStateIsThere) {
  TableOwner owner = Owner("A", 5);
  owner.job = "a";
  owner.state_directory = "/s/a";
  TableFacts facts = Facts(owner, true);
  facts.owner_state = OwnerState::kOther;
  EXPECT_EQ(Plan(facts),
            "db, table 't': is written by job 'a', whose state is /s/a; give this job another "
            "table; or --take-over to move it aside and write here");
  facts.take_over = true;
  EXPECT_EQ(Plan(facts), "aside 0");
  facts.take_over = false;
  facts.run_line.clear();
  EXPECT_THAT(Plan(facts), HasSubstr("is written by job 'a'")) << "nor by a run without state";
  facts.owner_state = OwnerState::kGone;
  EXPECT_EQ(Plan(facts), "aside 0");

  TableFacts copy = Facts(owner, true, Committed{.run_line = "A", .epoch = 5, .earlier = 5});
  copy.run_line = "A";
  copy.state_directory = "/s/copy";
  copy.owner_state = OwnerState::kOther;
  EXPECT_THAT(Plan(copy),
              HasSubstr("from the state /s/a, of which /s/copy is a copy; --take-over"));
  copy.owner_state = OwnerState::kGone;
  EXPECT_EQ(Plan(copy), "keep 5") << "the directory was moved";
}

TEST(PlanTable, ANewOutputBeginsBehindWhatThePublishedTableHas) {
  const Committed at7{.run_line = "B", .epoch = 7, .earlier = 4};
  const auto anew = [](TableFacts facts) {
    facts.new_output = true;
    const TablePlan plan = PlanTable(facts);
    return Cat(Plan(facts), " begun ", plan.begun);
  };
  EXPECT_EQ(anew(Facts(Owner("B", 7), true, at7)), "aside 7 begun 7");
  EXPECT_EQ(anew(Facts(Owner("B", 4), true, at7)), "aside 4 begun 4") << "the commit's rows follow";
  EXPECT_EQ(anew(Facts({}, false, at7)), "keep 4 begun 4") << "gone: better twice than never";
  EXPECT_EQ(anew(Facts({}, true, at7)), "aside 4 begun 4");
  TableFacts taken = Facts(Owner("C", 3), true, at7);  // by another job, which moved ours aside
  taken.elsewhere_epoch = 7;
  EXPECT_EQ(anew(taken), "aside 7 begun 7");
  EXPECT_EQ(anew(Facts(Owner("B", 0), false, Committed{.run_line = "B"})), "keep 0 begun 0");
  EXPECT_EQ(anew(Facts(Owner("B", 5), true)), "aside 0 begun 0") << "with --fresh: nothing is lost";

  // It has no table yet when its first start dies, and is not gone.
  TableOwner begun = Owner("B", 7);
  begun.begun = 7;
  EXPECT_EQ(Plan(Facts(begun, false, at7)), "keep 7");
  EXPECT_EQ(anew(Facts(begun, false, at7)), "keep 7 begun 7");
  begun.epoch = 9;
  const std::string older = Plan(Facts(begun, true, Committed{.run_line = "B", .epoch = 6}));
  EXPECT_THAT(older,
              HasSubstr("was started over after epoch 7, but this job continues after epoch"));
  EXPECT_THAT(older, HasSubstr("; --new-output sink to move it aside"));
}

TEST(PlanTable, ARenamedTableIsToldHowToComeAlong) {
  TableFacts facts = Facts({}, false, Committed{.run_line = "B", .epoch = 7, .earlier = 7});
  facts.was_at = "table 'before'";
  facts.bring_here = "sqlite3 db X";
  EXPECT_EQ(Plan(facts),
            "db, table 't': is at epoch 0, but rows up to epoch 7 were committed and written, "
            "when this output was table 'before'; continue in it here after: sqlite3 db X; "
            "--new-output sink to begin a new table with the state kept; or --fresh to start over");
  facts.exists = facts.has_rows = true;
  EXPECT_THAT(Plan(facts), HasSubstr("name that place again in the job"));
}

}  // namespace
}  // namespace tidemark
