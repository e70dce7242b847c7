#include "connectors/sink_owner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/status.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;
using Committed = SinkFacts::Committed;

constexpr std::nullopt_t kNone = std::nullopt;

// A plan in one word: "cut 10", "aside", or the beginning of a refusal.
std::string Verdict(const SinkFacts& facts) {
  const SinkPlan plan = PlanSink(facts);
  if (!plan.refusal.ok()) {
    const std::string code = absl::IsDataLoss(plan.refusal) ? "loss" : "refuse";
    EXPECT_THAT(Message(plan.refusal), HasSubstr("out: "));
    EXPECT_THAT(Message(plan.refusal), HasSubstr("--"));  // names a way out
    return code;
  }
  const std::string owner = !plan.owner.has_value() ? "nobody"
                            : plan.owner->from_bytes == 0
                                ? plan.owner->run_line
                                : Cat(plan.owner->run_line, " from ", plan.owner->from_bytes);
  return Cat(plan.move_aside ? "aside, " : "", "cut to ", plan.length_bytes, " for ", owner);
}

struct Case {
  std::string what;
  std::optional<uint64_t> size;
  std::optional<SinkOwner> owner;
  std::string run_line;
  std::string replaced_line;
  std::optional<Committed> resume;
  std::string expected;
};

void Check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SinkFacts facts;
    facts.path = "out";
    facts.size_bytes = c.size;
    facts.owner = c.owner;
    facts.run_line = c.run_line;
    facts.replaced_line = c.replaced_line;
    facts.resume = c.resume;
    EXPECT_EQ(Verdict(facts), c.expected) << c.what;
  }
}

SinkOwner By(std::string line, uint64_t from = 0) {
  return {.run_line = std::move(line), .from_bytes = from};
}

TEST(SinkOwner, AFreshStartNeverDestroysWhatSomebodyOwns) {
  Check({
      {"nothing there, no state", kNone, kNone, "", "", kNone, "cut to 0 for nobody"},
      {"nothing there", kNone, kNone, "A", "", kNone, "cut to 0 for A"},
      {"empty file", 0, kNone, "A", "", kNone, "cut to 0 for A"},
      {"empty file of another line", 0, By("B"), "A", "", kNone, "cut to 0 for A"},
      {"owner without a file", kNone, By("B"), "A", "", kNone, "cut to 0 for A"},
      {"owner without a file, no state", kNone, By("B"), "", "", kNone, "cut to 0 for nobody"},
      {"as > in a shell", 5, kNone, "", "", kNone, "cut to 0 for nobody"},
      {"somebody's file, no state", 5, By("B"), "", "", kNone, "aside, cut to 0 for nobody"},
      {"nobody's file", 5, kNone, "A", "", kNone, "aside, cut to 0 for A"},
      {"another line's file", 5, By("B"), "A", "", kNone, "aside, cut to 0 for A"},
      {"a damaged owner file", 5, By(""), "A", "", kNone, "aside, cut to 0 for A"},
      {"a damaged owner file, no state", 5, By(""), "", "", kNone, "aside, cut to 0 for nobody"},
      {"our own, never committed", 5, By("A"), "A", "", kNone, "cut to 0 for A"},
      {"--fresh over the line before", 5, By("B"), "A", "B", kNone, "cut to 0 for A"},
      {"--fresh, but a third line's", 5, By("C"), "A", "B", kNone, "aside, cut to 0 for A"},
      {"--fresh, but nobody's", 5, kNone, "A", "B", kNone, "aside, cut to 0 for A"},
  });
}

TEST(SinkOwner, AResumeCutsItsOwnFileOnly) {
  const Committed ten{.bytes = 10, .run_line = "A"};
  const Committed zero{.bytes = 0, .run_line = "A"};
  Check({
      {"longer", 15, By("A"), "A", "", ten, "cut to 10 for A"},
      {"exact", 10, By("A"), "A", "", ten, "cut to 10 for A"},
      {"shorter", 9, By("A"), "A", "", ten, "loss"},
      {"missing", kNone, By("A"), "A", "", ten, "loss"},
      {"missing with its owner file", kNone, kNone, "A", "", ten, "loss"},
      {"missing, nothing committed", kNone, kNone, "A", "", zero, "cut to 0 for A"},
      {"kept from where it was taken over", 15, By("A", 7), "A", "", ten, "cut to 10 for A from 7"},
      {"another line's", 15, By("B"), "A", "", ten, "refuse"},
      {"another line's, nothing committed", 15, By("B"), "A", "", zero, "refuse"},
      {"another line's, without the file", kNone, By("B"), "A", "", zero, "refuse"},
      {"owner file missing", 15, kNone, "A", "", ten, "refuse"},
      {"owner file damaged", 15, By(""), "A", "", ten, "refuse"},
      {"without lines at all", 15, kNone, "", "", Committed{.bytes = 10, .run_line = ""},
       "cut to 10 for nobody"},
  });
}

