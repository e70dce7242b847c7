#include "tests/oracle/buggy_engine.h"

#include "tests/oracle/engine_player.h"
#include "tests/oracle/engine_steps.h"

namespace tidemark::oracle {
namespace {

constexpr Span kMicro = Span::Micros(1);

struct LazySliding : SlidingWindower {
  int64_t LastClosed(Timestamp watermark) const {
    return SlidingWindower::LastClosed(watermark.is_never() ? watermark
                                                            : watermark + Span::Micros(-1));
  }
  void CloseFor(State& state, Timestamp watermark, std::vector<ClosedWindow>& closed) const {
    const bool end = watermark.is_never();
    SlidingWindower::CloseFor(state, end ? watermark : watermark + Span::Micros(-1), closed);
  }
  Timestamp NextClose(const State& state) const {
    return SlidingWindower::NextClose(state) + kMicro;
  }
};

struct HastySession : SessionWindower {
  void CloseFor(State& state, Timestamp watermark, std::vector<ClosedWindow>& closed) const {
    SessionWindower::CloseFor(state, watermark + kMicro, closed);
  }
  Timestamp NextClose(const State& state) const {
    return SessionWindower::NextClose(state) + Span::Micros(-1);
  }
};

struct ForgetfulClock : EventClock {
  void RaiseTo(State&, Timestamp, Timestamp) const {}
};

struct WallClock : EventClock {
  static constexpr TimeDomain kDomain = TimeDomain::kWall;
};

struct NewestClock : EventClock {
  Timestamp OnItem(State& state, Timestamp item, Timestamp now) const {
    state.base = Timestamp::Min();
    state.at = now;
    return EventClock::OnItem(state, item, now);
  }
};

struct SleepyClock : EventClock {
  Timestamp WhenReaches(const State& state, Timestamp watermark) const {
    return EventClock::WhenReaches(state, watermark) + kMicro;
  }
};

template <class Clock>
Clock MakeClock(const WindowSpec& spec) {
  Clock clock;
  clock.max_out_of_orderness = Span::FromAbsl(ToDuration(spec.bound));
  return clock;
}

template <class Timed, class Windows>
void AddCollect(const WindowSpec& spec, const Timed& timed, const Windows& windows,
                const Sinks& sinks) {
  const auto streams = timed.Window(windows, ToOptions(spec)).WithMetadata().Collect("step");
  ResultsTo(
      std::get<0>(streams),
      [](const std::vector<EngineItem>& items) {
        std::vector<std::string> values;
        for (const EngineItem& item : items) values.push_back(item.value);
        return ListText(values);
      },
      sinks);
  LateTo(std::get<1>(streams), ItemText, sinks);
  MetadataTo(std::get<2>(streams), sinks);
}

template <class Clock>
void AddWithClock(const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks) {
  const auto timed = KeyedItems(in).EventTime(&EngineItem::at, MakeClock<Clock>(step.window));
  WithWindows(step.window, [&](auto windows) { AddCollect(step.window, timed, windows, sinks); });
}

LazySliding MakeLazy(const WindowSpec& spec) {
  LazySliding windower;
  windower.length = Span::Micros(spec.length);
  windower.offset = Span::Micros(spec.windows == WindowKind::kTumbling ? spec.length : spec.offset);
  windower.align_to = Timestamp{spec.align_to};
  return windower;
}

HastySession MakeHasty(const WindowSpec& spec) {
  HastySession windower;
  windower.gap = Span::FromAbsl(ToDuration(spec.gap));
  return windower;
}

StepAdder AdderFor(EngineBug bug) {
  switch (bug) {
    case EngineBug::kWindowOutlivesItsClose:
      return [](const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks) {
        AddCollect(step.window,
                   KeyedItems(in).EventTime(&EngineItem::at, MakeClock<EventClock>(step.window)),
                   MakeLazy(step.window), sinks);
      };
    case EngineBug::kSessionClosesAtGap:
      return [](const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks) {
        AddCollect(step.window,
                   KeyedItems(in).EventTime(&EngineItem::at, MakeClock<EventClock>(step.window)),
                   MakeHasty(step.window), sinks);
      };
    case EngineBug::kEndForgetsWatermark:
      return AddWithClock<ForgetfulClock>;
    case EngineBug::kDownTimeMovesWatermark:
      return AddWithClock<WallClock>;
    case EngineBug::kWatermarkFollowsNewest:
      return AddWithClock<NewestClock>;
    case EngineBug::kWakesLate:
      return AddWithClock<SleepyClock>;
  }
  return {};
}

}  // namespace

Script ForBug(Script script, EngineBug bug) {
  script.on_disk = false;
  script.step.kind = StepKind::kWindow;
  script.step.typed_join = false;
  WindowSpec& window = script.step.window;
  window.clock = ClockKind::kEvent;
  window.fold = FoldKind::kCollect;
  if (bug == EngineBug::kSessionClosesAtGap) {
    window.windows = WindowKind::kSession;
  } else if (bug == EngineBug::kWindowOutlivesItsClose && window.windows == WindowKind::kSession) {
    window.windows = WindowKind::kTumbling;
  }
  return script;
}

std::unique_ptr<EnginePlayer> NewBuggyPlayer(EngineBug bug, const Script& script) {
  return NewEnginePlayerWith(script, AdderFor(bug));
}

}  // namespace tidemark::oracle
