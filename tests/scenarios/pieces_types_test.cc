// The types that a state in pieces may have: a std::map becomes a MapState and not the other way
// round, and values that hold containers travel through a join.

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/status.h"
#include "state/list_state.h"
#include "state/map_state.h"
#include "tidemark/join.h"
#include "tidemark/testing.h"

namespace tidemark {
namespace {

struct Visit {
  int64_t key = 0;
  std::string text;
};

// Counts texts; emits how many different ones there are.
template <class Map>
struct Ledger {
  using In = Visit;
  struct State {
    Map counts;
  };
  using Outs = std::tuple<std::string>;
  KeyState OnItem(State& state, Visit&& visit, StepContext<Outs>& context) const {
    ++state.counts[visit.text];
    context.Emit(Cat(state.counts.size()));
    return KeyState::kKeep;
  }
};

absl::Status FromTo(bool first_pieced, bool second_pieced) {
  FlowTester tester;
  auto in = tester.Input<Visit>();
  auto out = tester.Output<KeyValue<int64_t, std::string>>();
  bool pieced = first_pieced;
  tester.Build([&](Flow& flow) {
    auto visits = flow.From("in", in.source()).KeyBy(&Visit::key);
    if (pieced) {
      std::get<0>(visits.Stateful("s", Ledger<MapState<std::string, int64_t>>()))
          .Pairs()
          .To("out", out.sink());
    } else {
      std::get<0>(visits.Stateful("s", Ledger<std::map<std::string, int64_t>>()))
          .Pairs()
          .To("out", out.sink());
    }
  });
  in.Push({1, "a"});
  tester.Run();
  tester.Commit();
  pieced = second_pieced;
  TM_RETURN_IF_ERROR(tester.TryCrashAndResume());
  in.Push({1, "b"});
  TM_RETURN_IF_ERROR(tester.TryRun());
  EXPECT_EQ(out.rows().back().value, "2");
  return absl::OkStatus();
}

TEST(PiecesTypes, AMapBecomesAMapState) {
  const absl::Status status = FromTo(false, true);
  EXPECT_TRUE(status.ok()) << status;
}
TEST(PiecesTypes, AMapStateDoesNotBecomeAMap) {
  const absl::Status status = FromTo(true, false);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_NE(
      status.message().find("the storage of step 's' was [in pieces] and is now [in one row]"),
      absl::string_view::npos)
      << status;
}

// A value that travels through a join and holds a container in pieces.
struct Basket {
  int64_t key = 0;
  MapState<std::string, int64_t> lines;
};
std::string JoinedAfter(bool crash) {
  FlowTester tester;
  auto left = tester.Input<Basket>();
  auto right = tester.Input<Visit>();
  auto out = tester.Output<KeyValue<int64_t, std::string>>();
  tester.Build([&](Flow& flow) {
    auto baskets = flow.From("left", left.source()).KeyBy(&Basket::key);
    auto visits = flow.From("right", right.source()).KeyBy(&Visit::key);
    Join("j", {}, baskets, visits)
        .MapValue([](const std::tuple<std::optional<Basket>, std::optional<Visit>>& row) {
          const auto& basket = std::get<0>(row);
          return basket.has_value() ? Cat(basket->lines.size(), " lines") : std::string("none");
        })
        .Pairs()
        .To("out", out.sink());
  });
  Basket basket{.key = 1, .lines = {}};
  basket.lines["a"] = 1;
  basket.lines["b"] = 2;
  left.Push(basket);
  tester.Run();
  tester.Commit();
  if (crash) tester.CrashAndResume();
  right.Push({1, "go"});
  tester.Run();
  return out.rows().back().value;
}
TEST(PiecesTypes, JoinedValuesKeepTheirContainers) {
  EXPECT_EQ(JoinedAfter(false), "2 lines");
  EXPECT_EQ(JoinedAfter(true), "2 lines");
}

}  // namespace
}  // namespace tidemark
