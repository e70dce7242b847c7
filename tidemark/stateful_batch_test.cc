// Stateful steps written as callbacks: timers on the virtual clock, keep and discard, crashes.

#include "tidemark/stateful_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "proto/rows.h"
#include "state/run.h"
#include "state/state_type.h"
#include "tidemark/stateful_batch_test_support.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The example in the header, over numbers.
struct Alarm {
  int64_t last = 0;
  bool operator==(const Alarm&) const = default;
};
struct Silence {
  using In = int64_t;
  struct State {
    Timestamp last;
    int64_t number = 0;
  };
  using Outs = std::tuple<Alarm>;

  KeyState OnItem(State& state, int64_t&& number, StepContext<Outs>& context) const {
    state = {.last = context.now(), .number = number};
    return number < 0 ? KeyState::kDiscard : KeyState::kKeep;
  }
  Timestamp NotifyAt(const State& state) const { return state.last + Span::Seconds(60); }
  KeyState OnNotify(State& state, StepContext<Outs>& context) const {
    context.Emit(Alarm{state.number});
    return KeyState::kDiscard;
  }
};
using AlarmRow = KeyValue<std::string, Alarm>;

KeyedStream<std::string, Alarm> SilenceStep(const Numbers& numbers) {
  auto [alarms] = numbers.Stateful("silence", Silence{});
  return alarms;
}

TEST(Stateful, ATimerFiresAtItsTimeAndNotAMicrosecondBefore) {
  StepFixture<Alarm> f(SilenceStep);
  f.Push("k", 1);
  f.tester().Advance(absl::Seconds(50));
  f.Push("k", 2);
  f.tester().Advance(absl::Seconds(60) - absl::Microseconds(1));
  EXPECT_THAT(f.rows(), IsEmpty());
  f.tester().Advance(absl::Microseconds(1));
  EXPECT_THAT(f.rows(), ElementsAre(AlarmRow{"k", {2}}));
  f.tester().Advance(absl::Hours(1));
  EXPECT_THAT(f.rows(), ElementsAre(AlarmRow{"k", {2}}));
  EXPECT_TRUE(f.NothingIsLeft());
}

TEST(Stateful, ADiscardedStateTakesItsTimerWithIt) {
  StepFixture<Alarm> f(SilenceStep);
  f.Push("k", 1);
  f.tester().Commit();
  f.Push("k", -1);
  f.tester().Advance(absl::Hours(1));
  EXPECT_THAT(f.rows(), IsEmpty());
  EXPECT_TRUE(f.NothingIsLeft());
}

TEST(Stateful, TimersComeInOrderOfDueTimeThenKey) {
  StepFixture<Alarm> f(SilenceStep);
  f.Push("z", 1);
  f.tester().Advance(absl::Seconds(1));
  f.Push("b", 2);
  f.Push("a", 3);
  f.tester().Advance(absl::Hours(1));
  EXPECT_THAT(f.rows(), ElementsAre(AlarmRow{"z", {1}}, AlarmRow{"a", {3}}, AlarmRow{"b", {2}}));
}

TEST(Stateful, ATimerThatFellDueWhileDownFiresBeforeTheFirstNewItem) {
  StepFixture<Alarm> f(SilenceStep);
  f.Push("k", 1);
  f.tester().Commit();
  f.tester().clock().Advance(Span::Seconds(3600));
  f.in().Push({"k", 2});
  f.tester().CrashAndResume();
  f.tester().Run();
  EXPECT_THAT(f.rows(), ElementsAre(AlarmRow{"k", {1}}));
  f.tester().Advance(absl::Seconds(60));
  EXPECT_THAT(f.rows(), ElementsAre(AlarmRow{"k", {1}}, AlarmRow{"k", {2}}));
}

// Timers are points in wall time: where the clock stepped back they are that much further away.
TEST(Stateful, WhereTheClockSteppedBackATimerKeepsItsTime) {
  StepFixture<Alarm> f(SilenceStep);
  f.Push("k", 1);
  f.tester().Commit();
  f.tester().clock().Set(SimClock::kDefaultStart - Span::Seconds(100));
  f.tester().CrashAndResume();
  f.tester().Run();
  f.tester().Advance(absl::Seconds(160) - absl::Microseconds(1));
  EXPECT_THAT(f.rows(), IsEmpty());
  f.tester().Advance(absl::Microseconds(1));
  EXPECT_THAT(f.rows(), ElementsAre(AlarmRow{"k", {1}}));
}

