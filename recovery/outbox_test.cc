// The outbox over a store in memory: what is put in comes back in order, by epochs, and what was
// published is deleted without touching anything else.

#include "recovery/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "state/memory_store.h"
#include "state/state_key.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class OutboxTest : public ::testing::Test {
 protected:
  void Commit(RunBuilder builder) {
    std::vector<RunBuilder> builders;
    builders.push_back(std::move(builder));
    ASSERT_TRUE(store_.Commit(SortedRun::Merge(std::move(builders))).ok());
  }
  OutboxEntry Put(const std::string& sink, uint64_t epoch, const std::vector<std::string>& pieces) {
    RunBuilder builder;
    const OutboxEntry entry = PutInOutbox(sink, {epoch}, pieces, builder);
    Commit(std::move(builder));
    return entry;
  }
  // "7:ab" for the pieces a and b of epoch 7.
  std::vector<std::string> Held(const std::string& sink) {
    std::vector<std::string> held;
    const absl::Status read =
        ForEachInOutbox(store_, sink, [&](Epoch epoch, OutboxReader& rows) -> absl::Status {
          std::string text = Cat(epoch.value, ":");
          while (true) {
            TM_ASSIGN_OR_RETURN(const auto piece, rows.Next());
            if (!piece) break;
            text += *piece;
          }
          held.push_back(text);
          return absl::OkStatus();
        });
    EXPECT_TRUE(read.ok()) << read;
    EXPECT_EQ(ListOutbox(store_, sink)->size(), held.size());
    return held;
  }

  MemoryStore store_;
};

TEST_F(OutboxTest, GivesPiecesInOrder) {
  EXPECT_THAT(Held("table"), IsEmpty());
  std::vector<std::string> pieces;
  std::string all;
  for (int i = 0; i < 300; ++i) {
    pieces.push_back(Cat(i, ","));
    all += pieces.back();
  }
  Put("table", 255, {"a", "", "b"});
  Put("table", 256, pieces);
  EXPECT_THAT(Held("table"), ElementsAre("255:ab", Cat("256:", all)));
}

TEST_F(OutboxTest, SinksWhoseNamesBeginAlikeAreApart) {
  const std::string zero("tab\0le", 6);
  const std::vector<std::string> names = {"tab", "table", "table2", zero, ""};
  for (const std::string& name : names) Put(name, 1, {name + "!"});
  for (const std::string& name : names) EXPECT_THAT(Held(name), ElementsAre(Cat("1:", name, "!")));
  RunBuilder builder;
  RemoveFromOutbox("tab", {.epoch = {1}, .pieces = 1}, builder);
  Commit(std::move(builder));
  for (const std::string& name : names) EXPECT_EQ(Held(name).empty(), name == "tab");
}

TEST_F(OutboxTest, WhatWasPublishedGoesWithTheNextEpoch) {
  const OutboxEntry seven = Put("table", 7, {"a"});
  const OutboxEntry eight = Put("table", 8, {"b", "b"});
  EXPECT_THAT(*ListOutbox(store_, "table"), ElementsAre(seven, eight));
  RunBuilder builder;
  RemoveFromOutbox("table", seven, builder);
  RemoveFromOutbox("table", eight, builder);
  PutInOutbox("table", {9}, {"c"}, builder);
  builder.Put(MetaRowKey("epoch"), "the record");
  Commit(std::move(builder));
  EXPECT_THAT(Held("table"), ElementsAre("9:c"));
  EXPECT_TRUE(store_.Get(MetaRowKey("epoch"))->has_value());
}

// A sink that has an epoch already reads none of it.
TEST_F(OutboxTest, WhatIsLeftUnreadIsPassedOver) {
  Put("table", 7, {"a", "b"});
  Put("table", 8, {"c", "d"});
  std::string read;
  ASSERT_TRUE(
      ForEachInOutbox(store_, "table", [&](Epoch epoch, OutboxReader& rows) -> absl::Status {
        if (epoch.value == 7) return absl::OkStatus();
        TM_ASSIGN_OR_RETURN(const auto piece, rows.Next());
        read += *piece;
        return absl::OkStatus();
      }).ok());
  EXPECT_EQ(read, "c");
}

TEST_F(OutboxTest, AnErrorOfTheSinkEndsIt) {
  Put("table", 7, {"a"});
  Put("table", 8, {"b"});
  int asked = 0;
  const absl::Status status = ForEachInOutbox(store_, "table", [&](Epoch, OutboxReader&) {
    ++asked;
    return absl::UnavailableError("locked");
  });
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_EQ(asked, 1);
}

}  // namespace
}  // namespace tidemark
