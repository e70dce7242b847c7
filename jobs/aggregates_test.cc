// What each aggregate makes of values, of none, and of the parts of a merged session; what is
// stored of it.

#include "jobs/aggregates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/status.h"
#include "connectors/rows/json_number.h"
#include "connectors/rows/json_row.h"
#include "jobs/window_row.h"
#include "state/reflect_recoverable.h"
#include "state/type_schema.h"
#include "state/value_codec.h"
#include "state/value_json.h"

namespace tidemark {
namespace {

using Kind = AggregateKind;
using Values = std::vector<JsonScalar>;

static_assert(RecoverableState<Aggregates::Acc>);
static_assert(RecoverableState<WindowRow>);

const JsonScalar kNull;

Aggregates One(Kind kind) { return Aggregates({{.name = "x", .kind = kind, .field = "f"}}); }

Aggregates::Acc Folded(const Aggregates& aggregates, const Values& values) {
  Aggregates::Acc acc = aggregates.Init();
  for (const JsonScalar& value : values) aggregates.Add({.values = {value}}, acc);
  return acc;
}

std::string Json(const Aggregates& aggregates, const Aggregates::Acc& acc) {
  std::string json;
  aggregates.AppendJson(acc, json);
  return json;
}

// What comes out after "\"x\": ".
std::string Result(Kind kind, const Values& values) {
  const Aggregates aggregates = One(kind);
  return Json(aggregates, Folded(aggregates, values)).substr(5);
}

JsonScalar Digits(const char* text) { return JsonNumber{text}; }

TEST(Aggregates, NumbersBeyondSixtyFourBitsKeepTheirDigits) {
  const Values values = {Digits("18446744073709551617"), UINT64_MAX, Digits("18446744073709551618"),
                         Digits("-9223372036854775809"), INT64_MIN};
  EXPECT_EQ(Result(Kind::kMin, values), "-9223372036854775809");
  EXPECT_EQ(Result(Kind::kMax, values), "18446744073709551618");
  EXPECT_EQ(Result(Kind::kFirst, values), "18446744073709551617");
  EXPECT_EQ(Result(Kind::kLast, values), "-9223372036854775808");
  EXPECT_EQ(Result(Kind::kCountDistinct, values), "5");
  EXPECT_EQ(Result(Kind::kCollect, {Digits("-9223372036854775809"), Digits("1e400")}),
            "[-9223372036854775809, 1e400]");
}

TEST(Aggregates, ANumberIsOneHoweverItIsWrittenAndHoldsItsPlaceAmongDoubles) {
  const Values same = {Digits("18446744073709551616"), 18446744073709551616.0};
  EXPECT_EQ(Result(Kind::kCountDistinct, same), "1");
  for (const Kind kind : {Kind::kMin, Kind::kMax}) {
    EXPECT_EQ(Result(kind, same), "18446744073709551616");
    EXPECT_EQ(Result(kind, {same[1], same[0]}), "18446744073709551616");
  }
  EXPECT_EQ(Result(Kind::kMax, {1.8446744073709556e19, Digits("18446744073709553665")}),
            "18446744073709555712");
  EXPECT_EQ(Result(Kind::kMin, {Digits("-1e400"), -1.7976931348623157e308}), "-1e400");
}

TEST(Aggregates, EachGivesItsResult) {
  const Values values = {int64_t{3}, kNull, int64_t{1}, 2.5, int64_t{1}, kNull};
  EXPECT_EQ(Result(Kind::kCount, values), "4");
  EXPECT_EQ(Result(Kind::kSum, values), "7.5");
  EXPECT_EQ(Result(Kind::kMin, values), "1");
  EXPECT_EQ(Result(Kind::kMax, values), "3");
  EXPECT_EQ(Result(Kind::kAvg, values), "1.875");
  EXPECT_EQ(Result(Kind::kFirst, values), "3");
  EXPECT_EQ(Result(Kind::kLast, values), "1");
  EXPECT_EQ(Result(Kind::kCollect, values), "[3, 1, 2.5, 1]");
  EXPECT_EQ(Result(Kind::kCountDistinct, values), "3");
}

TEST(Aggregates, WithoutAValueAreNullAndCountsZero) {
  for (const Values& values : {Values{}, Values{kNull, kNull}}) {
    for (const Kind kind : {Kind::kSum, Kind::kMin, Kind::kMax, Kind::kAvg, Kind::kFirst,
                            Kind::kLast, Kind::kCollect}) {
      EXPECT_EQ(Result(kind, values), "null") << NameOf(kind);
    }
    EXPECT_EQ(Result(Kind::kCount, values), "0");
    EXPECT_EQ(Result(Kind::kCountDistinct, values), "0");
  }
}

TEST(Aggregates, CountWithoutAFieldCountsRows) {
  const Aggregates aggregates({{.name = "rows", .kind = Kind::kCount}});
  EXPECT_TRUE(aggregates.fields().empty());
  Aggregates::Acc acc = aggregates.Init();
  for (int i = 0; i < 3; ++i) aggregates.Add({}, acc);
  EXPECT_EQ(Json(aggregates, acc), "\"rows\": 3");
}

TEST(Aggregates, ComeInTheOrderInWhichTheyAreWrittenAndShareFields) {
  const Aggregates aggregates({{.name = "z", .kind = Kind::kCount, .field = "mag"},
                               {.name = "a\"", .kind = Kind::kMax, .field = "depth"},
                               {.name = "m", .kind = Kind::kAvg, .field = "mag"}});
  ASSERT_EQ(aggregates.fields().size(), 2u);
  EXPECT_EQ(aggregates.fields()[0].path, "mag");
  EXPECT_TRUE(aggregates.fields()[0].must_be_number);
  EXPECT_EQ(aggregates.fields()[1].path, "depth");
  EXPECT_FALSE(aggregates.fields()[1].must_be_number);
  Aggregates::Acc acc = aggregates.Init();
  aggregates.Add({.values = {int64_t{4}, std::string("deep")}}, acc);
  EXPECT_EQ(Json(aggregates, acc), "\"z\": 1, \"a\\\"\": \"deep\", \"m\": 4");
}

// ---- sums ----------------------------------------

TEST(Aggregates, SumsOfWholeNumbersAreExactWhileTheyFit) {
  constexpr int64_t kTwoTo53 = int64_t{1} << 53;
  EXPECT_EQ(Result(Kind::kSum, {kTwoTo53, int64_t{1}}), "9007199254740993");
  EXPECT_EQ(Result(Kind::kSum, {INT64_MAX - 1, int64_t{1}}), "9223372036854775807");
  EXPECT_EQ(Result(Kind::kSum, {INT64_MIN, INT64_MAX}), "-1");
  EXPECT_EQ(Result(Kind::kSum, {2.0, int64_t{3}}), "5");  // 2.0 is whole
  EXPECT_EQ(Result(Kind::kSum, {0.5, 0.25}), "0.75");
}

TEST(Aggregates, SumsBeyond64BitsAreRounded) {
  EXPECT_EQ(Result(Kind::kSum, {INT64_MAX, int64_t{1}}), "9223372036854775808");
  EXPECT_EQ(Result(Kind::kSum, {INT64_MIN, int64_t{-1}}), "-9223372036854775808");
  EXPECT_EQ(Result(Kind::kSum, {UINT64_MAX, int64_t{0}}), "18446744073709551616");
  EXPECT_EQ(Result(Kind::kSum, {1e308, 1e308}), "\"Infinity\"");
}

// ---- comparing ----------------------------------------

TEST(Aggregates, NumbersCompareExactly) {
  constexpr int64_t kTwoTo53 = int64_t{1} << 53;
  const Values ascending = {-1e300,    INT64_MIN,         INT64_MIN + 1, -1.5,     int64_t{-1},
                            -0.5,      int64_t{0},        0.5,           kTwoTo53, kTwoTo53 + 1,
                            INT64_MAX, uint64_t{1} << 63, UINT64_MAX,    1e300};
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(ScalarLess(ascending[i], ascending[j]), i < j) << i << " and " << j;
    }
  }
  EXPECT_FALSE(ScalarLess(int64_t{2}, 2.0));
  EXPECT_FALSE(ScalarLess(2.0, int64_t{2}));
}