// The clock steps back twice, and a timer is set between: it must not wait for the time up to which
// timers had been taken before.
TEST(Stateful, ATimerSetAfterTheClockSteppedBackSurvivesARestart) {
  StepFixture<Alarm> f(SilenceStep);
  const Timestamp start = SimClock::kDefaultStart;
  f.Push("other", 1);
  f.tester().Commit();
  f.tester().clock().Set(start + Span::Seconds(3600));
  f.tester().CrashAndResume();
  f.tester().Run();  // takes what is due up to one hour
  f.tester().Commit();
  f.tester().clock().Set(start);
  f.tester().CrashAndResume();
  f.Push("k", 2);
  f.tester().Commit();
  f.tester().CrashAndResume();
  f.tester().Run();
  f.tester().Advance(absl::Seconds(60));
  EXPECT_THAT(f.rows(), ElementsAre(AlarmRow{"other", {1}}, AlarmRow{"k", {2}}));
}

// Emits "old>new" at every callback, as in the conformance cases.
struct Transitions {
  using In = int64_t;
  struct State {
    std::string name = "new";
    Timestamp notify_at = Timestamp::Never();
  };
  using Outs = std::tuple<std::string>;
  KeyState at_end = KeyState::kKeep;

  // 7 asks for a call at once.
  KeyState OnItem(State& state, int64_t&& number, StepContext<Outs>& context) const {
    if (number == 7) state.notify_at = context.now();
    return To(state, "item", context);
  }
  Timestamp NotifyAt(const State& state) const { return state.notify_at; }
  KeyState OnNotify(State& state, StepContext<Outs>& context) const {
    state.notify_at = Timestamp::Never();
    return To(state, "notify", context);
  }
  KeyState OnEnd(State& state, StepContext<Outs>& context) const {
    To(state, "end", context);
    return at_end;
  }

 private:
  static KeyState To(State& state, const std::string& name, StepContext<Outs>& context) {
    context.Emit(state.name + ">" + name);
    state.name = name;
    return KeyState::kKeep;
  }
};

BuildStep<std::string> TransitionsStep(KeyState at_end) {
  return [at_end](const Numbers& numbers) {
    return std::get<0>(numbers.Stateful("transitions", Transitions{.at_end = at_end}));
  };
}

// The same rows however the items fall into batches: a call asked for at once comes before the next
// item of the key.
TEST(Stateful, ACallAskedForAtOnceComesBeforeTheNextItemOfTheKey) {
  for (const size_t batch_items : {size_t{1}, size_t{1024}}) {
    FlowTester::Options options;
    options.batch_items_max = batch_items;
    StepFixture<std::string> f(TransitionsStep(KeyState::kKeep), options);
    f.in().PushAll({{"k", 7}, {"k", 7}, {"j", 7}, {"k", 1}});
    f.tester().Run();
    EXPECT_THAT(f.RowsByKey()["k"], ElementsAre("new>item", "item>notify", "notify>item",
                                                "item>notify", "notify>item"));
    EXPECT_THAT(f.RowsByKey()["j"], ElementsAre("new>item", "item>notify"));
  }
}

TEST(Stateful, TheEndOfInputKeepsOrDiscardsAndIsSeenInEveryRun) {
  StepFixture<std::string> keeps(TransitionsStep(KeyState::kKeep));
  StepFixture<std::string> discards(TransitionsStep(KeyState::kDiscard));
  for (auto* f : {&keeps, &discards}) {
    f->Push("k", 1);
    f->tester().End();
    f->tester().CrashAndResume();
    f->Push("k", 1);
    f->tester().End();
  }
  EXPECT_THAT(keeps.RowsByKey()["k"], ElementsAre("new>item", "item>end", "end>item", "item>end"));
  EXPECT_THAT(discards.RowsByKey()["k"],
              ElementsAre("new>item", "item>end", "new>item", "item>end"));
  EXPECT_FALSE(keeps.NothingIsLeft());
  EXPECT_TRUE(discards.NothingIsLeft());
}

