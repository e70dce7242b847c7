// Items made up on the way, and a sink that adds up what arrives: both ends of a measured flow cost
// next to nothing, need no memory, and are the same for the flow and for the loop beside it.
//
// Item number n is a pure function of n, so a source goes on at any position and two sides of a
// comparison see the same items; sides that did the same work have equal tallies.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tidemark/key_value.h"
#include "tidemark/sink.h"
#include "tidemark/source.h"
#include "tidemark/windowed.h"

namespace tidemark::bench {

template <class K>
struct Reading {
  K key{};
  int64_t value = 0;
};

// How many items there are by now; the benchmark may raise it between two steps of the worker.
struct Supply {
  uint64_t items = 0;
  bool ends = true;  // Behind them is the end of input.
};

// make(n) -> T is item number n.
template <class T, class Make>
class MadeUpPartition final : public SourcePartition<T> {
 public:
  MadeUpPartition(std::shared_ptr<const Supply> supply, Make make, uint64_t next)
      : supply_(std::move(supply)), make_(std::move(make)), next_(next) {}

  absl::StatusOr<PollResult> Poll(size_t max, Timestamp, std::vector<T>& out) override {
    const uint64_t end = std::min(supply_->items, next_ + max);
    out.reserve(max);
    for (; next_ < end; ++next_) out.push_back(make_(next_));
    if (next_ < supply_->items || !supply_->ends) return PollResult::Again();
    return PollResult::AtEnd();
  }
  Position position() const override { return Position().Set("next", static_cast<int64_t>(next_)); }

 private:
  const std::shared_ptr<const Supply> supply_;
  const Make make_;
  uint64_t next_;
};

template <class T, class Make>
class MadeUpFactory final : public SourceFactory<T> {
 public:
  MadeUpFactory(std::shared_ptr<const Supply> supply, Make make)
      : supply_(std::move(supply)), make_(std::move(make)) {}

  absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext&) override {
    return std::vector<std::string>{"0"};
  }
  absl::StatusOr<std::unique_ptr<SourcePartition<T>>> Open(const std::string&,
                                                           const std::optional<Position>& resume,
                                                           const SourceContext&) override {
    const int64_t next = resume ? resume->Number("next").value_or(0) : 0;
    return std::make_unique<MadeUpPartition<T, Make>>(supply_, make_, static_cast<uint64_t>(next));
  }
  std::string Describe() const override { return "made-up items"; }

 private:
  const std::shared_ptr<const Supply> supply_;
  const Make make_;
};

template <class Make, class T = decltype(std::declval<const Make&>()(uint64_t{0}))>
Source<T> MadeUp(std::shared_ptr<const Supply> supply, Make make) {
  return Source<T>(std::make_shared<MadeUpFactory<T, Make>>(std::move(supply), std::move(make)));
}

// What came out. The sum reads each item once, as any consumer would.
struct Tally {
  uint64_t lists = 0;
  uint64_t items = 0;
  int64_t sum = 0;

  template <class Item>
  void Take(const std::vector<Item>& list) {
    ++lists;
    items += list.size();
    for (const Item& item : list) sum += ValueOf(item);
  }
  // A window that counted so many items.
  void TakeCount(int64_t count) {
    ++lists;
    items += static_cast<uint64_t>(count);
  }
  void Take(const Windowed<int64_t>& window) { TakeCount(window.value); }
  static int64_t ValueOf(int64_t item) { return item; }
  template <class K>
  static int64_t ValueOf(const Reading<K>& item) {
    return item.value;
  }
  bool operator==(const Tally&) const = default;
};

template <class K, class V>
class TallyWriter final : public SinkWriter<KeyValue<K, V>> {
 public:
  explicit TallyWriter(std::shared_ptr<Tally> tally) : tally_(std::move(tally)) {}

  absl::Status Write(const std::vector<KeyValue<K, V>>& rows) override {
    for (const auto& row : rows) tally_->Take(row.value);
    return absl::OkStatus();
  }
  absl::StatusOr<EpochOutput> EndEpoch(Epoch) override {
    EpochOutput output;
    output.position.Set("items", static_cast<int64_t>(tally_->items));
    return output;
  }

 private:
  const std::shared_ptr<Tally> tally_;
};

template <class K, class V>
class TallyFactory final : public SinkFactory<KeyValue<K, V>> {
 public:
  explicit TallyFactory(std::shared_ptr<Tally> tally) : tally_(std::move(tally)) {}

  absl::StatusOr<std::unique_ptr<SinkWriter<KeyValue<K, V>>>> Open(const std::optional<Position>&,
                                                                   const SinkContext&) override {
    return std::make_unique<TallyWriter<K, V>>(tally_);
  }
  SinkGuarantee guarantee() const override { return SinkGuarantee::kCutBack; }
  std::string Describe() const override { return "a tally"; }

 private:
  const std::shared_ptr<Tally> tally_;
};

template <class K, class V>
Sink<KeyValue<K, V>> CountedIn(std::shared_ptr<Tally> tally) {
  return Sink<KeyValue<K, V>>(std::make_shared<TallyFactory<K, V>>(std::move(tally)));
}

}  // namespace tidemark::bench
