// The small pieces: problems, the tree. What the YAML layer does with files is in
// job_parser_errors_test.cc.

#include "jobs/yaml_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "base/status.h"
#include "jobs/problems.h"
#include "jobs/yaml_tree.h"

namespace tidemark {
namespace {

TEST(Problems, AreSortedAndSaidOnce) {
  Problems problems("x");
  EXPECT_TRUE(problems.ToStatus().ok());
  problems.Add({.line = 10, .column = 1}, "later");
  problems.Add({.line = 2, .column = 10}, "third");
  problems.Add({.line = 2, .column = 9}, "second");
  problems.Add({.line = 10, .column = 1}, "later");
  problems.Add({}, "without a place");
  EXPECT_EQ(problems.ToStatus().message(),
            "x: without a place\nx:2:9: second\nx:2:10: third\nx:10:1: later");
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
