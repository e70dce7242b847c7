#include "connectors/claim/sink_owner.h"

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
    EXPECT_THAT(Message(plan.refusal), HasSubstr("; "));  // names a way on
    return code;
  }
  std::string owner = !plan.owner.has_value() ? "nobody"
                      : plan.owner->from_bytes == 0
                          ? plan.owner->run_line
                          : Cat(plan.owner->run_line, " from ", plan.owner->from_bytes);
  const bool replaces =
      plan.owner.has_value() && plan.owner->undo_kind == SinkOwner::Undo::kReplaced;
  if (plan.generation > 0) owner += Cat(" generation ", plan.generation);
  return Cat(plan.cut_before.has_value() ? Cat("cut to ", *plan.cut_before, ", ") : "",
             replaces          ? "aside until a commit, "
             : plan.move_aside ? "aside, "
             : plan.keep_tail  ? "tail kept, "
                               : "",
             "cut to ", plan.length_bytes, " for ", owner);
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
      {"--fresh over the line before", 5, By("B"), "A", "B", kNone,
       "aside until a commit, cut to 0 for A"},
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
      {"taken over", 15, By("A"), "F", "A", parent, "tail kept, cut to 10 for F from 10"},
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
      {"the fork began behind it", 20, By("F", 12), "A", "F", ten,
       "tail kept, cut to 10 for A from 10"},
      {"the fork began right at it", 20, By("F", 10), "A", "F", ten,
       "tail kept, cut to 10 for A from 10"},
      {"the fork overwrote it", 20, By("F", 8), "A", "F", ten, "loss"},
      {"the fork's own file", 20, By("F", 0), "A", "F", ten, "loss"},
      {"without the flag", 20, By("F", 12), "A", "", ten, "refuse"},
  });
}

// ---- whose state is where ----------------------------------------

SinkOwner ByJob(std::string line, uint64_t generation = 0) {
  return {
      .run_line = std::move(line), .job = "b", .state_directory = "/s/b", .generation = generation};
}

SinkFacts FactsOf(std::optional<uint64_t> size, std::optional<SinkOwner> owner, OwnerState state,
                  std::optional<Committed> resume = {}) {
  return {.path = "out",
          .size_bytes = size,
          .owner = std::move(owner),
          .owner_state = state,
          .run_line = "A",
          .job = "a",
          .state_directory = "/s/a",
          .sink = "sink",
          .resume = std::move(resume)};
}

SinkFacts With(SinkFacts facts, bool take_over, bool new_output = false) {
  facts.take_over = take_over;
  facts.new_output = new_output;
  return facts;
}

std::string Refusal(const SinkFacts& facts) { return Message(PlanSink(facts).refusal); }

TEST(SinkOwner, AFreshStartIsRefusedWhileTheOwnersStateIsThere) {
  for (const std::optional<uint64_t>& size :
       {std::optional<uint64_t>(5), std::optional<uint64_t>(0), std::optional<uint64_t>()}) {
    const SinkFacts others = FactsOf(size, ByJob("B"), OwnerState::kOther);
    EXPECT_EQ(Verdict(others), "refuse");
    EXPECT_EQ(Verdict(With(others, true)),
              size.value_or(0) > 0 ? "aside, cut to 0 for A" : "cut to 0 for A");
    SinkFacts stateless = others;
    stateless.run_line = stateless.state_directory = "";
    EXPECT_EQ(Verdict(stateless), "refuse");
    SinkFacts replaces = others;  // --fresh in a copy of the state
    replaces.replaced_line = "B";
    EXPECT_EQ(Verdict(replaces), "refuse");
  }
  EXPECT_EQ(Refusal(FactsOf(5, ByJob("B"), OwnerState::kOther)),
            "out: is written by job 'b', whose state is /s/b; give this job another output; or "
            "--take-over to move it aside and write here");
  EXPECT_EQ(Verdict(FactsOf(5, ByJob("B"), OwnerState::kGone)), "aside, cut to 0 for A");
  EXPECT_EQ(Verdict(FactsOf(5, ByJob("B"), OwnerState::kOurs)), "aside, cut to 0 for A");
}

TEST(SinkOwner, AResumeKnowsItsOwnFileByItsLineWhereverItsStateIs) {
  const Committed ten{.bytes = 10, .run_line = "A"};
  EXPECT_EQ(Verdict(FactsOf(15, ByJob("A"), OwnerState::kOurs, ten)), "cut to 10 for A");
  EXPECT_EQ(Verdict(FactsOf(15, ByJob("A"), OwnerState::kGone, ten)), "cut to 10 for A");
  EXPECT_EQ(PlanSink(FactsOf(15, ByJob("A"), OwnerState::kGone, ten)).owner->state_directory,
            "/s/a");
  // Of two copies of a state only one goes on in the file.
  const SinkFacts copy = FactsOf(15, ByJob("A"), OwnerState::kOther, ten);
  EXPECT_EQ(Refusal(copy),
            "out: is written from the state /s/b, of which /s/a is a copy; --take-over to cut it "
            "back to 10 bytes and continue in it");
  EXPECT_EQ(Verdict(With(copy, true)), "tail kept, cut to 10 for A from 10");
}

