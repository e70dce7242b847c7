// Stateful and StatefulBatch: a custom step, as callbacks that return whether to keep the key's
// state.
//
//   // Raises an alarm when a sensor has been silent for a minute, then forgets the sensor.
//   struct Silence {
//     using In = Reading;
//     struct State { Timestamp last; };                       // a plain struct, made anew as {}
//     using Outs = std::tuple<Alarm>;                         // one type for each output stream
//     KeyState OnItem(State& state, Reading&&, StepContext<Outs>& context) const {
//       state.last = context.now();
//       return KeyState::kKeep;
//     }
//     Timestamp NotifyAt(const State& state) const {          // a function of the state alone
//       return state.last + Span::Seconds(60);
//     }
//     KeyState OnNotify(State&, StepContext<Outs>& context) const {
//       context.Emit(Alarm{});
//       return KeyState::kDiscard;
//     }
//   };
//   auto [alarms] = readings.KeyBy(&Reading::sensor).Stateful("silence", Silence{});
//
// OnNotify with NotifyAt, and OnEnd (the end of input), are optional. NotifyAt is wall-clock time:
// down time counts, and notifications that fell due while the process was down are called first.
// Never() means no call; earlier results of NotifyAt are discarded. If it stays in the past after
// OnNotify, OnNotify is called again immediately, forever.
//
// StatefulBatch is the same for a logic with OnItems(State&, std::span<In>, context). The number of
// items per call is unspecified and must not matter (SEMANTICS §1); today it is one at a time.
//
// Requirements beyond this (times of another domain, a state stored in several rows) are met by
// tidemark/keyed_logic.h; OptionalState below is a base for such logics.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "tidemark/keyed_logic.h"

namespace tidemark {

// A callback's decision about the state of its key. A discarded state leaves no trace; the
// key's next item starts with a new one.
enum class KeyState { kKeep, kDiscard };

// Base for a logic whose state is one optional plain value: for types that have no empty value.
template <RecoverableState S>
struct OptionalState {
  using State = std::optional<S>;
  static constexpr TimeDomain kDomain = TimeDomain::kWall;
  static constexpr bool kCheapSize = !internal::MayOwnHeap<S>();

  static bool IsEmpty(const State& state) { return !state.has_value(); }
  // Optional callbacks.
  static Timestamp WakeAt(const State&) { return Timestamp::Never(); }
  template <class Context>
  static void OnTimer(State&, Context&) {}

  static std::string Schema() { return SchemaBytesOf<S>(); }
  static size_t StateBytes(const State& state) {
    return state ? MemoryBytes(*state) - sizeof(S) : 0;
  }
  // The value whose fields may be stored in pieces; creates one to be read into if there is none.
  static S& ToStore(State& state) { return state ? *state : state.emplace(); }
  // Requires: not empty.
  static void Encode(State& state, Epoch, const RowHeader& header, RowOutput& out) {
    std::string bytes;
    EncodeValue(*state, bytes);
    out.Main(out.codec().EncodeValue(header, bytes));
  }
  static void EncodeGone(State&, RowOutput&) {}
  static absl::Status Load(const StateRowData& row, const SubRows&, const std::string& what,
                           State& state) {
    const auto* value = std::get_if<ValueRow>(&row.state);
    if (value == nullptr)
      return absl::DataLossError(Cat(what, ": the stored state is not a value"));
    return Annotate(DecodeAll(value->value, state.emplace()), what);
  }
};

namespace internal {

// A logic written as callbacks, as opposed to one written against KeyedLogic.
template <class L>
concept CallbackLogic = requires {
  typename L::In;
  typename L::State;
  typename L::Outs;
}
&&!requires { L::kDomain; };

// Which callbacks exist. A member with such a name that cannot be called as documented (it is not
// const, or takes something else) would otherwise be omitted silently.
template <class L>
struct Callbacks {
  using S = typename L::State;
  using Context = StepContext<typename L::Outs>;
  using Items = std::span<typename L::In>;

  static constexpr bool kOnItem = requires(const L& l, S& s, typename L::In&& item, Context& c) {
    l.OnItem(s, std::move(item), c);
  };
  static constexpr bool kOnItems = requires(const L& l, S& s, Items items, Context& c) {
    l.OnItems(s, items, c);
  };
  static constexpr bool kOnNotify = requires(const L& l, S& s, Context& c) { l.OnNotify(s, c); };
  static constexpr bool kNotifyAt = requires(const L& l, const S& s) { l.NotifyAt(s); };
  static constexpr bool kOnEnd = requires(const L& l, S& s, Context& c) { l.OnEnd(s, c); };

  static_assert(kOnItem || kOnItems,
                "a step needs KeyState OnItem(State&, In&&, StepContext<Outs>&) const, or OnItems "
                "with a std::span<In>");
  static_assert(
      kOnNotify || !requires { &L::OnNotify; },
      "the callback is KeyState OnNotify(State&, StepContext<Outs>&) const");
  static_assert(
      kNotifyAt || !requires { &L::NotifyAt; },
      "the callback is Timestamp NotifyAt(const State&) const");
  static_assert(
      kOnEnd || !requires { &L::OnEnd; },
      "the callback is KeyState OnEnd(State&, StepContext<Outs>&) const");
  static_assert(kOnNotify == kNotifyAt, "OnNotify and NotifyAt come together");
};

// The adapter from callbacks to KeyedLogic.
template <CallbackLogic L>
class CallbackStep : public OptionalState<typename L::State> {
 public:
  using In = typename L::In;
  using Outs = typename L::Outs;
  using State = std::optional<typename L::State>;
  using Context = StepContext<Outs>;
  using Has = Callbacks<L>;

  explicit CallbackStep(L callbacks) : callbacks_(std::move(callbacks)) {}

  void OnItem(State& state, In&& item, Context& context) const {
    if (!state) state.emplace();
    if constexpr (Has::kOnItems) {
      Settle(state, callbacks_.OnItems(*state, std::span<In>(&item, 1), context));
    } else {
      Settle(state, callbacks_.OnItem(*state, std::move(item), context));
    }
  }
  void OnTimer(State& state, Context& context) const {
    if constexpr (Has::kOnNotify) {
      if (state) Settle(state, callbacks_.OnNotify(*state, context));
    }
  }
  static bool WantsEnd(const State& state) { return Has::kOnEnd && state.has_value(); }
  void OnEnd(State& state, Context& context) const {
    if constexpr (Has::kOnEnd) {
      if (state) Settle(state, callbacks_.OnEnd(*state, context));
    }
  }
  Timestamp WakeAt(const State& state) const {
    if constexpr (Has::kNotifyAt) {
      if (state) return callbacks_.NotifyAt(*state);
    }
    return Timestamp::Never();
  }

 private:
  static void Settle(State& state, KeyState decision) {
    if (decision == KeyState::kDiscard) state.reset();
  }

  const L callbacks_;
};

}  // namespace internal
}  // namespace tidemark
