// The *Final steps through the public API with the virtual clock.

#include "tidemark/final.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tidemark/stateful_batch_test_support.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Row = KeyValue<std::string, int64_t>;

KeyedStream<std::string, int64_t> SumFinal(const Numbers& numbers) {
  return numbers.FoldFinal(
      "sum", [] { return int64_t{0}; }, [](int64_t sum, int64_t n) { return sum + n; });
}
KeyedStream<std::string, std::vector<int64_t>> ListFinal(const Numbers& numbers) {
  return numbers.FoldFinal(
      "list", [] { return std::vector<int64_t>(); },
      [](std::vector<int64_t> list, int64_t n) {
        list.push_back(n);
        return list;
      });
}

TEST(Final, NothingComesBeforeTheEndOfInputAndThenByteOrderOfTheKeys) {
  StepFixture<int64_t> f(SumFinal);
  for (const char* key : {"b", "a", "\xff", "B", "", "a"}) f.Push(key, 1);
  EXPECT_THAT(f.rows(), IsEmpty());
  f.tester().End();
  EXPECT_THAT(f.rows(),
              ElementsAre(Row{"", 1}, Row{"B", 1}, Row{"a", 2}, Row{"b", 1}, Row{"\xff", 1}));
  EXPECT_TRUE(f.NothingIsLeft());
}

TEST(Final, ALaterRunStartsOverWithEachKey) {
  StepFixture<int64_t> f(SumFinal);
  f.Push("a", 1);
  f.Push("b", 2);
  f.tester().End();
  f.tester().CrashAndResume();
  f.Push("a", 5);
  f.tester().End();
  EXPECT_THAT(f.rows(), ElementsAre(Row{"a", 1}, Row{"b", 2}, Row{"a", 5}));
}

TEST(Final, AnAccumulatorOfZeroIsStateAllTheSame) {
  StepFixture<int64_t> f(SumFinal);
  f.Push("k", 0);
  f.tester().Commit();
  f.tester().CrashAndResume();
  f.tester().End();
  EXPECT_THAT(f.rows(), ElementsAre(Row{"k", 0}));
}

TEST(ReduceFinal, TheFirstValueIsTheAccumulator) {
  StepFixture<int64_t> f([](const Numbers& numbers) {
    return numbers.ReduceFinal("minus", [](int64_t a, int64_t b) { return a - b; });
  });
  for (const int64_t n : {10, 1, 2}) f.Push("k", n);
  f.tester().End();
  EXPECT_THAT(f.rows(), ElementsAre(Row{"k", 7}));
}

struct Order {
  std::string flight;
  int64_t seats = 0;
  int64_t at = 0;
  bool operator==(const Order&) const = default;
};

TEST(MaxFinal, KeepsTheValueItHoldsWhereAnotherIsEqual) {
  using Best = KeyValue<std::string, Order>;
  FlowTester t;
  auto in = t.Input<Order>();
  auto max = t.Output<Best>();
  auto min = t.Output<Best>();
  t.Build([&](Flow& flow) {
    const auto orders = flow.From("in", in.source()).KeyBy(&Order::flight);
    orders.MaxFinal("max", &Order::seats).To("most", max.sink());
    orders.MinFinal("min", [](const Order& order) { return order.seats; }).To("least", min.sink());
  });
  in.PushAll({{"f", 2, 1}, {"f", 2, 2}, {"f", 1, 3}, {"f", 3, 4}, {"f", 1, 5}, {"f", 3, 6}});
  t.End();
  EXPECT_THAT(max.rows(), ElementsAre(Best{"f", {"f", 3, 4}}));
  EXPECT_THAT(min.rows(), ElementsAre(Best{"f", {"f", 1, 3}}));
}

TEST(MaxFinal, ComparesTheValueItselfUnlessTold) {
  StepFixture<int64_t> f([](const Numbers& numbers) { return numbers.MaxFinal("max"); });
  for (const int64_t n : {-3, -1, -2}) f.Push("k", n);
  f.tester().End();
  EXPECT_THAT(f.rows(), ElementsAre(Row{"k", -1}));
}

TEST(CountFinal, TheExamplesOfTheHeader) {
  using Seats = KeyValue<std::string, int64_t>;
  FlowTester t;
  auto in = t.Input<Order>();
  auto seats = t.Output<Seats>();
  auto per_seats = t.Output<KeyValue<int64_t, int64_t>>();
  t.Build([&](Flow& flow) {
    const auto orders = flow.From("in", in.source());
    orders.KeyBy(&Order::flight)
        .FoldFinal(
            "seats", [] { return int64_t{0}; },
            [](int64_t sum, const Order& order) { return sum + order.seats; })
        .To("seats_out", seats.sink());
    orders.CountFinal("orders", &Order::seats).To("orders_out", per_seats.sink());
  });
  in.PushAll({{"x", 2}, {"y", 3}, {"x", 3}, {"y", 3}});
  t.End();
  EXPECT_THAT(seats.rows(), ElementsAre(Seats{"x", 5}, Seats{"y", 6}));
  EXPECT_THAT(per_seats.rows(),
              ElementsAre(KeyValue<int64_t, int64_t>{2, 1}, KeyValue<int64_t, int64_t>{3, 3}));
}

TEST(CountFinal, LeavesNothingBehind) {
  StepFixture<int64_t> f([](const Numbers& numbers) { return numbers.CountFinal("count"); });
  for (const char* key : {"a", "b", "a"}) f.Push(key, 0);
  f.tester().Commit();
  f.tester().End();
  EXPECT_THAT(f.rows(), ElementsAre(Row{"a", 2}, Row{"b", 1}));
  EXPECT_TRUE(f.NothingIsLeft());
}

TEST(Final, ACrashBehindAnyStepCannotBeSeen) {
  ExpectThatCrashesCannotBeSeen<int64_t>(SumFinal);
  ExpectThatCrashesCannotBeSeen<std::vector<int64_t>>(ListFinal);
  ExpectThatCrashesCannotBeSeen<int64_t>(
      [](const Numbers& numbers) { return numbers.CountFinal("count"); });
  ExpectThatCrashesCannotBeSeen<int64_t>(
      [](const Numbers& numbers) { return numbers.MinFinal("min"); });
}

// The end of input is itself work: a crash in the middle of it, before its commit, and another end.
TEST(Final, ACrashBeforeTheEndIsCommittedEmitsOnce) {
  StepFixture<int64_t> f(SumFinal);
  f.Push("a", 1);
  f.Push("b", 2);
  f.tester().Commit();
  f.tester().CrashAndResume();
  f.tester().End();
  f.tester().CrashAndResume();
  f.tester().End();
  EXPECT_THAT(f.rows(), ElementsAre(Row{"a", 1}, Row{"b", 2}));
}

}  // namespace
}  // namespace tidemark
