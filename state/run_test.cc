#include "state/run.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/random.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace tidemark {
namespace {

using Model = std::map<std::string, std::optional<std::string>>;  // nullopt: deleted

Model ToModel(const SortedRun& run) {
  Model model;
  for (const SortedRun::Row& row : run.rows()) {
    EXPECT_TRUE(row.value.empty() || !row.is_delete);
    model[std::string(row.key)] =
        row.is_delete ? std::nullopt : std::optional<std::string>(row.value);
  }
  return model;
}

void ExpectAscending(const SortedRun& run) {
  for (size_t i = 1; i < run.rows().size(); ++i) {
    ASSERT_LT(run.rows()[i - 1].key, run.rows()[i].key) << "rows " << i - 1 << " and " << i;
  }
}

size_t BytesOf(const SortedRun& run) {
  size_t bytes = 0;
  for (const SortedRun::Row& row : run.rows()) bytes += row.key.size() + row.value.size();
  for (const SortedRun::Range& range : run.ranges()) bytes += range.from.size() + range.to.size();
  return bytes;
}

std::vector<RunBuilder> Builders(size_t n) { return std::vector<RunBuilder>(n); }

TEST(RunTest, MergingNothingGivesAnEmptyRun) {
  EXPECT_TRUE(SortedRun().empty());
  EXPECT_TRUE(SortedRun::Merge({}).empty());
  const SortedRun run = SortedRun::Merge(Builders(3));
  EXPECT_TRUE(run.empty());
  EXPECT_EQ(run.bytes(), 0u);
}

TEST(RunTest, TheLaterOperationOnAKeyWins) {
  std::vector<RunBuilder> builders = Builders(2);
  builders[0].Put("put twice", "old");
  builders[0].Put("put twice", "new");
  builders[0].Put("put, deleted", "old");
  builders[0].Delete("put, deleted");
  builders[0].Delete("deleted, put");
  builders[0].Put("deleted, put", "new");
  builders[1].Put("in both", "of the later builder");
  builders[0].Put("in both", "of the earlier builder");
  const SortedRun run = SortedRun::Merge(std::move(builders));
  EXPECT_EQ(ToModel(run), (Model{{"put twice", "new"},
                                 {"put, deleted", std::nullopt},
                                 {"deleted, put", "new"},
                                 {"in both", "of the later builder"}}));
}

TEST(RunTest, ShortRunsSurviveTheMoveOfTheirBuilders) {
  // A string this short lives inside its object, so its bytes move with it.
  RunBuilder builder;
  builder.Put("k", "v");
  std::vector<RunBuilder> builders;
  builders.push_back(std::move(builder));
  SortedRun merged = SortedRun::Merge(std::move(builders));
  const SortedRun run = std::move(merged);
  EXPECT_EQ(ToModel(run), (Model{{"k", "v"}}));
}

TEST(RunTest, KeysThatDifferInTrailingZerosAreDifferentKeys) {
  std::vector<RunBuilder> builders = Builders(1);
  // Enough rows that they are compared by their padded prefixes.
  for (int i = 40; i >= 0; --i) builders[0].Put("k" + std::string(i, '\0'), std::to_string(i));
  const SortedRun run = SortedRun::Merge(std::move(builders));
  ASSERT_EQ(run.rows().size(), 41u);
  ExpectAscending(run);
  for (size_t i = 0; i < run.rows().size(); ++i) {
    EXPECT_EQ(run.rows()[i].value, std::to_string(i));
  }
}

TEST(RunTest, RangesAreSortedAndJoined) {
  std::vector<RunBuilder> builders = Builders(2);
  builders[0].DeleteRange("m", "p");
  builders[0].DeleteRange("x", "x");  // empty
  builders[1].DeleteRange("o", "q");
  builders[1].DeleteRange("a", "c");
  builders[1].DeleteRange("c", "d");
  builders[1].DeleteRange("n", "o");
  const SortedRun run = SortedRun::Merge(std::move(builders));
  ASSERT_EQ(run.ranges().size(), 2u);
  EXPECT_EQ(run.ranges()[0].from, "a");
  EXPECT_EQ(run.ranges()[0].to, "d");
  EXPECT_EQ(run.ranges()[1].from, "m");
  EXPECT_EQ(run.ranges()[1].to, "q");
  EXPECT_FALSE(run.empty());
  EXPECT_EQ(run.bytes(), 4u);
}

TEST(RunDeathTest, ARangeThatRunsBackwardsIsABug) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  RunBuilder builder;
  EXPECT_DEATH(builder.DeleteRange("b", "a"), "from the smaller key to the greater");
  EXPECT_DEATH(builder.DeleteRange("b", ""), "from the smaller key to the greater");
}

// Keys of the shapes that take different ways through the sort.
std::string RandomKey(Random& random, int shape) {
  std::string key;
  switch (shape) {
    case 0:  // any bytes, short: many repeats, zeros, all buckets
      for (uint64_t n = random.Below(5); n > 0; --n) key.push_back("\0\1a\xff"[random.Below(4)]);
      return key;
    case 1:  // like state rows: groups, a shared middle, few differing bytes at the end
      key = "\x10";
      key.push_back(static_cast<char>(random.Below(128)));
      key.append(std::string(3, '\0')).append(random.OneIn(2) ? "step-one" : "step-two");
      return key + std::to_string(random.Below(20'000));
    case 2:  // one bucket, longer shared parts than the sort peels off by prefixes
      key = "shared";
      for (uint64_t n = random.Below(12); n > 0; --n) {
        key.append(random.OneIn(8) ? "fork...." : "straight");
      }
      return key + std::to_string(random.Below(50));
    default:  // any bytes
      for (uint64_t n = random.Below(24); n > 0; --n) {
        key.push_back(static_cast<char>(random.Next()));
      }
      return key;
  }
}

TEST(RunTest, RandomRunsEqualAnOrderedMap) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(HowToRepeat(seed));
  Random random(seed);
  for (const size_t operations : {1, 2, 23, 24, 25, 500, 4095, 4096, 30'000}) {
    for (int shape = 0; shape < 4; ++shape) {
      SCOPED_TRACE(testing::Message() << operations << " operations, shape " << shape);
      std::vector<RunBuilder> builders = Builders(1 + random.Below(4));
      // The model takes the builders one behind the other, as later builders win.
      std::vector<Model> models(builders.size());
      for (size_t i = 0; i < operations; ++i) {
        const size_t b = random.Below(builders.size());
        const std::string key = RandomKey(random, shape);
        if (random.OneIn(4)) {
          builders[b].Delete(key);
          models[b][key] = std::nullopt;
        } else {
          const std::string value = std::to_string(random.Below(1000));
          builders[b].Put(key, value);
          models[b][key] = value;
        }
      }
      Model expected;
      for (Model& model : models) {
        for (auto& [key, value] : model) expected[key] = value;
      }
      const SortedRun run = SortedRun::Merge(std::move(builders));
      ExpectAscending(run);
      ASSERT_EQ(ToModel(run), expected);
      EXPECT_EQ(run.bytes(), BytesOf(run));
    }
  }
}

}  // namespace
}  // namespace tidemark
