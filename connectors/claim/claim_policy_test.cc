#include "connectors/claim/claim_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/claim/output_owner.h"

namespace tidemark {
namespace {

using enum Claim;
using enum OwnerState;

constexpr std::nullopt_t kFresh = std::nullopt;

// The run is lineage A; it replaces R; the original of a fork is O; others are B. No lineage: "".
struct Case {
  std::string what;
  std::string record;  // "none", "unknown", "stateless", or a lineage
  OwnerState state;
  bool exists;
  bool has_content;
  std::optional<std::string> resumed;
  Claim plain;
  Claim take_over;
  std::string run_line = "A";
};

ClaimFacts FactsOf(const Case& c) {
  ClaimFacts facts{.record = c.record == "none"        ? Record::kNone
                             : c.record == "unknown"   ? Record::kUnknown
                             : c.record == "stateless" ? Record::kStateless
                                                       : Record::kLineage,
                   .owner_state = c.state,
                   .exists = c.exists,
                   .has_content = c.has_content,
                   .run_line = c.run_line,
                   .replaced_line = "R",
                   .resumed_line = c.resumed};
  if (facts.record == Record::kLineage) facts.owner = {.run_line = c.record};
  return facts;
}

void Check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    ClaimFacts facts = FactsOf(c);
    EXPECT_EQ(DecideClaim(facts), c.plain) << c.what;
    facts.take_over = true;
    EXPECT_EQ(DecideClaim(facts), c.take_over) << c.what << ", --take-over";
  }
}

TEST(IsOfAnotherSink, OnlyForCommittedContentOfThisState) {
  const ClaimFacts facts{.record = Record::kLineage,
                         .owner = {.run_line = "A"},
                         .run_line = "A",
                         .resume_epoch = 3,
                         .committed_epoch = 3};
  const auto with = [&](auto change) {
    ClaimFacts changed = facts;
    change(changed);
    return IsOfAnotherSink(changed);
  };
  EXPECT_TRUE(IsOfAnotherSink(facts));
  EXPECT_TRUE(with([](auto& f) { f.committed_epoch = 4; })) << "the state is an older copy";
  EXPECT_FALSE(with([](auto& f) { f.committed_epoch = 4, f.went_back_from = 4; }));
  EXPECT_TRUE(with([](auto& f) { f.went_back_from = 4; }));
  EXPECT_FALSE(with([](auto& f) { f.committed_epoch.reset(); }));
  EXPECT_FALSE(with([](auto& f) { f.resume_epoch = 0; })) << "a start that never committed";
  EXPECT_FALSE(with([](auto& f) { f.resumed_line = "A"; })) << "the sink has a commit of its own";
  EXPECT_FALSE(with([](auto& f) { f.owner.run_line = "B"; }));
  EXPECT_FALSE(with([](auto& f) { f.record = Record::kUnknown; }));
}

TEST(DecideClaim, OnAFreshStart) {
  Check({
      {"nothing there", "none", kUnknown, false, false, kFresh, kNew, kNew},
      {"something empty", "none", kUnknown, true, false, kFresh, kNew, kNew},
      {"something that was there", "none", kUnknown, true, true, kFresh, kForeign, kForeign},
      {"a record that cannot be read", "unknown", kUnknown, true, true, kFresh, kForeign, kForeign},
      {"of a run without state", "stateless", kUnknown, true, true, kFresh, kForeign, kForeign},
      {"of a run without state, like this one", "stateless", kUnknown, true, true, kFresh, kOwn,
       kOwn, ""},
      {"our own", "A", kOurs, true, true, kFresh, kOwn, kOwn},
      {"our own, whose state moved", "A", kGone, true, true, kFresh, kOwn, kOwn},
      {"our own, written from another state", "A", kOther, true, true, kFresh, kCopy, kForeign},
      {"of the state that is replaced", "R", kOurs, true, true, kFresh, kReplaced, kReplaced},
      {"of the state that is replaced, elsewhere", "R", kOther, true, true, kFresh, kOthers,
       kForeign},
      {"another's whose state is gone", "B", kGone, true, true, kFresh, kForeign, kForeign},
      {"another's, of an older version", "B", kUnknown, true, true, kFresh, kForeign, kForeign},
      {"another's", "B", kOther, true, true, kFresh, kOthers, kForeign},
      {"another's, with nothing in it yet", "B", kOther, false, false, kFresh, kOthers, kNew},
      {"another's whose state is gone, empty", "B", kGone, true, false, kFresh, kNew, kNew},
  });
}

