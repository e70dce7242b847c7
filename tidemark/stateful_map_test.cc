// StatefulMap and StatefulFlatMap through the public API with the virtual clock.

#include "tidemark/stateful_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tidemark/stateful_batch_test_support.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The example in the header.
struct Reading {
  std::string sensor;
  double celsius = 0;
};
struct Mean {
  double sum = 0;
  int64_t count = 0;
};

TEST(StatefulMap, TheExampleOfTheHeader) {
  using Row = KeyValue<std::string, double>;
  FlowTester t;
  auto in = t.Input<Reading>();
  auto out = t.Output<Row>();
  t.Build([&](Flow& flow) {
    const auto readings = flow.From("in", in.source());
    readings.KeyBy(&Reading::sensor)
        .StatefulMap("mean",
                     [](std::optional<Mean> mean, const Reading& reading) {
                       Mean next = mean.value_or(Mean{});
                       next.sum += reading.celsius;
                       ++next.count;
                       return std::pair(std::optional(next),
                                        next.sum / static_cast<double>(next.count));
                     })
        .To("out", out.sink());
  });
  in.PushAll({{"a", 10}, {"b", 5}, {"a", 20}});
  t.Run();
  EXPECT_THAT(out.rows(), ElementsAre(Row{"a", 10}, Row{"b", 5}, Row{"a", 15}));
}

std::pair<std::optional<int64_t>, int64_t> RunningSum(std::optional<int64_t> sum, int64_t n) {
  const int64_t next = sum.value_or(0) + n;
  return {next, next};
}

// The values since the last one that was zero, which forgets the key.
std::pair<std::optional<std::vector<int64_t>>, std::vector<std::string>> SinceZero(
    std::optional<std::vector<int64_t>> seen, int64_t n) {
  std::vector<std::string> out = {seen ? "old" : "new"};
  if (n == 0) return {std::nullopt, {}};
  auto next = std::move(seen).value_or(std::vector<int64_t>{});
  next.push_back(n);
  out.push_back(std::to_string(next.size()));
  return {std::move(next), std::move(out)};
}

KeyedStream<std::string, int64_t> SumStep(const Numbers& numbers) {
  return numbers.StatefulMap("sum", &RunningSum);
}
KeyedStream<std::string, std::string> SinceZeroStep(const Numbers& numbers) {
  return numbers.StatefulFlatMap("since_zero", SinceZero);
}

TEST(StatefulMap, EachKeyHasItsOwnStateAndOutputsStandInPlaceOfTheItems) {
  using Row = KeyValue<std::string, int64_t>;
  StepFixture<int64_t> f(SumStep);
  f.in().PushAll({{"b", 1}, {"a", 10}, {"b", 2}, {"a", 20}});
  f.tester().Run();
  EXPECT_THAT(f.rows(), ElementsAre(Row{"b", 1}, Row{"a", 10}, Row{"b", 3}, Row{"a", 30}));
}

TEST(StatefulMap, KeepsItsStateBeyondTheEndOfInput) {
  using Row = KeyValue<std::string, int64_t>;
  StepFixture<int64_t> f(SumStep);
  f.Push("k", 1);
  f.tester().End();
  f.tester().CrashAndResume();
  f.Push("k", 2);
  EXPECT_THAT(f.rows(), ElementsAre(Row{"k", 1}, Row{"k", 3}));
}

TEST(StatefulMap, NoStateDiscardsTheKeyAndLeavesNothingBehind) {
  StepFixture<std::string> f(SinceZeroStep);
  for (const int64_t n : {1, 2, 0, 3, 0}) f.Push("k", n);
  EXPECT_THAT(f.RowsByKey()["k"], ElementsAre("new", "1", "old", "2", "new", "1"));
  EXPECT_TRUE(f.NothingIsLeft());
}

TEST(StatefulMap, AStateThatWasStoredAndThenDiscardedIsDeleted) {
  StepFixture<std::string> f(SinceZeroStep);
  f.Push("k", 1);
  EXPECT_FALSE(f.NothingIsLeft());
  f.tester().CrashAndResume();
  f.Push("k", 0);
  EXPECT_TRUE(f.NothingIsLeft());
}

TEST(StatefulMap, TakesAStateTypeThatIsNamed) {
  StepFixture<bool> f([](const Numbers& numbers) {
    return numbers.StatefulFlatMap<std::monostate>("first", [](auto seen, auto) {
      return std::pair(std::optional(std::monostate()), std::vector<bool>{!seen.has_value()});
    });
  });
  for (const char* key : {"a", "a", "b"}) f.Push(key, 0);
  EXPECT_THAT(f.RowsByKey()["a"], ElementsAre(true, false));
  EXPECT_THAT(f.RowsByKey()["b"], ElementsAre(true));
}

TEST(StatefulMap, AnExceptionStopsTheRunAndNamesTheStep) {
  FlowTester t;
  auto in = t.Input<Numbered>();
  auto out = t.Output<KeyValue<std::string, int64_t>>();
  t.Build([&](Flow& flow) {
    flow.From("in", in.source())
        .KeyBy(&Numbered::key)
        .StatefulMap("picky",
                     [](std::optional<int64_t> state, const Numbered& item) {
                       if (item.number < 0) throw std::invalid_argument("below zero");
                       return std::pair(state, item.number);
                     })
        .To("out", out.sink());
  });
  in.Push({"k", -1});
  const absl::Status status = t.TryRun();
  EXPECT_THAT(std::string(status.message()), HasSubstr("step 'picky'"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("below zero"));
  EXPECT_THAT(out.committed(), IsEmpty());
}

TEST(StatefulMap, ACrashBehindAnyStepCannotBeSeen) {
  ExpectThatCrashesCannotBeSeen<int64_t>(SumStep);
}

TEST(StatefulFlatMap, ACrashBehindAnyStepCannotBeSeen) {
  ExpectThatCrashesCannotBeSeen<std::string>(SinceZeroStep);
}

}  // namespace
}  // namespace tidemark
