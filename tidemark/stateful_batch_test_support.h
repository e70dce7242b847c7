// Shared by the tests of stateful steps: a flow of one step over numbers by key, and the proof that
// no crash of it can be observed.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/random.h"
#include "tidemark/flow.h"
#include "tidemark/key_value.h"
#include "tidemark/stream.h"
#include "tidemark/testing.h"

namespace tidemark {

struct Numbered {
  std::string key;
  int64_t number = 0;
};

using Numbers = KeyedStream<std::string, int64_t>;
template <class Out>
using BuildStep = std::function<KeyedStream<std::string, Out>(const Numbers&)>;

// in -> the step -> out.
template <class Out>
class StepFixture {
 public:
  using Row = KeyValue<std::string, Out>;

  explicit StepFixture(BuildStep<Out> build, FlowTester::Options options = {})
      : tester_(std::move(options)), in_(tester_.Input<Numbered>()), out_(tester_.Output<Row>()) {
    tester_.Build([this, build = std::move(build)](Flow& flow) {
      build(flow.From("in", in_.source()).KeyBy(&Numbered::key).MapValue([](Numbered item) {
        return item.number;
      })).To("out", out_.sink());
    });
    tester_.Run();
  }

  void Push(const std::string& key, int64_t number) {
    in_.Push({key, number});
    tester_.Run();
  }
  FlowTester& tester() { return tester_; }
  TestInput<Numbered>& in() { return in_; }
  const std::vector<Row>& rows() const { return out_.rows(); }
  std::map<std::string, std::vector<Out>> RowsByKey() const {
    std::map<std::string, std::vector<Out>> rows;
    for (const Row& row : out_.rows()) rows[row.key].push_back(row.value);
    return rows;
  }
  // Keys with state after a commit, in memory and in the store.
  bool NothingIsLeft() {
    tester_.Commit();
    tester_.Run();  // the worker notices the commit
    return tester_.hot_keys() == 0 && !tester_.store().Scan(std::string(1, '\x10'), "")->Valid();
  }

 private:
  FlowTester tester_;
  TestInput<Numbered> in_;
  TestOutput<Row> out_;
};

// An item, or time that passes.
struct ScriptStep {
  std::optional<Numbered> item;
  absl::Duration pass;
};

inline std::vector<ScriptStep> RandomScript(Random& random, int steps) {
  std::vector<ScriptStep> script;
  for (int i = 0; i < steps; ++i) {
    if (random.OneIn(4)) {
      script.push_back({std::nullopt, absl::Milliseconds(random.Between(1, 4000))});
    } else {
      const std::string key(1, static_cast<char>('a' + random.Below(4)));
      script.push_back({Numbered{key, random.Between(-3, 9)}, absl::ZeroDuration()});
    }
  }
  return script;
}

struct CrashPlan {
  int behind_step = -1;       // -1: after every step; beyond the script: never
  bool commits_first = true;  // else an item is read again; elapsed time is always committed
  int workers = 1;
  int workers_afterwards = 1;
};

template <class Out>
std::map<std::string, std::vector<Out>> RowsOfScript(const BuildStep<Out>& build,
                                                     const std::vector<ScriptStep>& script,
                                                     const CrashPlan& crash) {
  FlowTester::Options options;
  options.workers = crash.workers;
  StepFixture<Out> f(build, options);
  for (int i = 0; i < static_cast<int>(script.size()); ++i) {
    const ScriptStep& step = script[static_cast<size_t>(i)];
    if (step.item) f.Push(step.item->key, step.item->number);
    if (step.pass > absl::ZeroDuration()) f.tester().Advance(step.pass);
    const bool here = i == crash.behind_step || crash.behind_step < 0;
    // An item is read again at the time of its first arrival, or results could legitimately differ.
    if (!here || crash.commits_first || !step.item) f.tester().Commit();
    if (!here) continue;
    f.tester().CrashAndResumeWith(crash.workers_afterwards);
    f.tester().Run();
  }
  f.tester().End();
  return f.RowsByKey();
}

// A crash after any step of random scripts, with one and three workers and a different number after
// it, gives the rows of an uninterrupted run.
template <class Out>
void ExpectThatCrashesCannotBeSeen(const BuildStep<Out>& build) {
  constexpr int kSteps = 25;
  const uint64_t seed = FreshSeed();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 3; ++round) {
    const std::vector<ScriptStep> script = RandomScript(random, kSteps);
    const auto expected = RowsOfScript<Out>(build, script, {.behind_step = kSteps});
    for (int at = -1; at < kSteps; ++at) {
      for (const bool commits : {true, false}) {
        const int workers = at % 2 == 0 ? 1 : 3;
        const CrashPlan crash{.behind_step = at,
                              .commits_first = commits,
                              .workers = workers,
                              .workers_afterwards = at % 3 == 0 ? 4 - workers : workers};
        ASSERT_EQ(RowsOfScript<Out>(build, script, crash), expected)
            << "crash behind step " << at << (commits ? "" : ", not committed") << ", " << workers
            << " workers, then " << crash.workers_afterwards;
      }
    }
  }
}

}  // namespace tidemark
