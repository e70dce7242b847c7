// Clocks of windowed steps: the time of an item, and the current watermark (SEMANTICS §3).
//
// A clock is a value with the step's parameters; its per-key data is its State, a plain struct that
// is stored with the key. All functions are pure, all times whole microseconds. `now` is the step's
// time in `kDomain`. A custom clock has the same members, and is given to EventTime() instead of
// options; its kDomain is kJob (a time that stands still while the process is down) or kWall.
// Requires: Watermark() never moves back as `now` advances, and OnItem() never lowers it.
//
//   EventClock clock{.max_out_of_orderness = Span::Seconds(5)};
//   EventClock::State state = clock.Make(now);
//   Timestamp watermark = clock.OnItem(state, item_time, now);
#pragma once

#include <algorithm>
#include <string>

#include "base/status.h"
#include "base/timestamp.h"
#include "state/state_key.h"

namespace tidemark {

// Event time with a watermark for each key: base + max(0, now - at). It jumps with items, advances
// with job time while the key is idle, and never moves back.
struct EventClock {
  static constexpr TimeDomain kDomain = TimeDomain::kJob;
  // The watermark outlives a key's windows (keep_watermark_for), so stragglers are recognised as
  // late.
  static constexpr bool kKeptPerKey = true;

  Span max_out_of_orderness;

  struct State {
    Timestamp base = Timestamp::Min();
    Timestamp at;  // when base was set, job time
    bool operator==(const State&) const = default;
  };

  State Make(Timestamp now) const { return {.base = Timestamp::Min(), .at = now}; }

  Timestamp Watermark(const State& state, Timestamp now) const {
    return now > state.at ? state.base + (now - state.at) : state.base;
  }
  // Returns the watermark after the item.
  Timestamp OnItem(State& state, Timestamp item, Timestamp now) const {
    const Timestamp watermark = Watermark(state, now);
    // A candidate that cannot be represented does not change the clock.
    if (item.us - Timestamp::kMinMicros < max_out_of_orderness.us) return watermark;
    const Timestamp candidate{item.us - max_out_of_orderness.us};
    if (candidate <= watermark) return watermark;
    state = {.base = candidate, .at = now};
    return candidate;
  }
  // When the watermark will be reached if no item comes; Never() beyond the end of time.
  Timestamp WhenReaches(const State& state, Timestamp watermark) const {
    if (watermark.is_never()) return watermark;
    const Timestamp when = state.at + (std::max(watermark, state.base) - state.base);
    return when == Timestamp::Max() ? Timestamp::Never() : when;
  }
  void RaiseTo(State& state, Timestamp watermark, Timestamp now) const {
    if (watermark > Watermark(state, now)) state = {.base = watermark, .at = now};
  }
  // The watermark reached by items alone.
  Timestamp ByItems(const State& state) const { return state.base; }
  std::string Describe() const {
    return Cat("event_time: per_key, max_out_of_orderness: ", FormatSpan(max_out_of_orderness));
  }
};

// Processing time: the item's time and the watermark are both `now`. No item is ever late.
struct SystemTimeClock {
  static constexpr TimeDomain kDomain = TimeDomain::kReading;
  static constexpr bool kKeptPerKey = false;

  struct State {
    bool operator==(const State&) const = default;
  };

  State Make(Timestamp) const { return {}; }
  Timestamp Watermark(const State&, Timestamp now) const { return now; }
  Timestamp OnItem(State&, Timestamp, Timestamp now) const { return now; }
  Timestamp WhenReaches(const State&, Timestamp watermark) const { return watermark; }
  // The step's clock as a whole is raised instead (StatefulNode::RaiseFloor).
  void RaiseTo(State&, Timestamp, Timestamp) const {}
  std::string Describe() const { return "system_time"; }
};

// Event time with one watermark for all keys of the stream, generated in the partitions of its
// source (engine/stream_watermark.h). The step's time is that watermark: it advances with items
// only, and keys store nothing for it.
struct StreamClock {
  static constexpr TimeDomain kDomain = TimeDomain::kWatermark;
  static constexpr bool kKeptPerKey = false;

  Span max_out_of_orderness;
  Span idle_after = Span::Infinite();

  struct State {
    bool operator==(const State&) const = default;
  };

  State Make(Timestamp) const { return {}; }
  Timestamp Watermark(const State&, Timestamp now) const { return now; }
  // The watermark as of the item.
  Timestamp OnItem(State&, Timestamp, Timestamp now) const { return now; }
  Timestamp WhenReaches(const State&, Timestamp watermark) const { return watermark; }
  // The step's watermark as a whole is raised instead (StatefulNode::RaiseFloor).
  void RaiseTo(State&, Timestamp, Timestamp) const {}
  std::string Describe() const {
    return Cat("event_time: per_stream, max_out_of_orderness: ", FormatSpan(max_out_of_orderness),
               ", idle_after: ", FormatSpan(idle_after));
  }
};

}  // namespace tidemark
