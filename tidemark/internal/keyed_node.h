// The adapter between a typed KeyedLogic and the engine's StatefulNode: the one place where user
// callbacks of stateful steps are called and their exceptions become a status.
#pragma once

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/status.h"
#include "engine/plan.h"
#include "engine/stateful_node.h"
#include "tidemark/internal/guard.h"
#include "tidemark/internal/logic_state.h"
#include "tidemark/key_traits.h"
#include "tidemark/key_value.h"
#include "tidemark/keyed_logic.h"

namespace tidemark::internal {

template <class K, class Logic>
class KeyedNode final : public StatefulNode {
 public:
  using In = typename Logic::In;
  using Outs = typename Logic::Outs;
  using State = typename Logic::State;
  static constexpr bool kFollowsStream = Logic::kDomain == TimeDomain::kWatermark;
  static constexpr bool kHasOnEnd =
      requires(const Logic& logic, State& state, StepContext<Outs>& c) {
    logic.OnEnd(state, c);
  };
  static_assert(
      kHasOnEnd || !requires { &Logic::OnEnd; },
      "the callback is void OnEnd(State&, StepContext<Outs>&) const");

  KeyedNode(const Logic& logic, const NodeContext& context)
      : StatefulNode(std::make_unique<LogicStateType<Logic>>(logic), Logic::kDomain,
                     context.states),
        logic_(logic) {}

  absl::Status OnBatch(int, std::unique_ptr<AnyBatch> batch, const Activation& now,
                       Output& out) override {
    auto& items = BatchOf<KeyValue<K, In>>(*batch);
    context_.now_ = TimeOf(now);
    NoteItemTime(context_.now_);
    absl::Status status;
    TM_RETURN_IF_ERROR(Guarded([&] { status = OnItems(items, batch->mark, now, out); }));
    TM_RETURN_IF_ERROR(status);
    if constexpr (kFollowsStream) {
      if (batch->mark) TM_RETURN_IF_ERROR(Hear(*batch->mark, now, out));
      TM_RETURN_IF_ERROR(Flush(now, out));
      return HandOn(out);
    }
    return Flush(now, out);
  }
  // Guarded as a whole: when a timer is looked for, the user's NotifyAt is called.
  absl::StatusOr<bool> RunTimers(const Activation& now, size_t max, Output& out) override {
    absl::StatusOr<bool> done = false;
    TM_RETURN_IF_ERROR(Guarded([&] { done = StatefulNode::RunTimers(now, max, out); }));
    return done;
  }
  absl::StatusOr<bool> RunEnd(uint32_t generation, const Activation& now, size_t max,
                              Output& out) override {
    absl::StatusOr<bool> done = false;
    TM_RETURN_IF_ERROR(Guarded([&] { done = StatefulNode::RunEnd(generation, now, max, out); }));
    return done;
  }

 protected:
  absl::Status FireTimer(KeyedStates::Entry& entry, Timestamp at) override {
    context_.now_ = at;
    logic_.OnTimer(StateIn<State>(*entry.state), context_);
    return TakePendingOf(entry);
  }

  absl::Status FireEnd(KeyedStates::Entry& entry, Timestamp at) override {
    context_.now_ = at;
    if constexpr (kHasOnEnd) logic_.OnEnd(StateIn<State>(*entry.state), context_);
    return TakePendingOf(entry);
  }

  bool WantsEnd(const KeyedStates::Entry& entry) const override {
    if constexpr (requires(const State& state) { logic_.WantsEnd(state); }) {
      return logic_.WantsEnd(StateIn<State>(*entry.state));
    }
    return kHasOnEnd;
  }

  absl::Status Flush(const Activation& then, Output& out) override {
    if (emit_each_key()) return FlushInOrder(then, out);
    return FlushPorts(then, out, std::make_index_sequence<std::tuple_size_v<Outs>>());
  }

  uint64_t TakeClosed() override { return std::exchange(context_.windows_closed_, 0); }

  bool ClosesAtEnd() const override {
    if constexpr (requires { logic_.ClosesAtEnd(); }) return logic_.ClosesAtEnd();
    return false;
  }

 private:
  template <class... Out>
  static std::tuple<std::vector<KeyValue<K, Out>>...> KeyedVectors(const std::tuple<Out...>*);

  // All keys of the batch in one buffer, and what is cold among them fetched in one go.
  absl::Status EncodeKeys(const std::vector<KeyValue<K, In>>& items) {
    keys_.clear();
    key_ends_.clear();
    for (const auto& item : items) {
      const size_t begin = keys_.size();
      KeyTraits<K>::Append(item.key, keys_);
      TM_RETURN_IF_ERROR(CheckUserKeyBytes(keys_.size() - begin));
      key_ends_.push_back(keys_.size());
    }
    if (items.size() < 2) return absl::OkStatus();
    key_views_.clear();
    for (size_t i = 0; i < items.size(); ++i) key_views_.push_back(KeyAt(i));
    return states().Prefetch(key_views_);
  }
  std::string_view KeyAt(size_t i) const {
    const size_t begin = i == 0 ? 0 : key_ends_[i - 1];
    return std::string_view(keys_).substr(begin, key_ends_[i] - begin);
  }

