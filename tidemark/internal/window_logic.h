// WindowLogic: what every windowed step does with one key, whatever its clock, windower and fold
// (SEMANTICS §4.5). For each item: the clock takes it; it is judged by the watermark; it goes to
// the late stream, the queue or its windows; what is due in the queue enters its windows in
// timestamp order; windows whose close the watermark has reached are emitted and are gone.
//
// The state is one plain struct, so a dump shows clock, windows and queue with their names.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/status.h"
#include "engine/windowing/clocks.h"
#include "engine/windowing/windows.h"
#include "tidemark/internal/window_keeper.h"
#include "tidemark/keyed_logic.h"
#include "tidemark/windowed.h"

namespace tidemark::internal {

// A value with the time it has.
template <class V>
struct Timed {
  Timestamp at;
  V value{};
  // Of the item's partition as of the item, where the step follows the watermark of a stream.
  Timestamp stream_watermark = Timestamp::Min();
};

// Options, checked and with the verb's default order filled in.
struct WindowRules {
  LateWhen late_when = LateWhen::kWindowClosed;
  ValueOrder order = ValueOrder::kTimestamp;
  Span keep_watermark_for;
  AtEof at_eof = AtEof::kClose;

  bool queues() const {
    return order == ValueOrder::kTimestamp && late_when == LateWhen::kBehindWatermark;
  }
  bool holds() const {
    return order == ValueOrder::kTimestamp && late_when == LateWhen::kWindowClosed;
  }
  std::string Describe() const {
    return Cat(
        late_when == LateWhen::kWindowClosed ? "late: window_closed" : "late: behind_watermark",
        order == ValueOrder::kTimestamp ? ", order: timestamp" : ", order: arrival",
        ", keep_watermark_for: ", FormatSpan(keep_watermark_for),
        at_eof == AtEof::kKeep ? ", at_eof: keep" : "");
  }
};

template <class V, class Acc, class ClockState, class WindowerState>
struct WindowState {
  bool made = false;  // the key's clock has been made and not been forgotten
  ClockState clock{};
  WindowerState windower{};
  MapState<int64_t, OpenWindow<V, Acc>> windows;
  TimeQueue<V> queue;                   // waits for the watermark; by time, then arrival
  int64_t arrivals = 0;                 // items seen, numbers queue and held values
  std::optional<Timestamp> idle_since;  // no window open, nothing queued; the clock's domain
  TimeQueue<V> values;                  // held until their windows close
};

// The same as format 1 has it, in one row: values are with their windows.
template <class V, class Acc, class ClockState, class WindowerState>
struct WindowStateV1 {
  bool made = false;
  ClockState clock{};
  WindowerState windower{};
  std::map<int64_t, OpenWindow<V, Acc>> windows;
  std::map<std::pair<Timestamp, int64_t>, V> queue;
  int64_t arrivals = 0;
  std::optional<Timestamp> idle_since;
};

template <class V, class Clock, class Windower, class Fold>
class WindowLogic
    : public ValueState<
          WindowState<V, typename Fold::Acc, typename Clock::State, typename Windower::State>> {
  using Keeper = WindowKeeper<V, Windower, Fold>;

 public:
  using In = Timed<V>;
  using Out = typename Fold::Out;
  using Outs = std::tuple<Windowed<Out>, Windowed<V>, WindowMetadata>;
  using State = WindowState<V, typename Fold::Acc, typename Clock::State, typename Windower::State>;
  using StateV1 =
      WindowStateV1<V, typename Fold::Acc, typename Clock::State, typename Windower::State>;
  using Context = StepContext<Outs>;
  static constexpr TimeDomain kDomain = Clock::kDomain;
  // One clock for all keys of the step, so an end of input raises it for all.
  static constexpr bool kClockOfStep =
      kDomain == TimeDomain::kReading || kDomain == TimeDomain::kWatermark;
  // A key without windows is remembered for keep_watermark_for: its watermark, so that stragglers
  // are late, and under the system's clock what its windows are counted by.
  static constexpr bool kOutlivesWindows =
      Clock::kKeptPerKey ||
      (kDomain == TimeDomain::kReading && requires { requires Windower::kCountsIds; });
  static constexpr size_t kResults = 0, kLate = 1, kMetadata = 2;

  WindowLogic(Clock clock, Windower windower, Fold fold, WindowRules rules)
      : clock_(std::move(clock)),
        rules_(rules),
        keeper_(std::move(windower), std::move(fold), rules.holds()) {}

  // What the fold makes of a window's values, where it says so (StepRecord::results).
  std::string Results() const {
    if constexpr (requires(const Fold& fold) { fold.Describe(); }) return keeper_.fold().Describe();
    return "";
  }

  void OnItem(State& state, Timed<V>&& item, Context& context) const {
    const Timestamp now = context.now();
    if (!state.made) {
      state.made = true;
      state.clock = clock_.Make(now);
    }
    // A clock of its own kind gives the time: processing time is that of the step.
    if constexpr (Clock::kDomain == TimeDomain::kReading) item.at = now;
    const Timestamp watermark = clock_.OnItem(state.clock, item.at, now);
    Judge(state, std::move(item), watermark, context);
    Advance(state, watermark, context);
    Settle(state, now);
  }

  void OnTimer(State& state, Context& context) const {
    Advance(state, clock_.Watermark(state.clock, context.now()), context);
    Settle(state, context.now());
  }

  bool WantsEnd(const State& state) const {
    return rules_.at_eof == AtEof::kClose && !(state.queue.empty() && state.windows.empty());
  }
  void OnEnd(State& state, Context& context) const {
    const Timestamp now = context.now();
    FlushQueue(state, Timestamp::Never(), context);
    // The smallest watermark that would have closed what is closed now.
    Timestamp end = keeper_.LastClose(state);
    // What no watermark closes does not raise the clock of all keys to the end of time.
    if (kClockOfStep && end == Timestamp::Max()) end = Timestamp::Min();
    CloseWindows(state, Timestamp::Never(), context);
    clock_.RaiseTo(state.clock, end, now);
    if constexpr (kClockOfStep) context.RaiseClock(end);
    // The system's clock of the step is there now, whatever other keys have raised it to.
    const bool own_close = kDomain == TimeDomain::kReading && end > Timestamp::Min();
    Settle(state, own_close ? end : now);
  }

  // Rows of one value are of format 1.
  static std::string ValueSchema() { return SchemaBytesOf<StateV1>(); }
  static absl::Status Load(const StateRowData& row, const SubRows&, const std::string& what,
                           State& state) {
    const auto* value = std::get_if<ValueRow>(&row.state);
    if (value == nullptr)
      return absl::DataLossError(Cat(what, ": the stored state is not a value"));
    StateV1 old;
    TM_RETURN_IF_ERROR(Annotate(DecodeAll(value->value, old), what));
    state.made = old.made;
    state.clock = std::move(old.clock);
    state.windower = std::move(old.windower);
    state.arrivals = old.arrivals;
    state.idle_since = old.idle_since;
    bool fits = true;  // no two items have the same time and number
    for (auto& [at, item] : old.queue) fits &= state.queue.Add({at, std::move(item)});
    for (auto& [id, window] : old.windows) {
      if constexpr (Keeper::kHoldsByTime) {
        for (auto& [at, item] : window.held) fits &= state.values.Add({at, std::move(item)});
        window.held.clear();
      }
      state.windows[id] = std::move(window);
    }
    if (!fits) return absl::DataLossError(Cat(what, ": a stored item appears twice"));
    return absl::OkStatus();
  }

  bool ClosesAtEnd() const { return rules_.at_eof == AtEof::kClose; }

  static bool IsEmpty(const State& state) { return !state.made; }

  Timestamp WakeAt(const State& state) const {
    if (!state.made) return Timestamp::Never();
    if (state.idle_since) {
      return rules_.keep_watermark_for.is_infinite()
                 ? Timestamp::Never()
                 : *state.idle_since + rules_.keep_watermark_for;
    }
    Timestamp target = keeper_.NextClose(state);
    if (!state.queue.empty()) target = std::min(target, state.queue.front().first);
    return clock_.WhenReaches(state.clock, target);
  }

 private:
  // To the late stream, the queue or the windows. An item may be late for some windows only.
  void Judge(State& state, Timed<V>&& item, Timestamp watermark, Context& context) const {
    std::vector<int64_t> late;
    if (rules_.late_when == LateWhen::kBehindWatermark) {
      if (item.at < watermark) {
        windower().AllOf(item.at, late);
        if (context.wants_first_late()) {
          DescribeLate(state, item, watermark, watermark - item.at, context);
        }
        return EmitLate(late, std::move(item), watermark, context);
      }
      ForgetPlace(item.value);
      if (rules_.queues()) {
        state.queue.Insert({item.at, state.arrivals++}, std::move(item.value));
        return;
      }
      // On time by this rule: every window takes it, whatever its close.
      return Enter(state, item.at, std::move(item.value), Timestamp::Min(), context);
    }
    windower().LateFor(state.windower, item.at, watermark, late);
    if (!late.empty()) {
      if (context.wants_first_late()) {
        DescribeLate(state, item, watermark, LateBy(state, item.at, watermark), context);
      }
      if (std::cmp_equal(late.size(), windower().CountOf(item.at))) {
        return EmitLate(late, std::move(item), watermark, context);
      }
      EmitLate(late, Timed<V>(item), watermark, context);
    }
    ForgetPlace(item.value);
    // A pane is read for every window that has closed before it gets an item that is late for them.
    if (keeper_.in_panes()) CloseWindows(state, watermark, context);
    Enter(state, item.at, std::move(item.value), watermark, context);
  }

  // `too_far`: by how much the watermark is past where the item would have been on time.
  void DescribeLate(const State& state, const Timed<V>& item, Timestamp watermark, Span too_far,
                    Context& context) const {
    FirstLate late{.place = {},
                   .key = {},
                   .at = item.at,
                   .late_by = watermark - item.at,
                   .needed_bound = Span::Infinite()};
    if constexpr (requires { PlaceOf(item.value); }) late.place = PlaceOf(item.value);
    if constexpr (requires { clock_.max_out_of_orderness; }) {
      if (!clock_.max_out_of_orderness.is_infinite()) {
        late.needed_bound = Span::Micros(clock_.max_out_of_orderness.us + too_far.us);
      }
    }
    if constexpr (requires { clock_.ByItems(state.clock); }) {
      late.by_time = watermark - clock_.ByItems(state.clock) >= too_far;
    }
    context.DescribeLate(std::move(late));
  }
  Span LateBy(const State& state, Timestamp at, Timestamp watermark) const {
    if constexpr (requires { windower().LateBy(state.windower, at, watermark); }) {
      return windower().LateBy(state.windower, at, watermark);
    }
    return watermark - at;
  }
  // A value on its way to a window need not know any more where it was read.
  static void ForgetPlace(V& value) {
    if constexpr (requires { DropPlace(value); }) DropPlace(value);
  }

  void EmitLate(const std::vector<int64_t>& ids, Timed<V>&& item, Timestamp watermark,
                Context& context) const {
    context.CountLate(ids.size(), watermark - item.at);
    for (const int64_t id : ids) {
      context.template Emit<kLate>({.window_id = id, .open = {}, .close = {}, .value = item.value});
    }
  }

  // Into the windows of `at` that have not closed at `watermark`.
  void Enter(State& state, Timestamp at, V&& value, Timestamp watermark, Context& context) const {
    state.idle_since.reset();
    const bool numbered = rules_.holds() || Keeper::kNumbersItems;
    keeper_.Enter(state, at, std::move(value), watermark, numbered ? state.arrivals++ : 0,
                  ResultsTo(context));
  }

  void FlushQueue(State& state, Timestamp watermark, Context& context) const {
    while (!state.queue.empty() && state.queue.front().first <= watermark) {
      auto [key, value] = state.queue.PopFront();
      Enter(state, key.first, std::move(value), Timestamp::Min(), context);
    }
  }

  void CloseWindows(State& state, Timestamp watermark, Context& context) const {
    keeper_.Close(state, watermark, ResultsTo(context), [&](const ClosedWindow& window) {
      context.CountClosed();
      context.template Emit<kMetadata>({.window_id = window.id,
                                        .open = window.open.ToAbsl(),
                                        .close = window.close.ToAbsl(),
                                        .merged_ids = window.merged_ids});
    });
  }

  void Advance(State& state, Timestamp watermark, Context& context) const {
    FlushQueue(state, watermark, context);
    CloseWindows(state, watermark, context);
  }

  // After each change: does the key still need its clock?
  void Settle(State& state, Timestamp now) const {
    if (!state.windows.empty() || !state.queue.empty()) {
      state.idle_since.reset();
      return;
    }
    if (!state.idle_since) state.idle_since = now;
    const Span keep = kOutlivesWindows ? rules_.keep_watermark_for : Span::Micros(0);
    if (!keep.is_infinite() && *state.idle_since + keep <= now) state = State();
  }

  static auto ResultsTo(Context& context) {
    return [&context](const ClosedWindow& window, Out out) {
      context.template Emit<kResults>({.window_id = window.id,
                                       .open = window.open.ToAbsl(),
                                       .close = window.close.ToAbsl(),
                                       .value = std::move(out)});
    };
  }

  const Windower& windower() const { return keeper_.windower(); }

  const Clock clock_;
  const WindowRules rules_;
  const Keeper keeper_;
};

}  // namespace tidemark::internal