// A logic in items, with two output streams.
struct Halves {
  using In = int64_t;
  struct State {
    int64_t count = 0;
  };
  using Outs = std::tuple<int64_t, std::string>;
  KeyState OnItems(State& state, std::span<int64_t> items, StepContext<Outs>& context) const {
    for (const int64_t item : items) {
      ++state.count;
      item % 2 == 0 ? context.Emit<0>(item) : context.Emit<1>(std::to_string(item));
    }
    return state.count < 3 ? KeyState::kKeep : KeyState::kDiscard;
  }
};

TEST(StatefulBatch, EachOutputStreamGetsItsValues) {
  FlowTester t;
  auto in = t.Input<Numbered>();
  auto even = t.Output<KeyValue<std::string, int64_t>>();
  auto odd = t.Output<KeyValue<std::string, std::string>>();
  t.Build([&](Flow& flow) {
    auto [evens, odds] = flow.From("in", in.source())
                             .KeyBy(&Numbered::key)
                             .MapValue([](Numbered item) { return item.number; })
                             .StatefulBatch("halves", Halves{});
    evens.To("even", even.sink());
    odds.To("odd", odd.sink());
  });
  in.PushAll({{"k", 1}, {"k", 2}, {"k", 3}});
  t.Run();
  EXPECT_EQ(even.rows().size(), 1u);
  EXPECT_EQ(odd.rows().size(), 2u);
  t.Commit();
  t.Run();
  EXPECT_EQ(t.hot_keys(), 0u);
}

TEST(Stateful, ACrashBehindAnyStepCannotBeSeen) {
  ExpectThatCrashesCannotBeSeen<std::string>(TransitionsStep(KeyState::kKeep));
  // Silence after 60 s needs more time than the scripts let pass.
  struct Impatient : Silence {
    Timestamp NotifyAt(const State& state) const { return state.last + Span::Seconds(3); }
  };
  ExpectThatCrashesCannotBeSeen<Alarm>([](const Numbers& numbers) {
    return std::get<0>(numbers.Stateful("impatient", Impatient{}));
  });
}

// ---- rows ----------------------------------------

struct Wide {
  std::map<std::string, std::vector<double>> by_name;
  std::optional<Timestamp> until;
  bool operator==(const Wide&) const = default;
};

class NoSubRows final : public SubRows {
 public:
  absl::StatusOr<std::vector<SubRow>> All() const override { return std::vector<SubRow>(); }
  absl::StatusOr<std::vector<std::string>> Get(const std::vector<std::string>&) const override {
    return absl::InternalError("there are none");
  }
};

// The main row of a state, as bytes.
std::string RowOf(const Wide& value) {
  RunBuilder run;
  RowCodec codec;
  RowOutput out(run, codec, StepId{1}, "k");
  std::optional<Wide> state = value;
  OptionalState<Wide>::Encode(state, Epoch{1}, RowHeader{}, out);
  std::vector<RunBuilder> builders;
  builders.push_back(std::move(run));
  return std::string(SortedRun::Merge(std::move(builders)).rows().at(0).value);
}

TEST(OptionalState, AStateComesBackFromItsRow) {
  const Wide wide{.by_name = {{"a", {1.5, -0.0}}, {"", {}}}, .until = Timestamp::Max()};
  StateRowData row;
  ASSERT_TRUE(DecodeStateRow(RowOf(wide), "row", row).ok());
  std::optional<Wide> state;
  ASSERT_TRUE(OptionalState<Wide>::Load(row, NoSubRows(), "key k", state).ok());
  EXPECT_EQ(state, wide);
}

TEST(OptionalState, ADamagedRowIsDataLossThatNamesTheKey) {
  StateRowData row;
  ASSERT_TRUE(DecodeStateRow(RowOf(Wide{.by_name = {{"a", {1}}}, .until = {}}), "row", row).ok());
  std::get<ValueRow>(row.state).value.pop_back();
  std::optional<Wide> state;
  const absl::Status cut = OptionalState<Wide>::Load(row, NoSubRows(), "key k", state);
  EXPECT_EQ(cut.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(cut.message()), HasSubstr("key k"));

  row.state = BatchRow{};
  const absl::Status other = OptionalState<Wide>::Load(row, NoSubRows(), "key k", state);
  EXPECT_EQ(other.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(other.message()), HasSubstr("key k: the stored state is not a value"));
}

}  // namespace
}  // namespace tidemark
