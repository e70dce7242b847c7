#include "recovery/open_plan.h"

#include <gtest/gtest.h>

#include <string>

#include "base/status.h"

namespace tidemark {
namespace {

using Kind = OpenPlan::Kind;

struct UnfinishedCase {
  const char* what;
  UnfinishedFacts facts;
  Unfinished wanted;
};

// A line for each way in which a start can have died, and for each that may come next.
TEST(OpenPlanTest, WhatBecomesOfAnUnfinishedStart) {
  const StartNote fresh{.run_line = "new", .replaces = "old", .discards = true};
  const StartNote fork{.run_line = "new", .from_line = "old", .from_epoch = 7};
  const UnfinishedCase cases[] = {
      {"nothing was under way", {.has_store = true}, Unfinished::kNone},
      {"an older version, before it replaced the store",
       {.has_aside = true},
       Unfinished::kTakeBack},
      {"an older version, discarding", {.has_store = true, .has_aside = true}, Unfinished::kFinish},
      {"an older version, and --fresh again",
       {.fresh = true, .has_store = true, .has_aside = true},
       Unfinished::kTakeBack},
      {"it had only left word",
       {.has_store = true, .note = fresh, .store_line = "old", .store_epoch = 9},
       Unfinished::kNone},
      {"the old store stands aside", {.has_aside = true, .note = fresh}, Unfinished::kTakeBack},
      {"the new store is half made",
       {.has_store = true, .has_aside = true, .note = fresh},
       Unfinished::kTakeBack},
      {"the new store has no epoch",
       {.has_store = true, .has_aside = true, .note = fresh, .store_line = "new"},
       Unfinished::kTakeBack},
      {"it has committed",
       {.has_store = true, .has_aside = true, .note = fresh, .store_line = "new", .store_epoch = 1},
       Unfinished::kFinish},
      {"it has committed, and --fresh comes again",
       {.fresh = true, .has_store = true, .note = fresh, .store_line = "new", .store_epoch = 1},
       Unfinished::kFinish},
      {"a fork that is whole, and a start that names its directory",
       {.has_store = true, .note = fork, .store_line = "new", .store_epoch = 7},
       Unfinished::kCarryOn},
      {"a fork that is whole, and the same command",
       {.from = true, .has_store = true, .note = fork, .store_line = "new", .store_epoch = 7},
       Unfinished::kTakeBack},
      {"a fork that is whole, and a start that replaces it",
       {.fresh = true, .has_store = true, .note = fork, .store_line = "new", .store_epoch = 7},
       Unfinished::kNone},
      {"a fork that has committed",
       {.from = true, .has_store = true, .note = fork, .store_line = "new", .store_epoch = 8},
       Unfinished::kFinish},
      {"a fork that had not come to its store", {.from = true, .note = fork}, Unfinished::kNone},
  };
  for (const UnfinishedCase& each : cases)
    EXPECT_EQ(PlanUnfinished(each.facts), each.wanted) << each.what;
}

// ---- the store ----

struct OpenCase {
  const char* what;
  OpenFacts facts;
  Kind wanted;
  const char* says = "";
};

const StartNote kFork{.run_line = "new", .from_line = "old", .from_epoch = 7};
const StartNote kFresh{.run_line = "new", .replaces = "old", .discards = true};

// A line for each way in which a state can stand there.
TEST(OpenPlanTest, WhatIsDoneWithTheStore) {
  const OpenCase cases[] = {
      {"a new directory", {}, Kind::kCreate},
      {"one that was made and no more", {.store = StoreFiles::kEmpty}, Kind::kCreate},
      {"a store", {.store = StoreFiles::kThere, .newest_snapshot = "s"}, Kind::kOpen},
      {"--fresh over nothing", {.fresh = true}, Kind::kReplace},
      {"--fresh over damage",
       {.fresh = true, .store = StoreFiles::kWithoutLog, .mark = "bad block"},
       Kind::kReplace},
      {"--from into a new directory", {.from = true}, Kind::kReplace},
      {"--from over a state",
       {.from = true, .store = StoreFiles::kThere},
       Kind::kRefuse,
       "holds a state already"},
      {"--from over what is left of one",
       {.from = true, .store = StoreFiles::kWithoutCurrent},
       Kind::kRefuse,
       "--fresh"},
      {"the store is gone, its snapshots are not",
       {.newest_snapshot = "d/snapshots/0000000009"},
       Kind::kRefuse,
       "d/store: is missing, but d/snapshots is not empty; continue from a snapshot with --from "
       "d/snapshots/0000000009 --take-over"},
      {"emptied", {.store = StoreFiles::kEmpty, .newest_snapshot = "s"}, Kind::kRefuse, "is empty"},
      {"without CURRENT",
       {.store = StoreFiles::kWithoutCurrent, .newest_snapshot = "s"},
       Kind::kFallBack,
       "CURRENT is missing"},
      {"it died while it was made", {.store = StoreFiles::kWithoutCurrent}, Kind::kCreate},
      {"without its log", {.store = StoreFiles::kWithoutLog}, Kind::kFallBack, "its log"},
      {"marked", {.store = StoreFiles::kThere, .mark = "bad block"}, Kind::kReadAll},
      {"marked, and without CURRENT",
       {.store = StoreFiles::kWithoutCurrent, .newest_snapshot = "s", .mark = "bad block"},
       Kind::kReadAll},
      {"a way back that died between its renames",
       {.newest_snapshot = "s", .mark = "bad block"},
       Kind::kFallBack,
       "bad block"},
      {"a fork that was never made", {.note = kFork}, Kind::kRefuse, "snapshot of epoch 7"},
      {"a fork that was made", {.store = StoreFiles::kThere, .note = kFork}, Kind::kOpen},
      {"--fresh that left word and no more", {.note = kFresh}, Kind::kCreate},
  };
  for (OpenCase test : cases) {
    SCOPED_TRACE(test.what);
    test.facts.directory = "d";
    const OpenPlan plan = PlanOpen(test.facts);
    EXPECT_EQ(plan.kind, test.wanted);
    const bool needs_why = plan.kind == Kind::kRefuse || plan.kind == Kind::kFallBack;
    EXPECT_NE(plan.why.ok(), needs_why) << plan.why;
    EXPECT_NE(plan.why.message().find(test.says), absl::string_view::npos) << plan.why;
  }
}

template <class Look>
void ForAllFacts(const Look& look) {
  for (int bits = 0; bits < 16; ++bits) {
    for (int store = 0; store <= static_cast<int>(StoreFiles::kThere); ++store) {
      for (int note = 0; note < 3; ++note) {
        OpenFacts facts{.directory = "d",
                        .fresh = (bits & 1) != 0,
                        .from = (bits & 2) != 0,
                        .store = static_cast<StoreFiles>(store)};
        if ((bits & 4) != 0) facts.newest_snapshot = "s";
        if ((bits & 8) != 0) facts.mark = "bad block";
        if (note > 0) facts.note = note == 1 ? kFork : kFresh;
        look(facts);
      }
    }
  }
}

// What must hold whatever stands there.
TEST(OpenPlanTest, NothingIsBegunOverWhatWasThere) {
  ForAllFacts([](const OpenFacts& facts) {
    const OpenPlan plan = PlanOpen(facts);
    if (plan.kind == Kind::kCreate) {
      EXPECT_TRUE(facts.newest_snapshot.empty() && !facts.mark.has_value());
    }
    // What is asked to be replaced is, and nothing else.
    EXPECT_EQ(plan.kind == Kind::kReplace,
              facts.fresh || (facts.from && (facts.store == StoreFiles::kMissing ||
                                             facts.store == StoreFiles::kEmpty)));
    if (plan.kind == Kind::kRefuse) {
      EXPECT_TRUE(absl::IsFailedPrecondition(plan.why)) << plan.why;
    }
    if (plan.kind == Kind::kFallBack) {
      EXPECT_TRUE(absl::IsDataLoss(plan.why)) << plan.why;
    }
    // All of it is read once: behind that the same facts, without the mark, lead on.
    if (plan.kind == Kind::kReadAll) {
      OpenFacts whole = facts;
      whole.mark.reset();
      EXPECT_NE(PlanOpen(whole).kind, Kind::kReadAll);
    }
  });
}

// ---- what was opened ----

TEST(OpenPlanTest, WhetherWhatWasOpenedIsWhatWasCommitted) {
  struct Case {
    const char* what;
    OpenedFacts facts;
    Kind wanted;
    const char* says = "";
  };
  const Case cases[] = {
      {"a new store", {}, Kind::kOpen},
      {"as it was left",
       {.run_line = "a", .epoch = 5, .committed = {.run_line = "a", .epoch = 5}},
       Kind::kOpen},
      {"the note went with the power",
       {.run_line = "a", .epoch = 5, .committed = {.run_line = "a", .epoch = 3}},
       Kind::kOpen},
      {"the end of its log is lost",
       {.run_line = "a", .epoch = 4, .committed = {.run_line = "a", .epoch = 5}},
       Kind::kFallBack,
       "epoch 5 was committed"},
      {"all of its log is lost", {.committed = {.run_line = "a", .epoch = 5}}, Kind::kFallBack},
      {"the note is of another line",
       {.run_line = "a", .epoch = 4, .committed = {.run_line = "b", .epoch = 5}},
       Kind::kOpen},
      {"it holds no epoch, and there are snapshots",
       {.newest_snapshot = "s"},
       Kind::kRefuse,
       "holds no epoch"},
      {"damaged", {.opened = absl::DataLossError("d/store: torn")}, Kind::kFallBack, "torn"},
      {"a file that it names is gone",
       {.opened = absl::NotFoundError("d/store/000007.sst"), .had_current = true},
       Kind::kFallBack,
       "000007"},
      {"the disk does not answer", {.opened = absl::UnavailableError("EIO")}, Kind::kRefuse, "EIO"},
      {"a newer version wrote it", {.opened = absl::UnimplementedError("3")}, Kind::kRefuse, "3"},
  };
  for (Case test : cases) {
    SCOPED_TRACE(test.what);
    test.facts.directory = "d";
    const OpenPlan plan = PlanOpened(test.facts);
    EXPECT_EQ(plan.kind, test.wanted);
    EXPECT_EQ(plan.why.ok(), plan.kind == Kind::kOpen) << plan.why;
    EXPECT_NE(plan.why.message().find(test.says), absl::string_view::npos) << plan.why;
  }
}

}  // namespace
}  // namespace tidemark
