// How the states of a KeyedLogic live in memory and in rows.
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/status.h"
#include "state/keyed_states.h"
#include "state/pieces.h"

namespace tidemark::internal {

template <class State>
struct StateHolder : StateObject {
  State state{};
};
// With the rows that its containers have in the store.
template <class State>
struct PiecesHolder final : StateHolder<State> {
  PieceTable table;
};

template <class State>
State& StateIn(StateObject& object) {
  return static_cast<StateHolder<State>&>(object).state;
}
template <class State>
const State& StateIn(const StateObject& object) {
  return static_cast<const StateHolder<State>&>(object).state;
}

// Whether the state has containers that are stored in pieces.
template <class Logic>
constexpr bool IsInPieces() {
  if constexpr (requires(typename Logic::State & state) { Logic::ToStore(state); }) {
    return HasPieces<
        std::decay_t<decltype(Logic::ToStore(std::declval<typename Logic::State&>()))>>();
  } else {
    return false;
  }
}

// How the states of a logic live in memory and in rows: the logic says, this forwards.
template <class Logic>
class LogicStateType final : public StateType {
 public:
  using State = typename Logic::State;
  static constexpr bool kInPieces = IsInPieces<Logic>();
  using Holder = std::conditional_t<kInPieces, PiecesHolder<State>, StateHolder<State>>;

  explicit LogicStateType(Logic logic) : logic_(std::move(logic)) {}

  std::unique_ptr<StateObject> New() const override { return std::make_unique<Holder>(); }
  bool IsEmpty(const StateObject& state) const override {
    return logic_.IsEmpty(StateIn<State>(state));
  }
  Timestamp WakeAt(const StateObject& state) const override {
    return logic_.WakeAt(StateIn<State>(state));
  }
  size_t MemoryBytes(const StateObject& state) const override {
    const size_t bytes = sizeof(Holder) + logic_.StateBytes(StateIn<State>(state));
    if constexpr (kInPieces) return bytes + static_cast<const Holder&>(state).table.MemoryBytes();
    return bytes;
  }
  bool cheap_size() const override { return Logic::kCheapSize; }
  void Encode(StateObject& state, Epoch epoch, const RowHeader& header,
              RowOutput& out) const override {
    if constexpr (kInPieces) {
      EncodeInPieces(Logic::ToStore(StateIn<State>(state)), TableOf(state), epoch, header, out);
    } else {
      logic_.Encode(StateIn<State>(state), epoch, header, out);
    }
  }
  void EncodeGone(StateObject& state, RowOutput& out) const override {
    if constexpr (kInPieces) {
      TableOf(state).DropAll(out);
    } else {
      logic_.EncodeGone(StateIn<State>(state), out);
    }
  }
  absl::StatusOr<std::unique_ptr<StateObject>> Load(const StateRowData& row,
                                                    const SubRows& sub_rows,
                                                    const std::string& what) const override {
    auto holder = std::make_unique<Holder>();
    if constexpr (kInPieces) {
      // A row of one value was written before the state was in pieces.
      if (const auto* pieces = std::get_if<PiecesRow>(&row.state)) {
        TM_RETURN_IF_ERROR(
            LoadFromPieces(*pieces, sub_rows, what, Logic::ToStore(holder->state), holder->table));
        return holder;
      }
    }
    TM_RETURN_IF_ERROR(logic_.Load(row, sub_rows, what, holder->state));
    return holder;
  }

 private:
  static PieceTable& TableOf(StateObject& state) { return static_cast<Holder&>(state).table; }

  const Logic logic_;
};

}  // namespace tidemark::internal
