// Goal: a restart anywhere changes neither results nor late items nor metadata. Method: for every
// window operator, windower, clock, rule and order a random stream is played twice by the engine:
// once undisturbed, and once with a commit, a crash and a resume behind every single event, on one
// worker and on three in turn. Down time is zero, so both see the same times.
//
// Stream n has the seed TM_SEED + n (default 1).

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>

#include "tests/oracle/engine_player.h"
#include "tests/oracle/script.h"
#include "tests/support/test_seed.h"

namespace tidemark::oracle {
namespace {

// Items, time and ends of input of a random stream, each item an activation of its own, so that
// neither run sees several items at one reading of the clock that the other sees at two.
Script Undisturbed(uint64_t seed, FoldKind fold, WindowKind windows, ClockKind clock) {
  Script script = RandomScript(seed);
  script.step.kind = StepKind::kWindow;
  script.step.typed_join = false;
  script.step.window.fold = fold;
  script.step.window.windows = windows;
  script.step.window.clock = clock;
  script.workers = 1;
  script.tiny_memory = false;
  std::vector<Event> events;
  for (Event event : script.events) {
    if (event.kind == Event::Kind::kCrash || event.kind == Event::Kind::kCommit) continue;
    // Sides are those of another join where the stream was made for one.
    event.item.side %= script.step.window.join.sides;
    event.workers = 1;
    // The clock may step back while the process is down; that is for the property test.
    event.by = std::max<int64_t>(event.by, 0);
    events.push_back(event);
    if (event.kind == Event::Kind::kPush) events.push_back({.kind = Event::Kind::kRun});
  }
  script.events = events;
  return script;
}

Script WithCrashes(Script script) {
  std::vector<Event> events;
  int crashes = 0;
  for (const Event& event : script.events) {
    events.push_back(event);
    if (event.kind == Event::Kind::kPush) continue;
    events.push_back({.kind = Event::Kind::kCommit});
    events.push_back({.kind = Event::Kind::kCrash, .by = 0, .workers = ++crashes % 2 == 0 ? 1 : 3});
  }
  script.events = events;
  return script;
}

void SortByKey(std::vector<Row>& rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.key < b.key; });
}

// Each key's rows in their order.
Rows Played(const Script& script) {
  const auto engine = NewEnginePlayer(script);
  for (const Event& event : script.events) engine->Play(event);
  Rows rows = engine->rows();
  SortByKey(rows.results);
  SortByKey(rows.late);
  SortByKey(rows.metadata);
  return rows;
}

class CrashEveryStep
    : public ::testing::TestWithParam<std::tuple<FoldKind, WindowKind, ClockKind>> {};

TEST_P(CrashEveryStep, ChangesNothing) {
  const auto [fold, windows, clock] = GetParam();
  constexpr uint64_t kStreams = 12;
  size_t rows = 0;
  const uint64_t first = TestSetting("TM_SEED", 1);
  for (uint64_t seed = first; seed < first + kStreams; ++seed) {
    const Script script = Undisturbed(seed, fold, windows, clock);
    const Rows expected = Played(script);
    const Rows actual = Played(WithCrashes(script));
    rows += expected.results.size();
    ASSERT_TRUE(expected == actual) << "TM_SEED=" << seed << "\n" << Describe(script);
  }
  EXPECT_GT(rows, 0u) << "streams without a result show nothing";
}

INSTANTIATE_TEST_SUITE_P(
    EveryOperator, CrashEveryStep,
    ::testing::Combine(
        ::testing::Values(FoldKind::kCollect, FoldKind::kCount, FoldKind::kReduce, FoldKind::kFold,
                          FoldKind::kMax, FoldKind::kMin, FoldKind::kJoin,
                          FoldKind::kReduceAnyOrder, FoldKind::kFoldAnyOrder),
        ::testing::Values(WindowKind::kTumbling, WindowKind::kSliding, WindowKind::kSession),
        ::testing::Values(ClockKind::kEvent, ClockKind::kSystem, ClockKind::kStream)));

}  // namespace
}  // namespace tidemark::oracle
