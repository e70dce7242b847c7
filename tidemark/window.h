// Windows: a key's items by time.
//
//   auto [peak, late] = readings.KeyBy(&Reading::sensor)
//       .EventTime(&Reading::at, {.max_out_of_orderness = absl::Seconds(30)})
//       .Window(Tumbling{.length = absl::Minutes(1)})
//       .Reduce("minute_peak", Higher);
//   peak.To("peaks", …);
//   late.To("too_late", …);              // cannot be forgotten: it is in the pair
//
// A window is emitted once, when the watermark reaches its close: through items, through time that
// passes while the key is idle, or at the end of input. An item that is late for a window goes to
// the late stream. WithMetadata() adds a third stream.
#pragma once

#include <functional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/status.h"
#include "engine/windowing/clocks.h"
#include "engine/windowing/session.h"
#include "engine/windowing/sliding.h"
#include "engine/windowing/windows.h"
#include "tidemark/concepts.h"
#include "tidemark/internal/event_time.h"
#include "tidemark/internal/window_logic.h"
#include "tidemark/window_folds.h"
#include "tidemark/windowed.h"

namespace tidemark {

template <class K, class V>
class KeyedStream;

// Consecutive windows without gap or overlap.
struct Tumbling {
  absl::Duration length;
  // The beginning of any one of them.
  absl::Time align_to = absl::UnixEpoch();
};

// Windows of `length`, a new one every `offset` (at most `length`).
struct Sliding {
  absl::Duration length;
  absl::Duration offset;
  absl::Time align_to = absl::UnixEpoch();
};

// A window that lasts until no item has come for `gap`.
struct Session {
  absl::Duration gap;
};

// How far the time of an item may be ahead of system time, unless the clock overrides it: enough
// for a wrong time zone, too little for a wrong year.
inline constexpr absl::Duration kMaxAheadOfSystemTime = absl::Hours(24);

// One watermark per key: it advances with the key's items, and with time while the key is idle.
struct EventTimeOptions {
  // How far an item may lag the newest one of its key and still be on time; zero or more.
  absl::Duration max_out_of_orderness = absl::ZeroDuration();
  // An item whose time is further ahead of system time is an error that stops the run: one wrong
  // clock would close the key's windows and make everything after it late. Infinite: any time is
  // accepted. Results of windows are exempt, since their rows have already been checked.
  absl::Duration max_ahead_of_system_time = kMaxAheadOfSystemTime;
};

// One watermark for the whole stream: the minimum over its source partitions, each the newest time
// in the partition minus the bound. It advances with items only.
//
// Windows forward it, through Map, Filter and StatefulMap, to downstream steps: a window over
// windows under another key also uses PerStream, and generates no watermark. Its watermark is the
// one of the upstream windows minus its own bound. Results have the time of their window's close
// minus a microsecond (a session's have the time of its last item). A clock by Windowed::close
// therefore needs no bound, and one by Windowed::open of tumbling or sliding windows needs their
// length:
//
//   hourly.KeyBy(&Hour::country)
//       .EventTime(&Hour::close, tidemark::PerStream())
//       .Window(Tumbling{absl::Hours(24)})
struct PerStream {
  // How far an item may be before the newest one of its partition and still be on time; after
  // windows, how far before the close of its window.
  absl::Duration max_out_of_orderness = absl::ZeroDuration();
  // A partition without an item for this long, while it has no backlog, is left out until its next
  // one; more than zero. After windows no partition is left out as idle.
  absl::Duration idle_after = absl::InfiniteDuration();
  // As above; a wrong clock would close the windows of all keys.
  absl::Duration max_ahead_of_system_time = kMaxAheadOfSystemTime;
};

namespace internal {

// An alignment outside the years 1 to 9999 is reported by Check() of the windower.
inline Timestamp AlignOf(absl::Time align_to) {
  return Timestamp::FromAbsl(align_to).value_or(Timestamp::Never());
}
inline SlidingWindower ToWindower(const Tumbling& w) {
  const Span length = Span::FromAbsl(w.length);
  return {.length = length, .offset = length, .align_to = AlignOf(w.align_to)};
}
inline SlidingWindower ToWindower(const Sliding& w) {
  return {.length = Span::FromAbsl(w.length),
          .offset = Span::FromAbsl(w.offset),
          .align_to = AlignOf(w.align_to)};
}
inline SessionWindower ToWindower(const Session& w) { return {.gap = Span::FromAbsl(w.gap)}; }
// A user-defined windower is used unchanged.
template <class Windower>
requires requires { typename Windower::State; }
Windower ToWindower(Windower w) { return w; }

// Which watermark a clock follows; a user-defined clock has one per key.
template <class Clock>
constexpr ClockScope ScopeOf() {
  if (std::is_same_v<Clock, StreamClock>) return ClockScope::kPerStream;
  if (std::is_same_v<Clock, SystemTimeClock>) return ClockScope::kSystem;
  return ClockScope::kPerKey;
}
// How far the results of windows may lag the watermark that closes them: a session's results have
// the time of its last item.
template <class Windower>
Span LagOf(const Windower& windower) {
  if constexpr (std::is_same_v<Windower, SessionWindower>) return windower.gap;
  return Span();
}

inline absl::StatusOr<WindowRules> CheckRules(const WindowOptions& options,
                                              ValueOrder default_order) {
  if (options.keep_watermark_for < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(Cat("keep_watermark_for must not be negative, not ",
                                          absl::FormatDuration(options.keep_watermark_for)));
  }
  return WindowRules{.late_when = options.late_when,
                     .order = options.order.value_or(default_order),
                     .keep_watermark_for = Span::FromAbsl(options.keep_watermark_for),
                     .at_eof = options.at_eof};
}

}  // namespace internal

// Items in windows; the verbs fold them. Each verb takes the step's name first.
template <class K, class V, class Clock, class Windower, bool kMetadata = false>
class WindowedStream {
 public:
  WindowedStream(KeyedStream<K, internal::Timed<V>> timed, Clock clock, Windower windower,
                 WindowOptions options, absl::Status error)
      : timed_(std::move(timed)),
        clock_(std::move(clock)),
        windower_(std::move(windower)),
        options_(options),
        error_(std::move(error)) {}

