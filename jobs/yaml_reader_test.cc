// The small pieces: spelling, problems, the tree. What the YAML layer does with files is in
// job_parser_errors_test.cc.

#include "jobs/yaml_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/status.h"
#include "jobs/problems.h"
#include "jobs/spelling.h"
#include "jobs/yaml_tree.h"

namespace tidemark {
namespace {

TEST(Spelling, CountsLettersThatDiffer) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("batch", "batch"), 0u);
  EXPECT_EQ(EditDistance("Batch", "bATCH"), 0u);
  EXPECT_EQ(EditDistance("btch", "batch"), 1u);
  EXPECT_EQ(EditDistance("bach", "batch"), 1u);
  EXPECT_EQ(EditDistance("batxh", "batch"), 1u);
  EXPECT_EQ(EditDistance("bacth", "batch"), 1u);  // neighbours swapped
  EXPECT_EQ(EditDistance("sink", "stdout"), 5u);
}

// The distance is a metric on the words it is asked about, whichever way it is asked.
TEST(Spelling, IsTheSameInBothDirections) {
  Random random(7);
  const auto word = [&] {
    std::string text;
    for (uint64_t n = random.Below(8); n > 0; --n) text += "abc"[random.Below(3)];
    return text;
  };
  for (int i = 0; i < 2000; ++i) {
    const std::string a = word(), b = word();
    EXPECT_EQ(EditDistance(a, b), EditDistance(b, a)) << a << " " << b;
    EXPECT_LE(EditDistance(a, b), std::max(a.size(), b.size()));
    EXPECT_EQ(EditDistance(a, b) == 0, a == b);
  }
}

TEST(Spelling, SuggestsOnlyWhatIsNear) {
  constexpr std::array<std::string_view, 4> kWords = {"name", "max_items", "max_wait", "as"};
  EXPECT_EQ(ClosestWord("max_item", kWords), "max_items");
  EXPECT_EQ(ClosestWord("maxitems", kWords), "max_items");
  EXPECT_EQ(ClosestWord("max-wait", kWords), "max_wait");
  EXPECT_EQ(ClosestWord("nmae", kWords), "name");
  EXPECT_EQ(ClosestWord("a", kWords), "as");
  EXPECT_EQ(ClosestWord("timeout", kWords), std::nullopt);
  EXPECT_EQ(ClosestWord("xy", kWords), std::nullopt);
  EXPECT_EQ(ClosestWord("", kWords), std::nullopt);
  EXPECT_EQ(ClosestWord(std::string(1000, 'x'), kWords), std::nullopt);
}

TEST(Problems, AreSortedAndSaidOnce) {
  Problems problems("x");
  EXPECT_TRUE(problems.ToStatus().ok());
  problems.Add({.line = 10, .column = 1}, "later");
  problems.Add({.line = 2, .column = 10}, "third");
  problems.Add({.line = 2, .column = 9}, "second");
  problems.Add({.line = 10, .column = 1}, "later");
  problems.Add({}, "without a place");
  EXPECT_EQ(problems.ToStatus(), absl::InvalidArgumentError("x: without a place\nx:2:9: second\n"
                                                            "x:2:10: third\nx:10:1: later"));
}

TEST(YamlTree, KeepsOrderPlacesAndRepetitions) {
  Problems problems("x");
  const YamlValue root = ReadYaml("b: 1\na: [x, , ~]\nb: {c: 'null'}\n", problems);
  ASSERT_TRUE(problems.empty()) << problems.ToStatus();
  ASSERT_TRUE(root.is_map());
  ASSERT_EQ(root.entries().size(), 3u);
  EXPECT_EQ(root.entries()[0].key, "b");
  EXPECT_EQ(root.entries()[2].key, "b");
  EXPECT_EQ(root.entries()[2].place, (Place{.line = 3, .column = 1}));
  EXPECT_EQ(root.entries()[1].value.items()[0].text(), "x");
  EXPECT_TRUE(root.entries()[1].value.items().back().is_nothing());
  EXPECT_EQ(root.entries()[2].value.entries()[0].value.text(), "null");
  EXPECT_EQ(root.entries()[2].value.entries()[0].value.place, (Place{.line = 3, .column = 8}));
}

TEST(YamlTree, AnAliasStandsWhereItIsUsed) {
  Problems problems("x");
  const YamlValue root = ReadYaml("a: &x [1, 2]\nb: *x\n", problems);
  ASSERT_TRUE(problems.empty());
  const YamlValue& alias = root.entries()[1].value;
  EXPECT_EQ(alias.place, (Place{.line = 2, .column = 4}));
  EXPECT_EQ(alias.items()[1].text(), "2");
  EXPECT_EQ(alias.items()[1].place, (Place{.line = 1, .column = 11}));
}

}  // namespace
}  // namespace tidemark
