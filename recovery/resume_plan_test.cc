#include "recovery/resume_plan.h"

#include <gtest/gtest.h>

#include "state/type_schema_codec.h"

namespace tidemark {
namespace {

EpochRecord RecordWith(const std::string& parameters) {
  EpochRecord record;
  record.flow_name = "flow";
  StepRecord step;
  step.id = {1};
  step.name = "ledger";
  step.kind = "batch";
  step.parameters = parameters;
  step.time_domain = 2;
  record.steps.push_back(step);
  return record;
}

ResumePlan PlanWith(const DeclaredStep& step, const std::string& flow = "flow") {
  return PlanResume(RecordWith("max_items: 3, max_wait: 10s"), {step},
                    {.flow_name = flow, .directory = "state"});
}

DeclaredStep Ledger(const std::string& parameters) {
  DeclaredStep step;
  step.name = "ledger";
  step.kind = "batch";
  step.parameters = parameters;
  step.time_domain = 2;
  return step;
}

TEST(ResumePlan, TheSameStepIsKept) {
  EXPECT_TRUE(PlanWith(Ledger("max_items: 3, max_wait: 10s")).verdict.ok());
}

TEST(ResumePlan, HowManyItemsFillAListMayChange) {
  const ResumePlan plan = PlanWith(Ledger("max_items: 9, max_wait: 10s"));
  EXPECT_TRUE(plan.verdict.ok()) << plan.verdict;
  EXPECT_EQ(plan.fates.at(0).kind, StepFate::Kind::kChanged);
}

TEST(ResumePlan, ChangedTimeLimitsClocksKindsAndFlowsAreRefused) {
  EXPECT_FALSE(PlanWith(Ledger("max_items: 3, max_wait: 5s")).verdict.ok());
  EXPECT_FALSE(PlanWith(Ledger("max_items: 3")).verdict.ok());
  DeclaredStep other_clock = Ledger("max_items: 3, max_wait: 10s");
  other_clock.time_domain = 1;
  EXPECT_FALSE(PlanWith(other_clock).verdict.ok());
  DeclaredStep other_kind = Ledger("max_items: 3, max_wait: 10s");
  other_kind.kind = "stateful";
  EXPECT_FALSE(PlanWith(other_kind).verdict.ok());
  EXPECT_FALSE(PlanWith(Ledger("max_items: 3, max_wait: 10s"), "another").verdict.ok());
}

TEST(ResumePlan, AStepOfAnotherDefinitionIsRefused) {
  EpochRecord record = RecordWith("max_items: 3");
  record.steps[0].definition = {{"key", "net"}};
  DeclaredStep step = Ledger("max_items: 3");
  const auto plan = [&](StepDefinition definition) {
    step.definition = std::move(definition);
    return PlanResume(record, {step}, {.flow_name = "flow", .directory = "state"});
  };
  EXPECT_EQ(plan({{"key", "net"}}).verdict, absl::OkStatus());
  EXPECT_EQ(plan({{"key", "type"}}).verdict.message(),
            "state: the key of step 'ledger' was [net] and is now [type], under which its state "
            "would not be found; give the step another name, or start over with --fresh");
  // What an older version did not write is believed, and written from now on.
  const ResumePlan more = plan({{"key", "net"}, {"window", "time"}});
  EXPECT_EQ(more.verdict, absl::OkStatus());
  EXPECT_EQ(more.steps.at(0).definition.size(), 2u);
  // A state in one row becomes one in pieces, and not the other way round.
  record.steps[0].definition = {{"storage", "in pieces"}};
  EXPECT_TRUE(absl::IsFailedPrecondition(plan({}).verdict));
  record.steps[0].definition = {};
  EXPECT_EQ(plan({{"storage", "in pieces"}}).verdict, absl::OkStatus());
  record.steps[0].definition = {{"key", "net"}};
  // A step that waits outside the flow keeps it.
  EXPECT_EQ(PlanResume(record, {}, {.flow_name = "flow", .directory = "state"}).steps,
            record.steps);
}

struct Count {
  int32_t n = 0;
};
struct WideCount {
  int64_t n = 0;
};
struct Sum {
  double n = 0;
};

template <class T>
DeclaredStep LedgerOf() {
  DeclaredStep step = Ledger("max_items: 3");
  step.schema = EncodeSchema(SchemaOf<T>());
  return step;
}

template <class Old, class New>
ResumePlan PlanFromTo() {
  EpochRecord record = RecordWith("max_items: 3");
  record.steps[0].schema = LedgerOf<Old>().schema;
  return PlanResume(record, {LedgerOf<New>()}, {.flow_name = "flow", .directory = "state"});
}

TEST(ResumePlan, AWiderTypeIsMigratedAndAnyOtherRefused) {
  const ResumePlan wider = PlanFromTo<Count, WideCount>();
  ASSERT_TRUE(wider.verdict.ok()) << wider.verdict;
  ASSERT_EQ(wider.fates.size(), 1u);
  EXPECT_EQ(wider.fates[0].kind, StepFate::Kind::kMigrated);
  EXPECT_EQ(wider.fates[0].detail, "kept, migrated: field 'n' changed from i32 to i64");
  EXPECT_EQ(wider.steps.at(0).schema, LedgerOf<WideCount>().schema) << "what a dump reads it by";
  EXPECT_FALSE((PlanFromTo<WideCount, Count>().verdict.ok()));
  const ResumePlan other = PlanFromTo<Count, Sum>();
  EXPECT_NE(other.verdict.message().find("field 'n' changed from i32 to f64"),
            absl::string_view::npos)
      << other.verdict;
}

// A step of format 1 whose state is in pieces now: its rows have a schema of their own.
TEST(ResumePlan, AnOlderFormOfAStateKeepsItsSchema) {
  EpochRecord record = RecordWith("max_items: 3");
  record.steps[0].schema = EncodeSchema(SchemaOf<Sum>());
  DeclaredStep now = LedgerOf<WideCount>();
  const ResumeFacts facts{.flow_name = "flow", .directory = "state"};
  EXPECT_FALSE(PlanResume(record, {now}, facts).verdict.ok());
  now.value_schema = EncodeSchema(SchemaOf<Sum>());
  for (int run = 0; run < 2; ++run) {  // the second resumes what the first has recorded
    const ResumePlan plan = PlanResume(record, {now}, facts);
    ASSERT_TRUE(plan.verdict.ok()) << plan.verdict;
    EXPECT_EQ(plan.fates.at(0).kind, StepFate::Kind::kKept);
    EXPECT_EQ(plan.steps.at(0).schema, now.schema);
    EXPECT_EQ(plan.steps.at(0).value_schema, now.value_schema);
    record.steps = plan.steps;
  }
  now.value_schema = EncodeSchema(SchemaOf<Count>());
  EXPECT_FALSE(PlanResume(record, {now}, facts).verdict.ok()) << "rows of the older form remain";
  record.steps[0].value_schema.clear();
  const ResumePlan plan = PlanResume(record, {now}, facts);
  EXPECT_TRUE(plan.verdict.ok()) << plan.verdict;
  EXPECT_EQ(plan.steps.at(0).value_schema, "") << "no row was ever of that form";
}

}  // namespace
}  // namespace tidemark