TEST(DecideClaim, OnAResume) {
  Check({
      {"nothing there", "none", kUnknown, false, false, "A", kNew, kNew},
      {"something empty", "none", kUnknown, true, false, "A", kForeign, kForeign},
      {"something without a record", "none", kUnknown, true, true, "A", kForeign, kForeign},
      {"a record that cannot be read", "unknown", kUnknown, true, true, "A", kForeign, kForeign},
      {"of a run without state", "stateless", kUnknown, true, true, "A", kForeign, kForeign},
      {"without lineages at all", "stateless", kUnknown, true, true, "", kOwn, kOwn, ""},
      {"our own", "A", kOurs, true, true, "A", kOwn, kTaken},
      {"our own, written from another state", "A", kOther, true, true, "A", kCopy, kTaken},
      {"of the state that is replaced", "R", kOurs, true, true, "A", kTaken, kTaken},
      {"another's whose state is gone", "B", kGone, true, true, "A", kForeign, kForeign},
      {"another's", "B", kOther, true, true, "A", kOthers, kForeign},
      {"another's, with nothing in it", "B", kOther, false, false, "A", kOthers, kForeign},
  });
}

TEST(DecideClaim, OfAFork) {
  Check({
      {"nothing there", "none", kUnknown, false, false, "O", kNew, kNew},
      {"something empty", "none", kUnknown, true, false, "O", kNew, kNew},
      {"something without a record", "none", kUnknown, true, true, "O", kForeign, kForeign},
      {"the original's", "O", kOther, true, true, "O", kOthers, kTaken},
      {"the original's, whose state is gone", "O", kGone, true, true, "O", kForeign, kTaken},
      {"of an earlier start of this fork", "A", kOurs, true, true, "O", kOwn, kOwn},
      {"in place of the state that is replaced", "R", kOurs, true, true, "R", kTaken, kTaken},
      {"another's", "B", kOther, true, true, "O", kOthers, kForeign},
      {"of a run without state, in one that continues a lineage", "stateless", kUnknown, true, true,
       "O", kForeign, kForeign, ""},
  });
}

// Every combination of the facts.
void ForAllFacts(const std::function<void(const ClaimFacts&)>& check) {
  for (const char* record : {"none", "unknown", "stateless", "A", "R", "O", "B"}) {
    for (const OwnerState state : {kUnknown, kGone, kOurs, kOther}) {
      for (const int there : {0, 1, 2}) {
        for (const std::optional<std::string>& resumed :
             {std::optional<std::string>(), std::optional<std::string>("A"),
              std::optional<std::string>("O"), std::optional<std::string>("")}) {
          for (const char* run_line : {"A", ""}) {
            for (const bool take_over : {false, true}) {
              ClaimFacts facts = FactsOf({.what = "",
                                          .record = record,
                                          .state = state,
                                          .exists = there > 0,
                                          .has_content = there > 1,
                                          .resumed = resumed,
                                          .plain = kNew,
                                          .take_over = kNew,
                                          .run_line = run_line});
              facts.take_over = take_over;
              check(facts);
            }
          }
        }
      }
    }
  }
}

TEST(DecideClaim, HoldsItsPromisesForAllFacts) {
  int seen = 0;
  ForAllFacts([&](const ClaimFacts& facts) {
    const Claim claim = DecideClaim(facts);
    const bool recorded = facts.record != Record::kNone;
    const bool is_refused = IsOthers(claim);
    // The output of a state that exists is never touched without --take-over.
    EXPECT_EQ(is_refused, recorded && facts.owner_state == kOther && !facts.take_over);
    // Only what this run or its predecessor wrote is discarded or continued.
    const bool is_ours = claim == kOwn || claim == kReplaced || claim == kTaken;
    EXPECT_TRUE(recorded || !is_ours);
    EXPECT_TRUE(claim != kReplaced || !facts.resumed_line.has_value());
    EXPECT_TRUE(claim != kTaken || facts.resumed_line.has_value());
    // Content that is not ours is never taken for nothing.
    EXPECT_TRUE(claim != kNew || !facts.has_content);
    if (FreshHelps(facts)) {
      EXPECT_TRUE(facts.resumed_line.has_value() && !IsFork(facts));
      EXPECT_FALSE(is_refused);
    }
    ++seen;
  });
  EXPECT_EQ(seen, 7 * 4 * 3 * 4 * 2 * 2);
}

TEST(RefuseClaim, NamesTheOtherStateOrTheOriginalOfACopy) {
  ClaimFacts facts{.record = Record::kLineage,
                   .owner = {.run_line = "B", .job = "quakes", .state_directory = "/srv/b"},
                   .owner_state = kOther,
                   .run_line = "A"};
  EXPECT_EQ(ToStd(RefuseClaim("out", facts, "/srv/a").message()),
            "out: is written by job 'quakes', whose state is /srv/b");
  facts.run_line = "B";
  EXPECT_EQ(ToStd(RefuseClaim("out", facts, "/srv/a").message()),
            "out: is written from the state /srv/b, of which /srv/a is a copy");
}

}  // namespace
}  // namespace tidemark
