#include "connectors/sqlite_owner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/status.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;
using Committed = TableFacts::Committed;

// As `owner`@`epoch`, the facts of run line B.
TableFacts Facts(std::optional<TableOwner> owner, bool has_rows,
                 std::optional<Committed> resume = {}) {
  TableFacts facts{.where = "db, table 't'", .exists = has_rows, .has_rows = has_rows};
  facts.owner = std::move(owner);
  facts.run_line = "B";
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
                HasSubstr(Cat("stands at epoch ", stands, ", but rows up to epoch 4")));
  }
  EXPECT_EQ(Plan(Facts(Owner("B", 8), true, at7)),
            "db, table 't': has rows of epoch 8, but this job goes on behind epoch 7; give --out "
            "DIR to write elsewhere, or --fresh to start over: a table without a key cannot be cut "
            "back");
  EXPECT_THAT(Plan(Facts(Owner("B", 7), false, at7)), HasSubstr("is gone"));
  EXPECT_THAT(Plan(Facts({}, false, at7)), HasSubstr("stands at epoch 0"));
  EXPECT_THAT(Plan(Facts({}, true, at7)), HasSubstr("no line in its table tidemark_sinks"));
  EXPECT_THAT(Plan(Facts(Owner("C", 7), true, at7)), HasSubstr("belongs to run line C"));
  // Nothing was published yet.
  EXPECT_EQ(Plan(Facts(Owner("B", 0), false, Committed{.run_line = "B"})), "keep 0");
  EXPECT_EQ(Plan(Facts(Owner("B", 0), false, Committed{.run_line = "B", .epoch = 3})), "keep 0");
}

TEST(PlanTable, AKeyedTableThatIsAheadCanBeTakenOver) {
  TableFacts facts = Facts(Owner("B", 9), true, Committed{.run_line = "B", .epoch = 7});
  facts.has_key = true;
  EXPECT_THAT(Plan(facts),
              HasSubstr("or --take-over to go on in it, so that rows of the same key"));
  facts.replaced_line = "B";
  EXPECT_EQ(Plan(facts), "keep 7");
  facts.has_key = false;
  EXPECT_THAT(Plan(facts), HasSubstr("cannot be cut back"));
}

TEST(PlanTable, AForkIsRefusedMovesOrTakesOver) {
  const Committed of_a{.run_line = "A", .epoch = 7, .earlier = 4};
  EXPECT_EQ(Plan(Facts(Owner("A", 7), true, of_a)),
            "db, table 't': belongs to run line A, this job is run line B; give --out DIR to write "
            "elsewhere, or --take-over to go on in it");
  EXPECT_THAT(Plan(Facts(Owner("A", 9), true, of_a)),
              HasSubstr("or --fresh to move it aside and start over"));
  EXPECT_EQ(Plan(Facts({}, false, of_a)), "keep 7") << "the original's rows stay the original's";
  EXPECT_EQ(Plan(Facts(Owner("B", 7), false, of_a)), "keep 7") << "an earlier start of the fork";
  EXPECT_THAT(Plan(Facts(Owner("C", 7), true, of_a)), HasSubstr("--fresh"));
  EXPECT_THAT(Plan(Facts({}, true, of_a)), HasSubstr("names their owner"));

  TableFacts takes = Facts(Owner("A", 7), true, of_a);
  takes.replaced_line = "A";
  EXPECT_EQ(Plan(takes), "keep 7");
  takes.owner = Owner("A", 4);
  EXPECT_EQ(Plan(takes), "keep 4");
  takes.owner = Owner("A", 9);
  EXPECT_THAT(Plan(takes), HasSubstr("cannot be cut back"));
  takes.has_key = true;
  EXPECT_EQ(Plan(takes), "keep 7");
  takes.owner = Owner("C", 7);
  EXPECT_THAT(Plan(takes), HasSubstr("belongs to run line C"));
}

}  // namespace
}  // namespace tidemark