  // The verbs then return three streams: results, late items, metadata.
  WindowedStream<K, V, Clock, Windower, true> WithMetadata() const {
    return {timed_, clock_, windower_, options_, error_};
  }

  // init() -> Acc, fold(Acc, V) -> Acc, merge(Acc, Acc) -> Acc. With kCommutative as the last
  // argument, which promises that the order of the values does not matter and that merge(init(), x)
  // is x, overlapping sliding windows share their work.
  template <class InitF, class FoldF, class MergeF>
  requires FoldOf<InitF, FoldF, V>
  auto Fold(std::string name, InitF init, FoldF fold, MergeF merge) const {
    return AddFold<false>(std::move(name), std::move(init), std::move(fold), std::move(merge));
  }
  template <class InitF, class FoldF, class MergeF>
  requires FoldOf<InitF, FoldF, V>
  auto Fold(std::string name, InitF init, FoldF fold, MergeF merge, Commutative) const {
    return AddFold<true>(std::move(name), std::move(init), std::move(fold), std::move(merge));
  }
  // reduce(V, V) -> V; kCommutative as above.
  template <ReducerOf<V> ReduceF>
  auto Reduce(std::string name, ReduceF reduce) const {
    return Add(std::move(name), "reduce_window", ValueOrder::kArrival,
               ReduceWindow<V, ReduceF>{std::move(reduce)});
  }
  template <ReducerOf<V> ReduceF>
  auto Reduce(std::string name, ReduceF reduce, Commutative) const {
    return Add(std::move(name), "reduce_window", ValueOrder::kArrival,
               ReduceWindow<V, ReduceF, true>{std::move(reduce)});
  }
  auto Count(std::string name) const {
    return Add(std::move(name), "count_window", ValueOrder::kArrival, CountWindow<V>{});
  }
  // The value with the largest by(value); the first of equals.
  template <OrderOf<V> By = std::identity>
  auto Max(std::string name, By by = {}) const {
    const auto larger = [by = std::move(by)](const V& next, const V& held) {
      return std::invoke(by, held) < std::invoke(by, next);
    };
    return Add(std::move(name), "max_window", ValueOrder::kArrival,
               BestWindow<V, decltype(larger)>{larger});
  }
  template <OrderOf<V> By = std::identity>
  auto Min(std::string name, By by = {}) const {
    const auto smaller = [by = std::move(by)](const V& next, const V& held) {
      return std::invoke(by, next) < std::invoke(by, held);
    };
    return Add(std::move(name), "min_window", ValueOrder::kArrival,
               BestWindow<V, decltype(smaller)>{smaller});
  }
  auto Collect(std::string name) const {
    return Add(std::move(name), "collect_window", ValueOrder::kTimestamp, CollectWindow<V>{});
  }
  auto CollectSet(std::string name) const {
    return Add(std::move(name), "collect_window", ValueOrder::kTimestamp, CollectSetWindow<V>{});
  }
  // For values that are pairs.
  auto CollectMap(std::string name) const {
    return Add(std::move(name), "collect_window", ValueOrder::kTimestamp,
               CollectMapWindow<typename V::first_type, typename V::second_type>{});
  }
  // A custom fold, see tidemark/window_folds.h.
  template <class WindowFold>
  auto Apply(std::string name, WindowFold fold,
             ValueOrder default_order = ValueOrder::kTimestamp) const {
    return Add(std::move(name), "window", default_order, std::move(fold));
  }