TEST(SinkOwner, AForkCannotCutItsOriginalsOutput) {
  const Committed parent{.bytes = 10, .run_line = "A"};
  Check({
      {"the original's file", 15, By("A"), "F", "", parent, "refuse"},
      {"moved elsewhere", kNone, kNone, "F", "", parent, "cut to 0 for F"},
      {"moved to an empty file", 0, kNone, "F", "", parent, "cut to 0 for F"},
      {"moved to nobody's file", 5, kNone, "F", "", parent, "refuse"},
      {"moved, crashed before its first commit", 5, By("F"), "F", "", parent, "cut to 0 for F"},
      {"taken over", 15, By("A"), "F", "A", parent, "cut to 10 for F from 10"},
      {"taken over, but too short", 9, By("A"), "F", "A", parent, "loss"},
      {"taken over, crashed before its first commit", 15, By("F", 10), "F", "", parent,
       "cut to 10 for F from 10"},
      {"the same with the flag given again", 15, By("F", 10), "F", "A", parent,
       "cut to 10 for F from 10"},
      {"taken over, then shortened by somebody", 9, By("F", 10), "F", "", parent, "loss"},
  });
}

TEST(SinkOwner, AnOriginalTakesBackOnlyWhatItsForkDidNotOverwrite) {
  const Committed ten{.bytes = 10, .run_line = "A"};
  Check({
      {"the fork began behind it", 20, By("F", 12), "A", "F", ten, "cut to 10 for A from 10"},
      {"the fork began right at it", 20, By("F", 10), "A", "F", ten, "cut to 10 for A from 10"},
      {"the fork overwrote it", 20, By("F", 8), "A", "F", ten, "loss"},
      {"the fork's own file", 20, By("F", 0), "A", "F", ten, "loss"},
      {"without the flag", 20, By("F", 12), "A", "", ten, "refuse"},
  });
}

TEST(SinkOwner, ARefusalNamesOnlyTheFlagThatHelps) {
  SinkFacts facts;
  facts.path = "out";
  facts.size_bytes = 15;
  facts.run_line = "F";
  facts.resume = Committed{.bytes = 10, .run_line = "A"};
  facts.owner = By("A");
  EXPECT_THAT(Message(PlanSink(facts).refusal), HasSubstr("--take-over"));
  facts.owner = By("C");
  EXPECT_THAT(Message(PlanSink(facts).refusal), ::testing::Not(HasSubstr("--take-over")));
}

class SinkOwnerFileTest : public ConnectorTest {};

TEST_F(SinkOwnerFileTest, RoundTripsAndTakesWhatPeopleWrite) {
  EXPECT_EQ(*ReadOwner(*files_, Path("out")), std::nullopt);
  ASSERT_TRUE(WriteOwner(*files_, Path("out"), By("line-1", 42)).ok());
  EXPECT_EQ(Get("out.tidemark").substr(0, 15), "line-1\nfrom 42\n");
  EXPECT_EQ(*ReadOwner(*files_, Path("out")), By("line-1", 42));
  for (const auto& [text, owner] : std::vector<std::pair<std::string, SinkOwner>>{
           {"line-1", By("line-1")},
           {"line-1\n", By("line-1")},
           {"line-1\n\n", By("line-1")},
           {"", By("")},
           {"\nfrom 3\n", By("", 3)},
           {"line-1\nfrom x\n", By("")},
           {"line-1\nfrom -1\n", By("")},
       }) {
    Put("out.tidemark", text);
    const auto read = ReadOwner(*files_, Path("out"));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ((*read)->run_line, owner.run_line) << text;
    if (!owner.run_line.empty()) {
      EXPECT_EQ(**read, owner) << text;
    }
  }
}

}  // namespace
}  // namespace tidemark