TEST(SinkOwner, ARefusalNamesOnlyTheFlagThatHelps) {
  const Committed ten{.bytes = 10, .run_line = "A"};
  const Committed parents{.bytes = 10, .run_line = "P"};
  EXPECT_EQ(Refusal(FactsOf(15, ByJob("B"), OwnerState::kOther, ten)),
            "out: is written by job 'b', whose state is /s/b; --new-output sink --take-over to "
            "move it aside and begin a new file with the state kept");
  EXPECT_EQ(Refusal(With(FactsOf(15, ByJob("B"), OwnerState::kOther, ten), true)),
            "out: is written by job 'b', whose state is /s/b; --new-output sink to move it aside "
            "and begin a new file with the state kept; or --fresh to start over");
  EXPECT_EQ(Refusal(FactsOf(15, ByJob("P"), OwnerState::kOther, parents)),
            "out: is written by job 'b', whose state is /s/b; give --out DIR to write elsewhere; "
            "or --take-over to truncate it to 10 bytes and continue in it");
  // A fork of one job that finds the output of a third: --fresh was given, or means something else.
  EXPECT_EQ(Refusal(With(FactsOf(15, ByJob("B"), OwnerState::kUnknown, parents), true)),
            "out: belongs to another job, or to another state of this one (lineage B); give --out "
            "DIR to write elsewhere; or --new-output sink to move it aside and begin a new file "
            "with the state kept");
  EXPECT_EQ(Refusal(FactsOf(5, ByJob("A"), OwnerState::kOurs, ten)),
            "out: is 5 bytes long, but 10 bytes of it were committed; put the file back; "
            "--new-output sink to move it aside and begin a new file with the state kept; or "
            "--fresh to start over");
  EXPECT_EQ(Refusal(FactsOf(15, kNone, OwnerState::kUnknown, ten)),
            "out: has no out.tidemark that names its owner; if it is this job's own: echo A > "
            "out.tidemark; --new-output sink to move it aside and begin a new file with the state "
            "kept; or --fresh to start over");
}

TEST(SinkOwner, ARenamedSinkIsToldWhereItsOutputWas) {
  const Committed ten{.bytes = 10, .run_line = "A"};
  SinkFacts facts = FactsOf(kNone, kNone, OwnerState::kUnknown, ten);
  facts.path = "new/out";
  facts.was_at = "/s/out";
  facts.is_still_there = true;
  EXPECT_EQ(
      Refusal(facts),
      "new/out: is missing, but 10 bytes were committed, when this output was /s/out; continue "
      "in it here after: mkdir -p new && mv /s/out new/out && mv /s/out.tidemark "
      "new/out.tidemark; --new-output sink to begin a new file with the state kept; or "
      "--fresh to start over");
  facts.is_still_there = false;
  EXPECT_THAT(Refusal(facts), HasSubstr("when this output was /s/out; put the file back; --new"));
  facts.is_still_there = true;
  facts.size_bytes = 5;
  EXPECT_THAT(Refusal(facts), HasSubstr("name that path again in the job"));
}

// ---- a new output ----------------------------------------

TEST(SinkOwner, ANewOutputKeepsTheOldOneAsItWasCommitted) {
  const Committed ten{.bytes = 10, .run_line = "A"};
  const Committed later{.bytes = 10, .run_line = "A", .generation = 2};
  const auto anew = [](std::optional<uint64_t> size, std::optional<SinkOwner> owner,
                       OwnerState state, Committed resume) {
    return Verdict(With(FactsOf(size, std::move(owner), state, resume), false, true));
  };
  const OwnerState ours = OwnerState::kOurs;
  EXPECT_EQ(anew(15, ByJob("A"), ours, ten), "cut to 10, aside, cut to 0 for A generation 1");
  EXPECT_EQ(anew(15, By("A"), ours, ten), "cut to 10, aside, cut to 0 for A generation 1");
  EXPECT_EQ(anew(15, ByJob("A", 2), ours, later), "cut to 10, aside, cut to 0 for A generation 3");
  // Moved away by somebody, cut by somebody, without its owner: what is there is kept.
  EXPECT_EQ(anew(kNone, ByJob("A"), ours, ten), "cut to 0 for A generation 1");
  EXPECT_EQ(anew(kNone, kNone, OwnerState::kUnknown, ten), "cut to 0 for A generation 1");
  EXPECT_EQ(anew(5, ByJob("A"), ours, ten), "aside, cut to 0 for A generation 1");
  EXPECT_EQ(anew(5, kNone, OwnerState::kUnknown, ten), "aside, cut to 0 for A generation 1");
  EXPECT_EQ(anew(15, ByJob("B"), OwnerState::kGone, ten), "aside, cut to 0 for A generation 1");
  EXPECT_EQ(anew(15, ByJob("B"), OwnerState::kOther, ten), "refuse");
  // Nothing is in it that could be kept.
  const Committed nothing{.bytes = 0, .run_line = "A"};
  EXPECT_EQ(anew(15, ByJob("A"), ours, nothing), "cut to 0 for A");
  // --fresh with it keeps what it would have replaced.
  EXPECT_EQ(Verdict(With(FactsOf(5, ByJob("A"), ours), false, true)), "aside, cut to 0 for A");
}

