#include "rows/expr/binder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/status.h"
#include "rows/expr/test_support.h"

namespace tidemark {
namespace {

uint64_t Seed() {
  const char* given = std::getenv("TM_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : FreshSeed();
}

TEST(Binder, ResolvesEachFieldOnce) {
  std::vector<std::string> asked;
  ExpressionBinder binder([&](const std::string& path) -> ResolvedField {
    asked.push_back(path);
    if (path == "nett") return {.path = path, .mistake = "there is no field 'nett'"};
    return {.path = path == "MAG" ? "mag" : path};
  });
  std::vector<SqlMistake> mistakes;
  ASSERT_TRUE(binder.Bind("MAG + mag + place.country", mistakes).has_value());
  EXPECT_EQ(asked, (std::vector<std::string>{"MAG", "mag", "place.country"}));
  ASSERT_EQ(binder.fields().size(), 2u);
  EXPECT_EQ(binder.fields()[1].name, "place.country");

  EXPECT_FALSE(binder.Bind("nett || lowr(nett)", mistakes).has_value());
  ASSERT_EQ(mistakes.size(), 3u);  // all of them
  EXPECT_EQ(mistakes[0].what, "there is no field 'nett'");
  EXPECT_EQ(mistakes[0].at, 0u);
  EXPECT_EQ(mistakes[1].at, 13u);
  EXPECT_EQ(mistakes[2].what, "unknown function 'lowr'; did you mean 'lower'?");
  EXPECT_EQ(mistakes[2].at, 8u);
}

TEST(Binder, AConditionIsTrueOrFalse) {
  ExpressionBinder binder(AnyField);
  std::vector<SqlMistake> mistakes;
  EXPECT_TRUE(binder.BindCondition("x", "where", mistakes).has_value());
  EXPECT_TRUE(binder.BindCondition("x > 1", "where", mistakes).has_value());
  EXPECT_TRUE(mistakes.empty());
  EXPECT_FALSE(binder.BindCondition("x::int + 1", "where", mistakes).has_value());
  ASSERT_EQ(mistakes.size(), 1u);
  EXPECT_EQ(mistakes[0].what, "where needs boolean, not bigint");
}

TEST(Binder, FoldsConstants) {
  ExpressionBinder binder(AnyField);
  std::vector<SqlMistake> mistakes;
  const auto bound = binder.Bind("upper('a') || lower('B') || (1 + 2)", mistakes);
  ASSERT_TRUE(bound.has_value());
  EXPECT_EQ(bound->root->kind, BoundNode::Kind::kConstant);
  EXPECT_EQ(bound->root->ConstantOf().AsText(), "Ab3");
}

TEST(Binder, RefusesDeepNestingAndLongTexts) {
  const auto mistake = [](const std::string& text) { return TestedExpression(text).mistakes(); };
  EXPECT_EQ(mistake(std::string(kSqlBytesMax + 1, '1')), "0: longer than 10000 bytes");
  std::string deep;
  for (int i = 0; i < 2000; ++i) deep += "not ";
  EXPECT_NE(mistake(deep + "x").find("nested too deeply"), std::string::npos);
  EXPECT_NE(mistake(std::string(4000, '-') + "x"), "");
  std::string negated;
  for (int i = 0; i < 4000; ++i) negated += "- ";
  EXPECT_NE(mistake(negated + "x"), "");
  EXPECT_EQ(mistake(std::string(4000, '(') + "x" + std::string(4000, ')')), "");
  // Each WHEN reads the operand of its CASE again.
  std::string cases = "x";
  for (int i = 0; i < 40; ++i) cases = Cat("case ", cases, " when 1 then 2 when 3 then 4 end");
  EXPECT_NE(mistake(cases).find("too large"), std::string::npos);
}

// Goal: no text crashes the parser, the binder or the evaluator. Method: words of SQL and random
// bytes in random order.
TEST(Binder, NoTextCrashes) {
  constexpr std::string_view kWords[] = {
      "x",          "y.z",      "1",        "2.5",         "'a'",
      "null",       "true",     "and",      "or",          "not",
      "(",          ")",        "+",        "-",           "*",
      "/",          "%",        "=",        "<",           ">=",
      "<>",         "in",       "between",  "like",        "ilike",
      "is",         "distinct", "from",     "case",        "when",
      "then",       "else",     "end",      ",",           "::int",
      "::text",     "->",       "->>",      "lower",       "abs",
      "coalesce",   "greatest", "||",       "round",       "extract",
      "day",        "escape",   "try_cast", "::timestamp", "interval '1 day'",
      "date_trunc", "\"q\"",    "--",       "/*",          "*/",
      ";",          "$1",       "[",        "]",           "é",
      "\xff"};
  const uint64_t seed = Seed();
  SCOPED_TRACE(Cat("TM_SEED=", seed));
  Random random(seed);
  constexpr std::string_view kRow = R"({"x": 3, "y": {"z": "a"}, "q": "2018-01-31"})";
  int bound = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    const uint64_t words = random.Below(12) + 1;
    for (uint64_t w = 0; w < words; ++w) {
      if (random.OneIn(40)) {
        text += static_cast<char>(random.Below(256));
      } else {
        text += Cat(kWords[random.Below(std::size(kWords))], random.OneIn(4) ? "" : " ");
      }
    }
    TestedExpression tested(text);
    if (tested.bound()) {
      tested.Of(kRow);
      ++bound;
    }
  }
  EXPECT_GT(bound, 100);
}

}  // namespace
}  // namespace tidemark