  absl::Status OnItems(std::vector<KeyValue<K, In>>& items,
                       const std::optional<PartitionMark>& mark, const Activation& now,
                       Output& out) {
    TM_RETURN_IF_ERROR(EncodeKeys(items));
    for (size_t i = 0; i < items.size(); ++i) {
      if constexpr (kFollowsStream) {
        TM_CHECK(mark.has_value(), "a batch says which partition its items come from");
        TM_RETURN_IF_ERROR(
            Hear({.partition = mark->partition, .watermark = items[i].value.stream_watermark}, now,
                 out));
        context_.now_ = TimeOf(now);
      }
      TM_ASSIGN_OR_RETURN(KeyedStates::Entry * entry, states().Touch(KeyAt(i)));
      State& state = StateIn<State>(*entry->state);
      TM_RETURN_IF_ERROR(FireDueOf(state, items[i].key, now, out));
      logic_.OnItem(state, std::move(items[i].value), context_);
      TakePending(items[i].key, std::make_index_sequence<std::tuple_size_v<Outs>>());
      TakeLate(KeyAt(i));
      states().Changed(*entry);
    }
    return absl::OkStatus();
  }

  // What has come due when items of its key arrive fires before them, each as of its due time; what
  // is due again at once waits for an activation of its own.
  absl::Status FireDueOf(State& state, const K& key, const Activation& now, Output& out) {
    const Timestamp item_time = context_.now_;
    Timestamp fired = Timestamp::Min();
    while (!logic_.IsEmpty(state)) {
      const Timestamp due = logic_.WakeAt(state);
      if (due > item_time || (fired > Timestamp::Min() && due <= fired)) break;
      if (fired == Timestamp::Min()) TM_RETURN_IF_ERROR(Flush(now, out));
      fired = std::max(due, fired);
      context_.now_ = std::min(AsOf(due), item_time);
      logic_.OnTimer(state, context_);
      TakePending(key, std::make_index_sequence<std::tuple_size_v<Outs>>());
      TM_RETURN_IF_ERROR(Flush(now.AsOf(Logic::kDomain, context_.now_), out));
    }
    context_.now_ = item_time;
    return absl::OkStatus();
  }

  absl::Status TakePendingOf(const KeyedStates::Entry& entry) {
    auto key = DecodeKey<K>(entry.key);
    if (!key.ok()) return Annotate(key.status(), Cat("key ", FormatUserKey(entry.key)));
    TakePending(*key, std::make_index_sequence<std::tuple_size_v<Outs>>());
    RaiseFloor(context_.floor_);
    return absl::OkStatus();
  }
  void TakeLate(std::string_view key) {
    if (context_.late_.empty()) return;
    for (const LateItem& late : context_.late_) NoteLate(key, late);
    context_.late_.clear();
    if (!context_.first_late_ || !context_.wants_first_late_) return;
    context_.wants_first_late_ = false;
    context_.first_late_->key = key;
    NoteFirstLate(*std::exchange(context_.first_late_, std::nullopt));
  }
  template <size_t... Port>
  void TakePending(const K& key, std::index_sequence<Port...>) {
    (TakePort<Port>(key), ...);
    if (emit_each_key()) {
      ready_order_.insert(ready_order_.end(), context_.order_.begin(), context_.order_.end());
    }
    context_.order_.clear();
  }
  template <size_t Port>
  void TakePort(const K& key) {
    auto& pending = std::get<Port>(context_.pending_);
    for (auto&& value : pending) std::get<Port>(ready_).push_back({key, std::move(value)});
    pending.clear();
  }
  // Where the ports meet again downstream their order can be seen: one item at a time, as emitted.
  absl::Status FlushInOrder(const Activation& then, Output& out) {
    std::array<size_t, std::tuple_size_v<Outs>> next{};
    for (const uint8_t port : ready_order_) {
      TM_RETURN_IF_ERROR(EmitOne(then, out, port, next[port]++,
                                 std::make_index_sequence<std::tuple_size_v<Outs>>()));
    }
    ready_order_.clear();
    std::apply([](auto&... ready) { (ready.clear(), ...); }, ready_);
    return absl::OkStatus();
  }
  template <size_t... Port>
  absl::Status EmitOne(const Activation& then, Output& out, size_t port, size_t at,
                       std::index_sequence<Port...>) {
    absl::Status status;
    ((port == Port ? void(status = EmitOneOf<Port>(then, out, at)) : void()), ...);
    return status;
  }
  template <size_t Port>
  absl::Status EmitOneOf(const Activation& then, Output& out, size_t at) {
    auto& ready = std::get<Port>(ready_);
    using Item = typename std::remove_reference_t<decltype(ready)>::value_type;
    auto batch = std::make_unique<Batch<Item>>();
    batch->items.push_back(std::move(ready[at]));
    return out.EmitAsOf(then, static_cast<int>(Port), std::move(batch));
  }

  template <size_t... Port>
  absl::Status FlushPorts(const Activation& then, Output& out, std::index_sequence<Port...>) {
    absl::Status status;
    ((status.ok() ? void(status = FlushPort<Port>(then, out)) : void()), ...);
    return status;
  }
  template <size_t Port>
  absl::Status FlushPort(const Activation& then, Output& out) {
    auto& ready = std::get<Port>(ready_);
    if (ready.empty()) return absl::OkStatus();
    using Item = typename std::remove_reference_t<decltype(ready)>::value_type;
    auto batch = std::make_unique<Batch<Item>>(std::move(ready));
    ready = {};
    return out.EmitAsOf(then, static_cast<int>(Port), std::move(batch));
  }

  const Logic logic_;
  StepContext<Outs> context_;
  decltype(KeyedVectors(static_cast<const Outs*>(nullptr))) ready_;
  std::vector<uint8_t> ready_order_;  // ports of what is ready, as emitted
  std::string keys_;
  std::vector<size_t> key_ends_;
  std::vector<std::string_view> key_views_;
};

}  // namespace tidemark::internal
