// AnyBatch: a run of items on its way from step to step. Batches cross virtual calls, items do not.
//
// The engine moves batches without knowing what is in them; the typed step at each end does:
//
//   auto& items = BatchOf<int>(*batch);        // the checked downcast, once per batch
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/check.h"
#include "engine/stream_watermark.h"

namespace tidemark {

class AnyBatch {
 public:
  virtual ~AnyBatch() = default;
  virtual size_t size() const = 0;
  // A copy, for a stream with several consumers.
  virtual std::unique_ptr<AnyBatch> Clone() const = 0;
  // The item at `index` alone, moved out.
  virtual std::unique_ptr<AnyBatch> TakeOne(size_t index) = 0;
  // Of the same type, without items: it carries a mark to those who get no item.
  virtual std::unique_ptr<AnyBatch> MakeEmpty() const = 0;

  // Where the partition stands behind the last item, on the way to a step that follows the
  // watermark of a stream.
  std::optional<PartitionMark> mark;
};

template <class T>
class Batch final : public AnyBatch {
 public:
  Batch() = default;
  explicit Batch(std::vector<T> items) : items(std::move(items)) {}

  size_t size() const override { return items.size(); }
  std::unique_ptr<AnyBatch> Clone() const override {
    if constexpr (std::is_copy_constructible_v<T>) {
      auto copy = std::make_unique<Batch<T>>(items);
      copy->mark = mark;
      return copy;
    } else {
      TM_CHECK(false, "a stream of items that cannot be copied has one consumer");
    }
  }
  std::unique_ptr<AnyBatch> TakeOne(size_t index) override {
    auto one = std::make_unique<Batch<T>>();
    one->items.push_back(std::move(items[index]));
    return one;
  }
  std::unique_ptr<AnyBatch> MakeEmpty() const override { return std::make_unique<Batch<T>>(); }

  std::vector<T> items;
};

// The items of a batch whose type the plan guarantees.
template <class T>
std::vector<T>& BatchOf(AnyBatch& batch) {
  auto* typed = dynamic_cast<Batch<T>*>(&batch);
  TM_CHECK(typed != nullptr, "a step gets the item type it was built for");
  return typed->items;
}

}  // namespace tidemark
