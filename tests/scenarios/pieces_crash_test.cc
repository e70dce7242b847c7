// Goal: a state in pieces is found again whole after a crash, an eviction or both, and leaves no
// row behind when it is gone. Method: each shape of state is given random values, out of order and
// large enough to be in pieces; one job runs undisturbed, the other commits, is evicted and crashes
// at random, on one worker or three. The results are the same.
//
// Seed: TM_SEED (default random).

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/status.h"
#include "state/list_state.h"
#include "state/map_state.h"
#include "state/state_key.h"
#include "tests/support/test_seed.h"
#include "tidemark/join.h"
#include "tidemark/testing.h"

namespace tidemark {
namespace {

struct Visit {
  int64_t key = 0;
  absl::Time at;
  std::string text;
};
using Visits = KeyedStream<int64_t, Visit>;
using Row = KeyValue<int64_t, std::string>;

std::string Joined(const std::vector<Visit>& visits) {
  std::string text;
  for (const Visit& visit : visits) text += visit.text.substr(0, 6) + " ";
  return text;
}

template <class Windows>
Stream<Row> Collected(const Visits& visits, Windows windows, WindowOptions options) {
  options.keep_watermark_for = absl::ZeroDuration();
  auto [lists, late] = visits.EventTime(&Visit::at, {.max_out_of_orderness = absl::Seconds(60)})
                           .Window(windows, options)
                           .Collect("step");
  return lists.MapValue([](const Windowed<std::vector<Visit>>& list) { return Joined(list.value); })
      .Pairs();
}

// Counts texts and remembers visits; says both and forgets the key at every hundredth.
struct Ledger {
  using In = Visit;
  struct State {
    MapState<std::string, int64_t> counts;
    ListState<std::string> texts;
  };
  using Outs = std::tuple<std::string>;
  KeyState OnItem(State& state, Visit&& visit, StepContext<Outs>& context) const {
    ++state.counts[visit.text.substr(0, 4)];
    state.texts.push_back(visit.text);
    if (state.texts.size() < 100) return KeyState::kKeep;
    std::string text;
    for (const auto& [name, count] : state.counts.entries()) text += Cat(name, "=", count, " ");
    for (const std::string& one : state.texts) text += one.substr(0, 6);
    context.Emit(text);
    return KeyState::kDiscard;
  }
  KeyState OnEnd(State& state, StepContext<Outs>& context) const {
    context.Emit(Cat(state.counts.size(), " of ", state.texts.size()));
    return KeyState::kDiscard;
  }
};

struct Shape {
  const char* name;
  std::function<Stream<Row>(const Visits&)> step;
};
const Shape kShapes[] = {
    {"tumbling", [](const Visits& v) { return Collected(v, Tumbling{absl::Seconds(100)}, {}); }},
    {"sliding",
     [](const Visits& v) {
       return Collected(v, Sliding{absl::Seconds(100), absl::Seconds(30)}, {});
     }},
    {"session", [](const Visits& v) { return Collected(v, Session{absl::Seconds(3)}, {}); }},
    {"queue",
     [](const Visits& v) {
       return Collected(v, Tumbling{absl::Seconds(20)}, {.late_when = LateWhen::kBehindWatermark});
     }},
    {"many_windows",
     [](const Visits& v) {
       return Collected(v, Tumbling{absl::Seconds(1)}, {.order = ValueOrder::kArrival});
     }},
    {"join",
     [](const Visits& v) {
       const auto texts = v.MapValue([](const Visit& visit) { return visit.text; });
       const auto rare = texts.FilterValue([](const std::string& text) { return text[0] == '7'; });
       return Join("step", {.insert = JoinInsert::kProduct}, texts, rare)
           .MapValue(
               [](const std::tuple<std::optional<std::string>, std::optional<std::string>>& row) {
                 return std::get<0>(row)->substr(0, 6) + std::get<1>(row)->substr(0, 6);
               })
           .Pairs();
     }},
    {"ledger", [](const Visits& v) { return std::get<0>(v.Stateful("step", Ledger())).Pairs(); }},
};

class PiecesCrash : public ::testing::TestWithParam<Shape> {
 protected:
  std::map<int64_t, std::vector<std::string>> Play(uint64_t seed, bool disturbed) {
    FlowTester::Options options;
    if (disturbed) options.memory_bytes = 200'000;
    FlowTester tester(options);
    auto in = tester.Input<Visit>();
    auto out = tester.Output<Row>();
    tester.Build([&](Flow& flow) {
      GetParam().step(flow.From("in", in.source()).KeyBy(&Visit::key)).To("out", out.sink());
    });
    Random items(seed), disturbances(seed + 1);
    absl::Time now = absl::FromUnixSeconds(1'700'000'000);
    for (int step = 0; step < 150; ++step) {
      for (uint64_t i = items.Below(30); i > 0; --i) {
        now += absl::Milliseconds(items.Below(500));
        in.Push({.key = items.Between(0, 2),
                 .at = now - absl::Milliseconds(items.Below(items.OneIn(9) ? 50'000 : 3'000)),
                 .text = Cat(items.Below(1'000'000), std::string(items.Below(200), '.'))});
      }
      tester.Run();
      if (!disturbed || disturbances.OneIn(3)) continue;
      tester.Commit();
      if (disturbances.OneIn(3)) tester.CrashAndResumeWith(disturbances.OneIn(2) ? 1 : 3);
    }
    tester.End();
    CheckNothingIsLeft(tester);
    std::map<int64_t, std::vector<std::string>> rows;
    for (const Row& row : out.committed()) rows[row.key].push_back(row.value);
    return rows;
  }
  // A join that waits for its other side keeps what it has.
  static void CheckNothingIsLeft(FlowTester& tester) {
    tester.Commit();
    if (std::string(GetParam().name) == "join") return;
    EXPECT_EQ(tester.job().record().steps.at(0).keys, 0u);
    EXPECT_EQ(tester.job().record().steps.at(0).bytes, 0u);
    const auto cursor = tester.store().Scan("\x10", "\x11");
    EXPECT_FALSE(cursor->Valid()) << "a row is left";
  }
};

TEST_P(PiecesCrash, ChangesNothing) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(testing::Message() << "TM_SEED=" << seed);
  for (uint64_t round = 0; round < 4; ++round) {
    const auto expected = Play(seed + round, false);
    ASSERT_FALSE(expected.empty());
    ASSERT_EQ(Play(seed + round, true), expected) << "round " << round;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, PiecesCrash, ::testing::ValuesIn(kShapes),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace tidemark