 private:
  template <bool kCommutes, class InitF, class FoldF, class MergeF>
  auto AddFold(std::string name, InitF init, FoldF fold, MergeF merge) const {
    using Acc = std::decay_t<std::invoke_result_t<InitF&>>;
    return Add(std::move(name), "fold_window", ValueOrder::kTimestamp,
               FoldWindow<V, Acc, InitF, FoldF, MergeF, kCommutes>{std::move(init), std::move(fold),
                                                                   std::move(merge)});
  }

  // The step's input; with a stream watermark, generated upstream of the step.
  KeyedStream<K, internal::Timed<V>> Measured(const std::string& name) const {
    if constexpr (std::is_same_v<Clock, StreamClock>) {
      return internal::AddStamp<K, V>(timed_, clock_, name);
    } else {
      return timed_;
    }
  }

  template <class WindowFold>
  auto Add(std::string name, const char* kind, ValueOrder default_order, WindowFold fold) const {
    absl::Status error = error_;
    auto rules = internal::CheckRules(options_, default_order);
    if (error.ok()) error = rules.status();
    if (error.ok()) error = windower_.Check();
    if (!error.ok()) timed_.Pairs().graph()->AddError(Annotate(error, Cat("step '", name, "'")));
    const internal::WindowRules checked = rules.value_or(internal::WindowRules());
    internal::WindowLogic<V, Clock, Windower, WindowFold> logic(clock_, windower_, std::move(fold),
                                                                checked);
    const auto input = Measured(name);
    auto streams =
        input.AddLogic(std::move(name), kind,
                       Cat(clock_.Describe(), ", ", windower_.Describe(), ", ", checked.Describe()),
                       std::move(logic),
                       {.clock = internal::ScopeOf<Clock>(),
                        .hands_on_less = internal::LagOf(windower_),
                        .keeps_at_eof = checked.at_eof == AtEof::kKeep});
    if constexpr (kMetadata) {
      return streams;
    } else {
      return std::make_tuple(std::get<0>(streams), std::get<1>(streams));
    }
  }

  KeyedStream<K, internal::Timed<V>> timed_;
  Clock clock_;
  Windower windower_;
  WindowOptions options_;
  absl::Status error_;
};

// A keyed stream whose items have a time.
template <class K, class V, class Clock>
class TimedStream {
 public:
  TimedStream(KeyedStream<K, internal::Timed<V>> timed, Clock clock, absl::Status error)
      : timed_(std::move(timed)), clock_(std::move(clock)), error_(std::move(error)) {}

  // Tumbling, Sliding, Session, or a custom windower (engine/windowing/sliding.h shows one).
  template <class Windows>
  requires requires(Windows w) { internal::ToWindower(w); }
  auto Window(Windows windows, const WindowOptions& options = {}) const {
    auto windower = internal::ToWindower(std::move(windows));
    return WindowedStream<K, V, Clock, decltype(windower)>(timed_, clock_, std::move(windower),
                                                           options, error_);
  }

  const KeyedStream<K, internal::Timed<V>>& timed() const { return timed_; }
  const Clock& clock() const { return clock_; }
  const absl::Status& error() const { return error_; }

 private:
  KeyedStream<K, internal::Timed<V>> timed_;
  Clock clock_;
  absl::Status error_;
};

}  // namespace tidemark
