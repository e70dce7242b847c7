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
  Order order = Order::kTimestamp;
  Span keep_watermark_for;
  AtEof at_eof = AtEof::kClose;

  bool queues() const {
    return order == Order::kTimestamp && late_when == LateWhen::kBehindWatermark;
  }
  bool holds() const { return order == Order::kTimestamp && late_when == LateWhen::kWindowClosed; }
  std::string Describe() const {
    return Cat(
        late_when == LateWhen::kWindowClosed ? "late: window_closed" : "late: behind_watermark",
        order == Order::kTimestamp ? ", order: timestamp" : ", order: arrival",
        ", keep_watermark_for: ", FormatSpan(keep_watermark_for),
        at_eof == AtEof::kKeep ? ", at_eof: keep" : "");
  }
};

// What one open window holds: an accumulator, or the values themselves until the close, in order of
// time, then arrival.
template <class V, class Acc>
struct OpenWindow {
  Acc acc{};
  std::map<std::pair<Timestamp, int64_t>, V> held;
};

template <class V, class Acc, class ClockState, class WindowerState>
struct WindowState {
  bool made = false;  // the key's clock has been made and not been forgotten
  ClockState clock{};
  WindowerState windower{};
  std::map<int64_t, OpenWindow<V, Acc>> windows;
  std::map<std::pair<Timestamp, int64_t>, V> queue;  // by time, then arrival
  int64_t arrivals = 0;                              // items seen, numbers queue and held values
  std::optional<Timestamp> idle_since;  // no window open, nothing queued; the clock's domain
};

