// Batch: a key's items as lists, in arrival order.
//
//   auto lists = quakes.KeyBy(&Quake::net).Batch("ledger", {.max_items = 50,
//                                                           .max_wait = absl::Minutes(10)});
//
// A list is emitted when it has `max_items`; when `max_wait` has passed since its first item; when
// `idle_timeout` has passed since its newest; and at the end of input, unless at_eof keeps it.
// Lists and their deadlines survive a restart: a deadline that passed while the process was down
// fires before the first new item. An empty list is never emitted.
#pragma once

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/operators/batch.h"
#include "tidemark/keyed_logic.h"

namespace tidemark::internal {

template <class V>
struct BatchState {
  BatchTimes times;
  std::vector<V> items;
  size_t items_bytes = 0;
  BatchRows rows;
};

template <class V>
class BatchLogic {
 public:
  using In = V;
  using Outs = std::tuple<std::vector<V>>;
  using State = BatchState<V>;
  static constexpr TimeDomain kDomain = TimeDomain::kDeadline;
  static constexpr bool kCheapSize = true;

  explicit BatchLogic(BatchLimits limits) : limits_(limits) {}

  void OnItem(State& state, V&& value, StepContext<Outs>& context) const {
    if (state.items.empty()) state.times.first = context.now();
    state.times.newest = context.now();
    state.items_bytes += MemoryBytes(value);
    state.items.push_back(std::move(value));
    const auto size = static_cast<int64_t>(state.items.size());
    if (limits_.max_items > 0 && size >= limits_.max_items) EmitList(state, context);
  }
  void OnTimer(State& state, StepContext<Outs>& context) const { EmitList(state, context); }
  bool WantsEnd(const State&) const { return limits_.at_eof == AtEof::kClose; }
  void OnEnd(State& state, StepContext<Outs>& context) const { EmitList(state, context); }

  bool IsEmpty(const State& state) const { return state.items.empty(); }
  Timestamp WakeAt(const State& state) const {
    return state.items.empty() ? Timestamp::Never() : BatchDeadline(limits_, state.times);
  }

  static std::string Schema() { return SchemaBytesOf<V>(); }
  size_t StateBytes(const State& state) const {
    return state.items_bytes + sizeof(ListSegment) * state.rows.segments.capacity();
  }
  void Encode(State& state, Epoch epoch, const RowHeader& header, RowOutput& out) const {
    ItemSlices unsaved;
    for (size_t i = state.rows.items_in_segments(); i < state.items.size(); ++i) {
      EncodeValue(state.items[i], unsaved.bytes);
      unsaved.EndItem();
    }
    EncodeBatchRows(state.times, epoch, header, unsaved, state.rows, out);
  }
  void EncodeGone(State& state, RowOutput& out) const { DeleteDeadSegments(state.rows, out); }
  absl::Status Load(const StateRowData& row, const SubRows& sub_rows, const std::string& what,
                    State& state) const {
    const auto add = [&](std::string_view bytes) {
      V value{};
      TM_RETURN_IF_ERROR(Annotate(DecodeAll(bytes, value), what));
      state.items_bytes += MemoryBytes(value);
      state.items.push_back(std::move(value));
      return absl::OkStatus();
    };
    return LoadBatchRows(row, sub_rows, what, state.times, state.rows, add);
  }

 private:
  void EmitList(State& state, StepContext<Outs>& context) const {
    state.rows.ListEmitted();
    state.items_bytes = 0;
    context.Emit(std::exchange(state.items, {}));
  }

  const BatchLimits limits_;
};

}  // namespace tidemark::internal
