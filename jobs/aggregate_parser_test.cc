#include "jobs/aggregate_parser.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"
#include "base/status.h"

namespace tidemark {
namespace {

// "max(mag) at 4", or "0: what is wrong".
std::string Parsed(const std::string& text) {
  const auto parsed = ParseAggregate(text);
  if (const auto* mistake = std::get_if<AggregateMistake>(&parsed)) {
    return Cat(mistake->at, ": ", mistake->what);
  }
  const auto& aggregate = std::get<ParsedAggregate>(parsed);
  if (!aggregate.field) return std::string(NameOf(aggregate.kind));
  return Cat(NameOf(aggregate.kind), "(", *aggregate.field, ") at ", aggregate.field_at);
}

TEST(AggregateParser, KnowsEveryAggregate) {
  EXPECT_EQ(Parsed("count"), "count");
  EXPECT_EQ(Parsed("COUNT"), "count");
  EXPECT_EQ(Parsed("count(*)"), "count");
  EXPECT_EQ(Parsed("count()"), "count");
  EXPECT_EQ(Parsed(" count ( * ) "), "count");
  EXPECT_EQ(Parsed("count(mag)"), "count(mag) at 6");
  EXPECT_EQ(Parsed("sum(mag)"), "sum(mag) at 4");
  EXPECT_EQ(Parsed("min(mag)"), "min(mag) at 4");
  EXPECT_EQ(Parsed("MAX( mag )"), "max(mag) at 5");
  EXPECT_EQ(Parsed("avg(mag)"), "avg(mag) at 4");
  EXPECT_EQ(Parsed("first(mag)"), "first(mag) at 6");
  EXPECT_EQ(Parsed("last(mag)"), "last(mag) at 5");
  EXPECT_EQ(Parsed("collect(mag)"), "collect(mag) at 8");
  EXPECT_EQ(Parsed("count_distinct(mag)"), "count_distinct(mag) at 15");
  EXPECT_EQ(Parsed("count(distinct mag)"), "count_distinct(mag) at 15");
}

TEST(AggregateParser, FieldsKeepTheirLettersAndDots) {
  EXPECT_EQ(Parsed("max(depthKm)"), "max(depthKm) at 4");
  EXPECT_EQ(Parsed("max(\"depthKm\")"), "max(depthKm) at 4");
  EXPECT_EQ(Parsed("max(Place.Country)"), "max(Place.Country) at 4");
  EXPECT_EQ(Parsed("max(a . B)"), "max(a.b) at 4");  // folded: it cannot be told any more
  EXPECT_EQ(Parsed("max(\"a b\".C)"), "max(a b.C) at 4");
  EXPECT_EQ(Parsed("max(\"user\")"), "max(user) at 4");
  EXPECT_EQ(Parsed("max(time)"), "max(time) at 4");
  EXPECT_EQ(Parsed("max(größe)"), "max(größe) at 4");
}

TEST(AggregateParser, SaysWhatIsWrongAndWhere) {
  const std::string expected = "an aggregate is one call over one field, like max(mag), or count";
  EXPECT_EQ(Parsed(""), "0: " + expected);
  EXPECT_EQ(Parsed("1"), "0: " + expected);
  EXPECT_EQ(Parsed("sum(a) + 1"), "0: " + expected);
  EXPECT_EQ(Parsed("sum(a), sum(b)"), "0: " + expected);
  EXPECT_EQ(Parsed("sum(a); drop table b"), "0: " + expected);
  EXPECT_EQ(Parsed("sum(a) from b"), "0: " + expected);
  EXPECT_EQ(Parsed("sum(a) into b"), "0: " + expected);
  EXPECT_EQ(Parsed("sum(a) limit 1"), "0: " + expected);
  EXPECT_EQ(Parsed("sum(a) union select 1"), "0: " + expected);
  EXPECT_EQ(Parsed("distinct sum(a)"), "0: " + expected);
  EXPECT_EQ(Parsed("(select 1)"), "0: " + expected);
  EXPECT_EQ(Parsed("a.sum(b)"), "0: " + expected);
  EXPECT_EQ(Parsed("sum(a) as b"),
            "0: the result's name goes before the ':', and 'AS' is not needed");
  EXPECT_EQ(Parsed("maxx(mag)"), "0: unknown aggregate 'maxx'; did you mean 'max'?");
  EXPECT_EQ(Parsed(" variance(mag)"),
            "1: unknown aggregate 'variance'; there are: count, sum, min, max, avg, first, last, "
            "collect, count_distinct");
  EXPECT_EQ(Parsed("max"), "0: max needs a field, as in max(FIELD)");
  EXPECT_EQ(Parsed("max()"), "0: max needs a field, as in max(FIELD)");
  EXPECT_EQ(Parsed("max(*)"), "0: max needs a field, as in max(FIELD)");
  EXPECT_EQ(Parsed("mag"),
            "0: 'mag' is a field alone; say what to make of it, as in max(mag), or count");
  EXPECT_EQ(Parsed("max(a, b)"), "0: max takes one field");
  const std::string name =
      "max takes the name of a field; one that is a keyword of SQL is written in "
      "double quotes, as in max(\"user\")";
  for (const char* argument : {"max(1)", "max('a')", "max(user)", "max(a + 1)", "max(sum(a))",
                               "max(a[1])", "max((select 1))", "max(a.*)", "max(a::int)"}) {
    EXPECT_EQ(Parsed(argument), "0: " + name) << argument;
  }
  EXPECT_EQ(Parsed("sum(a) over ()"), "0: sum cannot have an OVER clause here");
  EXPECT_EQ(Parsed("sum(a) filter (where b)"), "0: sum cannot have a FILTER clause here");
  EXPECT_EQ(Parsed("first(a order by b)"), "0: first cannot have an ORDER BY here");
  EXPECT_EQ(Parsed("sum(distinct a)"), "0: sum cannot have the word DISTINCT here");
  EXPECT_EQ(Parsed("sum(variadic a)"), "0: sum cannot have the word VARIADIC here");
  EXPECT_EQ(Parsed("max(mag"), "7: not an aggregate like max(mag): syntax error at end of input");
  EXPECT_EQ(Parsed("max(order)"),
            "4: not an aggregate like max(mag): syntax error at or near \"order\"");
  EXPECT_EQ(Parsed("max(" + std::string(62, 'a') + ")"), "max(" + std::string(62, 'a') + ") at 4");
  EXPECT_EQ(Parsed("max(a." + std::string(64, 'b') + ")"),
            "4: a name in an aggregate has less than 63 bytes");
  EXPECT_EQ(Parsed(std::string(1001, '(')), "0: longer than 1000 bytes");
}

// Whatever is written there, the answer is a result or a mistake within the text.
TEST(AggregateParser, AnyTextHasAnAnswer) {
  const std::string letters = "max(count sum.*,;'\"$1- +/*distinct a)\xc3\xa4";
  const uint64_t seed = FreshSeed();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  for (int i = 0; i < 5000; ++i) {
    std::string text = i % 2 == 0 ? "" : "max(mag)";
    for (uint64_t n = random.Below(12); n > 0; --n) {
      text.insert(random.Below(text.size() + 1), 1, letters[random.Below(letters.size())]);
    }
    const auto parsed = ParseAggregate(text);
    if (const auto* mistake = std::get_if<AggregateMistake>(&parsed)) {
      EXPECT_LE(mistake->at, text.size()) << text;
      EXPECT_FALSE(mistake->what.empty()) << text;
    } else {
      EXPECT_LE(std::get<ParsedAggregate>(parsed).field_at, text.size()) << text;
    }
  }
}

}  // namespace
}  // namespace tidemark
