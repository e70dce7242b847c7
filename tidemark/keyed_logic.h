// KeyedLogic: the behaviour of a stateful step for one key. Built-in steps (Batch) are written
// against this interface, and so are yours:
//
//   // Counts the items of each key and emits the count at every tenth.
//   struct EveryTenth : tidemark::ValueState<int64_t> {
//     using In = Click;
//     using Outs = std::tuple<int64_t>;                       // one type for each output stream
//     void OnItem(int64_t& seen, Click&&, tidemark::StepContext<Outs>& context) const {
//       if (++seen % 10 == 0) context.Emit(seen);
//     }
//   };
//   auto [tenths] = clicks.Stateful("every_tenth", EveryTenth{});
//
// Requires: the logic is immutable (one object serves all keys and workers); callbacks are
// functions of the state, the item and the times they are given, nothing else. An exception stops
// the run with a status that names the step.
//
// An empty state (IsEmpty()) takes no space, in memory or on disk. Keys never share state.
//
// At the end of input OnEnd(state, context) is called for each key, if the logic has that callback,
// and, if it has WantsEnd(state), only for keys where that returns true. States of other keys are
// not rewritten, so a job that finds nothing new leaves its state as it is.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "engine/windowing/lateness.h"
#include "proto/rows.h"
#include "state/memory_size.h"
#include "state/schema_bytes.h"
#include "state/state_type.h"
#include "state/value_codec.h"

namespace tidemark {

namespace internal {
template <class K, class Logic>
class KeyedNode;
}

// The interface available to a callback. A port is the index into the step's output streams.
template <class Outs>
class StepContext {
 public:
  // The step's time: one reading for each activation, in the step's time domain.
  Timestamp now() const { return now_; }

  // At the end of input: from now on the step's clock never reads less than `at`, for any key, even
  // after a restart.
  void RaiseClock(Timestamp at) { floor_ = std::max(floor_, at); }

  // The item is late for `rows` windows: counted in the step's lateness ledger.
  void CountLate(uint64_t rows, Span late_by) {
    late_.push_back({.rows = rows, .late_by = late_by});
  }

  // The first late item of the step is described in a message; true until one has been.
  bool wants_first_late() const { return wants_first_late_ && !first_late_; }
  void DescribeLate(FirstLate late) { first_late_ = std::move(late); }
  // A window has been emitted and removed.
  void CountClosed() { ++windows_closed_; }

  // Emits `value` under the key of the callback.
  template <size_t Port = 0>
  void Emit(std::tuple_element_t<Port, Outs> value) {
    std::get<Port>(pending_).push_back(std::move(value));
    if constexpr (std::tuple_size_v < Outs >> 1) order_.push_back(static_cast<uint8_t>(Port));
  }

 private:
  template <class K, class Logic>
  friend class internal::KeyedNode;
  template <class... Out>
  static std::tuple<std::vector<Out>...> VectorsOf(const std::tuple<Out...>*);

  Timestamp now_;
  Timestamp floor_ = Timestamp::Min();
  std::vector<LateItem> late_;
  bool wants_first_late_ = true;
  std::optional<FirstLate> first_late_;
  uint64_t windows_closed_ = 0;
  decltype(VectorsOf(static_cast<const Outs*>(nullptr))) pending_;
  std::vector<uint8_t> order_;  // ports, as emitted; steps with one port need none
};

// Base for a logic whose whole state is one plain value. It is stored as one row, except for its
// fields that are stored in pieces: MapState (state/map_state.h), ListState (state/list_state.h).
template <RecoverableState S>
struct ValueState {
  using State = S;
  static constexpr TimeDomain kDomain = TimeDomain::kWall;
  static constexpr bool kCheapSize = false;  // StateBytes walks the state

  // Optional callbacks.
  static bool IsEmpty(const S&) { return false; }
  static Timestamp WakeAt(const S&) { return Timestamp::Never(); }
  template <class Context>
  static void OnTimer(S&, Context&) {}

  static std::string Schema() { return SchemaBytesOf<S>(); }
  static size_t StateBytes(const S& state) { return MemoryBytes(state); }
  // The value whose fields may be stored in pieces.
  static S& ToStore(S& state) { return state; }
  static void Encode(S& state, Epoch, const RowHeader& header, RowOutput& out) {
    std::string bytes;
    EncodeValue(state, bytes);
    out.Main(out.codec().EncodeValue(header, bytes));
  }
  static void EncodeGone(S&, RowOutput&) {}
  static absl::Status Load(const StateRowData& row, const SubRows&, const std::string& what,
                           S& state) {
    const auto* value = std::get_if<ValueRow>(&row.state);
    if (value == nullptr)
      return absl::DataLossError(Cat(what, ": the stored state is not a value"));
    return Annotate(DecodeAll(value->value, state), what);
  }
};

}  // namespace tidemark
