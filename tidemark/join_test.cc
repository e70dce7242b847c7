// Joins through the public API: types, modes, windows, and a crash in between.

#include "tidemark/join.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tidemark/testing.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;

struct Order {
  std::string id;
  int amount = 0;
  absl::Time at;
};
struct Payment {
  std::string id;
  std::string by;
  absl::Time at;
};

using Row = std::tuple<std::optional<int>, std::optional<std::string>>;
using Out = KeyValue<std::string, Row>;

Row Shown(const std::tuple<std::optional<Order>, std::optional<Payment>>& row) {
  const auto& [order, payment] = row;
  return {order ? std::optional(order->amount) : std::nullopt,
          payment ? std::optional(payment->by) : std::nullopt};
}

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

class JoinFixture {
 public:
  JoinFixture() : orders(tester.Input<Order>()), payments(tester.Input<Payment>()) {}
  FlowTester tester;
  TestInput<Order> orders;
  TestInput<Payment> payments;
};

TEST(Join, EmitsOnceEverySideIsThereAndForgetsTheKey) {
  JoinFixture f;
  auto out = f.tester.Output<Out>();
  f.tester.Build([&](Flow& flow) {
    Join("paid", {}, flow.From("orders", f.orders.source()).KeyBy(&Order::id),
         flow.From("payments", f.payments.source()).KeyBy(&Payment::id))
        .MapValue(Shown)
        .To("out", out.sink());
  });
  f.orders.Push({"a", 5, kStart});
  f.tester.Run();
  f.tester.Commit();
  f.tester.CrashAndResume();
  f.payments.Push({"a", "card", kStart});
  f.payments.Push({"b", "cash", kStart});
  f.tester.Run();
  EXPECT_THAT(out.rows(), ElementsAre(Out{"a", {5, "card"}}));
  f.payments.Push({"a", "again", kStart});
  f.tester.End();
  EXPECT_EQ(out.rows().size(), 1u) << "complete joins emit nothing at the end of input";
}

TEST(Join, RunningEmitsAfterEveryValueAndFinalAtTheEnd) {
  for (const JoinEmit emit : {JoinEmit::kRunning, JoinEmit::kFinal}) {
    JoinFixture f;
    auto out = f.tester.Output<Out>();
    f.tester.Build([&](Flow& flow) {
      Join("paid", {.insert = JoinInsert::kLast, .emit = emit},
           flow.From("orders", f.orders.source()).KeyBy(&Order::id),
           flow.From("payments", f.payments.source()).KeyBy(&Payment::id))
          .MapValue(Shown)
          .To("out", out.sink());
    });
    f.orders.Push({"a", 5, kStart});
    f.tester.Run();
    f.payments.Push({"a", "card", kStart});
    f.tester.Run();
    f.tester.End();
    if (emit == JoinEmit::kRunning) {
      EXPECT_THAT(out.rows(), ElementsAre(Out{"a", {5, std::nullopt}}, Out{"a", {5, "card"}}));
    } else {
      EXPECT_THAT(out.rows(), ElementsAre(Out{"a", {5, "card"}}));
    }
  }
}

TEST(JoinWindow, RowsAreTheProductOfTheSidesWithinAWindow) {
  JoinFixture f;
  auto out = f.tester.Output<KeyValue<std::string, Windowed<Row>>>();
  f.tester.Build([&](Flow& flow) {
    auto [rows, late] = JoinWindow(
        "paid", Tumbling{.length = absl::Seconds(10), .align_to = kStart},
        {.insert = JoinInsert::kProduct}, {},
        flow.From("orders", f.orders.source()).KeyBy(&Order::id).EventTime(&Order::at),
        flow.From("payments", f.payments.source()).KeyBy(&Payment::id).EventTime(&Payment::at));
    rows.MapValue([](auto row) {
          return Windowed<Row>{row.window_id, row.open, row.close, Shown(row.value)};
        })
        .To("out", out.sink());
  });
  f.orders.Push({"a", 1, kStart});
  f.orders.Push({"a", 2, kStart + absl::Seconds(1)});
  f.tester.Run();
  f.payments.Push({"a", "x", kStart + absl::Seconds(2)});
  f.payments.Push({"a", "y", kStart + absl::Seconds(3)});
  f.tester.Run();
  f.tester.Commit();
  f.tester.CrashAndResume();
  f.orders.Push({"a", 3, kStart + absl::Seconds(10)});
  f.tester.Run();
  std::vector<Row> rows;
  for (const auto& row : out.rows()) rows.push_back(row.value.value);
  EXPECT_THAT(rows, ElementsAre(Row{1, "x"}, Row{1, "y"}, Row{2, "x"}, Row{2, "y"}));
  f.tester.End();
  EXPECT_EQ(out.rows().back().value.value, (Row{3, std::nullopt}));
}

}  // namespace
}  // namespace tidemark