TEST(Aggregates, ValuesOfSeveralKindsHaveAnOrder) {
  const Values values = {std::string("a"), int64_t{7}, true, std::string("B"), false};
  EXPECT_EQ(Result(Kind::kMin, values), "false");
  EXPECT_EQ(Result(Kind::kMax, values), "\"a\"");
  EXPECT_EQ(Result(Kind::kCountDistinct, {int64_t{2}, 2.0, std::string("2"), true, 2.5}), "4");
}

TEST(Aggregates, OfEqualValuesTheSimplestFormStaysWhicheverComesFirst) {
  for (const Kind kind : {Kind::kMin, Kind::kMax}) {
    EXPECT_EQ(Result(kind, {int64_t{0}, -0.0}), "0");
    EXPECT_EQ(Result(kind, {-0.0, int64_t{0}}), "0");
    EXPECT_EQ(Result(kind, {-0.0, 0.0}), Result(kind, {0.0, -0.0}));
    EXPECT_EQ(Result(kind, {1e19, uint64_t{10'000'000'000'000'000'000u}}), "10000000000000000000");
  }
}

// ---- sessions ----------------------------------------

TEST(Aggregates, OfMergedSessionsAreThoseOfAllValues) {
  const uint64_t seed = FreshSeed();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  const Values pool = {kNull, int64_t{1}, int64_t{-7}, 0.5,  4.25, int64_t{1} << 60,
                       true,  2.0,        uint64_t{3}, 0.125};
  for (int round = 0; round < 300; ++round) {
    Values values;
    for (uint64_t n = random.Below(8); n > 0; --n)
      values.push_back(pool[random.Below(pool.size())]);
    const size_t cut = random.Below(values.size() + 1);
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(cut);
    for (const Kind kind : {Kind::kCount, Kind::kSum, Kind::kMin, Kind::kMax, Kind::kAvg,
                            Kind::kFirst, Kind::kLast, Kind::kCollect, Kind::kCountDistinct}) {
      Values taken = values;  // booleans are no numbers, which the reader has seen to
      if (TakesNumbers(kind)) std::replace(taken.begin(), taken.end(), JsonScalar(true), kNull);
      const auto taken_middle = taken.begin() + (middle - values.begin());
      const Aggregates aggregates = One(kind);
      Aggregates::Acc earlier = Folded(aggregates, Values(taken.begin(), taken_middle));
      aggregates.Merge(Folded(aggregates, Values(taken_middle, taken.end())), earlier);
      EXPECT_EQ(Json(aggregates, earlier), Json(aggregates, Folded(aggregates, taken)))
          << NameOf(kind) << " of " << values.size() << " values, cut at " << cut;
    }
  }
}