template <class V, class Clock, class Windower, class Fold>
class WindowLogic
    : public ValueState<
          WindowState<V, typename Fold::Acc, typename Clock::State, typename Windower::State>> {
 public:
  using In = Timed<V>;
  using Out = typename Fold::Out;
  using Outs = std::tuple<Windowed<Out>, Windowed<V>, WindowMetadata>;
  using State = WindowState<V, typename Fold::Acc, typename Clock::State, typename Windower::State>;
  using Context = StepContext<Outs>;
  static constexpr TimeDomain kDomain = Clock::kDomain;
  // One clock for all keys of the step, so an end of input raises it for all.
  static constexpr bool kClockOfStep =
      kDomain == TimeDomain::kReading || kDomain == TimeDomain::kWatermark;
  static constexpr size_t kResults = 0, kLate = 1, kMetadata = 2;

  WindowLogic(Clock clock, Windower windower, Fold fold, WindowRules rules)
      : clock_(std::move(clock)),
        windower_(std::move(windower)),
        fold_(std::move(fold)),
        rules_(rules) {}

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

  void OnEnd(State& state, Context& context) const {
    if (rules_.at_eof == AtEof::kKeep) return;
    if (state.queue.empty() && state.windows.empty()) return;
    const Timestamp now = context.now();
    FlushQueue(state, Timestamp::Never(), context);
    // The smallest watermark that would have closed what is closed now.
    Timestamp end = windower_.LastClose(state.windower);
    // What no watermark closes does not raise the clock of all keys to the end of time.
    if (kClockOfStep && end == Timestamp::Max()) end = Timestamp::Min();
    CloseWindows(state, Timestamp::Never(), context);
    clock_.RaiseTo(state.clock, end, now);
    if constexpr (kClockOfStep) context.RaiseClock(end);
    Settle(state, now);
  }

  static bool IsEmpty(const State& state) { return !state.made; }

  Timestamp WakeAt(const State& state) const {
    if (!state.made) return Timestamp::Never();
    if (state.idle_since) {
      return rules_.keep_watermark_for.is_infinite()
                 ? Timestamp::Never()
                 : *state.idle_since + rules_.keep_watermark_for;
    }
    Timestamp target = windower_.NextClose(state.windower);
    if (!state.queue.empty()) target = std::min(target, state.queue.begin()->first.first);
    return clock_.WhenReaches(state.clock, target);
  }

 private:
  // To the late stream, the queue or the windows. An item may be late for some windows only.
  void Judge(State& state, Timed<V>&& item, Timestamp watermark, Context& context) const {
    std::vector<int64_t> late;
    if (rules_.late_when == LateWhen::kBehindWatermark) {
      if (item.at < watermark) {
        windower_.AllOf(item.at, late);
        return EmitLate(late, std::move(item), watermark, context);
      }
      if (rules_.queues()) {
        state.queue.emplace(std::pair(item.at, state.arrivals++), std::move(item.value));
        return;
      }
      // On time by this rule: every window takes it, whatever its close.
      return Enter(state, item.at, std::move(item.value), Timestamp::Min(), context);
    }
    windower_.LateFor(state.windower, item.at, watermark, late);
    if (!late.empty()) {
      std::vector<int64_t> all;
      windower_.AllOf(item.at, all);
      if (late.size() == all.size()) return EmitLate(late, std::move(item), watermark, context);
      EmitLate(late, Timed<V>(item), watermark, context);
    }
    Enter(state, item.at, std::move(item.value), watermark, context);
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
    std::vector<int64_t> ids;
    std::vector<WindowMerge> merges;
    windower_.OpenFor(state.windower, at, watermark, ids, merges);
    state.idle_since.reset();
    const int64_t arrival = rules_.holds() ? state.arrivals++ : 0;
    for (size_t i = 0; i < ids.size(); ++i) {
      auto [place, is_new] = state.windows.try_emplace(ids[i]);
      OpenWindow<V, typename Fold::Acc>& window = place->second;
      V copy = i + 1 < ids.size() ? V(value) : std::move(value);
      if (rules_.holds()) {
        window.held.emplace(std::pair(at, arrival), std::move(copy));
      } else {
        if (is_new) window.acc = fold_.Init();
        fold_.OnValue(window.acc, std::move(copy), EmitterFor(state, ids[i], merges, context));
      }
    }
    for (const WindowMerge& merge : merges) Merge(state, merge, context);
  }

  void Merge(State& state, const WindowMerge& merge, Context& context) const {
    auto absorbed = state.windows.extract(merge.absorbed);
    OpenWindow<V, typename Fold::Acc>& survivor = state.windows[merge.survivor];
    if (rules_.holds()) {
      survivor.held.merge(absorbed.mapped().held);
      return;
    }
    fold_.OnMerge(survivor.acc, std::move(absorbed.mapped().acc),
                  EmitterFor(state, merge.survivor, {}, context));
  }

  void FlushQueue(State& state, Timestamp watermark, Context& context) const {
    while (!state.queue.empty() && state.queue.begin()->first.first <= watermark) {
      auto node = state.queue.extract(state.queue.begin());
      Enter(state, node.key().first, std::move(node.mapped()), Timestamp::Min(), context);
    }
  }

  void CloseWindows(State& state, Timestamp watermark, Context& context) const {
    std::vector<ClosedWindow> closed;
    windower_.CloseFor(state.windower, watermark, closed);
    for (ClosedWindow& window : closed) {
      auto node = state.windows.extract(window.id);
      if (rules_.holds()) {
        node.mapped().acc = fold_.Init();
        const auto emit = [&](Out out) { EmitResult(window, std::move(out), context); };
        for (auto& [at, value] : node.mapped().held) {
          fold_.OnValue(node.mapped().acc, std::move(value), emit);
        }
      }
      fold_.OnClose(std::move(node.mapped().acc),
                    [&](Out out) { EmitResult(window, std::move(out), context); });
      context.template Emit<kMetadata>({.window_id = window.id,
                                        .open = window.open.ToAbsl(),
                                        .close = window.close.ToAbsl(),
                                        .merged_ids = std::move(window.merged_ids)});
    }
  }

  void Advance(State& state, Timestamp watermark, Context& context) const {
    FlushQueue(state, watermark, context);
    CloseWindows(state, watermark, context);
  }

  // After each change: does the key still need its clock?
  void Settle(State& state, Timestamp now) const {
    if (!windower_.IsEmpty(state.windower) || !state.queue.empty()) {
      state.idle_since.reset();
      return;
    }
    if (!state.idle_since) state.idle_since = now;
    const Span keep = Clock::kKeptPerKey ? rules_.keep_watermark_for : Span::Micros(0);
    if (!keep.is_infinite() && *state.idle_since + keep <= now) state = State();
  }

  static void EmitResult(const ClosedWindow& window, Out&& out, Context& context) {
    context.template Emit<kResults>({.window_id = window.id,
                                     .open = window.open.ToAbsl(),
                                     .close = window.close.ToAbsl(),
                                     .value = std::move(out)});
  }
  // Rows that a fold emits before the close carry the window as it is then. A value is folded
  // before the merges that it causes, which the windower's table shows already.
  auto EmitterFor(const State& state, int64_t id, const std::vector<WindowMerge>& merges,
                  Context& context) const {
    return [&state, id, &merges, &context, this](Out out) {
      if (merges.empty()) {
        EmitResult(windower_.Look(state.windower, id), std::move(out), context);
      } else {
        EmitResult({.id = id,
                    .open = merges.front().joined_open,
                    .close = merges.front().joined_close,
                    .merged_ids = {}},
                   std::move(out), context);
      }
    };
  }

  const Clock clock_;
  const Windower windower_;
  const Fold fold_;
  const WindowRules rules_;
};

}  // namespace tidemark::internal
