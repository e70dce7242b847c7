#include "recovery/start_note.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/support/temp_directory.h"

namespace tidemark {
namespace {

TEST(StartNoteTest, ComesBackAsItWasWritten) {
  TempDirectory dir;
  EXPECT_EQ(*ReadStartNote(dir.files(), dir.path()), std::nullopt);
  for (const StartNote& note :
       {StartNote{.run_line = "b", .replaces = "a", .from_line = "", .discards = true},
        StartNote{.run_line = "c", .replaces = "", .from_line = "a", .from_epoch = 42}}) {
    ASSERT_TRUE(WriteStartNote(dir.files(), dir.path(), note).ok());
    EXPECT_EQ(*ReadStartNote(dir.files(), dir.path()), note);
  }
  ASSERT_TRUE(RemoveStartNote(dir.files(), dir.path()).ok());
  ASSERT_TRUE(RemoveStartNote(dir.files(), dir.path()).ok()) << "it may be gone";
}

TEST(StartNoteTest, DamageIsNamed) {
  TempDirectory dir;
  for (const char* text : {"", "replaces a\n", "line b\nfrom a\n", "line b\nfrom a x\n"}) {
    ASSERT_TRUE(WriteFileAtomically(dir.files(), dir.Path("START"), text).ok());
    const absl::Status damage = ReadStartNote(dir.files(), dir.path()).status();
    EXPECT_TRUE(absl::IsDataLoss(damage)) << text;
    EXPECT_NE(damage.message().find("START"), absl::string_view::npos);
  }
}

struct Case {
  const char* what;
  UnfinishedFacts facts;
  Unfinished wanted;
};

// A line for each way in which a start can have died, and for each that may come next.
TEST(StartNoteTest, WhatBecomesOfAnUnfinishedStart) {
  const StartNote fresh{.run_line = "new", .replaces = "old", .discards = true};
  const StartNote fork{.run_line = "new", .from_line = "old", .from_epoch = 7};
  const Case cases[] = {
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
  for (const Case& each : cases) EXPECT_EQ(PlanUnfinished(each.facts), each.wanted) << each.what;
}

}  // namespace
}  // namespace tidemark