// Goal: what windows share may be put together in any order. Method: values that round, overflow
// and tie, cut into parts, each shuffled and all combined in another order.
TEST(Aggregates, ThatCombineAreTheSameInAnyOrder) {
  const uint64_t seed = FreshSeed();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  const Values pool = {kNull,
                       INT64_MAX,
                       INT64_MIN,
                       0.1,
                       -0.3,
                       1e17,
                       UINT64_MAX,
                       -0.0,
                       int64_t{0},
                       1e-9,
                       -1e17,
                       2.0,
                       1e19,
                       7.25,
                       int64_t{-5},
                       0.0,
                       uint64_t{10'000'000'000'000'000'000u}};
  const auto shuffle = [&](auto& list) {
    for (size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[random.Below(i)]);
  };
  for (int round = 0; round < 500; ++round) {
    Values values;
    for (uint64_t n = random.Below(12); n > 0; --n) {
      values.push_back(pool[random.Below(pool.size())]);
    }
    for (const Kind kind :
         {Kind::kCount, Kind::kSum, Kind::kMin, Kind::kMax, Kind::kAvg, Kind::kCountDistinct}) {
      const Aggregates aggregates = One(kind);
      ASSERT_TRUE(aggregates.combines());
      const std::string expected = Json(aggregates, Folded(aggregates, values));
      Values shuffled = values;
      shuffle(shuffled);
      std::vector<Values> parts(1 + random.Below(4));
      for (const JsonScalar& value : shuffled) parts[random.Below(parts.size())].push_back(value);
      Aggregates::Acc acc = aggregates.Init();
      for (const Values& part : parts) aggregates.Merge(Folded(aggregates, part), acc);
      EXPECT_EQ(Json(aggregates, acc), expected) << NameOf(kind);
    }
  }
  for (const Kind kind : {Kind::kFirst, Kind::kLast, Kind::kCollect}) {
    EXPECT_FALSE(One(kind).combines()) << NameOf(kind);
  }
  EXPECT_FALSE(Aggregates({{.name = "n", .kind = Kind::kCount},
                           {.name = "f", .kind = Kind::kFirst, .field = "v"}})
                   .combines());
}

TEST(Aggregates, SumsThatOverflowInAMergeAreRounded) {
  const Aggregates aggregates = One(Kind::kSum);
  Aggregates::Acc acc = Folded(aggregates, {INT64_MAX});
  aggregates.Merge(Folded(aggregates, {INT64_MAX}), acc);
  EXPECT_EQ(Json(aggregates, acc), "\"x\": 18446744073709551616");
}

// ---- as state ----------------------------------------

TEST(Aggregates, AreStoredUnderTheirNames) {
  const Aggregates aggregates({{.name = "n", .kind = Kind::kCount},
                               {.name = "top", .kind = Kind::kMax, .field = "mag"},
                               {.name = "kinds", .kind = Kind::kCountDistinct, .field = "type"}});
  Aggregates::Acc acc = aggregates.Init();
  aggregates.Add({.values = {4.5, std::string("blast")}}, acc);
  std::string bytes;
  EncodeValue(acc, bytes);
  EXPECT_EQ(ValueToJson(SchemaOf<Aggregates::Acc>(), bytes).value_or("no value"),
            "{\"kinds\":{\"CountDistinct\":{\"values\":[{\"string\":\"blast\"}]}},"
            "\"n\":{\"Count\":{\"values\":1}},"
            "\"top\":{\"Max\":{\"value\":{\"f64\":4.5}}}}");
  Aggregates::Acc read;
  std::string_view rest = bytes;
  ASSERT_TRUE(DecodeValue(rest, read).ok());
  EXPECT_EQ(Json(aggregates, read), Json(aggregates, acc));
}

TEST(Aggregates, StateOfOthersIsNotTaken) {
  Aggregates::Acc acc = One(Kind::kMax).Init();
  const Aggregates two({{.name = "x", .kind = Kind::kMax, .field = "f"},
                        {.name = "y", .kind = Kind::kMax, .field = "f"}});
  EXPECT_ANY_THROW(two.Add({.values = {int64_t{1}}}, acc));
  EXPECT_ANY_THROW(two.Merge(two.Init(), acc));
  std::string json;
  EXPECT_ANY_THROW(two.AppendJson(acc, json));
}

}  // namespace
}  // namespace tidemark