TEST(SinkOwner, ANewOutputThatWasNeverCommittedIsBegunAgain) {
  const Committed ten{.bytes = 10, .run_line = "A"};
  SinkOwner begun = ByJob("A", 1);
  begun.after_bytes = 10;
  begun.before = "out.old-1";
  for (const bool again : {false, true}) {  // by the plain command, and with the flag once more
    const auto verdict = [&](std::optional<uint64_t> size, const SinkOwner& owner) {
      return Verdict(With(FactsOf(size, owner, OwnerState::kOurs, ten), false, again));
    };
    EXPECT_EQ(verdict(kNone, begun), "cut to 0 for A generation 1");
    EXPECT_EQ(verdict(99, begun), "cut to 0 for A generation 1");
    SinkOwner moving = begun;
    moving.moving = true;
    EXPECT_EQ(verdict(10, moving), "aside, cut to 0 for A generation 1");
    EXPECT_EQ(verdict(kNone, moving), "cut to 0 for A generation 1");
  }
  SinkFacts discarded = FactsOf(10, begun, OwnerState::kOurs);
  discarded.replaced_line = "A";
  discarded.run_line = "F";
  discarded.owner->moving = true;
  EXPECT_EQ(Verdict(discarded), "aside, cut to 0 for F") << "it may be anybody's";
}

TEST(SinkOwner, AStateOlderThanANewOutputDoesNotCutIt) {
  SinkOwner begun = ByJob("A", 1);
  begun.after_bytes = 10;
  begun.before = "out.old-1";
  SinkFacts facts = FactsOf(99, begun, OwnerState::kOurs, Committed{.bytes = 7, .run_line = "A"});
  facts.before_is_there = true;
  EXPECT_EQ(
      Refusal(facts),
      "out: was started over by --new-output, after the epoch that this state is at; continue in "
      "the one before after: mv out out.newer && mv out.tidemark out.newer.tidemark && mv "
      "./out.old-1 out && mv ./out.old-1.tidemark out.tidemark; --new-output sink to move it "
      "aside and begin a new file with the state kept; or --fresh to start over");
  // The other way round: the old file was put back over the new one.
  EXPECT_THAT(Refusal(FactsOf(99, ByJob("A", 0), OwnerState::kOurs,
                              Committed{.bytes = 7, .run_line = "A", .generation = 1})),
              HasSubstr("out: is what was written before --new-output began another file"));
  // Who writes the record by hand need not know of generations.
  EXPECT_EQ(Verdict(FactsOf(99, By("A"), OwnerState::kUnknown,
                            Committed{.bytes = 7, .run_line = "A", .generation = 1})),
            "cut to 7 for A generation 1");
  // A fork that takes over what its original has begun to move finds the old file.
  begun.moving = true;
  SinkFacts fork =
      With(FactsOf(10, begun, OwnerState::kOther, Committed{.bytes = 10, .run_line = "A"}), true);
  fork.run_line = "F";
  EXPECT_EQ(Verdict(fork), "tail kept, cut to 10 for F from 10");
}

class SinkOwnerFileTest : public ConnectorTest {};

TEST_F(SinkOwnerFileTest, RoundTripsAndTakesWhatPeopleWrite) {
  EXPECT_EQ(*ReadOwner(*files_, Path("out")), std::nullopt);
  ASSERT_TRUE(WriteOwner(*files_, Path("out"), By("line-1", 42)).ok());
  EXPECT_EQ(Get("out.tidemark").substr(0, 16), "line-1\nfrom 42\n\n");
  EXPECT_EQ(*ReadOwner(*files_, Path("out")), By("line-1", 42));
  const SinkOwner whole{.run_line = "line-1",
                        .from_bytes = 0,
                        .job = "two words\nand \\n",
                        .state_directory = "/s/job state",
                        .generation = 3,
                        .after_bytes = 17,
                        .before = "out.old-2",
                        .moving = true};
  ASSERT_TRUE(WriteOwner(*files_, Path("out"), whole).ok());
  EXPECT_EQ(*ReadOwner(*files_, Path("out")), whole);
  for (const auto& [text, owner] : std::vector<std::pair<std::string, SinkOwner>>{
           {"line-1", By("line-1")},
           {"line-1\n", By("line-1")},
           {"line-1\n\n", By("line-1")},
           {"line-1\nfrom 3\n\nfrom x\n", By("line-1", 3)},
           {"line-1\nfrom 3\nof a later version\n", By("line-1", 3)},
           {"", By("")},
           {"\nfrom 3\n", By("")},
           {"line-1\nfrom x\n", By("")},
           {"line-1\nfrom -1\n", By("")},
           {"line-1\ngeneration x\n", By("")},
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
